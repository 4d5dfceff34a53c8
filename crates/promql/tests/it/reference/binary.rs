//! Binary operators, one step at a time.

use std::collections::{BTreeMap, BTreeSet};

use model::label::METRIC_NAME;
use model::{Labels, LabelsBuilder};
use promql::ast::{Binary, BinaryOp, Cardinality, ValueType, VectorMatching};

use super::evaluate::{Evaluator, Fault, Sample, Vector};

impl Evaluator<'_> {
    /// Two scalars.
    pub(super) fn scalars(&self, node: &Binary, steps: &[i64]) -> Result<Vec<f64>, Fault> {
        let left = self.scalar(&node.lhs, steps)?;
        let right = self.scalar(&node.rhs, steps)?;
        let pairs = left.into_iter().zip(right);
        Ok(pairs
            .map(|(left, right)| number(node.op, left, right))
            .collect())
    }

    /// Operands of which one at least is a vector.
    pub(super) fn binary(&self, node: &Binary, steps: &[i64]) -> Result<Vec<Vector>, Fault> {
        let scalar = ValueType::Scalar;
        if node.lhs.value_type() == scalar || node.rhs.value_type() == scalar {
            return self.with_scalar(node, steps);
        }
        let left = self.vector(&node.lhs, steps)?;
        let right = self.vector(&node.rhs, steps)?;
        let matching = node.matching.as_ref().expect("two vectors have a matching");
        let sides = left.into_iter().zip(right);
        sides
            .map(|(left, right)| match node.op {
                BinaryOp::And => Ok(kept(left, &right, matching, true)),
                BinaryOp::Unless => Ok(kept(left, &right, matching, false)),
                BinaryOp::Or => {
                    let mut all = left.clone();
                    all.extend(kept(right, &left, matching, false));
                    Ok(all)
                }
                _ => self.matched(node, matching, &left, &right),
            })
            .collect()
    }

    fn with_scalar(&self, node: &Binary, steps: &[i64]) -> Result<Vec<Vector>, Fault> {
        let scalar_first = node.lhs.value_type() == ValueType::Scalar;
        let (scalar, vector) = match scalar_first {
            true => (&node.lhs, &node.rhs),
            false => (&node.rhs, &node.lhs),
        };
        let scalars = self.scalar(scalar, steps)?;
        let vectors = self.vector(vector, steps)?;
        let drops_name = !node.op.is_comparison() || node.return_bool;
        let combined = vectors.into_iter().zip(scalars).map(|(vector, scalar)| {
            let samples = vector.into_iter().filter_map(|sample| {
                let (left, right) = match scalar_first {
                    true => (scalar, sample.value),
                    false => (sample.value, scalar),
                };
                let result = number(node.op, left, right);
                let filters = node.op.is_comparison() && !node.return_bool;
                if filters && result == 0.0 {
                    return None;
                }
                Some(Sample {
                    value: if filters { sample.value } else { result },
                    drop_name: sample.drop_name || drops_name,
                    labels: sample.labels,
                })
            });
            samples.collect()
        });
        Ok(combined.collect())
    }

    fn matched(
        &self,
        node: &Binary,
        matching: &VectorMatching,
        left: &Vector,
        right: &Vector,
    ) -> Result<Vector, Fault> {
        let swapped = matching.cardinality == Cardinality::OneToMany;
        let (many, one) = match swapped {
            true => (right, left),
            false => (left, right),
        };
        // With `group_right` these change sides too.
        let (many_fill, one_fill) = (matching.fill.left, matching.fill.right);
        let no_fill = many_fill.is_none() && one_fill.is_none();
        if (many.is_empty() || one.is_empty()) && no_fill {
            return Ok(Vec::new());
        }
        let mut partners: BTreeMap<Labels, &Sample> = BTreeMap::new();
        for sample in one {
            if partners
                .insert(key(&sample.labels, matching), sample)
                .is_some()
            {
                return Err(Fault(
                    "found duplicate series for the match group".to_owned(),
                ));
            }
        }
        let filler = |labels: Labels, value: f64| Sample {
            labels,
            drop_name: false,
            value,
        };
        let mut pairs: Vec<(Labels, Sample, Sample)> = Vec::new();
        let mut met = BTreeSet::new();
        for sample in many {
            let key = key(&sample.labels, matching);
            met.insert(key.clone());
            let partner = partners.get(&key).map(|&partner| partner.clone());
            let partner = partner.or_else(|| one_fill.map(|value| filler(key.clone(), value)));
            pairs.extend(partner.map(|partner| (key, sample.clone(), partner)));
        }
        for (key, sample) in partners {
            if let (Some(value), false) = (many_fill, met.contains(&key)) {
                pairs.push((key.clone(), filler(key, value), sample.clone()));
            }
        }
        let mut taken: BTreeSet<(Labels, Option<Labels>)> = BTreeSet::new();
        let mut out = Vec::new();
        for (key, many, one) in pairs {
            let labels = result_labels(node, matching, &many.labels, &one.labels);
            let by_result = matching.cardinality != Cardinality::OneToOne;
            let drops_name = node.return_bool && !self.delayed_name_removal;
            let identity = match drops_name {
                true => labels.without_name(),
                false => labels.clone(),
            };
            if !taken.insert((key, by_result.then_some(identity))) {
                return Err(Fault("multiple matches for labels".to_owned()));
            }
            let (lhs, rhs) = match swapped {
                true => (one.value, many.value),
                false => (many.value, one.value),
            };
            let result = number(node.op, lhs, rhs);
            let filters = node.op.is_comparison() && !node.return_bool;
            if filters && result == 0.0 {
                continue;
            }
            out.push(Sample {
                labels,
                // Upstream forgets here that a name was to go late.
                drop_name: node.return_bool,
                value: if filters { lhs } else { result },
            });
        }
        Ok(out)
    }
}

