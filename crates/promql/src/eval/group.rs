//! Groups of an aggregation: found by the hash of a series' grouping labels, once a series.

use std::hash::{BuildHasher, Hasher};

use hashbrown::HashTable;
use model::Labels;
use model::label::{METRIC_NAME, is_metric_identity};
use storage::NumberedLabels;

use super::accumulator::{Accumulator, Wanted};
use super::columns::{Column, FastHash};
use super::histogram_total::AggregationFindings;
use crate::ast::{Aggregate, AggregateOp, VectorMatching};
use crate::limits::Lease;
use crate::query::QueryError;

/// Which labels tell groups apart.
#[derive(Clone, Debug)]
pub(crate) struct Grouping {
    names: Vec<String>,
    without: bool,
    /// True if the series' metric names are already gone, whatever their labels say.
    name_is_gone: bool,
}

impl Grouping {
    pub(crate) fn new(node: &Aggregate, name_is_gone: bool) -> Self {
        Self {
            names: node.grouping.clone(),
            without: node.without,
            name_is_gone,
        }
    }

    /// The labels by which the two sides of a binary operator find each other.
    pub(crate) fn of_matching(matching: &VectorMatching) -> Self {
        Self {
            names: matching.labels.clone(),
            without: !matching.on,
            name_is_gone: false,
        }
    }

    /// True if all series are in one group.
    fn is_one(&self) -> bool {
        self.names.is_empty() && !self.without
    }

    /// True if the label with this name is part of the group's labels.
    #[inline]
    pub(crate) fn keeps(&self, name: &str) -> bool {
        if self.without && name == METRIC_NAME || self.name_is_gone && is_metric_identity(name) {
            return false;
        }
        self.names.iter().any(|grouping| grouping == name) != self.without
    }

    fn kept<'a>(&self, labels: &'a Labels) -> impl Iterator<Item = (&'a str, &'a str)> {
        labels.iter().filter(|(name, _)| self.keeps(name))
    }

    /// A hash of the group that a series with these labels belongs to.
    #[inline]
    pub(crate) fn hash(&self, labels: &Labels, state: &impl BuildHasher) -> u64 {
        let mut hasher = state.build_hasher();
        for (name, value) in self.kept(labels) {
            hasher.write(name.as_bytes());
            hasher.write(value.as_bytes());
        }
        hasher.finish()
    }

    /// True if two series belong to one group.
    pub(crate) fn is_same_group(&self, one: &Labels, other: &Labels) -> bool {
        self.kept(one).eq(self.kept(other))
    }

    fn is_group_of(&self, group: &Labels, labels: &Labels) -> bool {
        group.iter().eq(self.kept(labels))
    }

    /// The labels of a series' group.
    pub(crate) fn labels(&self, labels: &Labels) -> Labels {
        labels.filter(|name| self.keeps(name))
    }
}

/// One group.
#[derive(Debug)]
pub(crate) struct Group {
    /// Its labels.
    pub(crate) labels: Labels,
    /// True if one of its series loses its name at the end of the query.
    pub(crate) drop_name: bool,
    /// Its aggregates.
    pub(crate) accumulator: Accumulator,
    hash: u64,
}

/// The groups of an aggregation, in order of their first series.
pub(crate) struct Groups<'a, 'n> {
    grouping: &'n Grouping,
    op: AggregateOp,
    steps: usize,
    wanted: &'n Wanted,
    state: FastHash,
    table: HashTable<usize>,
    groups: Vec<Group>,
    /// The group of the series before: neighbours often share it.
    latest: Option<usize>,
    /// The groups of labels that have numbers.
    by_number: Vec<Option<usize>>,
    lease: Lease<'a>,
    findings: AggregationFindings,
}

impl<'a, 'n> Groups<'a, 'n> {
    pub(crate) fn new(
        grouping: &'n Grouping,
        op: AggregateOp,
        wanted: &'n Wanted,
        steps: usize,
        lease: Lease<'a>,
    ) -> Self {
        Self {
            grouping,
            op,
            steps,
            wanted,
            state: FastHash::default(),
            table: HashTable::new(),
            groups: Vec::new(),
            latest: None,
            by_number: Vec::new(),
            lease,
            findings: AggregationFindings::default(),
        }
    }

    /// Takes in the series at `place`.
    pub(crate) fn add(
        &mut self,
        place: usize,
        labels: &Labels,
        drop_name: bool,
        column: &Column,
    ) -> Result<(), QueryError> {
        let index = self.find_or_insert(labels)?;
        self.add_to(index, place, drop_name, column)
    }

    /// Takes in the series at `place`, whose labels have a number.
    #[inline]
    pub(crate) fn add_numbered(
        &mut self,
        place: usize,
        numbered: &NumberedLabels,
        drop_name: bool,
        column: &Column,
    ) -> Result<(), QueryError> {
        let number = numbered.number(place);
        let index = match self.by_number.get(number) {
            Some(Some(index)) => *index,
            _ => {
                let index = self.find_or_insert(&numbered.labels(number))?;
                if self.by_number.len() <= number {
                    self.by_number.resize(number + 1, None);
                }
                self.by_number[number] = Some(index);
                index
            }
        };
        self.add_to(index, place, drop_name, column)
    }

