//! What collectors say of files that a test makes up, and how requests choose collectors.

use std::path::Path;

use host::clock::SimulatedClock;
use host::fs::SimulatedFs;

use super::*;
use crate::gather::{CollectorError, merge};

/// Runs a collector on files in memory, and renders what it says as the samples of a page, followed
/// by its error.
pub(crate) fn said(
    files: &[(&str, &str)],
    collect: impl FnOnce(&mut Sources<'_>, &mut Families) -> Result<(), CollectorError>,
) -> String {
    let fs = SimulatedFs::default();
    for (path, text) in files {
        let path = Path::new(path);
        fs.create_dir_all(path.parent().unwrap()).unwrap();
        fs.write(path, text.as_bytes()).unwrap();
    }
    let roots = Roots::default();
    let mut families = Families::default();
    let outcome = collect(&mut Sources::new(&fs, &roots), &mut families);
    let mut page = Vec::new();
    exposition::encode::encode_text(&merge(families.into_list()), &mut page);
    let page = String::from_utf8(page).unwrap();
    let samples = page.lines().filter(|line| !line.starts_with('#'));
    let mut samples: String = samples.map(|line| line.to_owned() + "\n").collect();
    if let Err(error) = outcome {
        samples.push_str(&format!("! {error}\n"));
    }
    samples
}

fn exporter(flags: &[&str]) -> NodeExporter {
    let mut options = NodeOptions::default();
    for flag in flags {
        apply_flag(&mut options, flag, None).unwrap();
    }
    let fs = Arc::new(SimulatedFs::default());
    let clock = Arc::new(SimulatedClock::at(0));
    NodeExporter::new(options, fs, clock).unwrap()
}

#[test]
fn requests_choose_collectors() {
    let exporter = exporter(&[
        "collector.disable-defaults",
        "collector.cpu",
        "collector.stat",
    ]);
    let outcome = |collect: &[&str], exclude: &[&str]| {
        let filter = match exporter.filter(collect, exclude) {
            Ok(filter) => filter,
            Err(error) => return error.to_string(),
        };
        let mut families = Vec::new();
        exporter.collect_only(&filter, &mut families);
        let success = families
            .iter()
            .find(|family| family.name == "node_scrape_collector_success");
        let metrics = success
            .map(|family| family.metrics.as_slice())
            .unwrap_or_default();
        let names: Vec<_> = metrics
            .iter()
            .map(|metric| metric.labels[0].1.as_ref())
            .collect();
        names.join(" ")
    };
    for (collect, exclude, expected) in [
        (&[][..], &[][..], "cpu stat"),
        (&["stat"], &[], "stat"),
        (&[], &["stat", "nosuch"], "cpu"),
        (
            &["stat"],
            &["cpu"],
            "Combined collect and exclude queries are not allowed.",
        ),
        (
            &["nosuch"],
            &[],
            "Couldn't create filtered metrics handler: missing collector: nosuch",
        ),
        (
            &["time"],
            &[],
            "Couldn't create filtered metrics handler: disabled collector: time",
        ),
    ] {
        assert_eq!(outcome(collect, exclude), expected);
    }
}

#[test]
fn the_build_is_told_if_it_is_known() {
    let build = BuildInfo {
        version: "1.2.3".to_owned(),
        revision: "abc".to_owned(),
        branch: "main".to_owned(),
        rust_version: "rustc".to_owned(),
    };
    let exporter = exporter(&["collector.disable-defaults"]).with_build_info(build);
    let mut families = Vec::new();
    exporter.collect(&mut families);
    let [family] = families.as_slice() else {
        panic!("one family: {families:?}");
    };
    assert_eq!(family.name, BUILD_INFO.name);
    assert!(
        family.metrics[0]
            .labels
            .contains(&("version".into(), "1.2.3".into()))
    );
}

#[test]
fn every_collector_survives_a_machine_without_files() {
    let exporter = exporter(&[]);
    let mut families = Vec::new();
    exporter.collect(&mut families);
    let success = families
        .iter()
        .find(|family| family.name == "node_scrape_collector_success");
    assert_eq!(
        success.map(|family| family.metrics.len()),
        Some(CollectorName::ALL.len())
    );
}
