//! Native histograms in the head: appended, replayed, cut into blocks, deleted.

use std::sync::Arc;

use host::fs::SimulatedFs;
use model::histogram::{Buckets, CounterResetHint};
use model::value::{STALE, is_stale};
use model::{Histogram, Labels, Matcher, TimeRange};
use storage::{Append, AppendError, AppendValue, Appendable, Queryable, SampleBuffer, Select};

use crate::fixture::{Fixture, HOUR, START, open};

/// What a series has at one time.
#[derive(Clone, Debug, PartialEq)]
enum Sample {
    Float(f64),
    Stale,
    Histogram(Arc<Histogram>),
}

fn series(name: &str) -> Labels {
    Labels::from_pairs([("__name__", name), ("job", "native")])
}

/// The histogram that a series has after so many steps.
pub(crate) fn histogram(kind: &str, step: i64) -> Arc<Histogram> {
    let n = step as f64;
    let spread = [n, 2.0 * n, 0.0, (step / 50) as f64, (step % 7) as f64];
    let counts = match kind {
        // A bucket more every hundred steps, and a counter that begins anew.
        "counter" => {
            let since = step % 400;
            (0..3 + since / 100)
                .map(|bucket| (since * (bucket + 1)) as f64)
                .collect()
        }
        "gauge" => spread.to_vec(),
        "floats" => spread[..3].iter().map(|count| count / 4.0).collect(),
        _ => spread[..3].to_vec(),
    };
    let hint = match kind {
        "gauge" => CounterResetHint::Gauge,
        _ => CounterResetHint::Unknown,
    };
    let custom = kind == "custom";
    Arc::new(Histogram {
        counter_reset_hint: hint,
        schema: if custom { -53 } else { 2 },
        zero_threshold: if custom { 0.0 } else { 1e-128 },
        count: counts.iter().sum(),
        sum: n * 0.1,
        positive: Buckets::from_offset(if custom { 0 } else { -2 }, counts),
        custom_values: if custom {
            [0.1, 2.5].into()
        } else {
            Arc::default()
        },
        ..Histogram::default()
    })
}

/// What the series of a kind has at a step: mixed ones change, all end once.
fn sample(kind: &str, step: i64) -> Sample {
    match (kind, step) {
        (_, 333) => Sample::Stale,
        ("mixed", _) if step / 30 % 2 == 0 => Sample::Float(step as f64),
        _ => Sample::Histogram(histogram(kind, step)),
    }
}

const KINDS: [&str; 6] = ["counter", "custom", "floats", "gauge", "integers", "mixed"];

fn append_steps(f: &Fixture, from: i64, to: i64) {
    append_some(f, from..to);
}

pub(crate) fn append_some(f: &Fixture, steps: impl Iterator<Item = i64>) {
    for step in steps {
        let mut appender = f.db.appender();
        for kind in KINDS {
            let labels = series(kind);
            let sample = sample(kind, step);
            let value = match &sample {
                Sample::Float(value) => AppendValue::Float(*value),
                Sample::Stale => AppendValue::Float(STALE),
                Sample::Histogram(histogram) => AppendValue::Histogram(histogram),
            };
            appender
                .append(Append::new(&labels, START + step * STEP, value))
                .unwrap();
        }
        let commit = appender.commit().unwrap();
        assert_eq!((commit.samples, commit.dropped), (KINDS.len(), 0));
    }
}

fn read(f: &Fixture, kind: &str) -> Vec<(i64, Sample)> {
    let querier = f.db.querier(TimeRange::ALL).unwrap();
    let select = Select::new(vec![Matcher::equal("__name__", kind)], TimeRange::ALL);
    let set = querier.select(&select).unwrap();
    let mut buffer = SampleBuffer::default();
    if set.is_empty() {
        return Vec::new();
    }
    set.read(0, &mut buffer).unwrap();
    let floats = buffer.timestamps().iter().zip(buffer.values());
    let floats = floats.map(|(&time, &value)| match is_stale(value) {
        true => (time, Sample::Stale),
        false => (time, Sample::Float(value)),
    });
    let histograms = buffer.histograms();
    let histograms = histograms.timestamps().iter().zip(histograms.values());
    let histograms = histograms.map(|(&time, h)| (time, Sample::Histogram(compact(h))));
    let mut all: Vec<_> = floats.chain(histograms).collect();
    all.sort_by_key(|(time, _)| *time);
    all
}

/// Without empty buckets, which a chunk may add.
fn compact(histogram: &Arc<Histogram>) -> Arc<Histogram> {
    let mut histogram = Histogram::clone(histogram);
    histogram.compact(0);
    Arc::new(histogram)
}

