//! What a power failure leaves of a simulated disk.
//!
//! A disk that records its changes can be looked at as of any of them. What was synced is there.
//! Of what was not, anything may be: each write whole, not at all, or in part (by sectors, with
//! zeros where the length arrived and the bytes did not), and each change of names or not, in any
//! combination. The contents of a file are durable by a sync of the file, its name by a sync of its
//! folder.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

use super::SimulatedFs;

/// One change of a disk, in the order in which they were made.
#[derive(Clone, Debug)]
pub(super) enum Change {
    /// A new file, in place of what had this name.
    Create(PathBuf, FileNumber),
    Write(FileNumber, usize, Vec<u8>),
    SetLen(FileNumber, usize),
    SyncFile(FileNumber),
    CreateFolder(PathBuf),
    Rename(PathBuf, PathBuf),
    RemoveFile(PathBuf),
    RemoveFolder(PathBuf),
    SyncFolder(PathBuf),
}

/// A file, whatever its name.
pub(super) type FileNumber = u64;

impl Change {
    fn is_boundary(&self) -> bool {
        !matches!(self, Self::Write(..) | Self::SetLen(..))
    }
}

/// What happens to changes that were not synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Survival {
    /// None of them reached the disk.
    Nothing,
    /// All of them did.
    Everything,
    /// Chance decides for each, the same for the same number.
    Chance(u64),
}

/// A recorded disk, change by change.
#[derive(Debug)]
pub struct Timeline {
    changes: std::vec::IntoIter<Change>,
    files: HashMap<FileNumber, FileState>,
    folders: Vec<FolderState>,
    /// Number of the next change of a name.
    next_rename: u64,
}

#[derive(Debug, Default)]
struct FileState {
    synced: Vec<u8>,
    unsynced: Vec<FileChange>,
}

#[derive(Debug)]
enum FileChange {
    Write(usize, Vec<u8>),
    SetLen(usize),
}

#[derive(Debug, Default)]
struct FolderState {
    synced: BTreeMap<OsString, Entry>,
    unsynced: Vec<NameChange>,
    now: BTreeMap<OsString, Entry>,
}

#[derive(Clone, Copy, Debug)]
enum Entry {
    File(FileNumber),
    Folder(usize),
}

/// A name that comes to mean something else. Both sides of a renaming have one number: they happen
/// together or not at all.
#[derive(Debug)]
struct NameChange {
    number: u64,
    name: OsString,
    entry: Option<Entry>,
}

const ROOT: usize = 0;

impl Timeline {
    pub(super) fn new(changes: Vec<Change>) -> Self {
        Self {
            changes: changes.into_iter(),
            files: HashMap::new(),
            folders: vec![FolderState::default()],
            next_rename: 0,
        }
    }

    /// Goes on by one change. False at the end.
    ///
    /// Whether it is one that programs wait for or build on (a sync, a renaming, a new name), which
    /// are the moments to look at first, tells [`next_is_boundary`](Self::next_is_boundary).
    pub fn advance(&mut self) -> bool {
        let Some(change) = self.changes.next() else {
            return false;
        };
        match change {
            Change::Create(path, file) => {
                self.files.insert(file, FileState::default());
                self.rename(&path, Some(Entry::File(file)));
            }
            Change::Write(file, offset, bytes) => {
                self.change(file, FileChange::Write(offset, bytes));
            }
            Change::SetLen(file, len) => self.change(file, FileChange::SetLen(len)),
            Change::SyncFile(file) => {
                if let Some(state) = self.files.get_mut(&file) {
                    for change in std::mem::take(&mut state.unsynced) {
                        change.apply(&mut state.synced, |_| true);
                    }
                }
            }
            Change::CreateFolder(path) => self.create_folder(&path),
            Change::Rename(from, to) => {
                let entry = self.entry(&from);
                let number = self.next_rename;
                self.rename(&from, None);
                self.next_rename = number;
                self.rename(&to, entry);
            }
            Change::RemoveFile(path) => self.rename(&path, None),
            Change::RemoveFolder(path) => self.remove_folder(&path),
            Change::SyncFolder(path) => {
                if let Some(Entry::Folder(folder)) = self.entry(&path) {
                    let folder = &mut self.folders[folder];
                    folder.synced = folder.now.clone();
                    folder.unsynced.clear();
                }
            }
        }
        true
    }

