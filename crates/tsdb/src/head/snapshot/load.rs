//! Starting from a snapshot: one thread reads it and the open chunks in it, the other names series
//! and gives them their chunks.

use std::path::Path;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{SyncSender, sync_channel};

use hashbrown::HashMap;
use host::fs::Fs;
use model::{Fingerprint, Labels, TimeRange};
use rapidhash::fast::RandomState;
use storage::SampleBuffer;

use super::position::LogPosition;
use super::record::{self, EXEMPLARS, SERIES, StoredSeries, TOMBSTONES};
use super::supplement::Supplement;
use super::{Unfit, older};
use crate::chunk::ChunkEncoding;
use crate::head::Head;
use crate::head::catalog::SLAB_ROWS;
use crate::head::replay::FiledAgain;
use crate::head::series::OpenChunk;
use crate::wal::reader::read_segment;
use crate::wal::record::{Tombstone, decode_exemplars};
use crate::wal::segment::{list_segments, segment_path};

/// What a start from a snapshot leaves to do.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// The log is to be read from here on.
    pub(crate) position: LogPosition,
    pub(crate) series: usize,
    /// Everything that had been deleted.
    pub(crate) tombstones: Vec<Tombstone>,
}

/// What is read of a snapshot, in its order.
enum Part {
    Series(Vec<ReadSeries>),
    Tombstones(Vec<Tombstone>),
    Exemplars(Vec<u8>),
}

struct ReadSeries {
    reference: u64,
    labels: Labels,
    fingerprint: Fingerprint,
    chunk: Option<OpenChunk>,
}

impl Head {
    /// Fills the head, which is empty, from the newest snapshot in the data directory. `None` if there
    /// is none. On an error the head has parts of it.
    pub(in crate::head) fn load_snapshot(
        &self,
        fs: &dyn Fs,
        dir: &Path,
        files: &mut FiledAgain<'_>,
    ) -> Result<Option<Loaded>, Unfit> {
        let Some(position) = LogPosition::of_newest_snapshot(fs, dir)? else {
            return Ok(None);
        };
        let (folder, wal) = (position.folder(dir), dir.join("wal"));
        let supplement = Supplement::read(fs, &folder)?;
        position.check(fs, &wal, supplement.is_none())?;
        if let Some(supplement) = &supplement {
            self.check_surroundings(fs, &wal, position, supplement)?;
        }
        let mut deletions: HashMap<u64, Vec<TimeRange>, RandomState> = HashMap::default();
        for tombstone in supplement.iter().flat_map(|known| &known.deletions) {
            let ranges = deletions.entry(tombstone.series).or_default();
            ranges.push(tombstone.range);
        }
        let mut loading = Loading {
            head: self,
            files,
            deletions,
            series: 0,
            tombstones: None,
        };
        loading.run(fs, &folder, supplement.as_ref().map(|known| known.series))?;
        let (series, tombstones) = (loading.series, loading.tombstones.unwrap_or_default());
        match &supplement {
            Some(supplement) => self.take_up(supplement),
            None => {
                older::read(self, fs, &wal, position)?;
                files.attach();
                let settled = self.min_valid_time();
                let (recent, _): (Vec<_>, Vec<_>) = tombstones
                    .iter()
                    .copied()
                    .partition(|tombstone| tombstone.range.max_time >= settled);
                self.apply_tombstones(&recent);
            }
        }
        Ok(Some(Loaded {
            position,
            series,
            tombstones,
        }))
    }

    /// Whether log, files of chunks and blocks are those that the snapshot was made beside.
    fn check_surroundings(
        &self,
        fs: &dyn Fs,
        wal: &Path,
        position: LogPosition,
        supplement: &Supplement,
    ) -> Result<(), Unfit> {
        if position.checksum_before(fs, wal)? != supplement.log_checksum {
            return Err(Unfit::Outdated("the log before it is another one"));
        }
        let settled = self.min_valid_time();
        if settled < supplement.dropped_before {
            return Err(Unfit::Outdated("a block that it counts on is gone"));
        }
        match self.chunk_files().hold(&supplement.chunk_files, settled)? {
            true => Ok(()),
            false => Err(Unfit::Outdated(
                "a file of chunks that it counts on is not whole",
            )),
        }
    }

