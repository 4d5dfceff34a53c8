//! The native histograms of a batch, beside its floats.

use std::sync::Arc;

use model::Histogram;
use storage::{Append, AppendError};

use super::{HeadAppender, Late, Pending, Waiting};
use crate::head::Head;
use crate::head::series::{Appended, Row};
use crate::wal::record::{self, HistogramRecord};

/// A histogram that waits for its commit.
#[derive(Clone, Debug)]
pub(crate) struct PendingHistogram {
    pub(crate) row: u32,
    pub(crate) time: i64,
    pub(crate) histogram: Arc<Histogram>,
}

impl Waiting for PendingHistogram {
    fn row(&self) -> u32 {
        self.row
    }

    fn time(&self) -> i64 {
        self.time
    }

    fn append_to(&self, row: &mut Row, chunk_range: i64) -> Appended {
        row.append_histogram(self.time, &self.histogram, chunk_range)
    }

    #[cold]
    fn refuse(&self, refused: &mut Late) {
        refused.histogram(self.clone());
    }
}

impl HeadAppender<'_> {
    /// Takes a histogram into the batch; returns its row.
    pub(super) fn append_histogram(
        &mut self,
        append: &Append<'_>,
        histogram: &Arc<Histogram>,
    ) -> Result<u32, AppendError> {
        if !histogram.is_stale() {
            histogram.validate()?;
        }
        let time = append.timestamp;
        let row = match self.row_for(append, |row| row.check_histogram(time, histogram)) {
            Ok(row) => row,
            Err(error) => return self.append_late(append, error),
        };
        self.scratch.histograms.push(PendingHistogram {
            row,
            time,
            histogram: Arc::clone(histogram),
        });
        Ok(row)
    }
}

/// Part of a batch in which no series has both kinds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Batch<'a> {
    pub(super) floats: &'a [Pending],
    pub(super) histograms: &'a [PendingHistogram],
}

/// The batch as a whole or, where a series has floats and histograms, in parts in which the samples
/// of each series are in the order of their times.
pub(super) fn runs<'a>(
    mut floats: &'a [Pending],
    mut histograms: &'a [PendingHistogram],
) -> Vec<Batch<'a>> {
    let has_both = |sample: &PendingHistogram| {
        let found = floats.binary_search_by_key(&sample.row, |float| float.row);
        found.is_ok()
    };
    if !histograms.iter().any(has_both) {
        return vec![Batch { floats, histograms }];
    }
    let mut runs = Vec::new();
    while let Some(first) = histograms.first() {
        let place = (first.row, first.time);
        let before = |float: &&Pending| (float.row, float.time) < place;
        let (run, rest) = floats.split_at(floats.iter().take_while(before).count());
        let ends = rest.first().map(|float| (float.row, float.time));
        let until =
            |sample: &&PendingHistogram| ends.is_none_or(|ends| (sample.row, sample.time) <= ends);
        let count = histograms.iter().take_while(until).count();
        let (own, others) = histograms.split_at(count.max(1));
        (floats, histograms) = (rest, others);
        runs.push(Batch {
            floats: run,
            histograms: own,
        });
    }
    runs.push(Batch { floats, histograms });
    runs
}

impl Head {
    /// Encodes a batch that has histograms: one record for each kind in each run.
    pub(super) fn encode_mixed(&self, runs: &[Batch<'_>], records: &mut Vec<Vec<u8>>) {
        for Batch { floats, histograms } in runs {
            let mut floats_record = Vec::new();
            self.encode_samples(floats, &mut floats_record);
            records.push(floats_record);
            for kind in HistogramRecord::WRITTEN {
                let own = histograms
                    .iter()
                    .filter(|sample| HistogramRecord::of(&sample.histogram) == kind);
                let mut out = Vec::new();
                let own = own.map(|sample| {
                    let series = self.reference(sample.row).get();
                    (series, sample.time, &*sample.histogram)
                });
                record::encode_histograms(kind, &mut out, own);
                records.push(out);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_keep_the_order_of_each_series() {
        let float = |&(row, time): &(u32, i64)| Pending {
            row,
            time,
            value: 1.0,
        };
        let histogram = |&(row, time): &(u32, i64)| PendingHistogram {
            row,
            time,
            histogram: Arc::default(),
        };
        type Places<'a> = &'a [(u32, i64)];
        let cases: [(Places<'_>, Places<'_>, usize); 4] = [
            (&[(1, 5), (2, 5)], &[(3, 5), (4, 5)], 1),
            (&[(1, 5), (2, 7), (3, 5)], &[(2, 5), (2, 6), (2, 8)], 3),
            (&[(2, 6)], &[(1, 9), (2, 5), (2, 7), (3, 1)], 3),
            (&[], &[(1, 1)], 1),
        ];
        for (floats, histograms, parts) in cases {
            let floats: Vec<_> = floats.iter().map(float).collect();
            let histograms: Vec<_> = histograms.iter().map(histogram).collect();
            let runs = runs(&floats, &histograms);
            assert_eq!(runs.len(), parts);
            let mut order = Vec::new();
            for run in &runs {
                order.extend(run.floats.iter().map(|s| (s.row, s.time)));
                order.extend(run.histograms.iter().map(|s| (s.row, s.time)));
            }
            assert_eq!(order.len(), floats.len() + histograms.len());
            for row in 1..4 {
                let times = order.iter().filter(|place| place.0 == row);
                assert!(times.is_sorted(), "{order:?}");
            }
        }
    }
}
