//! Files in memory, on a disk that can be full, read-only, or without power.

mod power;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{DirEntry, File, Fs, Lock, Metadata};
use power::{Change, FileNumber};
pub use power::{Survival, Timeline};

/// A disk in memory. Clones share it, so that a "process" can end and another open what it left.
#[derive(Clone, Debug, Default)]
pub struct SimulatedFs {
    disk: Arc<Mutex<Disk>>,
}

#[derive(Debug, Default)]
struct Disk {
    files: BTreeMap<PathBuf, Arc<Inode>>,
    folders: BTreeSet<PathBuf>,
    locks: BTreeSet<PathBuf>,
    capacity: Option<u64>,
    read_only: bool,
    ignores_syncs: bool,
    fails_syncs: bool,
    next_file: FileNumber,
    /// Every change since the disk was made, if it records them.
    changes: Option<Vec<Change>>,
}

/// A file, whatever its name.
#[derive(Debug)]
struct Inode {
    number: FileNumber,
    bytes: Mutex<Vec<u8>>,
}

impl SimulatedFs {
    /// An empty disk that records its changes, so that its [`timeline`](Self::timeline) can be
    /// looked at.
    pub fn recorded() -> Self {
        let fs = Self::default();
        fs.disk().changes = Some(Vec::new());
        fs
    }

    /// Changes that were recorded so far.
    pub fn change_count(&self) -> usize {
        self.disk().changes.as_ref().map_or(0, Vec::len)
    }

    /// The disk change by change, from the beginning until now.
    pub fn timeline(&self) -> Timeline {
        Timeline::new(self.disk().changes.clone().unwrap_or_default())
    }

    /// From now on syncs succeed and do nothing, or do their work again: a planted fault, by which a
    /// test of durability shows that it would find one.
    pub fn set_ignores_syncs(&self, ignores: bool) {
        self.disk().ignores_syncs = ignores;
    }

    /// From now on syncs of files fail, or succeed again. What they should have covered is lost when
    /// the power fails.
    pub fn set_fails_syncs(&self, fails: bool) {
        self.disk().fails_syncs = fails;
    }

    /// From now on the disk holds at most this many bytes; `None`: as many as memory does.
    pub fn set_capacity(&self, capacity: Option<u64>) {
        self.disk().capacity = capacity;
    }

    /// From now on every change is refused, or allowed again.
    pub fn set_read_only(&self, read_only: bool) {
        self.disk().read_only = read_only;
    }

    /// All files with their lengths, sorted by path.
    pub fn files(&self) -> Vec<(PathBuf, u64)> {
        let disk = self.disk();
        disk.files
            .iter()
            .map(|(path, file)| (path.clone(), held(&file.bytes).len() as u64))
            .collect()
    }

    fn put_folder(&self, path: &Path) {
        self.disk().folders.insert(path.to_owned());
    }

    fn put_file(&self, path: &Path, bytes: Vec<u8>) {
        let file = self.disk().new_file(path);
        *held(&file.bytes) = bytes;
    }

    fn disk(&self) -> MutexGuard<'_, Disk> {
        held(&self.disk)
    }

    fn open_file(&self, path: &Path) -> io::Result<Box<dyn File>> {
        let file = self.disk().files.get(path).cloned();
        Ok(Box::new(SimulatedFile {
            disk: Arc::clone(&self.disk),
            file: file.ok_or(io::ErrorKind::NotFound)?,
        }))
    }
}

impl Disk {
    fn check_writable(&self) -> io::Result<()> {
        if self.read_only {
            Err(io::ErrorKind::ReadOnlyFilesystem.into())
        } else {
            Ok(())
        }
    }

    fn check_parent(&self, path: &Path) -> io::Result<()> {
        match path.parent() {
            Some(parent) if !self.has_folder(parent) => Err(io::ErrorKind::NotFound.into()),
            _ => Ok(()),
        }
    }

    fn has_folder(&self, path: &Path) -> bool {
        path.parent().is_none() || path.as_os_str().is_empty() || self.folders.contains(path)
    }

    fn used(&self) -> u64 {
        self.files
            .values()
            .map(|file| held(&file.bytes).len() as u64)
            .sum()
    }

    fn new_file(&mut self, path: &Path) -> Arc<Inode> {
        let file = Arc::new(Inode {
            number: self.next_file,
            bytes: Mutex::default(),
        });
        self.next_file += 1;
        self.files.insert(path.to_owned(), Arc::clone(&file));
        file
    }

    fn record(&mut self, change: impl FnOnce() -> Change) {
        if let Some(changes) = &mut self.changes {
            changes.push(change());
        }
    }

