//! From the log back into memory: the newest checkpoint first, then the segments behind it; or a
//! snapshot and what stands behind that. One thread reads and decodes, this one names series, others
//! add samples to them.

mod appliers;
mod files;
mod log;

use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, MutexGuard, PoisonError};

use hashbrown::{HashMap, HashSet};
use host::fs::Fs;
use model::{Fingerprint, Labels};
use rapidhash::fast::RandomState;

use super::append::{Pending, PendingHistogram};
use super::chunk_files::{CHUNKS_DIR, ChunkFiles, FoundChunks};
use super::snapshot::{Loaded, LogPosition, Unfit, remove};
use super::{FIRST_ROW, Head};
use crate::status::ReplayProgress;
use crate::wal::WalError;
use crate::wal::record::{self, RefHistogram, RefSample, Tombstone};
use crate::wire::Malformed;
use appliers::Appliers;
pub(super) use files::FiledAgain;
pub(super) use log::repair;
use log::{Entries, LogReader, LogReport, NamedSeries};

/// What a replay found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Replay {
    pub(crate) segments: usize,
    pub(crate) samples: usize,
    /// Samples of series that the log does not name.
    pub(crate) unknown_series: usize,
    /// Exemplars, and metadata, of such series.
    pub(crate) unknown_exemplars: usize,
    pub(crate) unknown_metadata: usize,
    /// Records of kinds that are not read.
    pub(crate) skipped_records: usize,
    /// Chunks in files whose encoding is not read, or that are out of order.
    pub(crate) skipped_chunks: usize,
    pub(crate) corruptions: usize,
    /// Everything that was deleted.
    pub(crate) tombstones: Vec<Tombstone>,
    /// Series that a snapshot had, if the start went by one.
    pub(crate) snapshot_series: Option<usize>,
}

/// How a replay goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ways {
    /// A torn end of the last segment is cut off, and what is no good of the files beside the log goes.
    pub(crate) repairs: bool,
    /// A snapshot is gone by, if there is one that fits.
    pub(crate) by_snapshot: bool,
    /// Only these series, from the log alone.
    pub(crate) share: Option<Share>,
}

/// A part of all series, by their labels: whatever references one has, they are in the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Share {
    pub(crate) number: u64,
    pub(crate) of: u64,
}

impl Share {
    fn has(self, fingerprint: Fingerprint) -> bool {
        fingerprint.get() % self.of.max(1) == self.number
    }
}

impl Head {
    /// Replays the log in `dir` on top of the chunks in the folder beside it. Damage is noted,
    /// counted and left behind.
    pub(crate) fn replay(
        &self,
        fs: &dyn Fs,
        dir: &Path,
        ways: Ways,
        progress: &ReplayProgress,
    ) -> Result<Replay, WalError> {
        let repairs = ways.repairs;
        let found = match ways.share {
            None => self.open_chunk_files(fs, dir, repairs)?,
            Some(_) => FoundChunks::default(),
        };
        let mut replay = Replay {
            corruptions: found.damages,
            skipped_chunks: found.skipped,
            ..Replay::default()
        };
        let chunk_damages = found.damages;
        let highest_reference = found.highest_reference;
        let mut files = FiledAgain::new(self, found);
        let mut from = None;
        if ways.by_snapshot {
            let data = dir.parent().unwrap_or(dir);
            match self.load_snapshot(fs, data, &mut files) {
                Ok(None) => {}
                Ok(Some(loaded)) => from = Some(replay.begin_with(loaded)),
                Err(error) => {
                    self.set_snapshot_aside(fs, data, &error);
                    self.clear();
                    files = FiledAgain::new(self, self.open_chunk_files(fs, dir, repairs)?);
                }
            }
        }
        let (sender, entries) = sync_channel(QUEUED);
        let reader = LogReader::new(fs, dir, sender);
        let (mut replay, orphaned, report) = std::thread::scope(|scope| {
            let mut state = ReplayState {
                head: self,
                fs,
                replay,
                files,
                unfiled_samples: repairs.then_some(0),
                orphaned: 0,
                share: ways.share,
                members: HashSet::default(),
                appliers: Appliers::start(scope, self).map_err(WalError::at(dir))?,
            };
            let reader = std::thread::Builder::new()
                .name("replay-log".to_owned())
                .spawn_scoped(scope, move || reader.run(from, repairs, progress))
                .map_err(WalError::at(dir))?;
            entries.into_iter().for_each(|entries| state.take(entries));
            let (mut replay, orphaned) = (state.replay, state.orphaned);
            replay.samples = state.appliers.finish();
            replay.corruptions += state.files.finish();
            match reader.join() {
                Ok(report) => Ok((replay, orphaned, report?)),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        })?;
        let LogReport {
            segments,
            skipped_records,
            corruptions,
        } = report;
        // What the log has lost may have been in a file, and of a series that ended it may have
        // samples: those numbers are not given out again.
        self.reserve_reference(highest_reference);
        self.reserve_reference(orphaned);
        replay.segments = segments;
        replay.skipped_records = skipped_records;
        replay.corruptions += corruptions;
        self.metrics.wal_corruptions.add(replay.corruptions as u64);
        let damages = chunk_damages as u64;
        self.metrics.upkeep.chunk_file_corruptions.add(damages);
        self.metrics.replayed_samples.add(replay.samples as u64);
        self.note_unknown(&replay);
        Ok(replay)
    }
}

impl Replay {
    /// Takes over what a snapshot left; returns where the log is to be read from.
    fn begin_with(&mut self, loaded: Loaded) -> LogPosition {
        self.snapshot_series = Some(loaded.series);
        self.tombstones = loaded.tombstones;
        loaded.position
    }
}

impl Head {
    fn open_chunk_files(
        &self,
        fs: &dyn Fs,
        log: &Path,
        repairs: bool,
    ) -> Result<FoundChunks, WalError> {
        let beside = log.with_file_name(CHUNKS_DIR);
        let (files, found) = ChunkFiles::open(fs, &beside, self.min_valid_time(), repairs)?;
        *self.chunk_files() = files;
        Ok(found)
    }

