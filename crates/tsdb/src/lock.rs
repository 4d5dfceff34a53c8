//! One process to a data directory.

use std::io;
use std::path::{Path, PathBuf};

use host::fs::{Fs, Lock};

/// The data directory is ours while this lives. The operating system lets go of it when the
/// process ends, however it ends.
#[derive(Debug)]
pub(crate) struct DirLock {
    _lock: Box<dyn Lock>,
    /// True unless a process ended without releasing it.
    pub(crate) was_free: bool,
}

/// Why the lock was not taken.
#[derive(Debug)]
pub(crate) enum LockError {
    /// Somebody else has it: the process that is named, if it left its number.
    Held { process: Option<u32> },
    /// The file system refused.
    Io { path: PathBuf, source: io::Error },
}

impl DirLock {
    /// Locks the directory and leaves our process number in the lock file.
    pub(crate) fn acquire(fs: &dyn Fs, dir: &Path) -> Result<Self, LockError> {
        let path = dir.join(NAME);
        match fs.lock(&path) {
            Ok(lock) => {
                let was_free = fs.read(&path).is_ok_and(|number| number.is_empty());
                // Only for the message that another process prints; a full disk may refuse it.
                if let Err(error) = fs.write(&path, std::process::id().to_string().as_bytes()) {
                    tracing::warn!(path = %path.display(), error = %error, "process number not left");
                }
                Ok(Self {
                    _lock: lock,
                    was_free,
                })
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                let text = fs
                    .read(&path)
                    .ok()
                    .and_then(|bytes| String::from_utf8(bytes).ok());
                let process = text.and_then(|text| text.trim().parse().ok());
                Err(LockError::Held { process })
            }
            Err(source) => Err(LockError::Io { path, source }),
        }
    }

    /// Gives the directory free, in order. The file stays, empty: who deleted it could delete that of
    /// the next process.
    pub(crate) fn release(self, fs: &dyn Fs, dir: &Path) {
        let path = dir.join(NAME);
        if let Err(error) = fs.write(&path, b"") {
            tracing::warn!(path = %path.display(), error = %error, "process number not taken back");
        }
    }
}

const NAME: &str = "lock";
