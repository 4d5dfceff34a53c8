//! The small reference store: everything in maps, obvious rather than fast. For tests and for scripts
//! that bring their own data.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use model::label::METRIC_NAME;
use model::{Annotations, Histogram, Labels, MatchOp, Matcher, SeriesRef, TimeRange};

use crate::append::{Append, AppendError, AppendValue, Appendable, Appender, Commit};
use crate::select::{LabelQuery, Querier, Queryable, Select, SelectError};
use crate::series::{SampleBuffer, SeriesSet};

/// Samples of one series, by time.
type Samples = BTreeMap<i64, Stored>;

/// All series, by metric name and below it by labels: a selection of one metric looks at no other.
#[derive(Debug, Default)]
struct Series(BTreeMap<String, BTreeMap<Labels, Samples>>);

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
        self.lock().0.clear();
    }

    fn lock(&self) -> MutexGuard<'_, Series> {
        self.series.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Series {
    fn insert(&mut self, labels: Labels, timestamp: i64, stored: Stored) {
        let name = labels.get(METRIC_NAME).unwrap_or_default();
        if !self.0.contains_key(name) {
            self.0.insert(name.to_owned(), BTreeMap::new());
        }
        if let Some(series) = self.0.get_mut(name) {
            series.entry(labels).or_default().insert(timestamp, stored);
        }
    }

    fn all(&self) -> impl Iterator<Item = (&Labels, &Samples)> {
        self.0.values().flatten()
    }

    /// Those that fit, in the order of their labels.
    fn matching(&self, matchers: &[Matcher]) -> Vec<(&Labels, &Samples)> {
        let fits = |(labels, _): &(&Labels, &Samples)| matches(labels, matchers);
        let names =
            |matcher: &&Matcher| matcher.name() == METRIC_NAME && matcher.op() == MatchOp::Equal;
        if let Some(matcher) = matchers.iter().find(names) {
            let series = self.0.get(matcher.value());
            return series.into_iter().flatten().filter(fits).collect();
        }
        let mut found: Vec<_> = self.all().filter(fits).collect();
        found.sort_unstable_by_key(|(labels, _)| *labels);
        found
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
        let all = self.store.lock();
        let mut labels = all.all().map(|(labels, _)| labels);
        labels
            .find(|labels| labels.fingerprint().get() == series.get())
            .cloned()
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
            series.insert(labels, timestamp, stored);
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
        let TimeRange { min_time, max_time } = select.range;
        let all = self.store.lock();
        let found = all
            .matching(&select.matchers)
            .into_iter()
            .filter(|_| min_time <= max_time)
            .map(|(labels, samples)| {
                let inside = samples.range(min_time..=max_time);
                let inside = inside.map(|(&time, stored)| (time, stored.clone()));
                (labels.clone(), inside.collect())
            })
            .filter(|(_, samples): &(_, Vec<_>)| !samples.is_empty())
            .collect();
        Ok(Box::new(MemorySet { found }))
    }

    fn label_names(&self, query: &LabelQuery) -> Result<(Vec<String>, Annotations), SelectError> {
        let all = self.store.lock();
        let sets = all.matching(&query.matchers);
        let names = sets
            .iter()
            .flat_map(|(labels, _)| labels.iter().map(|(name, _)| name.to_owned()));
        Ok((first_sorted(names, query.limit), Annotations::default()))
    }

    fn label_values(
        &self,
        name: &str,
        query: &LabelQuery,
    ) -> Result<(Vec<String>, Annotations), SelectError> {
        let all = self.store.lock();
        let sets = all.matching(&query.matchers);
        let values = sets
            .iter()
            .filter_map(|(labels, _)| labels.get(name).map(str::to_owned));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::append::Append;

    #[test]
    fn series_are_found_in_the_order_of_their_labels() {
        let store = MemoryStore::default();
        let mut appender = store.appender();
        let rows: [&[(&str, &str)]; 4] = [
            &[("__name__", "b"), ("A", "1")],
            &[("__name__", "a"), ("A", "2")],
            &[("A", "3")],
            &[("__name__", "a"), ("A", "0")],
        ];
        for pairs in rows {
            let labels = Labels::from_pairs(pairs.iter().copied());
            appender.append(Append::new(&labels, 10, 1.0)).unwrap();
        }
        appender.commit().unwrap();
        let found = |matchers: Vec<Matcher>, range| {
            let querier = store.querier(range).unwrap();
            let set = querier.select(&Select::new(matchers, range)).unwrap();
            let of = |index| set.labels(index).get("A").unwrap_or_default().to_owned();
            (0..set.len()).map(of).collect::<String>()
        };
        let all = TimeRange::ALL;
        let any = Matcher::new("A", MatchOp::NotEqual, "").unwrap();
        assert_eq!(found(vec![any], all), "0123");
        assert_eq!(found(vec![Matcher::equal(METRIC_NAME, "a")], all), "02");
        assert_eq!(found(vec![Matcher::equal(METRIC_NAME, "")], all), "3");
        assert_eq!(found(vec![Matcher::equal(METRIC_NAME, "c")], all), "");
        let two = vec![Matcher::equal(METRIC_NAME, "a"), Matcher::equal("A", "2")];
        assert_eq!(found(two.clone(), TimeRange::new(10, 10)), "2");
        assert_eq!(found(two.clone(), TimeRange::new(11, 20)), "");
        let backwards = TimeRange {
            min_time: 20,
            max_time: 0,
        };
        assert_eq!(found(two, backwards), "");
    }
}
