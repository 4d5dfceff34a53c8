//! How large and how full file systems are: the mounts of the machine, each asked with `statfs(2)`.

mod mounts;

use std::collections::HashSet;
use std::io;

use host::kernel::{FileSystemSize, MountAnswer, MountQuestion, StatfsWorkers};

use super::device_filter::DeviceFilter;
use super::options::{
    FS_TYPES_EXCLUDE, FilesystemOptions, MOUNT_POINTS_EXCLUDE, OptionsError, PatternFlags,
};
use super::sources::{Sources, if_there};
use crate::families::{Description, Families, gauge};
use crate::gather::CollectorError;

use mounts::Mount;

const MOUNT_POINT_FLAGS: PatternFlags = PatternFlags {
    exclude: "collector.filesystem.mount-points-exclude",
    old_exclude: "collector.filesystem.ignored-mount-points",
    include: "collector.filesystem.mount-points-include",
    old_include: "",
    default_exclude: MOUNT_POINTS_EXCLUDE,
};
const FS_TYPE_FLAGS: PatternFlags = PatternFlags {
    exclude: "collector.filesystem.fs-types-exclude",
    old_exclude: "collector.filesystem.ignored-fs-types",
    include: "collector.filesystem.fs-types-include",
    old_include: "",
    default_exclude: FS_TYPES_EXCLUDE,
};

const DEVICE_ERROR: Description = gauge(
    "node_filesystem_device_error",
    "Whether an error occurred while getting statistics for the given device.",
);
const READONLY: Description = gauge("node_filesystem_readonly", "Filesystem read-only status.");
const MOUNT_INFO: Description = gauge(
    "node_filesystem_mount_info",
    "Filesystem mount information.",
);
type SizeOf = fn(&FileSystemSize) -> f64;

/// What is told of a file system that answers.
const SIZES: [(SizeOf, Description); 6] = [
    (
        |size| bytes(size, size.blocks),
        gauge("node_filesystem_size_bytes", "Filesystem size in bytes."),
    ),
    (
        |size| bytes(size, size.free),
        gauge(
            "node_filesystem_free_bytes",
            "Filesystem free space in bytes.",
        ),
    ),
    (
        |size| bytes(size, size.available),
        gauge(
            "node_filesystem_avail_bytes",
            "Filesystem space available to non-root users in bytes.",
        ),
    ),
    (
        |size| float(size.files),
        gauge("node_filesystem_files", "Filesystem total file nodes."),
    ),
    (
        |size| float(size.files_free),
        gauge(
            "node_filesystem_files_free",
            "Filesystem total free file nodes.",
        ),
    ),
    (
        // Linux has no such space; upstream tells 0 since it tells it at all.
        |_| 0.0,
        gauge(
            "node_filesystem_purgeable_bytes",
            "Filesystem space available including purgeable space (MacOS specific).",
        ),
    ),
];

#[derive(Debug)]
pub(crate) struct Filesystem {
    mount_points: DeviceFilter,
    fs_types: DeviceFilter,
    workers: StatfsWorkers,
}

impl Filesystem {
    pub(crate) fn new(options: &FilesystemOptions) -> Result<Self, OptionsError> {
        Ok(Self {
            mount_points: options.mount_points.filter(&MOUNT_POINT_FLAGS)?,
            fs_types: options.fs_types.filter(&FS_TYPE_FLAGS)?,
            workers: StatfsWorkers::new(options.stat_workers, options.mount_timeout),
        })
    }

    pub(crate) fn collect(
        &self,
        sources: &mut Sources<'_>,
        families: &mut Families,
    ) -> Result<(), CollectorError> {
        // The first process sees the mounts of the machine; it may be hidden.
        let text = match if_there(sources.proc("1/mountinfo"))? {
            Some(text) => text.into_owned(),
            None => sources.proc("self/mountinfo")?.into_owned(),
        };
        let mounts = mounts::parse(&text, sources.roots)
            .map_err(|problem| CollectorError::malformed("mountinfo", problem))?;
        let mounts = self.wanted(mounts);
        let questions: Vec<_> = mounts
            .iter()
            .map(|mount| MountQuestion {
                path: sources.roots.in_rootfs(&mount.mount_point),
            })
            .collect();
        for (mount, answer) in mounts.iter().zip(self.workers.ask(&questions)) {
            tell(mount, &answer, families);
        }
        Ok(())
    }

    /// Mounts that the flags ask for, each once: a later mount at the same point hides the earlier,
    /// and both would get the same answer.
    fn wanted(&self, mut mounts: Vec<Mount>) -> Vec<Mount> {
        let mut seen = HashSet::new();
        mounts.retain(|mount| {
            !self.mount_points.ignores(&mount.mount_point)
                && !self.fs_types.ignores(&mount.fs_type)
                && seen.insert((
                    mount.device.clone(),
                    mount.mount_point.clone(),
                    mount.fs_type.clone(),
                ))
        });
        mounts
    }
}

