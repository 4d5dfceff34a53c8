//! From the log back into memory: the newest checkpoint first, then the segments behind it.

use std::path::Path;
use std::sync::{MutexGuard, PoisonError};

use hashbrown::HashMap;
use host::fs::Fs;
use model::Labels;
use rapidhash::fast::RandomState;

use super::Head;
use super::append::{Pending, PendingHistogram};
use super::chunk_files::ChunkFiles;
use crate::chunk::encode::NewChunk;
use crate::status::{ReplayProgress, WalReplay};
use crate::wal::WalError;
use crate::wal::reader::{SegmentReport, check_segment, read_segment};
use crate::wal::record::{self, RecordKind, RefHistogram, RefSample};
use crate::wal::segment::{checkpoint_path, list_checkpoints, list_segments, segment_path};

/// What a replay found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Replay {
    pub(crate) segments: usize,
    pub(crate) samples: usize,
    /// Samples of series that the log does not name.
    pub(crate) unknown_series: usize,
    /// Records of kinds that are not read.
    pub(crate) skipped_records: usize,
    /// Chunks in files whose encoding is not read, or that are out of order.
    pub(crate) skipped_chunks: usize,
    pub(crate) corruptions: usize,
}

impl Head {
    /// Replays the log in `dir` on top of the chunks in the folder beside it. Damage is noted, counted and left behind; a torn end of the last
    /// segment is cut off if `repairs`.
    pub(crate) fn replay(
        &self,
        fs: &dyn Fs,
        dir: &Path,
        repairs: bool,
        progress: &ReplayProgress,
    ) -> Result<Replay, WalError> {
        let beside = dir.with_file_name(CHUNKS_DIR);
        let chunk_files = ChunkFiles::read(fs, &beside, self.min_valid_time())?;
        let mut state = ReplayState {
            head: self,
            replay: Replay {
                corruptions: chunk_files.damages,
                skipped_chunks: chunk_files.skipped,
                ..Replay::default()
            },
            chunk_files,
            samples: Vec::new(),
            pending: Vec::new(),
            histograms: Vec::new(),
        };
        let checkpoint = state.usable_checkpoint(fs, dir)?;
        if let Some(number) = checkpoint {
            let folder = checkpoint_path(dir, number);
            for number in list_segments(fs, &folder)? {
                state.segment(fs, &segment_path(&folder, number), false)?;
            }
        }
        let segments: Vec<u32> = list_segments(fs, dir)?
            .into_iter()
            .filter(|&number| checkpoint.is_none_or(|folded| number > folded))
            .collect();
        let (min, max) = match &segments[..] {
            [min, .., max] => (*min, *max),
            [only] => (*only, *only),
            [] => (0, 0),
        };
        for &number in &segments {
            let current = number;
            progress.tell(WalReplay { min, max, current });
            let last = repairs && segments.last() == Some(&number);
            state.segment(fs, &segment_path(dir, number), last)?;
        }
        let replay = state.replay;
        self.metrics.wal_corruptions.add(replay.corruptions as u64);
        self.metrics
            .wal_unknown_records
            .with(&["samples"])
            .add(replay.unknown_series as u64);
        Ok(replay)
    }
}

struct ReplayState<'a> {
    head: &'a Head,
    replay: Replay,
    chunk_files: ChunkFiles,
    samples: Vec<RefSample>,
    pending: Vec<Pending>,
    histograms: Vec<RefHistogram>,
}

