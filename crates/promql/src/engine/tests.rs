//! The engine as callers see it: kinds of values, limits, names, threads, stores that heed hints.

use std::sync::atomic::{AtomicUsize, Ordering};

use model::value::STALE;
use model::{Annotations, Labels, TimeRange};
use storage::memory::MemoryStore;
use storage::{
    Append, Appendable, LabelQuery, Projection, Querier, Queryable, SampleBuffer, Select,
    SelectError, SeriesSet,
};

use super::*;
use crate::limits::Interrupt;
use crate::value::{RangeSeries, Value};

const MINUTE: i64 = 60_000;

/// Labels, and values a minute apart from 0.
type Row<'a> = (&'a [(&'a str, &'a str)], &'a [f64]);

fn store(series: &[Row<'_>]) -> MemoryStore {
    let store = MemoryStore::default();
    let mut appender = store.appender();
    for (labels, values) in series {
        let labels = Labels::from_pairs(labels.iter().copied());
        for (index, &value) in values.iter().enumerate() {
            let sample = Append::new(&labels, index as i64 * MINUTE, value);
            appender.append(sample).unwrap();
        }
    }
    appender.commit().unwrap();
    store
}

/// Many counters in a few groups, some under another name.
fn fleet() -> MemoryStore {
    let store = MemoryStore::default();
    let mut appender = store.appender();
    for index in 0..1_000_i64 {
        let labels = Labels::from_pairs([
            (
                "__name__",
                if index % 10 == 9 {
                    "b_total"
                } else {
                    "a_total"
                },
            ),
            ("group", &format!("g{}", index % 7)),
            ("pod", &format!("p{index}")),
        ]);
        for step in 0..5 {
            let value = if index % 13 == 0 {
                0.0
            } else {
                (index * step) as f64
            };
            appender
                .append(Append::new(&labels, step * MINUTE, value))
                .unwrap();
        }
    }
    appender.commit().unwrap();
    store
}

fn engine(change: impl FnOnce(&mut EngineOptions)) -> Engine {
    let mut options = EngineOptions::default();
    change(&mut options);
    Engine::new(options).unwrap()
}

fn instant(store: &dyn Queryable, text: &str, time: i64) -> Result<QueryResult, QueryError> {
    engine(|_| {}).instant(store, &InstantQuery::new(text, time))
}

/// Results as `labels value`, one a line.
fn lines(result: &QueryResult) -> Vec<String> {
    match &result.value {
        Value::Scalar(sample) => vec![sample.value.to_string()],
        Value::Text { text, .. } => vec![text.clone()],
        Value::InstantVector(samples) => samples
            .iter()
            .map(|sample| format!("{} {}", sample.labels, sample.value.float().unwrap()))
            .collect(),
        Value::RangeVector(series) => series
            .iter()
            .map(|series| format!("{} {:?}", series.labels, series.values))
            .collect(),
    }
}

#[test]
fn each_kind_of_expression_has_its_kind_of_value() {
    let store = store(&[(&[("__name__", "x"), ("a", "b")], &[1.0, 2.0, 3.0])]);
    let cases: [(&str, &[&str]); 7] = [
        ("1 + 2 * 3", &["7"]),
        ("(\"text\")", &["text"]),
        ("x", &["x{a=\"b\"} 3"]),
        ("x offset 1m", &["x{a=\"b\"} 2"]),
        ("x[2m]", &["x{a=\"b\"} [2.0, 3.0]"]),
        ("(x * 10)[2m:1m]", &["{a=\"b\"} [20.0, 30.0]"]),
        ("y", &[]),
    ];
    for (text, want) in cases {
        let result = instant(&store, text, 2 * MINUTE).unwrap();
        assert_eq!(lines(&result), want, "{text}");
    }
}

#[test]
fn long_chains_of_operators_are_evaluated() {
    let store = store(&[(&[("__name__", "x")], &[1.0, 2.0, 3.0])]);
    let chain = |operand: &str| format!("x{}", operand.repeat(4_000));
    for (operand, want) in [(" + 1", 4_003.0), (" + x", 12_003.0), (" or x", 3.0)] {
        let result = instant(&store, &chain(operand), 2 * MINUTE).unwrap();
        assert!(
            lines(&result)[0].ends_with(&format!(" {want}")),
            "{operand}"
        );
        let query = chain(operand);
        let query = RangeQuery::new(&query, MINUTE, 2 * MINUTE, MINUTE);
        let result = engine(|_| {}).range(&store, &query).unwrap();
        assert!(
            lines(&result)[0].contains(&format!("{want:?}")),
            "{operand}"
        );
    }
    let scalars = format!("1{}", " + 1".repeat(10_000));
    assert_eq!(lines(&instant(&store, &scalars, 0).unwrap()), ["10001"]);
}

#[test]
fn the_invariant_beginning_of_a_chain_is_the_same_at_each_step() {
    let store = store(&[(&[("__name__", "x")], &[1.0, 2.0, 3.0])]);
    let cases = [
        ("x @ 0 + 1 + x", "{} [3.0, 4.0, 5.0]"),
        ("1 + 2 + x @ 60 + x", "{} [6.0, 7.0, 8.0]"),
        ("1 + 2 + x", "{} [4.0, 5.0, 6.0]"),
        ("x @ 60 or x", "x [2.0, 2.0, 2.0]"),
        ("time() + 1 + x @ 60", "{} [3.0, 63.0, 123.0]"),
    ];
    for (text, want) in cases {
        let query = RangeQuery::new(text, 0, 2 * MINUTE, MINUTE);
        let result = engine(|_| {}).range(&store, &query).unwrap();
        assert_eq!(lines(&result), [want], "{text}");
    }
}

#[test]
fn a_range_query_has_a_value_for_each_step() {
    let store = store(&[
        (&[("__name__", "x"), ("a", "2")], &[1.0, 2.0, STALE]),
        (&[("__name__", "x"), ("a", "1")], &[5.0]),
    ]);
    let query = RangeQuery::new("x", 0, 6 * MINUTE, MINUTE);
    let result = engine(|_| {}).range(&store, &query).unwrap();
    let Value::RangeVector(series) = result.value else {
        unreachable!("a range query yields a range vector");
    };
    let column = |labels: &[(&str, &str)], last: i64, values: Vec<f64>| RangeSeries {
        labels: Labels::from_pairs(labels.iter().copied()),
        timestamps: (0..=last).map(|step| step * MINUTE).collect(),
        values,
        histograms: Vec::new(),
    };
    // The first looks back to before 5 minutes; the second ends with its stale marker.
    let want = [
        column(&[("__name__", "x"), ("a", "1")], 4, vec![5.0; 5]),
        column(&[("__name__", "x"), ("a", "2")], 1, vec![1.0, 2.0]),
    ];
    assert_eq!(series, want);
    assert_eq!(result.statistics.series_read, 2);
    assert_eq!(result.statistics.samples_read, 4);
    assert_eq!(result.statistics.samples_looked_at, 7);
}

#[test]
fn a_range_query_of_a_scalar_is_one_series() {
    let query = RangeQuery::new("time()", 0, 2_000, 1_000);
    let result = engine(|_| {})
        .range(&MemoryStore::default(), &query)
        .unwrap();
    assert_eq!(lines(&result), ["{} [0.0, 1.0, 2.0]"]);
}

#[test]
fn what_cannot_be_evaluated_has_upstreams_words() {
    let store = store(&[
        (&[("__name__", "a"), ("l", "1")], &[1.0]),
        (&[("__name__", "a"), ("l", "2")], &[1.0]),
        (&[("__name__", "b"), ("m", "1")], &[1.0]),
        (&[("__name__", "c"), ("m", "1"), ("n", "1")], &[1.0]),
    ]);
    let cases = [
        (
            "b + on() a",
            "found duplicate series for the match group {} on the right hand-side of the operation: \
             [{__name__=\"a\", l=\"1\"}, {__name__=\"a\", l=\"2\"}];many-to-many matching not \
             allowed: matching labels must be unique on one side",
        ),
        (
            "a + on() b",
            "multiple matches for labels: many-to-one matching must be explicit \
             (group_left/group_right)",
        ),
        (
            "label_replace(a, \"l\", \"\", \"\", \"\")",
            "vector cannot contain metrics with the same labelset",
        ),
        (
            "(a or c) * on() group_left(l) b",
            "multiple matches for labels: grouping labels must ensure unique matches",
        ),
        ("topk(NaN, a)", "Parameter value is NaN"),
        (
            "-{__name__=~\"a|b\", l=~\"1|\"} + ",
            "unexpected end of input",
        ),
    ];
    for (text, want) in cases {
        let error = instant(&store, text, 0).unwrap_err().to_string();
        assert!(error.contains(want), "{text}: {error}");
    }
    let query = RangeQuery::new("a[1m]", 0, 1, 1);
    let error = engine(|_| {}).range(&store, &query).unwrap_err();
    assert_eq!(
        error.to_string(),
        "invalid expression type \"range vector\" for range query, must be Scalar or instant Vector"
    );
}

#[test]
fn a_query_holds_no_more_samples_than_it_may() {
    let store = fleet();
    let few = engine(|options| options.max_samples = 100);
    for text in [
        "a_total",
        "rate(a_total[5m])",
        "sum_over_time(vector(time())[10y:1ms])",
    ] {
        let error = few
            .instant(&store, &InstantQuery::new(text, 4 * MINUTE))
            .unwrap_err();
        assert!(
            matches!(error, QueryError::TooManySamples),
            "{text}: {error}"
        );
    }
    // An aggregation keeps its groups, not its series.
    let query = InstantQuery::new("sum by (group) (rate(a_total[5m]))", 4 * MINUTE);
    let result = few.instant(&store, &query).unwrap();
    assert_eq!(lines(&result).len(), 7);
    // A sum a group, and the samples of the series that is read.
    assert_eq!(result.statistics.peak_samples, 7 + 5);
    let query = RangeQuery::new("1", 0, i64::MAX, 1);
    let error = few.range(&store, &query).unwrap_err();
    assert!(matches!(error, QueryError::TooManySamples));
}

#[test]
fn names_go_at_once_or_at_the_end() {
    let store = store(&[
        (&[("__name__", "a_total")], &[0.0, 60.0]),
        (&[("__name__", "b_total")], &[0.0, 120.0]),
    ]);
    let both = "increase({__name__=~\"._total\"}[2m])";
    let at_once = engine(|_| {});
    let delayed = engine(|options| options.delayed_name_removal = true);
    let run = |engine: &Engine, text: &str| {
        let result = engine.instant(&store, &InstantQuery::new(text, MINUTE));
        result
            .map(|result| lines(&result))
            .map_err(|error| error.to_string())
    };
    let same = Err("vector cannot contain metrics with the same labelset".to_owned());
    let sum_of_both = format!("sum({both})");
    let by_name = format!("sum by (__name__) ({both})");
    assert_eq!(run(&at_once, both), same);
    assert_eq!(run(&at_once, &sum_of_both), same);
    assert_eq!(run(&delayed, both), same);
    assert_eq!(run(&delayed, &sum_of_both), Ok(vec!["{} 180".to_owned()]));
    // The name still groups, and goes then.
    assert_eq!(run(&delayed, &by_name), same);
    assert_eq!(run(&delayed, &format!("({both})[2m:1m]")), same);
    assert_eq!(
        run(&at_once, "sum by (__name__) (rate(a_total[2m]))"),
        Ok(vec!["{} 0.5".to_owned()])
    );
    // Series of several names can be absent together.
    let absence = "absent_over_time({__name__=~\"._total\"}[2m])";
    for engine in [&at_once, &delayed] {
        assert_eq!(run(engine, absence), Ok(Vec::new()));
    }
}

#[test]
fn ranges_of_two_series_do_not_become_one() {
    let store = store(&[
        (&[("__name__", "a"), ("job", "x")], &[1.0, STALE, STALE]),
        (&[("__name__", "b"), ("job", "x")], &[STALE, STALE, 2.0]),
    ]);
    let refused = Err("vector cannot contain metrics with the same labelset".to_owned());
    let cases = [
        ("-{job=\"x\"}", Ok(1)),
        ("sum_over_time({job=\"x\"}[1m])", refused.clone()),
        ("sum(sum_over_time({job=\"x\"}[1m]))", refused.clone()),
        ("sum_over_time({job=\"x\"}[1m:1m])", refused),
        ("last_over_time({job=\"x\"}[1m])", Ok(2)),
    ];
    for (text, want) in cases {
        let query = RangeQuery::new(text, 0, 2 * MINUTE, MINUTE);
        let result = engine(|_| {}).range(&store, &query);
        let got = result.map(|result| match result.value {
            Value::RangeVector(series) => series.len(),
            _ => 0,
        });
        assert_eq!(got.map_err(|error| error.to_string()), want, "{text}");
    }
}

/// What is one series by its labels loses its name or keeps it as its first sample tells.
#[test]
fn a_name_goes_from_a_whole_series() {
    let store = store(&[(&[("__name__", "a")], &[-1.0, 2.0])]);
    let delayed = engine(|options| options.delayed_name_removal = true);
    let cases = [
        ("(a > 0) or (-a)", None),
        ("(a < 0) or (-a)", Some("a")),
        ("-a == 1", None),
        ("-a == -a", Some("a")),
    ];
    for (text, want) in cases {
        let query = RangeQuery::new(text, 0, MINUTE, MINUTE);
        let Value::RangeVector(series) = delayed.range(&store, &query).unwrap().value else {
            panic!("{text} is a vector");
        };
        let names: Vec<_> = series.iter().map(|it| it.labels.metric_name()).collect();
        assert_eq!(names, [want], "{text}");
    }
}

#[test]
fn doubts_are_told_with_their_place() {
    let store = store(&[
        (&[("__name__", "x")], &[1.0, 2.0]),
        (&[("__name__", "y_bucket"), ("le", "1")], &[1.0, 2.0]),
        (&[("__name__", "y_bucket"), ("le", "high")], &[1.0, 2.0]),
    ]);
    let of = |text: &str, wanted: fn(&Annotations) -> &[String]| {
        let result = instant(&store, text, MINUTE).unwrap();
        wanted(&result.annotations).to_vec()
    };
    assert_eq!(
        of("sum(rate((x[5m])))", Annotations::infos),
        [
            "PromQL info: metric might not be a counter, name does not end in \
          _total/_sum/_count/_bucket: \"x\" (1:11)"
        ]
    );
    assert!(of("rate(y_bucket[5m])", Annotations::infos).is_empty());
    assert_eq!(
        of("quantile(2, x)", Annotations::warnings),
        ["PromQL warning: quantile value should be between 0 and 1, got 2 (1:10)"]
    );
    assert_eq!(
        of("histogram_quantile(0.5, y_bucket)", Annotations::warnings),
        [
            "PromQL warning: bucket label \"le\" is missing or has a malformed value of \"high\" (1:25)"
        ]
    );
    let query = RangeQuery::new("1 + sort(x)", 0, MINUTE, MINUTE);
    let result = engine(|_| {}).range(&store, &query).unwrap();
    assert_eq!(
        result.annotations.warnings(),
        [
            "PromQL warning: sort is ineffective for range queries since results are always ordered \
          by labels (1:5)"
        ]
    );
}

#[test]
fn threads_change_nothing_and_hints_neither() {
    let texts = [
        "a_total",
        "sum by (group) (rate(a_total[3m]))",
        "avg without (pod) (a_total)",
        "stddev by (group) (increase({__name__=~\".+\"}[3m]))",
        "count by (__name__) ({__name__=~\".+\"})",
        "quantile by (group) (0.9, a_total)",
        "topk by (group) (3, rate(a_total[3m]))",
        "limitk by (group) (2, a_total)",
        "limit_ratio(0.5, a_total) * on (pod) group_left () a_total",
        "bottomk(4, b_total)",
        "group by (group) (max_over_time(a_total[2m]))",
        "min(a_total) - max(b_total)",
    ];
    let plain = fleet();
    let reducing = Reducing(fleet());
    for delayed in [false, true] {
        let with_threads = |threads| {
            engine(|options| {
                options.threads = threads;
                options.delayed_name_removal = delayed;
            })
        };
        let (one, three) = (with_threads(1), with_threads(3));
        for text in texts {
            let query = RangeQuery::new(text, 2 * MINUTE, 4 * MINUTE, MINUTE);
            let run = |engine: &Engine, store: &dyn Queryable| {
                let result = engine.range(store, &query);
                result
                    .map(|result| (rounded(result.value), result.annotations))
                    .map_err(|error| error.to_string())
            };
            let want = run(&one, &plain);
            assert_eq!(run(&three, &plain), want, "{text}");
            assert_eq!(run(&three, &reducing), want, "{text}");
        }
    }
}

/// Without the last bits, in which sums by one thread and by three may differ.
fn rounded(value: Value) -> Value {
    let Value::RangeVector(mut series) = value else {
        unreachable!("a range query yields a range vector");
    };
    for value in series.iter_mut().flat_map(|series| &mut series.values) {
        *value = (*value * 1e9).round();
    }
    Value::RangeVector(series)
}

/// A store that heeds projections.
struct Reducing(MemoryStore);

impl Queryable for Reducing {
    fn querier(&self, range: TimeRange) -> Result<Box<dyn Querier + '_>, SelectError> {
        let inner = self.0.querier(range)?;
        Ok(Box::new(ReducingQuerier { inner }))
    }
}

