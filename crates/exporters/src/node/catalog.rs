//! Which collectors there are: the one list of them.

use std::fmt;

use super::cpu::Cpu;
use super::diskstats::Diskstats;
use super::filesystem::Filesystem;
use super::hwmon::Hwmon;
use super::netclass::Netclass;
use super::netdev::Netdev;
use super::netstat::Netstat;
use super::options::{NodeOptions, OptionsError};
use super::sources::Sources;
use super::stat::Stat;
use super::textfile::Textfile;
use super::vmstat::Vmstat;
use super::{
    conntrack, entropy, filefd, loadavg, meminfo, os, pressure, sockstat, time, timex, uname,
};
use crate::families::Families;
use crate::gather::CollectorError;

/// Name of a collector, as flags and `?collect[]=` have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(
    missing_docs,
    reason = "the names are upstream's and are described there and in each module"
)]
pub enum CollectorName {
    Conntrack,
    Cpu,
    Diskstats,
    Entropy,
    Filefd,
    Filesystem,
    Hwmon,
    Loadavg,
    Meminfo,
    Netclass,
    Netdev,
    Netstat,
    Os,
    Pressure,
    Sockstat,
    Stat,
    Textfile,
    Time,
    Timex,
    Uname,
    Vmstat,
}

impl CollectorName {
    /// All collectors, by name.
    pub const ALL: [Self; 21] = [
        Self::Conntrack,
        Self::Cpu,
        Self::Diskstats,
        Self::Entropy,
        Self::Filefd,
        Self::Filesystem,
        Self::Hwmon,
        Self::Loadavg,
        Self::Meminfo,
        Self::Netclass,
        Self::Netdev,
        Self::Netstat,
        Self::Os,
        Self::Pressure,
        Self::Sockstat,
        Self::Stat,
        Self::Textfile,
        Self::Time,
        Self::Timex,
        Self::Uname,
        Self::Vmstat,
    ];

    /// The name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Conntrack => "conntrack",
            Self::Cpu => "cpu",
            Self::Diskstats => "diskstats",
            Self::Entropy => "entropy",
            Self::Filefd => "filefd",
            Self::Filesystem => "filesystem",
            Self::Hwmon => "hwmon",
            Self::Loadavg => "loadavg",
            Self::Meminfo => "meminfo",
            Self::Netclass => "netclass",
            Self::Netdev => "netdev",
            Self::Netstat => "netstat",
            Self::Os => "os",
            Self::Pressure => "pressure",
            Self::Sockstat => "sockstat",
            Self::Stat => "stat",
            Self::Textfile => "textfile",
            Self::Time => "time",
            Self::Timex => "timex",
            Self::Uname => "uname",
            Self::Vmstat => "vmstat",
        }
    }

    /// The collector that has this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == name)
    }

    /// True if it runs unless a flag says otherwise. All that are here do.
    pub const fn is_default(self) -> bool {
        true
    }
}

impl fmt::Display for CollectorName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A collector with what its flags say, ready to run.
#[derive(Debug)]
pub(crate) enum NodeCollector {
    Conntrack,
    Cpu(Cpu),
    Diskstats(Diskstats),
    Entropy,
    Filefd,
    Filesystem(Filesystem),
    Hwmon(Hwmon),
    Loadavg,
    Meminfo,
    Netclass(Netclass),
    Netdev(Netdev),
    Netstat(Netstat),
    Os,
    Pressure,
    Sockstat,
    Stat(Stat),
    Textfile(Textfile),
    Time,
    Timex,
    Uname,
    Vmstat(Vmstat),
}

impl NodeCollector {
    /// Makes the collector of this name.
    pub(crate) fn new(name: CollectorName, options: &NodeOptions) -> Result<Self, OptionsError> {
        Ok(match name {
            CollectorName::Conntrack => Self::Conntrack,
            CollectorName::Cpu => Self::Cpu(Cpu::new(&options.cpu)?),
            CollectorName::Diskstats => Self::Diskstats(Diskstats::new(&options.diskstats)?),
            CollectorName::Entropy => Self::Entropy,
            CollectorName::Filefd => Self::Filefd,
            CollectorName::Filesystem => Self::Filesystem(Filesystem::new(&options.filesystem)?),
            CollectorName::Hwmon => Self::Hwmon(Hwmon::new(&options.hwmon)?),
            CollectorName::Loadavg => Self::Loadavg,
            CollectorName::Meminfo => Self::Meminfo,
            CollectorName::Netclass => Self::Netclass(Netclass::new(&options.netclass)?),
            CollectorName::Netdev => Self::Netdev(Netdev::new(&options.netdev)?),
            CollectorName::Netstat => Self::Netstat(Netstat::new(&options.netstat_fields)?),
            CollectorName::Os => Self::Os,
            CollectorName::Pressure => Self::Pressure,
            CollectorName::Sockstat => Self::Sockstat,
            CollectorName::Stat => Self::Stat(Stat::new(options.stat_softirq)),
            CollectorName::Textfile => Self::Textfile(Textfile::new(&options.textfile_directories)),
            CollectorName::Time => Self::Time,
            CollectorName::Timex => Self::Timex,
            CollectorName::Uname => Self::Uname,
            CollectorName::Vmstat => Self::Vmstat(Vmstat::new(&options.vmstat_fields)?),
        })
    }

    /// Says what it finds. What was said before an error stays.
    pub(crate) fn collect(
        &self,
        sources: &mut Sources<'_>,
        now_millis: i64,
        families: &mut Families,
    ) -> Result<(), CollectorError> {
        match self {
            Self::Conntrack => conntrack::collect(sources, families),
            Self::Cpu(collector) => collector.collect(sources, families),
            Self::Diskstats(collector) => collector.collect(sources, families),
            Self::Entropy => entropy::collect(sources, families),
            Self::Filefd => filefd::collect(sources, families),
            Self::Filesystem(collector) => collector.collect(sources, families),
            Self::Hwmon(collector) => collector.collect(sources, families),
            Self::Loadavg => loadavg::collect(sources, families),
            Self::Meminfo => meminfo::collect(sources, families),
            Self::Netclass(collector) => collector.collect(sources, families),
            Self::Netdev(collector) => collector.collect(sources, families),
            Self::Netstat(collector) => collector.collect(sources, families),
            Self::Os => os::collect(sources, families),
            Self::Pressure => pressure::collect(sources, families),
            Self::Sockstat => sockstat::collect(sources, families),
            Self::Stat(collector) => collector.collect(sources, families),
            Self::Textfile(collector) => collector.collect(sources, families),
            Self::Time => time::collect(sources, now_millis, families),
            Self::Timex => timex::collect(families),
            Self::Uname => uname::collect(families),
            Self::Vmstat(collector) => collector.collect(sources, families),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_sorted() {
        assert!(CollectorName::ALL.is_sorted_by(|a, b| a.as_str() < b.as_str()));
        for name in CollectorName::ALL {
            assert_eq!(CollectorName::parse(name.as_str()), Some(name));
        }
        assert_eq!(CollectorName::parse("nosuch"), None);
    }
}
