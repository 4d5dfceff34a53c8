//! No input makes a parser panic or run on, whatever it was told to expect.

use exposition::Format;
use exposition::parse::{
    self, DetailOptions, DetailedParser, Entry, OpenMetricsParser, PageParser, TextParser,
    parse_series_labels,
};
use model::histogram::Buckets;
use model::{Histogram, LabelsBuilder, Metric, MetricFamily, MetricType, MetricValue};
use proptest::prelude::*;

fn parsers(page: &[u8]) -> [PageParser<'_>; 2] {
    [
        PageParser::Text(TextParser::new(page)),
        PageParser::OpenMetrics(OpenMetricsParser::new(page)),
    ]
}

fn read_all(page: &[u8], expected: &[u8]) {
    for mut parser in parsers(page) {
        let mut entries = 0;
        loop {
            if let Ok(Some(_)) = parser.take_expected(expected) {
                entries += 1;
            }
            match parser.next_entry() {
                Ok(Some(Entry::Series(sample))) => {
                    let mut labels = LabelsBuilder::new();
                    let parsed =
                        parse_series_labels(sample.series, MetricType::Histogram, &mut labels);
                    assert_eq!(parsed, Ok(()));
                    assert!(!labels.has_duplicates() || labels.iter().count() > 1);
                }
                Ok(Some(_)) => {}
                Ok(None) | Err(_) => break,
            }
            entries += 1;
            assert!(entries <= page.len() + 1, "an entry takes at least a byte");
        }
    }
}

/// Reads the page in every format with everything that can be wanted of it.
fn read_details(page: &[u8]) {
    for format in [Format::Text, Format::OpenMetrics, Format::Protobuf] {
        for bits in 0..16 {
            let options = DetailOptions {
                native_histograms: bits & 1 > 0,
                keeps_classic: bits & 2 > 0,
                converts_classic: bits & 4 > 0,
                start_timestamps: bits & 8 > 0,
            };
            let Ok(mut parser) = DetailedParser::new(page, format, options) else {
                continue;
            };
            let mut samples = 0;
            while let Ok(Some(sample)) = parser.next_sample() {
                let mut labels = LabelsBuilder::new();
                let read = parse_series_labels(sample.series(), sample.metric_type, &mut labels);
                assert_eq!(read, Ok(()));
                assert_eq!(sample.text().last(), Some(&b' '));
                samples += 1;
                assert!(samples <= 4 * page.len() + 4, "a sample takes bytes");
            }
        }
        drop(parse::families(page, format));
    }
}

/// A page of protobuf with a family of each kind.
fn protobuf_page() -> Vec<u8> {
    let text = "# HELP c_total C.\n# TYPE c_total counter\nc_total{a=\"b\"} 1\n# TYPE g gauge\ng 2\n\
                # TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_sum 3\nh_count 2\n\
                # TYPE s summary\ns{quantile=\"0.5\"} 1\ns_sum 2\ns_count 3\nu 4 5\n";
    let mut families =
        parse::families(text.as_bytes(), Format::Text).expect("the page is in order");
    let histogram = Histogram {
        count: 6.0,
        zero_threshold: 0.1,
        zero_count: 1.0,
        positive: Buckets::from_offset(3, vec![2.0, 0.0, 1.0]),
        negative: Buckets::from_offset(-1, vec![2.0]),
        ..Histogram::default()
    };
    let mut native = MetricFamily::new("n", "N.", MetricType::Histogram);
    let value = MetricValue::NativeHistogram {
        histogram: Box::new(histogram),
        buckets: vec![(1.0, 5.0)],
    };
    native.metrics.push(Metric::new(Vec::new(), value));
    families.push(native);
    let mut page = Vec::new();
    exposition::encode::encode_protobuf(&families, &mut page);
    page
}

const PAGE: &str = "# HELP a Text \\n.\n# TYPE a histogram\na_bucket{le=\"1\",x=\"y\\\"}\"} 1 1.5 # {i=\"j\"} \
                    2 3\na_count 12\n{\"b.c\",d=\"e\"} NaN 17\n# UNIT a_s s\n# EOF\n";

/// Words that a page is made of, so that nonsense gets far into the grammar.
fn word() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "# ",
        "HELP ",
        "TYPE ",
        "UNIT ",
        "EOF",
        "\n",
        " ",
        "\t",
        "a",
        "le",
        "{",
        "}",
        "=",
        "\"",
        "\\",
        ",",
        "1",
        "-",
        ".",
        "e",
        "NaN",
        "+Inf",
        "counter",
        "histogram",
        "\0",
        "é",
        "# {",
        "@",
    ])
    .prop_map(str::to_owned)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_in_detail(page in prop::collection::vec(any::<u8>(), 0..60)) {
        read_details(&page);
    }

    #[test]
    fn a_protobuf_page_with_bytes_changed(
        changes in prop::collection::vec((0usize..400, any::<u8>()), 1..4),
        cut in 0usize..400,
    ) {
        let mut page = protobuf_page();
        for (at, byte) in changes {
            if let Some(changed) = page.get_mut(at) {
                *changed = byte;
            }
        }
        read_details(&page);
        page.truncate(cut);
        read_details(&page);
    }

    #[test]
    fn random_bytes(page in prop::collection::vec(any::<u8>(), 0..200), cut in 0usize..50) {
        read_all(&page, page.get(..cut).unwrap_or_default());
    }

    #[test]
    fn random_words(words in prop::collection::vec(word(), 0..60), cut in 0usize..20) {
        let page = words.concat();
        read_all(page.as_bytes(), page.as_bytes().get(..cut).unwrap_or_default());
    }

    #[test]
    fn a_page_with_bytes_changed(at in 0..PAGE.len(), byte in any::<u8>(), cut in 0..PAGE.len()) {
        let mut page = PAGE.as_bytes().to_vec();
        if let Some(changed) = page.get_mut(at) {
            *changed = byte;
        }
        read_all(&page, PAGE.as_bytes().get(..cut).unwrap_or_default());
        page.truncate(cut);
        read_all(&page, b"a_count");
        read_details(&page);
    }
}

#[test]
fn length_costs_no_stack() {
    let braces = "a".to_owned() + &"{".repeat(1 << 20);
    let labels = "a{".to_owned() + &"b=\"c\",".repeat(1 << 16) + "} 1\n";
    let name = "a".repeat(1 << 20) + " 1\n";
    for page in [braces, labels, name] {
        read_all(page.as_bytes(), b"a");
    }
}