impl ReplayState<'_> {
    /// The newest checkpoint, or the one before it if that is whole and the newest is not: the
    /// segments behind it are still there.
    fn usable_checkpoint(&mut self, fs: &dyn Fs, dir: &Path) -> Result<Option<u32>, WalError> {
        let checkpoints = list_checkpoints(fs, dir)?;
        let [.., previous, newest] = checkpoints[..] else {
            return Ok(checkpoints.last().copied());
        };
        let segments = list_segments(fs, dir)?;
        let has_segments = (previous + 1..=newest).all(|number| segments.contains(&number));
        let usable = match has_segments && !is_whole(fs, dir, newest)? {
            true if is_whole(fs, dir, previous)? => previous,
            _ => newest,
        };
        if usable == previous {
            self.replay.corruptions += 1;
            tracing::warn!(
                damaged = %checkpoint_path(dir, newest).display(),
                used = %checkpoint_path(dir, previous).display(),
                "a checkpoint of the write-ahead log is damaged; the one before it takes its place"
            );
        }
        Ok(Some(usable))
    }

    fn segment(&mut self, fs: &dyn Fs, path: &Path, last: bool) -> Result<(), WalError> {
        let report = read_segment(fs, path, &mut |bytes| self.record(bytes))?;
        self.replay.segments += 1;
        self.replay.corruptions += report.damages.len();
        for damage in &report.damages {
            tracing::warn!(
                segment = %path.display(),
                offset = damage.offset,
                reason = damage.reason,
                "the write-ahead log is damaged; records on this page are lost"
            );
        }
        if last && report.has_torn_tail() {
            repair(fs, path, &report);
        }
        Ok(())
    }

    fn record(&mut self, bytes: &[u8]) {
        let decoded = match RecordKind::of(bytes) {
            Some(RecordKind::Series) => record::decode_series(bytes, |reference, labels| {
                self.series(reference, &Labels::from_sorted(labels.iter().copied()));
            }),
            Some(RecordKind::Samples) => {
                self.samples.clear();
                let decoded = record::decode_samples(bytes, &mut self.samples);
                self.apply();
                decoded
            }
            Some(RecordKind::StartedSamples) => {
                self.samples.clear();
                let decoded = record::decode_started_samples(bytes, &mut self.samples);
                self.apply();
                decoded
            }
            Some(RecordKind::Histograms(kind)) => {
                self.histograms.clear();
                let decoded = record::decode_histograms(kind, bytes, &mut self.histograms);
                self.apply_histograms();
                decoded
            }
            Some(RecordKind::Tombstones) => {
                let mut tombstones = Vec::new();
                let decoded = record::decode_tombstones(bytes, &mut tombstones);
                self.head.apply_tombstones(&tombstones);
                decoded
            }
            Some(RecordKind::Metadata) => Ok(()),
            Some(RecordKind::Other(_)) | None => {
                self.replay.skipped_records += 1;
                Ok(())
            }
        };
        if decoded.is_err() {
            self.replay.corruptions += 1;
            tracing::warn!("a record of the write-ahead log ends too early; its rest is lost");
        }
    }

    fn series(&mut self, reference: u64, labels: &Labels) {
        if !self.head.restore_series(reference, labels) {
            self.replay.unknown_series += 1;
            return;
        }
        let chunks = self.chunk_files.take(reference);
        if !chunks.is_empty() {
            self.adopt(reference, chunks);
        }
    }

    /// Gives chunks that were in files to their series. Samples of the log that are in them are
    /// refused later.
    fn adopt(&mut self, reference: u64, chunks: Vec<NewChunk>) {
        let head = self.head;
        let row = head.replayed_row(&head.aliases(), reference);
        let Some((row, slab)) = row.and_then(|row| Some((row, head.slab(row)?))) else {
            return;
        };
        let mut rows = slab.write();
        let Some(found) = rows.get_mut(row) else {
            return;
        };
        let (count, outcome) = found.adopt(chunks, head.chunk_range);
        drop(rows);
        head.metrics.chunks_created.add(count as u64);
        head.metrics.chunks.add(count as f64);
        match outcome {
            Ok(Some(range)) => head.note_times(range),
            Ok(None) => {}
            Err(error) => {
                self.replay.corruptions += 1;
                tracing::warn!(row, error = %error, "the last chunk of a series cannot be read");
            }
        }
    }

    fn apply(&mut self) {
        let head = self.head;
        let min_valid = head.min_valid_time();
        let aliases = head.aliases();
        self.pending.clear();
        for sample in self
            .samples
            .iter()
            .filter(|sample| sample.time >= min_valid)
        {
            match head.replayed_row(&aliases, sample.series) {
                Some(row) => {
                    self.pending.push(Pending {
                        row,
                        time: sample.time,
                        value: sample.value,
                    });
                }
                None => self.replay.unknown_series += 1,
            }
        }
        drop(aliases);
        if !self.pending.is_sorted_by_key(|sample| sample.row) {
            self.pending.sort_by_key(|sample| sample.row);
        }
        self.replay.samples += head.apply(&self.pending).samples;
    }

    fn apply_histograms(&mut self) {
        let head = self.head;
        let min_valid = head.min_valid_time();
        let aliases = head.aliases();
        let mut pending = Vec::new();
        for RefHistogram {
            series,
            time,
            histogram,
        } in self.histograms.drain(..)
        {
            if time < min_valid {
                continue;
            }
            if !histogram.is_stale() && histogram.validate().is_err() {
                self.replay.corruptions += 1;
                continue;
            }
            match head.replayed_row(&aliases, series) {
                Some(row) => pending.push(PendingHistogram {
                    row,
                    time,
                    histogram,
                }),
                None => self.replay.unknown_series += 1,
            }
        }
        drop(aliases);
        pending.sort_by_key(|sample| sample.row);
        self.replay.samples += head.apply(&pending).samples;
    }
}

