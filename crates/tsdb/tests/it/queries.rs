//! Selections, label names and values, projections, over head and blocks.

use model::{Labels, MatchOp, Matcher, TimeRange};
use storage::{LabelQuery, Projection, Queryable, SampleBuffer, Select};

use crate::fixture::{Fixture, HOUR, START, open};

fn with_a_block() -> Fixture {
    let f = open(&Default::default());
    f.fill(9, START, START + 4 * HOUR, 60_000);
    f.db.maintain().unwrap();
    assert_eq!(f.metric("prometheus_tsdb_blocks_loaded"), 1.0);
    f
}

#[test]
fn series_of_head_and_block_appear_once() {
    let f = with_a_block();
    let found = f.query(
        &[Matcher::new("pod", MatchOp::Regex, "pod-[12]").unwrap()],
        TimeRange::ALL,
    );
    let names: Vec<_> = found.iter().map(|(labels, _)| labels.as_str()).collect();
    assert_eq!(
        names,
        [
            r#"m{pod="pod-1", zone="zone-1"}"#,
            r#"m{pod="pod-2", zone="zone-2"}"#
        ]
    );
    for (_, samples) in &found {
        assert_eq!(samples.len(), 240);
        assert!(samples.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
}

#[test]
fn ranges_are_inclusive_everywhere() {
    let f = with_a_block();
    for start in [START, START + HOUR, START + 3 * HOUR] {
        let range = TimeRange::new(start + 60_000, start + 300_000);
        for (_, samples) in f.query(&[Matcher::equal("zone", "zone-0")], range) {
            let times: Vec<_> = samples
                .iter()
                .map(|sample| (sample.0 - start) / 60_000)
                .collect();
            assert_eq!(times, [1, 2, 3, 4, 5]);
        }
    }
    assert!(
        f.query(&[], TimeRange::new(START - 9 * HOUR, START - 1))
            .is_empty()
    );
}

#[test]
fn names_and_values_are_sorted_and_limited() {
    let f = with_a_block();
    let querier = f.db.querier(TimeRange::ALL).unwrap();
    let all = LabelQuery::default();
    assert_eq!(
        querier.label_names(&all).unwrap().0,
        ["__name__", "pod", "zone"]
    );
    assert_eq!(
        querier.label_values("zone", &all).unwrap().0,
        ["zone-0", "zone-1", "zone-2"]
    );
    let some = LabelQuery {
        matchers: vec![Matcher::equal("zone", "zone-1")],
        limit: 2,
    };
    assert_eq!(
        querier.label_values("pod", &some).unwrap().0,
        ["pod-1", "pod-4"]
    );
    assert_eq!(querier.label_names(&some).unwrap().0, ["__name__", "pod"]);
    assert!(querier.label_values("nope", &all).unwrap().0.is_empty());
}

#[test]
fn projections_are_heeded_in_head_and_blocks() {
    let f = with_a_block();
    for range in [
        TimeRange::ALL,
        TimeRange::new(START + 4 * HOUR - 60_000, i64::MAX),
    ] {
        let querier = f.db.querier(range).unwrap();
        let mut select = Select::new(vec![Matcher::equal("__name__", "m")], range);
        select.hints.projection = Projection::Only(vec!["zone".to_owned()]);
        let set = querier.select(&select).unwrap();
        assert_eq!(set.len(), 9);
        assert!((0..9).all(|index| set.labels(index).iter().all(|(name, _)| name == "zone")));
    }
}

#[test]
fn an_open_selection_outlives_a_block_cut() {
    let f = open(&Default::default());
    f.fill(3, START, START + 4 * HOUR, 60_000);
    let querier = f.db.querier(TimeRange::ALL).unwrap();
    let set = querier
        .select(&Select::new(Vec::new(), TimeRange::ALL))
        .unwrap();
    f.db.maintain().unwrap();
    let mut buffer = Default::default();
    for index in 0..set.len() {
        set.read(index, &mut buffer).unwrap();
        assert_eq!(buffer.len(), 240);
        assert_ne!(set.labels(index), Labels::empty());
    }
    drop(set);
    drop(querier);
    let chunks = f.metric("prometheus_tsdb_head_chunks");
    f.db.maintain().unwrap();
    assert!(f.metric("prometheus_tsdb_head_chunks") < chunks);
    assert!(f.all().iter().all(|(_, samples)| samples.len() == 240));
}

#[test]
fn the_status_counts_what_is_there() {
    let f = with_a_block();
    let status = f.db.status(2);
    assert_eq!(
        (
            status.head_stats.num_series,
            status.head_stats.num_label_pairs
        ),
        (9, 13)
    );
    let first =
        |list: &[tsdb::status::NamedCount]| (list[0].name.clone(), list[0].value, list.len());
    assert_eq!(
        first(&status.series_count_by_metric_name),
        ("m".to_owned(), 9, 1)
    );
    assert_eq!(
        first(&status.label_value_count_by_label_name),
        ("pod".to_owned(), 9, 2)
    );
    assert_eq!(
        first(&status.series_count_by_label_value_pair),
        ("__name__=m".to_owned(), 9, 2)
    );
    assert_eq!(
        first(&status.memory_in_bytes_by_label_name),
        ("zone".to_owned(), 54, 2)
    );
}

#[test]
fn the_latest_sample_is_that_of_all_samples() {
    let fixture = open(&Default::default());
    fixture.fill(600, START, START + 40 * 15_000, 15_000);
    let end = START + 39 * 15_000;
    for range in [
        TimeRange::new(START, end),
        TimeRange::new(START, end + 60_000),
        TimeRange::new(START, end - 1),
        TimeRange::new(end - 20_000, end - 5_000),
        TimeRange::new(end + 1, end + 60_000),
    ] {
        let querier = fixture.db.querier(range).unwrap();
        let mut select = Select::new(Vec::new(), range);
        let whole = querier.select(&select).unwrap();
        select.hints.latest_only = true;
        let latest = querier.select(&select).unwrap();
        assert_eq!(whole.len(), latest.len());
        let (mut all, mut one) = (SampleBuffer::default(), SampleBuffer::default());
        for index in 0..whole.len() {
            whole.read(index, &mut all).unwrap();
            latest.read(index, &mut one).unwrap();
            assert_eq!(all.timestamps().last(), one.timestamps().last());
            assert_eq!(all.values().last(), one.values().last());
        }
    }
}

#[test]
fn numbered_labels_are_the_labels() {
    let fixture = open(&Default::default());
    fixture.fill(1_200, START, START + 15_000, 15_000);
    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    for (projection, distinct) in [
        (Projection::Only(Vec::new()), 1),
        (Projection::Only(names(&["zone"])), 3),
        (Projection::Only(names(&["nope"])), 1),
        (Projection::Only(names(&["zone", "pod"])), 1_200),
        (Projection::Without(names(&["pod"])), 3),
        (Projection::Without(names(&["pod", "nope"])), 3),
    ] {
        let querier = fixture.db.querier(TimeRange::ALL).unwrap();
        let mut select = Select::new(Vec::new(), TimeRange::ALL);
        select.hints.projection = projection.clone();
        let set = querier.select(&select).unwrap();
        let numbered = set.numbered_labels().unwrap();
        assert_eq!(numbered.len(), distinct, "{projection:?}");
        assert_eq!(set.len(), 1_200);
        for index in 0..set.len() {
            let labels = set.labels(index);
            assert_eq!(numbered.labels(numbered.number(index)), labels);
            let mut pairs = Vec::new();
            set.each_label(index, &mut |name, value| {
                pairs.push((name.to_owned(), value.to_owned()));
            });
            assert_eq!(Labels::from_pairs(pairs), labels);
        }
    }
    let select = Select::new(Vec::new(), TimeRange::ALL);
    let querier = fixture.db.querier(TimeRange::ALL).unwrap();
    assert!(querier.select(&select).unwrap().numbered_labels().is_none());
}
