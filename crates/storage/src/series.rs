//! Selected series, and the columns that one of them is decoded into.

use std::sync::Arc;

use model::{Annotations, Histogram, Labels};

use crate::select::SelectError;

/// The series that a selection found: an indexed list, shared by the threads that read it.
pub trait SeriesSet: Send + Sync {
    /// Number of series.
    fn len(&self) -> usize;

    /// True if nothing was found.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Labels of the series at `index`, reduced as the hints allowed.
    fn labels(&self, index: usize) -> Labels;

    /// Hands the labels of the series at `index` to `each`, sorted by name, without putting a set
    /// together where the store need not.
    fn each_label(&self, index: usize, each: &mut dyn FnMut(&str, &str)) {
        for (name, value) in &self.labels(index) {
            each(name, value);
        }
    }

    /// All label sets with a number for each distinct one, for an asker who groups by them. None
    /// if the store knows no faster way than to hand out set by set.
    fn numbered_labels(&self) -> Option<NumberedLabels> {
        None
    }

    /// Decodes all samples of the series at `index` inside the selected range, in rising order of
    /// time, stale markers included, into `buffer`, which is cleared first.
    ///
    /// # Errors
    /// Stored bytes cannot be read or are damaged.
    fn read(&self, index: usize, buffer: &mut SampleBuffer) -> Result<(), SelectError>;

    /// What the reader should be told beside the data (a missing range, a damaged block).
    fn annotations(&self) -> Annotations {
        Annotations::default()
    }
}

/// The label sets of a selection, those that several series share once.
#[derive(Clone, Debug, Default)]
pub struct NumberedLabels {
    numbers: Vec<u32>,
    distinct: Vec<Labels>,
}

impl NumberedLabels {
    /// All series have these labels.
    pub fn all(labels: Labels) -> Self {
        Self {
            numbers: Vec::new(),
            distinct: vec![labels],
        }
    }

    /// The number of each series' labels among the distinct ones.
    pub fn new(numbers: Vec<u32>, distinct: Vec<Labels>) -> Self {
        debug_assert!(
            numbers.iter().all(|&n| (n as usize) < distinct.len()),
            "every number has labels"
        );
        Self { numbers, distinct }
    }

    /// The number of the labels of the series at `index`.
    #[inline]
    pub fn number(&self, index: usize) -> usize {
        self.numbers.get(index).copied().unwrap_or_default() as usize
    }

    /// The labels with this number.
    pub fn labels(&self, number: usize) -> Labels {
        self.distinct.get(number).cloned().unwrap_or_default()
    }

    /// How many distinct ones there are.
    pub fn len(&self) -> usize {
        self.distinct.len()
    }

    /// True if there is none.
    pub fn is_empty(&self) -> bool {
        self.distinct.is_empty()
    }
}

/// Samples of one series as columns, in rising order of time: floats, and native histograms beside
/// them. A stale marker is a float, also where it ends a run of histograms.
#[derive(Clone, Debug, Default)]
pub struct SampleBuffer {
    timestamps: Vec<i64>,
    values: Vec<f64>,
    /// One for each float, or none at all if no float has one.
    start_timestamps: Vec<i64>,
    histograms: HistogramSamples,
}

impl SampleBuffer {
    /// Forgets the samples and keeps the memory.
    pub fn clear(&mut self) {
        self.timestamps.clear();
        self.values.clear();
        self.start_timestamps.clear();
        self.histograms.clear();
    }

    /// Adds a float later than the last one.
    #[inline]
    pub fn push(&mut self, timestamp: i64, value: f64) {
        debug_assert!(self.timestamps.last().is_none_or(|&last| last < timestamp));
        self.timestamps.push(timestamp);
        self.values.push(value);
        if !self.start_timestamps.is_empty() {
            self.start_timestamps.push(0);
        }
    }

    /// Adds a float of a series that has counted since `start_timestamp`; 0 if nobody knows.
    pub fn push_started(&mut self, timestamp: i64, value: f64, start_timestamp: i64) {
        if start_timestamp != 0 {
            self.start_timestamps.resize(self.timestamps.len(), 0);
        }
        let keeps_starts = start_timestamp != 0 || !self.start_timestamps.is_empty();
        self.timestamps.push(timestamp);
        self.values.push(value);
        if keeps_starts {
            self.start_timestamps.push(start_timestamp);
        }
    }

    /// Number of floats.
    pub fn len(&self) -> usize {
        self.timestamps.len()
    }

    /// True if there is no sample.
    pub fn is_empty(&self) -> bool {
        self.timestamps.is_empty() && self.histograms.is_empty()
    }

    /// Times of the floats in milliseconds since the Unix epoch.
    pub fn timestamps(&self) -> &[i64] {
        &self.timestamps
    }

    /// The floats, stale markers included.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// Since when each float has counted, 0 where nobody knows; empty if none has a start.
    pub fn start_timestamps(&self) -> &[i64] {
        &self.start_timestamps
    }

