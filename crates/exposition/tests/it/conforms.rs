//! Pages of others: outside suites, found through `NARTHEX_CONFORMANCE` or beside the repository.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use exposition::Format;
use exposition::parse::{self, DetailOptions, DetailValue, DetailedParser, ParseError};
use exposition::{encode, parse::parse_series_labels};
use model::LabelsBuilder;

/// All series of a page as (labels, the value as text); None if one repeats a label name.
pub(crate) fn series(
    page: &[u8],
    format: Format,
) -> Result<Option<BTreeMap<String, String>>, ParseError> {
    let options = DetailOptions {
        native_histograms: true,
        keeps_classic: true,
        ..DetailOptions::default()
    };
    detailed_series(page, format, options)
}

fn detailed_series(
    page: &[u8],
    format: Format,
    options: DetailOptions,
) -> Result<Option<BTreeMap<String, String>>, ParseError> {
    let mut parser = DetailedParser::new(page, format, options)?;
    let mut found = BTreeMap::new();
    while let Some(sample) = parser.next_sample()? {
        let mut labels = LabelsBuilder::new();
        parse_series_labels(sample.series(), sample.metric_type, &mut labels)
            .expect("a series that was parsed has labels");
        if labels.has_duplicates() {
            // What the scraper refuses, as upstream's does.
            return Ok(None);
        }
        let value = match &sample.value {
            DetailValue::Float(value) => format!("{value} {:x}", value.to_bits()),
            DetailValue::Histogram { histogram, .. } => histogram.to_string(),
        };
        found.insert(labels.build().to_string(), value);
    }
    Ok(Some(found))
}

#[allow(clippy::print_stdout, reason = "a skipped suite is told")]
fn suite(name: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance");
    let root = std::env::var_os("NARTHEX_CONFORMANCE").map_or(beside, PathBuf::from);
    let path = root.join(name);
    if path.is_dir() {
        return Some(path);
    }
    println!("skipped: no conformance suite at {}", path.display());
    None
}

#[allow(clippy::disallowed_methods, reason = "a test reads its suite")]
fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).expect("the suite is readable")
}

#[test]
fn pages_hold_the_same_series_with_and_without_metadata() {
    let Some(suite) = suite("exposition") else {
        return;
    };
    let with = series(&read(&suite.join("alltypes.237mfs.prom.txt")), Format::Text)
        .unwrap()
        .unwrap();
    let page = read(&suite.join("alltypes.237mfs.nometa.prom.txt"));
    let without = series(&page, Format::Text).unwrap().unwrap();
    assert!(with.len() > 1_800, "{}", with.len());
    // Without types, bounds and quantiles stay as they are written.
    let only_with: BTreeSet<_> = with
        .keys()
        .filter(|key| !without.contains_key(*key))
        .collect();
    assert!(
        only_with
            .iter()
            .all(|key| key.contains("le=") || key.contains("quantile=")),
        "{only_with:?}"
    );
    assert_eq!(with.len(), without.len());
    for name in ["1histogram.om.txt", "alltypes.5mfs.om.txt"] {
        let found = series(&read(&suite.join(name)), Format::OpenMetrics)
            .unwrap()
            .unwrap();
        assert!(!found.is_empty(), "{name}");
    }
}

