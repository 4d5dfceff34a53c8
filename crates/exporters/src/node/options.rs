//! What the flags of the node exporter say, with upstream's defaults.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use regex::Regex;

use super::catalog::CollectorName;
use super::device_filter::DeviceFilter;
use super::sources::Roots;

/// Everything that flags can change. [`super::apply_flag`] changes it by the name of a flag.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeOptions {
    /// `--path.*`
    pub roots: Roots,
    /// `--collector.disable-defaults`: only collectors that are asked for by name run.
    pub disable_defaults: bool,
    /// `--[no-]collector.<name>`: collectors about which a decision was taken.
    pub collectors: BTreeMap<CollectorName, bool>,
    /// `--collector.cpu.*`
    pub cpu: CpuOptions,
    /// `--collector.diskstats.*`
    pub diskstats: NamePatterns,
    /// `--collector.filesystem.*`
    pub filesystem: FilesystemOptions,
    /// `--collector.hwmon.*`
    pub hwmon: HwmonOptions,
    /// `--collector.netclass.*`
    pub netclass: NetclassOptions,
    /// `--collector.netdev.*`
    pub netdev: NetdevOptions,
    /// `--collector.netstat.fields`
    pub netstat_fields: String,
    /// `--collector.stat.softirq`
    pub stat_softirq: bool,
    /// `--collector.textfile.directory`
    pub textfile_directories: Vec<String>,
    /// `--collector.vmstat.fields`
    pub vmstat_fields: String,
    /// Flags that were given; only lists may be given twice.
    pub(crate) given: BTreeSet<String>,
}

/// What the cpu collector speaks of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CpuOptions {
    /// Time spent in guests, which is also part of the other times.
    pub guest: bool,
    /// Model and frequency of each processor. Implied by the two patterns below.
    pub info: bool,
    /// Which of the processor's features to tell; empty: none.
    pub flags_include: String,
    /// Which of the processor's defects to tell; empty: none.
    pub bugs_include: String,
}

/// Names to leave out or to keep. `None` means that the flag was not given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamePatterns {
    /// Names to leave out.
    pub exclude: Option<String>,
    /// The same under the name that this flag had before.
    pub old_exclude: Option<String>,
    /// Names to keep.
    pub include: Option<String>,
    /// The same under the name that this flag had before.
    pub old_include: Option<String>,
}

/// What the filesystem collector asks, and how long it waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilesystemOptions {
    /// Which mount points.
    pub mount_points: NamePatterns,
    /// Which types of file system.
    pub fs_types: NamePatterns,
    /// How long mounts may take to answer.
    pub mount_timeout: Duration,
    /// How many mounts are asked at once.
    pub stat_workers: usize,
}

/// What the hwmon collector speaks of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HwmonOptions {
    /// Which chips.
    pub chip: NamePatterns,
    /// Which sensors, as `chip;sensor`.
    pub sensor: NamePatterns,
}

/// What the netclass collector speaks of, and whom it asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetclassOptions {
    /// Devices to leave out.
    pub ignored_devices: String,
    /// Leave out speeds below zero, which say that the speed is not known.
    pub ignore_invalid_speed: bool,
    /// Ask by netlink instead of reading sysfs.
    pub netlink: bool,
    /// With netlink: also tell what went through each device.
    pub with_stats: bool,
}

/// What the netdev collector speaks of, and whom it asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetdevOptions {
    /// Which devices.
    pub devices: NamePatterns,
    /// Also tell the addresses of each device.
    pub address_info: bool,
    /// The kernel's names of the counters instead of those of `/proc/net/dev`.
    pub detailed_metrics: bool,
    /// Ask by netlink instead of reading procfs.
    pub netlink: bool,
    /// Add a label with the device's second name.
    pub label_ifalias: bool,
}

/// Options that contradict each other, or a pattern that is none.
#[derive(Debug, thiserror::Error)]
pub enum OptionsError {
    /// Two flags that exclude each other.
    #[error("{0} are mutually exclusive")]
    Exclusive(String),
    /// A regular expression that is none.
    #[error("--{flag}: {source}")]
    Pattern {
        /// The flag's name.
        flag: &'static str,
        /// What is wrong.
        source: regex::Error,
    },
}

/// Default of `--collector.diskstats.device-exclude`: what comes and goes, and partitions.
pub(crate) const DISKSTATS_EXCLUDE: &str = r"^(z?ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+$";
/// Default of `--collector.filesystem.mount-points-exclude`.
pub(crate) const MOUNT_POINTS_EXCLUDE: &str = "^/(dev|proc|run/credentials/.+|sys|\
    var/lib/docker/.+|var/lib/containers/storage/.+)($|/)";
/// Default of `--collector.filesystem.fs-types-exclude`: file systems without disk space.
pub(crate) const FS_TYPES_EXCLUDE: &str = "^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|\
    devpts|devtmpfs|fusectl|hugetlbfs|iso9660|mqueue|nsfs|overlay|proc|procfs|pstore|rpc_pipefs|\
    securityfs|selinuxfs|squashfs|erofs|sysfs|tracefs)$";
const NETSTAT_FIELDS: &str = "^(.*_(InErrors|InErrs)|Ip_Forwarding|Ip(6|Ext)_(InOctets|OutOctets)|\
    Icmp6?_(InMsgs|OutMsgs)|TcpExt_(Listen.*|Syncookies.*|TCPSynRetrans|TCPTimeouts|TCPOFOQueue|\
    TCPRcvQDrop)|Tcp_(ActiveOpens|InSegs|OutSegs|OutRsts|PassiveOpens|RetransSegs|CurrEstab)|\
    Udp6?_(InDatagrams|OutDatagrams|NoPorts|RcvbufErrors|SndbufErrors))$";
