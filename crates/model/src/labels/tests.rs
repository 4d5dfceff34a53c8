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
