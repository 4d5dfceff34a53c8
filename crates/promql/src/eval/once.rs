//! Parts that a query has several times are evaluated once; the others get a copy.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Evaluator;
use super::columns::{Series, Vector};
use super::steps::Steps;
use crate::ast::Expr;
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
    /// What the series take.
    size: usize,
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

    fn results(&self) -> MutexGuard<'_, HashMap<(usize, Steps), Kept>> {
        self.results.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Evaluator<'_> {
    /// The series of an instant vector, evaluated unless they have been before.
    pub(super) fn vector(&self, expr: &Expr, steps: Steps) -> Result<Vector<'_>, QueryError> {
        let Some(number) = self.once.parts.number(expr) else {
            return self.evaluated(expr, steps);
        };
        if let Some(kept) = self.once.results().get(&(number, steps)) {
            let mut lease = self.lease();
            lease.grow(kept.size)?;
            self.counters.add(&kept.cost);
            let series = kept.series.clone();
            return Ok(Vector {
                series,
                lease,
                differs_without_names: kept.differs_without_names,
            });
        }
        let (told, before) = (self.notes.told(), self.counters.so_far());
        let vector = self.evaluated(expr, steps)?;
        // What was told speaks of this place; it has to be told of the other places, too.
        if self.notes.told() == told {
            let kept = Kept {
                series: vector.series.clone(),
                differs_without_names: vector.differs_without_names,
                size: vector.lease.size(),
                cost: self.counters.so_far().since(&before),
            };
            let mut lease = self.lease();
            lease.grow(kept.size)?;
            lease.hold_to_the_end();
            self.once.results().insert((number, steps), kept);
        }
        Ok(vector)
    }
}