    /// Tells why no snapshot was gone by, and removes it: the log has what was in it, and others who
    /// open the directory might go by it.
    fn set_snapshot_aside(&self, fs: &dyn Fs, data: &Path, error: &Unfit) {
        self.metrics.snapshot_errors.inc();
        tracing::warn!(
            error = %error,
            "the snapshot of the head is left aside, and the log is read from its beginning"
        );
        remove(fs, data, |_| !matches!(error, Unfit::Unreadable(_)));
    }

    /// Forgets everything, as before anything was read.
    fn clear(&self) {
        *self.catalog.write().unwrap_or_else(PoisonError::into_inner) = Arc::default();
        self.slabs
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
        self.epoch.store(0, Ordering::Relaxed);
        self.next_row.store(FIRST_ROW, Ordering::Relaxed);
        self.settled_row.store(FIRST_ROW, Ordering::Relaxed);
        self.aliases().clear();
        self.min_time.store(i64::MAX, Ordering::Relaxed);
        self.max_time.store(i64::MIN, Ordering::Relaxed);
        self.exemplars.clear();
        self.metadata.clear();
        self.forget_deletions(i64::MAX, &[]);
        self.metrics.series.set(0.0);
        self.metrics.chunks.set(0.0);
    }

    /// Tells what a replay could not make use of.
    fn note_unknown(&self, replay: &Replay) {
        let metrics = &self.metrics;
        metrics
            .wal_skipped_records
            .add(replay.skipped_records as u64);
        for (kind, count) in [
            ("samples", replay.unknown_series),
            ("exemplars", replay.unknown_exemplars),
            ("metadata", replay.unknown_metadata),
        ] {
            if count > 0 || kind == "samples" {
                metrics.wal_unknown_records.with(&[kind]).add(count as u64);
            }
        }
    }
}

struct ReplayState<'a, 'scope> {
    head: &'a Head,
    fs: &'a dyn Fs,
    replay: Replay,
    files: FiledAgain<'a>,
    /// Samples since finished chunks were last put into files; none if they stay in memory.
    unfiled_samples: Option<usize>,
    /// The highest reference of a sample that no series had when it came.
    orphaned: u64,
    share: Option<Share>,
    /// References of the series in the share, if there is one.
    members: HashSet<u64, RandomState>,
    appliers: Appliers<'scope>,
}

impl ReplayState<'_, '_> {
    fn take(&mut self, entries: Entries) {
        match entries {
            Entries::Series(named) => named.iter().for_each(|series| self.series(series)),
            Entries::Samples(samples) => self.samples(&samples),
            Entries::Histograms(histograms) => self.histograms(histograms),
            Entries::Tombstones(mut tombstones) => {
                self.replay.tombstones.extend_from_slice(&tombstones);
                // What was deleted before this time is in blocks, without that.
                let settled = self.head.min_valid_time();
                tombstones.retain(|tombstone| tombstone.range.max_time >= settled);
                self.appliers.drain();
                self.files.attach();
                self.head.apply_tombstones(&tombstones);
            }
            Entries::Exemplars(record) => {
                let decoded = self.exemplars(&record);
                self.note(decoded);
            }
            Entries::Metadata(record) => {
                let decoded = self.metadata(&record);
                self.note(decoded);
            }
        }
    }