    /// True if the next change is more than bytes of a file.
    pub fn next_is_boundary(&self) -> bool {
        self.changes
            .as_slice()
            .first()
            .is_some_and(Change::is_boundary)
    }

    /// A disk as the power failure left it.
    pub fn after_power_failure(&self, survival: Survival) -> SimulatedFs {
        let disk = SimulatedFs::default();
        self.put_folder(ROOT, Path::new("/"), survival, &disk);
        disk
    }

    fn put_folder(&self, folder: usize, path: &Path, survival: Survival, disk: &SimulatedFs) {
        let state = &self.folders[folder];
        disk.put_folder(path);
        let mut names = state.synced.clone();
        for change in &state.unsynced {
            if survival.keeps(change.number, NAMES) {
                match change.entry {
                    Some(entry) => names.insert(change.name.clone(), entry),
                    None => names.remove(&change.name),
                };
            }
        }
        for (name, entry) in names {
            let path = path.join(name);
            match entry {
                Entry::Folder(folder) => self.put_folder(folder, &path, survival, disk),
                Entry::File(file) => disk.put_file(&path, self.contents(file, survival)),
            }
        }
    }

    fn contents(&self, file: FileNumber, survival: Survival) -> Vec<u8> {
        let Some(state) = self.files.get(&file) else {
            return Vec::new();
        };
        let mut bytes = state.synced.clone();
        for (index, change) in state.unsynced.iter().enumerate() {
            let seed = file << 32 | index as u64;
            if survival.keeps(seed, WRITES) {
                let is_torn = survival.tears(seed);
                change.apply(&mut bytes, |sector| {
                    !is_torn || survival.keeps(seed << 16 | sector as u64, SECTORS)
                });
            }
        }
        bytes
    }

    fn change(&mut self, file: FileNumber, change: FileChange) {
        if let Some(state) = self.files.get_mut(&file) {
            state.unsynced.push(change);
        }
    }

    /// Gives a name to something, or takes it away.
    fn rename(&mut self, path: &Path, entry: Option<Entry>) {
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            return;
        };
        let Some(Entry::Folder(parent)) = self.entry(parent) else {
            return;
        };
        let (number, name) = (self.next_rename, name.to_owned());
        self.next_rename += 1;
        let folder = &mut self.folders[parent];
        match entry {
            Some(entry) => folder.now.insert(name.clone(), entry),
            None => folder.now.remove(&name),
        };
        folder.unsynced.push(NameChange {
            number,
            name,
            entry,
        });
    }

    fn create_folder(&mut self, path: &Path) {
        let above: Vec<&Path> = path.ancestors().collect();
        for path in above.into_iter().rev() {
            if self.entry(path).is_none() {
                self.folders.push(FolderState::default());
                let folder = Entry::Folder(self.folders.len() - 1);
                self.rename(path, Some(folder));
            }
        }
    }

    /// File by file, so that a failure may leave a part.
    fn remove_folder(&mut self, path: &Path) {
        if let Some(Entry::Folder(folder)) = self.entry(path) {
            let inside = self.folders[folder].now.clone();
            for (name, entry) in inside {
                let path = path.join(name);
                match entry {
                    Entry::File(_) => self.rename(&path, None),
                    Entry::Folder(_) => self.remove_folder(&path),
                }
            }
            self.rename(path, None);
        }
    }

    fn entry(&self, path: &Path) -> Option<Entry> {
        let names = path.components().filter_map(|part| match part {
            Component::Normal(name) => Some(name),
            _ => None,
        });
        let mut entry = Entry::Folder(ROOT);
        for name in names {
            let Entry::Folder(folder) = entry else {
                return None;
            };
            entry = *self.folders[folder].now.get(name)?;
        }
        Some(entry)
    }
}

impl FileChange {
    fn apply(&self, bytes: &mut Vec<u8>, mut keeps_sector: impl FnMut(usize) -> bool) {
        match self {
            Self::SetLen(len) => bytes.resize(*len, 0),
            Self::Write(offset, written) => {
                let end = offset + written.len();
                if bytes.len() < end {
                    bytes.resize(end, 0);
                }
                let mut from = *offset;
                while from < end {
                    let to = (from / SECTOR + 1).saturating_mul(SECTOR).min(end);
                    if keeps_sector(from / SECTOR) {
                        bytes[from..to].copy_from_slice(&written[from - offset..to - offset]);
                    }
                    from = to;
                }
            }
        }
    }
}

