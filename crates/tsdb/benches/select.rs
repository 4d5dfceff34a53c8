//! What selecting and reading cost in a head of half a million series: CPU time of the asking
//! thread, the least and the median of several rounds.
//!
//! The fleet is that of the targets document: 500 targets of 1,000 series with eight labels, 20
//! namespaces, 5,000 pods, one metric of 100,000 series, samples every 15 seconds. The directory is
//! made below `TMPDIR`; point that at a memory disk. An argument names the rows to measure.
#![allow(missing_docs, reason = "a measurement, not a library")]
#![allow(clippy::print_stdout, reason = "a measurement prints its figures")]
#![allow(
    clippy::disallowed_methods,
    reason = "a measurement reads clocks and /proc itself"
)]
#![allow(clippy::unwrap_used, reason = "a measurement that fails may end")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use exposition::Registry;
use host::clock::RealClock;
use host::fs::RealFs;
use model::{Labels, MatchOp, Matcher, SeriesRef, TimeRange};
use storage::{
    Append, Appendable, LabelQuery, Projection, Querier, Queryable, SampleBuffer, Select,
};
use tsdb::{Db, Options};

const TARGETS: usize = 500;
const SERIES: usize = 1_000;
const SAMPLES: i64 = 20;
const STEP: i64 = 15_000;
const START: i64 = 1_700_000_000_000;
const ROUNDS: usize = 5;
const TICKS: Duration = Duration::from_millis(60);

fn labels(target: usize, series: usize) -> Labels {
    let metric = match series {
        0..200 => "http_requests_total".to_owned(),
        _ => format!("app_metric_{}", series / 8),
    };
    Labels::from_pairs([
        ("__name__", metric),
        (
            "instance",
            format!("10.0.{}.{}:9100", target / 256, target % 256),
        ),
        ("job", format!("job-{}", target % 10)),
        ("namespace", format!("namespace-{}", target % 20)),
        (
            "pod",
            format!(
                "app-{}-7d9f8b6c5-{target:03}{}",
                target % 40,
                series / 2 % 10
            ),
        ),
        ("container", "app".to_owned()),
        (
            "method",
            ["GET", "POST", "PUT", "HEAD"][series / 20 % 4].to_owned(),
        ),
        ("path", format!("/api/v1/{series}")),
    ])
}

fn value(target: usize, series: usize, scrape: i64) -> f64 {
    let mixed = (target * 31 + series * 17 + scrape as usize * 7) % 97;
    match series % 20 {
        0..12 => (scrape as usize * (series % 50 + 1) * 10 + mixed) as f64,
        12..17 => 1e6 + (mixed * mixed) as f64 * 0.37,
        _ => (scrape as usize * (series % 7)) as f64,
    }
}

fn fill(db: &Db) {
    for target in 0..TARGETS {
        let sets: Vec<Labels> = (0..SERIES).map(|series| labels(target, series)).collect();
        let mut refs: Vec<Option<SeriesRef>> = vec![None; SERIES];
        for scrape in 0..SAMPLES {
            let mut appender = db.appender();
            for (series, labels) in sets.iter().enumerate() {
                let time = START + scrape * STEP + (target * 29) as i64;
                let mut append = Append::new(labels, time, value(target, series, scrape));
                append.series = refs[series];
                refs[series] = Some(appender.append(append).unwrap());
            }
            appender.commit().unwrap();
        }
    }
}

/// Time that this thread has had the processor: the machine may be busy with other things.
fn cpu_time() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(text.split(' ').next().unwrap().parse().unwrap())
}

fn measure(name: &str, mut work: impl FnMut() -> usize) {
    let wanted = std::env::args().skip(1).find(|arg| !arg.starts_with('-'));
    if wanted.is_some_and(|wanted| !name.contains(&wanted)) {
        return;
    }
    let mut times = Vec::new();
    let mut count = 0;
    for _ in 0..ROUNDS {
        let (before, mut repeats) = (cpu_time(), 0);
        // The kernel counts in ticks of some milliseconds.
        while repeats == 0 || cpu_time() - before < TICKS {
            count = black_box(work());
            repeats += 1;
        }
        times.push((cpu_time() - before).as_secs_f64() * 1e3 / f64::from(repeats));
    }
    times.sort_by(f64::total_cmp);
    println!(
        "{name:<44} {count:>9} found  {:>8.3} ms least  {:>8.3} ms median  {:>7.1} ns each",
        times[0],
        times[ROUNDS / 2],
        times[ROUNDS / 2] * 1e6 / count as f64,
    );
}

fn matcher(name: &str, op: MatchOp, value: &str) -> Matcher {
    Matcher::new(name, op, value).unwrap()
}

fn everything() -> Vec<Matcher> {
    vec![matcher("__name__", MatchOp::Regex, ".+")]
}

fn requests() -> Vec<Matcher> {
    vec![Matcher::equal("__name__", "http_requests_total")]
}

