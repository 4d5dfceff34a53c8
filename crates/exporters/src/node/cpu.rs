//! What the processors did and what they are: `/proc/stat`, `/proc/cpuinfo` and sysfs.

mod info;
mod times;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use regex::Regex;

use super::flags::{CPU_BUGS_INCLUDE, CPU_FLAGS_INCLUDE};
use super::options::{CpuOptions, OptionsError, compile};
use super::sources::Sources;
use crate::families::{Description, Families, counter, gauge};
use crate::gather::CollectorError;

use times::Times;

const CORE_THROTTLES: Description = counter(
    "node_cpu_core_throttles_total",
    "Number of times this CPU core has been throttled.",
);
const PACKAGE_THROTTLES: Description = counter(
    "node_cpu_package_throttles_total",
    "Number of times this CPU package has been throttled.",
);
const ISOLATED: Description = gauge(
    "node_cpu_isolated",
    "Whether each core is isolated, information from /sys/devices/system/cpu/isolated.",
);
const ONLINE: Description = gauge(
    "node_cpu_online",
    "CPUs that are online and being scheduled.",
);

#[derive(Debug)]
pub(crate) struct Cpu {
    guest: bool,
    info: bool,
    flags_include: Option<Regex>,
    bugs_include: Option<Regex>,
    /// The highest times seen, by processor: the kernel lets some of them fall.
    times: Mutex<BTreeMap<u32, Times>>,
}

impl Cpu {
    pub(crate) fn new(options: &CpuOptions) -> Result<Self, OptionsError> {
        let pattern = |flag, pattern: &str| match pattern {
            "" => Ok(None),
            pattern => compile(flag, pattern).map(Some),
        };
        let flags_include = pattern(CPU_FLAGS_INCLUDE, &options.flags_include)?;
        let bugs_include = pattern(CPU_BUGS_INCLUDE, &options.bugs_include)?;
        Ok(Self {
            guest: options.guest,
            info: options.info || flags_include.is_some() || bugs_include.is_some(),
            flags_include,
            bugs_include,
            times: Mutex::default(),
        })
    }

    pub(crate) fn collect(
        &self,
        sources: &mut Sources<'_>,
        families: &mut Families,
    ) -> Result<(), CollectorError> {
        if self.info {
            let text = sources.proc("cpuinfo")?;
            let include = (self.flags_include.as_ref(), self.bugs_include.as_ref());
            info::tell(&info::parse(&text), include, families);
        }
        self.collect_times(sources, families)?;
        let processors = processors(sources)?;
        isolated(sources, families);
        throttles(sources, &processors, families);
        online(sources, &processors, families);
        Ok(())
    }

    fn collect_times(
        &self,
        sources: &mut Sources<'_>,
        families: &mut Families,
    ) -> Result<(), CollectorError> {
        let now = times::parse(&sources.proc("stat")?)
            .map_err(|problem| CollectorError::malformed("stat", problem))?;
        let mut highest = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        times::advance(&mut highest, now);
        for (processor, times) in &*highest {
            times.tell(&processor.to_string(), self.guest, families);
        }
        Ok(())
    }
}

/// A processor's number and its folder in sysfs.
type Processor = (String, PathBuf);

/// Processors that sysfs knows. Machines without that folder have none.
fn processors(sources: &Sources<'_>) -> Result<Vec<Processor>, CollectorError> {
    let folder = sources.sys_path("devices/system/cpu");
    let names = super::sources::if_there(sources.names(&folder))?.unwrap_or_default();
    let number = |name: &str| {
        let number = name.strip_prefix("cpu")?;
        let starts_right = number.starts_with(|first: char| first.is_ascii_digit());
        starts_right.then(|| number.to_owned())
    };
    let known = names
        .iter()
        .filter_map(|name| Some((number(name)?, folder.join(name))));
    Ok(known.collect())
}

fn isolated(sources: &mut Sources<'_>, families: &mut Families) {
    let path = sources.sys_path("devices/system/cpu/isolated");
    if let Some(list) = sources.attribute(&path) {
        for processor in parse_list(&list) {
            families.push(&ISOLATED, &[("cpu", &processor.to_string())], 1.0);
        }
    }
}

/// Largest number of a processor that a list may name, so that a list cannot fill the memory.
const MAX_PROCESSOR: u32 = 1 << 16;

