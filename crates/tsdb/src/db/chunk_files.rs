//! Files of head chunks that a Prometheus left: they go once blocks have what is in them.
//!
//! The log has the same samples, so nothing hangs on them; but as long as they are there, whoever
//! opens the directory gives their chunks to the series that have their references.

use std::io;
use std::path::PathBuf;

use host::fs::Fs;

use super::maintain::Maintenance;
use crate::head::Head;
use crate::head::chunk_files::ChunkFile;

/// A file that is still there.
#[derive(Debug)]
pub(super) struct LeftFile {
    path: PathBuf,
    /// When the last sample in it was.
    last_time: i64,
}

/// The files that were found when the log was replayed. What cannot be read ends no later than
/// what the head has now: everything is in the log, too.
pub(super) fn left_files(found: Vec<ChunkFile>, head: &Head) -> Vec<LeftFile> {
    let latest = head.time_range().map_or(i64::MIN, |range| range.max_time);
    let files = found.into_iter().map(|file| LeftFile {
        path: file.path,
        last_time: file.last_time.unwrap_or(latest),
    });
    files.collect()
}

impl Maintenance {
    /// Deletes the files whose samples are all from before `time`, which blocks have. Only from the
    /// oldest on: Prometheus takes a missing number for damage.
    pub(super) fn remove_chunk_files(&mut self, fs: &dyn Fs, time: i64) {
        let needed = |file: &LeftFile| file.last_time >= time;
        let count = self.chunk_files.iter().take_while(|file| !needed(file));
        let count = count.count();
        if count == 0 {
            return;
        }
        let mut removed = 0;
        let outcome = self.chunk_files.iter().take(count).try_for_each(|file| {
            match fs.remove_file(&file.path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => removed += 1,
            }
            Ok(())
        });
        let folder = self.chunk_files.first().and_then(|file| file.path.parent());
        let synced = folder.map_or(Ok(()), |folder| fs.sync_dir(folder));
        self.chunk_files.drain(..removed);
        match outcome.and(synced) {
            Ok(()) => tracing::info!(files = removed, "files of head chunks deleted"),
            Err(error) => tracing::warn!(
                error = %error,
                "files of head chunks could not be deleted; the next truncation tries again"
            ),
        }
    }
}
