//! Series that are strange on purpose: resets, gaps, special values, churn, names and labels.

use crate::differential::dataset::Series;
use crate::remote_write::{STALE, Value};

/// All of them.
pub(super) fn all() -> Vec<Series> {
    let mut all = Vec::new();
    add_counters(&mut all);
    add_gauges(&mut all);
    add_special_values(&mut all);
    add_gaps_and_churn(&mut all);
    add_names_and_labels(&mut all);
    add_broken_buckets(&mut all);
    add_infos(&mut all);
    all
}

fn add_counters(all: &mut Vec<Series>) {
    for (number, (zone, kind)) in pairs(["a", "b", "c"], ["x", "y", "z"]).enumerate() {
        let period = 37 + 61 * number as i64;
        let rate = 0.1 * 3.7_f64.powi(number as i32);
        let labels = [("zone", zone), ("kind", kind), ("instance", "one:1")];
        let value = move |at: i64, noise: f64| ((at % period) as f64 + noise) * rate;
        all.push(
            Series::of_floats("t_counter_total", &labels, move |at, random| {
                value(at, random.unit())
            })
            .with_jitter(if number % 2 == 0 { 0 } else { 40 }),
        );
        let labels = [("zone", zone), ("kind", kind), ("instance", "two:2")];
        all.push(
            Series::of_floats("t_counter_total", &labels, move |at, _| {
                value(at, 0.0).floor()
            })
            .every([15, 30, 60][number % 3])
            .with_jitter(3),
        );
    }
    all.push(Series::of_floats(
        "t_idle_total",
        &[("zone", "a")],
        |_, _| 12.0,
    ));
    all.push(Series::of_floats(
        "t_idle_total",
        &[("zone", "b")],
        |_, _| 0.0,
    ));
}

fn add_gauges(all: &mut Vec<Series>) {
    for (number, (zone, kind)) in pairs(["a", "b", "c", ""], ["x", "y"]).enumerate() {
        let labels = [("zone", zone), ("kind", kind)];
        let labels: Vec<_> = labels
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .collect();
        let scale = 10_f64.powi(2 * number as i32 - 6);
        all.push(Series::of_floats("t_gauge", &labels, move |at, random| {
            scale * ((at as f64 / 17.0).sin() + random.unit() - 0.5)
        }));
        // Few values, many ties.
        all.push(Series::of_floats("t_step", &labels, move |at, _| {
            ((at / 11 + number as i64) % 4 - 1) as f64
        }));
        let name = "t_seconds";
        all.push(Series::of_floats(name, &labels, move |at, _| {
            // Times of day, months and years, also before 1970.
            (at - 200) as f64 * 86_400.0 * 29.7 + 0.75
        }));
    }
}

fn add_special_values(all: &mut Vec<Series>) {
    let special = [
        ("nan", f64::NAN),
        ("infinite", f64::INFINITY),
        ("negative-infinite", f64::NEG_INFINITY),
        ("negative-zero", -0.0),
        ("largest", f64::MAX),
        ("smallest", f64::from_bits(1)),
        ("tenth", 0.1),
        ("large", 1e16),
    ];
    for (name, value) in special {
        all.push(Series::of_floats(
            "t_special",
            &[("value", name)],
            move |_, _| value,
        ));
        // The same now and then between plain numbers.
        let labels = [("value", name)];
        all.push(Series::of_floats("t_spiked", &labels, move |at, random| {
            if at % 13 == 4 { value } else { random.unit() }
        }));
    }
}

fn add_gaps_and_churn(all: &mut Vec<Series>) {
    for (number, kind) in ["x", "y", "z"].into_iter().enumerate() {
        let length = 30 + 20 * number as i64;
        let labels = [("kind", kind)];
        all.push(Series::new("t_gap", &labels, move |at, _| {
            (at / length % 3 != 1).then_some(Value::Float(at as f64))
        }));
        all.push(Series::new("t_stale", &labels, move |at, _| {
            match at % length {
                0 => Some(Value::Float(STALE)),
                place if place < length / 2 => Some(Value::Float(place as f64 * 1.5)),
                _ => None,
            }
        }));
    }
    for generation in 0..24_i64 {
        let pod = format!("web-{generation:02}");
        let labels = [("pod", pod.as_str()), ("app", "web")];
        let end = (generation + 1) * 30 + 7;
        all.push(Series::new(
            "t_churn_total",
            &labels,
            move |at, random| match at - generation * 30 {
                place if place < 0 || at > end => None,
                _ if at == end => Some(Value::Float(STALE)),
                place => Some(Value::Float(place as f64 * 2.0 + random.unit())),
            },
        ));
    }
}

