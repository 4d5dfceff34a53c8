//! Checkpoints: what is still needed of old segments, folded into a folder of its own.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use host::fs::Fs;

use super::reader::read_segment;
use super::record::{self, RecordKind, RefExemplar, RefMetadata, RefSample};
use super::segment::{checkpoint_path, list_checkpoints, list_segments, segment_path};
use super::{WalError, WalOptions, Writer};

/// What a checkpoint keeps.
pub(crate) struct Keep<'a> {
    /// Whether the series with this reference is still needed.
    pub(crate) series: &'a dyn Fn(u64) -> bool,
    /// Samples from this time on are still needed.
    pub(crate) min_time: i64,
}

/// Folds the newest checkpoint and the segments behind it up to `last` into a new checkpoint. What
/// it was made of stays until the next one, in case that this one is damaged. Returns false if there was
/// nothing to fold.
pub(crate) fn checkpoint(
    fs: &Arc<dyn Fs>,
    dir: &Path,
    last: u32,
    keep: &Keep<'_>,
    options: WalOptions,
) -> Result<bool, WalError> {
    let previous = list_checkpoints(&**fs, dir)?;
    let folded = previous.last().copied();
    let segments: Vec<u32> = list_segments(&**fs, dir)?
        .into_iter()
        .filter(|&number| number <= last && folded.is_none_or(|folded| number > folded))
        .collect();
    if segments.is_empty() {
        return Ok(false);
    }
    let target = checkpoint_path(dir, last);
    let temporary = dir.join(format!("checkpoint.{last:08}.tmp"));
    remove_dir(&**fs, &temporary)?;
    let mut writer = Writer::open(Arc::clone(fs), &temporary, options)?;
    let mut metadata = Latest::default();
    if let Some(number) = folded {
        let old = checkpoint_path(dir, number);
        for number in list_segments(&**fs, &old)? {
            fold(
                &**fs,
                &segment_path(&old, number),
                keep,
                &mut metadata,
                &mut writer,
            )?;
        }
    }
    for &number in &segments {
        fold(
            &**fs,
            &segment_path(dir, number),
            keep,
            &mut metadata,
            &mut writer,
        )?;
    }
    metadata.log(&mut writer)?;
    writer.close()?;
    fs.sync_dir(&temporary).map_err(WalError::at(&temporary))?;
    fs.rename(&temporary, &target)
        .map_err(WalError::at(&target))?;
    fs.sync_dir(dir).map_err(WalError::at(dir))?;
    Ok(true)
}

/// Deletes what the checkpoint `folded`, behind which there is a newer one, was made of: nobody falls
/// back behind it any more.
pub(crate) fn discard(fs: &dyn Fs, dir: &Path, folded: u32) -> Result<(), WalError> {
    let segments = list_segments(fs, dir)?;
    for number in segments.into_iter().filter(|&number| number <= folded) {
        let path = segment_path(dir, number);
        fs.remove_file(&path).map_err(WalError::at(&path))?;
    }
    let checkpoints = list_checkpoints(fs, dir)?;
    for number in checkpoints.into_iter().filter(|&number| number < folded) {
        remove_dir(fs, &checkpoint_path(dir, number))?;
    }
    Ok(())
}

fn remove_dir(fs: &dyn Fs, path: &Path) -> Result<(), WalError> {
    match fs.remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(WalError {
            path: path.to_owned(),
            source: error,
        }),
        _ => Ok(()),
    }
}

/// Copies what is needed of one segment.
fn fold(
    fs: &dyn Fs,
    path: &Path,
    keep: &Keep<'_>,
    metadata: &mut Latest,
    writer: &mut Writer,
) -> Result<(), WalError> {
    let mut outcome = Ok(());
    let mut out = Vec::new();
    read_segment(fs, path, &mut |bytes| {
        if outcome.is_err() {
            return;
        }
        out.clear();
        filter(bytes, keep, metadata, &mut out);
        if !out.is_empty() {
            outcome = writer.log(&[&out]);
        }
    })?;
    outcome
}

