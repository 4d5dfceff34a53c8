//! What is done every minute: blocks cut, the head and the log truncated, old blocks deleted.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError, Weak};
use std::time::Duration;

use model::TimeRange;

use super::compact::Backoff;
use super::delay::Delay;
use super::open::{Loaded, delete_folder, load_blocks};
use super::out_of_order::Frozen;
use super::{Db, View};
use crate::block::{BlockError, writer};
use crate::head::chunk_files::CHUNKS_DIR;
use crate::head::out_of_order::FOLDER;
use crate::head::series::range_end;
use crate::head::snapshot;
use crate::retention::{self, Candidate, Limits, Reason, Retention};
use crate::wal::WalError;
use crate::wal::checkpoint::{Keep, checkpoint, discard};
use crate::wal::segment::{list_checkpoints, list_segments};

/// What is left over from one run of maintenance to the next.
#[derive(Debug, Default)]
pub(super) struct Maintenance {
    /// The head is to be truncated here once no querier from before the block is left.
    truncation: Option<(i64, Weak<View>)>,
    /// When blocks may be merged again after that failed.
    pub(super) backoff: Backoff,
    delay: Delay,
    /// A block was cut since samples out of order were last written.
    pub(super) has_cut: bool,
    /// Samples out of order that are on their way into blocks.
    pub(super) frozen: Option<Frozen>,
}

impl Maintenance {
    /// At the start; blocks wait no longer than `longest_delay`.
    pub(super) fn new(longest_delay: Duration) -> Self {
        Self {
            delay: Delay::up_to(longest_delay),
            ..Self::default()
        }
    }
}

