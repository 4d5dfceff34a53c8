//! The log of samples out of order, `wbl`: records of samples and histograms as in the main log,
//! which names the series. Layout: `docs/formats/wbl.md`.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use exposition::instrument::Summary;
use hashbrown::HashMap;
use host::clock::Clock;
use host::fs::Fs;
use model::TimeRange;
use rapidhash::fast::RandomState;

use super::{ByRow, Value};
use crate::head::Head;
use crate::head::replay::repair;
use crate::wal::reader::read_segment;
use crate::wal::record::{self, RecordKind, Tombstone};
use crate::wal::segment::{list_segments, segment_path};
use crate::wal::{Syncing, Wal, WalError, WalOptions};

/// Where and how the log is to be written.
pub(crate) struct LogPlace {
    pub(crate) fs: Arc<dyn Fs>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) sync_seconds: Summary,
    pub(crate) dir: PathBuf,
    pub(crate) options: WalOptions,
}

/// The log as far as it has begun, which it does with the first sample out of order.
#[derive(Default)]
pub(crate) struct OutOfOrderLog {
    place: OnceLock<LogPlace>,
    beginning: Mutex<()>,
    wal: OnceLock<Wal>,
}

impl OutOfOrderLog {
    /// Says where to write. Without a place nothing is.
    pub(crate) fn keep_in(&self, place: LogPlace) {
        // Said once, when the database is opened.
        drop(self.place.set(place));
    }

    /// The log, if something has been written to it.
    pub(crate) fn begun(&self) -> Option<&Wal> {
        self.wal.get()
    }

    /// The log, behind what its folder had before.
    pub(crate) fn begin(&self) -> Result<&Wal, WalError> {
        if let Some(wal) = self.wal.get() {
            return Ok(wal);
        }
        let _beginning = self
            .beginning
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(wal) = self.wal.get() {
            return Ok(wal);
        }
        let Some(place) = self.place.get() else {
            let source = std::io::ErrorKind::ReadOnlyFilesystem.into();
            return Err(WalError {
                path: PathBuf::from(FOLDER),
                source,
            });
        };
        let syncing = Syncing {
            clock: Arc::clone(&place.clock),
            seconds: place.sync_seconds.clone(),
        };
        let wal = Wal::open(Arc::clone(&place.fs), &place.dir, place.options, syncing)?;
        Ok(self.wal.get_or_init(|| wal))
    }

    /// Makes everything that was written durable. What a failed sync covered is lost to the log and
    /// still in memory.
    pub(crate) fn sync(&self) -> Result<(), WalError> {
        self.begun().map_or(Ok(()), |wal| wal.sync(|| {}))
    }

    /// Ends the log for good.
    pub(crate) fn close(&self) -> Result<(), WalError> {
        self.begun().map_or(Ok(()), |wal| wal.lock().close())
    }
}

/// What a replay of the log found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct OutOfOrderReplay {
    pub(crate) segments: usize,
    pub(crate) samples: usize,
    /// Samples of series that the main log does not name.
    pub(crate) unknown_series: usize,
    pub(crate) corruptions: usize,
}

impl Head {
    /// Replays the log of samples out of order in `dir`, which need not be there, behind the main
    /// one, in which stands what was `deleted`. Damage is noted, counted and left behind; a torn end is cut off if `repairs`.
    pub(crate) fn replay_out_of_order(
        &self,
        fs: &dyn Fs,
        dir: &Path,
        repairs: bool,
        deleted: &[Tombstone],
    ) -> Result<OutOfOrderReplay, WalError> {
        let mut replay = OutOfOrderReplay::default();
        let segments = list_segments(fs, dir)?;
        if segments.is_empty() {
            return Ok(replay);
        }
        for &number in &segments {
            let path = segment_path(dir, number);
            let layer = self.out_of_order.youngest();
            let mut series = layer.write();
            // Prometheus hides from these samples what it deleted; ours say themselves what is.
            let hidden = match deleted.is_empty() || is_ours(fs, &path)? {
                true => Hidden::default(),
                false => self.hidden(deleted),
            };
            let report = read_segment(fs, &path, &mut |bytes| {
                self.replay_late(bytes, &hidden, &mut series, &mut replay);
            })?;
            drop(series);
            replay.segments += 1;
            replay.corruptions += report.damages.len();
            for damage in &report.damages {
                tracing::warn!(
                    segment = %path.display(),
                    offset = damage.offset,
                    reason = damage.reason,
                    "the log of samples out of order is damaged; records on this page are lost"
                );
            }
            if repairs && Some(&number) == segments.last() && report.has_torn_tail() {
                repair(fs, &path, &report);
            }
        }
        self.metrics.wal_corruptions.add(replay.corruptions as u64);
        let unknown = &self.out_of_order.metrics.unknown_records;
        unknown.with(&["samples"]).add(replay.unknown_series as u64);
        Ok(replay)
    }