/// References in the log that stand for a series which has another one now.
type Aliases = HashMap<u64, u32, RandomState>;

impl Head {
    fn aliases(&self) -> MutexGuard<'_, Aliases> {
        self.aliases.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[inline]
    fn replayed_row(&self, aliases: &Aliases, reference: u64) -> Option<u32> {
        let alias = match aliases.is_empty() {
            true => None,
            false => aliases.get(&reference).copied(),
        };
        alias.or_else(|| self.row(reference))
    }

    /// Takes up a series under the reference that the log gave it. False if that is impossible.
    fn restore_series(&self, reference: u64, labels: &Labels) -> bool {
        use std::sync::atomic::Ordering;

        let current = self.catalog.read().unwrap_or_else(PoisonError::into_inner);
        let mut catalog = current.write().unwrap_or_else(PoisonError::into_inner);
        if catalog.rows().is_empty() {
            self.epoch
                .store(reference & !u64::from(u32::MAX), Ordering::Relaxed);
        }
        let Some(row) = self.row(reference).filter(|&row| row < u32::MAX) else {
            return false;
        };
        // Also where no row is made: a number that the log has used is never given out again.
        self.next_row.fetch_max(row + 1, Ordering::Relaxed);
        self.settled_row.fetch_max(row + 1, Ordering::Relaxed);
        let fingerprint = labels.fingerprint();
        let mut aliases = self.aliases.lock().unwrap_or_else(PoisonError::into_inner);
        // The newest record of a reference says what it stands for from there on.
        aliases.remove(&reference);
        if let Some(known) = catalog.find(labels, fingerprint) {
            if known != row {
                aliases.insert(reference, known);
            }
            return true;
        }
        drop(aliases);
        let slab = self.slab_or_new(row);
        let mut rows = slab.write();
        if labels.is_empty() || rows.get(row).is_some() {
            return false;
        }
        if catalog.insert(row, labels, fingerprint).is_err() {
            return false;
        }
        rows.create(row);
        self.metrics.series.inc();
        self.metrics.series_created.inc();
        true
    }
}

fn is_whole(fs: &dyn Fs, dir: &Path, checkpoint: u32) -> Result<bool, WalError> {
    let folder = checkpoint_path(dir, checkpoint);
    let segments = list_segments(fs, &folder)?;
    for &number in &segments {
        let report = check_segment(fs, &segment_path(&folder, number))?;
        if !report.damages.is_empty() {
            return Ok(false);
        }
    }
    Ok(!segments.is_empty())
}

/// Cuts a segment behind its last whole record. If that fails, the end stays and is passed over
/// again at the next start.
fn repair(fs: &dyn Fs, path: &Path, report: &SegmentReport) {
    let outcome = fs.open_append(path).and_then(|mut file| {
        file.set_len(report.good_end)?;
        file.sync()
    });
    match outcome {
        Ok(()) => tracing::warn!(
            segment = %path.display(),
            kept = report.good_end,
            cut = report.len - report.good_end,
            "torn end of the write-ahead log cut off"
        ),
        Err(error) => tracing::error!(
            segment = %path.display(),
            error = %error,
            "torn end of the write-ahead log could not be cut off"
        ),
    }
}

/// Where Prometheus keeps chunks of the head.
const CHUNKS_DIR: &str = "chunks_head";

#[cfg(test)]
mod tests {
    use exposition::Registry;

    use super::*;
    use crate::metrics::HeadMetrics;

    fn labels(job: &str) -> Labels {
        Labels::from_pairs([("__name__", "up"), ("job", job)])
    }

    fn row_of(head: &Head, job: &str) -> Option<u32> {
        let labels = labels(job);
        head.with_catalog(|catalog| catalog.find(&labels, labels.fingerprint()))
    }

    #[test]
    fn a_reference_in_the_log_is_never_given_out_again() {
        let head = Head::new(7_200_000, 0, HeadMetrics::new(&Registry::new()));
        // A series that was dropped and came back stands in the log under two references.
        assert!(head.restore_series(5, &labels("a")));
        assert!(head.restore_series(200, &labels("a")));
        assert_eq!(row_of(&head, "a"), Some(5));
        assert!(head.find_or_create(&labels("b")).unwrap() > 200);
        // A log in which the number was given out again all the same: the newest record holds.
        assert!(head.restore_series(200, &labels("c")));
        assert_eq!(row_of(&head, "c"), Some(200));
        assert!(!head.aliases.lock().unwrap().contains_key(&200));
    }
}