fn selection(matchers: Vec<Matcher>, projection: Projection, range: TimeRange) -> Select {
    let mut select = Select::new(matchers, range);
    select.hints.projection = projection;
    select
}

/// Reads all series of a selection, and their labels where the projection wants some.
fn read(querier: &dyn Querier, select: &Select) -> usize {
    let set = querier.select(select).unwrap();
    let mut buffer = SampleBuffer::default();
    let mut samples = 0;
    for index in 0..set.len() {
        set.read(index, &mut buffer).unwrap();
        samples += buffer.len();
        black_box(set.labels(index));
    }
    black_box(samples);
    set.len()
}

fn measure_reads(querier: &dyn Querier, range: TimeRange) {
    let nothing = || Projection::Only(Vec::new());
    let namespace = || Projection::Only(vec!["namespace".to_owned()]);
    let select = selection(everything(), nothing(), range);
    measure("select all", || querier.select(&select).unwrap().len());
    measure("select and read all, no labels", || read(querier, &select));
    let mut latest = select.clone();
    latest.hints.latest_only = true;
    measure("select and read the latest of all", || {
        read(querier, &latest)
    });
    let select = selection(requests(), nothing(), range);
    measure("select one metric", || {
        querier.select(&select).unwrap().len()
    });
    measure("select and read one metric, no labels", || {
        read(querier, &select)
    });
    let select = selection(requests(), namespace(), range);
    measure("select and read one metric, by namespace", || {
        read(querier, &select)
    });
    measure("select one metric, number its namespaces", || {
        let set = querier.select(&select).unwrap();
        black_box(set.numbered_labels());
        set.len()
    });
    let select = selection(requests(), Projection::All, range);
    measure("select one metric, each label as text", || {
        let set = querier.select(&select).unwrap();
        let mut text = String::with_capacity(24 << 20);
        (0..set.len()).for_each(|index| {
            set.each_label(index, &mut |name, value| {
                text.push_str(name);
                text.push_str(value);
            });
        });
        black_box(text);
        set.len()
    });
    measure("select and read one metric, all labels", || {
        read(querier, &select)
    });
    let mut sorted = select.clone();
    sorted.sorted = true;
    measure("select one metric, sorted, labels", || {
        let set = querier.select(&sorted).unwrap();
        (0..set.len()).for_each(|index| {
            black_box(set.labels(index));
        });
        set.len()
    });
    let one = [
        Matcher::equal("instance", "10.0.0.7:9100"),
        Matcher::equal("path", "/api/v1/7"),
    ];
    let select = selection([&requests()[..], &one].concat(), Projection::All, range);
    measure("select and read one series", || read(querier, &select));
}

fn measure_matchers(querier: &dyn Querier, range: TimeRange) {
    let cases = [
        ("pod", MatchOp::Regex, "app-7-7d9f8b6c5-.*"),
        ("pod", MatchOp::Regex, ".*-0470"),
        ("pod", MatchOp::Regex, ".*0470.*"),
        ("pod", MatchOp::Regex, "(?i)APP-7-.*"),
        ("pod", MatchOp::Regex, "app-[0-9]+-.*-00.+"),
        ("pod", MatchOp::NotRegex, "app-7-7d9f8b6c5-.*"),
        ("pod", MatchOp::NotEqual, ""),
        ("path", MatchOp::Regex, "/api/v1/(7|8|9)"),
        ("nope", MatchOp::Equal, ""),
    ];
    for (name, op, value) in cases {
        let matchers = [&requests()[..], &[matcher(name, op, value)]].concat();
        let select = selection(matchers, Projection::Only(Vec::new()), range);
        measure(
            &format!("select one metric, {name}{}{value}", op.as_str()),
            || querier.select(&select).unwrap().len(),
        );
    }
}

fn measure_labels(querier: &dyn Querier) {
    let all = LabelQuery::default();
    measure("values of pod", || {
        querier.label_values("pod", &all).unwrap().0.len()
    });
    let in_namespace = LabelQuery {
        matchers: vec![Matcher::equal("namespace", "namespace-7")],
        limit: 0,
    };
    measure("values of pod in a namespace", || {
        querier.label_values("pod", &in_namespace).unwrap().0.len()
    });
    measure("label names", || querier.label_names(&all).unwrap().0.len());
    measure("label names in a namespace", || {
        querier.label_names(&in_namespace).unwrap().0.len()
    });
}

fn main() {
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let (fs, clock) = (Arc::new(RealFs), Arc::new(RealClock::default()));
    let db = Db::open(Options::new(dir.path()), fs, clock, &Registry::new()).unwrap();
    fill(&db);
    let range = TimeRange::new(START - STEP, START + (SAMPLES + 1) * STEP);
    let querier = db.querier(range).unwrap();
    measure_reads(&*querier, range);
    measure_matchers(&*querier, range);
    measure_labels(&*querier);
}
