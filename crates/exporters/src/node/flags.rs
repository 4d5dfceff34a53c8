//! The flags of the node exporter: one table from which the command line and the reference are made.

use std::path::PathBuf;
use std::time::Duration;

use model::duration;

use super::catalog::CollectorName;
use super::options::{DISKSTATS_EXCLUDE, FS_TYPES_EXCLUDE, MOUNT_POINTS_EXCLUDE, NodeOptions};

/// A flag as the command line and the reference show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlagDescription {
    /// Name without dashes.
    pub name: String,
    /// What it takes.
    pub kind: FlagKind,
    /// Its value if it is not given, as one would write it; empty if there is none.
    pub default: String,
    /// What it does.
    pub help: String,
    /// True for old names and for what only few should change; help does not show it.
    pub hidden: bool,
}

/// What a flag takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlagKind {
    /// Nothing; `--no-<name>` is its opposite.
    Switch,
    /// Text.
    Text,
    /// Text; may be given several times.
    List,
    /// A path.
    Path,
    /// A duration, as `5s`.
    Duration,
    /// A number of things.
    Count,
}

/// A flag that cannot be applied; the words are upstream's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FlagError {
    /// There is no such flag.
    #[error("unknown long flag '--{0}'")]
    Unknown(String),
    /// The flag needs a value.
    #[error("expected argument for flag '--{0}'")]
    MissingValue(String),
    /// The flag takes no value.
    #[error("unexpected {value} for flag '--{name}', which takes no value")]
    UnexpectedValue {
        /// The flag's name.
        name: String,
        /// The value given.
        value: String,
    },
    /// The flag may be given only once.
    #[error("flag '{0}' cannot be repeated")]
    Repeated(String),
    /// The value is not of the flag's kind.
    #[error("invalid value '{value}' for flag '--{name}': {reason}")]
    Invalid {
        /// The flag's name.
        name: String,
        /// The value given.
        value: String,
        /// Why it is none.
        reason: String,
    },
}

/// All flags: first those of the exporter and of single collectors, then one switch a collector.
pub fn flags() -> impl Iterator<Item = FlagDescription> {
    let switches = CollectorName::ALL.into_iter().map(|collector| {
        let state = match collector.is_default() {
            true => "enabled",
            false => "disabled",
        };
        FlagDescription {
            name: format!("collector.{collector}"),
            kind: FlagKind::Switch,
            default: collector.is_default().to_string(),
            help: format!("Enable the {collector} collector (default: {state})."),
            hidden: false,
        }
    });
    FLAGS.iter().map(Flag::describe).chain(switches)
}

/// Applies a flag by its name without dashes. Switches take no value and know `no-<name>`.
///
/// # Errors
/// See [`FlagError`]. The options are then as before.
pub fn apply_flag(
    options: &mut NodeOptions,
    name: &str,
    value: Option<&str>,
) -> Result<(), FlagError> {
    if let Some(flag) = FLAGS.iter().find(|flag| flag.name == name) {
        return flag.apply(options, value, true);
    }
    if let Some(collector) = collector_switch(name) {
        return decide(options, name, collector, value, true);
    }
    let Some(positive) = name.strip_prefix("no-") else {
        return Err(FlagError::Unknown(name.to_owned()));
    };
    if let Some(collector) = collector_switch(positive) {
        return decide(options, positive, collector, value, false);
    }
    match FLAGS.iter().find(|flag| flag.name == positive) {
        Some(
            flag @ Flag {
                target: Target::Switch(_),
                ..
            },
        ) => flag.apply(options, value, false),
        _ => Err(FlagError::Unknown(name.to_owned())),
    }
}

fn collector_switch(name: &str) -> Option<CollectorName> {
    CollectorName::parse(name.strip_prefix("collector.")?)
}

fn decide(
    options: &mut NodeOptions,
    name: &str,
    collector: CollectorName,
    value: Option<&str>,
    enabled: bool,
) -> Result<(), FlagError> {
    no_value(name, value)?;
    once(options, name)?;
    options.collectors.insert(collector, enabled);
    Ok(())
}