/// Reads a list of processors, `1,3-5`. What makes no sense is left out.
fn parse_list(list: &str) -> Vec<u32> {
    let mut processors = Vec::new();
    for part in list.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        if let (Ok(first), Ok(last)) = (first.parse::<u32>(), last.parse::<u32>()) {
            processors.extend(first..=last.min(MAX_PROCESSOR));
        }
    }
    processors
}

/// How often each core and each package was slowed down. The processors of one core, and the cores
/// of one package, all tell the same number; the first that is readable counts.
fn throttles(sources: &mut Sources<'_>, processors: &[Processor], families: &mut Families) {
    let mut cores: BTreeMap<(u64, u64), u64> = BTreeMap::new();
    let mut packages: BTreeMap<u64, u64> = BTreeMap::new();
    for (_, folder) in processors {
        let Some(package) = sources.number(&folder.join("topology/physical_package_id")) else {
            continue;
        };
        let Some(core) = sources.number(&folder.join("topology/core_id")) else {
            continue;
        };
        if !cores.contains_key(&(package, core))
            && let Some(count) =
                sources.number(&folder.join("thermal_throttle/core_throttle_count"))
        {
            cores.insert((package, core), count);
        }
        if !packages.contains_key(&package)
            && let Some(count) =
                sources.number(&folder.join("thermal_throttle/package_throttle_count"))
        {
            packages.insert(package, count);
        }
    }
    #[allow(clippy::cast_precision_loss, reason = "metrics are floats")]
    for ((package, core), count) in cores {
        let labels = [
            ("core", &*core.to_string()),
            ("package", &*package.to_string()),
        ];
        families.push(&CORE_THROTTLES, &labels, count as f64);
    }
    #[allow(clippy::cast_precision_loss, reason = "metrics are floats")]
    for (package, count) in packages {
        let labels = [("package", &*package.to_string())];
        families.push(&PACKAGE_THROTTLES, &labels, count as f64);
    }
}

/// Which processors are in use. If the first has no such file, processors cannot be taken out of
/// use, and nothing is told.
fn online(sources: &mut Sources<'_>, processors: &[Processor], families: &mut Families) {
    for (index, (number, folder)) in processors.iter().enumerate() {
        let state: Option<u8> = sources.number(&folder.join("online"));
        if index == 0 && state.is_none() {
            return;
        }
        let value = f64::from(u8::from(state == Some(1)));
        families.push(&ONLINE, &[("cpu", number)], value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::NodeOptions;
    use crate::node::tests::said;

    fn page(files: &[(&str, &str)]) -> String {
        let options = CpuOptions {
            guest: false,
            ..NodeOptions::default().cpu
        };
        let cpu = Cpu::new(&options).unwrap();
        let all = [&[("/proc/stat", "cpu  0 0\n")], files].concat();
        said(&all, |sources, families| cpu.collect(sources, families))
    }

    #[test]
    fn lists_of_processors() {
        for (list, expected) in [
            ("1,3-5", &[1, 3, 4, 5][..]),
            ("0", &[0]),
            ("", &[]),
            ("x,2,5-3,-", &[2]),
        ] {
            assert_eq!(parse_list(list), expected, "{list}");
        }
        assert_eq!(parse_list("0-4294967295").len(), 65537);
    }

    #[test]
    fn sysfs_tells_of_cores_and_packages() {
        let cpu = |number, file: &str| format!("/sys/devices/system/cpu/cpu{number}/{file}");
        let mut files = vec![("/sys/devices/system/cpu/isolated".to_owned(), "1\n")];
        for number in 0..2 {
            files.push((cpu(number, "topology/physical_package_id"), "0\n"));
            files.push((cpu(number, "topology/core_id"), "7\n"));
            files.push((cpu(number, "thermal_throttle/core_throttle_count"), "5\n"));
            files.push((
                cpu(number, "online"),
                if number == 0 { "1\n" } else { "0\n" },
            ));
        }
        files.push((cpu(1, "thermal_throttle/package_throttle_count"), "9\n"));
        let files: Vec<_> = files
            .iter()
            .map(|(path, text)| (path.as_str(), *text))
            .collect();
        assert_eq!(
            page(&files),
            "node_cpu_core_throttles_total{core=\"7\",package=\"0\"} 5\n\
             node_cpu_isolated{cpu=\"1\"} 1\n\
             node_cpu_online{cpu=\"0\"} 1\n\
             node_cpu_online{cpu=\"1\"} 0\n\
             node_cpu_package_throttles_total{package=\"0\"} 9\n"
        );
    }
}
