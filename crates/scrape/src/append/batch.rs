//! Plain numbers of series that the store knows, which are most of most pages: handed over some
//! hundred at a time.

use model::SeriesRef;
use storage::{AppendError, AppendValue};

use super::{Examples, Offer, PageError, PageWork};
use crate::cache::{Expected, Fate, PageScan, Slot};

/// Numbers on their way to the store.
#[derive(Debug, Default)]
pub(super) struct Batch {
    samples: Vec<(SeriesRef, f64)>,
    /// Of each sample its place in the page, and where the text of its series begins.
    places: Vec<(usize, usize)>,
}

impl PageWork<'_> {
    /// True if nothing but the number matters of the sample that is expected.
    #[inline]
    pub(super) fn takes_number(&self, expected: &Expected<'_>) -> bool {
        expected.slot.fate == Fate::Live
            && self.counts.kept < self.context.job.limits.samples
            && self.comments.is_none()
    }

    /// A number of the sample that is expected; the text of its series begins at `series_start`.
    #[inline]
    pub(super) fn number(
        &mut self,
        scan: &mut PageScan<'_>,
        page: &[u8],
        (slot, series_start): (&Slot, usize),
        value: f64,
    ) -> Result<(), PageError> {
        scan.pass();
        self.metric_type = slot.metric_type;
        self.counts.scraped += 1;
        self.counts.kept += 1;
        self.batch.samples.push((slot.series, value));
        self.batch.places.push((scan.place(), series_start));
        match self.batch.samples.len() < AT_ONCE {
            true => Ok(()),
            false => self.hand_over(scan, page),
        }
    }

    /// Gives the store what waits for that. Whatever else it is given comes behind.
    #[inline]
    pub(super) fn hand_over(
        &mut self,
        scan: &mut PageScan<'_>,
        page: &[u8],
    ) -> Result<(), PageError> {
        match self.batch.samples.is_empty() {
            true => Ok(()),
            false => self.append_batch(scan, page),
        }
    }

    fn append_batch(&mut self, scan: &mut PageScan<'_>, page: &[u8]) -> Result<(), PageError> {
        let mut refused = Vec::new();
        let timestamp = self.context.timestamp;
        (self.appender).append_floats(timestamp, &self.batch.samples, &mut refused);
        for (index, error) in refused {
            match error {
                // The store has forgotten the number, and now wants to see the labels.
                AppendError::InvalidLabels(_) => self.append_forgotten(scan, page, index)?,
                error => self.refused(error)?,
            }
        }
        self.batch.samples.clear();
        self.batch.places.clear();
        Ok(())
    }

    #[cold]
    fn append_forgotten(
        &mut self,
        scan: &mut PageScan<'_>,
        page: &[u8],
        index: usize,
    ) -> Result<(), PageError> {
        let sample = self.batch.samples.get(index);
        let Some((&(_, value), &(place, start))) = sample.zip(self.batch.places.get(index)) else {
            return Ok(());
        };
        let Some((slot, len)) = scan.at(place) else {
            return Ok(());
        };
        let series = page.get(start..start + len).unwrap_or_default();
        let offer = Offer {
            value: AppendValue::Float(value),
            timestamp: None,
            start: 0,
            exemplars: Examples::None,
        };
        self.counts.kept -= 1;
        let changed = self.append_new(series, slot.metric_type, &offer)?;
        self.count_added(Some(slot.fate), changed.fate);
        scan.amend(place, changed);
        Ok(())
    }
}

/// Numbers handed over at once: a few, so that they stay near.
const AT_ONCE: usize = 256;
