//! `and`, `or` and `unless`: which series of two vectors remain, step by step.

use hashbrown::HashMap;
use model::Labels;

use super::Evaluator;
use super::columns::{FastHash, Series, Vector};
use super::group::Grouping;
use super::steps::Steps;
use crate::ast::{Binary, BinaryOp, VectorMatching};
use crate::query::QueryError;

/// At which steps a vector has a series with given matching labels.
struct Presence {
    grouping: Grouping,
    steps: HashMap<Labels, Vec<bool>, FastHash>,
}

impl Presence {
    fn of(vector: &Vector<'_>, matching: &VectorMatching, steps: usize) -> Self {
        let grouping = Grouping::of_matching(matching);
        let mut found: HashMap<Labels, Vec<bool>, FastHash> = HashMap::default();
        for series in &vector.series {
            let present = found
                .entry(grouping.labels(&series.labels))
                .or_insert_with(|| vec![false; steps]);
            for (step, present) in present.iter_mut().enumerate() {
                *present |= series.column.is_present(step);
            }
        }
        Self {
            grouping,
            steps: found,
        }
    }

    /// Removes the samples of a series at steps where a match is there, or where none is.
    fn keep(&self, series: &mut Series, where_matched: bool) {
        let matched = self.steps.get(&self.grouping.labels(&series.labels));
        for step in 0..series.column.values.len() {
            let is_matched = matched.is_some_and(|steps| steps[step]);
            if is_matched != where_matched {
                series.column.remove(step);
            }
        }
    }
}

impl Evaluator<'_> {
    /// A set operator, its left operand evaluated.
    pub(super) fn set_operation<'a>(
        &'a self,
        node: &Binary,
        mut left: Vector<'a>,
        steps: Steps,
    ) -> Result<Vector<'a>, QueryError> {
        let matching = node
            .matching
            .as_ref()
            .expect("the parser gives two vectors a matching");
        let mut right = self.vector(&node.rhs, steps)?;
        if node.op == BinaryOp::Or {
            let presence = Presence::of(&left, matching, steps.count);
            for series in &mut right.series {
                presence.keep(series, false);
            }
            right.drop_empty();
            left.series.append(&mut right.series);
            left.lease.absorb(right.lease);
            if self.options.delayed_name_removal {
                // Of series that become one, the one that begins first tells whether the name goes.
                left.series.sort_by_cached_key(|series| {
                    (0..steps.count).find(|&step| series.column.is_present(step))
                });
            }
            left.merge_equal()?;
            return Ok(left);
        }
        let presence = Presence::of(&right, matching, steps.count);
        for series in &mut left.series {
            presence.keep(series, node.op == BinaryOp::And);
        }
        left.drop_empty();
        Ok(left)
    }
}