struct ReducingQuerier<'a> {
    inner: Box<dyn Querier + 'a>,
}

impl Querier for ReducingQuerier<'_> {
    fn select(&self, select: &Select) -> Result<Box<dyn SeriesSet + '_>, SelectError> {
        Ok(Box::new(ReducingSet {
            inner: self.inner.select(select)?,
            projection: select.hints.projection.clone(),
        }))
    }

    fn label_names(&self, query: &LabelQuery) -> Result<(Vec<String>, Annotations), SelectError> {
        self.inner.label_names(query)
    }

    fn label_values(
        &self,
        name: &str,
        query: &LabelQuery,
    ) -> Result<(Vec<String>, Annotations), SelectError> {
        self.inner.label_values(name, query)
    }
}

struct ReducingSet<'a> {
    inner: Box<dyn SeriesSet + 'a>,
    projection: Projection,
}

impl SeriesSet for ReducingSet<'_> {
    fn len(&self) -> usize {
        self.inner.len()
    }

    fn labels(&self, index: usize) -> Labels {
        let labels = self.inner.labels(index);
        match &self.projection {
            Projection::All => labels,
            Projection::Only(names) => labels.filter(|name| names.iter().any(|n| n == name)),
            Projection::Without(names) => labels.filter(|name| !names.iter().any(|n| n == name)),
        }
    }

    fn read(&self, index: usize, buffer: &mut SampleBuffer) -> Result<(), SelectError> {
        self.inner.read(index, buffer)
    }
}