fn no_value(name: &str, value: Option<&str>) -> Result<(), FlagError> {
    value.map_or(Ok(()), |value| {
        Err(FlagError::UnexpectedValue {
            name: name.to_owned(),
            value: value.to_owned(),
        })
    })
}

fn once(options: &mut NodeOptions, name: &str) -> Result<(), FlagError> {
    match options.given.insert(name.to_owned()) {
        true => Ok(()),
        false => Err(FlagError::Repeated(name.to_owned())),
    }
}

/// A row of the table.
struct Flag {
    name: &'static str,
    help: &'static str,
    target: Target,
    hidden: bool,
}

/// What the flag changes.
enum Target {
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

    fn describe(&self) -> FlagDescription {
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

    fn apply(
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

const FLAGS: &[Flag] = &[
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

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(flags: &[(&str, Option<&str>)]) -> Result<NodeOptions, String> {
        let mut options = NodeOptions::default();
        for (name, value) in flags {
            apply_flag(&mut options, name, *value).map_err(|error| error.to_string())?;
        }
        Ok(options)
    }

    #[test]
    fn each_kind_of_flag_changes_its_option() {
        let options = applied(&[
            ("path.rootfs", Some("/host/root")),
            ("collector.disable-defaults", None),
            ("collector.cpu", None),
            ("no-collector.cpu.guest", None),
            ("collector.filesystem.mount-timeout", Some("2s")),
            ("collector.filesystem.stat-workers", Some("8")),
            ("collector.textfile.directory", Some("/a")),
            ("collector.textfile.directory", Some("/b*")),
            ("collector.netdev.device-exclude", Some("^veth")),
        ])
        .unwrap();
        assert_eq!(options.roots.rootfs, PathBuf::from("/host/root"));
        assert!(options.is_enabled(CollectorName::Cpu));
        assert!(!options.is_enabled(CollectorName::Stat));
        assert!(!options.cpu.guest);
        assert_eq!(options.filesystem.mount_timeout, Duration::from_secs(2));
        assert_eq!(options.filesystem.stat_workers, 8);
        assert_eq!(options.textfile_directories, ["/a", "/b*"]);
        assert_eq!(options.netdev.devices.exclude.as_deref(), Some("^veth"));
    }

    #[test]
    fn wrong_flags_are_told() {
        for (flags, expected) in [
            (
                &[("collector.nosuch", None)][..],
                "unknown long flag '--collector.nosuch'",
            ),
            (
                &[("no-path.procfs", None)],
                "unknown long flag '--no-path.procfs'",
            ),
            (
                &[("path.procfs", None)],
                "expected argument for flag '--path.procfs'",
            ),
            (
                &[("collector.cpu", Some("yes"))],
                "unexpected yes for flag '--collector.cpu', which takes no value",
            ),
            (
                &[("collector.cpu", None), ("no-collector.cpu", None)],
                "flag 'collector.cpu' cannot be repeated",
            ),
            (
                &[("path.sysfs", Some("/a")), ("path.sysfs", Some("/b"))],
                "flag 'path.sysfs' cannot be repeated",
            ),
            (
                &[("collector.filesystem.stat-workers", Some("many"))],
                "invalid value 'many' for flag '--collector.filesystem.stat-workers': \
                 expected a number",
            ),
        ] {
            assert_eq!(applied(flags).unwrap_err(), expected);
        }
    }

    #[test]
    fn each_described_flag_can_be_applied() {
        let mut options = NodeOptions::default();
        for flag in flags() {
            let value = match flag.kind {
                FlagKind::Switch => None,
                _ => Some(flag.default.as_str()),
            };
            apply_flag(&mut options, &flag.name, value).unwrap();
        }
        let defaults: Vec<_> = flags().map(|flag| (flag.name, flag.default)).collect();
        assert!(defaults.contains(&("collector.filesystem.mount-timeout".into(), "5s".into())));
        assert!(defaults.contains(&("collector.netdev.netlink".into(), "true".into())));
    }
}
