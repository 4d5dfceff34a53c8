//! What batches bring beside samples: exemplars, and what is known of their series.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use hashbrown::{HashMap, HashSet};
use model::{Exemplar, Labels, Metadata, SeriesRef};
use rapidhash::fast::RandomState;
use storage::{AppendExemplar, ExemplarError};

use super::Head;
use super::append::HeadAppender;
use crate::exemplars::Arrival;
use crate::wal::record::{
    RefExemplar, RefMetadata, encode_exemplars, metric_type_number, put_labels, put_metadata,
};

/// What waits for its commit beside the samples.
#[derive(Debug, Default)]
pub(super) struct Beside {
    exemplars: Vec<PendingExemplar>,
    /// Labels of the exemplars, as records of the log write them.
    texts: Vec<u8>,
    metadata: Vec<(u32, Arc<Metadata>)>,
}

#[derive(Debug)]
struct PendingExemplar {
    row: u32,
    time: i64,
    value: f64,
    has_time: bool,
    text: Range<usize>,
}

impl Beside {
    pub(super) fn clear(&mut self) {
        self.exemplars.clear();
        self.texts.clear();
        self.metadata.clear();
    }

    fn text(&self, exemplar: &PendingExemplar) -> &[u8] {
        self.texts.get(exemplar.text.clone()).unwrap_or_default()
    }
}

impl HeadAppender<'_> {
    /// Takes an exemplar into the batch.
    pub(super) fn take_exemplar(
        &mut self,
        append: AppendExemplar<'_>,
    ) -> Result<(), ExemplarError> {
        let head = self.head;
        if !head.exemplars.are_kept() {
            return Ok(());
        }
        let known = append.series.and_then(|series| head.living_row(series));
        let found = || {
            let fingerprint = append.labels.fingerprint();
            head.with_catalog(|catalog| catalog.find(append.labels, fingerprint))
        };
        let Some(row) = known.or_else(found) else {
            let reference = append.series.map_or(0, SeriesRef::get);
            return Err(ExemplarError::UnknownSeries(reference));
        };
        let Exemplar {
            labels,
            value,
            timestamp,
            has_timestamp,
        } = append.exemplar;
        let beside = &mut self.scratch.beside;
        let begin = beside.texts.len();
        put_labels(&mut beside.texts, labels);
        let arrival = Arrival {
            time: *timestamp,
            value: *value,
            has_time: *has_timestamp,
            labels: beside.texts.get(begin..).unwrap_or_default(),
        };
        let checked = head.exemplars.check(row, arrival);
        if checked != Ok(true) {
            beside.texts.truncate(begin);
            return checked.map(|_| ());
        }
        beside.exemplars.push(PendingExemplar {
            row,
            time: *timestamp,
            value: *value,
            has_time: *has_timestamp,
            text: begin..beside.texts.len(),
        });
        Ok(())
    }

    /// Takes what is known of a series into the batch, unless the head knows it already.
    pub(super) fn take_metadata(&mut self, row: u32, metadata: &Metadata) {
        if let Some(metadata) = self.head.metadata.news(row, metadata) {
            self.scratch.beside.metadata.push((row, metadata));
        }
    }
}

impl Head {
    /// The records of what a batch brings beside samples: metadata, to be logged before the
    /// samples, and exemplars, to be logged after them. Empty where there is none.
    pub(super) fn encode_beside(&self, beside: &Beside) -> (Vec<u8>, Vec<u8>) {
        let (mut metadata, mut exemplars) = (Vec::new(), Vec::new());
        for (row, known) in &beside.metadata {
            let news = RefMetadata {
                series: self.reference(*row).get(),
                kind: metric_type_number(known.metric_type),
                unit: &known.unit,
                help: &known.help,
            };
            put_metadata(&mut metadata, news);
        }
        let records = beside.exemplars.iter().map(|exemplar| RefExemplar {
            series: self.reference(exemplar.row).get(),
            time: exemplar.time,
            value: exemplar.value,
            labels: beside.text(exemplar),
        });
        encode_exemplars(&mut exemplars, records);
        (metadata, exemplars)
    }