/// Why maintenance stopped early. The next run tries again; nothing stored is lost.
#[derive(Debug, thiserror::Error)]
pub enum MaintainError {
    /// A block could not be written.
    #[error("cutting a block: {0}")]
    Block(#[from] BlockError),
    /// Blocks could not be merged.
    #[error("merging blocks: {0}")]
    Merge(BlockError),
    /// Samples could not be deleted from a block.
    #[error("deleting from a block: {0}")]
    Delete(BlockError),
    /// The log could not be written or truncated.
    #[error("write-ahead log: {0}")]
    Wal(#[from] WalError),
    /// The data directory could not be read or changed.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl Db {
    /// Does what is due. Called about every minute on a thread that may block; a second call
    /// meanwhile waits for the first.
    ///
    /// # Errors
    /// The disk refused; the next call tries again.
    pub fn maintain(&self) -> Result<(), MaintainError> {
        let mut state = self
            .maintenance
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        // Each step is tried although one before it failed: on a full disk no block can be cut,
        // and retention is what frees it.
        let cut = self.cut_due(&mut state);
        let late = self.compact_out_of_order(&mut state);
        let filed = self.file_chunks();
        let reloaded = self.reload();
        let retained = self.apply_retention();
        let merged = self.compact_due(&mut state);
        let view = self.view();
        view.blocks.iter().for_each(|block| block.release_idle());
        let symbols = view.blocks.iter().map(|block| block.index().symbol_bytes());
        let symbols: usize = symbols.sum();
        let upkeep = &self.head.metrics.upkeep;
        upkeep.symbol_bytes.set(symbols as f64);
        cut.and(late)
            .and(filed)
            .and(reloaded)
            .and(retained)
            .and(merged)
    }

    /// Merges blocks until there is nothing to merge. What is due at the head goes first.
    fn compact_due(&self, state: &mut Maintenance) -> Result<(), MaintainError> {
        while !self.stopping.load(Ordering::Relaxed) && self.compact_next(state)? {
            self.cut_due(state)?;
        }
        Ok(())
    }

    /// Cuts every block that is due.
    fn cut_due(&self, state: &mut Maintenance) -> Result<(), MaintainError> {
        self.finish_truncation(state)?;
        if self.due_range().is_none() {
            state.delay.end();
        }
        while state.truncation.is_none()
            && let Some(range) = self.due_range()
            && !state.delay.is_running(self.clock.monotonic())
        {
            self.cut_block(range, state)?;
            self.finish_truncation(state)?;
        }
        Ok(())
    }

    /// The first range of the head that is old enough for a block: the head spans one and a half
    /// times as much.
    fn due_range(&self) -> Option<(i64, i64)> {
        let range = self.head.time_range()?;
        let span = self.head.chunk_range();
        let due = range.max_time.saturating_sub(range.min_time) > span / 2 * 3;
        let end = range_end(range.min_time, span);
        // From the end of the block before on, as upstream: so blocks fill their ranges wholly,
        // whenever the first sample came.
        let settled = self.head.min_valid_time();
        let begins_here = settled <= range.min_time && range_end(settled, span) == end;
        let start = if begins_here { settled } else { range.min_time };
        due.then_some((start, end))
    }

    fn cut_block(&self, range: (i64, i64), state: &mut Maintenance) -> Result<(), MaintainError> {
        self.metrics.compactions.inc();
        self.metrics.compactions_triggered.inc();
        // First, so that no batch adds behind the writer's back what truncation would forget.
        self.head.raise_min_valid_time(range.1);
        let name = self.new_ulid();
        let outcome = writer::write_block(&*self.fs, &self.options.path, &self.head, range, name);
        let meta = outcome.inspect_err(|_| self.metrics.compactions_failed.inc())?;
        if let Some(meta) = &meta {
            tracing::info!(
                block = meta.ulid,
                min_time = meta.min_time,
                max_time = meta.max_time,
                series = meta.stats.num_series,
                samples = meta.stats.num_samples,
                "block written"
            );
        }
        let before = Arc::downgrade(&self.view());
        self.replace_view()?;
        if let Some(meta) = &meta {
            self.check_opened(&meta.ulid)?;
        }
        state.truncation = Some((range.1, before));
        state.has_cut = true;
        Ok(())
    }

    /// A block that cannot be read back is no reason to forget what the head has.
    pub(super) fn check_opened(&self, ulid: &str) -> Result<(), MaintainError> {
        if self
            .view()
            .blocks
            .iter()
            .any(|block| block.meta().ulid == ulid)
        {
            return Ok(());
        }
        self.metrics.compactions_failed.inc();
        Err(MaintainError::Io {
            path: self.options.path.join(ulid),
            source: io::Error::other("the new block cannot be opened"),
        })
    }

    /// Truncates the head if nobody reads from before the last block any more.
    fn finish_truncation(&self, state: &mut Maintenance) -> Result<(), MaintainError> {
        let Some((time, before)) = &state.truncation else {
            return Ok(());
        };
        if before.strong_count() > 0 {
            return Ok(());
        }
        let time = *time;
        state.truncation = None;
        let upkeep = &self.head.metrics.upkeep;
        let begun = self.clock.monotonic();
        self.head.truncate(time);
        let ended = self.clock.monotonic();
        let took = ended.saturating_sub(begun);
        upkeep.truncation_seconds.observe(took.as_secs_f64());
        let removed = self.head.remove_chunk_files(&*self.fs, time);
        let removed = removed.map_err(|source| self.chunk_files_error(source));
        let truncated = self.truncate_log(time);
        let took = self.clock.monotonic().saturating_sub(ended);
        upkeep.log_truncation_seconds.observe(took.as_secs_f64());
        let outcome = removed.and(truncated);
        outcome.inspect_err(|_| upkeep.truncations_failed.inc())
    }

    /// Moves finished chunks from memory into files.
    fn file_chunks(&self) -> Result<(), MaintainError> {
        let filed = self.head.file_chunks(&*self.fs);
        filed.map_err(|source| self.chunk_files_error(source))
    }

    fn chunk_files_error(&self, source: io::Error) -> MaintainError {
        MaintainError::Io {
            path: self.options.path.join(CHUNKS_DIR),
            source,
        }
    }

    /// Folds the older two thirds of the log into a checkpoint, as upstream does.
    fn truncate_log(&self, time: i64) -> Result<(), MaintainError> {
        let two_thirds =
            |first: u32, last: u32| first + last.saturating_sub(1).saturating_sub(first) * 2 / 3;
        let part = |first, last| Some(two_thirds(first, last)).filter(|&fold| fold > first);
        self.fold_log(time, part)
    }

    /// Takes what is between `from` and the head out of the log. The blocks that had it are about to
    /// go and to leave nothing: at the next start nothing would tell any more that what there still is
    /// of them, in the log and in files of chunks beside it, was deleted.
    pub(super) fn forget_in_log(&self, from: i64) -> Result<(), MaintainError> {
        let settled = self.head.min_valid_time();
        self.fold_log(settled, |_, last| Some(last))?;
        let range = TimeRange::new(from, settled.saturating_sub(1));
        self.head.log_deletion_of_all(&self.wal, range)?;
        Ok(self.wal.sync(|| self.head.log_series_again())?)
    }

    /// Begins a new segment, and folds those before it up to the one that `part` chooses of the first
    /// and the last.
    fn fold_log(
        &self,
        time: i64,
        part: impl Fn(u32, u32) -> Option<u32>,
    ) -> Result<(), MaintainError> {
        let metrics = &self.head.metrics;
        let dir = self.options.path.join("wal");
        let folded = list_checkpoints(&*self.fs, &dir)?.last().copied();
        let mut segments = list_segments(&*self.fs, &dir)?;
        // Those that the newest checkpoint stands for are kept in case that it is damaged.
        segments.retain(|&number| folded.is_none_or(|folded| number > folded));
        self.wal.lock().cut()?;
        let ends = segments.first().zip(segments.last());
        let Some(fold) = ends.and_then(|(&first, &last)| part(first, last)) else {
            return Ok(());
        };
        metrics.wal_truncations.inc();
        metrics.checkpoints_created.inc();
        let keep = Keep {
            series: &|reference| self.head.needs_reference(reference),
            min_time: time,
        };
        checkpoint(&self.fs, &dir, fold, &keep, self.options.wal).inspect_err(|_| {
            metrics.wal_truncations_failed.inc();
            metrics.checkpoints_failed.inc();
        })?;
        // From here on a start reads the log from the new checkpoint.
        snapshot::remove(&*self.fs, &self.options.path, snapshot::folded(fold));
        if let Some(folded) = folded {
            metrics.upkeep.checkpoint_deletions.inc();
            discard(&*self.fs, &dir, folded)
                .inspect_err(|_| metrics.upkeep.checkpoint_deletions_failed.inc())?;
        }
        Ok(())
    }

    /// Takes up blocks that others put there, and lets go of those that they took away.
    fn reload(&self) -> Result<(), MaintainError> {
        self.metrics.reloads.inc();
        self.replace_view()
            .inspect_err(|_| self.metrics.reloads_failed.inc())
    }

    /// Takes up the blocks that are there now, and deletes those that others have taken the place
    /// of.
    pub(super) fn replace_view(&self) -> Result<(), MaintainError> {
        let path = &self.options.path;
        let current = self.view();
        let loaded = load_blocks(&*self.fs, path, &current, &self.metrics);
        let Loaded {
            blocks,
            obsolete,
            holes,
        } = loaded.map_err(|source| MaintainError::Io {
            path: path.clone(),
            source,
        })?;
        let same = blocks.len() == current.blocks.len()
            && blocks
                .iter()
                .zip(&current.blocks)
                .all(|(a, b)| Arc::ptr_eq(a, b));
        if !same || holes != current.holes {
            self.publish_view(View { blocks, holes });
        }
        obsolete.iter().try_for_each(|path| self.delete_block(path))
    }

    pub(super) fn publish(&self, blocks: Vec<Arc<crate::block::Block>>) {
        let holes = self.view().holes.clone();
        self.publish_view(View { blocks, holes });
    }

    fn publish_view(&self, view: View) {
        *self.view.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(view);
        self.note_blocks();
    }

    /// Brings the gauges about blocks up to date.
    pub(super) fn note_blocks(&self) {
        let view = self.view();
        self.metrics.loaded.set(view.blocks.len() as f64);
        let bytes: u64 = view.blocks.iter().map(|block| block.bytes()).sum();
        self.metrics.bytes.set(bytes as f64);
        if let Some(range) = self.time_range() {
            self.metrics.lowest_timestamp.set(range.min_time as f64);
        }
    }

    fn apply_retention(&self) -> Result<(), MaintainError> {
        let view = self.view();
        let candidates: Vec<Candidate> = view
            .blocks
            .iter()
            .map(|block| Candidate {
                max_time: block.meta().max_time,
                bytes: block.bytes(),
            })
            .collect();
        let limits = self.limits();
        let doomed = retention::beyond(&candidates, self.log_bytes()?, limits);
        if doomed.is_empty() {
            return Ok(());
        }
        let kept = view.blocks.iter().enumerate();
        let kept = kept.filter(|(index, _)| doomed.iter().all(|(gone, _)| gone != index));
        self.publish(kept.map(|(_, block)| Arc::clone(block)).collect());
        for (index, reason) in doomed {
            let Some(block) = view.blocks.get(index) else {
                continue;
            };
            match reason {
                Reason::Time => self.metrics.time_retentions.inc(),
                Reason::Size => self.metrics.size_retentions.inc(),
            }
            tracing::info!(block = block.meta().ulid, reason = ?reason, "block beyond retention");
            self.delete_block(block.dir())?;
        }
        Ok(())
    }

    pub(super) fn delete_block(&self, path: &Path) -> Result<(), MaintainError> {
        delete_folder(&*self.fs, path).map_err(|source| MaintainError::Io {
            path: path.to_owned(),
            source,
        })
    }

    /// Takes over how long samples are kept; it holds from the next maintenance on.
    pub fn set_retention(&self, retention: Retention) {
        let metrics = &self.metrics;
        metrics.retention_limit_bytes.set(retention.size as f64);
        let seconds = retention.time as f64 / 1e3;
        metrics.retention_limit_seconds.set(seconds);
        let percentage = retention.percentage;
        metrics.retention_limit_percentage.set(percentage);
        *self
            .retention
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = retention;
    }

    /// How long samples are kept.
    pub fn retention(&self) -> Retention {
        *self
            .retention
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn limits(&self) -> Limits {
        let retention = self.retention();
        let disk = match retention.percentage > 0.0 {
            true => self.fs.total_bytes(&self.options.path),
            false => return retention.limits(None),
        };
        let disk = disk.inspect_err(|error| {
            tracing::warn!(error = %error, "size of the disk not known, its share is no limit");
        });
        retention.limits(disk.ok())
    }

    /// Bytes of everything that is in no block: the log and its checkpoints, and what else
    /// upstream keeps of the head.
    fn log_bytes(&self) -> Result<u64, MaintainError> {
        let bytes = |name| self.folder_bytes(&self.options.path.join(name));
        let (log, chunks) = (bytes("wal")?, bytes(CHUNKS_DIR)?);
        let upkeep = &self.head.metrics.upkeep;
        upkeep.log_bytes.set(log as f64);
        upkeep.chunk_file_bytes.set(chunks as f64);
        let late = bytes(FOLDER)?;
        self.head.out_of_order.metrics.log_bytes.set(late as f64);
        Ok(log + chunks + late)
    }

    fn folder_bytes(&self, folder: &Path) -> Result<u64, MaintainError> {
        let at = |path: &Path| {
            let path = path.to_owned();
            move |source| MaintainError::Io { path, source }
        };
        let entries = match self.fs.read_dir(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
            entries => entries.map_err(at(folder))?,
        };
        let mut total = 0;
        for entry in entries {
            let path = folder.join(&entry.name);
            total += match entry.is_dir {
                true => self.folder_bytes(&path)?,
                false => self.fs.metadata(&path).map_err(at(&path))?.len,
            };
        }
        Ok(total)
    }

    pub(super) fn new_ulid(&self) -> String {
        ulid_at(self.clock.now_millis())
    }
}

/// A new name for a block that is written at this time.
pub(crate) fn ulid_at(millis: i64) -> String {
    let random = || u128::from(random_number());
    let millis = u64::try_from(millis).unwrap_or_default();
    ulid::Ulid::from_parts(millis, random() << 64 | random()).to_string()
}

pub(super) fn random_number() -> u64 {
    RandomState::new().build_hasher().finish()
}
