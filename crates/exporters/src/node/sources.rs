//! Where collectors read: the kernel's file systems, at the paths that flags give them.

use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};

use host::Fs;
use host::fs::Folder;

use crate::gather::CollectorError;

/// Where the kernel's file systems are, as this process sees them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roots {
    /// `--path.procfs`
    pub procfs: PathBuf,
    /// `--path.sysfs`
    pub sysfs: PathBuf,
    /// `--path.rootfs`
    pub rootfs: PathBuf,
    /// `--path.udev.data`
    pub udev_data: PathBuf,
}

impl Default for Roots {
    fn default() -> Self {
        Self {
            procfs: "/proc".into(),
            sysfs: "/sys".into(),
            rootfs: "/".into(),
            udev_data: "/run/udev/data".into(),
        }
    }
}

impl Roots {
    /// A path of the machine, as this process sees it.
    pub(crate) fn in_rootfs(&self, path: &str) -> PathBuf {
        self.rootfs.join(path.trim_start_matches('/'))
    }

    /// A path that this process sees, as the machine knows it.
    pub(crate) fn strip_rootfs<'a>(&self, path: &'a str) -> &'a str {
        let root = self
            .rootfs
            .to_str()
            .map_or("", |root| root.trim_end_matches('/'));
        match path.strip_prefix(root) {
            Some("") => "/",
            Some(rest) if rest.starts_with('/') => rest,
            _ => path,
        }
    }
}

/// Reads files for one run of the collectors, all into one buffer.
#[derive(Debug)]
pub(crate) struct Sources<'a> {
    fs: &'a dyn Fs,
    /// Where the file systems are.
    pub(crate) roots: &'a Roots,
    buffer: Vec<u8>,
}

impl<'a> Sources<'a> {
    /// Reads through `fs` below `roots`.
    pub(crate) fn new(fs: &'a dyn Fs, roots: &'a Roots) -> Self {
        Self {
            fs,
            roots,
            buffer: Vec::with_capacity(16 << 10),
        }
    }

    /// Text of a file in procfs.
    pub(crate) fn proc(&mut self, name: &str) -> Result<Cow<'_, str>, CollectorError> {
        let path = self.roots.procfs.join(name);
        self.text(&path)
    }

    /// Text of a file in procfs; none if there is no such file.
    pub(crate) fn proc_if_there(
        &mut self,
        name: &str,
    ) -> Result<Option<Cow<'_, str>>, CollectorError> {
        if_there(self.proc(name))
    }

    /// Path of a file or folder in sysfs.
    pub(crate) fn sys_path(&self, name: &str) -> PathBuf {
        self.roots.sysfs.join(name)
    }

    /// Text of a file.
    pub(crate) fn text(&mut self, path: &Path) -> Result<Cow<'_, str>, CollectorError> {
        match self.fs.read_into(path, &mut self.buffer) {
            Ok(()) => Ok(String::from_utf8_lossy(&self.buffer)),
            Err(source) => Err(read_error(path, source)),
        }
    }

    /// Text of a file without spaces around it; none if it cannot be read, which is how many
    /// attributes of sysfs say that a device does not have them.
    pub(crate) fn attribute(&mut self, path: &Path) -> Option<Cow<'_, str>> {
        self.fs.read_into(path, &mut self.buffer).ok()?;
        Some(String::from_utf8_lossy(self.buffer.trim_ascii()))
    }

    /// Like [`attribute`](Self::attribute), of a file in an open folder.
    pub(crate) fn attribute_in(&mut self, folder: &Folder, name: &str) -> Option<Cow<'_, str>> {
        self.fs.read_in(folder, name, &mut self.buffer).ok()?;
        let text = self.buffer.trim_ascii();
        Some(String::from_utf8_lossy(text))
    }

    /// Number that a file holds; none if it cannot be read or holds something else.
    pub(crate) fn number<T: std::str::FromStr>(&mut self, path: &Path) -> Option<T> {
        self.attribute(path)?.parse().ok()
    }

    /// Names in a folder, ascending.
    pub(crate) fn names(&self, folder: &Path) -> Result<Vec<String>, CollectorError> {
        let entries = self.fs.read_dir(folder);
        let entries = entries.map_err(|source| read_error(folder, source))?;
        let mut names: Vec<_> = entries.into_iter().map(|entry| entry.name).collect();
        names.sort_unstable();
        Ok(names)
    }

    /// Files and folders behind the text reader.
    pub(crate) fn fs(&self) -> &'a dyn Fs {
        self.fs
    }
}

/// None instead of the error that a file is not there.
pub(crate) fn if_there<T>(outcome: Result<T, CollectorError>) -> Result<Option<T>, CollectorError> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

fn read_error(path: &Path, source: io::Error) -> CollectorError {
    CollectorError::Read {
        path: path.display().to_string(),
        source,
    }
}

impl CollectorError {
    /// True if a file is not there.
    pub(crate) fn is_not_found(&self) -> bool {
        matches!(self, Self::Read { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }

    /// The error that a text in procfs makes no sense.
    pub(crate) fn malformed(path: &str, problem: impl Into<String>) -> Self {
        Self::Malformed {
            path: path.to_owned(),
            problem: problem.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_translated_between_the_machine_and_the_process() {
        for (rootfs, machine, process) in [
            ("/", "/", "/"),
            ("/", "/boot", "/boot"),
            ("/host/root", "/", "/host/root"),
            ("/host/root", "/boot", "/host/root/boot"),
            ("/host/root/", "/boot", "/host/root/boot"),
        ] {
            let roots = Roots {
                rootfs: rootfs.into(),
                ..Roots::default()
            };
            assert_eq!(roots.in_rootfs(machine), Path::new(process));
            assert_eq!(roots.strip_rootfs(process), machine);
        }
        let roots = Roots {
            rootfs: "/host".into(),
            ..Roots::default()
        };
        assert_eq!(roots.strip_rootfs("/hosts"), "/hosts");
    }
}
