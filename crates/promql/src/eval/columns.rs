//! Instant vectors while they are evaluated: series with one value for each step.

use hashbrown::HashMap;
use model::Labels;
use model::value::{STALE, is_stale};

use crate::limits::Lease;
use crate::query::QueryError;

/// One series: a value for each step, [`STALE`] where it has none. It has at least one.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    /// Its labels.
    pub(crate) labels: Labels,
    /// True if the metric name is to be removed when the query ends.
    pub(crate) drop_name: bool,
    /// The values.
    pub(crate) values: Vec<f64>,
}

/// An instant vector at all steps. Accounts for the memory of its columns.
#[derive(Debug)]
pub(crate) struct Vector<'a> {
    /// The series, in an order that is kept where it can be.
    pub(crate) series: Vec<Series>,
    /// What the columns take.
    pub(crate) lease: Lease<'a>,
}

impl Vector<'_> {
    /// Which steps have a value in any series.
    pub(crate) fn occupied(&self, steps: usize) -> Vec<bool> {
        let mut occupied = vec![false; steps];
        for series in &self.series {
            for (occupied, &value) in occupied.iter_mut().zip(&series.values) {
                *occupied |= !is_stale(value);
            }
        }
        occupied
    }

    /// Applies `change` to each value; `None` takes it away.
    pub(crate) fn map(&mut self, change: impl Fn(usize, f64) -> Option<f64>) {
        for series in &mut self.series {
            for (step, value) in series.values.iter_mut().enumerate() {
                if !is_stale(*value) {
                    *value = change(step, *value).unwrap_or(STALE);
                }
            }
        }
    }

    /// Removes series that have no value left.
    pub(crate) fn drop_empty(&mut self) {
        self.series.retain(|series| has_values(&series.values));
    }

    /// Removes metric names: at once, or at the end of the query if that is `delayed`.
    ///
    /// # Errors
    /// Two series are then the same and have values at one step.
    pub(crate) fn drop_names(&mut self, delayed: bool) -> Result<(), QueryError> {
        if delayed {
            self.series.iter_mut().for_each(|s| s.drop_name = true);
            return Ok(());
        }
        for series in &mut self.series {
            series.labels = series.labels.without_name();
        }
        self.merge_equal()
    }

    /// Carries out what [`drop_names`](Self::drop_names) delayed.
    ///
    /// # Errors
    /// As there.
    pub(crate) fn drop_delayed_names(&mut self) -> Result<(), QueryError> {
        for series in &mut self.series {
            if std::mem::take(&mut series.drop_name) {
                series.labels = series.labels.without_name();
            }
        }
        self.merge_equal()
    }

    /// Joins series with equal labels whose values are at different steps.
    ///
    /// # Errors
    /// Two of them have values at one step.
    pub(crate) fn merge_equal(&mut self) -> Result<(), QueryError> {
        let mut first: HashMap<Labels, usize, FastHash> =
            HashMap::with_capacity_and_hasher(self.series.len(), FastHash::default());
        let equal = self
            .series
            .iter()
            .enumerate()
            .any(|(index, series)| first.insert(series.labels.clone(), index).is_some());
        if !equal {
            return Ok(());
        }
        first.clear();
        let mut merged: Vec<Series> = Vec::with_capacity(self.series.len());
        for series in std::mem::take(&mut self.series) {
            match first.get(&series.labels) {
                Some(&index) => merge_into(&mut merged[index].values, &series.values)?,
                None => {
                    first.insert(series.labels.clone(), merged.len());
                    merged.push(series);
                }
            }
        }
        self.series = merged;
        Ok(())
    }
}

fn merge_into(column: &mut [f64], other: &[f64]) -> Result<(), QueryError> {
    for (value, &other) in column.iter_mut().zip(other) {
        if is_stale(other) {
            continue;
        }
        if !is_stale(*value) {
            return Err(same_labels());
        }
        *value = other;
    }
    Ok(())
}

/// Two series of a vector cannot be told apart.
pub(crate) fn same_labels() -> QueryError {
    QueryError::Execution("vector cannot contain metrics with the same labelset".to_owned())
}

/// True if any step has a value.
pub(crate) fn has_values(column: &[f64]) -> bool {
    column.iter().any(|&value| !is_stale(value))
}

/// Hashes of label sets: of a store's own data, for the length of one query, seeded by process.
pub(crate) type FastHash = rapidhash::fast::RandomState;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Budget;

    fn series(name: &str, values: &[f64]) -> Series {
        Series {
            labels: Labels::from_pairs([(model::label::METRIC_NAME, name), ("job", "a")]),
            drop_name: false,
            values: values.to_vec(),
        }
    }

    #[test]
    fn equal_series_merge_only_where_they_do_not_meet() {
        let budget = Budget::new(100);
        let vector = |values: [&[f64]; 2]| Vector {
            series: vec![series("x", values[0]), series("y", values[1])],
            lease: Lease::new(&budget),
        };
        let mut apart = vector([&[1.0, STALE], &[STALE, 2.0]]);
        apart.drop_names(false).unwrap();
        assert_eq!(apart.series.len(), 1);
        assert_eq!(apart.series[0].values, [1.0, 2.0]);
        assert_eq!(apart.series[0].labels.metric_name(), None);

        let mut meeting = vector([&[1.0, STALE], &[1.0, 2.0]]);
        meeting.drop_names(true).unwrap();
        assert_eq!(meeting.series.len(), 2);
        let error = meeting.drop_delayed_names().unwrap_err();
        assert_eq!(error.to_string(), same_labels().to_string());
    }

    #[test]
    fn values_are_mapped_and_taken_away() {
        let budget = Budget::new(100);
        let mut vector = Vector {
            series: vec![
                series("x", &[1.0, STALE, 3.0]),
                series("y", &[1.0, 1.0, 1.0]),
            ],
            lease: Lease::new(&budget),
        };
        vector.map(|_, value| (value > 1.0).then_some(value * 2.0));
        vector.drop_empty();
        assert_eq!(vector.series.len(), 1);
        assert_eq!(vector.occupied(3), [false, false, true]);
    }
}
