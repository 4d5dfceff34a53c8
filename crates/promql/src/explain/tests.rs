//! What is told of queries over a small fleet.

use std::sync::atomic::{AtomicU64, Ordering};

use model::{Labels, TimeRange};
use storage::memory::MemoryStore;
use storage::{Append, Appendable};

use super::*;
use crate::query::{Details, RangeQuery};
use crate::{Engine, EngineOptions};

const MINUTE: i64 = 60_000;

/// 300 series of `a_total` in 3 groups and 2 of `b`, with a sample at each of 10 minutes.
fn store() -> MemoryStore {
    let store = MemoryStore::default();
    let mut appender = store.appender();
    for index in 0..302_i64 {
        let name = if index < 300 { "a_total" } else { "b" };
        let labels = Labels::from_pairs([
            ("__name__", name),
            ("group", &format!("g{}", index % 3)),
            ("pod", &format!("p{index}")),
        ]);
        for minute in 0..10 {
            let sample = Append::new(&labels, minute * MINUTE, minute as f64);
            appender.append(sample).unwrap();
        }
    }
    appender.commit().unwrap();
    store
}

fn engine() -> Engine {
    let ticks = AtomicU64::new(0);
    let options = EngineOptions {
        threads: 2,
        ..EngineOptions::default()
    };
    let engine = Engine::new(options).unwrap();
    engine.with_clock(move || Duration::from_millis(ticks.fetch_add(1, Ordering::Relaxed)))
}

fn explained(text: &str) -> Explained {
    let mut query = RangeQuery::new(text, 5 * MINUTE, 9 * MINUTE, MINUTE);
    assert!(
        engine()
            .range(&store(), &query)
            .unwrap()
            .explained
            .is_none()
    );
    query.details = Details {
        explain: true,
        ..Details::default()
    };
    *engine().range(&store(), &query).unwrap().explained.unwrap()
}

/// The tree, a line for each part.
fn lines(node: &Explained) -> Vec<String> {
    let mut out = Vec::new();
    push_lines(node, 0, &mut out);
    out
}

fn push_lines(node: &Explained, depth: usize, out: &mut Vec<String>) {
    let mut line = format!("{}{} {}", " ".repeat(depth), node.kind, node.text);
    if let Some(figures) = &node.figures {
        line.push_str(&format!(" series={}", figures.series));
        assert!(!figures.time.is_zero(), "{line}");
        assert_eq!(figures.evaluations, 1, "{line}");
    }
    if let Some(selection) = &node.selection {
        let (found, read) = (selection.series, selection.samples_read);
        line.push_str(&format!(" found={found} read={read}"));
        assert!(!selection.time.is_zero(), "{line}");
    }
    let marks = [
        (node.is_step_invariant, "invariant"),
        (node.is_repeated, "repeated"),
        (node.is_copied, "copied"),
        (node.is_read_while_aggregating, "aggregated"),
        (
            node.selection.as_ref().is_some_and(|it| it.is_sharded),
            "sharded",
        ),
    ];
    for (_, mark) in marks.iter().filter(|(holds, _)| *holds) {
        line.push(' ');
        line.push_str(mark);
    }
    out.push(line);
    for child in &node.children {
        push_lines(child, depth + 1, out);
    }
}

#[test]
fn parts_tell_what_they_did() {
    let cases: [(&str, &[&str]); 6] = [
        (
            "b * 2 + (b)",
            &[
                "binaryExpr b * 2 + (b) series=2",
                " binaryExpr b * 2 series=2",
                "  vectorSelector b series=2 found=2 read=18 repeated",
                "  numberLiteral 2 series=1 invariant",
                " vectorSelector b series=2 repeated copied",
            ],
        ),
        (
            "sum by (group) (rate(a_total[5m]))",
            &[
                "aggregation sum by (group) (rate(a_total[5m])) series=3",
                " call rate(a_total[5m]) aggregated",
                "  matrixSelector a_total[5m] found=300 read=2700 aggregated sharded",
            ],
        ),
        (
            "abs(max_over_time(b[3m:1m]))",
            &[
                "call abs(max_over_time(b[3m:1m])) series=2",
                " call max_over_time(b[3m:1m]) series=2",
                "  subquery b[3m:1m] series=2",
                "   vectorSelector b series=2 found=2 read=20",
            ],
        ),
        (
            "topk(1, b @ 60)",
            &[
                "aggregation topk(1, b @ 60) series=1 invariant",
                " numberLiteral 1 series=1 invariant",
                " vectorSelector b @ 60 found=2 read=4 invariant aggregated",
            ],
        ),
        ("time()", &["call time() series=1"]),
        (
            "nothing",
            &["vectorSelector nothing series=0 found=0 read=0"],
        ),
    ];
    for (text, want) in cases {
        assert_eq!(lines(&explained(text)), want, "{text}");
    }
}

#[test]
fn selectors_tell_what_they_asked_for() {
    let tree = explained("sum by (group) (a_total{pod!=\"p1\"} offset 1m)");
    assert_eq!(
        (tree.name, tree.value_type),
        (Some("sum"), ValueType::InstantVector)
    );
    let selector = &tree.children[0];
    assert_eq!(selector.span, Span::new(16, 44));
    let selection = selector.selection.as_ref().unwrap();
    assert_eq!(selection.matchers, ["pod!=\"p1\"", "__name__=\"a_total\""]);
    let only = Projection::Only(vec!["group".to_owned()]);
    assert_eq!(selection.projection, only);
    let range = TimeRange::new(-MINUTE + 1, 8 * MINUTE);
    assert_eq!(selection.range, Some(range));
}

#[test]
fn what_is_very_long_is_cut() {
    let chain = format!("b{}", " + 1".repeat(4_000));
    let mut node = &explained(&chain);
    assert!(node.text.chars().count() == LONGEST_TEXT + 1);
    let mut levels = 0;
    while let Some(child) = node.children.first() {
        node = child;
        levels += 1;
    }
    assert_eq!((levels, node.is_cut), (DEEPEST, true));
}