    /// Takes over what a batch brought beside samples, once it is logged.
    pub(super) fn apply_beside(&self, beside: &Beside) {
        if !beside.exemplars.is_empty() {
            let arrivals = beside.exemplars.iter().map(|exemplar| {
                let arrival = Arrival {
                    time: exemplar.time,
                    value: exemplar.value,
                    has_time: exemplar.has_time,
                    labels: beside.text(exemplar),
                };
                (exemplar.row, arrival)
            });
            self.exemplars.add(arrivals, |row| self.labels_of(row));
        }
        for (row, metadata) in &beside.metadata {
            self.metadata.set(*row, Arc::clone(metadata));
        }
    }

    /// Takes over exemplars of the log, with the rows of their series.
    pub(super) fn restore_exemplars(&self, exemplars: &[(u32, RefExemplar<'_>)]) {
        let min_valid = self.min_valid_time();
        let recent = exemplars.iter().filter(|(_, it)| it.time >= min_valid);
        let arrivals = recent.map(|(row, exemplar)| {
            let arrival = Arrival {
                time: exemplar.time,
                value: exemplar.value,
                // The log does not say; upstream takes them for having none.
                has_time: false,
                labels: exemplar.labels,
            };
            (*row, arrival)
        });
        self.exemplars.add(arrivals, |row| self.labels_of(row));
    }

    /// Takes over what is known of a series.
    pub(super) fn set_metadata(&self, row: u32, metadata: &Metadata) {
        if let Some(news) = self.metadata.news(row, metadata) {
            self.metadata.set(row, news);
        }
    }

    /// Takes over what the log says of a series.
    pub(super) fn restore_metadata(&self, row: u32, metadata: RefMetadata<'_>) {
        let known = Metadata {
            metric_type: metadata.metric_type(),
            help: metadata.help.to_owned(),
            unit: metadata.unit.to_owned(),
        };
        self.set_metadata(row, &known);
    }

    /// The row of a reference whose series is there.
    fn living_row(&self, series: SeriesRef) -> Option<u32> {
        let row = self.row(series.get())?;
        let slab = self.slab(row)?;
        let is_there = slab.read().get(row).is_some();
        is_there.then_some(row)
    }

    fn labels_of(&self, row: u32) -> Option<Labels> {
        self.with_catalog(|catalog| {
            let labels = Labels::from_sorted(catalog.pairs_of(row));
            (!labels.is_empty()).then_some(labels)
        })
    }
}

/// What is known of series. Those of which nothing was said cost nothing here.
#[derive(Debug, Default)]
pub(super) struct SeriesMetadata {
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    rows: HashMap<u32, Arc<Metadata>, RandomState>,
    /// All series of a family have the same.
    shared: HashSet<Arc<Metadata>, RandomState>,
}

impl SeriesMetadata {
    /// The metadata, shared, if it is not what is known of the series.
    fn news(&self, row: u32, metadata: &Metadata) -> Option<Arc<Metadata>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known
            .rows
            .get(&row)
            .is_some_and(|known| **known == *metadata)
        {
            return None;
        }
        if let Some(shared) = known.shared.get(metadata) {
            return Some(Arc::clone(shared));
        }
        let shared = Arc::new(metadata.clone());
        known.shared.insert(Arc::clone(&shared));
        Some(shared)
    }

    fn set(&self, row: u32, metadata: Arc<Metadata>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.rows.insert(row, metadata);
    }

    /// Everything that is known, each with the rows of which it is, sorted.
    pub(super) fn all(&self) -> Vec<(Arc<Metadata>, Vec<u32>)> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut by_metadata: HashMap<&Arc<Metadata>, Vec<u32>, RandomState> = HashMap::default();
        for (&row, metadata) in &known.rows {
            by_metadata.entry(metadata).or_default().push(row);
        }
        let all = by_metadata.into_iter().map(|(metadata, mut rows)| {
            rows.sort_unstable();
            (Arc::clone(metadata), rows)
        });
        let mut all: Vec<_> = all.collect();
        all.sort_unstable_by(|a, b| a.1.cmp(&b.1));
        all
    }

    /// Forgets everything.
    pub(super) fn clear(&self) {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Known::default();
    }

    /// Forgets series that ended.
    pub(super) fn forget(&self, rows: &[u32]) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.shared.is_empty() {
            return;
        }
        for row in rows {
            known.rows.remove(row);
        }
        known.shared.retain(|shared| Arc::strong_count(shared) > 1);
    }
}
