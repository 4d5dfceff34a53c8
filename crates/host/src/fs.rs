//! Files, behind a seam that tests replace.

pub mod glob;
mod real;
mod simulated;

use std::fmt::Debug;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

pub use real::RealFs;
pub use simulated::{SimulatedFs, Survival, Timeline};

/// The folder that a path names before its last part; empty if it names none, so that a path joined to
/// it stays as it is written.
pub fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}

/// The folder as the operating system takes it: an empty one is the one that the process is in.
pub fn or_here(folder: &Path) -> &Path {
    match folder.as_os_str().is_empty() {
        true => Path::new("."),
        false => folder,
    }
}

/// A file system. Paths are as the process sees them. All calls may block.
pub trait Fs: Send + Sync + Debug {
    /// Creates an empty file, or empties the one that is there, for writing and reading.
    ///
    /// # Errors
    /// As the operating system says.
    fn create(&self, path: &Path) -> io::Result<Box<dyn File>>;

    /// Opens a file for reading only.
    ///
    /// # Errors
    /// As the operating system says.
    fn open(&self, path: &Path) -> io::Result<Box<dyn File>>;

    /// Opens a file for reading and for writing at its end; creates it if it is not there.
    ///
    /// # Errors
    /// As the operating system says.
    fn open_append(&self, path: &Path) -> io::Result<Box<dyn File>>;

    /// All bytes of a file, also of one whose length is not known ahead (`/proc`).
    ///
    /// # Errors
    /// As the operating system says.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// All bytes of a file, put into `buffer`, which is cleared first and keeps its memory.
    ///
    /// # Errors
    /// As the operating system says.
    fn read_into(&self, path: &Path, buffer: &mut Vec<u8>) -> io::Result<()> {
        *buffer = self.read(path)?;
        Ok(())
    }

    /// Opens a folder of which several files will be read, so that its path is walked once.
    ///
    /// # Errors
    /// As the operating system says; also if it is no folder.
    fn open_folder(&self, path: &Path) -> io::Result<Folder> {
        match self.metadata(path)?.is_dir {
            true => Ok(Folder::at(path)),
            false => Err(io::ErrorKind::NotADirectory.into()),
        }
    }

    /// All bytes of a file in an open folder, put into `buffer` as [`read_into`](Self::read_into)
    /// does.
    ///
    /// # Errors
    /// As the operating system says.
    fn read_in(&self, folder: &Folder, name: &str, buffer: &mut Vec<u8>) -> io::Result<()> {
        self.read_into(&folder.path.join(name), buffer)
    }

