//! What is beside the blocks: the log, its checkpoints, and files of head chunks.

use std::path::Path;

use host::fs::Fs;
use storage::SampleBuffer;

use super::verify::{Verified, are_inside};
use crate::chunk::ChunkEncoding;
use crate::head::chunk_files::layout::StoredChunk;
use crate::head::chunk_files::scan::scan;
use crate::head::chunk_files::{CHUNKS_DIR, OUT_OF_ORDER, file_path};
use crate::read_only::ReadOnlyError;
use crate::wal::WalError;
use crate::wal::reader::read_segment;
use crate::wal::record::{self, RecordKind};
use crate::wal::segment::{checkpoint_path, list_checkpoints, list_segments, segment_path};
use crate::wire::Malformed;

impl Verified {
    /// Segments of the log and of that for samples out of order, checkpoints included.
    pub(super) fn logs(
        &mut self,
        fs: &dyn Fs,
        dir: &Path,
        progress: &mut dyn FnMut(&Path, u64),
    ) -> Result<(), ReadOnlyError> {
        for name in ["wal", "wbl"] {
            let folder = dir.join(name);
            if fs.metadata(&folder).is_err() {
                continue;
            }
            self.segments(fs, &folder, progress)?;
            for number in list_checkpoints(fs, &folder)? {
                self.segments(fs, &checkpoint_path(&folder, number), progress)?;
            }
        }
        Ok(())
    }

    fn segments(
        &mut self,
        fs: &dyn Fs,
        folder: &Path,
        progress: &mut dyn FnMut(&Path, u64),
    ) -> Result<(), ReadOnlyError> {
        let numbers = list_segments(fs, folder)?;
        self.gaps(&numbers, &|number| segment_path(folder, number));
        for number in numbers {
            let path = segment_path(folder, number);
            progress(&path, 0);
            self.segments += 1;
            let mut malformed = 0;
            let report = read_segment(fs, &path, &mut |record| {
                malformed += usize::from(check_record(record).is_err());
            })?;
            for damage in report.damages {
                let what = format!("at byte {}: {}", damage.offset, damage.reason);
                self.found(&path, what);
            }
            if malformed > 0 {
                self.found(&path, format!("{malformed} records end too early"));
            }
        }
        Ok(())
    }

    /// Files of head chunks.
    pub(super) fn head_chunks(
        &mut self,
        fs: &dyn Fs,
        dir: &Path,
        progress: &mut dyn FnMut(&Path, u64),
    ) -> Result<(), ReadOnlyError> {
        let folder = dir.join(CHUNKS_DIR);
        let numbers = list_segments(fs, &folder)?;
        self.gaps(&numbers, &|number| file_path(&folder, number));
        for number in numbers {
            let path = file_path(&folder, number);
            progress(&path, 0);
            let file = fs.open(&path).map_err(WalError::at(&path))?;
            let scanned = scan(&*file, &mut |place, chunk| {
                self.head_chunks += 1;
                if let Err(what) = check_chunk(chunk) {
                    self.found(&path, format!("at byte {}: {what}", place.start));
                }
            });
            let scanned = scanned.map_err(WalError::at(&path))?;
            if let Some(reason) = scanned.damage {
                self.found(&path, format!("at byte {}: {reason}", scanned.good_end));
            }
        }
        Ok(())
    }

    fn gaps(&mut self, numbers: &[u32], path: &dyn Fn(u32) -> std::path::PathBuf) {
        for pair in numbers.windows(2) {
            if let &[before, next] = pair
                && next != before + 1
            {
                self.found(&path(before + 1), "is missing");
            }
        }
    }
}

fn check_record(bytes: &[u8]) -> Result<(), Malformed> {
    match RecordKind::of(bytes) {
        Some(RecordKind::Series) => record::decode_series(bytes, |_, _| ()),
        Some(RecordKind::Samples) => record::decode_samples(bytes, &mut Vec::new()),
        Some(RecordKind::StartedSamples) => record::decode_started_samples(bytes, &mut Vec::new()),
        Some(RecordKind::Histograms(kind)) => {
            record::decode_histograms(kind, bytes, &mut Vec::new())
        }
        Some(RecordKind::Exemplars) => record::decode_exemplars(bytes, |_| ()),
        Some(RecordKind::Metadata) => record::decode_metadata(bytes, |_| ()),
        Some(RecordKind::Tombstones) => record::decode_tombstones(bytes, &mut Vec::new()),
        _ => Ok(()),
    }
}

fn check_chunk(chunk: &StoredChunk<'_>) -> Result<(), String> {
    let number = chunk.encoding & !OUT_OF_ORDER;
    let Some(encoding) = ChunkEncoding::from_number(number) else {
        return Err(format!("chunk encoding {number} is not known"));
    };
    let mut buffer = SampleBuffer::default();
    let decoded = encoding.decode(chunk.data, &mut buffer);
    decoded.map_err(|error| error.to_string())?;
    match are_inside(&buffer, chunk.range) {
        true => Ok(()),
        false => Err("samples outside the times that stand before them".to_owned()),
    }
}
