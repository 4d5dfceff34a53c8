//! Arithmetic and comparisons between two vectors: series find each other by their matching labels.

use hashbrown::HashMap;
use model::label::METRIC_NAME;
use model::quote::push_quoted;
use model::value::{STALE, is_stale};
use model::{Labels, LabelsBuilder};

use super::Evaluator;
use super::binary::Operation;
use super::columns::{Column, FastHash, Series, Vector};
use super::group::Grouping;
use super::notes::Notes;
use super::steps::Steps;
use crate::ast::{Binary, Cardinality, VectorMatching};
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
        let matcher = Matcher {
            notes: &self.notes,
            node,
            matching,
            grouping: Grouping::of_matching(matching),
            operation: Operation::of(node.op),
            delayed: self.options.delayed_name_removal,
            many,
            one,
            many_occupied: many.occupied(steps.count),
        };
        let mut out = self.nothing();
        for pairing in matcher.pairings() {
            self.interrupt.check()?;
            matcher.check_one_side(&pairing)?;
            matcher.combine(&pairing, &mut out)?;
        }
        out.merge_equal()?;
        Ok(out)
    }
}

/// Places of the series with the same matching labels, on both sides.
#[derive(Default)]
struct Pairing {
    many: Vec<usize>,
    one: Vec<usize>,
}

/// Two vectors on their way to one.
struct Matcher<'a> {
    notes: &'a Notes<'a>,
    node: &'a Binary,
    matching: &'a VectorMatching,
    grouping: Grouping,
    operation: Operation,
    delayed: bool,
    /// The side of which several series may match one of the other.
    many: &'a Vector<'a>,
    one: &'a Vector<'a>,
    /// Steps at which the "many" side has any value.
    many_occupied: Vec<bool>,
}

impl Matcher<'_> {
    /// Those with both sides, in the order of the "many" side.
    fn pairings(&self) -> Vec<Pairing> {
        let mut index: HashMap<Labels, usize, FastHash> = HashMap::default();
        let mut pairings: Vec<Pairing> = Vec::new();
        let mut at = |labels: &Labels, pairings: &mut Vec<Pairing>| {
            let next = pairings.len();
            let found = *index.entry(self.grouping.labels(labels)).or_insert(next);
            if found == next {
                pairings.push(Pairing::default());
            }
            found
        };
        for (place, series) in self.many.series.iter().enumerate() {
            let found = at(&series.labels, &mut pairings);
            pairings[found].many.push(place);
        }
        for (place, series) in self.one.series.iter().enumerate() {
            let found = at(&series.labels, &mut pairings);
            pairings[found].one.push(place);
        }
        pairings
    }

    /// The "one" side has to be one at each step at which the other side is there at all.
    fn check_one_side(&self, pairing: &Pairing) -> Result<(), QueryError> {
        if pairing.one.len() < 2 {
            return Ok(());
        }
        let mut owner: Vec<Option<usize>> = vec![None; self.many_occupied.len()];
        for &place in &pairing.one {
            let series = &self.one.series[place];
            for (step, owner) in owner.iter_mut().enumerate() {
                if !series.column.is_present(step) || !self.many_occupied[step] {
                    continue;
                }
                if let Some(other) = owner.replace(place) {
                    return Err(self.duplicate(&self.one.series[other].labels, &series.labels));
                }
            }
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

    /// Adds the results of series that match.
    fn combine(&self, pairing: &Pairing, out: &mut Vector<'_>) -> Result<(), QueryError> {
        let mut taken = Taken::new(self.matching.cardinality, pairing.many.len());
        for &many in &pairing.many {
            for &one in &pairing.one {
                let (many, one) = (&self.many.series[many], &self.one.series[one]);
                let labels = self.result_labels(&many.labels, &one.labels);
                let (many_values, one_values) = (&many.column.values, &one.column.values);
                let mut values = Vec::with_capacity(many_values.len());
                for (step, (&left, &right)) in many_values.iter().zip(one_values).enumerate() {
                    if is_stale(left) || is_stale(right) {
                        values.push(STALE);
                        continue;
                    }
                    taken.take(&labels, step, many_values.len())?;
                    values.push(self.value(left, right).unwrap_or(STALE));
                }
                let column = Column::from(values);
                if !column.has_samples() {
                    continue;
                }
                out.lease.grow(column.values.len())?;
                out.series.push(Series {
                    labels,
                    drop_name: self.node.return_bool || many.drop_name,
                    column,
                });
            }
        }
        Ok(())
    }

    fn value(&self, many: f64, one: f64) -> Option<f64> {
        let (left, right) = match self.matching.cardinality {
            Cardinality::OneToMany => (one, many),
            _ => (many, one),
        };
        match self.operation {
            Operation::Refuse => {
                self.notes.floats_cannot(self.node.op, self.node.span);
                None
            }
            Operation::Compute(compute) => Some(compute(left, right)),
            Operation::Compare(holds) if self.node.return_bool => {
                Some(f64::from(u8::from(holds(&left, &right))))
            }
            Operation::Compare(holds) => holds(&left, &right).then_some(left),
        }
    }

    fn result_labels(&self, many: &Labels, one: &Labels) -> Labels {
        let changes_meaning = !self.node.op.is_comparison();
        let drops_bool_name = self.node.return_bool && !self.delayed;
        let keeps = |name: &str| {
            if name == METRIC_NAME && (changes_meaning || drops_bool_name) {
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
}

/// Which results of one pairing are there already, so that a second one at the same step is seen.
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
        out.push_str(name);
        out.push('=');
        push_quoted(&mut out, value);
    }
    out.push('}');
    out
}