/// The labels by which series find each other.
fn key(labels: &Labels, matching: &VectorMatching) -> Labels {
    labels.filter(|name| {
        let is_listed = matching.labels.iter().any(|label| label == name);
        match matching.on {
            true => is_listed,
            false => !is_listed && name != METRIC_NAME,
        }
    })
}

/// The samples that have a partner, or those that have none.
fn kept(vector: Vector, others: &Vector, matching: &VectorMatching, with_partner: bool) -> Vector {
    let partners: BTreeSet<Labels> = others.iter().map(|s| key(&s.labels, matching)).collect();
    let is_kept =
        |sample: &Sample| partners.contains(&key(&sample.labels, matching)) == with_partner;
    vector.into_iter().filter(is_kept).collect()
}

fn result_labels(node: &Binary, matching: &VectorMatching, many: &Labels, one: &Labels) -> Labels {
    let one_to_one = matching.cardinality == Cardinality::OneToOne;
    let kept = many.filter(|name| {
        let is_listed = matching.labels.iter().any(|label| label == name);
        let survives = name != METRIC_NAME || node.op.is_comparison();
        survives && (!one_to_one || is_listed == matching.on)
    });
    let mut builder = LabelsBuilder::from_labels(&kept);
    for name in &matching.include {
        builder.set(name, one.get(name).unwrap_or_default());
    }
    builder.build()
}

/// What an operator makes of two numbers; 0 or 1 of a comparison.
fn number(op: BinaryOp, left: f64, right: f64) -> f64 {
    let truth = |holds: bool| f64::from(u8::from(holds));
    match op {
        BinaryOp::Add => left + right,
        BinaryOp::Subtract => left - right,
        BinaryOp::Multiply => left * right,
        BinaryOp::Divide => left / right,
        BinaryOp::Modulo => left % right,
        BinaryOp::Power => left.powf(right),
        BinaryOp::Atan2 => left.atan2(right),
        BinaryOp::Equal => truth(left == right),
        BinaryOp::NotEqual => truth(left != right),
        BinaryOp::Greater => truth(left > right),
        BinaryOp::Less => truth(left < right),
        BinaryOp::GreaterOrEqual => truth(left >= right),
        BinaryOp::LessOrEqual => truth(left <= right),
        BinaryOp::And
        | BinaryOp::Or
        | BinaryOp::Unless
        | BinaryOp::TrimUpper
        | BinaryOp::TrimLower => {
            unreachable!("{op} is not for numbers")
        }
    }
}