const VMSTAT_FIELDS: &str = "^(oom_kill|pgpg|pswp|pg.*fault).*";

impl Default for NodeOptions {
    fn default() -> Self {
        Self {
            roots: Roots::default(),
            disable_defaults: false,
            collectors: BTreeMap::new(),
            cpu: CpuOptions {
                guest: true,
                info: false,
                flags_include: String::new(),
                bugs_include: String::new(),
            },
            diskstats: NamePatterns::default(),
            filesystem: FilesystemOptions::default(),
            hwmon: HwmonOptions::default(),
            netclass: NetclassOptions {
                ignored_devices: "^$".to_owned(),
                ignore_invalid_speed: false,
                netlink: false,
                with_stats: false,
            },
            netdev: NetdevOptions {
                devices: NamePatterns::default(),
                address_info: false,
                detailed_metrics: false,
                netlink: true,
                label_ifalias: false,
            },
            netstat_fields: NETSTAT_FIELDS.to_owned(),
            stat_softirq: false,
            textfile_directories: Vec::new(),
            vmstat_fields: VMSTAT_FIELDS.to_owned(),
            given: BTreeSet::new(),
        }
    }
}

impl Default for FilesystemOptions {
    fn default() -> Self {
        Self {
            mount_points: NamePatterns::default(),
            fs_types: NamePatterns::default(),
            mount_timeout: Duration::from_secs(5),
            stat_workers: 4,
        }
    }
}

impl NodeOptions {
    /// True if this collector is to run.
    pub fn is_enabled(&self, collector: CollectorName) -> bool {
        let default = collector.is_default() && !self.disable_defaults;
        self.collectors.get(&collector).copied().unwrap_or(default)
    }
}

/// The flags that fill a [`NamePatterns`], and the default of the first of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PatternFlags {
    pub(crate) exclude: &'static str,
    pub(crate) old_exclude: &'static str,
    pub(crate) include: &'static str,
    pub(crate) old_include: &'static str,
    pub(crate) default_exclude: &'static str,
}

impl NamePatterns {
    /// The filter that these patterns make. An old name of a flag counts if the new one was not
    /// given; whoever says what to keep wants no default of what to leave out.
    pub(crate) fn filter(&self, flags: &PatternFlags) -> Result<DeviceFilter, OptionsError> {
        let exclude = one_of(
            (flags.exclude, &self.exclude),
            (flags.old_exclude, &self.old_exclude),
        )?;
        let include = one_of(
            (flags.include, &self.include),
            (flags.old_include, &self.old_include),
        )?
        .unwrap_or_default();
        let exclude = exclude.unwrap_or(match include {
            "" => flags.default_exclude,
            _ => "",
        });
        if !exclude.is_empty() && !include.is_empty() {
            let (a, b) = (flags.exclude, flags.include);
            return Err(OptionsError::Exclusive(format!("--{a} and --{b}")));
        }
        DeviceFilter::new((flags.exclude, exclude), (flags.include, include))
    }
}

type Given<'a> = (&'static str, &'a Option<String>);

fn one_of<'a>(new: Given<'a>, old: Given<'a>) -> Result<Option<&'a str>, OptionsError> {
    match (new.1, old.1.as_deref()) {
        (Some(_), Some(pattern)) if !pattern.is_empty() => Err(OptionsError::Exclusive(format!(
            "--{} and --{}",
            old.0, new.0
        ))),
        (None, Some(pattern)) if !pattern.is_empty() => {
            let (old, new) = (old.0, new.0);
            tracing::warn!(old, new, "flag is deprecated, use the new one");
            Ok(Some(pattern))
        }
        (new, _) => Ok(new.as_deref()),
    }
}

/// Compiles the pattern that a flag has.
pub(crate) fn compile(flag: &'static str, pattern: &str) -> Result<Regex, OptionsError> {
    Regex::new(pattern).map_err(|source| OptionsError::Pattern { flag, source })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLAGS: PatternFlags = PatternFlags {
        exclude: "exclude",
        old_exclude: "ignored",
        include: "include",
        old_include: "whitelist",
        default_exclude: "^loop",
    };

    fn outcome(exclude: &str, ignored: &str, include: &str) -> String {
        let given = |text: &str| (text != "-").then(|| text.to_owned());
        let patterns = NamePatterns {
            exclude: given(exclude),
            old_exclude: given(ignored),
            include: given(include),
            old_include: None,
        };
        match patterns.filter(&FLAGS) {
            Ok(filter) => ["loop0", "sda", "sdb"]
                .into_iter()
                .filter(|name| !filter.ignores(name))
                .collect::<Vec<_>>()
                .join(" "),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn patterns_old_and_new() {
        for (exclude, ignored, include, expected) in [
            ("-", "-", "-", "sda sdb"),
            ("", "-", "-", "loop0 sda sdb"),
            ("sda", "-", "-", "loop0 sdb"),
            ("-", "sda", "-", "loop0 sdb"),
            ("-", "-", "loop|sda", "loop0 sda"),
            ("", "-", "sda", "sda"),
            (
                "a",
                "b",
                "-",
                "--ignored and --exclude are mutually exclusive",
            ),
            (
                "a",
                "-",
                "b",
                "--exclude and --include are mutually exclusive",
            ),
        ] {
            assert_eq!(outcome(exclude, ignored, include), expected);
        }
        assert!(outcome("(", "-", "-").starts_with("--exclude: regex parse error"));
    }

    #[test]
    fn defaults_are_what_they_look_like() {
        assert!(!MOUNT_POINTS_EXCLUDE.contains(' ') && !FS_TYPES_EXCLUDE.contains(' '));
        let options = NodeOptions::default();
        assert!(!options.netstat_fields.contains(' '));
        assert!(options.is_enabled(CollectorName::Cpu));
    }
}