    /// What only the supplement says.
    fn take_up(&self, supplement: &Supplement) {
        self.reserve_reference(supplement.next_reference.saturating_sub(1));
        if supplement.newest > i64::MIN {
            self.max_time
                .fetch_max(supplement.newest, Ordering::Relaxed);
        }
        for &(alias, reference) in &supplement.aliases {
            if let Some(row) = self.row(reference) {
                self.aliases().insert(alias, row);
            }
        }
        for (metadata, references) in &supplement.metadata {
            for &reference in references {
                if let Some(row) = self.row(reference) {
                    self.set_metadata(row, metadata);
                }
            }
        }
    }

    /// Deletions that the open chunk of a row has seen, and those in files have not.
    fn delete_from_files(&self, row: u32, ranges: &[TimeRange]) -> Result<(), Unfit> {
        let Some(slab) = self.slab(row) else {
            return Ok(());
        };
        let mut rows = slab.write();
        for &range in ranges {
            self.note_deletion(row, range);
            rows.note_deletion(row, range.max_time);
        }
        rows.unfile_without(row, ranges)
            .map_err(|error| Unfit::damaged(error.to_string()))
    }
}

struct Loading<'a, 'f> {
    head: &'a Head,
    files: &'a mut FiledAgain<'f>,
    /// Ranges that were deleted, by reference.
    deletions: HashMap<u64, Vec<TimeRange>, RandomState>,
    series: usize,
    tombstones: Option<Vec<Tombstone>>,
}

impl Loading<'_, '_> {
    fn run(&mut self, fs: &dyn Fs, folder: &Path, series: Option<u64>) -> Result<(), Unfit> {
        self.head.begin_bulk(series.unwrap_or_default());
        let (sender, parts) = sync_channel(QUEUED);
        let chunk_range = self.head.chunk_range();
        let outcome = std::thread::scope(|scope| {
            let reader = std::thread::Builder::new()
                .name("replay-snapshot".to_owned())
                .spawn_scoped(scope, move || read_parts(fs, folder, chunk_range, &sender));
            let reader = reader.map_err(crate::wal::WalError::at(folder))?;
            // The first error ends this half, and with it the other one.
            let taken = parts.into_iter().try_for_each(|part| self.take(part));
            match reader.join() {
                Ok(read) => read.and(taken),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        });
        self.head.end_bulk();
        outcome?;
        // It stands behind the last series: what ends before is not all.
        let is_whole =
            self.tombstones.is_some() && series.is_none_or(|series| series == self.series as u64);
        match is_whole {
            true => Ok(()),
            false => Err(Unfit::damaged("it ends too early")),
        }
    }

    fn take(&mut self, part: Part) -> Result<(), Unfit> {
        match part {
            Part::Series(batch) => {
                self.series += batch.len();
                self.head.name_all(&batch)?;
                for series in &batch {
                    if let Some(row) = self.head.row(series.reference) {
                        self.files.begin(series.reference, row);
                    }
                }
                self.delete(&batch)?;
                self.head.resume_all(batch)
            }
            Part::Tombstones(tombstones) => {
                self.tombstones = Some(tombstones);
                Ok(())
            }
            Part::Exemplars(record) => self.exemplars(&record),
        }
    }

    fn delete(&mut self, batch: &[ReadSeries]) -> Result<(), Unfit> {
        let ranges_of = |series: &ReadSeries| self.deletions.get(&series.reference);
        let mut concerned = batch
            .iter()
            .filter_map(|series| Some((series.reference, ranges_of(series)?)))
            .peekable();
        if concerned.peek().is_some() {
            self.files.attach();
        }
        for (reference, ranges) in concerned {
            if let Some(row) = self.head.row(reference) {
                self.head.delete_from_files(row, ranges)?;
            }
        }
        Ok(())
    }

    fn exemplars(&self, record: &[u8]) -> Result<(), Unfit> {
        let head = self.head;
        if !head.exemplars.are_kept() {
            return Ok(());
        }
        let mut found = Vec::new();
        let decoded = decode_exemplars(record, |exemplar| {
            let row = head.row(exemplar.series);
            if let Some(row) = row.filter(|&row| head.has_row(row)) {
                found.push((row, exemplar));
            }
        });
        decoded.map_err(|_| Unfit::damaged("a record of exemplars ends too early"))?;
        head.restore_exemplars(&found);
        Ok(())
    }
}

impl Head {
    /// Makes the catalog ready for many series in whatever order.
    fn begin_bulk(&self, series: u64) {
        let series = usize::try_from(series).unwrap_or_default();
        let current = self.catalog.read().unwrap_or_else(PoisonError::into_inner);
        let mut catalog = current.write().unwrap_or_else(PoisonError::into_inner);
        // What a damaged number asks for need not be there.
        catalog.begin_bulk(series.min(MOST_RESERVED));
    }

