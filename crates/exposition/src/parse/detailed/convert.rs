//! Classic histograms of a page become native ones with custom buckets, each where its last series
//! stood.

use std::sync::Arc;

use model::label::{BUCKET, METRIC_NAME};
use model::{LabelsBuilder, MetricType};

use super::super::classic::{ClassicHistogram, ClassicPart};
use super::super::error::ParseError;
use super::super::series_text::push_series;
use super::super::{float, parse_series_labels};
use super::source::Source;
use super::{Detail, DetailValue};

/// Collects the series of one histogram after the other.
#[derive(Debug)]
pub(super) struct Converter {
    keeps_classic: bool,
    collected: ClassicHistogram,
    /// What the histogram that is being collected will be, but for its value.
    pending: Option<Detail>,
    /// A sample that comes behind a converted histogram.
    held: Option<Detail>,
    /// True if the page has no more samples.
    ended: bool,
    /// Series of the last native histogram: its classic part is not converted.
    native: Vec<u8>,
    labels: LabelsBuilder,
    key: Vec<u8>,
}

impl Converter {
    pub(super) fn new(keeps_classic: bool) -> Self {
        Self {
            keeps_classic,
            collected: ClassicHistogram::default(),
            pending: None,
            held: None,
            ended: false,
            native: Vec::new(),
            labels: LabelsBuilder::new(),
            key: Vec::new(),
        }
    }

    /// Reads the next sample; false at the end of the page.
    pub(super) fn read(
        &mut self,
        source: &mut Source<'_>,
        sample: &mut Detail,
    ) -> Result<bool, ParseError> {
        loop {
            if let Some(held) = self.held.take() {
                *sample = held;
            } else if self.ended {
                return Ok(false);
            } else if !source.read(sample)? {
                self.ended = true;
                return Ok(self.finish(sample));
            }
            let part = self.part(sample, source.family());
            let goes_on = part.is_some()
                && self
                    .pending
                    .as_ref()
                    .is_some_and(|pending| pending.series() == self.key);
            if self.pending.is_some() && !goes_on {
                let mut histogram = Detail::default();
                if self.finish(&mut histogram) {
                    self.held = Some(std::mem::replace(sample, histogram));
                    return Ok(true);
                }
            }
            let Some((part, value)) = part else {
                self.note_native(sample);
                return Ok(true);
            };
            self.collect(sample, part, value);
            if self.keeps_classic {
                return Ok(true);
            }
        }
    }

    /// What of a classic histogram the sample is; the key is that of the histogram then.
    fn part(&mut self, sample: &Detail, family: &str) -> Option<(ClassicPart, f64)> {
        let DetailValue::Float(value) = sample.value else {
            return None;
        };
        if sample.metric_type != MetricType::Histogram {
            return None;
        }
        self.labels.clear();
        parse_series_labels(sample.series(), MetricType::Histogram, &mut self.labels).ok()?;
        if self.labels.has_duplicates() {
            return None;
        }
        let suffix = self.labels.get(METRIC_NAME)?.strip_prefix(family)?;
        let part = match (suffix, self.labels.get(BUCKET)) {
            ("_bucket", Some(bound)) => {
                let bound = float::parse(bound.as_bytes());
                ClassicPart::Bucket(bound.filter(|bound| !bound.is_nan())?)
            }
            ("_count", _) => ClassicPart::Count,
            ("_sum", _) => ClassicPart::Sum,
            _ => return None,
        };
        let own = |name: &str| !matches!(name, METRIC_NAME | BUCKET);
        let labels = self.labels.iter().filter(|(name, _)| own(name));
        self.key.clear();
        push_series(&mut self.key, (family, ""), labels, None);
        (self.key != self.native).then_some((part, value))
    }

    fn note_native(&mut self, sample: &Detail) {
        if let DetailValue::Histogram { .. } = sample.value {
            self.labels.clear();
            let read = parse_series_labels(sample.series(), MetricType::Unknown, &mut self.labels);
            self.native.clear();
            if read.is_ok() && !self.labels.has_duplicates() {
                let name = self.labels.get(METRIC_NAME).unwrap_or_default();
                let labels = self.labels.iter().filter(|(name, _)| *name != METRIC_NAME);
                push_series(&mut self.native, (name, ""), labels, None);
            }
        }
    }

    fn collect(&mut self, sample: &mut Detail, part: ClassicPart, value: f64) {
        self.collected.take(part, value);
        let keeps_classic = self.keeps_classic;
        let key = &self.key;
        let pending = self.pending.get_or_insert_with(|| {
            let mut pending = Detail {
                metric_type: MetricType::Histogram,
                start_timestamp: sample.start_timestamp,
                ..Detail::default()
            };
            pending.text.extend_from_slice(key);
            pending.text.push(b' ');
            pending
        });
        pending.timestamp = sample.timestamp;
        if !keeps_classic {
            // What was said in front of the classic series is said of the histogram.
            let at = pending.series_start;
            let comments = sample.comments().iter().copied();
            pending.text.splice(at..at, comments);
            pending.series_start += sample.series_start;
        }
        pending.exemplars.append(&mut sample.exemplars);
    }

    /// Makes a sample of what was collected; false if there is nothing, or it contradicts itself.
    fn finish(&mut self, sample: &mut Detail) -> bool {
        let Some(pending) = self.pending.take() else {
            return false;
        };
        let Some((histogram, is_whole)) = self.collected.finish() else {
            return false;
        };
        *sample = pending;
        sample.value = DetailValue::Histogram {
            histogram: Arc::new(histogram),
            is_whole,
        };
        // As of all native histograms: those without a time cannot be told apart.
        sample
            .exemplars
            .retain(|exemplar| exemplar.timestamp.is_some());
        true
    }
}