fn add_names_and_labels(all: &mut Vec<Series>) {
    let wave = |at: i64, scale: f64| scale + (at % 23) as f64;
    all.push(Series::of_floats(
        "utf8.temperature.°C",
        &[("sensor.id", "α")],
        move |at, _| wave(at, 1.0),
    ));
    all.push(Series::of_floats(
        "utf8.temperature.°C",
        &[("sensor.id", "β")],
        move |at, _| wave(at, 2.0),
    ));
    let texts = [
        "plain",
        "with space",
        "quote\"d",
        "back\\slash",
        "new\nline",
        "tab\there",
        "ünïcode",
        "日本",
        "a+b*c",
        "UPPER",
        "<&>",
    ];
    for (number, text) in texts.into_iter().enumerate() {
        let labels = [("text", text), ("number", &*number.to_string())];
        all.push(Series::of_floats("t_text", &labels, move |at, _| {
            wave(at, number as f64)
        }));
    }
    for number in [1, 2, 9, 10, 11, 100] {
        let labels = [
            ("node", &*format!("node{number}")),
            ("rack", &*format!("r{}", number % 3)),
        ];
        all.push(Series::of_floats("t_natural", &labels, move |at, _| {
            wave(at, 0.5)
        }));
    }
}

/// Classic histograms as they should not be, beside one as it should.
fn add_broken_buckets(all: &mut Vec<Series>) {
    let shapes: [(&str, &[(&str, f64)]); 6] = [
        (
            "good",
            &[("0.1", 1.0), ("0.5", 4.0), ("1", 7.0), ("+Inf", 8.0)],
        ),
        ("no-infinite", &[("0.1", 1.0), ("1", 7.0)]),
        (
            "falling",
            &[("0.1", 5.0), ("0.5", 4.0), ("1", 7.0), ("+Inf", 6.0)],
        ),
        (
            "negative",
            &[("-2", 1.0), ("-1", 2.0), ("0", 2.0), ("+Inf", 3.0)],
        ),
        (
            "not-a-number",
            &[("0.1", 1.0), ("many", 4.0), ("+Inf", 5.0)],
        ),
        ("empty", &[("1", 0.0), ("+Inf", 0.0)]),
    ];
    for (shape, buckets) in shapes {
        for &(bound, count) in buckets {
            let labels = [("shape", shape), ("le", bound)];
            all.push(Series::of_floats(
                "t_classic_bucket",
                &labels,
                move |at, _| (at % 251) as f64 * count,
            ));
        }
    }
}

/// What `info()` joins: versions that change, and one series that is not the only one.
fn add_infos(all: &mut Vec<Series>) {
    for (instance, change) in [
        ("one:1", 300),
        ("two:2", 10_000),
        ("demo.promlabs.com:10000", 0),
    ] {
        let job = if instance.starts_with("demo") {
            "demo"
        } else {
            "t"
        };
        for (version, is_new) in [("1.0", false), ("1.1", true)] {
            let labels = [
                ("instance", instance),
                ("job", job),
                ("version", version),
                ("os", "linux"),
            ];
            all.push(Series::new("target_info", &labels, move |at, _| {
                ((at >= change) == is_new).then_some(Value::Float(1.0))
            }));
        }
        let labels = [("instance", instance), ("job", job)];
        all.push(Series::of_floats("t_joined", &labels, |at, _| at as f64));
        let labels = [("instance", instance), ("job", job), ("flavour", "sweet")];
        all.push(Series::of_floats("t_build_info", &labels, |_, _| 1.0));
    }
}

fn pairs<const L: usize, const R: usize>(
    left: [&'static str; L],
    right: [&'static str; R],
) -> impl Iterator<Item = (&'static str, &'static str)> {
    left.into_iter()
        .flat_map(move |one| right.into_iter().map(move |two| (one, two)))
}
