//! What the process may use: memory, CPUs, open files.

use std::path::Path;

use rustix::process::Resource;

use crate::fs::Fs;

/// What the operating system grants this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of memory: the least of the machine's memory, the limits of the control groups around
    /// the process, and its resource limits of data and address space.
    pub memory_bytes: u64,
    /// CPUs that threads may run on at once; at least 1.
    pub cpus: usize,
    /// Files that may be open at once.
    pub open_files: u64,
}

impl Limits {
    /// Asks the operating system.
    pub fn read(fs: &dyn Fs) -> Self {
        let resources = [Resource::Data, Resource::As].map(resource_limit);
        let bounds = [meminfo_total(fs), group_limit(fs)];
        let bounds = bounds.into_iter().chain(resources).flatten();
        Self {
            memory_bytes: bounds.min().unwrap_or(u64::MAX),
            cpus: std::thread::available_parallelism().map_or(1, usize::from),
            open_files: resource_limit(Resource::Nofile).unwrap_or(u64::MAX),
        }
    }
}

fn resource_limit(resource: Resource) -> Option<u64> {
    rustix::process::getrlimit(resource).current
}

/// Raises the limit of open files to the most that the process may have; each target keeps one
/// connection open.
pub fn raise_open_files() {
    let mut limit = rustix::process::getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = rustix::process::setrlimit(Resource::Nofile, limit) {
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

/// The least limit of the control groups around the process, in versions 2 and 1. A container sees
/// its own group as the root; a service of the machine stands some folders deep.
fn group_limit(fs: &dyn Fs) -> Option<u64> {
    let groups = fs.read(Path::new("/proc/self/cgroup")).unwrap_or_default();
    let groups = String::from_utf8_lossy(&groups).into_owned();
    let roots = groups.lines().filter_map(|line| {
        let (controllers, group) = line.split_once(':')?.1.split_once(':')?;
        match controllers {
            "" => Some(("/sys/fs/cgroup", group, "memory.max")),
            "memory" => Some(("/sys/fs/cgroup/memory", group, "memory.limit_in_bytes")),
            _ => None,
        }
    });
    let limits = roots.flat_map(|(root, group, file)| {
        let around = Path::new(group.trim_start_matches('/')).ancestors();
        let files = around.map(move |group| Path::new(root).join(group).join(file));
        files.filter_map(|file| number_in(fs, &file))
    });
    limits.min()
}

fn number_in(fs: &dyn Fs, path: &Path) -> Option<u64> {
    let bytes = fs.read(path).ok()?;
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
    fn the_least_limit_around_the_process_counts() {
        let fs = SimulatedFs::default();
        let write = |path: &str, text: &str| {
            let path = Path::new(path);
            fs.create_dir_all(path.parent().unwrap()).unwrap();
            fs.write(path, text.as_bytes()).unwrap();
        };
        let limit = || Limits::read(&fs).memory_bytes;
        write("/proc/meminfo", "MemTotal:  2048 kB\nMemFree: 1 kB\n");
        assert_eq!(limit(), 2048 * 1024);
        write("/proc/self/cgroup", "0::/system.slice/narthex.service\n");
        write("/sys/fs/cgroup/system.slice/memory.max", "1048576\n");
        assert_eq!(limit(), 1_048_576);
        let service = "/sys/fs/cgroup/system.slice/narthex.service/memory.max";
        write(service, "max\n");
        assert_eq!(limit(), 1_048_576);
        write(service, "4096\n");
        assert_eq!(limit(), 4096);
        write(
            "/proc/self/cgroup",
            "12:memory:/a\n3:cpu,cpuacct:/b\n0::/\n",
        );
        write("/sys/fs/cgroup/memory/a/memory.limit_in_bytes", "1024\n");
        assert_eq!(limit(), 1024);
        write("/proc/self/cgroup", "0::/\n");
        write("/sys/fs/cgroup/memory.max", "512\n");
        assert_eq!(limit(), 512);
    }
}
