//! The reading half of a replay: files into decoded entries, handed on in the order of the log.

use std::path::Path;
use std::sync::mpsc::SyncSender;

use host::fs::Fs;
use model::{Fingerprint, Labels};

use crate::head::snapshot::LogPosition;
use crate::status::{ReplayProgress, WalReplay};
use crate::wal::WalError;
use crate::wal::reader::{SegmentReport, check_segment, read_segment_from};
use crate::wal::record::{self, RecordKind, RefHistogram, RefSample, Tombstone};
use crate::wal::segment::{checkpoint_path, list_checkpoints, list_segments, segment_path};

/// What follows in the log, of one kind.
pub(super) enum Entries {
    Series(Vec<NamedSeries>),
    Samples(Vec<RefSample>),
    Histograms(Vec<RefHistogram>),
    Tombstones(Vec<Tombstone>),
    /// Records, not decoded: they are few, and most of what they hold is text.
    Exemplars(Vec<u8>),
    Metadata(Vec<u8>),
}

/// A series as the log names it.
pub(super) struct NamedSeries {
    pub(super) reference: u64,
    pub(super) labels: Labels,
    pub(super) fingerprint: Fingerprint,
}

/// What reading found beside the entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct LogReport {
    pub(super) segments: usize,
    pub(super) skipped_records: usize,
    pub(super) corruptions: usize,
}

impl LogReport {
    /// Counts a record of a kind that is not known.
    fn skip(&mut self, number: u8) {
        if self.skipped_records == 0 {
            tracing::warn!(
                number,
                "the write-ahead log has records of a kind that is not known; they are passed over"
            );
        }
        self.skipped_records += 1;
    }
}

/// Reads the log from its newest usable checkpoint to its end.
pub(super) struct LogReader<'a> {
    fs: &'a dyn Fs,
    dir: &'a Path,
    entries: SyncSender<Entries>,
    /// Samples that wait until there are enough of them to be handed on.
    samples: Vec<RefSample>,
    report: LogReport,
}

impl<'a> LogReader<'a> {
    pub(super) fn new(fs: &'a dyn Fs, dir: &'a Path, entries: SyncSender<Entries>) -> Self {
        Self {
            fs,
            dir,
            entries,
            samples: Vec::new(),
            report: LogReport::default(),
        }
    }

    /// Reads everything, or what stands behind `from`. Damage is noted, counted and left behind; a torn end of the last segment
    /// is cut off if `repairs`.
    pub(super) fn run(
        mut self,
        from: Option<LogPosition>,
        repairs: bool,
        progress: &ReplayProgress,
    ) -> Result<LogReport, WalError> {
        let checkpoint = match from {
            Some(_) => None,
            None => self.usable_checkpoint()?,
        };
        if let Some(number) = checkpoint {
            let folder = checkpoint_path(self.dir, number);
            for number in list_segments(self.fs, &folder)? {
                self.segment(&segment_path(&folder, number), 0, false)?;
            }
        }
        let segments: Vec<u32> = list_segments(self.fs, self.dir)?
            .into_iter()
            .filter(|&number| checkpoint.is_none_or(|folded| number > folded))
            .filter(|&number| from.is_none_or(|from| number >= from.segment))
            .collect();
        let min = segments.first().copied().unwrap_or_default();
        let max = segments.last().copied().unwrap_or_default();
        for &current in &segments {
            progress.tell(WalReplay { min, max, current });
            let last = repairs && current == max;
            let begun = from.filter(|from| from.segment == current);
            let offset = begun.map_or(0, |from| from.offset);
            self.segment(&segment_path(self.dir, current), offset, last)?;
        }
        self.flush();
        Ok(self.report)
    }

    /// The newest checkpoint, or the one before it if that is whole and the newest is not: the
    /// segments behind it are still there.
    fn usable_checkpoint(&mut self) -> Result<Option<u32>, WalError> {
        let (fs, dir) = (self.fs, self.dir);
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
            self.report.corruptions += 1;
            tracing::warn!(
                damaged = %checkpoint_path(dir, newest).display(),
                used = %checkpoint_path(dir, previous).display(),
                "a checkpoint of the write-ahead log is damaged; the one before it takes its place"
            );
        }
        Ok(Some(usable))
    }

    fn segment(&mut self, path: &Path, offset: u64, repairs: bool) -> Result<(), WalError> {
        let report = read_segment_from(self.fs, path, offset, &mut |bytes| self.record(bytes))?;
        self.report.segments += 1;
        self.report.corruptions += report.damages.len();
        for damage in &report.damages {
            tracing::warn!(
                segment = %path.display(),
                offset = damage.offset,
                reason = damage.reason,
                "the write-ahead log is damaged; records on this page are lost"
            );
        }
        if repairs && report.has_torn_tail() {
            repair(self.fs, path, &report);
        }
        Ok(())
    }

    fn record(&mut self, bytes: &[u8]) {
        let kind = RecordKind::of(bytes);
        let decoded = match kind {
            Some(RecordKind::Samples) => record::decode_samples(bytes, &mut self.samples),
            Some(RecordKind::StartedSamples) => {
                record::decode_started_samples(bytes, &mut self.samples)
            }
            Some(RecordKind::Series) => {
                let mut named = Vec::new();
                let decoded = record::decode_series(bytes, |reference, labels| {
                    let labels = Labels::from_sorted(labels.iter().copied());
                    named.push(NamedSeries {
                        reference,
                        fingerprint: labels.fingerprint(),
                        labels,
                    });
                });
                self.hand_on(Entries::Series(named));
                decoded
            }
            Some(RecordKind::Histograms(kind)) => {
                let mut histograms = Vec::new();
                let decoded = record::decode_histograms(kind, bytes, &mut histograms);
                self.hand_on(Entries::Histograms(histograms));
                decoded
            }
            Some(RecordKind::Tombstones) => {
                let mut tombstones = Vec::new();
                let decoded = record::decode_tombstones(bytes, &mut tombstones);
                self.hand_on(Entries::Tombstones(tombstones));
                decoded
            }
            // Past the samples that wait: these need series only.
            Some(RecordKind::Exemplars) => {
                self.send(Entries::Exemplars(bytes.to_vec()));
                Ok(())
            }
            Some(RecordKind::Metadata) => {
                self.send(Entries::Metadata(bytes.to_vec()));
                Ok(())
            }
            Some(RecordKind::Other(number)) => {
                self.report.skip(number);
                Ok(())
            }
            None => Ok(()),
        };
        if self.samples.len() >= SAMPLES_AT_ONCE {
            self.flush();
        }
        if decoded.is_err() {
            self.report.corruptions += 1;
            tracing::warn!("a record of the write-ahead log ends too early; its rest is lost");
        }
    }

    fn hand_on(&mut self, entries: Entries) {
        self.flush();
        self.send(entries);
    }

    fn flush(&mut self) {
        if !self.samples.is_empty() {
            let room = Vec::with_capacity(self.samples.capacity());
            let samples = std::mem::replace(&mut self.samples, room);
            self.send(Entries::Samples(samples));
        }
    }

    fn send(&self, entries: Entries) {
        // Nobody receives any more only if the other half has panicked, which ends the replay.
        drop(self.entries.send(entries));
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
pub(in crate::head) fn repair(fs: &dyn Fs, path: &Path, report: &SegmentReport) {
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

/// Samples that are handed on together: few enough to stay in the cache of the processor.
const SAMPLES_AT_ONCE: usize = 4096;
