//! `count_values`: one series for each value that occurs in a group.

use hashbrown::HashMap;
use model::value::is_stale;
use model::{Labels, LabelsBuilder, label, number};

use super::Evaluator;
use super::columns::{Column, FastHash, Series, StepSample, Vector};
use super::group::Grouping;
use super::steps::Steps;
use crate::ast::{Aggregate, Expr, TextLiteral};
use crate::query::QueryError;

impl Evaluator<'_> {
    /// `count_values`
    pub(super) fn count_values(
        &self,
        node: &Aggregate,
        steps: Steps,
    ) -> Result<Vector<'_>, QueryError> {
        let label = value_label(node)?;
        let vector = self.vector(&node.expr, steps)?;
        let mut with_label = node.clone();
        if !node.without {
            with_label.grouping.push(label.to_owned());
        }
        let grouping = Grouping::new(&with_label, false);
        let mut out = self.nothing();
        let mut positions: HashMap<Labels, usize, FastHash> = HashMap::default();
        let mut builder = LabelsBuilder::new();
        for series in &vector.series {
            self.interrupt.check()?;
            // The group of the value before, which often is the same.
            let mut latest: Option<(f64, usize)> = None;
            for step in 0..steps.count {
                let Some(sample) = series.column.get(step) else {
                    continue;
                };
                let is_same = |before: f64| match sample {
                    StepSample::Float(value) => before.to_bits() == value.to_bits(),
                    StepSample::Histogram(_) => false,
                };
                let known = latest.filter(|&(before, _)| is_same(before));
                let position = match known {
                    Some((_, position)) => position,
                    None => {
                        builder.reset(&series.labels);
                        builder.set(label, &text_of_sample(sample));
                        let labels = grouping.labels(&builder.build());
                        let next = out.series.len();
                        let position = *positions.entry(labels.clone()).or_insert(next);
                        if position == next {
                            out.lease.grow(steps.count)?;
                            out.series.push(Series {
                                labels,
                                drop_name: false,
                                column: Column::empty(steps.count),
                            });
                        }
                        position
                    }
                };
                latest = match sample {
                    StepSample::Float(value) => Some((value, position)),
                    StepSample::Histogram(_) => None,
                };
                let count = &mut out.series[position].column.values[step];
                *count = if is_stale(*count) { 1.0 } else { *count + 1.0 };
            }
        }
        Ok(out)
    }
}

fn text_of_sample(sample: StepSample<'_>) -> String {
    match sample {
        StepSample::Float(value) => number::plain(value),
        StepSample::Histogram(histogram) => histogram.to_string(),
    }
}

/// The name of the label that takes the value.
fn value_label(node: &Aggregate) -> Result<&str, QueryError> {
    let param = node.param.as_deref().map(Expr::without_parens);
    let Some(Expr::Text(literal)) = param else {
        unreachable!("the parser checks that count_values has a text");
    };
    if is_valid(literal) {
        return Ok(&literal.value);
    }
    let message = format!("invalid label name {}", as_written(literal));
    Err(QueryError::Execution(message))
}

fn is_valid(literal: &TextLiteral) -> bool {
    literal.invalid.is_none() && label::is_label_name(&literal.value)
}

fn as_written(literal: &TextLiteral) -> String {
    let invalid = literal.invalid.clone();
    invalid.unwrap_or_else(|| model::quote::quoted(&literal.value))
}
