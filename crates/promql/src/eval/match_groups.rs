//! Which series of two vectors have the same matching labels, found without a label set for each.

use std::hash::BuildHasher;

use hashbrown::HashTable;
use model::Labels;

use super::Evaluator;
use super::columns::{FastHash, Vector};
use super::group::Grouping;
use super::shard::BATCH;
use crate::query::QueryError;

/// The series of two vectors by their matching labels. Groups are in order of their first series,
/// those of the first vector before those that only the second one has.
pub(crate) struct MatchGroups {
    /// Number of groups.
    pub(crate) count: usize,
    /// The group of each series of the two vectors.
    pub(crate) of_series: [Vec<usize>; 2],
}

/// The series of one vector, group by group.
pub(crate) struct Members {
    places: Vec<usize>,
    /// Where each group begins, and where the last one ends.
    starts: Vec<usize>,
}

impl MatchGroups {
    /// The series of one of the two vectors, group by group.
    pub(crate) fn members(&self, side: usize) -> Members {
        let groups = &self.of_series[side];
        let mut starts = vec![0; self.count + 1];
        for &group in groups {
            starts[group + 1] += 1;
        }
        for group in 0..self.count {
            starts[group + 1] += starts[group];
        }
        let mut next = starts.clone();
        let mut places = vec![0; groups.len()];
        for (place, &group) in groups.iter().enumerate() {
            places[next[group]] = place;
            next[group] += 1;
        }
        Members { places, starts }
    }
}

impl Members {
    /// Places of a group's series, rising.
    pub(crate) fn of(&self, group: usize) -> &[usize] {
        &self.places[self.starts[group]..self.starts[group + 1]]
    }
}

impl Evaluator<'_> {
    /// Groups the series of two vectors by their matching labels.
    pub(super) fn match_groups(
        &self,
        grouping: &Grouping,
        sides: [&Vector<'_>; 2],
    ) -> Result<MatchGroups, QueryError> {
        let state = FastHash::default();
        let mut first_of_group: Vec<&Labels> = Vec::new();
        let mut table: HashTable<(u64, usize)> =
            HashTable::with_capacity(sides[0].series.len().max(sides[1].series.len()));
        let mut of_series = [Vec::new(), Vec::new()];
        for (side, of_series) in sides.into_iter().zip(&mut of_series) {
            of_series.reserve(side.series.len());
            for (series, hash) in side.series.iter().zip(self.hashes(grouping, side, &state)?) {
                let labels = &series.labels;
                let same = |&(other, group): &(u64, usize)| {
                    other == hash && grouping.is_same_group(first_of_group[group], labels)
                };
                let group = match table.find(hash, same) {
                    Some(&(_, group)) => group,
                    None => {
                        let group = first_of_group.len();
                        table.insert_unique(hash, (hash, group), |&(hash, _)| hash);
                        first_of_group.push(labels);
                        group
                    }
                };
                of_series.push(group);
            }
        }
        Ok(MatchGroups {
            count: first_of_group.len(),
            of_series,
        })
    }

    fn hashes(
        &self,
        grouping: &Grouping,
        vector: &Vector<'_>,
        state: &(impl BuildHasher + Sync),
    ) -> Result<impl Iterator<Item = u64>, QueryError> {
        let parts = self.sharded(vector.series.len(), |range| {
            let mut hashes = Vec::with_capacity(range.len());
            for (count, series) in vector.series[range].iter().enumerate() {
                if count % BATCH == 0 {
                    self.interrupt.check()?;
                }
                hashes.push(grouping.hash(&series.labels, state));
            }
            Ok(hashes)
        })?;
        Ok(parts.into_iter().flatten())
    }
}