    /// The native histograms.
    pub fn histograms(&self) -> &HistogramSamples {
        &self.histograms
    }

    /// The native histograms, to append to.
    pub fn histograms_mut(&mut self) -> &mut HistogramSamples {
        &mut self.histograms
    }

    /// Times and values of the floats at once, to append to directly; they must stay equal in
    /// length. For floats without start timestamps only.
    pub fn columns_mut(&mut self) -> (&mut Vec<i64>, &mut Vec<f64>) {
        (&mut self.timestamps, &mut self.values)
    }

    /// Adds all samples of another buffer behind its own, without start timestamps of floats.
    pub fn extend(&mut self, other: &Self) {
        self.timestamps.extend_from_slice(&other.timestamps);
        self.values.extend_from_slice(&other.values);
        let (from, to) = (&other.histograms, &mut self.histograms);
        to.timestamps.extend_from_slice(&from.timestamps);
        to.values.extend_from_slice(&from.values);
        to.start_timestamps
            .extend_from_slice(&from.start_timestamps);
    }

    /// Keeps the samples for which `keep` is true, given time and value (none for a histogram).
    pub fn retain(&mut self, mut keep: impl FnMut(i64, Option<f64>) -> bool) {
        let has_starts = !self.start_timestamps.is_empty();
        let mut kept = 0;
        for index in 0..self.values.len() {
            if keep(self.timestamps[index], Some(self.values[index])) {
                self.values[kept] = self.values[index];
                self.timestamps[kept] = self.timestamps[index];
                if has_starts {
                    self.start_timestamps[kept] = self.start_timestamps[index];
                }
                kept += 1;
            }
        }
        self.values.truncate(kept);
        self.timestamps.truncate(kept);
        self.start_timestamps.truncate(kept);
        self.histograms.retain_from(0, |time| keep(time, None));
    }
}

/// Native histogram samples of one series as columns, in rising order of time.
#[derive(Clone, Debug, Default)]
pub struct HistogramSamples {
    timestamps: Vec<i64>,
    values: Vec<Arc<Histogram>>,
    start_timestamps: Vec<i64>,
}

impl HistogramSamples {
    /// Forgets the samples and keeps the memory of the columns.
    pub fn clear(&mut self) {
        self.timestamps.clear();
        self.values.clear();
        self.start_timestamps.clear();
    }

    /// Adds a histogram later than the last one, of a series that has counted since
    /// `start_timestamp`; 0 if nobody knows.
    pub fn push(&mut self, timestamp: i64, histogram: Arc<Histogram>, start_timestamp: i64) {
        self.timestamps.push(timestamp);
        self.values.push(histogram);
        self.start_timestamps.push(start_timestamp);
    }

    /// Number of histograms.
    pub fn len(&self) -> usize {
        self.timestamps.len()
    }

    /// True if there is none.
    pub fn is_empty(&self) -> bool {
        self.timestamps.is_empty()
    }

    /// Brings histograms that were added as several runs into rising order of time. Of several at
    /// one time the first stays.
    pub fn sort(&mut self) {
        if self.timestamps.is_sorted_by(|a, b| a < b) {
            return;
        }
        let mut order: Vec<usize> = (0..self.timestamps.len()).collect();
        order.sort_by_key(|&index| self.timestamps[index]);
        order.dedup_by_key(|index| self.timestamps[*index]);
        let values = order.iter().map(|&index| Arc::clone(&self.values[index]));
        self.values = values.collect();
        self.start_timestamps = order.iter().map(|&i| self.start_timestamps[i]).collect();
        self.timestamps = order.iter().map(|&index| self.timestamps[index]).collect();
    }

    /// Times in milliseconds since the Unix epoch.
    pub fn timestamps(&self) -> &[i64] {
        &self.timestamps
    }

    /// The histograms.
    pub fn values(&self) -> &[Arc<Histogram>] {
        &self.values
    }

    /// The histograms, to replace them.
    pub fn values_mut(&mut self) -> &mut [Arc<Histogram>] {
        &mut self.values
    }

    /// Since when each has counted, 0 where nobody knows.
    pub fn start_timestamps(&self) -> &[i64] {
        &self.start_timestamps
    }

    /// Keeps the histograms from place `from` on whose time `keep` wants, and all before.
    pub fn retain_from(&mut self, from: usize, mut keep: impl FnMut(i64) -> bool) {
        let times = self.timestamps.iter().enumerate();
        let kept: Vec<bool> = times
            .map(|(index, &time)| index < from || keep(time))
            .collect();
        let mut each = kept.iter();
        self.timestamps.retain(|_| each.next() == Some(&true));
        let mut each = kept.iter();
        self.values.retain(|_| each.next() == Some(&true));
        let mut each = kept.iter();
        self.start_timestamps.retain(|_| each.next() == Some(&true));
    }
}
