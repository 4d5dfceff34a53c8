//! A whole page as metric families, as an exporter has them before it encodes them.

use std::collections::HashMap;

use model::family::Text;
use model::label::{BUCKET, METRIC_NAME, QUANTILE};
use model::{
    LabelsBuilder, Metadata, Metric, MetricExemplar, MetricFamily, MetricType, MetricValue,
};

use super::super::error::ParseError;
use super::super::{Entry, OpenMetricsParser, PageParser, TextParser};
use super::super::{float, parse_series_labels, unescape};
use super::{Detail, DetailExemplar, DetailOptions, DetailValue, DetailedParser};
use crate::Format;

/// Reads a page as families, in the order in which it has them. A sample that does not fit the kind
/// of its family becomes a family of its own, of unknown kind.
///
/// ```
/// use exposition::{Format, parse};
/// let page = b"# TYPE a summary\na{quantile=\"0.5\"} 1\na_count 2\na_sum 3\nb 4\n";
/// let families = parse::families(page, Format::Text).unwrap();
/// let names: Vec<&str> = families.iter().map(|family| &*family.name).collect();
/// assert_eq!(names, ["a", "b"]);
/// ```
///
/// # Errors
/// The page is not in order.
pub fn families(page: &[u8], format: Format) -> Result<Vec<MetricFamily>, ParseError> {
    let options = DetailOptions {
        native_histograms: true,
        keeps_classic: true,
        converts_classic: false,
        start_timestamps: true,
    };
    let mut parser = DetailedParser::new(page, format, options)?;
    let mut found = Families {
        format,
        ..Families::default()
    };
    while let Some(sample) = parser.next_sample()? {
        let sample = sample.clone();
        found.note_comments(sample.comments());
        found.take(&sample, parser.source.family());
    }
    found.note_comments(parser.tail());
    Ok(found.finish())
}

#[derive(Default)]
struct Families {
    format: Format,
    /// What is said of families, by the name that the page gives them.
    metadata: HashMap<String, Metadata>,
    families: Vec<Collected>,
    by_name: HashMap<String, usize>,
    labels: LabelsBuilder,
}

/// A family with the place of each metric by its labels.
struct Collected {
    /// How the page names it.
    told_name: String,
    family: MetricFamily,
    places: HashMap<Vec<(Text, Text)>, usize>,
}

/// Which part of a metric a sample is.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    Whole,
    Bucket(f64),
    Quantile(f64),
    Sum,
    Count,
}

impl Families {
    fn note_comments(&mut self, comments: &[u8]) {
        if comments.is_empty() {
            return;
        }
        let mut parser = match self.format {
            Format::Text => PageParser::Text(TextParser::new(comments)),
            Format::OpenMetrics => PageParser::OpenMetrics(OpenMetricsParser::new(comments)),
            Format::Protobuf => PageParser::OpenMetrics(OpenMetricsParser::of_comments(comments)),
        };
        let text = |bytes: &[u8]| unescape(&String::from_utf8_lossy(bytes)).into_owned();
        // A piece of an OpenMetrics page misses the page's end; all before it has been read then.
        while let Ok(Some(entry)) = parser.next_entry() {
            match entry {
                Entry::Type { name, metric_type } => {
                    self.metadata.entry(text(name)).or_default().metric_type = metric_type;
                }
                Entry::Help { name, text: help } => {
                    let help = unescape(help).into_owned();
                    self.metadata.entry(text(name)).or_default().help = help;
                }
                Entry::Unit { name, unit } => {
                    self.metadata.entry(text(name)).or_default().unit = text(unit);
                }
                Entry::Comment(_) | Entry::Series(_) => {}
            }
        }
    }

    fn take(&mut self, sample: &Detail, family: &str) {
        self.labels.clear();
        let labels = &mut self.labels;
        // A series that a parser gave out is one.
        if parse_series_labels(sample.series(), sample.metric_type, labels).is_err() {
            return;
        }
        let name = self.labels.get(METRIC_NAME).unwrap_or_default().to_owned();
        let fitting = self.part(&name, family, sample);
        let (told_name, part) = match fitting {
            Some(part) => (family.to_owned(), part),
            None => (name.clone(), Part::Whole),
        };
        let metric_type = match fitting {
            Some(_) => sample.metric_type,
            None => MetricType::Unknown,
        };
        let own_name = match metric_type {
            MetricType::Counter | MetricType::Info => name,
            _ => told_name.clone(),
        };
        // Bounds and quantiles are no labels of the metric, whichever part of it has them.
        let extra = match (part, metric_type) {
            (Part::Whole, _) => METRIC_NAME,
            (_, MetricType::Summary) => QUANTILE,
            _ => BUCKET,
        };
        let pairs = self.labels.iter();
        let own = pairs.filter(|(name, _)| *name != METRIC_NAME && *name != extra);
        let labels: Vec<_> = own.map(|(name, value)| pair(name, value)).collect();
        let family = self.family(own_name, told_name, metric_type);
        family.take(labels, part, sample);
    }

