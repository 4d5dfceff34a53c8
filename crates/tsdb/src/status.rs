//! A snapshot of the head for people: how much there is, and what most of it is.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;

use crate::head::catalog::Catalog;

/// What `/api/v1/status/tsdb` shows, in the shape of its JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// Sizes of the head.
    pub head_stats: HeadStats,
    /// Metric names with the most series.
    pub series_count_by_metric_name: Vec<NamedCount>,
    /// Label names with the most values.
    pub label_value_count_by_label_name: Vec<NamedCount>,
    /// Label names whose values are the longest, summed over series.
    pub memory_in_bytes_by_label_name: Vec<NamedCount>,
    /// Label pairs with the most series, as `name=value`.
    pub series_count_by_label_value_pair: Vec<NamedCount>,
    /// How series come and go; not part of upstream's answer.
    pub churn: Churn,
    /// How many series there may be; not part of upstream's answer.
    pub limits: SeriesLimits,
}

/// How many series the head may hold, and who has met that.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SeriesLimits {
    /// Series that the head may hold; 0: as many as come.
    pub series_limit: u64,
    /// Series that a job may hold once three quarters of them are there.
    pub job_share: u64,
    /// Jobs that were refused new series in the last minutes.
    pub limited_jobs: Vec<LimitedJob>,
}

/// A job that was refused new series.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LimitedJob {
    /// The value of the label `job`.
    pub job: String,
    /// Series that it has in the head.
    pub series: u64,
    /// Samples that were refused since this began; the same series counts at each attempt.
    pub refused_samples: u64,
    /// Why the last of them was refused.
    pub reason: String,
    /// When this began, in milliseconds since the Unix epoch.
    pub since: i64,
    /// When the last of them was refused.
    pub last: i64,
}

/// How series come and go.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Churn {
    /// Series that began since the start.
    pub series_created: u64,
    /// Series that left the head since the start.
    pub series_removed: u64,
    /// Series that began since the last block was cut and are in the head.
    pub new_series: u64,
    /// Metric names with the most of those.
    pub new_series_count_by_metric_name: Vec<NamedCount>,
}

/// Which segments of the log were read at the start, under upstream's names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct WalReplay {
    /// The first segment.
    pub min: u32,
    /// The last segment.
    pub max: u32,
    /// The segment being read; the last one once all are.
    pub current: u32,
}

/// How far the log is read at the start, to look at meanwhile. Clones are the same.
#[derive(Clone, Debug, Default)]
pub struct ReplayProgress {
    read: Arc<Mutex<WalReplay>>,
}

impl ReplayProgress {
    /// Which segments there are, and which one is being read.
    pub fn now(&self) -> WalReplay {
        *self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn tell(&self, read: WalReplay) {
        *self.read.lock().unwrap_or_else(PoisonError::into_inner) = read;
    }
}

/// Sizes of the head.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HeadStats {
    /// Series in memory.
    pub num_series: u64,
    /// Distinct pairs of label name and value.
    pub num_label_pairs: u64,
    /// Chunks in memory.
    pub chunk_count: i64,
    /// First sample's time; the largest number if there is none.
    pub min_time: i64,
    /// Last sample's time; the smallest number if there is none.
    pub max_time: i64,
}

/// A name with a number.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct NamedCount {
    /// What is counted.
    pub name: String,
    /// How much of it there is.
    pub value: u64,
}

impl Status {
    /// Fills the lists, `limit` entries each, from the catalog.
    pub(crate) fn of(
        catalog: &Catalog,
        head_stats: HeadStats,
        mut churn: Churn,
        settled_row: u32,
        limit: usize,
    ) -> Self {
        let mut names = Top::new(limit);
        let mut values = Top::new(limit);
        let mut memory = Top::new(limit);
        let mut pairs = Top::new(limit);
        for label in catalog.label_names() {
            let (mut distinct, mut bytes) = (0, 0);
            for (value, series) in catalog.label_values(label) {
                let series = series as u64;
                distinct += 1;
                bytes += value.len() as u64 * series;
                pairs.offer(series, || format!("{label}={value}"));
                if label == model::label::METRIC_NAME {
                    names.offer(series, || value.to_owned());
                }
            }
            values.offer(distinct, || label.to_owned());
            memory.offer(bytes, || label.to_owned());
        }
        let rows = catalog.rows();
        let new = rows.partition_point(|&row| row < settled_row);
        let new = rows.get(new..).unwrap_or_default();
        churn.new_series = new.len() as u64;
        churn.new_series_count_by_metric_name = names_of(catalog, new, limit);
        Self {
            churn,
            limits: SeriesLimits::default(),
            head_stats,
            series_count_by_metric_name: names.into_list(),
            label_value_count_by_label_name: values.into_list(),
            memory_in_bytes_by_label_name: memory.into_list(),
            series_count_by_label_value_pair: pairs.into_list(),
        }
    }
}

/// Metric names with the most series among these rows.
fn names_of(catalog: &Catalog, rows: &[u32], limit: usize) -> Vec<NamedCount> {
    let mut counts: HashMap<&str, u64> = HashMap::new();
    for &row in rows {
        let mut pairs = catalog.pairs_of(row);
        let name = pairs.find(|&(name, _)| name == model::label::METRIC_NAME);
        *counts
            .entry(name.map_or("", |(_, value)| value))
            .or_default() += 1;
    }
    let mut names = Top::new(limit);
    for (name, count) in counts {
        names.offer(count, || name.to_owned());
    }
    names.into_list()
}

/// The largest of what it is offered.
struct Top {
    limit: usize,
    list: Vec<NamedCount>,
}

impl Top {
    fn new(limit: usize) -> Self {
        Self {
            limit,
            list: Vec::new(),
        }
    }

    fn offer(&mut self, value: u64, name: impl FnOnce() -> String) {
        if self.list.len() >= 2 * self.limit.max(8) {
            self.cut();
        }
        let full = self.list.len() >= self.limit;
        if full
            && self
                .list
                .get(self.limit.wrapping_sub(1))
                .is_some_and(|last| last.value > value)
        {
            return;
        }
        self.list.push(NamedCount {
            name: name(),
            value,
        });
    }

    fn cut(&mut self) {
        self.list
            .sort_by(|a, b| b.value.cmp(&a.value).then_with(|| a.name.cmp(&b.name)));
        self.list.truncate(self.limit);
    }

    fn into_list(mut self) -> Vec<NamedCount> {
        self.cut();
        self.list
    }
}