    fn hidden(&self, deleted: &[Tombstone]) -> Hidden {
        let aliases = self.aliases();
        let mut hidden = Hidden::default();
        for tombstone in deleted {
            if let Some(row) = self.replayed_row(&aliases, tombstone.series) {
                hidden.entry(row).or_default().push(tombstone.range);
            }
        }
        hidden
    }

    fn replay_late(
        &self,
        bytes: &[u8],
        hidden: &Hidden,
        series: &mut ByRow,
        replay: &mut OutOfOrderReplay,
    ) {
        let aliases = self.aliases();
        let mut insert = |reference, time, value| match self
            .replayed_row(&aliases, reference)
            .filter(|&row| self.has_row(row))
        {
            Some(row) => {
                let ranges = hidden.get(&row).into_iter().flatten();
                if !ranges.into_iter().any(|range| range.contains(time)) {
                    series.entry(row).or_default().insert(time, value);
                    replay.samples += 1;
                }
            }
            None => {
                // A power failure took the series out of the main log. The next one that comes must
                // not take over its samples.
                self.reserve_reference(reference);
                replay.unknown_series += 1;
            }
        };
        let kind = RecordKind::of(bytes);
        let decoded = match kind {
            Some(RecordKind::Samples | RecordKind::StartedSamples) => {
                let mut samples = Vec::new();
                let decoded = match kind {
                    Some(RecordKind::Samples) => record::decode_samples(bytes, &mut samples),
                    _ => record::decode_started_samples(bytes, &mut samples),
                };
                for sample in samples {
                    insert(sample.series, sample.time, Value::Float(sample.value));
                }
                decoded
            }
            Some(RecordKind::Histograms(kind)) => {
                let mut histograms = Vec::new();
                let decoded = record::decode_histograms(kind, bytes, &mut histograms);
                for found in histograms {
                    let histogram = found.histogram;
                    if histogram.is_stale() || histogram.validate().is_ok() {
                        insert(found.series, found.time, Value::Histogram(histogram));
                    }
                }
                decoded
            }
            Some(RecordKind::Tombstones) => {
                let mut tombstones = Vec::new();
                let decoded = record::decode_tombstones(bytes, &mut tombstones);
                for Tombstone { series: of, range } in tombstones {
                    let row = self.replayed_row(&aliases, of);
                    if let Some(found) = row.and_then(|row| series.get_mut(&row))
                        && let Err(error) = found.delete(range)
                    {
                        tracing::error!(error = %error, "samples out of order not deleted");
                    }
                }
                decoded
            }
            // Chunks in files, which markers are about, hold nothing that is not in the log.
            _ => Ok(()),
        };
        if decoded.is_err() {
            replay.corruptions += 1;
            tracing::warn!("a record of samples out of order ends too early; its rest is lost");
        }
    }
}

/// Ranges of time that were deleted, by row.
type Hidden = HashMap<u32, Vec<TimeRange>, RandomState>;

/// True if we wrote a segment: somewhere in it is the record that stands behind each of our batches.
fn is_ours(fs: &dyn Fs, path: &Path) -> Result<bool, WalError> {
    let mut found = false;
    read_segment(fs, path, &mut |bytes| found |= bytes == OURS)?;
    Ok(found)
}

/// The record behind each batch: deletions, none. Prometheus passes over it.
pub(crate) const OURS: &[u8] = &[3];
/// The log's folder in the data directory.
pub(crate) const FOLDER: &str = "wbl";
