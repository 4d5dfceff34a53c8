//! What appending costs: scrapes of 1,000 series each, by reference, into a database on the real
//! file system, together with what restarting and selecting cost afterwards.
//!
//! One run is one figure: state that grows cannot be repeated by a sampling harness. The directory
//! is made below `TMPDIR`; point that at a memory disk.
#![allow(missing_docs, reason = "a measurement, not a library")]
#![allow(clippy::print_stdout, reason = "a measurement prints its figures")]
#![allow(
    clippy::disallowed_methods,
    reason = "a measurement reads clocks and /proc itself"
)]
#![allow(clippy::unwrap_used, reason = "a measurement that fails may end")]

use std::sync::Arc;
use std::time::Instant;

use exposition::Registry;
use host::clock::RealClock;
use host::fs::RealFs;
use model::{Labels, MatchOp, Matcher, SeriesRef, TimeRange};
use storage::{Append, Appendable, Projection, Queryable, SampleBuffer, Select};
use tsdb::{Db, Options};

const TARGETS: usize = 500;
const SERIES: usize = 1_000;
const SCRAPES: usize = 30;
const START: i64 = 1_700_000_000_000;

/// A fleet as TARGETS.md describes it: eight labels, 60 % counters, 25 % gauges, 15 % buckets.
fn labels(target: usize, series: usize) -> Labels {
    let bucket = series % 20 >= 17;
    let mut pairs = vec![
        ("__name__", format!("app_metric_{}_total", series / 3)),
        (
            "instance",
            format!("10.0.{}.{}:9100", target / 256, target % 256),
        ),
        ("job", format!("job-{}", target % 20)),
        ("namespace", format!("namespace-{}", target % 40)),
        (
            "pod",
            format!("app-{}-7d9f8b6c5-{:05}", target % 40, target),
        ),
        ("container", "app".to_owned()),
        ("method", ["GET", "POST", "PUT"][series % 3].to_owned()),
    ];
    pairs.push(if bucket {
        ("le", format!("{}", series % 11))
    } else {
        ("code", "200".to_owned())
    });
    Labels::from_pairs(pairs)
}

fn value(target: usize, series: usize, scrape: usize) -> f64 {
    let mixed = (target * 31 + series * 17 + scrape * 7) % 97;
    match series % 20 {
        0..12 => (scrape * (series % 50 + 1) * 10 + mixed) as f64,
        12..17 => 1e6 + (mixed * mixed) as f64 * 0.37,
        _ => (scrape * (series % 7)) as f64,
    }
}

fn rss_kib() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .unwrap()
        .split_whitespace()
        .collect();
    (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / 100.0
}

fn open(dir: &std::path::Path) -> Db {
    let options = Options::new(dir);
    Db::open(
        options,
        Arc::new(RealFs),
        Arc::new(RealClock::default()),
        &Registry::new(),
    )
    .unwrap()
}

fn main() {
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let db = open(dir.path());
    let rss = rss_kib();
    let mut refs: Vec<Vec<SeriesRef>> = vec![Vec::new(); TARGETS];
    refs.iter_mut().for_each(|refs| refs.reserve_exact(SERIES));
    let mut create = 0.0;
    for (target, refs) in refs.iter_mut().enumerate() {
        let sets: Vec<Labels> = (0..SERIES).map(|series| labels(target, series)).collect();
        let before = cpu_seconds();
        let mut appender = db.appender();
        for (series, labels) in sets.iter().enumerate() {
            let append = Append::new(labels, START, value(target, series, 0));
            refs.push(appender.append(append).unwrap());
        }
        appender.commit().unwrap();
        create += cpu_seconds() - before;
    }
    println!(
        "new series: {:.2} us CPU each",
        create * 1e6 / (TARGETS * SERIES) as f64
    );
    let cpu = cpu_seconds();
    let (mut batch, mut refused) = (Vec::new(), Vec::new());
    for scrape in 1..SCRAPES {
        for (target, refs) in refs.iter().enumerate() {
            let time = START + scrape as i64 * 10_000 + (target % 3) as i64;
            let values = (0..).map(|series| value(target, series, scrape));
            batch.clear();
            batch.extend(refs.iter().copied().zip(values));
            let mut appender = db.appender();
            appender.append_floats(time, &batch, &mut refused);
            appender.commit().unwrap();
        }
    }
    assert!(refused.is_empty(), "{refused:?}");
    let samples = (SCRAPES - 1) * TARGETS * SERIES;
    println!(
        "append: {:.0} ns CPU per sample",
        (cpu_seconds() - cpu) * 1e9 / samples as f64
    );
    let kib = rss_kib() - rss - TARGETS * SERIES * 8 / 1024;
    println!(
        "memory: {:.0} bytes per series",
        (kib * 1024) as f64 / (TARGETS * SERIES) as f64
    );
    let log: u64 = std::fs::read_dir(dir.path().join("wal"))
        .unwrap()
        .map(|entry| entry.unwrap().metadata().unwrap().len())
        .sum();
    println!(
        "log: {:.2} bytes per sample",
        log as f64 / (samples + TARGETS * SERIES) as f64
    );
    queries(&db);
    drop(db);
    let (before, cpu) = (Instant::now(), cpu_seconds());
    let db = open(dir.path());
    println!(
        "restart: {:.2} s, {:.2} s CPU, {} series",
        before.elapsed().as_secs_f64(),
        cpu_seconds() - cpu,
        db.status(1).head_stats.num_series
    );
}

fn queries(db: &Db) {
    let name = |op, value| Matcher::new("__name__", op, value).unwrap();
    let cases = [
        (
            "all series, no labels read",
            vec![name(MatchOp::Regex, ".+")],
            Projection::Only(vec![]),
        ),
        (
            "all series, all labels",
            vec![name(MatchOp::Regex, ".+")],
            Projection::All,
        ),
        (
            "one namespace",
            vec![Matcher::equal("namespace", "namespace-3")],
            Projection::All,
        ),
        (
            "one series",
            vec![
                name(MatchOp::Equal, "app_metric_7_total"),
                Matcher::equal("instance", "10.0.0.9:9100"),
                Matcher::equal("method", "GET"),
            ],
            Projection::All,
        ),
    ];
    for (what, matchers, projection) in cases {
        let before = Instant::now();
        let querier = db.querier(TimeRange::ALL).unwrap();
        let mut select = Select::new(matchers, TimeRange::ALL);
        select.hints.projection = projection;
        let set = querier.select(&select).unwrap();
        let selected = before.elapsed();
        let labels: usize = (0..set.len())
            .map(|index| set.labels(index).heap_bytes())
            .sum();
        let labelled = before.elapsed() - selected;
        let mut buffer = SampleBuffer::default();
        let mut samples = 0;
        let cpu = cpu_seconds();
        for index in 0..set.len() {
            set.read(index, &mut buffer).unwrap();
            samples += buffer.len();
        }
        let read = cpu_seconds() - cpu;
        println!(
            "{what}: {} series; select {selected:.2?}, labels {labelled:.2?} ({labels} bytes), \
             read {:.1} ns CPU a sample",
            set.len(),
            read * 1e9 / samples.max(1) as f64
        );
    }
}