    fn free(&self) -> u64 {
        self.capacity
            .map_or(u64::MAX, |capacity| capacity.saturating_sub(self.used()))
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Fs for SimulatedFs {
    fn create(&self, path: &Path) -> io::Result<Box<dyn File>> {
        {
            let mut disk = self.disk();
            disk.check_writable()?;
            disk.check_parent(path)?;
            let file = disk.new_file(path);
            disk.record(|| Change::Create(path.to_owned(), file.number));
        }
        self.open_file(path)
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn File>> {
        self.open_file(path)
    }

    fn open_append(&self, path: &Path) -> io::Result<Box<dyn File>> {
        let missing = !self.disk().files.contains_key(path);
        if missing {
            self.create(path)
        } else {
            self.open_file(path)
        }
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let disk = self.disk();
        let file = disk.files.get(path).ok_or(io::ErrorKind::NotFound)?;
        Ok(held(&file.bytes).clone())
    }

    fn read_dir(&self, path: &Path) -> io::Result<Vec<DirEntry>> {
        let disk = self.disk();
        if !disk.has_folder(path) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let inside = |entry: &&PathBuf| entry.parent() == Some(path);
        let name = |entry: &PathBuf| {
            entry
                .file_name()
                .map(|name| name.to_string_lossy().into_owned())
                .unwrap_or_default()
        };
        let folders = disk.folders.iter().filter(inside).map(|p| (name(p), true));
        let files = disk.files.keys().filter(inside).map(|p| (name(p), false));
        Ok(folders
            .chain(files)
            .map(|(name, is_dir)| DirEntry { name, is_dir })
            .collect())
    }

    fn metadata(&self, path: &Path) -> io::Result<Metadata> {
        let disk = self.disk();
        if let Some(file) = disk.files.get(path) {
            let len = held(&file.bytes).len() as u64;
            return Ok(Metadata {
                len,
                is_dir: false,
                modified_millis: 0,
            });
        }
        if disk.has_folder(path) {
            return Ok(Metadata {
                len: 0,
                is_dir: true,
                modified_millis: 0,
            });
        }
        Err(io::ErrorKind::NotFound.into())
    }

    fn read_link(&self, _path: &Path) -> io::Result<PathBuf> {
        Err(io::ErrorKind::InvalidInput.into())
    }

    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        self.metadata(path)?;
        Ok(path.to_owned())
    }

    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        let mut disk = self.disk();
        if disk.has_folder(path) {
            return Ok(());
        }
        disk.check_writable()?;
        for folder in path.ancestors() {
            disk.folders.insert(folder.to_owned());
        }
        disk.record(|| Change::CreateFolder(path.to_owned()));
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut disk = self.disk();
        disk.check_writable()?;
        disk.check_parent(to)?;
        if let Some(file) = disk.files.remove(from) {
            disk.files.insert(to.to_owned(), file);
            disk.record(|| Change::Rename(from.to_owned(), to.to_owned()));
            return Ok(());
        }
        if !disk.folders.contains(from) {
            return Err(io::ErrorKind::NotFound.into());
        }
        disk.record(|| Change::Rename(from.to_owned(), to.to_owned()));
        let moved = |path: &PathBuf| path.strip_prefix(from).map(|rest| to.join(rest)).ok();
        let folders = std::mem::take(&mut disk.folders);
        disk.folders = folders
            .into_iter()
            .map(|p| moved(&p).unwrap_or(p))
            .collect();
        let files = std::mem::take(&mut disk.files);
        disk.files = files
            .into_iter()
            .map(|(p, f)| (moved(&p).unwrap_or(p), f))
            .collect();
        Ok(())
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        let mut disk = self.disk();
        disk.check_writable()?;
        disk.files.remove(path).ok_or(io::ErrorKind::NotFound)?;
        disk.record(|| Change::RemoveFile(path.to_owned()));
        Ok(())
    }

    fn remove_dir_all(&self, path: &Path) -> io::Result<()> {
        let mut disk = self.disk();
        disk.check_writable()?;
        if !disk.folders.contains(path) {
            return Err(io::ErrorKind::NotFound.into());
        }
        disk.folders.retain(|folder| !folder.starts_with(path));
        disk.files.retain(|file, _| !file.starts_with(path));
        disk.record(|| Change::RemoveFolder(path.to_owned()));
        Ok(())
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.metadata(path)?;
        let mut disk = self.disk();
        if !disk.ignores_syncs {
            disk.record(|| Change::SyncFolder(path.to_owned()));
        }
        Ok(())
    }

    fn lock(&self, path: &Path) -> io::Result<Box<dyn Lock>> {
        self.open_append(path)?;
        if !self.disk().locks.insert(path.to_owned()) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        Ok(Box::new(SimulatedLock {
            disk: Arc::clone(&self.disk),
            path: path.to_owned(),
        }))
    }

    fn total_bytes(&self, _path: &Path) -> io::Result<u64> {
        Ok(self.disk().capacity.unwrap_or(u64::MAX))
    }

    fn available_bytes(&self, _path: &Path) -> io::Result<u64> {
        Ok(self.disk().free())
    }
}

#[derive(Debug)]
struct SimulatedFile {
    disk: Arc<Mutex<Disk>>,
    file: Arc<Inode>,
}

impl File for SimulatedFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let bytes = held(&self.file.bytes);
        let from = usize::try_from(offset)
            .unwrap_or(usize::MAX)
            .min(bytes.len());
        let count = buffer.len().min(bytes.len() - from);
        buffer[..count].copy_from_slice(&bytes[from..from + count]);
        Ok(count)
    }

    /// Like a real disk that fills up: what fits is written, then comes the error.
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut disk = held(&self.disk);
        disk.check_writable()?;
        let free = usize::try_from(disk.free()).unwrap_or(usize::MAX);
        let fits = bytes.len().min(free);
        let mut held = held(&self.file.bytes);
        let (number, offset) = (self.file.number, held.len());
        disk.record(|| Change::Write(number, offset, bytes[..fits].to_vec()));
        held.extend_from_slice(&bytes[..fits]);
        if fits < bytes.len() {
            Err(io::ErrorKind::StorageFull.into())
        } else {
            Ok(())
        }
    }

    fn write_at(&mut self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let mut disk = held(&self.disk);
        disk.check_writable()?;
        let free = disk.free();
        let mut held = held(&self.file.bytes);
        let from = usize::try_from(offset).unwrap_or(usize::MAX);
        let end = from.saturating_add(bytes.len());
        if end.saturating_sub(held.len()) as u64 > free {
            return Err(io::ErrorKind::StorageFull.into());
        }
        if held.len() < end {
            held.resize(end, 0);
        }
        held[from..end].copy_from_slice(bytes);
        disk.record(|| Change::Write(self.file.number, from, bytes.to_vec()));
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let mut disk = held(&self.disk);
        if disk.fails_syncs {
            return Err(io::Error::other("the disk does not answer"));
        }
        if !disk.ignores_syncs {
            disk.record(|| Change::SyncFile(self.file.number));
        }
        Ok(())
    }

    fn len(&self) -> io::Result<u64> {
        Ok(held(&self.file.bytes).len() as u64)
    }

    fn set_len(&mut self, len: u64) -> io::Result<()> {
        let mut disk = held(&self.disk);
        disk.check_writable()?;
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        held(&self.file.bytes).resize(len, 0);
        disk.record(|| Change::SetLen(self.file.number, len));
        Ok(())
    }
}

