//! `load`: puts series into the store.

use model::label::BUCKET;
use model::{Labels, LabelsBuilder};
use storage::memory::MemoryStore;
use storage::{Append, AppendError, Appendable};

use super::line::{Lines, milliseconds, split_word};
use super::series::{SequenceValue, SeriesLine, end_of_metric, parse_labels, parse_series};

/// A series that the script loads and the store cannot hold.
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
    /// True if classic histograms are stored as native ones too.
    with_custom_buckets: bool,
    series: Vec<SeriesLine>,
    /// Series of which samples carry start timestamps.
    started: Vec<Labels>,
}

impl Load {
    pub(super) fn parse(line: usize, head: &str, lines: &mut Lines<'_>) -> Result<Self, String> {
        let (word, interval) = split_word(head);
        let mut load = Self {
            line,
            interval: milliseconds(interval)
                .map_err(|error| format!("invalid step definition {interval:?}: {error}"))?,
            with_custom_buckets: match word {
                "load" => false,
                "load_with_nhcb" => true,
                _ => return Err("invalid load command. (load[_with_nhcb] <step:duration>)".into()),
            },
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
        Ok(load)
    }

    /// Stores the series, and notes those that cannot be stored.
    pub(super) fn apply(
        &self,
        store: &MemoryStore,
        unsupported: &mut Vec<Unsupported>,
    ) -> Result<(), AppendError> {
        let mut appender = store.appender();
        for series in &self.series {
            if series.has_histograms() {
                let labels = series.labels.clone();
                unsupported.push(Unsupported {
                    labels,
                    needs: NATIVE_HISTOGRAMS,
                });
                continue;
            }
            let mut timestamp = 0;
            for value in &series.values {
                if let SequenceValue::Float(value) = *value {
                    appender.append(Append::new(&series.labels, timestamp, value))?;
                }
                timestamp += self.interval;
            }
        }
        appender.commit()?;
        for labels in &self.started {
            let labels = labels.clone();
            unsupported.push(Unsupported {
                labels,
                needs: "start timestamps",
            });
        }
        if self.with_custom_buckets {
            let bases = self
                .series
                .iter()
                .filter_map(|series| histogram_of(&series.labels));
            unsupported.extend(bases.map(|labels| Unsupported {
                labels,
                needs: NATIVE_HISTOGRAMS,
            }));
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

/// The native histogram that a series of a classic one belongs to.
fn histogram_of(labels: &Labels) -> Option<Labels> {
    let name = labels.metric_name()?;
    let base = ["_bucket", "_count", "_sum"]
        .iter()
        .find_map(|part| name.strip_suffix(part))?;
    let mut builder = LabelsBuilder::from_labels(labels);
    builder.set(model::label::METRIC_NAME, base);
    builder.delete(BUCKET);
    Some(builder.build())
}

const NATIVE_HISTOGRAMS: &str = "native histograms";
