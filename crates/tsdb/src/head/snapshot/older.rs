//! What the log before a snapshot of Prometheus says: which references are in use, which of them stand
//! for series that have another one now, and what is known of series. It also shows whether the
//! snapshot belongs to this log at all. Samples are passed over.

use std::path::Path;
use std::sync::PoisonError;

use hashbrown::HashMap;
use host::fs::Fs;
use model::Labels;
use rapidhash::fast::RandomState;

use super::Unfit;
use super::position::LogPosition;
use crate::head::Head;
use crate::wal::reader::read_segment;
use crate::wal::record::{RecordKind, decode_metadata, decode_series};
use crate::wal::segment::{checkpoint_path, list_checkpoints, list_segments, segment_path};

/// Reads the newest checkpoint and the segments behind it, up to `position`.
pub(super) fn read(
    head: &Head,
    fs: &dyn Fs,
    wal: &Path,
    position: LogPosition,
) -> Result<(), Unfit> {
    let mut older = Older {
        head,
        rows: HashMap::default(),
        is_damaged: false,
    };
    let mut paths = Vec::new();
    let folded = list_checkpoints(fs, wal)?.last().copied();
    if let Some(number) = folded {
        let folder = checkpoint_path(wal, number);
        let segments = list_segments(fs, &folder)?.into_iter();
        paths.extend(segments.map(|number| segment_path(&folder, number)));
    }
    let segments = list_segments(fs, wal)?.into_iter();
    let before = segments.filter(|&number| {
        number <= position.segment && folded.is_none_or(|folded| number > folded)
    });
    paths.extend(before.map(|number| segment_path(wal, number)));
    for path in &paths {
        read_segment(fs, path, &mut |bytes| older.record(bytes))?;
    }
    older.finish()
}

struct Older<'a> {
    head: &'a Head,
    /// What references stand for at last: a row of the snapshot, or a series that has ended.
    rows: HashMap<u64, Option<u32>, RandomState>,
    is_damaged: bool,
}

impl Older<'_> {
    fn record(&mut self, bytes: &[u8]) {
        match RecordKind::of(bytes) {
            Some(RecordKind::Series) => {
                let decoded = decode_series(bytes, |reference, labels| {
                    let labels = Labels::from_sorted(labels.iter().copied());
                    let fingerprint = labels.fingerprint();
                    let find = |catalog: &crate::head::catalog::Catalog| {
                        catalog.find(&labels, fingerprint)
                    };
                    let row = self.head.with_catalog(find);
                    self.rows.insert(reference, row);
                });
                self.is_damaged |= decoded.is_err();
            }
            Some(RecordKind::Metadata) => {
                let decoded = decode_metadata(bytes, |metadata| {
                    if let Some(&Some(row)) = self.rows.get(&metadata.series) {
                        self.head.restore_metadata(row, metadata);
                    }
                });
                self.is_damaged |= decoded.is_err();
            }
            _ => {}
        }
    }

    fn finish(self) -> Result<(), Unfit> {
        let head = self.head;
        let mut named = 0;
        for (reference, row) in self.rows {
            let own = head.reserve_reference(reference);
            match row {
                Some(row) if own == Some(row) => named += 1,
                Some(row) => {
                    let mut aliases = head.aliases.lock().unwrap_or_else(PoisonError::into_inner);
                    aliases.insert(reference, row);
                }
                None => {}
            }
        }
        let series = head.with_catalog(|catalog| catalog.rows().len());
        match named == series && !self.is_damaged {
            true => Ok(()),
            false => Err(Unfit::Outdated(
                "the log before it does not name its series",
            )),
        }
    }
}