#[derive(Debug)]
struct SimulatedLock {
    disk: Arc<Mutex<Disk>>,
    path: PathBuf,
}

impl Lock for SimulatedLock {}

impl Drop for SimulatedLock {
    fn drop(&mut self) {
        held(&self.disk).locks.remove(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_takes_what_fits_and_heals() {
        let fs = SimulatedFs::default();
        fs.set_capacity(Some(4));
        let mut file = fs.create(Path::new("/a")).unwrap();
        let error = file.write_all(b"hello").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        assert_eq!(fs.read(Path::new("/a")).unwrap(), b"hell");
        fs.set_capacity(None);
        file.write_all(b"!").unwrap();
        assert_eq!(fs.read(Path::new("/a")).unwrap(), b"hell!");
    }

    #[test]
    fn renaming_a_folder_moves_what_is_inside() {
        let fs = SimulatedFs::default();
        fs.create_dir_all(Path::new("/d/x.tmp")).unwrap();
        fs.write(Path::new("/d/x.tmp/f"), b"1").unwrap();
        fs.rename(Path::new("/d/x.tmp"), Path::new("/d/x")).unwrap();
        assert_eq!(fs.read(Path::new("/d/x/f")).unwrap(), b"1");
        assert!(fs.metadata(Path::new("/d/x.tmp")).is_err());
    }

    #[test]
    fn a_lock_is_held_once() {
        let fs = SimulatedFs::default();
        let lock = fs.lock(Path::new("/lock")).unwrap();
        assert_eq!(
            fs.lock(Path::new("/lock")).unwrap_err().kind(),
            io::ErrorKind::WouldBlock
        );
        drop(lock);
        fs.lock(Path::new("/lock")).unwrap();
    }
}
