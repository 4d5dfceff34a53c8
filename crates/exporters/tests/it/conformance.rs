//! The collectors on upstream's own fixtures, compared with what upstream prints for them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use exporters::node::{CollectorName, apply_flag};
use exporters::{NodeExporter, NodeOptions};
use exposition::Collector as _;
use host::Fs as _;
use host::clock::RealClock;
use host::fs::RealFs;

/// Where the conformance data is, if it is there.
pub(crate) fn conformance_folder() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance");
    let folder = std::env::var_os("NARTHEX_CONFORMANCE").map_or(beside, PathBuf::from);
    let found = RealFs
        .metadata(&folder.join("node/fixtures.tar.gz"))
        .is_ok();
    if !found {
        println!("skipped: no conformance data at {}", folder.display());
    }
    found.then_some(folder)
}

/// Unpacks the fixtures into a folder of their own.
pub(crate) fn unpacked(conformance: &Path) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let status = Command::new("tar")
        .arg("xzf")
        .arg(conformance.join("node/fixtures.tar.gz"))
        .arg("-C")
        .arg(folder.path())
        .status()
        .unwrap();
    assert!(status.success());
    folder
}

/// Where upstream's test has the fixtures, relative to where it runs.
const UPSTREAM: &str = "collector/fixtures";
/// Families that speak of the machine the test runs on, not of the fixtures.
const HOST_DEPENDENT: &[(&str, &str)] = &[
    (
        "node_network_receive_",
        "netdev asks the running kernel by netlink",
    ),
    (
        "node_network_transmit_bytes",
        "netdev asks the running kernel by netlink",
    ),
    (
        "node_network_transmit_c",
        "netdev asks the running kernel by netlink",
    ),
    (
        "node_network_transmit_drop",
        "netdev asks the running kernel by netlink",
    ),
    (
        "node_network_transmit_errs",
        "netdev asks the running kernel by netlink",
    ),
    (
        "node_network_transmit_fifo",
        "netdev asks the running kernel by netlink",
    ),
    (
        "node_network_transmit_packets",
        "netdev asks the running kernel by netlink",
    ),
    ("node_time_seconds", "the time of day"),
    (
        "node_time_zone_offset_seconds",
        "the time zone of this machine",
    ),
    (
        "node_textfile_mtime_seconds",
        "the fixtures were unpacked just now",
    ),
    ("node_scrape_collector_duration_seconds", "how long it took"),
];
/// Beginnings of the names of families that the collectors here tell.
const OURS: &[&str] = &[
    "node_boot_time_seconds",
    "node_context_switches_total",
    "node_cpu_bug_info",
    "node_cpu_core_throttles_total",
    "node_cpu_flag_info",
    "node_cpu_frequency_hertz",
    "node_cpu_guest_seconds_total",
    "node_cpu_info",
    "node_cpu_isolated",
    "node_cpu_package_throttles_total",
    "node_cpu_seconds_total",
    "node_disk_",
    "node_entropy_",
    "node_filefd_",
    "node_forks_total",
    "node_hwmon_",
    "node_intr_total",
    "node_load",
    "node_memory_",
    "node_netstat_",
    "node_network_",
    "node_nf_conntrack_",
    "node_os_",
    "node_pressure_",
    "node_procs_blocked",
    "node_procs_running",
    "node_scrape_collector_",
    "node_sockstat_",
    "node_softirqs_total",
    "node_textfile_",
    "node_time_",
    "node_vmstat_",
    "testmetric",
];
/// Beginning of the names of another collector's families that begin like ours.
const OTHERS: &str = "node_memory_numa_";

/// Flags of upstream's end-to-end test, as far as these collectors know them.
fn options(fixtures: &Path) -> NodeOptions {
    let at = |path: &str| fixtures.join(path).display().to_string();
    let mut options = NodeOptions::default();
    let flags = [
        ("path.rootfs", Some(at(""))),
        ("path.procfs", Some(at("proc"))),
        ("path.sysfs", Some(at("sys"))),
        ("path.udev.data", Some(at("udev/data"))),
        ("no-collector.filesystem", None),
        ("no-collector.timex", None),
        ("no-collector.uname", None),
        ("collector.cpu.info", None),
        (
            "collector.cpu.info.bugs-include",
            Some("^(cpu_meltdown|spectre_.*|mds)$".into()),
        ),
        (
            "collector.cpu.info.flags-include",
            Some("^(aes|avx.?|constant_tsc)$".into()),
        ),
        (
            "collector.hwmon.chip-include",
            Some("(applesmc|asus_nb_wmi|coretemp|hwmon4|ieee80211|nct6779)".into()),
        ),
        ("collector.netclass.ignore-invalid-speed", None),
        (
            "collector.netclass.ignored-devices",
            Some("(dmz|int)".into()),
        ),
        ("collector.netdev.device-include", Some("lo".into())),
        ("collector.stat.softirq", None),
        (
            "collector.textfile.directory",
            Some(at("textfile/two_metric_files/")),
        ),
    ];
    for (name, value) in flags {
        apply_flag(&mut options, name, value.as_deref()).unwrap();
    }
    options
}

