//! The slow, obvious evaluator: each node is evaluated at each step, as the documentation of the
//! language says it, with label sets and samples in plain lists.

use std::collections::{BTreeMap, BTreeSet};

use model::Labels;
use model::value::is_stale;
use promql::ast::{AtModifier, Expr, InstantSelector, Subquery, UnaryOp, ValueType};

use super::data::{Data, Series};
use super::outcome::Outcome;
use super::window::Window;

/// One series of an instant vector at one step.
#[derive(Clone)]
pub(super) struct Sample {
    pub(super) labels: Labels,
    /// True if the metric name is to go, at once or at the end of the query.
    pub(super) drop_name: bool,
    pub(super) value: f64,
}

/// An instant vector at one step.
pub(super) type Vector = Vec<Sample>;

/// Why there is no value.
pub(super) struct Fault(pub(super) String);

/// Evaluates one query.
pub(super) struct Evaluator<'a> {
    pub(super) data: &'a Data,
    pub(super) delayed_name_removal: bool,
    /// Start of the query; all in milliseconds.
    pub(super) start: i64,
    pub(super) end: i64,
    /// 0 in an instant query.
    pub(super) step: i64,
}

impl Evaluator<'_> {
    /// The value at each step from start to end.
    pub(super) fn outcome(&self, expr: &Expr) -> Outcome {
        self.try_outcome(expr).unwrap_or_else(Outcome::from)
    }

    fn try_outcome(&self, expr: &Expr) -> Result<Outcome, Fault> {
        let steps: Vec<i64> = match self.step {
            0 => vec![self.start],
            step => (0..)
                .map(|index| self.start + index * step)
                .take_while(|&time| time <= self.end)
                .collect(),
        };
        Ok(match expr.value_type() {
            ValueType::Scalar => {
                let values = self.scalar(expr, &steps)?;
                if self.step == 0 {
                    return Ok(Outcome::Scalar(values[0]));
                }
                let samples = steps.into_iter().zip(values).collect();
                Outcome::Series(BTreeMap::from([(Labels::empty(), samples)]))
            }
            ValueType::InstantVector => {
                let mut vectors = self.vector(expr, &steps)?;
                drop_names(&mut vectors)?;
                Outcome::of_vectors(&steps, vectors)
            }
            ValueType::RangeVector => {
                let windows = self.windows(expr, &steps)?.remove(0);
                let mut series = BTreeMap::new();
                for window in windows {
                    let labels = match window.drop_name {
                        true => window.labels.without_name(),
                        false => window.labels,
                    };
                    if series.insert(labels, window.samples).is_some() {
                        return Err(same_labels());
                    }
                }
                Outcome::Series(series)
            }
            ValueType::Text => unreachable!("no expression yields a text"),
        })
    }

    /// A scalar at each step.
    pub(super) fn scalar(&self, expr: &Expr, steps: &[i64]) -> Result<Vec<f64>, Fault> {
        Ok(match expr {
            Expr::Number(node) => vec![node.value; steps.len()],
            Expr::Paren(node) => self.scalar(&node.expr, steps)?,
            Expr::Unary(node) => {
                let values = self.scalar(&node.expr, steps)?;
                match node.op {
                    UnaryOp::Plus => values,
                    UnaryOp::Minus => values.into_iter().map(|value| -value).collect(),
                }
            }
            Expr::Binary(node) => self.scalars(node, steps)?,
            Expr::Call(node) => self.scalar_call(node, steps)?,
            _ => unreachable!("{expr} is no scalar"),
        })
    }

    /// An instant vector at each step.
    pub(super) fn vector(&self, expr: &Expr, steps: &[i64]) -> Result<Vec<Vector>, Fault> {
        let mut vectors = match expr {
            Expr::Paren(node) => return self.vector(&node.expr, steps),
            Expr::InstantSelector(node) => {
                let found = steps.iter().map(|&step| self.latest(node, step));
                return Ok(found
                    .map(|found| found.map(Latest::sample).collect())
                    .collect());
            }
            Expr::Unary(node) if node.op == UnaryOp::Plus => return self.vector(&node.expr, steps),
            Expr::Unary(node) => each(self.vector(&node.expr, steps)?, |_, value| Some(-value)),
            Expr::Binary(node) => self.binary(node, steps)?,
            Expr::Aggregate(node) => self.aggregate(node, steps)?,
            Expr::Call(node) => self.call(node, steps)?,
            _ => unreachable!("{expr} is no instant vector"),
        };
        if !self.delayed_name_removal {
            drop_names(&mut vectors)?;
        }
        one_series_a_label_set(&mut vectors)?;
        Ok(vectors)
    }

    /// The latest sample of each series that a selector finds inside the lookback delta.
    pub(super) fn latest<'s>(
        &'s self,
        selector: &'s InstantSelector,
        step: i64,
    ) -> impl Iterator<Item = Latest> + 's {
        let end = self.moment(selector.at, selector.offset, step);
        self.matching(selector).filter_map(move |series| {
            let before = series.samples.iter().rev().find(|(time, _)| *time <= end);
            let &(time, value) = before?;
            (time > end - LOOKBACK && !is_stale(value)).then(|| Latest {
                labels: series.labels.clone(),
                time,
                value,
            })
        })
    }

    /// The samples of a range vector at each step. Series without samples are left out.
    pub(super) fn windows(&self, expr: &Expr, steps: &[i64]) -> Result<Vec<Vec<Window>>, Fault> {
        match expr {
            Expr::Paren(node) => self.windows(&node.expr, steps),
            Expr::Subquery(node) => self.subquery(node, steps),
            Expr::RangeSelector(node) => {
                let series: Vec<Source> = self
                    .matching(&node.selector)
                    .map(|series| Source {
                        labels: series.labels.clone(),
                        drop_name: false,
                        samples: series.samples.clone(),
                    })
                    .collect();
                let ends = steps.iter().map(|&step| {
                    (
                        step,
                        self.moment(node.selector.at, node.selector.offset, step),
                    )
                });
                Ok(ends
                    .map(|(step, end)| cut(&series, step, end, node.range))
                    .collect())
            }
            _ => unreachable!("{expr} is no range vector"),
        }
    }

    fn subquery(&self, node: &Subquery, steps: &[i64]) -> Result<Vec<Vec<Window>>, Fault> {
        let ends: Vec<i64> = steps
            .iter()
            .map(|&step| self.moment(node.at, node.offset, step))
            .collect();
        let interval = node.step.unwrap_or(SUBQUERY_INTERVAL);
        let (first, last) = (ends[0] - node.range, ends[ends.len() - 1]);
        // The first multiple of the interval after the first window's open start.
        let aligned = (first.div_euclid(interval) + 1) * interval;
        let inner: Vec<i64> = (0..)
            .map(|index| aligned + index * interval)
            .take_while(|&time| time <= last)
            .collect();
        let mut series: BTreeMap<Labels, Source> = BTreeMap::new();
        if !inner.is_empty() {
            for (&time, vector) in inner.iter().zip(self.vector(&node.expr, &inner)?) {
                for sample in vector {
                    let source = series
                        .entry(sample.labels.clone())
                        .or_insert_with(|| Source {
                            labels: sample.labels,
                            drop_name: sample.drop_name,
                            samples: Vec::new(),
                        });
                    source.samples.push((time, sample.value));
                }
            }
        }
        let series: Vec<Source> = series.into_values().collect();
        let ends = steps.iter().zip(ends);
        Ok(ends
            .map(|(&step, end)| cut(&series, step, end, node.range))
            .collect())
    }

    fn matching<'s>(&'s self, selector: &'s InstantSelector) -> impl Iterator<Item = &'s Series> {
        self.data.series.iter().filter(|series| {
            selector.matchers.iter().all(|matcher| {
                let value = series.labels.get(matcher.name());
                matcher.matches(value.unwrap_or_default())
            })
        })
    }

    /// When a selector looks at its samples.
    fn moment(&self, at: Option<AtModifier>, offset: i64, step: i64) -> i64 {
        let time = match at {
            None => step,
            Some(AtModifier::Timestamp(time)) => time,
            Some(AtModifier::Start) => self.start,
            Some(AtModifier::End) => self.end,
        };
        time - offset
    }
}