impl Survival {
    fn keeps(self, change: u64, kind: u64) -> bool {
        match self {
            Self::Nothing => false,
            Self::Everything => true,
            Self::Chance(seed) => mixed(seed ^ mixed(change ^ kind)) & 1 == 0,
        }
    }

    fn tears(self, change: u64) -> bool {
        matches!(self, Self::Chance(_)) && self.keeps(change, TEARING)
    }
}

/// A number that looks like chance (the finalizer of splitmix64).
fn mixed(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

/// Bytes that a disk writes as a whole.
const SECTOR: usize = 512;
/// What chance decides about; mixed into it, so that the answers have nothing to do with each other.
const NAMES: u64 = 1 << 56;
const WRITES: u64 = 2 << 56;
const SECTORS: u64 = 3 << 56;
const TEARING: u64 = 4 << 56;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fs::Fs;

    /// What is left after each change of a file that is written, synced, and renamed into place.
    #[test]
    fn what_was_synced_stays() {
        let fs = SimulatedFs::recorded();
        let (draft, name) = (Path::new("/d/new.tmp"), Path::new("/d/new"));
        fs.create_dir_all(Path::new("/d")).unwrap();
        fs.sync_dir(Path::new("/")).unwrap();
        let mut file = fs.create(draft).unwrap();
        file.write_all(b"hello").unwrap();
        file.sync().unwrap();
        fs.sync_dir(Path::new("/d")).unwrap();
        fs.rename(draft, name).unwrap();
        fs.sync_dir(Path::new("/d")).unwrap();
        let mut timeline = fs.timeline();
        let mut seen = Vec::new();
        while timeline.advance() {
            let left = timeline.after_power_failure(Survival::Nothing);
            let text = |path| match left.read(path) {
                Ok(bytes) => String::from_utf8(bytes).unwrap(),
                Err(_) => "-".to_owned(),
            };
            seen.push((text(draft), text(name)));
        }
        let synced = ("hello".to_owned(), "-".to_owned());
        let renamed = ("-".to_owned(), "hello".to_owned());
        let nothing = ("-".to_owned(), "-".to_owned());
        assert_eq!(seen.last(), Some(&renamed));
        assert_eq!(seen.iter().filter(|it| **it == synced).count(), 2);
        assert_eq!(seen.iter().filter(|it| **it == nothing).count(), 5);
    }

    #[test]
    fn chance_keeps_some_of_the_rest() {
        let fs = SimulatedFs::recorded();
        let mut file = fs.create(Path::new("/a")).unwrap();
        fs.sync_dir(Path::new("/")).unwrap();
        file.write_all(&[1; 1024]).unwrap();
        file.sync().unwrap();
        file.write_all(&[2; 2048]).unwrap();
        fs.rename(Path::new("/a"), Path::new("/b")).unwrap();
        let mut timeline = fs.timeline();
        while timeline.advance() {}
        let everything = timeline.after_power_failure(Survival::Everything);
        assert_eq!(everything.read(Path::new("/b")).unwrap().len(), 3072);
        let (mut lengths, mut zeros, mut names) = ([0; 2], 0, [0; 2]);
        for seed in 0..100 {
            let left = timeline.after_power_failure(Survival::Chance(seed));
            let (a, b) = (left.read(Path::new("/a")), left.read(Path::new("/b")));
            assert!(a.is_ok() != b.is_ok(), "a file has one name or the other");
            names[usize::from(a.is_ok())] += 1;
            let bytes = a.or(b).unwrap();
            assert!(bytes[..1024].iter().all(|&byte| byte == 1));
            lengths[usize::from(bytes.len() == 3072)] += 1;
            zeros += usize::from(bytes[1024..].contains(&0) && bytes.contains(&2));
        }
        assert!(lengths.iter().chain(&names).all(|&times| times > 20));
        assert!(zeros > 10, "{zeros}");
    }
}
