//! The table: one row a flag, with the option that it changes.

use std::path::PathBuf;
use std::time::Duration;

use model::duration;

use super::{FlagDescription, FlagError, FlagKind, no_value, once};
use crate::node::options::{
    DISKSTATS_EXCLUDE, FS_TYPES_EXCLUDE, MOUNT_POINTS_EXCLUDE, NodeOptions,
};

/// A row of the table.
pub(super) struct Flag {
    pub(super) name: &'static str,
    help: &'static str,
    pub(super) target: Target,
    hidden: bool,
}

/// What the flag changes.
pub(super) enum Target {
    Switch(fn(&mut NodeOptions) -> &mut bool),
    Text(fn(&mut NodeOptions) -> &mut String),
    /// A pattern that knows whether it was given, and its default.
    Pattern(fn(&mut NodeOptions) -> &mut Option<String>, &'static str),
    List(fn(&mut NodeOptions) -> &mut Vec<String>),
    Path(fn(&mut NodeOptions) -> &mut PathBuf),
    Duration(fn(&mut NodeOptions) -> &mut Duration),
    Count(fn(&mut NodeOptions) -> &mut usize),
}

impl Flag {
    const fn new(name: &'static str, target: Target, help: &'static str) -> Self {
        Self {
            name,
            help,
            target,
            hidden: false,
        }
    }

    const fn hidden(name: &'static str, target: Target, help: &'static str) -> Self {
        Self {
            name,
            help,
            target,
            hidden: true,
        }
    }

    pub(super) fn describe(&self) -> FlagDescription {
        let mut options = NodeOptions::default();
        let (kind, default) = match &self.target {
            Target::Switch(field) => (FlagKind::Switch, field(&mut options).to_string()),
            Target::Text(field) => (FlagKind::Text, field(&mut options).clone()),
            Target::Pattern(_, default) => (FlagKind::Text, (*default).to_owned()),
            Target::List(_) => (FlagKind::List, String::new()),
            Target::Path(field) => (FlagKind::Path, field(&mut options).display().to_string()),
            Target::Duration(field) => (FlagKind::Duration, duration::format(*field(&mut options))),
            Target::Count(field) => (FlagKind::Count, field(&mut options).to_string()),
        };
        FlagDescription {
            name: self.name.to_owned(),
            kind,
            default,
            help: self.help.to_owned(),
            hidden: self.hidden,
        }
    }

    pub(super) fn apply(
        &self,
        options: &mut NodeOptions,
        value: Option<&str>,
        on: bool,
    ) -> Result<(), FlagError> {
        if let Target::Switch(field) = &self.target {
            no_value(self.name, value)?;
            once(options, self.name)?;
            *field(options) = on;
            return Ok(());
        }
        let value = value.ok_or_else(|| FlagError::MissingValue(self.name.to_owned()))?;
        if !matches!(self.target, Target::List(_)) {
            once(options, self.name)?;
        }
        self.set(options, value)
            .map_err(|reason| FlagError::Invalid {
                name: self.name.to_owned(),
                value: value.to_owned(),
                reason,
            })
    }