    fn series(&mut self, series: &NamedSeries) {
        let NamedSeries {
            reference,
            labels,
            fingerprint,
        } = series;
        if let Some(share) = self.share {
            if !share.has(*fingerprint) {
                self.members.remove(reference);
                return;
            }
            self.members.insert(*reference);
        }
        match self.head.restore_series(*reference, labels, *fingerprint) {
            Restored::Not => self.replay.unknown_series += 1,
            Restored::New(row) => self.files.begin(*reference, row),
            Restored::Known(row) => {
                if self.files.has(*reference) {
                    // Samples of it may be on their way.
                    self.appliers.drain();
                    self.files.attach();
                    self.files.follow(*reference, row);
                }
            }
        }
    }

    fn note(&mut self, decoded: Result<(), Malformed>) {
        if decoded.is_err() {
            self.replay.corruptions += 1;
            tracing::warn!("a record of the write-ahead log ends too early; its rest is lost");
        }
    }

    fn exemplars(&mut self, bytes: &[u8]) -> Result<(), Malformed> {
        let head = self.head;
        if !head.exemplars.are_kept() {
            return Ok(());
        }
        let aliases = head.aliases();
        let mut found = Vec::new();
        let decoded = record::decode_exemplars(bytes, |exemplar| {
            match head.replayed_row(&aliases, exemplar.series) {
                Some(row) => found.push((row, exemplar)),
                None => self.replay.unknown_exemplars += 1,
            }
        });
        drop(aliases);
        head.restore_exemplars(&found);
        decoded
    }

    fn metadata(&mut self, bytes: &[u8]) -> Result<(), Malformed> {
        let head = self.head;
        let aliases = head.aliases();
        record::decode_metadata(bytes, |metadata| {
            match head.replayed_row(&aliases, metadata.series) {
                Some(row) => head.restore_metadata(row, metadata),
                None => self.replay.unknown_metadata += 1,
            }
        })
    }

    fn samples(&mut self, samples: &[RefSample]) {
        let head = self.head;
        let min_valid = head.min_valid_time();
        let aliases = head.aliases();
        // A series that has ended may have left samples. They must not be on their way when another
        // one gets its reference.
        let known = head.next_row.load(Ordering::Relaxed);
        for sample in samples.iter().filter(|sample| sample.time >= min_valid) {
            if self.share.is_some() && !self.members.contains(&sample.series) {
                continue;
            }
            match head.replayed_row(&aliases, sample.series) {
                Some(row) if row < known => self.appliers.sample(Pending {
                    row,
                    time: sample.time,
                    value: sample.value,
                }),
                row => {
                    let reference = row.map_or(0, |_| sample.series);
                    self.orphaned = self.orphaned.max(reference);
                    self.replay.unknown_series += 1;
                }
            }
        }
        drop(aliases);
        self.appliers.send();
        self.file_chunks(samples.len());
    }

    /// As while it runs, the head has no more than some finished chunks in memory: a start must not
    /// need more of it than there was before.
    fn file_chunks(&mut self, samples: usize) {
        let Some(count) = &mut self.unfiled_samples else {
            return;
        };
        *count += samples;
        if *count < SAMPLES_PER_FILING {
            return;
        }
        *count = 0;
        self.files.attach();
        if let Err(error) = self.head.file_chunks(self.fs) {
            tracing::warn!(error = %error, "chunks of the log stay in memory, no file takes them");
            self.unfiled_samples = None;
        }
    }

