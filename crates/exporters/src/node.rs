//! The machine itself, as node_exporter tells it: same names, labels, help texts and flags.
//!
//! Each collector is a module: a parser of what the kernel writes, and a reader around it. The list
//! of them is [`CollectorName`].

mod catalog;
mod conntrack;
mod cpu;
mod device_filter;
mod diskstats;
mod entropy;
mod filefd;
mod filesystem;
mod flags;
mod hwmon;
mod loadavg;
mod meminfo;
mod netclass;
mod netdev;
mod netstat;
mod options;
mod os;
mod pressure;
mod sockstat;
mod sources;
mod stat;
mod textfile;
mod time;
mod timex;
mod uname;
mod vmstat;

use std::sync::Arc;

use exposition::{BuildInfo, Collector};
use host::{Clock, Fs};
use model::MetricFamily;

use crate::families::{Description, Families, gauge};
use crate::gather::Gathering;
use catalog::NodeCollector;
use sources::Sources;

pub use catalog::CollectorName;
pub use flags::{FlagDescription, FlagError, FlagKind, apply_flag, flags};
pub use options::{
    CpuOptions, FilesystemOptions, HwmonOptions, NamePatterns, NetclassOptions, NetdevOptions,
    NodeOptions, OptionsError,
};
pub use sources::Roots;

/// The collectors that run, and what they read.
#[derive(Debug)]
pub struct NodeExporter {
    collectors: Vec<(CollectorName, NodeCollector)>,
    roots: Roots,
    fs: Arc<dyn Fs>,
    clock: Arc<dyn Clock>,
    build: Option<BuildInfo>,
}

/// Which collectors are to answer one request. Made by [`NodeExporter::filter`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// These, or all if there is no list.
    only: Option<Vec<CollectorName>>,
}

/// A request for collectors that cannot be served; the words are upstream's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// Both kinds of filter at once.
    #[error("Combined collect and exclude queries are not allowed.")]
    Combined,
    /// There is no such collector.
    #[error("Couldn't create filtered metrics handler: missing collector: {0}")]
    Missing(String),
    /// The collector does not run.
    #[error("Couldn't create filtered metrics handler: disabled collector: {0}")]
    Disabled(String),
}

impl NodeExporter {
    /// Makes the collectors that the options ask for.
    ///
    /// # Errors
    /// Options contradict each other, or a pattern is none.
    pub fn new(
        options: NodeOptions,
        fs: Arc<dyn Fs>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, OptionsError> {
        let enabled = CollectorName::ALL.into_iter();
        let enabled = enabled.filter(|name| options.is_enabled(*name));
        let made = enabled.map(|name| Ok((name, NodeCollector::new(name, &options)?)));
        Ok(Self {
            collectors: made.collect::<Result<_, _>>()?,
            roots: options.roots,
            fs,
            clock,
            build: None,
        })
    }

    /// Also tells `node_exporter_build_info`.
    #[must_use]
    pub fn with_build_info(mut self, build: BuildInfo) -> Self {
        self.build = Some(build);
        self
    }

    /// Names of the collectors that run, ascending.
    pub fn collectors(&self) -> impl Iterator<Item = CollectorName> {
        self.collectors.iter().map(|(name, _)| *name)
    }

    /// Reads the parameters `collect[]` and `exclude[]` of a request. Unknown names to exclude
    /// exclude nothing.
    ///
    /// # Errors
    /// See [`FilterError`]; the request is at fault.
    pub fn filter<T: AsRef<str>>(
        &self,
        collect: &[T],
        exclude: &[T],
    ) -> Result<Filter, FilterError> {
        match (collect, exclude) {
            ([], []) => Ok(Filter::default()),
            (_, []) => {
                let named = collect.iter().map(|name| self.named(name.as_ref()));
                let only = named.collect::<Result<_, _>>()?;
                Ok(Filter { only: Some(only) })
            }
            ([], _) => {
                let excluded = |known: &CollectorName| {
                    exclude.iter().any(|name| name.as_ref() == known.as_str())
                };
                let only = self.collectors().filter(|name| !excluded(name)).collect();
                Ok(Filter { only: Some(only) })
            }
            _ => Err(FilterError::Combined),
        }
    }

    fn named(&self, name: &str) -> Result<CollectorName, FilterError> {
        let known = CollectorName::parse(name);
        let known = known.ok_or_else(|| FilterError::Missing(name.to_owned()))?;
        match self.collectors().any(|running| running == known) {
            true => Ok(known),
            false => Err(FilterError::Disabled(name.to_owned())),
        }
    }

    /// Runs the collectors that the filter lets through and adds what they say, sorted.
    pub fn collect_only(&self, filter: &Filter, families: &mut Vec<MetricFamily>) {
        let mut sources = Sources::new(&*self.fs, &self.roots);
        let mut gathering = Gathering::new(&*self.clock);
        for (name, collector) in &self.collectors {
            if filter.only.as_ref().is_none_or(|only| only.contains(name)) {
                let now = self.clock.now_millis();
                gathering.run(name.as_str(), |families| {
                    collector.collect(&mut sources, now, families)
                });
            }
        }
        if let Some(build) = &self.build {
            gathering.say(|families| tell_build(build, families));
        }
        families.extend(gathering.finish());
    }
}

impl Collector for NodeExporter {
    fn collect(&self, families: &mut Vec<MetricFamily>) {
        self.collect_only(&Filter::default(), families);
    }
}

const BUILD_INFO: Description = gauge(
    "node_exporter_build_info",
    "A metric with a constant '1' value labeled by version, revision, branch, goversion from which \
     node_exporter was built, and the goos and goarch for the build.",
);

/// Dashboards read these labels; those about Go tell of what stands in its place.
fn tell_build(build: &BuildInfo, families: &mut Families) {
    let architecture = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    let labels = [
        ("branch", build.branch.as_str()),
        ("goarch", architecture),
        ("goos", std::env::consts::OS),
        ("goversion", &build.rust_version),
        ("revision", &build.revision),
        ("tags", ""),
        ("version", &build.version),
    ];
    families.push(&BUILD_INFO, &labels, 1.0);
}

#[cfg(test)]
pub(crate) mod tests;
