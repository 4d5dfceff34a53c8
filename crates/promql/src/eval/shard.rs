//! Splitting the series of a selection among threads.

use std::ops::Range;

use rayon::prelude::*;

use super::Evaluator;
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
        let Some(pool) = self.pool.filter(|_| len >= WORTH_SHARING) else {
            return Ok(vec![work(0..len)?]);
        };
        // As many parts as threads: each is read in order, and sums do not depend on who was first.
        let size = len.div_ceil(pool.current_num_threads()).max(1);
        let starts: Vec<usize> = (0..len).step_by(size).collect();
        pool.install(|| {
            starts
                .into_par_iter()
                .map(|start| work(start..len.min(start + size)))
                .collect()
        })
    }
}

/// Fewer series than this are read by the caller's thread: waking another takes longer.
const WORTH_SHARING: usize = 256;
/// Series that a thread reads between two looks at the interrupt. At a few microseconds a series
/// that is well below a millisecond.
pub(super) const BATCH: usize = 64;
