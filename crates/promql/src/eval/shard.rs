//! Splitting the series of a selection or a vector among threads.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use model::label::{METRIC_NAME, is_metric_identity};
use rayon::prelude::*;

use super::Evaluator;
use super::columns::{Series, Vector};
use crate::query::QueryError;

impl Evaluator<'_> {
    /// Calls `work` with parts of `0..len` that together are all of it, on the engine's threads if
    /// that is worth while, and returns the results in order.
    ///
    /// # Errors
    /// The first error of a part.
    pub(super) fn sharded<T: Send>(
        &self,
        len: usize,
        work: impl Fn(Range<usize>) -> Result<T, QueryError> + Sync,
    ) -> Result<Vec<T>, QueryError> {
        if !self.is_worth_sharing(len) {
            return Ok(vec![work(0..len)?]);
        }
        // As many parts as threads: each is read in order, and sums do not depend on who was first,
        // nor on whether the threads were free.
        let size = len.div_ceil(self.engine.threads()).max(1);
        let starts: Vec<usize> = (0..len).step_by(size).collect();
        let part = |start: usize| work(start..len.min(start + size));
        match self.engine.hold_threads() {
            Some(hold) => hold
                .pool()
                .install(|| starts.into_par_iter().map(part).collect()),
            None => starts.into_iter().map(part).collect(),
        }
    }

    /// True if so many series are split among threads.
    pub(super) fn is_worth_sharing(&self, series: usize) -> bool {
        self.engine.threads() >= 2 && series >= WORTH_SHARING
    }

    /// Calls `change` with the place of each series of a vector and the series, on the engine's
    /// threads if that is worth while.
    ///
    /// # Errors
    /// The query is interrupted.
    pub(super) fn change_each(
        &self,
        vector: &mut Vector<'_>,
        change: impl Fn(usize, &mut Series) + Sync,
    ) -> Result<(), QueryError> {
        let part = |(number, series): (usize, &mut [Series])| -> Result<(), QueryError> {
            self.interrupt.check()?;
            for (place, series) in (number * BATCH..).zip(series) {
                change(place, series);
            }
            Ok(())
        };
        let is_worth_sharing = vector.series.len() >= WORTH_SHARING;
        let hold = is_worth_sharing
            .then(|| self.engine.hold_threads())
            .flatten();
        match hold {
            None => vector
                .series
                .chunks_mut(BATCH)
                .enumerate()
                .try_for_each(part),
            Some(hold) => hold.pool().install(|| {
                let parts = vector.series.par_chunks_mut(BATCH).enumerate();
                parts.try_for_each(part)
            }),
        }
    }

    /// Removes metric names of what was computed: at once, or at the end of the query if names are
    /// removed late.
    ///
    /// # Errors
    /// Two series are then the same and have samples at one step, or the query is interrupted.
    pub(super) fn drop_names(&self, vector: &mut Vector<'_>) -> Result<(), QueryError> {
        if self.options.delayed_name_removal {
            vector.series.iter_mut().for_each(|s| s.drop_name = true);
            return Ok(());
        }
        let lost_type_or_unit = AtomicBool::new(false);
        self.change_each(vector, |_, series| {
            series.labels = series.labels.filter(|name| {
                if is_metric_identity(name) && name != METRIC_NAME {
                    lost_type_or_unit.store(true, Ordering::Relaxed);
                }
                !is_metric_identity(name)
            });
        })?;
        if !vector.differs_without_names || lost_type_or_unit.into_inner() {
            vector.merge_equal()?;
        }
        vector.differs_without_names = true;
        Ok(())
    }
}

/// Fewer series than this are read by the caller's thread: waking another takes longer.
const WORTH_SHARING: usize = 256;
/// Series that a thread reads between two looks at the interrupt. At a few microseconds a series
/// that is well below a millisecond.
pub(super) const BATCH: usize = 64;