#[test]
fn an_interrupt_ends_a_query_within_a_batch() {
    let time_out: Signal = Interrupt::time_out;
    for (signal, want) in [
        (time_out, "query timed out in expression evaluation"),
        (
            Interrupt::cancel,
            "query was canceled in expression evaluation",
        ),
    ] {
        let store = Endless::new(signal, 100, 0);
        let mut query = InstantQuery::new("sum(rate(a_total[5m]))", 0);
        query.interrupt = store.interrupt.clone();
        let error = engine(|_| {}).instant(&store, &query).unwrap_err();
        assert_eq!(error.to_string(), want);
        assert!(store.reads.load(Ordering::Relaxed) <= 200);
    }
}

#[test]
fn an_interrupt_ends_a_query_within_one_long_series() {
    let store = Endless::new(Interrupt::cancel, 0, 10_000);
    let mut query = RangeQuery::new("sum_over_time(a[10s])", 0, 10_000, 1);
    query.interrupt = store.interrupt.clone();
    let error = engine(|_| {}).range(&store, &query).unwrap_err();
    assert!(matches!(error, QueryError::Canceled));
    assert_eq!(store.reads.load(Ordering::Relaxed), 1);
}

type Signal = fn(&Interrupt);

/// A store with more series than anybody waits for; somebody stops waiting at one of the reads.
struct Endless {
    interrupt: Interrupt,
    signal: Signal,
    signal_at: usize,
    samples: i64,
    reads: AtomicUsize,
}

