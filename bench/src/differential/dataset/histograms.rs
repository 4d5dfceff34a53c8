//! Native histograms: exponential and custom, whole and float, counters and gauges, mixed series.

use crate::differential::dataset::Series;
use crate::remote_write::{Bucket, Histogram, Value};

/// All of them.
pub(super) fn all() -> Vec<Series> {
    let mut all = Vec::new();
    for (number, zone) in ["a", "b", "c"].into_iter().enumerate() {
        let scale = number as u64 + 1;
        for (kind, schema) in [("x", 0), ("y", 3)] {
            let labels = [("zone", zone), ("kind", kind), ("instance", "one:1")];
            add(&mut all, "t_native", &labels, move |at| {
                counter(at, scale, schema)
            });
            add(&mut all, "t_native_float", &labels, move |at| Histogram {
                is_float: true,
                ..counter(at, scale, schema)
            });
        }
        let labels = [("zone", zone)];
        // The resolution falls in the middle, as it does when buckets get too many.
        add(&mut all, "t_native_coarser", &labels, move |at| {
            counter(at, scale, if at < 400 { 4 } else { 2 })
        });
        add(&mut all, "t_native_gauge", &labels, move |at| Histogram {
            reset_hint: 3,
            ..counter((at * 7) % 50, scale, 1)
        });
        add(&mut all, "t_native_custom", &labels, move |at| {
            custom(at, scale)
        });
        let labels = [("zone", zone), ("kind", "mixed")];
        all.push(Series::new("t_mixed", &labels, move |at, _| {
            if at / 25 % 2 == 0 {
                Some(Value::Float(at as f64))
            } else {
                Some(Value::Histogram(counter(at, scale, 0)))
            }
        }));
        all.push(Series::new(
            "t_native_stale",
            &labels,
            move |at, _| match at % 60 {
                0..30 => Some(Value::Histogram(counter(at, scale, 0))),
                30 => Some(Value::Histogram(Histogram {
                    is_stale: true,
                    ..Histogram::default()
                })),
                _ => None,
            },
        ));
    }
    all
}

fn add(
    all: &mut Vec<Series>,
    name: &str,
    labels: &[(&str, &str)],
    histogram: impl Fn(i64) -> Histogram + 'static,
) {
    all.push(Series::new(name, labels, move |at, _| {
        Some(Value::Histogram(histogram(at)))
    }));
}

/// Rises and is reset, with buckets that appear with time, gaps between them and a negative side.
fn counter(at: i64, scale: u64, schema: i32) -> Histogram {
    let age = at.rem_euclid(190).unsigned_abs();
    let bucket = |index: i32, since: u64, rate: u64| Bucket {
        index,
        count: age.saturating_sub(since) * rate * scale,
    };
    let mut positive = vec![
        bucket(-3, 0, 1),
        bucket(-2, 0, 2),
        bucket(0, 0, 5),
        bucket(1, 20, 3),
    ];
    if age > 60 {
        positive.push(bucket(6, 60, 1));
    }
    let sum = age as f64 * 11.3 * scale as f64;
    Histogram {
        schema,
        sum,
        zero_threshold: 0.001,
        zero_count: age / 3,
        positive,
        negative: vec![bucket(0, 0, 1), bucket(2, 40, 1)],
        ..Histogram::default()
    }
}

/// As a classic histogram becomes when it is stored natively; its bounds change once.
fn custom(at: i64, scale: u64) -> Histogram {
    let age = at.rem_euclid(240).unsigned_abs();
    let bounds: &[f64] = if at < 500 {
        &[0.1, 0.5, 1.0, 5.0]
    } else {
        &[0.1, 1.0, 2.5, 5.0]
    };
    let bucket = |index: i32| Bucket {
        index,
        count: age * scale * (5 - index.unsigned_abs() as u64),
    };
    Histogram {
        schema: -53,
        sum: age as f64 * 3.25,
        positive: (0..5).map(bucket).collect(),
        custom_bounds: bounds.to_vec(),
        ..Histogram::default()
    }
}
