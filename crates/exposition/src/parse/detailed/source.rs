//! Samples as a page has them: from text with what stands there, from protobuf one after the other
//! as text would have them.

use std::sync::Arc;

use model::value::{NORMAL_NAN_BITS, STALE};
use model::{LabelsBuilder, MetricType, number};

use super::super::created::{CreatedTimes, is_created};
use super::super::error::{ParseError, Problem};
use super::super::protobuf::{ExemplarMessage, Metric, ProtobufReader};
use super::super::series_text::{push_escaped, push_name, push_series};
use super::super::{
    Entry, OpenMetricsParser, PageParser, Sample, TextParser, parse_series_labels, unescape,
};
use super::{Detail, DetailExemplar, DetailOptions, DetailValue};
use crate::Format;

/// A page that is being read.
#[derive(Debug)]
pub(super) enum Source<'a> {
    Text(Box<TextSource<'a>>),
    Protobuf(Box<ProtobufSource<'a>>),
}

impl<'a> Source<'a> {
    pub(super) fn new(
        page: &'a [u8],
        format: Format,
        options: DetailOptions,
    ) -> Result<Self, ParseError> {
        let parser = match format {
            Format::Protobuf => {
                return Ok(Self::Protobuf(Box::new(ProtobufSource::new(page, options))));
            }
            Format::Text => PageParser::Text(TextParser::new(page)),
            Format::OpenMetrics => PageParser::OpenMetrics(OpenMetricsParser::new(page)),
        };
        let has_created = options.start_timestamps && format == Format::OpenMetrics;
        Ok(Self::Text(Box::new(TextSource {
            page,
            parser,
            created: match has_created {
                true => Some(CreatedTimes::of_page(page)?),
                false => None,
            },
            segment_start: 0,
            metric_type: MetricType::Unknown,
            family: String::new(),
            labels: LabelsBuilder::new(),
        })))
    }

    /// Reads the next sample; false at the end of the page.
    pub(super) fn read(&mut self, sample: &mut Detail) -> Result<bool, ParseError> {
        sample.clear();
        match self {
            Self::Text(source) => source.read(sample),
            Self::Protobuf(source) => source.read(sample),
        }
    }

    /// Name of the family that the last sample stands below.
    pub(super) fn family(&self) -> &str {
        match self {
            Self::Text(source) => &source.family,
            Self::Protobuf(source) => source.reader.family().name,
        }
    }

    pub(super) fn tail(&self) -> &[u8] {
        match self {
            Self::Text(source) => source.page.get(source.segment_start..).unwrap_or_default(),
            Self::Protobuf(_) => &[],
        }
    }
}

/// A page of text.
#[derive(Debug)]
pub(super) struct TextSource<'a> {
    page: &'a [u8],
    parser: PageParser<'a>,
    /// Set if samples are told since when they count.
    created: Option<CreatedTimes>,
    /// Where the line of the last sample ends.
    segment_start: usize,
    metric_type: MetricType,
    family: String,
    labels: LabelsBuilder,
}

impl TextSource<'_> {
    fn read(&mut self, sample: &mut Detail) -> Result<bool, ParseError> {
        while let Some(entry) = self.parser.next_entry()? {
            match entry {
                Entry::Type { name, metric_type } => {
                    self.metric_type = metric_type;
                    self.family.clear();
                    self.family
                        .push_str(&unescape(&String::from_utf8_lossy(name)));
                }
                Entry::Series(found) => {
                    let comments_end = found.series_end - found.series.len();
                    let comments = self.page.get(self.segment_start..comments_end);
                    sample.text.extend_from_slice(comments.unwrap_or_default());
                    self.segment_start = self.parser.position();
                    if self.created.is_some() && is_created(found.series, self.metric_type) {
                        // Its comments are those of the next one.
                        continue;
                    }
                    self.fill(sample, &found);
                    return Ok(true);
                }
                _ => {}
            }
        }
        Ok(false)
    }

    fn fill(&mut self, sample: &mut Detail, found: &Sample<'_>) {
        sample.series_start = sample.text.len();
        sample.text.extend_from_slice(found.series);
        sample.text.push(b' ');
        sample.metric_type = self.metric_type;
        sample.value = DetailValue::Float(found.value);
        sample.timestamp = found.timestamp;
        if let Some(created) = &mut self.created {
            sample.start_timestamp = created.of(found.series, self.metric_type);
        }
        if let Some(exemplar) = found.exemplar {
            self.labels.clear();
            let labels = &mut self.labels;
            let read = parse_series_labels(exemplar.labels, MetricType::Unknown, labels);
            if read.is_ok() && !labels.has_duplicates() {
                sample.exemplars.push(DetailExemplar {
                    labels: labels.build(),
                    value: exemplar.value,
                    timestamp: exemplar.timestamp,
                });
            }
        }
    }
}

