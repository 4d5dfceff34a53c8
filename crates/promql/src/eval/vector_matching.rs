//! Arithmetic and comparisons between two vectors: series find each other by their matching labels.

use std::sync::atomic::{AtomicBool, Ordering};

use hashbrown::HashMap;
use model::label::{METRIC_NAME, is_legacy_label_name, is_metric_identity};
use model::quote::push_quoted;
use model::{Labels, LabelsBuilder};

use super::Evaluator;
use super::columns::{Column, FastHash, Series, StepSample, StepValue, Vector, merge_equal};
use super::group::Grouping;
use super::match_groups::{MatchGroups, Members};
use super::operation::{Findings, Operation, Outcome};
use super::shard::BATCH;
use super::steps::Steps;
use crate::ast::{Binary, Cardinality, FillValues, VectorMatching};
use crate::query::QueryError;

impl<'e> Evaluator<'e> {
    /// An arithmetic operator or comparison between two vectors.
    pub(super) fn matched<'a>(
        &'a self,
        node: &Binary,
        left: Vector<'a>,
        steps: Steps,
    ) -> Result<Vector<'a>, QueryError> {
        let matching = node
            .matching
            .as_ref()
            .expect("the parser gives two vectors a matching");
        let right = self.vector(&node.rhs, steps)?;
        let (many, one) = match matching.cardinality {
            Cardinality::OneToMany => (&right, &left),
            _ => (&left, &right),
        };
        let grouping = Grouping::of_matching(matching);
        let groups = self.match_groups(&grouping, [many, one])?;
        let matcher = Matcher {
            node,
            matching,
            grouping,
            operation: Operation::of(node.op),
            delayed: self.options.delayed_name_removal,
            many,
            one,
            members: [groups.members(0), groups.members(1)],
            groups,
            many_occupied: many.occupied(steps.count),
            findings: Findings::new(steps.count),
            lost_type_or_unit: AtomicBool::new(false),
        };
        let parts = self.sharded(matcher.groups.count, |range| {
            let mut out = self.nothing();
            for group in range {
                if group % BATCH == 0 {
                    self.interrupt.check()?;
                }
                matcher.combine(group, &mut out)?;
            }
            Ok(out)
        });
        let parts = parts.map_err(|error| match error {
            QueryError::Execution(_) => matcher.first_fault().unwrap_or(error),
            other => other,
        })?;
        let mut out = self.nothing();
        for part in parts {
            out.series.extend(part.series);
            out.lease.absorb(part.lease);
        }
        if matcher.groups_may_collide() {
            out.merge_equal()?;
        }
        out.differs_without_names = node.op.changes_meaning();
        matcher.findings.tell(&self.notes, node.op, node.span);
        Ok(out)
    }
}

/// Two vectors on their way to one.
struct Matcher<'a> {
    node: &'a Binary,
    matching: &'a VectorMatching,
    grouping: Grouping,
    operation: Operation,
    delayed: bool,
    /// The side of which several series may match one of the other.
    many: &'a Vector<'a>,
    one: &'a Vector<'a>,
    /// The series of both by their matching labels.
    members: [Members; 2],
    groups: MatchGroups,
    /// Steps at which the "many" side has any sample.
    many_occupied: Vec<bool>,
    findings: Findings,
    /// True if a result lacks the type or unit that its operands had.
    lost_type_or_unit: AtomicBool,
}

/// The results of one group of series with the same matching labels.
struct Results {
    series: Vec<Series>,
    taken: Taken,
    /// Steps at which the "one" side has met a series, if that has to be known.
    matched: Option<Vec<bool>>,
}

/// What stands on one side of the operator.
#[derive(Clone, Copy)]
enum Operand<'a> {
    Series(&'a Series),
    /// The value that stands for a series at each step at which none of these has a sample.
    Fill(f64, &'a [&'a Series]),
}

