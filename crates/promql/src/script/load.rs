//! `load`: puts series into the store.

use std::sync::Arc;

use model::{CounterResetHint, Histogram, Labels};
use storage::memory::MemoryStore;
use storage::{Append, AppendError, Appendable};

use super::classic::{self, Converted};
use super::line::{Lines, milliseconds, split_word};
use super::series::{SequenceValue, SeriesLine, end_of_metric, parse_labels, parse_series};

/// A series that the script loads and queries cannot be asked about.
#[derive(Clone, Debug)]
pub(super) struct Unsupported {
    pub(super) labels: Labels,
    /// What it would take.
    pub(super) needs: &'static str,
}

/// Series with their samples, one every `interval` milliseconds from 0 on.
#[derive(Clone, Debug)]
pub(super) struct Load {
    pub(super) line: usize,
    interval: i64,
    /// Classic histograms as native ones, if they are to be stored too.
    converted: Vec<Converted>,
    series: Vec<SeriesLine>,
    /// Series of which samples carry start timestamps.
    started: Vec<Labels>,
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
            started: Vec::new(),
        };
        let mut all_started = false;
        while let Some((number, line)) = lines.next_of_body() {
            let at_line = |error| format!("line {number}: {error}");
            if let Some(metric) = start_timestamps(line) {
                match metric {
                    "" => all_started = true,
                    metric => load.started.push(parse_labels(metric).map_err(at_line)?),
                }
                continue;
            }
            let series = parse_series(line).map_err(at_line)?;
            if all_started {
                load.started.push(series.labels.clone());
            }
            load.series.push(series);
        }
        if with_custom_buckets {
            load.converted = classic::convert(&load.series)?;
        }
        Ok(load)
    }

    /// Stores the series, and notes those that queries cannot be asked about.
    pub(super) fn apply(
        &self,
        store: &MemoryStore,
        unsupported: &mut Vec<Unsupported>,
    ) -> Result<(), AppendError> {
        let mut appender = store.appender();
        for series in &self.series {
            let mut timestamp = 0;
            let mut before: Option<Arc<Histogram>> = None;
            for value in &series.values {
                match value {
                    SequenceValue::Omitted => {}
                    SequenceValue::Float(value) => {
                        appender.append(Append::new(&series.labels, timestamp, *value))?;
                        before = None;
                    }
                    SequenceValue::Histogram(value) => {
                        let histogram = stored(&value.histogram, before.as_deref());
                        appender.append(Append::new(&series.labels, timestamp, &histogram))?;
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
        let lines = self.series.iter();
        let with_histograms = lines.filter(|series| series.has_histograms());
        let converted = self.converted.iter().map(|(labels, _)| labels);
        for labels in with_histograms
            .map(|series| &series.labels)
            .chain(converted)
        {
            unsupported.push(Unsupported {
                labels: labels.clone(),
                needs: "native histograms",
            });
        }
        for labels in &self.started {
            let labels = labels.clone();
            unsupported.push(Unsupported {
                labels,
                needs: "start timestamps",
            });
        }
        Ok(())
    }
}

/// The series of a line of start timestamps, which is empty if the line speaks of all.
fn start_timestamps(line: &str) -> Option<&str> {
    if let Some(rest) = line.strip_prefix("@st") {
        return rest.starts_with([' ', '\t']).then_some("");
    }
    let (metric, rest) = line.split_at(end_of_metric(line));
    match metric.strip_suffix("@st") {
        Some(metric) => Some(metric),
        None => rest.starts_with("@st").then_some(metric),
    }
}

/// A histogram as upstream's store gives it back: it notes by itself whether the counter was reset
/// since the one `before`, and knows nothing of the first one of a chunk.
fn stored(histogram: &Arc<Histogram>, before: Option<&Histogram>) -> Arc<Histogram> {
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
