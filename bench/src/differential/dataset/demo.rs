//! The metrics of the demo service that the compliance queries ask for.

use crate::differential::dataset::{BEGIN, INTERVAL, Series};
use crate::remote_write::{STALE, Value};

const INSTANCES: [&str; 3] = [
    "demo.promlabs.com:10000",
    "demo.promlabs.com:10001",
    "demo.promlabs.com:10002",
];

/// Upper bounds of the request durations: a geometric row, as the demo service has it.
const BOUNDS: [&str; 10] = [
    "0.0001",
    "0.00025",
    "0.0005625",
    "0.00140625",
    "0.003515625",
    "0.0087890625",
    "0.02197265625",
    "0.054931640625",
    "0.1373291015625",
    "+Inf",
];

/// All series of the three instances.
pub(super) fn all() -> Vec<Series> {
    let mut all = Vec::new();
    for (number, instance) in INSTANCES.into_iter().enumerate() {
        add_machine(&mut all, instance, number);
        add_requests(&mut all, instance, number);
        add_batch(&mut all, instance, number);
    }
    all
}

fn add_machine(all: &mut Vec<Series>, instance: &str, number: usize) {
    let mut add = |name, labels: &[(&str, &str)], value: fn(i64, f64, f64) -> f64, scale: f64| {
        let labels = [&[("instance", instance), ("job", "demo")], labels].concat();
        let scale = scale * (1.0 + number as f64 / 7.0);
        all.push(Series::of_floats(name, &labels, move |at, random| {
            value(at, random.unit(), scale)
        }));
    };
    for (place, mode) in ["idle", "system", "user"].into_iter().enumerate() {
        let rate = [9.1, 1.7, 4.3][place];
        // Each instance is started anew after its own number of samples.
        let counter = |at: i64, noise, rate| ((at % 333) as f64 + noise) * rate;
        add(
            "demo_cpu_usage_seconds_total",
            &[("mode", mode)],
            counter,
            rate,
        );
    }
    for (place, kind) in ["buffers", "cached", "free", "used"]
        .into_iter()
        .enumerate()
    {
        let wave = |at: i64, noise: f64, scale: f64| {
            (scale * (1.0 + ((at as f64) / 40.0).sin() / 3.0 + noise / 50.0)).floor()
        };
        add(
            "demo_memory_usage_bytes",
            &[("type", kind)],
            wave,
            5e8 + 4e8 * place as f64,
        );
    }
    add("demo_num_cpus", &[], |_, _, scale| scale.floor(), 4.0);
    let filling =
        |at: i64, noise: f64, scale: f64| (scale * (0.5 + at as f64 / 2e3) + noise * 1e5).floor();
    add("demo_disk_usage_bytes", &[], filling, 1.3e11);
    add(
        "demo_disk_total_bytes",
        &[],
        |_, _, scale| scale.floor(),
        2.6e11,
    );
    let shipped = |at: i64, noise: f64, scale: f64| (at as f64 * scale + noise * scale).floor();
    add("demo_items_shipped_total", &[], shipped, 3.3);
    add("demo_is_holiday", &[], |_, _, _| 0.0, 0.0);
    add("up", &[], |at, _, _| f64::from(u8::from(at % 97 != 5)), 1.0);
}

fn add_requests(all: &mut Vec<Series>, instance: &str, number: usize) {
    let cases = [
        ("GET", "/api/foo", "200", 31.0),
        ("GET", "/api/bar", "404", 0.7),
        ("GET", "/api/nonexistent", "500", 0.05),
        ("POST", "/api/foo", "200", 7.9),
        ("POST", "/api/bar", "500", 0.2),
    ];
    for (method, path, status, rate) in cases {
        let labels = [
            ("instance", instance),
            ("job", "demo"),
            ("method", method),
            ("path", path),
            ("status", status),
        ];
        let rate = rate * (1.0 + number as f64 / 5.0) * INTERVAL as f64;
        let total = move |at: i64| (at % 421) as f64 * rate;
        let name = "demo_api_request_duration_seconds";
        all.push(Series::of_floats(
            &format!("{name}_count"),
            &labels,
            move |at, _| total(at).floor(),
        ));
        all.push(Series::of_floats(
            &format!("{name}_sum"),
            &labels,
            move |at, random| (total(at) + random.unit()) * 0.0123,
        ));
        for (place, bound) in BOUNDS.into_iter().enumerate() {
            let part = 1.0 - 0.6_f64.powi(place as i32 + 1);
            let part = if bound == "+Inf" { 1.0 } else { part };
            let labels = [&labels[..], &[("le", bound)]].concat();
            all.push(Series::of_floats(
                &format!("{name}_bucket"),
                &labels,
                move |at, _| (total(at) * part).floor(),
            ));
        }
    }
}

fn add_batch(all: &mut Vec<Series>, instance: &str, number: usize) {
    let labels = [("instance", instance), ("job", "demo")];
    // A batch each five minutes, every fourth of which fails.
    let run = move |at: i64| (at + 3 * number as i64) / 20;
    let time = |run: i64| (BEGIN + run * 20 * INTERVAL) as f64 + 0.25;
    let name = "demo_batch_last_run_timestamp_seconds";
    all.push(Series::of_floats(name, &labels, move |at, _| time(run(at))));
    let name = "demo_batch_last_success_timestamp_seconds";
    all.push(Series::of_floats(name, &labels, move |at, _| {
        let last = run(at);
        time(last - i64::from(last % 4 == 3))
    }));
    let name = "demo_batch_last_run_duration_seconds";
    all.push(Series::of_floats(name, &labels, |at, random| {
        (at % 9) as f64 + random.unit()
    }));
    all.push(Series::new(
        "demo_intermittent_metric",
        &labels,
        move |at, _| match (at + number as i64) % 40 {
            place @ 0..20 => Some(Value::Float(place as f64)),
            20 => Some(Value::Float(STALE)),
            _ => None,
        },
    ));
}
