//! Recording rules: the value of an expression becomes series of another name.

use std::collections::HashSet;

use model::label::METRIC_NAME;
use model::{Labels, LabelsBuilder};
use promql::{InstantSample, SampleValue};

use crate::rule::{Output, RuleError};
use crate::spec::RuleSpec;

/// What is to be stored of the value of the rule's expression.
pub(crate) fn evaluate(
    spec: &RuleSpec,
    vector: Vec<InstantSample>,
    limit: usize,
) -> Result<Vec<Output>, RuleError> {
    let mut builder = LabelsBuilder::new();
    let mut seen: HashSet<Labels> = HashSet::with_capacity(vector.len());
    let mut outputs = Vec::with_capacity(vector.len());
    for sample in vector {
        builder.reset(&sample.labels);
        builder.set(METRIC_NAME, &spec.name);
        for (name, value) in &spec.labels {
            builder.set(name, value);
        }
        let labels = builder.build();
        if !seen.insert(labels.clone()) {
            return Err(RuleError::SameLabels("rule"));
        }
        outputs.push(Output {
            labels,
            value: sample.value,
        });
    }
    if limit > 0 && outputs.len() > limit {
        return Err(RuleError::Limit {
            limit,
            number: outputs.len(),
            what: "series",
        });
    }
    Ok(outputs)
}

/// One as a value.
pub(crate) const ONE: SampleValue = SampleValue::Float(1.0);