fn tell(mount: &Mount, answer: &MountAnswer, families: &mut Families) {
    let (size, error) = match answer {
        MountAnswer::Answered(Ok(size)) => (Some(size), String::new()),
        MountAnswer::Answered(Err(error)) => (None, error_text(error)),
        MountAnswer::Stuck => (None, "mountpoint timeout".to_owned()),
    };
    let labels = [
        ("device", mount.device.as_str()),
        ("device_error", &error),
        ("fstype", &mount.fs_type),
        ("mountpoint", &mount.mount_point),
    ];
    let failed = f64::from(u8::from(size.is_none()));
    families.push(&DEVICE_ERROR, &labels, failed);
    families.push(&READONLY, &labels, f64::from(u8::from(mount.read_only)));
    let Some(size) = size else { return };
    for (value, description) in &SIZES {
        families.push(description, &labels, value(size));
    }
    let labels = [
        ("device", mount.device.as_str()),
        ("major", &*mount.major.to_string()),
        ("minor", &*mount.minor.to_string()),
        ("mountpoint", &mount.mount_point),
    ];
    families.push(&MOUNT_INFO, &labels, 1.0);
}

/// The system's text of an error as Go has it: in lower case, without number.
fn error_text(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    match text {
        "Stale file handle" => "stale NFS file handle".to_owned(),
        text => text.to_lowercase(),
    }
}

fn bytes(size: &FileSystemSize, blocks: u64) -> f64 {
    float(blocks) * float(size.block_size)
}

#[allow(clippy::cast_precision_loss, reason = "metrics are floats")]
fn float(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::tests::said;

    fn mount() -> Mount {
        Mount {
            device: "/dev/sda1".to_owned(),
            mount_point: "/data".to_owned(),
            fs_type: "ext4".to_owned(),
            major: 8,
            minor: 1,
            read_only: true,
        }
    }

    fn page(answer: &MountAnswer) -> String {
        said(&[], |_, families| {
            tell(&mount(), answer, families);
            Ok(())
        })
    }

    #[test]
    fn a_mount_that_answers_is_told_in_full() {
        let size = FileSystemSize {
            block_size: 4096,
            blocks: 10,
            free: 5,
            available: 4,
            files: 100,
            files_free: 50,
        };
        let page = page(&MountAnswer::Answered(Ok(size)));
        let of = "{device=\"/dev/sda1\",device_error=\"\",fstype=\"ext4\",mountpoint=\"/data\"}";
        for (name, value) in [
            ("size_bytes", 40960),
            ("free_bytes", 20480),
            ("avail_bytes", 16384),
            ("files", 100),
            ("files_free", 50),
            ("readonly", 1),
            ("device_error", 0),
        ] {
            let line = format!("node_filesystem_{name}{of} {value}\n");
            assert!(page.contains(&line), "{line} in {page}");
        }
        let info = "node_filesystem_mount_info{device=\"/dev/sda1\",major=\"8\",minor=\"1\",\
                    mountpoint=\"/data\"} 1\n";
        assert!(page.contains(info));
    }

    #[test]
    fn a_mount_that_fails_or_hangs_says_so() {
        for (answer, error) in [
            (MountAnswer::Stuck, "mountpoint timeout"),
            (
                MountAnswer::Answered(Err(io::Error::from_raw_os_error(13))),
                "permission denied",
            ),
            (
                MountAnswer::Answered(Err(io::Error::from_raw_os_error(116))),
                "stale NFS file handle",
            ),
        ] {
            let of = format!(
                "{{device=\"/dev/sda1\",device_error=\"{error}\",fstype=\"ext4\",\
                 mountpoint=\"/data\"}}"
            );
            assert_eq!(
                page(&answer),
                format!("node_filesystem_device_error{of} 1\nnode_filesystem_readonly{of} 1\n")
            );
        }
    }

    #[test]
    fn defaults_leave_out_what_has_no_disk_space() {
        let filesystem = Filesystem::new(&FilesystemOptions::default()).unwrap();
        let at = |mount_point: &str, fs_type: &str| Mount {
            mount_point: mount_point.to_owned(),
            fs_type: fs_type.to_owned(),
            ..mount()
        };
        let mounts = vec![
            at("/", "ext4"),
            at("/", "ext4"),
            at("/proc", "proc"),
            at("/dev/shm", "tmpfs"),
            at("/tmp", "tmpfs"),
            at("/var/lib/docker/overlay2/x", "ext4"),
            at("/snap/x", "squashfs"),
        ];
        let points: Vec<_> = filesystem
            .wanted(mounts)
            .into_iter()
            .map(|mount| mount.mount_point)
            .collect();
        assert_eq!(points, ["/", "/tmp"]);
    }
}
