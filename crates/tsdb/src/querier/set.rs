//! The series that a selection found: rows of the head alone, or merged with blocks.

use std::sync::{Arc, PoisonError};

use hashbrown::HashMap;
use model::{Annotations, Labels, TimeRange};
use rapidhash::fast::RandomState;
use smallvec::SmallVec;
use storage::{NumberedLabels, Projection, SampleBuffer, Select, SelectError, SeriesSet};

use super::merge::{join, trim};
use crate::block::{Block, BlockSeries};
use crate::db::View;
use crate::head::Selected;
use crate::index::ChunkMeta;

/// Series of the head only. Labels are put together when asked for.
pub(crate) struct HeadSet {
    selected: Selected,
    range: TimeRange,
    latest_only: bool,
    projection: Projection,
    annotations: Annotations,
    /// While it lives, the head forgets nothing that it does not have.
    _view: Arc<View>,
}

impl HeadSet {
    pub(crate) fn new(
        mut selected: Selected,
        select: &Select,
        annotations: Annotations,
        view: &Arc<View>,
    ) -> Self {
        if select.sorted {
            let mut rows = std::mem::take(&mut selected.rows);
            selected.with_catalog(|catalog| {
                let ranking = catalog.rank(&rows);
                catalog.sort_by_labels(&mut rows, &ranking);
            });
            selected.rows = rows;
        }
        let projection = select.hints.projection.clone();
        let (range, _view) = (select.range, Arc::clone(view));
        Self {
            selected,
            range,
            latest_only: select.hints.latest_only,
            projection,
            annotations,
            _view,
        }
    }
}

impl SeriesSet for HeadSet {
    fn len(&self) -> usize {
        self.selected.rows.len()
    }

    fn labels(&self, index: usize) -> Labels {
        let Some(&row) = self.selected.rows.get(index) else {
            return Labels::empty();
        };
        if self.projection == Projection::Only(Vec::new()) {
            return Labels::empty();
        }
        self.selected
            .with_catalog(|catalog| catalog.labels(row, &self.projection))
    }

    fn each_label(&self, index: usize, each: &mut dyn FnMut(&str, &str)) {
        let Some(&row) = self.selected.rows.get(index) else {
            return;
        };
        self.selected.with_catalog(|catalog| {
            let pairs = catalog.pairs_of(row);
            let kept = pairs.filter(|(name, _)| self.projection.keeps(name));
            kept.for_each(|(name, value)| each(name, value));
        });
    }

    fn numbered_labels(&self) -> Option<NumberedLabels> {
        let rows = &self.selected.rows;
        self.selected
            .with_catalog(|catalog| catalog.numbered_labels(rows, &self.projection))
    }

    fn read(&self, index: usize, buffer: &mut SampleBuffer) -> Result<(), SelectError> {
        buffer.clear();
        if self.latest_only
            && let Some((time, value)) = self.selected.latest_at(index, self.range)
        {
            buffer.push(time, value);
            return Ok(());
        }
        self.selected.read_at(index, self.range, buffer)?;
        trim(buffer, self.range);
        Ok(())
    }

    fn annotations(&self) -> Annotations {
        self.annotations.clone()
    }
}

/// Series of blocks and head, each once.
pub(crate) struct MergedSet {
    selected: Selected,
    blocks: Vec<Arc<Block>>,
    series: Vec<Merged>,
    range: TimeRange,
    projection: Projection,
    annotations: Annotations,
    view: Option<Arc<View>>,
}

/// One series with the places that have samples of it, oldest first.
struct Merged {
    labels: Labels,
    parts: SmallVec<[Part; 2]>,
}

enum Part {
    Block {
        block: usize,
        series: u32,
        chunks: Box<[ChunkMeta]>,
    },
    Head {
        row: u32,
    },
}

impl MergedSet {
    pub(crate) fn new(
        mut selected: Selected,
        from_blocks: Vec<(Arc<Block>, Vec<BlockSeries>)>,
        select: &Select,
        annotations: Annotations,
    ) -> Self {
        let rows = std::mem::take(&mut selected.rows);
        let mut set = Self {
            selected,
            blocks: Vec::new(),
            series: Vec::new(),
            range: select.range,
            projection: select.hints.projection.clone(),
            annotations,
            view: None,
        };
        let mut places: HashMap<Labels, usize, RandomState> = HashMap::default();
        for (number, (block, found)) in from_blocks.into_iter().enumerate() {
            set.blocks.push(block);
            for BlockSeries { labels, id, chunks } in found {
                set.add(
                    &mut places,
                    labels,
                    Part::Block {
                        block: number,
                        series: id,
                        chunks,
                    },
                );
            }
        }
        let catalog = Arc::clone(&set.selected.catalog);
        let catalog = catalog.read().unwrap_or_else(PoisonError::into_inner);
        for row in rows {
            let labels = catalog.labels(row, &Projection::All);
            set.add(&mut places, labels, Part::Head { row });
        }
        // Even if nobody asks for it, as in Prometheus: in the order of their first samples, sums of
        // the same series would differ in their last digits from one moment to the next. The series of
        // each block are sorted, which this sort makes use of.
        set.series.sort_by(|a, b| a.labels.cmp(&b.labels));
        set
    }

    /// Keeps the head from forgetting what the set has to read from it.
    pub(crate) fn holding(mut self, view: &Arc<View>) -> Self {
        self.view = Some(Arc::clone(view));
        self
    }

    fn add(
        &mut self,
        places: &mut HashMap<Labels, usize, RandomState>,
        labels: Labels,
        part: Part,
    ) {
        let next = self.series.len();
        let place = *places.entry(labels.clone()).or_insert(next);
        match self.series.get_mut(place) {
            Some(merged) => merged.parts.push(part),
            None => self.series.push(Merged {
                labels,
                parts: SmallVec::from_iter([part]),
            }),
        }
    }

    fn read_part(
        &self,
        part: &Part,
        scratch: &mut Vec<u8>,
        buffer: &mut SampleBuffer,
    ) -> Result<(), SelectError> {
        match part {
            Part::Head { row } => Ok(self.selected.read(*row, self.range, buffer)?),
            Part::Block {
                block,
                series,
                chunks,
            } => match self.blocks.get(*block) {
                Some(block) => Ok(block.read(*series, chunks, scratch, buffer)?),
                None => Ok(()),
            },
        }
    }
}

impl SeriesSet for MergedSet {
    fn len(&self) -> usize {
        self.series.len()
    }

    fn labels(&self, index: usize) -> Labels {
        let Some(merged) = self.series.get(index) else {
            return Labels::empty();
        };
        match &self.projection {
            Projection::All => merged.labels.clone(),
            projection => merged.labels.filter(|name| projection.keeps(name)),
        }
    }

    fn read(&self, index: usize, buffer: &mut SampleBuffer) -> Result<(), SelectError> {
        buffer.clear();
        let Some(merged) = self.series.get(index) else {
            return Ok(());
        };
        let mut scratch = Vec::new();
        for part in &merged.parts {
            let before = buffer.len();
            self.read_part(part, &mut scratch, buffer)?;
            join(buffer, before);
        }
        trim(buffer, self.range);
        Ok(())
    }

    fn annotations(&self) -> Annotations {
        self.annotations.clone()
    }
}