/// What an instant selector found in one series.
pub(super) struct Latest {
    pub(super) labels: Labels,
    pub(super) time: i64,
    value: f64,
}

impl Latest {
    fn sample(self) -> Sample {
        Sample {
            labels: self.labels,
            drop_name: false,
            value: self.value,
        }
    }
}

/// A series of which windows are cut.
struct Source {
    labels: Labels,
    drop_name: bool,
    samples: Vec<(i64, f64)>,
}

/// The samples after `end - range` up to `end`.
fn cut(series: &[Source], step: i64, end: i64, range: i64) -> Vec<Window> {
    let windows = series.iter().map(|source| Window {
        labels: source.labels.clone(),
        drop_name: source.drop_name,
        samples: source
            .samples
            .iter()
            .copied()
            .filter(|&(time, value)| end - range < time && time <= end && !is_stale(value))
            .collect(),
        start: end - range,
        end,
        step,
    });
    windows
        .filter(|window| !window.samples.is_empty())
        .collect()
}

/// The vectors with each value changed, and so without names.
pub(super) fn each(
    vectors: Vec<Vector>,
    change: impl Fn(usize, f64) -> Option<f64>,
) -> Vec<Vector> {
    let changed = vectors.into_iter().enumerate().map(|(step, vector)| {
        let samples = vector.into_iter().filter_map(|sample| {
            Some(Sample {
                value: change(step, sample.value)?,
                drop_name: true,
                ..sample
            })
        });
        samples.collect()
    });
    changed.collect()
}

fn drop_names(vectors: &mut [Vector]) -> Result<(), Fault> {
    for sample in vectors.iter_mut().flatten() {
        if std::mem::take(&mut sample.drop_name) {
            sample.labels = sample.labels.without_name();
        }
    }
    one_series_a_label_set(vectors)
}

/// Checks that no label set comes twice at a step. Over the steps a label set is one series, which
/// loses its name or keeps it as a whole.
fn one_series_a_label_set(vectors: &mut [Vector]) -> Result<(), Fault> {
    let mut drops_name: BTreeMap<Labels, bool> = BTreeMap::new();
    for vector in vectors {
        let mut seen = BTreeSet::new();
        for sample in vector {
            if !seen.insert(sample.labels.clone()) {
                return Err(same_labels());
            }
            let first = drops_name.entry(sample.labels.clone());
            sample.drop_name = *first.or_insert(sample.drop_name);
        }
    }
    Ok(())
}

pub(super) fn same_labels() -> Fault {
    Fault("vector cannot contain metrics with the same labelset".to_owned())
}

/// The default lookback delta.
const LOOKBACK: i64 = 5 * 60_000;

/// The default distance of a subquery's steps.
const SUBQUERY_INTERVAL: i64 = 60_000;
