//! Aggregations, one step at a time.

use std::collections::BTreeMap;

use model::label::METRIC_NAME;
use model::{Labels, LabelsBuilder, number};
use promql::ast::{Aggregate, AggregateOp, Expr};

use super::evaluate::{Evaluator, Fault, Sample, Vector};
use super::window;

impl Evaluator<'_> {
    pub(super) fn aggregate(&self, node: &Aggregate, steps: &[i64]) -> Result<Vec<Vector>, Fault> {
        let param = node.param.as_deref().map(Expr::without_parens);
        if let Some(Expr::Text(label)) = param {
            let vectors = self.vector(&node.expr, steps)?.into_iter();
            return Ok(vectors
                .map(|vector| count_values(node, &label.value, &vector))
                .collect());
        }
        let params = param.map(|param| self.scalar(param, steps)).transpose()?;
        let vectors = self.vector(&node.expr, steps)?;
        let mut params = params.unwrap_or_else(|| vec![0.0; steps.len()]);
        if is_fixed(&node.expr) {
            let first = params[0];
            params.fill(first);
        }
        if matches!(node.op, AggregateOp::TopK | AggregateOp::BottomK) {
            check_counts(&params)?;
        }
        let pairs = vectors.into_iter().zip(params);
        Ok(pairs
            .map(|(vector, param)| of_step(node, param, vector))
            .collect())
    }
}

/// True if the expression looks at the same time at every step: the whole aggregation then has the
/// value of the first step, whatever its parameter is later.
fn is_fixed(expr: &Expr) -> bool {
    match expr {
        Expr::InstantSelector(node) => node.at.is_some(),
        Expr::RangeSelector(node) => node.selector.at.is_some(),
        Expr::Subquery(node) => node.at.is_some(),
        Expr::Aggregate(node) => is_fixed(&node.expr),
        Expr::Call(node) => {
            let name = node.function.name();
            let reads_the_time = match name {
                "time" | "timestamp" | "predict_linear" => true,
                "minute" | "hour" | "month" | "year" | "days_in_month" => true,
                _ => name.starts_with("day_of"),
            };
            !reads_the_time && node.args.iter().all(is_fixed)
        }
        _ => {
            let mut fixed = true;
            expr.for_each_child(|child| fixed &= is_fixed(child));
            fixed
        }
    }
}

/// Counts that `topk` cannot have are faults, unless no step wants any series.
fn check_counts(params: &[f64]) -> Result<(), Fault> {
    if params.iter().any(|k| k.is_nan()) {
        return Err(Fault("Parameter value is NaN".to_owned()));
    }
    let is_used = params.iter().any(|&k| k >= 1.0);
    if is_used
        && params
            .iter()
            .any(|&k| k <= i64::MIN as f64 || k >= i64::MAX as f64)
    {
        return Err(Fault("Scalar value overflows int64".to_owned()));
    }
    Ok(())
}

/// The labels of the group that a series belongs to.
pub(super) fn group(node: &Aggregate, labels: &Labels) -> Labels {
    labels.filter(|name| {
        let is_listed = node.grouping.iter().any(|label| label == name);
        match node.without {
            true => !is_listed && name != METRIC_NAME,
            false => is_listed,
        }
    })
}

fn of_step(node: &Aggregate, param: f64, vector: Vector) -> Vector {
    let mut groups: BTreeMap<Labels, Vector> = BTreeMap::new();
    for sample in vector {
        groups
            .entry(group(node, &sample.labels))
            .or_default()
            .push(sample);
    }
    if matches!(node.op, AggregateOp::TopK | AggregateOp::BottomK) {
        let leaders = groups
            .into_values()
            .flat_map(|group| leaders(node.op, param, group));
        return leaders.collect();
    }
    let aggregated = groups.into_iter().map(|(labels, group)| {
        let values: Vec<f64> = group.iter().map(|sample| sample.value).collect();
        Sample {
            labels,
            drop_name: group.iter().any(|sample| sample.drop_name),
            value: of_values(node.op, param, &values),
        }
    });
    aggregated.collect()
}

fn of_values(op: AggregateOp, param: f64, values: &[f64]) -> f64 {
    match op {
        AggregateOp::Sum => window::sum(values),
        AggregateOp::Average => window::average(values),
        AggregateOp::Count => values.len() as f64,
        AggregateOp::Group => 1.0,
        AggregateOp::Minimum => window::minimum(values),
        AggregateOp::Maximum => window::maximum(values),
        AggregateOp::StandardVariance => window::variance(values),
        AggregateOp::StandardDeviation => window::variance(values).sqrt(),
        AggregateOp::Quantile => window::quantile(param, values),
        op => unreachable!("{op} is not asked for"),
    }
}

/// The largest or smallest, NaN behind all others.
fn leaders(op: AggregateOp, param: f64, mut group: Vector) -> Vector {
    let sign = if op == AggregateOp::TopK { -1.0 } else { 1.0 };
    group.sort_by(|left, right| {
        let (left, right) = (left.value * sign, right.value * sign);
        let by_kind = left.is_nan().cmp(&right.is_nan());
        by_kind.then(
            left.partial_cmp(&right)
                .unwrap_or(std::cmp::Ordering::Equal),
        )
    });
    group.truncate(param.max(0.0) as usize);
    group
}

fn count_values(node: &Aggregate, label: &str, vector: &Vector) -> Vector {
    let mut counts: BTreeMap<Labels, f64> = BTreeMap::new();
    for sample in vector {
        let mut builder = LabelsBuilder::from_labels(&group(node, &sample.labels));
        if !(node.without && node.grouping.iter().any(|name| name == label)) {
            builder.set(label, &number::plain(sample.value));
        }
        *counts.entry(builder.build()).or_default() += 1.0;
    }
    let counted = counts.into_iter().map(|(labels, value)| Sample {
        labels,
        drop_name: false,
        value,
    });
    counted.collect()
}