/// A page of protobuf.
#[derive(Debug)]
pub(super) struct ProtobufSource<'a> {
    reader: ProtobufReader<'a>,
    options: DetailOptions,
    metric: Metric<'a>,
    /// What of the metric comes next.
    next: Place,
    labels: LabelsBuilder,
}

/// A sample of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// The next metric has to be read.
    NextMetric,
    Native,
    Count,
    Sum,
    /// The bucket or quantile with this number.
    Part(usize),
}

impl<'a> ProtobufSource<'a> {
    fn new(page: &'a [u8], options: DetailOptions) -> Self {
        Self {
            reader: ProtobufReader::new(page),
            options,
            metric: Metric::default(),
            next: Place::NextMetric,
            labels: LabelsBuilder::new(),
        }
    }

    fn read(&mut self, sample: &mut Detail) -> Result<bool, ParseError> {
        if self.next == Place::NextMetric {
            if !self.reader.next_metric(&mut self.metric)? {
                return Ok(false);
            }
            self.next = self.first_place();
            if self.metric.is_first {
                self.push_comments(&mut sample.text);
            }
        }
        sample.series_start = sample.text.len();
        sample.metric_type = self.reader.family().metric_type;
        sample.timestamp = (self.metric.timestamp != 0).then_some(self.metric.timestamp);
        sample.start_timestamp = self.metric.created;
        let outcome = self.fill(sample);
        outcome.map_err(|problem| ParseError {
            line: 0,
            problem,
            excerpt: format!(" in {}", self.reader.family().name),
        })?;
        sample.text.push(b' ');
        Ok(true)
    }

    fn first_place(&self) -> Place {
        match self.reader.family().metric_type {
            MetricType::Summary => Place::Count,
            MetricType::Histogram | MetricType::GaugeHistogram => {
                match self.options.native_histograms && self.metric.is_native() {
                    true => Place::Native,
                    false => Place::Count,
                }
            }
            // The only sample: what comes next is the next metric.
            _ => Place::Part(0),
        }
    }

    /// Fills in the sample at the place, and moves to the next one.
    fn fill(&mut self, sample: &mut Detail) -> Result<(), Problem> {
        match self.reader.family().metric_type {
            MetricType::Summary => {
                self.summary_part(sample);
                Ok(())
            }
            MetricType::Histogram | MetricType::GaugeHistogram => self.histogram_part(sample),
            _ => {
                self.float(sample, "", None, self.metric.number);
                self.next = Place::NextMetric;
                self.exemplars(sample)
            }
        }
    }

    fn summary_part(&mut self, sample: &mut Detail) {
        let metric = &self.metric;
        let part = match self.next {
            Place::Part(index) => metric.quantiles.get(index).copied(),
            _ => None,
        };
        let (next, place) = match self.next {
            Place::Sum => (0, "_sum"),
            Place::Part(index) => (index + 1, ""),
            _ => {
                self.float(sample, "_count", None, metric.count);
                self.next = Place::Sum;
                return;
            }
        };
        match part {
            Some((quantile, value)) => {
                let quantile = number::openmetrics(quantile);
                self.float(sample, place, Some(("quantile", &quantile)), value);
            }
            None => self.float(sample, place, None, metric.sum),
        }
        self.next = match next < metric.quantiles.len() {
            true => Place::Part(next),
            false => Place::NextMetric,
        };
    }

