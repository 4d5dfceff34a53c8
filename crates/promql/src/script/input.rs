//! The notation of scripts for tools that bring data of their own, such as unit tests of rules.

use std::sync::Arc;

use model::{Histogram, Labels};
use storage::{Append, AppendError, Appender};

use super::histogram::parse_histograms;
use super::load::stored;
use super::series::{SequenceValue, SeriesLine, end_of_metric, parse_labels, parse_series};

/// A series whose values go into a store little by little.
#[derive(Clone, Debug)]
pub struct InputSeries {
    line: SeriesLine,
    /// Index of the value that comes next.
    next: usize,
    /// The histogram before it.
    before: Option<Arc<Histogram>>,
}

impl InputSeries {
    /// Reads `name{label="value"}` and values such as `1+1x5 _ stale`.
    ///
    /// # Errors
    /// One of them cannot be read; the text says why.
    pub fn parse(metric: &str, values: &str) -> Result<Self, String> {
        let metric = metric.trim();
        let rest = metric.get(end_of_metric(metric)..).unwrap_or_default();
        if !rest.trim().is_empty() {
            return Err(format!("unexpected {rest:?} behind the labels"));
        }
        // A metric whose braces are not closed is refused with its own position.
        parse_labels(metric)?;
        let line = parse_series(&format!("{metric} {values}"))?;
        Ok(Self {
            line,
            next: 0,
            before: None,
        })
    }

    /// Appends the values up to `time`, of which the first is at `start` and one comes every
    /// `interval`, all in milliseconds.
    ///
    /// # Errors
    /// The store refuses a value.
    pub fn append_until(
        &mut self,
        time: i64,
        start: i64,
        interval: i64,
        appender: &mut dyn Appender,
    ) -> Result<(), AppendError> {
        let labels = &self.line.labels;
        while let Some(value) = self.line.values.get(self.next) {
            let steps = i64::try_from(self.next).unwrap_or(i64::MAX);
            let timestamp = start.saturating_add(interval.saturating_mul(steps));
            if timestamp > time {
                break;
            }
            match value {
                SequenceValue::Omitted => {}
                SequenceValue::Float(value) => {
                    appender.append(Append::new(labels, timestamp, *value))?;
                    self.before = None;
                }
                SequenceValue::Histogram(value) => {
                    let histogram = stored(&value.histogram, self.before.as_deref());
                    appender.append(Append::new(labels, timestamp, &histogram))?;
                    self.before = Some(histogram);
                }
            }
            self.next += 1;
        }
        Ok(())
    }
}

/// Reads `name{label="value"}`, of which each part may be missing.
///
/// # Errors
/// It cannot be read; the text says why.
pub fn parse_metric(metric: &str) -> Result<Labels, String> {
    parse_labels(metric.trim())
}

/// Reads `{{schema:1 count:2 …}}`.
///
/// # Errors
/// It cannot be read; the text says why.
pub fn parse_histogram(text: &str) -> Result<Arc<Histogram>, String> {
    let mut histograms = parse_histograms(text.trim(), |_| None)?;
    let first = histograms.pop().ok_or("no histogram")?;
    Ok(first.histogram)
}

#[cfg(test)]
mod tests {
    use model::{Matcher, TimeRange};
    use storage::memory::MemoryStore;
    use storage::{Appendable as _, Queryable as _, SampleBuffer, Select};

    use super::*;

    #[test]
    fn values_come_little_by_little() {
        let store = MemoryStore::default();
        let mut series = InputSeries::parse("up{a=\"b\"}", "1+1x3 _ stale").unwrap();
        let mut times = Vec::new();
        for time in [0, 150, 1000] {
            let mut appender = store.appender();
            series.append_until(time, 0, 100, &mut *appender).unwrap();
            appender.commit().unwrap();
            let querier = store.querier(TimeRange::ALL).unwrap();
            let select = Select::new(vec![Matcher::equal("a", "b")], TimeRange::ALL);
            let mut buffer = SampleBuffer::default();
            querier
                .select(&select)
                .unwrap()
                .read(0, &mut buffer)
                .unwrap();
            times.push(buffer.timestamps().last().copied().unwrap());
        }
        assert_eq!(times, [0, 100, 500]);
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for (metric, values) in [
            ("up{a=\"b\"", "1"),
            ("up", "x"),
            ("up 1", "1"),
            ("up}", "1"),
        ] {
            assert!(
                InputSeries::parse(metric, values).is_err(),
                "{metric} {values}"
            );
        }
        assert!(parse_histogram("{{count:1}}").is_ok());
        assert!(parse_histogram("1").is_err());
    }
}