/// A family of a page in text form: its help text and type, and its samples in order.
type Page = BTreeMap<String, (String, Vec<String>)>;

fn families(page: &str) -> Page {
    let mut families = Page::new();
    let mut current = String::new();
    for line in page.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            current = rest.split(' ').next().unwrap().to_owned();
            families.insert(current.clone(), (line.to_owned(), Vec::new()));
        } else if line.starts_with("# TYPE ") {
            let (head, _) = families.get_mut(&current).unwrap();
            write!(head, "\n{line}").unwrap();
        } else {
            families.get_mut(&current).unwrap().1.push(line.to_owned());
        }
    }
    families
}

fn is_ours(name: &str) -> bool {
    OURS.iter().any(|prefix| name.starts_with(prefix)) && !name.starts_with(OTHERS)
}

fn host_dependent(name: &str) -> Option<&'static str> {
    let reason = HOST_DEPENDENT
        .iter()
        .find(|(prefix, _)| name.starts_with(prefix));
    reason.map(|(_, reason)| *reason)
}

fn our_page(fixtures: &Path) -> String {
    let clock = Arc::new(RealClock::default());
    let exporter = NodeExporter::new(options(fixtures), Arc::new(RealFs), clock).unwrap();
    let mut families = Vec::new();
    exporter.collect(&mut families);
    let mut page = Vec::new();
    exposition::encode::encode_text(&families, &mut page);
    let page = String::from_utf8(page).unwrap();
    page.replace(&fixtures.display().to_string(), UPSTREAM)
}

/// The samples that both should have: of the report on collectors only those that are here.
fn comparable(name: &str, samples: &[String]) -> Vec<String> {
    let known: BTreeSet<_> = CollectorName::ALL
        .into_iter()
        .map(|name| format!("{{collector=\"{name}\"}}"))
        .collect();
    let keep = |sample: &&String| {
        name != "node_scrape_collector_success" || known.iter().any(|label| sample.contains(label))
    };
    samples.iter().filter(keep).cloned().collect()
}

#[test]
fn the_page_of_the_fixtures_is_upstreams() {
    let Some(conformance) = conformance_folder() else {
        return;
    };
    let fixtures = unpacked(&conformance);
    let expected = RealFs
        .read(&conformance.join("node/e2e-output.txt"))
        .unwrap();
    let expected = families(std::str::from_utf8(&expected).unwrap());
    let got = families(&our_page(fixtures.path()));
    let names: BTreeSet<_> = expected
        .keys()
        .filter(|name| is_ours(name))
        .chain(got.keys())
        .collect();
    let (mut equal, mut wrong) = (0, String::new());
    for name in names {
        let reason = host_dependent(name);
        match (expected.get(name), got.get(name)) {
            (Some((head, _)), Some((our_head, _))) if head != our_head => {
                writeln!(wrong, "{name}: expected\n{head}\ngot\n{our_head}").unwrap();
            }
            (Some(_), Some(_)) if reason.is_some() => {
                println!("skipped: values of {name}: {}", reason.unwrap_or_default());
            }
            (Some((_, samples)), Some((_, ours))) => {
                let (samples, ours) = (comparable(name, samples), comparable(name, ours));
                match samples == ours {
                    true => equal += 1,
                    false => {
                        writeln!(wrong, "{name}: expected\n{samples:#?}\ngot\n{ours:#?}").unwrap()
                    }
                }
            }
            (Some(_), None) => writeln!(wrong, "{name}: missing").unwrap(),
            (None, _) => writeln!(wrong, "{name}: not upstream's").unwrap(),
        }
    }
    println!("{equal} families equal to upstream's");
    assert!(wrong.is_empty(), "{wrong}");
    assert!(equal > 200, "{equal}");
}
