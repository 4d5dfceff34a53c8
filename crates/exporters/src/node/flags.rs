//! The flags of the node exporter: one table from which the command line and the reference are made.

mod table;

use super::catalog::CollectorName;
use super::options::NodeOptions;
use table::{FLAGS, Flag, Target};

pub(crate) use table::{
    CPU_BUGS_INCLUDE, CPU_FLAGS_INCLUDE, NETCLASS_IGNORED_DEVICES, NETSTAT_FIELDS, VMSTAT_FIELDS,
};

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

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::time::Duration;

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
