//! Upstream's cases of files with metrics, each with the page that it should make.

use std::path::Path;
use std::sync::Arc;

use exporters::node::apply_flag;
use exporters::{NodeExporter, NodeOptions};
use exposition::Collector as _;
use host::Fs as _;
use host::clock::RealClock;
use host::fs::RealFs;

use crate::conformance::{conformance_folder, unpacked};

/// Name of the case, and the directory that it reads where that is another.
const CASES: &[(&str, &str)] = &[
    ("client_side_timestamp", ""),
    ("different_metric_types", ""),
    ("glob_extra_dimension", "*_extra_dimension"),
    ("histogram", ""),
    ("histogram_extra_dimension", ""),
    ("inconsistent_metrics", ""),
    ("metrics_merge_different_help", ""),
    ("metrics_merge_empty_help", ""),
    ("metrics_merge_no_help", ""),
    ("metrics_merge_same_help", ""),
    ("no_metric_files", ""),
    ("nonexistent_path", ""),
    ("summary", ""),
    ("summary_extra_dimension", ""),
    ("two_metric_files", ""),
];

fn page(fixtures: &Path, directory: &str) -> String {
    let mut options = NodeOptions::default();
    let directory = fixtures
        .join("textfile")
        .join(directory)
        .display()
        .to_string();
    for (flag, value) in [
        ("collector.disable-defaults", None),
        ("collector.textfile", None),
        ("collector.textfile.directory", Some(directory.as_str())),
    ] {
        apply_flag(&mut options, flag, value).unwrap();
    }
    let clock = Arc::new(RealClock::default());
    let exporter = NodeExporter::new(options, Arc::new(RealFs), clock).unwrap();
    let mut families = Vec::new();
    exporter.collect(&mut families);
    families.retain(|family| !family.name.starts_with("node_scrape_collector_"));
    let mut page = Vec::new();
    exposition::encode::encode_text(&families, &mut page);
    let page = String::from_utf8(page).unwrap();
    page.replace(&fixtures.display().to_string(), "fixtures")
}

/// Upstream's test sets all times of change to 1.
fn with_fixed_mtimes(page: &str) -> String {
    let fixed = |line: &str| match line.split_once("} ") {
        Some((series, _)) if line.starts_with("node_textfile_mtime_seconds{") => {
            format!("{series}}} 1\n")
        }
        _ => format!("{line}\n"),
    };
    page.lines().map(fixed).collect()
}

#[test]
fn each_case_makes_upstreams_page() {
    let Some(conformance) = conformance_folder() else {
        return;
    };
    let fixtures = unpacked(&conformance);
    let cases = fixtures.path().join("textfile");
    for (case, directory) in CASES {
        let expected = RealFs.read(&cases.join(format!("{case}.out"))).unwrap();
        let directory = if directory.is_empty() {
            case
        } else {
            directory
        };
        let got = with_fixed_mtimes(&page(fixtures.path(), directory));
        assert_eq!(got, String::from_utf8(expected).unwrap(), "{case}");
    }
}
