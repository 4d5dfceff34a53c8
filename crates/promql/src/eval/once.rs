//! Parts that a query has several times are evaluated once; the others get a copy.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Evaluator;
use super::columns::{Series, Vector};
use super::steps::Steps;
use crate::ast::Expr;
use crate::limits::Lease;
use crate::plan::RepeatedParts;
use crate::query::QueryError;
use crate::statistics::Statistics;

/// The parts of a query that stand in it several times, and the results of those that have been
/// evaluated.
#[derive(Debug)]
pub(crate) struct Once {
    parts: RepeatedParts,
    results: Mutex<HashMap<(usize, Steps), Kept>>,
}

/// A result, and what it cost.
#[derive(Debug)]
struct Kept {
    series: Vec<Series>,
    differs_without_names: bool,
    /// Samples of the series.
    size: usize,
    /// Bytes of what they have beside the samples.
    more_bytes: usize,
    cost: Statistics,
}

impl Once {
    /// For a query with these parts.
    pub(crate) fn new(parts: RepeatedParts) -> Self {
        Self {
            parts,
            results: Mutex::default(),
        }
    }

    /// The parts that the query has several times.
    pub(super) fn parts(&self) -> &RepeatedParts {
        &self.parts
    }

    fn results(&self) -> MutexGuard<'_, HashMap<(usize, Steps), Kept>> {
        self.results.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Bytes that are accounted for beside samples.
fn more_bytes(lease: &Lease<'_>) -> usize {
    let bytes = usize::try_from(lease.bytes()).unwrap_or(usize::MAX);
    bytes.saturating_sub(lease.size().saturating_mul(size_of::<f64>()))
}

impl Evaluator<'_> {
    /// The series of an instant vector, evaluated unless they have been before.
    pub(super) fn vector(&self, expr: &Expr, steps: Steps) -> Result<Vector<'_>, QueryError> {
        match &self.trace {
            None => self.vector_once(expr, steps),
            Some(trace) => self.traced_vector(trace, expr, steps),
        }
    }

    pub(super) fn vector_once(&self, expr: &Expr, steps: Steps) -> Result<Vector<'_>, QueryError> {
        // A copy knows what it cost, but not at which steps.
        let number = self.once.parts.number(expr);
        let Some(number) = number.filter(|_| self.per_step.is_none()) else {
            return self.evaluated(expr, steps);
        };
        if let Some(kept) = self.once.results().get(&(number, steps)) {
            let mut lease = self.lease();
            lease.grow(kept.size)?;
            lease.grow_bytes(kept.more_bytes)?;
            self.count(&kept.cost);
            self.trace_copy(expr.span());
            let series = kept.series.clone();
            return Ok(Vector {
                series,
                lease,
                differs_without_names: kept.differs_without_names,
            });
        }
        let (told, before) = (self.notes.told(), self.counters().so_far());
        let vector = self.evaluated(expr, steps)?;
        // What was told speaks of this place; it has to be told of the other places, too.
        if self.notes.told() == told {
            let kept = Kept {
                series: vector.series.clone(),
                differs_without_names: vector.differs_without_names,
                size: vector.lease.size(),
                more_bytes: more_bytes(&vector.lease),
                cost: self.counters().so_far().since(&before),
            };
            let mut lease = self.lease();
            lease.grow(kept.size)?;
            lease.grow_bytes(kept.more_bytes)?;
            lease.hold_to_the_end();
            self.once.results().insert((number, steps), kept);
        }
        Ok(vector)
    }
}