    fn set(&self, options: &mut NodeOptions, value: &str) -> Result<(), String> {
        match &self.target {
            Target::Switch(field) => *field(options) = value == "true",
            Target::Text(field) => value.clone_into(field(options)),
            Target::Pattern(field, _) => *field(options) = Some(value.to_owned()),
            Target::List(field) => field(options).push(value.to_owned()),
            Target::Path(field) => *field(options) = value.into(),
            Target::Duration(field) => {
                *field(options) = duration::parse(value).map_err(|error| error.to_string())?;
            }
            Target::Count(field) => {
                *field(options) = value.parse().map_err(|_| "expected a number".to_owned())?;
            }
        }
        Ok(())
    }
}

pub(super) const FLAGS: &[Flag] = &[
    Flag::new(
        "path.procfs",
        Target::Path(|o| &mut o.roots.procfs),
        "procfs mountpoint.",
    ),
    Flag::new(
        "path.sysfs",
        Target::Path(|o| &mut o.roots.sysfs),
        "sysfs mountpoint.",
    ),
    Flag::new(
        "path.rootfs",
        Target::Path(|o| &mut o.roots.rootfs),
        "rootfs mountpoint.",
    ),
    Flag::new(
        "path.udev.data",
        Target::Path(|o| &mut o.roots.udev_data),
        "udev data path.",
    ),
    Flag::new(
        "collector.disable-defaults",
        Target::Switch(|o| &mut o.disable_defaults),
        "Set all collectors to disabled by default.",
    ),
    Flag::new(
        "collector.cpu.guest",
        Target::Switch(|o| &mut o.cpu.guest),
        "Enables metric node_cpu_guest_seconds_total",
    ),
    Flag::new(
        "collector.cpu.info",
        Target::Switch(|o| &mut o.cpu.info),
        "Enables metric cpu_info",
    ),
    Flag::new(
        CPU_FLAGS_INCLUDE,
        Target::Text(|o| &mut o.cpu.flags_include),
        "Filter the `flags` field in cpuInfo with a value that must be a regular expression",
    ),
    Flag::new(
        CPU_BUGS_INCLUDE,
        Target::Text(|o| &mut o.cpu.bugs_include),
        "Filter the `bugs` field in cpuInfo with a value that must be a regular expression",
    ),
    Flag::new(
        "collector.diskstats.device-exclude",
        Target::Pattern(|o| &mut o.diskstats.exclude, DISKSTATS_EXCLUDE),
        "Regexp of diskstats devices to exclude (mutually exclusive to device-include).",
    ),
    Flag::hidden(
        "collector.diskstats.ignored-devices",
        Target::Pattern(|o| &mut o.diskstats.old_exclude, ""),
        "DEPRECATED: Use collector.diskstats.device-exclude",
    ),
    Flag::new(
        "collector.diskstats.device-include",
        Target::Pattern(|o| &mut o.diskstats.include, ""),
        "Regexp of diskstats devices to include (mutually exclusive to device-exclude).",
    ),
    Flag::new(
        "collector.filesystem.mount-points-exclude",
        Target::Pattern(
            |o| &mut o.filesystem.mount_points.exclude,
            MOUNT_POINTS_EXCLUDE,
        ),
        "Regexp of mount points to exclude for filesystem collector. \
         (mutually exclusive to mount-points-include)",
    ),
    Flag::hidden(
        "collector.filesystem.ignored-mount-points",
        Target::Pattern(|o| &mut o.filesystem.mount_points.old_exclude, ""),
        "Regexp of mount points to ignore for filesystem collector.",
    ),
    Flag::new(
        "collector.filesystem.mount-points-include",
        Target::Pattern(|o| &mut o.filesystem.mount_points.include, ""),
        "Regexp of mount points to include for filesystem collector. \
         (mutually exclusive to mount-points-exclude)",
    ),
    Flag::new(
        "collector.filesystem.fs-types-exclude",
        Target::Pattern(|o| &mut o.filesystem.fs_types.exclude, FS_TYPES_EXCLUDE),
        "Regexp of filesystem types to exclude for filesystem collector. \
         (mutually exclusive to fs-types-include)",
    ),
    Flag::hidden(
        "collector.filesystem.ignored-fs-types",
        Target::Pattern(|o| &mut o.filesystem.fs_types.old_exclude, ""),
        "Regexp of filesystem types to ignore for filesystem collector.",
    ),
    Flag::new(
        "collector.filesystem.fs-types-include",
        Target::Pattern(|o| &mut o.filesystem.fs_types.include, ""),
        "Regexp of filesystem types to include for filesystem collector. \
         (mutually exclusive to fs-types-exclude)",
    ),
    Flag::hidden(
        "collector.filesystem.mount-timeout",
        Target::Duration(|o| &mut o.filesystem.mount_timeout),
        "how long to wait for a mount to respond before marking it as stale",
    ),
    Flag::hidden(
        "collector.filesystem.stat-workers",
        Target::Count(|o| &mut o.filesystem.stat_workers),
        "how many stat calls to process simultaneously",
    ),
    Flag::new(
        "collector.hwmon.chip-include",
        Target::Pattern(|o| &mut o.hwmon.chip.include, ""),
        "Regexp of hwmon chip to include (mutually exclusive to device-exclude).",
    ),
    Flag::new(
        "collector.hwmon.chip-exclude",
        Target::Pattern(|o| &mut o.hwmon.chip.exclude, ""),
        "Regexp of hwmon chip to exclude (mutually exclusive to device-include).",
    ),
    Flag::new(
        "collector.hwmon.sensor-include",
        Target::Pattern(|o| &mut o.hwmon.sensor.include, ""),
        "Regexp of hwmon sensor to include (mutually exclusive to sensor-exclude).",
    ),
    Flag::new(
        "collector.hwmon.sensor-exclude",
        Target::Pattern(|o| &mut o.hwmon.sensor.exclude, ""),
        "Regexp of hwmon sensor to exclude (mutually exclusive to sensor-include).",
    ),
    Flag::new(
        NETCLASS_IGNORED_DEVICES,
        Target::Text(|o| &mut o.netclass.ignored_devices),
        "Regexp of net devices to ignore for netclass collector.",
    ),
    Flag::new(
        "collector.netclass.ignore-invalid-speed",
        Target::Switch(|o| &mut o.netclass.ignore_invalid_speed),
        "Ignore devices where the speed is invalid. This will be the default behavior in 2.x.",
    ),
    Flag::new(
        "collector.netclass.netlink",
        Target::Switch(|o| &mut o.netclass.netlink),
        "Use netlink to gather stats instead of /proc/net/dev.",
    ),
    Flag::new(
        "collector.netclass_rtnl.with-stats",
        Target::Switch(|o| &mut o.netclass.with_stats),
        "Expose the statistics for each network device, replacing netdev collector.",
    ),
    Flag::new(
        "collector.netdev.device-include",
        Target::Pattern(|o| &mut o.netdev.devices.include, ""),
        "Regexp of net devices to include (mutually exclusive to device-exclude).",
    ),
    Flag::hidden(
        "collector.netdev.device-whitelist",
        Target::Pattern(|o| &mut o.netdev.devices.old_include, ""),
        "DEPRECATED: Use collector.netdev.device-include",
    ),
    Flag::new(
        "collector.netdev.device-exclude",
        Target::Pattern(|o| &mut o.netdev.devices.exclude, ""),
        "Regexp of net devices to exclude (mutually exclusive to device-include).",
    ),
    Flag::hidden(
        "collector.netdev.device-blacklist",
        Target::Pattern(|o| &mut o.netdev.devices.old_exclude, ""),
        "DEPRECATED: Use collector.netdev.device-exclude",
    ),
    Flag::new(
        "collector.netdev.address-info",
        Target::Switch(|o| &mut o.netdev.address_info),
        "Collect address-info for every device",
    ),
    Flag::new(
        "collector.netdev.enable-detailed-metrics",
        Target::Switch(|o| &mut o.netdev.detailed_metrics),
        "Use (incompatible) metric names that provide more detailed stats on Linux",
    ),
    Flag::new(
        "collector.netdev.netlink",
        Target::Switch(|o| &mut o.netdev.netlink),
        "Use netlink to gather stats instead of /proc/net/dev.",
    ),
    Flag::new(
        "collector.netdev.label-ifalias",
        Target::Switch(|o| &mut o.netdev.label_ifalias),
        "Add ifAlias label",
    ),
    Flag::new(
        NETSTAT_FIELDS,
        Target::Text(|o| &mut o.netstat_fields),
        "Regexp of fields to return for netstat collector.",
    ),
    Flag::new(
        "collector.stat.softirq",
        Target::Switch(|o| &mut o.stat_softirq),
        "Export softirq calls per vector",
    ),
    Flag::new(
        "collector.textfile.directory",
        Target::List(|o| &mut o.textfile_directories),
        "Directory to read text files with metrics from, supports glob matching. (repeatable)",
    ),
    Flag::new(
        VMSTAT_FIELDS,
        Target::Text(|o| &mut o.vmstat_fields),
        "Regexp of fields to return for vmstat collector.",
    ),
];

// Flags that are also named in errors, because their values are compiled later.
pub(crate) const CPU_FLAGS_INCLUDE: &str = "collector.cpu.info.flags-include";
pub(crate) const CPU_BUGS_INCLUDE: &str = "collector.cpu.info.bugs-include";
pub(crate) const NETCLASS_IGNORED_DEVICES: &str = "collector.netclass.ignored-devices";
pub(crate) const NETSTAT_FIELDS: &str = "collector.netstat.fields";
pub(crate) const VMSTAT_FIELDS: &str = "collector.vmstat.fields";
