//! What is found out about queries over a few series.

use model::Labels;
use model::value::STALE;
use storage::memory::MemoryStore;
use storage::{Append, Appendable};

use super::*;
use crate::EngineOptions;

const MINUTE: i64 = 60_000;

/// `up` of two jobs in the first ten minutes, after which one ends; `old` at the start only.
fn store() -> MemoryStore {
    let store = MemoryStore::default();
    let mut appender = store.appender();
    let mut append = |pairs: &[(&str, &str)], minute: i64, value: f64| {
        let labels = Labels::from_pairs(pairs.iter().copied());
        let sample = Append::new(&labels, minute * MINUTE, value);
        appender.append(sample).unwrap();
    };
    for minute in 0..=10 {
        let ended = if minute == 10 { STALE } else { 1.0 };
        append(
            &[("__name__", "up"), ("job", "node"), ("env", "a")],
            minute,
            1.0,
        );
        append(
            &[("__name__", "up"), ("job", "api"), ("env", "b")],
            minute,
            ended,
        );
    }
    append(&[("__name__", "old"), ("job", "node")], 0, 1.0);
    append(&[("__name__", "late"), ("job", "node")], 60, 1.0);
    appender.commit().unwrap();
    store
}

fn findings(text: &str, start: i64, end: i64, step: i64) -> Findings {
    let engine = Engine::new(EngineOptions::default()).unwrap();
    let question = Question {
        text,
        start: start * MINUTE,
        end: end * MINUTE,
        step: step * MINUTE,
        lookback: None,
        interrupt: Interrupt::new(),
    };
    why_empty(&engine, &store(), &question).unwrap()
}

/// At ten minutes.
fn at_ten(text: &str) -> Vec<Finding> {
    findings(text, 10, 10, 0).selectors
}

fn blame(text: &str) -> Blame {
    match at_ten(text).swap_remove(0).outcome {
        Outcome::NoSeries(blame) => blame,
        other => panic!("{text}: {other:?}"),
    }
}

fn counts(counts: &[Count]) -> Vec<(&str, usize)> {
    let pairs = counts
        .iter()
        .map(|count| (count.matcher.as_str(), count.series));
    pairs.collect()
}

#[test]
fn each_selector_tells_what_it_finds() {
    let no_samples = |latest: i64, has_later| Outcome::NoSamples {
        latest: Some(latest * MINUTE),
        has_later,
    };
    let found = findings(
        "up + up{job=\"api\"} * rate(up[2m]) or old or late",
        10,
        10,
        0,
    );
    let outcomes: Vec<(usize, Outcome)> = found
        .selectors
        .into_iter()
        .map(|finding| (finding.series, finding.outcome))
        .collect();
    let want = [
        (2, Outcome::Found),
        (1, no_samples(10, false)),
        (2, Outcome::Found),
        (0, no_samples(0, false)),
        (
            0,
            Outcome::NoSamples {
                latest: None,
                has_later: true,
            },
        ),
    ];
    assert_eq!(outcomes, want);
}

#[test]
fn selectors_look_where_the_query_looks() {
    let cases: [(&str, Option<(i64, i64)>); 5] = [
        ("up", Some((5, 20))),
        ("up offset 5m", Some((0, 15))),
        ("rate(up[1m] @ 300)", Some((4, 5))),
        ("max_over_time(up[10m:2m])", Some((-3, 20))),
        ("max_over_time(up[1s:7m] @ 60)", None),
    ];
    for (text, want) in cases {
        let finding = findings(text, 10, 20, 5).selectors.swap_remove(0);
        let range = finding.range.map(|range| {
            // The left border is outside.
            ((range.min_time - 1) / MINUTE, range.max_time / MINUTE)
        });
        assert_eq!(range, want, "{text}");
        let reached = finding.outcome != Outcome::NotReached;
        assert_eq!(reached, want.is_some(), "{text}");
    }
}

#[test]
fn the_matcher_that_leaves_nothing_is_named() {
    let job = blame("up{job=\"nod\", env=\"a\"}");
    assert_eq!(
        counts(&job.left),
        [("__name__=\"up\"", 2), ("job=\"nod\"", 0)]
    );
    assert_eq!(counts(&job.without), [("job=\"nod\"", 1)]);
    assert!(job.label == "job" && job.label_exists);
    assert_eq!(job.near_values, ["node"]);

    let both = blame("up{job=\"node\", env=\"b\"}");
    assert_eq!(both.left.len(), 3);
    let without = [("job=\"node\"", 1), ("env=\"b\"", 1)];
    assert_eq!(counts(&both.without), without);
    assert_eq!(both.near_values, ["a"]);

    let name = blame("upp{job=\"node\"}");
    assert_eq!(counts(&name.left), [("__name__=\"upp\"", 0)]);
    assert_eq!(name.near_values, ["up"]);

    let label = blame("up{jobs=\"node\"}");
    assert!(!label.label_exists && label.near_values.is_empty());
    assert_eq!(label.near_names, ["job"]);

    let pattern = blame("up{job=~\"nodes?-.+\"}");
    assert_eq!(pattern.near_values, ["node"]);
    let negative = blame("up{job!~\"node|api\"}");
    assert!(negative.label_exists && negative.near_values.is_empty());
    let two = blame("up{job=\"x\", env=\"y\"}");
    assert!(two.without.is_empty());
}

#[test]
fn very_many_selectors_are_not_all_looked_at() {
    let text = vec!["up"; MOST_SELECTORS + 3].join(" + ");
    let found = findings(&text, 10, 10, 0);
    assert_eq!((found.selectors.len(), found.left_out), (MOST_SELECTORS, 3));
}