    /// Which part of a metric of the family the sample is; None if it is none.
    fn part(&self, name: &str, family: &str, sample: &Detail) -> Option<Part> {
        let suffix = name.strip_prefix(family)?;
        if let DetailValue::Histogram { .. } = sample.value {
            return suffix.is_empty().then_some(Part::Whole);
        }
        let number = |label: &str| float::parse(self.labels.get(label)?.as_bytes());
        match (sample.metric_type, suffix) {
            // As upstream reads it: the bound makes the bucket.
            (MetricType::Histogram | MetricType::GaugeHistogram, "_bucket" | "") => {
                number(BUCKET).map(Part::Bucket)
            }
            (MetricType::Histogram, "_sum") | (MetricType::GaugeHistogram, "_gsum") => {
                Some(Part::Sum)
            }
            (MetricType::Histogram, "_count") | (MetricType::GaugeHistogram, "_gcount") => {
                Some(Part::Count)
            }
            // Protobuf has one name for both kinds.
            (MetricType::GaugeHistogram, "_sum") => Some(Part::Sum),
            (MetricType::GaugeHistogram, "_count") => Some(Part::Count),
            (MetricType::Summary, "") => number(QUANTILE).map(Part::Quantile),
            (MetricType::Summary, "_sum") => Some(Part::Sum),
            (MetricType::Summary, "_count") => Some(Part::Count),
            (MetricType::Counter, "_total" | "") | (MetricType::Info, "_info" | "") => {
                Some(Part::Whole)
            }
            (MetricType::Gauge | MetricType::StateSet | MetricType::Unknown, "") => {
                Some(Part::Whole)
            }
            _ => None,
        }
    }

    fn family(
        &mut self,
        name: String,
        told_name: String,
        metric_type: MetricType,
    ) -> &mut Collected {
        let place = *self
            .by_name
            .entry(name.clone())
            .or_insert(self.families.len());
        if place == self.families.len() {
            self.families.push(Collected {
                told_name,
                family: MetricFamily::new(name, "", metric_type),
                places: HashMap::new(),
            });
        }
        &mut self.families[place]
    }

    fn finish(mut self) -> Vec<MetricFamily> {
        let metadata = &mut self.metadata;
        let described = self.families.into_iter().map(|collected| {
            let mut family = collected.family;
            if let Some(said) = metadata.get(&collected.told_name) {
                family.help = Text::Owned(said.help.clone());
                family.unit = Text::Owned(said.unit.clone());
            }
            family
        });
        described.collect()
    }
}

impl Collected {
    fn take(&mut self, labels: Vec<(Text, Text)>, part: Part, sample: &Detail) {
        let value = match (&sample.value, part) {
            (DetailValue::Histogram { histogram, .. }, _) => MetricValue::NativeHistogram {
                histogram: Box::new((**histogram).clone()),
                buckets: Vec::new(),
            },
            (DetailValue::Float(value), Part::Whole) => MetricValue::Number(*value),
            _ if self.family.metric_type == MetricType::Summary => MetricValue::Summary {
                quantiles: Vec::new(),
                sum: 0.0,
                count: 0.0,
            },
            _ => MetricValue::Histogram {
                buckets: Vec::new(),
                sum: 0.0,
                count: 0.0,
            },
        };
        let is_sample = part == Part::Whole && matches!(value, MetricValue::Number(_));
        let place = match self.places.get(&labels).copied() {
            // A series that is there twice, with other timestamps maybe, stays two.
            Some(place) if !is_sample => place,
            _ => {
                let place = self.family.metrics.len();
                self.family.metrics.push(Metric::new(labels.clone(), value));
                self.places.insert(labels, place);
                place
            }
        };
        let metric = &mut self.family.metrics[place];
        metric.timestamp = sample.timestamp;
        metric.created = metric.created.or(sample.start_timestamp);
        let bucket = match part {
            Part::Bucket(bound) => Some(bound),
            _ => None,
        };
        let exemplars = sample.exemplars.iter().map(|one| exemplar(one, bucket));
        metric.exemplars.extend(exemplars);
        if let DetailValue::Float(value) = sample.value {
            set_part(&mut metric.value, part, value);
        }
    }
}

fn set_part(metric: &mut MetricValue, part: Part, value: f64) {
    let (parts, sum, count) = match metric {
        MetricValue::Number(_) => return,
        MetricValue::NativeHistogram { buckets, .. } => {
            // Sum and count are those of the native histogram.
            if let Part::Bucket(bound) = part {
                buckets.push((bound, value));
            }
            return;
        }
        MetricValue::Histogram {
            buckets,
            sum,
            count,
        } => (buckets, sum, count),
        MetricValue::Summary {
            quantiles,
            sum,
            count,
        } => (quantiles, sum, count),
    };
    match part {
        Part::Bucket(bound) | Part::Quantile(bound) => parts.push((bound, value)),
        Part::Sum => *sum = value,
        Part::Count => *count = value,
        Part::Whole => {}
    }
}

fn exemplar(exemplar: &DetailExemplar, bucket: Option<f64>) -> MetricExemplar {
    let labels = exemplar.labels.iter();
    MetricExemplar {
        bucket,
        labels: labels.map(|(name, value)| pair(name, value)).collect(),
        value: exemplar.value,
        timestamp: exemplar.timestamp,
    }
}

fn pair(name: &str, value: &str) -> (Text, Text) {
    (Text::Owned(name.to_owned()), Text::Owned(value.to_owned()))
}