    #[inline]
    fn add_to(
        &mut self,
        index: usize,
        place: usize,
        drop_name: bool,
        column: &Column,
    ) -> Result<(), QueryError> {
        let group = &mut self.groups[index];
        group.drop_name |= drop_name;
        let accumulator = &mut group.accumulator;
        let kept = accumulator.add(place, column, self.wanted, &mut self.findings);
        if kept > 0 {
            self.lease.grow(kept)?;
        }
        Ok(())
    }

    /// Takes in the groups of another thread, which read later series.
    pub(crate) fn merge(&mut self, other: Self) {
        self.lease.absorb(other.lease);
        self.findings.merge(other.findings);
        for group in other.groups {
            // Hashes of another table have another seed.
            let hash = self.hash(&group.labels);
            let same = |&index: &usize| self.groups[index].labels == group.labels;
            match self.table.find(hash, same).copied() {
                Some(index) => {
                    let into = &mut self.groups[index];
                    into.drop_name |= group.drop_name;
                    let accumulator = &mut into.accumulator;
                    accumulator.merge(group.accumulator, self.wanted, &mut self.findings);
                }
                None => self.insert(hash, group),
            }
        }
    }

    /// The groups, what came up so far, and what accounts for them.
    pub(crate) fn finish(self) -> (Vec<Group>, AggregationFindings, Lease<'a>) {
        (self.groups, self.findings, self.lease)
    }

    fn find_or_insert(&mut self, labels: &Labels) -> Result<usize, QueryError> {
        let grouping = self.grouping;
        if let Some(latest) = self.latest
            && (grouping.is_one() || grouping.is_group_of(&self.groups[latest].labels, labels))
        {
            return Ok(latest);
        }
        let hash = self.hash(labels);
        let same = |&index: &usize| grouping.is_group_of(&self.groups[index].labels, labels);
        let found = self.table.find(hash, same).copied();
        if found.is_none() {
            self.lease.grow(self.steps)?;
            let labels = grouping.labels(labels);
            let table = size_of::<Group>() + 2 * size_of::<usize>();
            self.lease.grow_bytes(labels.heap_bytes() + table)?;
            let group = Group {
                labels,
                drop_name: false,
                accumulator: Accumulator::new(self.op, self.steps),
                hash,
            };
            self.insert(hash, group);
        }
        let index = found.unwrap_or(self.groups.len() - 1);
        self.latest = Some(index);
        Ok(index)
    }

    fn insert(&mut self, hash: u64, mut group: Group) {
        group.hash = hash;
        self.groups.push(group);
        let groups = &self.groups;
        self.table
            .insert_unique(hash, groups.len() - 1, |&index| groups[index].hash);
    }

    fn hash(&self, labels: &Labels) -> u64 {
        self.grouping.hash(labels, &self.state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ast::Expr;
    use crate::limits::{Budget, Usage};
    use crate::parser::{ParseOptions, parse};

    fn groups_of(text: &str, name_is_gone: bool) -> Vec<(String, f64)> {
        let Ok(Expr::Aggregate(node)) = parse(text, &ParseOptions::default()) else {
            unreachable!("{text} is an aggregation");
        };
        let grouping = Grouping::new(&node, name_is_gone);
        let budget = Budget::new(1_000, Usage::default());
        let fed = |sets: &[[(&str, &str); 3]]| {
            let mut groups = Groups::new(&grouping, node.op, &[], 1, Lease::new(&budget));
            for (place, set) in sets.iter().enumerate() {
                let labels = Labels::from_pairs(*set);
                groups
                    .add(place, &labels, false, &vec![1.0].into())
                    .unwrap();
            }
            groups
        };
        let name = METRIC_NAME;
        let mut groups = fed(&[
            [(name, "m"), ("a", "aa"), ("b", "bb")],
            [(name, "m"), ("a", "a"), ("b", "abb")],
        ]);
        groups.merge(fed(&[
            [(name, "n"), ("a", "aa"), ("b", "bb")],
            [(name, "n"), ("a", "aa"), ("b", "")],
        ]));
        let (finished, mut findings, _) = groups.finish();
        let finished = finished.into_iter();
        finished
            .map(|group| {
                (
                    group.labels.to_string(),
                    group.accumulator.finish(&[], &mut findings).values[0],
                )
            })
            .collect()
    }

    #[test]
    fn series_are_grouped_by_labels_over_all_threads() {
        type Case<'a> = (&'a str, bool, &'a [(&'a str, f64)]);
        let cases: [Case<'_>; 5] = [
            ("sum(x)", false, &[("{}", 4.0)]),
            (
                "sum by (a) (x)",
                false,
                &[(r#"{a="aa"}"#, 3.0), (r#"{a="a"}"#, 1.0)],
            ),
            (
                "sum without (a) (x)",
                false,
                &[(r#"{b="bb"}"#, 2.0), (r#"{b="abb"}"#, 1.0), ("{}", 1.0)],
            ),
            ("sum by (__name__) (x)", false, &[("m", 2.0), ("n", 2.0)]),
            ("sum by (__name__) (x)", true, &[("{}", 4.0)]),
        ];
        for (text, name_is_gone, want) in cases {
            let want: Vec<_> = want.iter().map(|&(l, v)| (l.to_owned(), v)).collect();
            assert_eq!(groups_of(text, name_is_gone), want, "{text}");
        }
    }
}