    fn end_bulk(&self) {
        let current = self.catalog.read().unwrap_or_else(PoisonError::into_inner);
        let mut catalog = current.write().unwrap_or_else(PoisonError::into_inner);
        catalog.end_bulk();
    }

    /// Takes up series under their references.
    fn name_all(&self, batch: &[ReadSeries]) -> Result<(), Unfit> {
        let current = self.catalog.read().unwrap_or_else(PoisonError::into_inner);
        let mut catalog = current.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(first) = batch.first().filter(|_| catalog.rows().is_empty()) {
            let epoch = first.reference & !u64::from(u32::MAX);
            self.epoch.store(epoch, Ordering::Relaxed);
        }
        for run in batch.chunk_by(are_neighbours) {
            let Some(slab) = run.first().map(|series| series.reference as u32) else {
                continue;
            };
            let slab = self.slab_or_new(slab);
            let mut rows = slab.write();
            for series in run {
                let row = self.reserve_reference(series.reference);
                let row = row.filter(|&row| rows.get(row).is_none() && !series.labels.is_empty());
                let twice = || Unfit::damaged("a series has no place of its own");
                let row = row.ok_or_else(twice)?;
                if catalog.find(&series.labels, series.fingerprint).is_some() {
                    return Err(twice());
                }
                catalog
                    .insert(row, &series.labels, series.fingerprint)
                    .map_err(|_| Unfit::damaged("it has more text than there is room for"))?;
                rows.create(row);
            }
        }
        self.metrics.series.add(batch.len() as f64);
        self.metrics.series_created.add(batch.len() as u64);
        Ok(())
    }

