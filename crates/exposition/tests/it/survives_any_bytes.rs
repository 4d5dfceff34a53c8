//! No input makes a parser panic or run on, whatever it was told to expect.

use exposition::parse::{Entry, OpenMetricsParser, PageParser, TextParser, parse_series_labels};
use model::{LabelsBuilder, MetricType};
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