impl Endless {
    fn new(signal: Signal, signal_at: usize, samples: i64) -> Self {
        Self {
            interrupt: Interrupt::new(),
            signal,
            signal_at,
            samples,
            reads: AtomicUsize::new(0),
        }
    }
}

impl Queryable for Endless {
    fn querier(&self, _range: TimeRange) -> Result<Box<dyn Querier + '_>, SelectError> {
        Ok(Box::new(EndlessView(self)))
    }
}

struct EndlessView<'a>(&'a Endless);

impl Querier for EndlessView<'_> {
    fn select(&self, _select: &Select) -> Result<Box<dyn SeriesSet + '_>, SelectError> {
        Ok(Box::new(EndlessView(self.0)))
    }

    fn label_names(&self, _: &LabelQuery) -> Result<(Vec<String>, Annotations), SelectError> {
        Ok(Default::default())
    }

    fn label_values(
        &self,
        _: &str,
        _: &LabelQuery,
    ) -> Result<(Vec<String>, Annotations), SelectError> {
        Ok(Default::default())
    }
}

impl SeriesSet for EndlessView<'_> {
    fn len(&self) -> usize {
        usize::MAX
    }

    fn labels(&self, _index: usize) -> Labels {
        Labels::empty()
    }

    fn read(&self, _index: usize, buffer: &mut SampleBuffer) -> Result<(), SelectError> {
        buffer.clear();
        (0..self.0.samples).for_each(|time| buffer.push(time, 1.0));
        if self.0.reads.fetch_add(1, Ordering::Relaxed) == self.0.signal_at {
            (self.0.signal)(&self.0.interrupt);
        }
        Ok(())
    }
}

