//! `and`, `or` and `unless`: which series of two vectors remain, step by step.

use super::Evaluator;
use super::columns::{Series, Vector};
use super::group::Grouping;
use super::steps::Steps;
use crate::ast::{Binary, BinaryOp};
use crate::query::QueryError;

/// At which steps each group of a vector has a sample.
struct Presence {
    steps: usize,
    /// Group by group.
    present: Vec<bool>,
}

impl Presence {
    fn of(vector: &Vector<'_>, groups: &[usize], count: usize, steps: usize) -> Self {
        let mut present = vec![false; count * steps];
        for (series, &group) in vector.series.iter().zip(groups) {
            let present = &mut present[group * steps..][..steps];
            for (step, present) in present.iter_mut().enumerate() {
                *present |= series.column.is_present(step);
            }
        }
        Self { steps, present }
    }

    /// Removes the samples of a series at steps where its group is there, or where it is not.
    fn keep(&self, series: &mut Series, group: usize, where_present: bool) {
        let present = &self.present[group * self.steps..][..self.steps];
        for (step, &present) in present.iter().enumerate() {
            if present != where_present {
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
        let groups = self.match_groups(&Grouping::of_matching(matching), [&left, &right])?;
        let [left_groups, right_groups] = &groups.of_series;
        if node.op == BinaryOp::Or {
            let presence = Presence::of(&left, left_groups, groups.count, steps.count);
            self.change_each(&mut right, |place, series| {
                presence.keep(series, right_groups[place], false);
            })?;
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
            left.differs_without_names = false;
            return Ok(left);
        }
        let presence = Presence::of(&right, right_groups, groups.count, steps.count);
        let keeps_matched = node.op == BinaryOp::And;
        self.change_each(&mut left, |place, series| {
            presence.keep(series, left_groups[place], keeps_matched);
        })?;
        left.drop_empty();
        Ok(left)
    }
}
