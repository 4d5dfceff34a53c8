//! What the process may use: memory, CPUs, open files.

use std::path::Path;

use crate::fs::Fs;

/// What the operating system grants this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of memory: the control group's limit, or the machine's memory.
    pub memory_bytes: u64,
    /// CPUs that threads may run on at once; at least 1.
    pub cpus: usize,
    /// Files that may be open at once.
    pub open_files: u64,
}

impl Limits {
    /// Asks the operating system.
    pub fn read(fs: &dyn Fs) -> Self {
        let machine = meminfo_total(fs).unwrap_or(u64::MAX);
        let group = CGROUP_LIMITS.iter().find_map(|path| number_in(fs, path));
        Self {
            memory_bytes: group.unwrap_or(u64::MAX).min(machine),
            cpus: std::thread::available_parallelism().map_or(1, usize::from),
            open_files: rustix::process::getrlimit(rustix::process::Resource::Nofile)
                .current
                .unwrap_or(u64::MAX),
        }
    }
}

/// Raises the limit of open files to the most that the process may have; each target keeps one
/// connection open.
pub fn raise_open_files() {
    let resource = rustix::process::Resource::Nofile;
    let mut limit = rustix::process::getrlimit(resource);
    limit.current = limit.maximum;
    if let Err(error) = rustix::process::setrlimit(resource, limit) {
        tracing::debug!(%error, "could not raise the limit of open files");
    }
}

/// Bytes of a page of memory.
pub fn page_size() -> u64 {
    rustix::param::page_size() as u64
}

/// Ticks of the kernel's clock in a second, the unit of CPU time in `/proc`.
pub fn clock_ticks_per_second() -> u64 {
    rustix::param::clock_ticks_per_second()
}

/// Where control groups version 2 and 1 say how much memory the process may use.
const CGROUP_LIMITS: [&str; 2] = [
    "/sys/fs/cgroup/memory.max",
    "/sys/fs/cgroup/memory/memory.limit_in_bytes",
];

fn number_in(fs: &dyn Fs, path: &str) -> Option<u64> {
    let bytes = fs.read(Path::new(path)).ok()?;
    std::str::from_utf8(&bytes).ok()?.trim().parse().ok()
}

fn meminfo_total(fs: &dyn Fs) -> Option<u64> {
    let bytes = fs.read(Path::new("/proc/meminfo")).ok()?;
    let line = std::str::from_utf8(&bytes)
        .ok()?
        .lines()
        .next()?
        .strip_prefix("MemTotal:")?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fs::SimulatedFs;

    #[test]
    fn the_smaller_of_group_and_machine_counts() {
        let fs = SimulatedFs::default();
        fs.create_dir_all(Path::new("/proc")).unwrap();
        fs.create_dir_all(Path::new("/sys/fs/cgroup")).unwrap();
        fs.write(
            Path::new("/proc/meminfo"),
            b"MemTotal:  2048 kB\nMemFree: 1 kB\n",
        )
        .unwrap();
        assert_eq!(Limits::read(&fs).memory_bytes, 2048 * 1024);
        fs.write(Path::new("/sys/fs/cgroup/memory.max"), b"1048576\n")
            .unwrap();
        assert_eq!(Limits::read(&fs).memory_bytes, 1_048_576);
        fs.write(Path::new("/sys/fs/cgroup/memory.max"), b"max\n")
            .unwrap();
        assert_eq!(Limits::read(&fs).memory_bytes, 2048 * 1024);
    }
}
