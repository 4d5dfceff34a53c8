//! From the log back into memory: the newest checkpoint first, then the segments behind it. One
//! thread reads and decodes, this one names series, others add samples to them.

mod appliers;
mod log;

use std::path::Path;
use std::sync::mpsc::sync_channel;
use std::sync::{MutexGuard, PoisonError};

use hashbrown::HashMap;
use host::fs::Fs;
use model::{Fingerprint, Labels};
use rapidhash::fast::RandomState;

use super::Head;
use super::append::{Pending, PendingHistogram};
use super::chunk_files::{CHUNKS_DIR, ChunkFile, ChunkFiles};
use crate::chunk::encode::NewChunk;
use crate::status::ReplayProgress;
use crate::wal::WalError;
use crate::wal::record::{self, RefHistogram, RefSample};
use crate::wire::Malformed;
use appliers::Appliers;
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
    /// Those files, oldest first.
    pub(crate) chunk_files: Vec<ChunkFile>,
    pub(crate) corruptions: usize,
}

impl Head {
    /// Replays the log in `dir` on top of the chunks in the folder beside it. Damage is noted,
    /// counted and left behind; a torn end of the last segment is cut off if `repairs`.
    pub(crate) fn replay(
        &self,
        fs: &dyn Fs,
        dir: &Path,
        repairs: bool,
        progress: &ReplayProgress,
    ) -> Result<Replay, WalError> {
        let beside = dir.with_file_name(CHUNKS_DIR);
        let mut chunk_files = ChunkFiles::read(fs, &beside, self.min_valid_time())?;
        let replay = Replay {
            corruptions: chunk_files.damages,
            skipped_chunks: chunk_files.skipped,
            chunk_files: std::mem::take(&mut chunk_files.files),
            ..Replay::default()
        };
        let (sender, entries) = sync_channel(QUEUED);
        let reader = LogReader::new(fs, dir, sender);
        let (mut replay, report) = std::thread::scope(|scope| {
            let mut state = ReplayState {
                head: self,
                replay,
                chunk_files,
                appliers: Appliers::start(scope, self).map_err(WalError::at(dir))?,
            };
            let reader = std::thread::Builder::new()
                .name("replay-log".to_owned())
                .spawn_scoped(scope, move || reader.run(repairs, progress))
                .map_err(WalError::at(dir))?;
            entries.into_iter().for_each(|entries| state.take(entries));
            let mut replay = state.replay;
            replay.samples = state.appliers.finish();
            match reader.join() {
                Ok(report) => Ok((replay, report?)),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        })?;
        let LogReport {
            segments,
            skipped_records,
            corruptions,
        } = report;
        replay.segments = segments;
        replay.skipped_records = skipped_records;
        replay.corruptions += corruptions;
        self.metrics.wal_corruptions.add(replay.corruptions as u64);
        self.note_unknown(&replay);
        Ok(replay)
    }
}

impl Head {
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
    replay: Replay,
    chunk_files: ChunkFiles,
    appliers: Appliers<'scope>,
}

impl ReplayState<'_, '_> {
    fn take(&mut self, entries: Entries) {
        match entries {
            Entries::Series(named) => named.iter().for_each(|series| self.series(series)),
            Entries::Samples(samples) => self.samples(&samples),
            Entries::Histograms(histograms) => self.histograms(histograms),
            Entries::Tombstones(tombstones) => {
                self.appliers.drain();
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
        if !self.head.restore_series(*reference, labels, *fingerprint) {
            self.replay.unknown_series += 1;
            return;
        }
        let chunks = self.chunk_files.take(*reference);
        if !chunks.is_empty() {
            // The series may be known by another reference and have samples on their way.
            self.appliers.drain();
            self.adopt(*reference, chunks);
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

    fn samples(&mut self, samples: &[RefSample]) {
        let head = self.head;
        let min_valid = head.min_valid_time();
        let aliases = head.aliases();
        for sample in samples.iter().filter(|sample| sample.time >= min_valid) {
            match head.replayed_row(&aliases, sample.series) {
                Some(row) => self.appliers.sample(Pending {
                    row,
                    time: sample.time,
                    value: sample.value,
                }),
                None => self.replay.unknown_series += 1,
            }
        }
        self.appliers.send();
    }

    fn histograms(&mut self, histograms: Vec<RefHistogram>) {
        let head = self.head;
        let min_valid = head.min_valid_time();
        let aliases = head.aliases();
        for RefHistogram {
            series,
            time,
            histogram,
        } in histograms
        {
            if time < min_valid {
                continue;
            }
            if !histogram.is_stale() && histogram.validate().is_err() {
                self.replay.corruptions += 1;
                continue;
            }
            match head.replayed_row(&aliases, series) {
                Some(row) => self.appliers.histogram(PendingHistogram {
                    row,
                    time,
                    histogram,
                }),
                None => self.replay.unknown_series += 1,
            }
        }
        self.appliers.send();
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
    fn restore_series(&self, reference: u64, labels: &Labels, fingerprint: Fingerprint) -> bool {
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
/// Batches of entries that wait: enough to even out their sizes.
const QUEUED: usize = 16;

#[cfg(test)]
mod tests {
    use exposition::Registry;

    use storage::NewSeries;

    use super::*;
    use crate::metrics::HeadMetrics;

    fn labels(job: &str) -> Labels {
        Labels::from_pairs([("__name__", "up"), ("job", job)])
    }

    fn restore(head: &Head, reference: u64, job: &str) -> bool {
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
        assert!(restore(&head, 5, "a"));
        assert!(restore(&head, 200, "a"));
        assert_eq!(row_of(&head, "a"), Some(5));
        let found = head.find_or_create(&labels("b"), NewSeries::Allowed);
        assert!(found.unwrap().0 > 200);
        // A log in which the number was given out again all the same: the newest record holds.
        assert!(restore(&head, 200, "c"));
        assert_eq!(row_of(&head, "c"), Some(200));
        assert!(!head.aliases.lock().unwrap().contains_key(&200));
    }
}
