//! What only the kernel can tell: its name, the state of its clock, its network links, and how full
//! file systems are.

mod clock_state;
mod mounts;
mod netlink;

use std::io;
use std::path::Path;

pub use clock_state::{ClockState, TimeZone, clock_state, time_zone};
pub use mounts::{MountAnswer, MountQuestion, StatfsWorkers};
pub use netlink::{Link, LinkAddress, LinkStatistics, link_addresses, links};

/// How the kernel names itself and the machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KernelName {
    /// Name of the operating system, `Linux`.
    pub system: String,
    /// Release, as `6.1.0-18-amd64`.
    pub release: String,
    /// Build of that release.
    pub version: String,
    /// Kind of processor, as `x86_64`.
    pub machine: String,
    /// Name of the machine.
    pub node: String,
    /// Domain of the network information service; `(none)` almost everywhere.
    pub domain: String,
}

/// Asks the kernel for its name.
pub fn kernel_name() -> KernelName {
    let name = rustix::system::uname();
    let text = |part: &std::ffi::CStr| part.to_string_lossy().into_owned();
    KernelName {
        system: text(name.sysname()),
        release: text(name.release()),
        version: text(name.version()),
        machine: text(name.machine()),
        node: text(name.nodename()),
        domain: text(name.domainname()),
    }
}

/// How large and how full a file system is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FileSystemSize {
    /// Bytes of one block, in which the other sizes count.
    pub block_size: u64,
    /// All blocks.
    pub blocks: u64,
    /// Blocks that nobody uses.
    pub free: u64,
    /// Blocks that users who are not root may still use.
    pub available: u64,
    /// File nodes, used or not.
    pub files: u64,
    /// File nodes that nobody uses.
    pub files_free: u64,
}

/// Asks for the size of the file system that `path` is on. Blocks for as long as its server is
/// silent; [`StatfsWorkers`] asks with a limit of time.
///
/// # Errors
/// As the operating system says.
pub fn file_system_size(path: &Path) -> io::Result<FileSystemSize> {
    let size = rustix::fs::statfs(path)?;
    Ok(FileSystemSize {
        block_size: u64::try_from(size.f_bsize).unwrap_or_default(),
        blocks: size.f_blocks,
        free: size.f_bfree,
        available: size.f_bavail,
        files: size.f_files,
        files_free: size.f_ffree,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_has_a_name() {
        let name = kernel_name();
        assert_eq!(name.system, "Linux");
        assert!(!name.release.is_empty() && !name.machine.is_empty());
    }

    #[test]
    fn the_root_has_a_size() {
        let size = file_system_size(Path::new("/")).unwrap();
        assert!(size.block_size > 0 && size.blocks >= size.free && size.free >= size.available);
        let error = file_system_size(Path::new("/no/such/folder")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }
}
