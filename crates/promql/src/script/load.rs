//! `load`: puts series into the store.

use std::sync::Arc;

use model::{CounterResetHint, Histogram, Labels};
use storage::memory::MemoryStore;
use storage::{Append, AppendError, Appendable};

use super::classic::{self, Converted};
use super::line::{Lines, milliseconds, split_word};
use super::series::{SequenceValue, SeriesLine, parse_series};
use super::start::{StartOffsets, parse_starts};

/// Series with their samples, one every `interval` milliseconds from 0 on.
#[derive(Clone, Debug)]
pub(super) struct Load {
    pub(super) line: usize,
    interval: i64,
    /// Classic histograms as native ones, if they are to be stored too.
    converted: Vec<Converted>,
    series: Vec<SeriesLine>,
    /// Since when the values of each series have counted; empty where nothing is said.
    starts: Vec<StartOffsets>,
}

/// Start timestamps that wait for their series.
struct Pending {
    labels: Labels,
    offsets: StartOffsets,
}

impl Pending {
    /// The offsets, if they are those of this series.
    fn fitting(self, series: &SeriesLine) -> Result<StartOffsets, String> {
        if self.labels != series.labels {
            return Err("@st metric does not match the following sample line metric".to_owned());
        }
        let (starts, values) = (self.offsets.len(), series.values.len());
        if starts != values {
            return Err(format!(
                "@st line has {starts} values but sample line has {values}"
            ));
        }
        Ok(self.offsets)
    }
}

impl Load {
    pub(super) fn parse(line: usize, head: &str, lines: &mut Lines<'_>) -> Result<Self, String> {
        let (word, interval) = split_word(head);
        let with_custom_buckets = match word {
            "load" => false,
            "load_with_nhcb" => true,
            _ => return Err("invalid load command. (load[_with_nhcb] <step:duration>)".into()),
        };
        let mut load = Self {
            line,
            interval: milliseconds(interval)
                .map_err(|error| format!("invalid step definition {interval:?}: {error}"))?,
            converted: Vec::new(),
            series: Vec::new(),
            starts: Vec::new(),
        };
        let mut pending: Option<Pending> = None;
        while let Some((number, line)) = lines.next_of_body() {
            let at_line = |error| format!("line {number}: {error}");
            if let Some(starts) = parse_starts(line) {
                if pending.is_some() {
                    return Err(at_line(NOTHING_STARTED.to_owned()));
                }
                let (labels, offsets) = starts.map_err(at_line)?;
                pending = Some(Pending { labels, offsets });
                continue;
            }
            let series = parse_series(line).map_err(at_line)?;
            let starts = match pending.take() {
                Some(pending) => pending.fitting(&series).map_err(at_line)?,
                None => StartOffsets::new(),
            };
            load.starts.push(starts);
            load.series.push(series);
        }
        if pending.is_some() {
            return Err(NOTHING_STARTED.to_owned());
        }
        if with_custom_buckets {
            load.converted = classic::convert(&load.series)?;
        }
        Ok(load)
    }

    /// Stores the series.
    pub(super) fn apply(&self, store: &MemoryStore) -> Result<(), AppendError> {
        let mut appender = store.appender();
        for (series, starts) in self.series.iter().zip(&self.starts) {
            let mut timestamp = 0;
            let mut before: Option<Arc<Histogram>> = None;
            for (index, value) in series.values.iter().enumerate() {
                let start = starts.get(index).copied().flatten();
                let start = start.map_or(0, |offset| offset.saturating_add(timestamp));
                match value {
                    SequenceValue::Omitted => {}
                    SequenceValue::Float(value) => {
                        let append = Append::new(&series.labels, timestamp, *value);
                        appender.append(append.with_start(start))?;
                        before = None;
                    }
                    SequenceValue::Histogram(value) => {
                        let histogram = stored(&value.histogram, before.as_deref());
                        let append = Append::new(&series.labels, timestamp, &histogram);
                        appender.append(append.with_start(start))?;
                        before = Some(histogram);
                    }
                }
                timestamp += self.interval;
            }
        }
        for (labels, histograms) in &self.converted {
            let mut before: Option<Arc<Histogram>> = None;
            for (step, histogram) in histograms {
                let steps = i64::try_from(*step).unwrap_or(i64::MAX);
                let timestamp = self.interval.saturating_mul(steps);
                let histogram = stored(histogram, before.as_deref());
                appender.append(Append::new(labels, timestamp, &histogram))?;
                before = Some(histogram);
            }
        }
        appender.commit()?;
        Ok(())
    }
}

/// A histogram as upstream's store gives it back: it notes by itself whether the counter was reset
/// since the one `before`, and knows nothing of the first one of a chunk.
pub(super) fn stored(histogram: &Arc<Histogram>, before: Option<&Histogram>) -> Arc<Histogram> {
    use CounterResetHint::{Gauge, NotReset, Reset, Unknown};
    if histogram.counter_reset_hint == Gauge {
        return Arc::clone(histogram);
    }
    let mut stored = Histogram::clone(histogram);
    stored.counter_reset_hint = if stored.counter_reset_hint == Reset {
        Reset
    } else {
        Unknown
    };
    let goes_on = before.is_some_and(|before| {
        before.counter_reset_hint != Gauge
            && before.schema == stored.schema
            && before.zero_threshold == stored.zero_threshold
            && before.custom_values == stored.custom_values
            && !stored.detect_reset(before)
    });
    stored.counter_reset_hint = if goes_on { NotReset } else { Unknown };
    Arc::new(stored)
}

const NOTHING_STARTED: &str = "@st line has no following sample line";