impl Operand<'_> {
    #[inline]
    fn at(&self, step: usize) -> Option<StepSample<'_>> {
        match self {
            Self::Series(series) => series.column.get(step),
            Self::Fill(value, absent) => {
                let is_absent = !absent.iter().any(|series| series.column.is_present(step));
                is_absent.then_some(StepSample::Float(*value))
            }
        }
    }
}

impl Matcher<'_> {
    /// Adds the results of a group's series.
    fn combine(&self, group: usize, out: &mut Vector<'_>) -> Result<(), QueryError> {
        let [many, one] = [&self.members[0], &self.members[1]].map(|members| members.of(group));
        // `fill_left` stands for what a group modifier makes the "many" side, wherever it is.
        let FillValues {
            left: fill_many,
            right: fill_one,
        } = self.matching.fill;
        let can_be = |places: &[usize], fill: Option<f64>| !places.is_empty() || fill.is_some();
        // Two of the "one" side are a fault even if they meet nothing.
        self.check_one_side(one)?;
        if !can_be(many, fill_many) || !can_be(one, fill_one) {
            return Ok(());
        }
        let ones: Vec<&Series> = one.iter().map(|&place| &self.one.series[place]).collect();
        let mut results = Results {
            series: Vec::new(),
            taken: Taken::new(self.matching.cardinality, many.len()),
            matched: fill_many.map(|_| vec![false; self.many_occupied.len()]),
        };
        for &place in many {
            let many = &self.many.series[place];
            for one in &ones {
                self.join(
                    place,
                    Operand::Series(many),
                    Operand::Series(one),
                    &mut results,
                )?;
            }
            if let Some(fill) = fill_one {
                let fill = Operand::Fill(fill, &ones);
                self.join(place, Operand::Series(many), fill, &mut results)?;
            }
        }
        if let Some(fill) = fill_many {
            for (&place, one) in one.iter().zip(&ones) {
                let place = self.many.series.len() + place;
                let fill = Operand::Fill(fill, &[]);
                self.join(place, fill, Operand::Series(one), &mut results)?;
            }
        }
        if results.series.len() > 1 {
            merge_equal(&mut results.series)?;
        }
        out.lease
            .grow(results.series.len() * self.many_occupied.len())?;
        out.series.append(&mut results.series);
        Ok(())
    }

    /// Adds the results of two operands; `place` is their place in the order of all.
    fn join(
        &self,
        place: usize,
        many: Operand<'_>,
        one: Operand<'_>,
        results: &mut Results,
    ) -> Result<(), QueryError> {
        let steps = self.many_occupied.len();
        let fills_many = matches!(many, Operand::Fill(..));
        let mut labels: Option<Labels> = None;
        let mut column = Column::default();
        column.values.reserve_exact(steps);
        for step in 0..steps {
            let is_taken = fills_many && results.matched.as_ref().is_some_and(|it| it[step]);
            let samples = many.at(step).zip(one.at(step)).filter(|_| !is_taken);
            let Some((many_sample, one_sample)) = samples else {
                column.push(None);
                continue;
            };
            let (left, right) = match self.matching.cardinality {
                Cardinality::OneToMany => (one_sample, many_sample),
                _ => (many_sample, one_sample),
            };
            let (outcome, finding) = self.operation.apply(left, right);
            if let Some(finding) = finding {
                self.findings.add(step, place, finding);
            }
            if matches!(outcome, Outcome::Nothing) {
                column.push(None);
                continue;
            }
            if let (Some(matched), false) = (&mut results.matched, fills_many) {
                matched[step] = true;
            }
            if results.taken.is_needed() {
                let labels = labels.get_or_insert_with(|| self.result_labels(many, one));
                results.taken.take(labels, step, steps)?;
            }
            column.push(match outcome {
                Outcome::Sample(value) => Some(value),
                Outcome::Comparison(holds) if self.node.return_bool => {
                    Some(StepValue::Float(f64::from(u8::from(holds))))
                }
                Outcome::Comparison(true) => Some(left.to_value()),
                Outcome::Comparison(false) | Outcome::Nothing => None,
            });
        }
        if column.has_samples() {
            results.series.push(Series {
                labels: labels.unwrap_or_else(|| self.result_labels(many, one)),
                // Upstream forgets here that the "many" side's name was to go late.
                drop_name: self.node.return_bool,
                column,
            });
        }
        Ok(())
    }

    /// The "one" side has to be one at each step at which the other side is there at all.
    fn check_one_side(&self, one: &[usize]) -> Result<(), QueryError> {
        if one.len() < 2 {
            return Ok(());
        }
        let fills = self.matching.fill != FillValues::default();
        let mut owner: Vec<Option<usize>> = vec![None; self.many_occupied.len()];
        for &place in one {
            let series = &self.one.series[place];
            for (step, owner) in owner.iter_mut().enumerate() {
                if !series.column.is_present(step) || !(fills || self.many_occupied[step]) {
                    continue;
                }
                if let Some(other) = owner.replace(place) {
                    return Err(self.duplicate(&self.one.series[other].labels, &series.labels));
                }
            }
        }
        Ok(())
    }

    /// Of several faults the one that upstream comes across first: it goes step by step, and at each
    /// through all series of the "one" side, then through those of the other.
    #[cold]
    fn first_fault(&self) -> Option<QueryError> {
        let fills = self.matching.fill != FillValues::default();
        let occupied = self.many_occupied.iter().enumerate();
        let steps = occupied.filter(|&(_, &occupied)| fills || occupied);
        steps
            .map(|(step, _)| self.fault_at(step))
            .find_map(Result::err)
    }

    fn fault_at(&self, step: usize) -> Result<(), QueryError> {
        let [groups_of_many, groups_of_one] = &self.groups.of_series;
        let mut owners: Vec<Option<&Series>> = vec![None; self.groups.count];
        for (series, &group) in self.one.series.iter().zip(groups_of_one) {
            if series.column.is_present(step)
                && let Some(other) = owners[group].replace(series)
            {
                return Err(self.duplicate(&other.labels, &series.labels));
            }
        }
        let mut taken: HashMap<usize, Taken, FastHash> = HashMap::default();
        for (series, &group) in self.many.series.iter().zip(groups_of_many) {
            let one = match (owners[group], self.matching.fill.right) {
                (Some(one), _) => Operand::Series(one),
                (None, Some(fill)) => Operand::Fill(fill, &[]),
                (None, None) => continue,
            };
            let many = Operand::Series(series);
            let Some((many_sample, one_sample)) = many.at(step).zip(one.at(step)) else {
                continue;
            };
            let (outcome, _) = match self.matching.cardinality {
                Cardinality::OneToMany => self.operation.apply(one_sample, many_sample),
                _ => self.operation.apply(many_sample, one_sample),
            };
            if matches!(outcome, Outcome::Nothing) {
                continue;
            }
            let members = self.members[0].of(group).len();
            let taken = taken.entry(group);
            let taken = taken.or_insert_with(|| Taken::new(self.matching.cardinality, members));
            taken.take(&self.result_labels(many, one), 0, 1)?;
        }
        Ok(())
    }

    fn duplicate(&self, first: &Labels, second: &Labels) -> QueryError {
        let side = match self.matching.cardinality {
            Cardinality::OneToMany => "left",
            _ => "right",
        };
        let (first, second) = if first <= second {
            (first, second)
        } else {
            (second, first)
        };
        let group = in_braces(&self.grouping.labels(first));
        QueryError::Execution(format!(
            "found duplicate series for the match group {group} on the {side} hand-side of the \
             operation: [{}, {}];many-to-many matching not allowed: matching labels must be unique \
             on one side",
            in_braces(first),
            in_braces(second)
        ))
    }

    /// The labels of the results of two operands; a value that fills in has the matching labels of
    /// the other side.
    fn result_labels(&self, many: Operand<'_>, one: Operand<'_>) -> Labels {
        let matching_labels = |series: &Series| self.grouping.labels(&series.labels);
        match (many, one) {
            (Operand::Series(many), Operand::Series(one)) => {
                self.joined_labels(&many.labels, &one.labels)
            }
            (Operand::Series(many), Operand::Fill(..)) if self.matching.include.is_empty() => {
                self.joined_labels(&many.labels, &Labels::empty())
            }
            (Operand::Series(many), Operand::Fill(..)) => {
                self.joined_labels(&many.labels, &matching_labels(many))
            }
            (Operand::Fill(..), Operand::Series(one)) => {
                self.joined_labels(&matching_labels(one), &one.labels)
            }
            (Operand::Fill(..), Operand::Fill(..)) => {
                unreachable!("a value fills in for a series that the other side has")
            }
        }
    }

    fn joined_labels(&self, many: &Labels, one: &Labels) -> Labels {
        let drops_identity =
            self.node.op.changes_meaning() || self.node.return_bool && !self.delayed;
        let keeps = |name: &str| {
            if drops_identity && is_metric_identity(name) {
                if name != METRIC_NAME {
                    self.lost_type_or_unit.store(true, Ordering::Relaxed);
                }
                return false;
            }
            match self.matching.cardinality {
                Cardinality::OneToOne => {
                    self.matching.labels.iter().any(|label| label == name) == self.matching.on
                }
                _ => true,
            }
        };
        let kept = many.filter(keeps);
        if self.matching.include.is_empty() {
            return kept;
        }
        let mut builder = LabelsBuilder::from_labels(&kept);
        for name in &self.matching.include {
            builder.set(name, one.get(name).unwrap_or_default());
        }
        builder.build()
    }

    /// True if results of different groups may have equal labels: of their matching labels, which
    /// are different, some are lost.
    fn groups_may_collide(&self) -> bool {
        let matching = self.matching;
        let is_matched = |name: &String| matching.labels.contains(name) == matching.on;
        let name_is_matched = matching.on && matching.labels.iter().any(|it| it == METRIC_NAME);
        name_is_matched
            || matching.include.iter().any(is_matched)
            || self.lost_type_or_unit.load(Ordering::Relaxed)
    }
}

