//! The small reference store: everything in one map, obvious rather than fast. For tests and for
//! scripts that bring their own data.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use model::{Annotations, Histogram, Labels, Matcher, SeriesRef, TimeRange};

use crate::append::{Append, AppendError, AppendValue, Appendable, Appender, Commit};
use crate::select::{LabelQuery, Querier, Queryable, Select, SelectError};
use crate::series::{SampleBuffer, SeriesSet};

type Series = BTreeMap<Labels, BTreeMap<i64, Stored>>;

/// A sample without its time.
#[derive(Clone, Debug)]
struct Stored {
    value: StoredValue,
    start_timestamp: i64,
}

#[derive(Clone, Debug)]
enum StoredValue {
    Float(f64),
    Histogram(Arc<Histogram>),
}

/// Samples in memory, by label set and time. A later sample at one time replaces the earlier.
#[derive(Debug, Default)]
pub struct MemoryStore {
    series: Mutex<Series>,
}

impl MemoryStore {
    /// Forgets everything.
    pub fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, Series> {
        self.series.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn matching(&self, matchers: &[Matcher]) -> Vec<Labels> {
        self.lock()
            .keys()
            .filter(|labels| matches(labels, matchers))
            .cloned()
            .collect()
    }
}

fn matches(labels: &Labels, matchers: &[Matcher]) -> bool {
    matchers
        .iter()
        .all(|m| m.matches(labels.get(m.name()).unwrap_or_default()))
}

impl Appendable for MemoryStore {
    fn appender(&self) -> Box<dyn Appender + '_> {
        Box::new(MemoryAppender {
            store: self,
            pending: Vec::new(),
        })
    }
}

struct MemoryAppender<'a> {
    store: &'a MemoryStore,
    pending: Vec<(Labels, i64, Stored)>,
}

impl MemoryAppender<'_> {
    /// The labels that were stored under a number.
    fn named(&self, series: SeriesRef) -> Option<Labels> {
        let is_it = |labels: &&Labels| labels.fingerprint().get() == series.get();
        self.store.lock().keys().find(is_it).cloned()
    }
}

impl Appender for MemoryAppender<'_> {
    fn append(&mut self, append: Append<'_>) -> Result<SeriesRef, AppendError> {
        let labels = match append.series.filter(|_| append.labels.is_empty()) {
            Some(series) => self.named(series).unwrap_or_default(),
            None => append.labels.clone(),
        };
        if labels.is_empty() {
            return Err(AppendError::InvalidLabels("empty label set".to_owned()));
        }
        let series = SeriesRef::new(labels.fingerprint().get());
        let stored = Stored {
            value: match append.value {
                AppendValue::Float(value) => StoredValue::Float(value),
                AppendValue::Histogram(histogram) => StoredValue::Histogram(Arc::clone(histogram)),
            },
            start_timestamp: append.start_timestamp,
        };
        self.pending.push((labels, append.timestamp, stored));
        Ok(series)
    }

    fn commit(self: Box<Self>) -> Result<Commit, AppendError> {
        let mut series = self.store.lock();
        let samples = self.pending.len();
        for (labels, timestamp, stored) in self.pending {
            series.entry(labels).or_default().insert(timestamp, stored);
        }
        Ok(Commit {
            samples,
            dropped: 0,
        })
    }

    fn rollback(self: Box<Self>) {}
}

impl Queryable for MemoryStore {
    fn querier(&self, _range: TimeRange) -> Result<Box<dyn Querier + '_>, SelectError> {
        Ok(Box::new(MemoryQuerier { store: self }))
    }
}

struct MemoryQuerier<'a> {
    store: &'a MemoryStore,
}

impl Querier for MemoryQuerier<'_> {
    fn select(&self, select: &Select) -> Result<Box<dyn SeriesSet + '_>, SelectError> {
        let range = select.range;
        let found = self
            .store
            .lock()
            .iter()
            .filter(|(labels, _)| matches(labels, &select.matchers))
            .map(|(labels, samples)| {
                let inside = samples.iter().filter(|(time, _)| range.contains(**time));
                let inside = inside.map(|(&time, stored)| (time, stored.clone()));
                (labels.clone(), inside.collect())
            })
            .filter(|(_, samples): &(_, Vec<_>)| !samples.is_empty())
            .collect();
        Ok(Box::new(MemorySet { found }))
    }

    fn label_names(&self, query: &LabelQuery) -> Result<(Vec<String>, Annotations), SelectError> {
        let sets = self.store.matching(&query.matchers);
        let names = sets
            .iter()
            .flat_map(|labels| labels.iter().map(|(name, _)| name.to_owned()));
        Ok((first_sorted(names, query.limit), Annotations::default()))
    }

    fn label_values(
        &self,
        name: &str,
        query: &LabelQuery,
    ) -> Result<(Vec<String>, Annotations), SelectError> {
        let sets = self.store.matching(&query.matchers);
        let values = sets
            .iter()
            .filter_map(|labels| labels.get(name).map(str::to_owned));
        Ok((first_sorted(values, query.limit), Annotations::default()))
    }
}

fn first_sorted(texts: impl Iterator<Item = String>, limit: usize) -> Vec<String> {
    let unique: BTreeSet<String> = texts.collect();
    unique
        .into_iter()
        .take(if limit == 0 { usize::MAX } else { limit })
        .collect()
}

struct MemorySet {
    found: Vec<(Labels, Vec<(i64, Stored)>)>,
}

impl SeriesSet for MemorySet {
    fn len(&self) -> usize {
        self.found.len()
    }

    fn labels(&self, index: usize) -> Labels {
        self.found
            .get(index)
            .map(|(labels, _)| labels.clone())
            .unwrap_or_default()
    }

    fn read(&self, index: usize, buffer: &mut SampleBuffer) -> Result<(), SelectError> {
        buffer.clear();
        let samples = self.found.get(index).map_or(&[][..], |(_, found)| found);
        for (timestamp, stored) in samples {
            match &stored.value {
                StoredValue::Float(value) => {
                    buffer.push_started(*timestamp, *value, stored.start_timestamp);
                }
                StoredValue::Histogram(histogram) => buffer.histograms_mut().push(
                    *timestamp,
                    Arc::clone(histogram),
                    stored.start_timestamp,
                ),
            }
        }
        Ok(())
    }
}
