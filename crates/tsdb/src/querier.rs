//! Answers selections from head and blocks together.

pub(crate) mod merge;
mod set;

use std::collections::BTreeSet;
use std::sync::Arc;

use model::date::format_rfc3339;
use model::{Annotations, Matcher, TimeRange};
use storage::{LabelQuery, Querier, Select, SelectError, SeriesSet};

use crate::block::{Block, BlockError};
use crate::db::View;
use crate::head::Head;

/// A view of head and blocks inside one range of time.
pub(crate) struct DbQuerier<'a> {
    head: &'a Head,
    view: Arc<View>,
    range: TimeRange,
}

impl<'a> DbQuerier<'a> {
    pub(crate) fn new(head: &'a Head, view: Arc<View>, range: TimeRange) -> Self {
        Self { head, view, range }
    }

    fn blocks(&self, range: TimeRange) -> impl Iterator<Item = &Arc<Block>> {
        self.view
            .blocks
            .iter()
            .filter(move |block| block.range().overlaps(&range))
    }

    /// Warnings of blocks that are not read.
    fn missing(&self, range: TimeRange) -> Annotations {
        let mut annotations = Annotations::default();
        let holes = self.view.holes.iter();
        for hole in holes.filter(|hole| hole.range.overlaps(&range)) {
            let reason = format!("block {} {}", hole.block, hole.reason);
            annotations.warn(missing(hole.range, &reason));
        }
        annotations
    }

    fn head_overlaps(&self) -> bool {
        let late = self.head.out_of_order.time_range();
        late.is_some_and(|range| range.overlaps(&self.range))
            || self
                .head
                .time_range()
                .is_none_or(|range| range.overlaps(&self.range))
    }
}

impl Querier for DbQuerier<'_> {
    fn select(&self, select: &Select) -> Result<Box<dyn SeriesSet + '_>, SelectError> {
        let mut annotations = self.missing(select.range);
        let mut from_blocks = Vec::new();
        for block in self.blocks(select.range) {
            let found = block.select(&select.matchers, select.range);
            if let Some(found) = or_hole(found, block, &mut annotations)? {
                from_blocks.push((Arc::clone(block), found));
            }
        }
        from_blocks.retain(|(_, found)| !found.is_empty());
        // After the blocks: what a truncation takes away meanwhile was in a block before.
        let selected = self.head.select(&select.matchers, select.range);
        if from_blocks.is_empty() {
            let set = set::HeadSet::new(selected, select, annotations, &self.view);
            return Ok(Box::new(set));
        }
        let set = set::MergedSet::new(selected, from_blocks, select, annotations);
        Ok(Box::new(set.holding(&self.view)))
    }

    fn label_names(&self, query: &LabelQuery) -> Result<(Vec<String>, Annotations), SelectError> {
        let mut annotations = self.missing(self.range);
        let mut names = BTreeSet::new();
        for block in self.blocks(self.range) {
            let found = names_of_block(block, &query.matchers, self.range);
            names.extend(or_hole(found, block, &mut annotations)?.unwrap_or_default());
        }
        let names = if query.matchers.is_empty() && self.head_overlaps() {
            self.head.with_catalog(|catalog| {
                let in_head = catalog.label_names().collect();
                limited(names, in_head, query.limit)
            })
        } else {
            let selected = self.head.select(&query.matchers, self.range);
            selected.with_catalog(|catalog| {
                limited(names, catalog.names_of(&selected.rows), query.limit)
            })
        };
        Ok((names, annotations))
    }

    fn label_values(
        &self,
        name: &str,
        query: &LabelQuery,
    ) -> Result<(Vec<String>, Annotations), SelectError> {
        let mut annotations = self.missing(self.range);
        let mut values = BTreeSet::new();
        for block in self.blocks(self.range) {
            let found = values_of_block(block, name, &query.matchers, self.range);
            values.extend(or_hole(found, block, &mut annotations)?.unwrap_or_default());
        }
        let values = if query.matchers.is_empty() && self.head_overlaps() {
            self.head.with_catalog(|catalog| {
                let in_head = catalog.label_values(name).map(|(value, _)| value);
                limited(values, in_head.collect(), query.limit)
            })
        } else {
            let selected = self.head.select(&query.matchers, self.range);
            selected.with_catalog(|catalog| {
                let in_head = catalog.values_of(name, &selected.rows);
                limited(values, in_head, query.limit)
            })
        };
        Ok((values, annotations))
    }
}

/// What is told of times that an answer lacks.
fn missing(range: TimeRange, reason: &str) -> String {
    format!(
        "data from {} to {} is missing: {reason}",
        format_rfc3339(range.min_time),
        format_rfc3339(range.max_time)
    )
}

/// A damaged block leaves a hole that the reader is told of; everything else is an error.
fn or_hole<T>(
    outcome: Result<T, BlockError>,
    block: &Block,
    annotations: &mut Annotations,
) -> Result<Option<T>, SelectError> {
    match outcome {
        Ok(found) => Ok(Some(found)),
        Err(error @ BlockError::Damaged { .. }) => {
            annotations.warn(missing(block.range(), &error.to_string()));
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

fn names_of_block(
    block: &Block,
    matchers: &[Matcher],
    range: TimeRange,
) -> Result<BTreeSet<String>, BlockError> {
    if matchers.is_empty() {
        return Ok(block.label_names().map(str::to_owned).collect());
    }
    let series = block.select(matchers, range)?;
    let labels = series.iter().flat_map(|series| series.labels.iter());
    Ok(labels.map(|(name, _)| name.to_owned()).collect())
}

fn values_of_block(
    block: &Block,
    name: &str,
    matchers: &[Matcher],
    range: TimeRange,
) -> Result<BTreeSet<String>, BlockError> {
    if matchers.is_empty() {
        return Ok(block.label_values(name)?.into_iter().collect());
    }
    let series = block.select(matchers, range)?;
    Ok(series
        .iter()
        .filter_map(|series| series.labels.get(name).map(str::to_owned))
        .collect())
}

/// The first texts of blocks and head together, sorted, each once. Those of the head come unsorted.
fn limited(from_blocks: BTreeSet<String>, mut from_head: Vec<&str>, limit: usize) -> Vec<String> {
    from_head.sort_unstable();
    let limit = if limit == 0 { usize::MAX } else { limit };
    if from_blocks.is_empty() {
        return from_head
            .into_iter()
            .take(limit)
            .map(str::to_owned)
            .collect();
    }
    let mut all: BTreeSet<&str> = from_blocks.iter().map(String::as_str).collect();
    all.extend(from_head);
    all.into_iter().take(limit).map(str::to_owned).collect()
}
