//! Label sets keep what they are given, sorted, and print as expressions do.

use super::*;

#[test]
fn pairs_come_back_sorted_without_empty_values() {
    let labels = Labels::from_pairs([("b", "2"), ("a", "1"), ("c", "")]);
    assert_eq!(labels.iter().collect::<Vec<_>>(), [("a", "1"), ("b", "2")]);
    assert_eq!(labels.get("b"), Some("2"));
    assert_eq!(labels.get("c"), None);
}

#[test]
fn long_values_survive_packing() {
    let long = "x".repeat(70_000);
    let labels = Labels::from_pairs([("a", long.as_str()), ("b", "y")]);
    assert_eq!(labels.get("a"), Some(long.as_str()));
    assert_eq!(labels.get("b"), Some("y"));
}

#[test]
fn filter_keeps_order_and_equality() {
    let labels = Labels::from_pairs([("__name__", "up"), ("a", "1"), ("b", "2")]);
    assert_eq!(
        labels.without_name(),
        Labels::from_pairs([("a", "1"), ("b", "2")])
    );
    assert_eq!(labels.filter(|_| false), Labels::empty());
}

#[test]
fn display_quotes_where_the_grammar_demands() {
    let cases: [(&[(&str, &str)], &str); 5] = [
        (&[], "{}"),
        (&[("__name__", "up")], "up"),
        (&[("__name__", "up"), ("a", "x\"y")], r#"up{a="x\"y"}"#),
        (
            &[("__name__", "my.metric"), ("a", "1")],
            r#"{"my.metric", a="1"}"#,
        ),
        (&[("a.b", "1")], r#"{"a.b"="1"}"#),
    ];
    for (pairs, want) in cases {
        assert_eq!(Labels::from_pairs(pairs.iter().copied()).to_string(), want);
    }
}

#[test]
fn builder_sets_replaces_and_deletes() {
    let mut builder = LabelsBuilder::from_labels(&Labels::from_pairs([("a", "1"), ("b", "2")]));
    builder.set("a", "9");
    builder.set("b", "");
    builder.set("c", "3");
    assert_eq!(
        builder.build(),
        Labels::from_pairs([("a", "9"), ("c", "3")])
    );
    builder.push("c", "4");
    assert!(builder.has_duplicates());
}

#[test]
fn order_is_by_pairs_with_prefixes_first() {
    let a = Labels::from_pairs([("a", "1")]);
    let ab = Labels::from_pairs([("a", "1"), ("b", "1")]);
    let a2 = Labels::from_pairs([("a", "2")]);
    assert!(a < ab && ab < a2);
}

/// The shares of the hash's range that Prometheus 3.14 has for these sets.
#[test]
fn stable_hashes_are_those_of_prometheus() {
    let cases = [
        (1, 0.420_651_336_763_593_34),
        (127, 0.701_909_057_174_817_4),
        (128, 0.994_935_477_577_307_4),
        (254, 0.383_451_248_644_462_34),
        (255, 0.018_304_069_351_655_627),
        (300, 0.564_005_306_909_331_6),
    ];
    for (length, want) in cases {
        let labels = Labels::from_pairs([("a", "v".repeat(length))]);
        let share = labels.stable_hash() as f64 / u64::MAX as f64;
        assert!((share - want).abs() < 1e-14, "{length}: {share}");
    }
    let share = Labels::empty().stable_hash() as f64 / u64::MAX as f64;
    assert!((share - 0.934_674_931_531_706_2).abs() < 1e-14, "{share}");
}