pub(crate) fn check(f: &Fixture, steps: i64, is_deleted: impl Fn(i64) -> bool) {
    for kind in KINDS {
        let want: Vec<_> = (0..steps)
            .map(|step| (START + step * STEP, step))
            .filter(|&(time, _)| !is_deleted(time))
            .map(|(time, step)| match sample(kind, step) {
                Sample::Histogram(histogram) => (time, Sample::Histogram(compact(&histogram))),
                other => (time, other),
            })
            .collect();
        let found = read(f, kind);
        assert_eq!(found.len(), want.len(), "{kind}");
        for (found, want) in found.iter().zip(&want) {
            assert_eq!(found, want, "{kind}");
        }
    }
}

#[test]
fn histograms_are_kept_over_restarts_cuts_and_deletions() {
    let fs = SimulatedFs::default();
    let f = open(&fs);
    append_steps(&f, 0, 500);
    check(&f, 500, |_| false);
    drop(f);
    let f = open(&fs);
    check(&f, 500, |_| false);
    append_steps(&f, 500, 1_000);
    f.db.maintain().unwrap();
    assert!(f.metric("prometheus_tsdb_blocks_loaded") >= 1.0);
    check(&f, 1_000, |_| false);
    drop(f);
    let f = open(&fs);
    check(&f, 1_000, |_| false);
    let metas = f.paths("meta.json");
    let meta = String::from_utf8(host::fs::Fs::read(&fs, std::path::Path::new(&metas[0])).unwrap());
    assert!(meta.unwrap().contains("numHistogramSamples"));
    // From inside a block until into the head.
    let gone = TimeRange::new(START + HOUR, START + 6 * HOUR + 10 * STEP);
    f.db.delete(&[], gone).unwrap();
    check(&f, 1_000, |time| gone.contains(time));
    f.db.clean_tombstones().unwrap();
    check(&f, 1_000, |time| gone.contains(time));
    drop(f);
    let f = open(&fs);
    check(&f, 1_000, |time| gone.contains(time));
    append_steps(&f, 1_000, 1_010);
    check(&f, 1_010, |time| gone.contains(time));
}

#[test]
fn a_batch_may_mix_kinds_in_one_series() {
    let fs = SimulatedFs::default();
    let f = open(&fs);
    let labels = series("mixed");
    let mut appender = f.db.appender();
    let some = histogram("integers", 3);
    let stale = Arc::new(Histogram::stale());
    let values = [
        AppendValue::Float(1.0),
        AppendValue::Histogram(&some),
        AppendValue::Histogram(&stale),
        AppendValue::Float(2.0),
        AppendValue::Histogram(&some),
    ];
    for (value, at) in values.into_iter().zip(0..) {
        appender
            .append(Append::new(&labels, START + at, value))
            .unwrap();
    }
    assert_eq!(appender.commit().unwrap().samples, 5);
    let some = Sample::Histogram(compact(&some));
    let want = [
        Sample::Float(1.0),
        some.clone(),
        Sample::Stale,
        Sample::Float(2.0),
        some,
    ];
    let contents = |f: &Fixture| -> Vec<Sample> {
        let found = read(f, "mixed").into_iter();
        found.map(|(_, sample)| sample).collect()
    };
    assert_eq!(contents(&f), want);
    drop(f);
    assert_eq!(contents(&open(&fs)), want);
}

#[test]
fn what_contradicts_is_refused() {
    let f = open(&SimulatedFs::default());
    let labels = series("refused");
    let append = |time: i64, value: AppendValue<'_>| {
        let mut appender = f.db.appender();
        appender.append(Append::new(&labels, time, value))?;
        appender.commit()
    };
    let mut invalid = Histogram::clone(&histogram("integers", 4));
    invalid.positive.counts.pop();
    let invalid = Arc::new(invalid);
    let error = append(START, AppendValue::Histogram(&invalid)).unwrap_err();
    assert!(matches!(error, AppendError::InvalidHistogram(_)), "{error}");
    let (four, five) = (histogram("integers", 4), histogram("integers", 5));
    append(START + 1, AppendValue::Histogram(&four)).unwrap();
    append(START + 1, AppendValue::Histogram(&four)).unwrap();
    for value in [AppendValue::Histogram(&five), AppendValue::Float(1.0)] {
        let error = append(START + 1, value).unwrap_err();
        assert!(matches!(error, AppendError::DuplicateTimestamp), "{error}");
        let error = append(START, value).unwrap_err();
        assert!(matches!(error, AppendError::OutOfOrder), "{error}");
    }
    append(START + 2, AppendValue::Float(1.0)).unwrap();
    let error = append(START + 1, AppendValue::Histogram(&five)).unwrap_err();
    assert!(matches!(error, AppendError::OutOfOrder), "{error}");
    assert_eq!(read(&f, "refused").len(), 2);
}

const STEP: i64 = 30_000;