/// Which results of one group are there already, so that a second one at the same step is seen.
/// That happens even if a comparison then filters them out.
enum Taken {
    /// One series on the "many" side cannot meet itself.
    Anything,
    /// One-to-one: one result a step.
    Steps(Vec<bool>),
    /// Grouping: one result a label set and step.
    Results(HashMap<Labels, Vec<bool>, FastHash>),
}

impl Taken {
    fn new(cardinality: Cardinality, many: usize) -> Self {
        match cardinality {
            _ if many < 2 => Self::Anything,
            Cardinality::OneToOne => Self::Steps(Vec::new()),
            _ => Self::Results(HashMap::default()),
        }
    }

    fn is_needed(&self) -> bool {
        !matches!(self, Self::Anything)
    }

    fn take(&mut self, labels: &Labels, step: usize, steps: usize) -> Result<(), QueryError> {
        let (taken, message) = match self {
            Self::Anything => return Ok(()),
            Self::Steps(taken) => (
                taken,
                "multiple matches for labels: many-to-one matching must be explicit \
                 (group_left/group_right)",
            ),
            Self::Results(results) => (
                results.entry_ref(labels).or_default(),
                "multiple matches for labels: grouping labels must ensure unique matches",
            ),
        };
        taken.resize(steps, false);
        if std::mem::replace(&mut taken[step], true) {
            return Err(QueryError::Execution(message.to_owned()));
        }
        Ok(())
    }
}

/// A label set with its name inside the braces, as these messages have it.
pub(super) fn in_braces(labels: &Labels) -> String {
    let mut out = String::from("{");
    for (index, (name, value)) in labels.iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        if is_legacy_label_name(name) {
            out.push_str(name);
        } else {
            push_quoted(&mut out, name);
        }
        out.push('=');
        push_quoted(&mut out, value);
    }
    out.push('}');
    out
}