    /// Creates a file with these bytes, replacing the one that is there. Not atomic.
    ///
    /// # Errors
    /// As the operating system says.
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.create(path)?.write_all(bytes)
    }

    /// What is in a folder, in no order that means anything.
    ///
    /// # Errors
    /// As the operating system says.
    fn read_dir(&self, path: &Path) -> io::Result<Vec<DirEntry>>;

    /// Size, kind and age of a file or folder; links are followed.
    ///
    /// # Errors
    /// As the operating system says.
    fn metadata(&self, path: &Path) -> io::Result<Metadata>;

    /// Where a symbolic link points.
    ///
    /// # Errors
    /// As the operating system says.
    fn read_link(&self, path: &Path) -> io::Result<PathBuf>;

    /// The path with all links resolved.
    ///
    /// # Errors
    /// As the operating system says.
    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf>;

    /// Creates a folder and those above it that are missing.
    ///
    /// # Errors
    /// As the operating system says.
    fn create_dir_all(&self, path: &Path) -> io::Result<()>;

    /// Creates a folder and those above it that are missing, so that a power failure takes none of
    /// them away again.
    ///
    /// # Errors
    /// As the operating system says.
    fn create_dir_durably(&self, path: &Path) -> io::Result<()> {
        let above = path.ancestors();
        let is_missing = |folder: &&Path| self.metadata(folder).is_err();
        let missing = above.take_while(is_missing).count();
        self.create_dir_all(path)?;
        // The folder itself may be left from a process that ended before its name was durable.
        let named = path.ancestors().take(missing.max(1));
        for parent in named.filter_map(Path::parent) {
            self.sync_dir(or_here(parent))?;
        }
        Ok(())
    }

    /// Renames a file or folder, replacing a file that is there.
    ///
    /// # Errors
    /// As the operating system says.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Gives a file a second name. Where that cannot be done, such as on another disk, the second
    /// name gets a copy. The file is one that nobody changes any more.
    ///
    /// # Errors
    /// As the operating system says.
    fn hard_link(&self, from: &Path, to: &Path) -> io::Result<()> {
        let bytes = self.read(from)?;
        let mut file = self.create(to)?;
        file.write_all(&bytes)?;
        file.sync()
    }

    /// Removes a file.
    ///
    /// # Errors
    /// As the operating system says.
    fn remove_file(&self, path: &Path) -> io::Result<()>;

    /// Removes a folder and everything inside.
    ///
    /// # Errors
    /// As the operating system says.
    fn remove_dir_all(&self, path: &Path) -> io::Result<()>;

    /// Makes the names in a folder durable.
    ///
    /// # Errors
    /// As the operating system says.
    fn sync_dir(&self, path: &Path) -> io::Result<()>;

    /// Takes an exclusive lock on a file, created if missing; held until the lock is dropped or the
    /// process ends.
    ///
    /// # Errors
    /// `WouldBlock` when somebody else holds it, else as the operating system says.
    fn lock(&self, path: &Path) -> io::Result<Box<dyn Lock>>;

    /// Bytes of the disk that `path` is on, written or not.
    ///
    /// # Errors
    /// As the operating system says.
    fn total_bytes(&self, path: &Path) -> io::Result<u64>;

    /// Bytes that may still be written to the disk that `path` is on.
    ///
    /// # Errors
    /// As the operating system says.
    fn available_bytes(&self, path: &Path) -> io::Result<u64>;
}

/// An open file.
pub trait File: Send + Sync + Debug {
    /// Reads at `offset` until `buffer` is full or the file ends; returns the bytes read.
    ///
    /// # Errors
    /// As the operating system says.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Writes all bytes at the end of what has been written.
    ///
    /// # Errors
    /// As the operating system says; some of the bytes may have been written.
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Writes all bytes at `offset`, over what is there.
    ///
    /// # Errors
    /// As the operating system says; some of the bytes may have been written.
    fn write_at(&mut self, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// Makes the contents durable.
    ///
    /// # Errors
    /// As the operating system says. The contents must then be taken as lost.
    fn sync(&self) -> io::Result<()>;

    /// Length in bytes.
    ///
    /// # Errors
    /// As the operating system says.
    fn len(&self) -> io::Result<u64>;

    /// True if the file has no bytes.
    ///
    /// # Errors
    /// As the operating system says.
    fn is_empty(&self) -> io::Result<bool> {
        Ok(self.len()? == 0)
    }

    /// Cuts the file, or fills it up with zeros.
    ///
    /// # Errors
    /// As the operating system says.
    fn set_len(&mut self, len: u64) -> io::Result<()>;
}

/// A folder that stays open for reading files in it. See [`Fs::open_folder`].
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// What the operating system knows it by, if this is a folder of the operating system.
    handle: Option<OwnedFd>,
}

impl Folder {
    /// A folder that is found by its path each time.
    fn at(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            handle: None,
        }
    }
}

/// A held lock; dropping it lets go.
pub trait Lock: Send + Sync + Debug {}

/// A name in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirEntry {
    /// The name alone.
    pub name: String,
    /// True if the entry itself is a folder (a link to one is not).
    pub is_dir: bool,
}

/// Size, kind and age of a file or folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// Length in bytes.
    pub len: u64,
    /// True for a folder.
    pub is_dir: bool,
    /// Last change, in milliseconds since the Unix epoch.
    pub modified_millis: i64,
}