    fn histogram_part(&mut self, sample: &mut Detail) -> Result<(), Problem> {
        let metric = &self.metric;
        match self.next {
            Place::Native => return self.native(sample),
            Place::Sum => {
                self.float(sample, "_sum", None, metric.sum);
                self.next = Place::Part(0);
            }
            Place::Part(index) => {
                // Behind the last bucket comes the one without a bound, if it was not there.
                let bucket = metric.buckets.get(index);
                let (bound, count) = match bucket {
                    Some(bucket) => (bucket.bound, bucket.count),
                    None => (f64::INFINITY, metric.count),
                };
                let le = number::openmetrics(bound);
                self.float(sample, "_bucket", Some(("le", &le)), count);
                if let Some(exemplar) = bucket.and_then(|bucket| bucket.exemplar) {
                    push_exemplar(&mut self.labels, sample, exemplar)?;
                }
                self.next = match bound == f64::INFINITY {
                    true => Place::NextMetric,
                    false => Place::Part(index + 1),
                };
            }
            Place::Count | Place::NextMetric => {
                self.float(sample, "_count", None, metric.count);
                self.next = Place::Sum;
            }
        }
        Ok(())
    }

    fn native(&mut self, sample: &mut Detail) -> Result<(), Problem> {
        let metric = &self.metric;
        let (histogram, is_whole) = metric.native(self.reader.family().metric_type);
        self.push_text(sample, "", None);
        sample.value = DetailValue::Histogram {
            histogram: Arc::new(histogram),
            is_whole,
        };
        if metric.exemplars.is_empty() {
            for exemplar in metric.buckets.iter().filter_map(|bucket| bucket.exemplar) {
                push_exemplar(&mut self.labels, sample, exemplar)?;
            }
        } else {
            self.exemplars(sample)?;
        }
        // Those of native histograms need a time of their own to be told apart.
        sample
            .exemplars
            .retain(|exemplar| exemplar.timestamp.is_some());
        let has_classic = self.options.keeps_classic && !self.metric.buckets.is_empty();
        self.next = match has_classic {
            true => Place::Count,
            false => Place::NextMetric,
        };
        Ok(())
    }

    fn exemplars(&mut self, sample: &mut Detail) -> Result<(), Problem> {
        for &exemplar in &self.metric.exemplars {
            push_exemplar(&mut self.labels, sample, exemplar)?;
        }
        Ok(())
    }

    fn float(&self, sample: &mut Detail, suffix: &str, extra: Option<(&str, &str)>, value: f64) {
        self.push_text(sample, suffix, extra);
        sample.value =
            DetailValue::Float(match value.is_nan() && value.to_bits() != STALE.to_bits() {
                true => f64::from_bits(NORMAL_NAN_BITS),
                false => value,
            });
    }

    fn push_text(&self, sample: &mut Detail, suffix: &str, extra: Option<(&str, &str)>) {
        let name = self.reader.family().name;
        let labels = self.metric.labels.iter().copied();
        push_series(&mut sample.text, (name, suffix), labels, extra);
    }

    /// What the family says, as OpenMetrics writes it.
    fn push_comments(&self, text: &mut Vec<u8>) {
        let family = self.reader.family();
        let words = [
            ("# HELP ", family.help),
            ("# TYPE ", family.metric_type.as_str()),
            ("# UNIT ", family.unit),
        ];
        for (keyword, word) in words {
            if word.is_empty() {
                continue;
            }
            text.extend_from_slice(keyword.as_bytes());
            push_name(text, family.name);
            text.push(b' ');
            push_escaped(text, word);
            text.push(b'\n');
        }
    }
}

fn push_exemplar(
    labels: &mut LabelsBuilder,
    sample: &mut Detail,
    message: ExemplarMessage<'_>,
) -> Result<(), Problem> {
    labels.clear();
    let (value, timestamp) = message.read(|name, value| labels.push(name, value))?;
    if !labels.has_duplicates() {
        sample.exemplars.push(DetailExemplar {
            labels: labels.build(),
            value,
            timestamp,
        });
    }
    Ok(())
}