    /// Gives series that were named their open chunks.
    fn resume_all(&self, batch: Vec<ReadSeries>) -> Result<(), Unfit> {
        let settled = self.min_valid_time();
        let mut range: Option<TimeRange> = None;
        let mut count = 0;
        let mut batch = batch.into_iter().peekable();
        while let Some(first) = batch.peek() {
            let number = first.reference as u32 / SLAB_ROWS;
            let Some(slab) = self.slab(first.reference as u32) else {
                return Ok(());
            };
            let mut rows = slab.write();
            while let Some(series) =
                batch.next_if(|series| series.reference as u32 / SLAB_ROWS == number)
            {
                let row = rows.get_mut(series.reference as u32);
                let Some((row, chunk)) = row.zip(series.chunk) else {
                    continue;
                };
                let has = chunk.range;
                let added = row.resume(chunk, settled, self.chunk_range());
                let added = added.map_err(|error| Unfit::damaged(error.to_string()))?;
                count += added;
                if added > 0 {
                    let has = TimeRange::new(has.min_time.max(settled), has.max_time);
                    range = Some(range.map_or(has, |range| {
                        TimeRange::new(
                            range.min_time.min(has.min_time),
                            range.max_time.max(has.max_time),
                        )
                    }));
                }
            }
        }
        if let Some(range) = range {
            self.note_times(range);
        }
        self.metrics.chunks_created.add(count as u64);
        self.metrics.chunks.add(count as f64);
        Ok(())
    }
}

fn are_neighbours(a: &ReadSeries, b: &ReadSeries) -> bool {
    a.reference as u32 / SLAB_ROWS == b.reference as u32 / SLAB_ROWS
}

/// Reads a snapshot to its end.
fn read_parts(
    fs: &dyn Fs,
    folder: &Path,
    chunk_range: i64,
    parts: &SyncSender<Part>,
) -> Result<(), Unfit> {
    let mut reading = Reading {
        chunk_range,
        parts,
        batch: Vec::new(),
        samples: SampleBuffer::default(),
        outcome: Ok(()),
    };
    let segments = list_segments(fs, folder)?;
    for (expected, &number) in (0..).zip(&segments) {
        if number != expected {
            return Err(Unfit::damaged("a segment of it is missing"));
        }
        let path = segment_path(folder, number);
        let report = read_segment(fs, &path, &mut |bytes| reading.record(bytes))?;
        std::mem::replace(&mut reading.outcome, Ok(()))?;
        if let Some(damage) = report.damages.first() {
            let (reason, offset) = (damage.reason, damage.offset);
            return Err(Unfit::Damaged(format!(
                "{reason} at offset {offset} of segment {number}"
            )));
        }
    }
    reading.send_batch();
    reading.outcome
}

struct Reading<'a> {
    chunk_range: i64,
    parts: &'a SyncSender<Part>,
    batch: Vec<ReadSeries>,
    samples: SampleBuffer,
    outcome: Result<(), Unfit>,
}

impl Reading<'_> {
    fn record(&mut self, bytes: &[u8]) {
        if self.outcome.is_err() {
            return;
        }
        self.outcome = match bytes.first() {
            Some(&SERIES) => self.series(bytes),
            Some(&TOMBSTONES) => match record::read_tombstones(bytes) {
                Ok(tombstones) => self.send(Part::Tombstones(tombstones)),
                Err(_) => Err(Unfit::damaged("the record of deletions ends too early")),
            },
            Some(&EXEMPLARS) => self.send(Part::Exemplars(bytes.to_vec())),
            _ => Err(Unfit::damaged(
                "it has a record of a kind that is not known",
            )),
        };
    }

    fn series(&mut self, bytes: &[u8]) -> Result<(), Unfit> {
        let malformed = |_| Unfit::damaged("the record of a series is malformed");
        let stored = StoredSeries::read(bytes).map_err(malformed)?;
        let labels = stored.labels(&mut Vec::new()).map_err(malformed)?;
        let chunk = match stored.chunk {
            None => None,
            Some((encoding, bytes)) => {
                let encoding = ChunkEncoding::from_number(encoding);
                let unknown = || Unfit::damaged("a chunk has an encoding that is not known");
                let encoding = encoding.ok_or_else(unknown)?;
                OpenChunk::read(encoding, bytes, self.chunk_range, &mut self.samples)
                    .map_err(|error| Unfit::damaged(error.to_string()))?
            }
        };
        self.batch.push(ReadSeries {
            reference: stored.reference,
            fingerprint: labels.fingerprint(),
            labels,
            chunk,
        });
        if self.batch.len() >= SERIES_AT_ONCE {
            self.send_batch();
        }
        Ok(())
    }

    fn send_batch(&mut self) {
        if !self.batch.is_empty() {
            let room = Vec::with_capacity(SERIES_AT_ONCE);
            let batch = std::mem::replace(&mut self.batch, room);
            // Nobody receives any more only if the other half has an error, which it tells.
            drop(self.parts.send(Part::Series(batch)));
        }
    }

    /// Behind the series that wait.
    fn send(&mut self, part: Part) -> Result<(), Unfit> {
        self.send_batch();
        drop(self.parts.send(part));
        Ok(())
    }
}

/// Batches that wait: enough to even out their sizes.
const QUEUED: usize = 8;
/// Series that are handed on together.
const SERIES_AT_ONCE: usize = 1024;
/// Series for which there is room at once, whatever a snapshot says.
const MOST_RESERVED: usize = 16 << 20;