#[test]
fn every_page_holds_the_same_series_in_every_protocol() {
    let Some(suite) = suite("exposition") else {
        return;
    };
    // Lines `_created` are no series here, for the text format has no place for what they say.
    let options = DetailOptions {
        native_histograms: true,
        keeps_classic: true,
        start_timestamps: true,
        ..DetailOptions::default()
    };
    let pages = [
        ("alltypes.237mfs.prom.txt", Format::Text),
        ("alltypes.237mfs.nometa.prom.txt", Format::Text),
        ("alltypes.5mfs.om.txt", Format::OpenMetrics),
        ("1histogram.om.txt", Format::OpenMetrics),
    ];
    for (name, format) in pages {
        let page = read(&suite.join(name));
        let families = parse::families(&page, format).unwrap();
        let want = detailed_series(&page, format, options).unwrap().unwrap();
        for protocol in [Format::Text, Format::OpenMetrics, Format::Protobuf] {
            let mut encoded = Vec::new();
            encode::encode(protocol, &families, &mut encoded);
            let found = detailed_series(&encoded, protocol, options);
            let found = found.unwrap().unwrap();
            assert_eq!(found, want, "{name} as {protocol:?}");
            // What is said of the families is the same, too; but two of them may have one name in
            // OpenMetrics, where counters have theirs without `_total`.
            let again = parse::families(&encoded, protocol).unwrap();
            let is_same = again.iter().zip(&families).all(|(again, family)| {
                again.name == family.name
                    && (protocol == Format::OpenMetrics || again.help == family.help)
            });
            assert!(is_same, "{name} as {protocol:?}");
        }
    }
}

/// Groups of cases that Prometheus lets pass, by the start of their names, and why: its parser checks
/// the form of lines, and leaves what they mean together to whoever looks at the series.
const LENIENT: [(&str, &str); 15] = [
    (
        "bad_clashing_names",
        "names of different families are not compared",
    ),
    (
        "bad_counter_values",
        "values are not compared with the type",
    ),
    (
        "bad_exemplar_complex_chars",
        "exemplars have no limit of length",
    ),
    ("bad_exemplars_6", "exemplars have no limit of length"),
    (
        "bad_exemplars_on_unallowed_metric_types",
        "exemplars are not compared with the type",
    ),
    (
        "bad_exemplars_on_unallowed_samples",
        "exemplars are not compared with the suffix",
    ),
    (
        "bad_grouping_or_ordering",
        "the order of samples and families is free",
    ),
    (
        "bad_histograms",
        "buckets, sums and counts are not compared",
    ),
    (
        "bad_info_and_stateset_values",
        "values are not compared with the type",
    ),
    (
        "bad_metadata_in_wrong_place",
        "metadata may come after samples",
    ),
    (
        "bad_missing_or_extra_commas_2",
        "a comma may end the labels",
    ),
    (
        "bad_missing_or_invalid_labels_for_a_type",
        "labels are not compared with the type",
    ),
    ("bad_repeated_metadata", "the later metadata holds"),
    (
        "bad_stateset_info_values",
        "values are not compared with the type",
    ),
    ("bad_unit", "the unit is not compared with the type"),
];

#[test]
fn open_metrics_cases_are_accepted_and_refused() {
    let Some(suite) = suite("openmetrics") else {
        return;
    };
    let mut wrong = Vec::new();
    let (mut agreed, mut lenient) = (0, 0);
    for case in cases(&suite) {
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        let description = String::from_utf8(read(&case.join("test.json"))).unwrap();
        let wanted = description.contains("\"shouldParse\": true");
        let outcome = series(&read(&case.join("metrics")), Format::OpenMetrics);
        if matches!(outcome, Ok(Some(_))) == wanted {
            agreed += 1;
        } else if !wanted && LENIENT.iter().any(|(start, _)| name.starts_with(start)) {
            lenient += 1;
        } else {
            wrong.push(format!("{name}: wanted {wanted}, got {outcome:?}"));
        }
    }
    println!("{agreed} agreed, {lenient} lenient as upstream");
    assert_eq!(wrong, Vec::<String>::new());
}

#[allow(clippy::disallowed_methods, reason = "a test reads its suite")]
fn cases(suite: &Path) -> Vec<PathBuf> {
    let mut cases: Vec<PathBuf> = std::fs::read_dir(suite)
        .expect("the suite is readable")
        .map(|entry| entry.expect("the suite is readable").path())
        .filter(|path| path.is_dir())
        .collect();
    cases.sort();
    cases
}
