//! Matchers against the obvious answer, and rebuilding.

use model::{LabelsBuilder, MatchOp};

use super::*;

fn catalog(sets: &[Labels]) -> Catalog {
    let mut catalog = Catalog::default();
    for (row, labels) in (3..).zip(sets) {
        catalog
            .insert(row * 100, labels, labels.fingerprint())
            .unwrap();
    }
    catalog
}

fn sets() -> Vec<Labels> {
    let mut sets = Vec::new();
    for name in ["up", "down", "x"] {
        for pod in ["", "a", "b", "ab", "c"] {
            for zone in ["", "1", "2"] {
                sets.push(Labels::from_pairs([
                    ("__name__", name),
                    ("pod", pod),
                    ("zone", zone),
                ]));
            }
        }
    }
    sets
}

#[test]
fn every_matcher_selects_what_its_condition_says() {
    check_matchers(&sets());
    // With a label that has many values, a few series are looked at one by one.
    let numbered = sets().into_iter().enumerate().map(|(number, labels)| {
        let pod = match labels.get("pod") {
            Some(pod) if number % 7 > 0 => format!("{pod}-{number}"),
            pod => pod.unwrap_or_default().to_owned(),
        };
        let mut builder = LabelsBuilder::new();
        builder.reset(&labels);
        builder.set("pod", &pod);
        builder.build()
    });
    check_matchers(&numbered.collect::<Vec<_>>());
}

fn check_matchers(sets: &[Labels]) {
    let catalog = catalog(sets);
    let ops = [
        MatchOp::Equal,
        MatchOp::NotEqual,
        MatchOp::Regex,
        MatchOp::NotRegex,
    ];
    let values = [
        "", "a", "b", "nope", "a|b", "a|", "a.*", "a.+", ".*", ".+", "[bc]", "(a|b)?", "[ab]-.*",
        "a-22|b-8", ".*1", "b-[0-9]?",
    ];
    let mut single = Vec::new();
    for name in ["pod", "zone", "nope"] {
        for op in ops {
            single.extend(
                values
                    .iter()
                    .map(|&value| Matcher::new(name, op, value).unwrap()),
            );
        }
    }
    for one in &single {
        for other in single.iter().step_by(7) {
            let matchers = [one.clone(), other.clone(), Matcher::equal("__name__", "up")];
            for matchers in [&matchers[..1], &matchers[..2], &matchers] {
                let holds = |labels: &Labels| {
                    matchers
                        .iter()
                        .all(|m| m.matches(labels.get(m.name()).unwrap_or_default()))
                };
                let want: Vec<_> = sets
                    .iter()
                    .filter(|labels| holds(labels))
                    .cloned()
                    .collect();
                let rows = catalog.select(matchers);
                let found: Vec<_> = rows
                    .iter()
                    .map(|&row| catalog.labels(row, &Projection::All))
                    .collect();
                assert_eq!(found, want, "{matchers:?}");
            }
        }
    }
}

#[test]
fn a_rebuilt_catalog_forgets_what_was_dropped() {
    let sets = sets();
    let old = catalog(&sets);
    let fresh = old.rebuilt(|row| row >= 3_300).unwrap();
    assert_eq!(fresh.rows(), &old.rows()[30..]);
    for (row, labels) in (3..).zip(&sets) {
        let kept = row * 100 >= 3_300;
        assert_eq!(
            fresh.find(labels, labels.fingerprint()),
            kept.then_some(row * 100)
        );
        assert_eq!(old.find(labels, labels.fingerprint()), Some(row * 100));
    }
    assert_eq!(fresh.label_names().count(), 3);
    assert_eq!(
        fresh.label_values("__name__").collect::<Vec<_>>(),
        [("x", 15)]
    );
    assert!(fresh.symbol_count() < old.symbol_count());
}

#[test]
fn projections_reduce_label_sets() {
    let labels = Labels::from_pairs([("__name__", "up"), ("pod", "a"), ("zone", "1")]);
    let catalog = catalog(std::slice::from_ref(&labels));
    let only = Projection::Only(vec!["pod".to_owned()]);
    let without = Projection::Without(vec!["pod".to_owned()]);
    assert_eq!(catalog.labels(300, &only).to_string(), r#"{pod="a"}"#);
    assert_eq!(catalog.labels(300, &without).to_string(), r#"up{zone="1"}"#);
    assert_eq!(catalog.labels(300, &Projection::All), labels);
}