/// What is known of series at last: all that was said before is out of date.
#[derive(Debug, Default)]
struct Latest {
    /// Records of one series each, by its reference.
    records: BTreeMap<u64, Vec<u8>>,
}

impl Latest {
    fn note(&mut self, metadata: RefMetadata<'_>) {
        let record = self.records.entry(metadata.series).or_default();
        record.clear();
        record::put_metadata(record, metadata);
    }

    /// Writes it behind the series, many to a record.
    fn log(&self, writer: &mut Writer) -> Result<(), WalError> {
        let mut record = Vec::new();
        for one in self.records.values() {
            let skipped = usize::from(!record.is_empty());
            record.extend_from_slice(one.get(skipped..).unwrap_or_default());
            if record.len() >= METADATA_RECORD_BYTES {
                writer.log(&[&record])?;
                record.clear();
            }
        }
        writer.log(&[&record])
    }
}

/// Writes the needed part of a record; nothing if no part is. Metadata is collected instead.
fn filter(bytes: &[u8], keep: &Keep<'_>, metadata: &mut Latest, out: &mut Vec<u8>) {
    match RecordKind::of(bytes) {
        Some(RecordKind::Series) => {
            record::begin_series(out);
            let begun = out.len();
            let decoded = record::decode_series(bytes, |series, labels| {
                if (keep.series)(series) {
                    record::put_series(out, series, labels.iter().copied());
                }
            });
            if decoded.is_err() {
                tracing::warn!("a series record of the log ends too early; its rest is dropped");
            }
            if out.len() == begun {
                out.clear();
            }
        }
        Some(RecordKind::Samples) => {
            let mut samples: Vec<RefSample> = Vec::new();
            if record::decode_samples(bytes, &mut samples).is_err() {
                tracing::warn!("a sample record of the log ends too early; its rest is dropped");
            }
            samples.retain(|sample| sample.time >= keep.min_time);
            record::encode_samples(out, samples);
        }
        Some(RecordKind::Tombstones) => {
            let mut tombstones = Vec::new();
            if record::decode_tombstones(bytes, &mut tombstones).is_err() {
                tracing::warn!("a record of deletions ends too early; its rest is dropped");
            }
            tombstones.retain(|tombstone| {
                tombstone.range.max_time >= keep.min_time && (keep.series)(tombstone.series)
            });
            record::encode_tombstones(out, tombstones);
        }
        Some(RecordKind::StartedSamples) => {
            // As it is: start timestamps are not decoded.
            let mut samples: Vec<RefSample> = Vec::new();
            let decoded = record::decode_started_samples(bytes, &mut samples);
            if decoded.is_err() || samples.iter().any(|s| s.time >= keep.min_time) {
                out.extend_from_slice(bytes);
            }
        }
        Some(RecordKind::Histograms(kind)) => {
            let mut histograms = Vec::new();
            let decoded = record::decode_histograms(kind, bytes, &mut histograms);
            if decoded.is_err() || histograms.iter().any(|h| h.time >= keep.min_time) {
                out.extend_from_slice(bytes);
            }
        }
        Some(RecordKind::Exemplars) => {
            let mut exemplars: Vec<RefExemplar<'_>> = Vec::new();
            if record::decode_exemplars(bytes, |exemplar| exemplars.push(exemplar)).is_err() {
                tracing::warn!("a record of exemplars ends too early; its rest is dropped");
            }
            exemplars.retain(|exemplar| exemplar.time >= keep.min_time);
            record::encode_exemplars(out, exemplars);
        }
        Some(RecordKind::Metadata) => {
            let decoded = record::decode_metadata(bytes, |news| {
                if (keep.series)(news.series) {
                    metadata.note(news);
                }
            });
            if decoded.is_err() {
                tracing::warn!("a record of metadata ends too early; its rest is dropped");
            }
        }
        // Kinds that are not known may matter to whoever wrote them.
        Some(RecordKind::Other(_)) => out.extend_from_slice(bytes),
        None => {}
    }
}

/// A record of metadata ends beyond this, so that none is too large for a segment.
const METADATA_RECORD_BYTES: usize = 1 << 20;