#[test]
fn a_store_that_fails_is_named() {
    struct Closed;
    impl Queryable for Closed {
        fn querier(&self, _range: TimeRange) -> Result<Box<dyn Querier + '_>, SelectError> {
            Err(SelectError::NotReady("replaying".to_owned()))
        }
    }
    let error = instant(&Closed, "up", 0).unwrap_err().to_string();
    assert_eq!(error, "expanding series: storage is not ready: replaying");
    // Without a selector nobody asks the store.
    assert!(instant(&Closed, "1", 0).is_ok());
}

#[test]
fn types_and_units_go_with_the_name() {
    let store = store(&[
        (
            &[("__name__", "x"), ("__type__", "gauge"), ("a", "1")],
            &[1.0, 2.0],
        ),
        (
            &[
                ("__name__", "y"),
                ("__type__", "counter"),
                ("__unit__", "s"),
            ],
            &[1.0, 2.0],
        ),
    ]);
    let cases = [
        ("x + 0", "{a=\"1\"} 2"),
        ("-y", "{} -2"),
        ("x == x", "x{__type__=\"gauge\", a=\"1\"} 2"),
        ("x == bool x", "{a=\"1\"} 1"),
        ("x * on (a) x", "{a=\"1\"} 4"),
        ("x * x", "{a=\"1\"} 4"),
        ("sum without (a) (x)", "{__type__=\"gauge\"} 2"),
        ("count without (a) (rate(x[2m]))", "{} 1"),
    ];
    for (text, want) in cases {
        let result = instant(&store, text, MINUTE).unwrap();
        assert_eq!(lines(&result), [want], "{text}");
    }
    let typed = engine(|options| options.type_and_unit_labels = true);
    let infos = |text: &str| {
        let result = typed.instant(&store, &InstantQuery::new(text, MINUTE));
        result.unwrap().annotations.infos().to_vec()
    };
    assert!(infos("rate(y[2m])").is_empty());
    assert_eq!(
        infos("sum(rate(x[2m]))"),
        [
            "PromQL info: metric might not be a counter, __type__ label is not set to \"counter\" or \
          \"histogram\", got \"gauge\": \"x\" (1:10)"
        ]
    );
}