    fn histograms(&mut self, histograms: Vec<RefHistogram>) {
        let head = self.head;
        let min_valid = head.min_valid_time();
        let aliases = head.aliases();
        let known = head.next_row.load(Ordering::Relaxed);
        for RefHistogram {
            series,
            time,
            histogram,
        } in histograms
        {
            let is_elsewhere = self.share.is_some() && !self.members.contains(&series);
            if time < min_valid || is_elsewhere {
                continue;
            }
            if !histogram.is_stale() && histogram.validate().is_err() {
                self.replay.corruptions += 1;
                continue;
            }
            match head.replayed_row(&aliases, series) {
                Some(row) if row < known => self.appliers.histogram(PendingHistogram {
                    row,
                    time,
                    histogram,
                }),
                row => {
                    self.orphaned = self.orphaned.max(row.map_or(0, |_| series));
                    self.replay.unknown_series += 1;
                }
            }
        }
        self.appliers.send();
    }
}

/// References in the log that stand for a series which has another one now.
pub(super) type Aliases = HashMap<u64, u32, RandomState>;

impl Head {
    pub(super) fn aliases(&self) -> MutexGuard<'_, Aliases> {
        self.aliases.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[inline]
    pub(super) fn replayed_row(&self, aliases: &Aliases, reference: u64) -> Option<u32> {
        let alias = match aliases.is_empty() {
            true => None,
            false => aliases.get(&reference).copied(),
        };
        alias.or_else(|| self.row(reference))
    }

    /// Takes up a series under the reference that the log gave it.
    fn restore_series(
        &self,
        reference: u64,
        labels: &Labels,
        fingerprint: Fingerprint,
    ) -> Restored {
        let current = self.catalog.read().unwrap_or_else(PoisonError::into_inner);
        let mut catalog = current.write().unwrap_or_else(PoisonError::into_inner);
        if catalog.rows().is_empty() {
            self.epoch
                .store(reference & !u64::from(u32::MAX), Ordering::Relaxed);
        }
        let Some(row) = self.reserve_reference(reference) else {
            return Restored::Not;
        };
        let mut aliases = self.aliases.lock().unwrap_or_else(PoisonError::into_inner);
        // The newest record of a reference says what it stands for from there on.
        aliases.remove(&reference);
        if let Some(known) = catalog.find(labels, fingerprint) {
            if known != row {
                aliases.insert(reference, known);
            }
            return Restored::Known(known);
        }
        drop(aliases);
        let slab = self.slab_or_new(row);
        let mut rows = slab.write();
        if labels.is_empty() || rows.get(row).is_some() {
            return Restored::Not;
        }
        if catalog.insert(row, labels, fingerprint).is_err() {
            return Restored::Not;
        }
        rows.create(row);
        self.metrics.series.inc();
        self.metrics.series_created.inc();
        Restored::New(row)
    }

    /// Sees to it that no series gets this reference, which is in use already; returns its row.
    pub(super) fn reserve_reference(&self, reference: u64) -> Option<u32> {
        let row = self.row(reference).filter(|&row| row < u32::MAX)?;
        self.next_row.fetch_max(row + 1, Ordering::Relaxed);
        self.settled_row.fetch_max(row + 1, Ordering::Relaxed);
        Some(row)
    }
}

/// What became of a series in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Restored {
    /// It has this row, which is new.
    New(u32),
    /// It has had this row before, perhaps under another reference.
    Known(u32),
    /// There is no place for it.
    Not,
}

/// Batches of entries that wait: enough to even out their sizes.
const QUEUED: usize = 16;
/// Samples of the log after which finished chunks go to files: some ten megabytes of them.
const SAMPLES_PER_FILING: usize = 4 << 20;

#[cfg(test)]
mod tests {
    use exposition::Registry;

    use storage::NewSeries;

    use super::*;
    use crate::metrics::HeadMetrics;

    fn labels(job: &str) -> Labels {
        Labels::from_pairs([("__name__", "up"), ("job", job)])
    }

    fn restore(head: &Head, reference: u64, job: &str) -> Restored {
        let labels = labels(job);
        head.restore_series(reference, &labels, labels.fingerprint())
    }

    fn row_of(head: &Head, job: &str) -> Option<u32> {
        let labels = labels(job);
        head.with_catalog(|catalog| catalog.find(&labels, labels.fingerprint()))
    }

    #[test]
    fn a_reference_in_the_log_is_never_given_out_again() {
        let head = Head::new(7_200_000, 0, HeadMetrics::new(&Registry::new()));
        // A series that was dropped and came back stands in the log under two references.
        assert_eq!(restore(&head, 5, "a"), Restored::New(5));
        assert_eq!(restore(&head, 200, "a"), Restored::Known(5));
        assert_eq!(row_of(&head, "a"), Some(5));
        let found = head.find_or_create(&labels("b"), NewSeries::Allowed);
        assert!(found.unwrap().0 > 200);
        // A log in which the number was given out again all the same: the newest record holds.
        assert_eq!(restore(&head, 200, "c"), Restored::New(200));
        assert_eq!(row_of(&head, "c"), Some(200));
        assert!(!head.aliases.lock().unwrap().contains_key(&200));
    }
}
