//! Samples out of order on their way into blocks of their own, and their log behind them.
//!
//! Only ranges that are cut from the head already get such a block: what is younger is logged again
//! and stays. So no block ends where the head still has something that came in order.

use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};

use super::maintain::{MaintainError, Maintenance};
use super::{Db, View};
use crate::block::{BlockError, BlockMeta, writer};
use crate::head::filed::HeadReadError;
use crate::head::out_of_order::{FOLDER, Layer};
use crate::wal::WalError;
use crate::wal::segment::{list_segments, segment_path};

/// A layer that is being written.
#[derive(Debug)]
pub(super) struct Frozen {
    layer: Arc<Layer>,
    /// First segment of the log that is needed without it.
    segment: u32,
    /// Blocks have what is older; the rest was kept.
    until: i64,
    /// Once it is written: who reads from before it was.
    before: Option<Weak<View>>,
}

impl Db {
    /// Writes blocks of samples out of order after blocks were cut, or if there are many.
    pub(super) fn compact_out_of_order(
        &self,
        state: &mut Maintenance,
    ) -> Result<(), MaintainError> {
        self.finish_out_of_order(state)?;
        let is_ending = self.stopping.load(Ordering::Relaxed);
        if is_ending || (state.frozen.is_none() && !self.freeze_due(state)?) {
            return Ok(());
        }
        let Some(frozen) = state.frozen.as_mut().filter(|f| f.before.is_none()) else {
            return Ok(());
        };
        self.metrics.compactions_triggered.inc();
        let written = self.write_late_blocks(&self.options.path, &frozen.layer, frozen.until);
        let written = written.inspect_err(|_| self.metrics.compactions_failed.inc())?;
        self.head.keep_late(&frozen.layer, frozen.until)?;
        let before = Arc::downgrade(&self.view());
        self.replace_view()?;
        for meta in &written {
            self.check_opened(&meta.ulid)?;
        }
        frozen.before = Some(before);
        self.finish_out_of_order(state)
    }

    /// Freezes what came out of order, if it is time to. False if not.
    fn freeze_due(&self, state: &mut Maintenance) -> Result<bool, MaintainError> {
        let span = self.options.block_range;
        let settled = self.head.min_valid_time();
        if settled == i64::MIN {
            return Ok(false);
        }
        let until = settled.div_euclid(span).saturating_mul(span);
        let out_of_order = &self.head.out_of_order;
        let has_old = out_of_order
            .time_range()
            .is_some_and(|range| range.min_time < until);
        let layers = out_of_order.layers();
        let is_many = || layers.iter().any(|l| l.chunks_before(until) >= MANY_CHUNKS);
        if !has_old || !(state.has_cut || is_many()) {
            state.has_cut = false;
            return Ok(false);
        }
        let (layer, segment) = out_of_order.freeze()?;
        state.has_cut = false;
        state.frozen = Some(Frozen {
            layer,
            segment,
            until,
            before: None,
        });
        Ok(true)
    }

    /// Writes a block below `dir` for each range of a layer that ends at `until` or before.
    pub(super) fn write_late_blocks(
        &self,
        dir: &Path,
        layer: &Layer,
        until: i64,
    ) -> Result<Vec<BlockMeta>, BlockError> {
        let span = self.options.block_range;
        let mut metas = Vec::new();
        for start in layer.starts(span).map_err(HeadReadError::from)? {
            let range = (start, start.saturating_add(span));
            if range.1 > until {
                continue;
            }
            self.metrics.compactions.inc();
            let places = (&self.head, layer);
            let ulid = self.new_ulid();
            let Some(meta) = writer::write_late_block(&*self.fs, dir, places, range, ulid)? else {
                continue;
            };
            tracing::info!(
                block = meta.ulid,
                min_time = meta.min_time,
                max_time = meta.max_time,
                series = meta.stats.num_series,
                samples = meta.stats.num_samples,
                "block of samples out of order written"
            );
            metas.push(meta);
        }
        Ok(metas)
    }

    /// Forgets a layer that is in blocks, and its part of the log, once nobody reads from before
    /// the blocks any more.
    fn finish_out_of_order(&self, state: &mut Maintenance) -> Result<(), MaintainError> {
        let written = |frozen: &mut Frozen| {
            let before = frozen.before.as_ref();
            before.is_some_and(|before| before.strong_count() == 0)
        };
        let Some(frozen) = state.frozen.take_if(written) else {
            return Ok(());
        };
        self.head.out_of_order.forget_frozen();
        let metrics = &self.head.out_of_order.metrics;
        metrics.truncations.inc();
        let removed = self.remove_late_segments(frozen.segment);
        Ok(removed.inspect_err(|_| metrics.truncations_failed.inc())?)
    }

    /// What cannot be removed now is removed with the next layer; until then it is in the log and
    /// in blocks.
    fn remove_late_segments(&self, first_needed: u32) -> Result<(), WalError> {
        let dir = self.options.path.join(FOLDER);
        let segments = list_segments(&*self.fs, &dir)?;
        for number in segments.into_iter().filter(|&number| number < first_needed) {
            let path = segment_path(&dir, number);
            self.fs.remove_file(&path).map_err(WalError::at(&path))?;
        }
        self.fs.sync_dir(&dir).map_err(WalError::at(&dir))
    }
}

/// Finished chunks from which on blocks are written although none was cut: about eight million
/// samples, some tens of megabytes.
const MANY_CHUNKS: usize = 250_000;
