//! How often a process has died while it read the log: a file that stands only meanwhile.
//! Layout: `docs/formats/replay-attempts.md`.

use std::io;
use std::path::{Path, PathBuf};

use host::fs::Fs;

/// The attempt that is being made.
#[derive(Debug)]
pub(super) struct Attempt {
    path: PathBuf,
    /// Attempts before this one that nobody ended.
    pub(super) deaths: u32,
}

impl Attempt {
    /// Notes that reading begins. If that cannot be written the start goes on all the same.
    pub(super) fn begin(fs: &dyn Fs, dir: &Path) -> Self {
        let path = dir.join(FILE_NAME);
        let text = fs.read(&path).unwrap_or_default();
        let number = std::str::from_utf8(&text)
            .ok()
            .and_then(|text| text.trim().parse().ok());
        let deaths: u32 = number.unwrap_or_default();
        let noted = note(fs, dir, &path, deaths.saturating_add(1));
        if let Err(error) = noted {
            tracing::warn!(path = %path.display(), error = %error, "the start could not be noted");
        }
        Self { path, deaths }
    }

    /// Everything is read.
    pub(super) fn end(self, fs: &dyn Fs) {
        forget(fs, &self.path);
    }
}

/// Takes back that reading began: the process ends in good order before all is read.
pub(super) fn give_up(fs: &dyn Fs, dir: &Path) {
    forget(fs, &dir.join(FILE_NAME));
}

fn note(fs: &dyn Fs, dir: &Path, path: &Path, count: u32) -> io::Result<()> {
    let fresh = path.with_extension("tmp");
    let mut file = fs.create(&fresh)?;
    file.write_all(format!("{count}\n").as_bytes())?;
    file.sync()?;
    fs.rename(&fresh, path)?;
    fs.sync_dir(dir)
}

/// Durably: a note that comes back after a power failure would count as a death.
fn forget(fs: &dyn Fs, path: &Path) {
    let removed = fs.remove_file(path);
    let removed = removed.and_then(|()| path.parent().map_or(Ok(()), |dir| fs.sync_dir(dir)));
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(path = %path.display(), error = %error, "note of the start not removed");
        }
        _ => {}
    }
}

const FILE_NAME: &str = "replay_attempts";
