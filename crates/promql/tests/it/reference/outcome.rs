//! What a query comes to, in a form in which two evaluators can be compared.

use std::collections::BTreeMap;
use std::fmt;

use model::Labels;
use promql::{QueryError, QueryResult, Value};

use super::evaluate::{Fault, Vector};

/// A result without the parts that nobody promises: the order of series, texts of errors.
pub(super) enum Outcome {
    Scalar(f64),
    Series(BTreeMap<Labels, Vec<(i64, f64)>>),
    Refused(String),
}

impl Outcome {
    /// Of the engine. None if it cannot evaluate this yet.
    pub(super) fn of_engine(result: Result<QueryResult, QueryError>) -> Option<Self> {
        let value = match result {
            Ok(result) => result.value,
            Err(error @ (QueryError::Execution(_) | QueryError::Duration(_))) => {
                let text = error.to_string();
                return (!text.ends_with("is not evaluated yet")).then_some(Self::Refused(text));
            }
            Err(error) => unreachable!("the expression is sound: {error}"),
        };
        Some(match value {
            Value::Scalar(sample) => Self::Scalar(sample.value),
            Value::Text { .. } => unreachable!("no expression yields a text"),
            Value::InstantVector(samples) => Self::of_samples(samples.into_iter().map(|sample| {
                let value = sample.value.float().expect("there are floats only");
                (sample.labels, sample.timestamp, value)
            })),
            Value::RangeVector(series) => Self::of_samples(series.iter().flat_map(|series| {
                let samples = series.samples();
                samples.map(|sample| (series.labels.clone(), sample.timestamp, sample.value))
            })),
        })
    }

    /// Of vectors at steps.
    pub(super) fn of_vectors(steps: &[i64], vectors: Vec<Vector>) -> Self {
        let pairs = steps.iter().zip(vectors);
        Self::of_samples(pairs.flat_map(|(&step, vector)| {
            let samples = vector.into_iter();
            samples.map(move |sample| (sample.labels, step, sample.value))
        }))
    }

    /// A sample that comes twice stays so.
    fn of_samples(samples: impl Iterator<Item = (Labels, i64, f64)>) -> Self {
        let mut series: BTreeMap<Labels, Vec<(i64, f64)>> = BTreeMap::new();
        for (labels, time, value) in samples {
            series.entry(labels).or_default().push((time, value));
        }
        Self::Series(series)
    }

    /// True if both are the same, up to rounding.
    pub(super) fn agrees(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Scalar(left), Self::Scalar(right)) => same(*left, *right),
            (Self::Refused(_), Self::Refused(_)) => true,
            (Self::Series(left), Self::Series(right)) => {
                left.len() == right.len()
                    && left
                        .iter()
                        .zip(right)
                        .all(|((name, left), (other, right))| {
                            name == other
                                && left.len() == right.len()
                                && left
                                    .iter()
                                    .zip(right)
                                    .all(|(a, b)| a.0 == b.0 && same(a.1, b.1))
                        })
            }
            _ => false,
        }
    }

    /// Without what tells series of one group apart: the values of each group and step only.
    pub(super) fn without_identity(&self, group: impl Fn(&Labels) -> Labels) -> Self {
        let Self::Series(series) = self else {
            return match self {
                Self::Scalar(value) => Self::Scalar(*value),
                _ => Self::Refused(String::new()),
            };
        };
        let mut groups: BTreeMap<Labels, Vec<(i64, f64)>> = BTreeMap::new();
        for (labels, samples) in series {
            groups.entry(group(labels)).or_default().extend(samples);
        }
        for samples in groups.values_mut() {
            samples.sort_by(|a, b| {
                a.0.cmp(&b.0)
                    .then(a.1.abs().total_cmp(&b.1.abs()))
                    .then(a.1.total_cmp(&b.1))
            });
        }
        Self::Series(groups)
    }
}

impl From<Fault> for Outcome {
    fn from(fault: Fault) -> Self {
        Self::Refused(fault.0)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scalar(value) => writeln!(f, "  {value}"),
            Self::Refused(error) => writeln!(f, "  refused: {error}"),
            Self::Series(series) => series.iter().try_for_each(|(labels, samples)| {
                write!(f, "  {labels}")?;
                for (time, value) in samples {
                    write!(f, " {time}:{value:?}")?;
                }
                writeln!(f)
            }),
        }
    }
}

/// Equal, or so near that the order of additions explains it.
fn same(left: f64, right: f64) -> bool {
    left == right
        || (left.is_nan() && right.is_nan())
        || (left - right).abs() <= TOLERANCE * left.abs().max(right.abs()).max(1.0)
}

const TOLERANCE: f64 = 1e-9;
