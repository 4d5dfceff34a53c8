//! Queries that are made to end a server. None may: each ends within its time, memory stays below a
//! limit that the kernel holds, and scrapes go on.
//!
//! `NARTHEX_KILLER_SERIES` says how many series there are (default 20,000; the promise is for
//! 500,000, with `cargo test --release`), `NARTHEX_KILLER_TIMEOUT` how many seconds a query has.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::client::request;
use crate::pages;
use crate::program::{BINARY, Program, encoded, free_address, from_environment, instant, peak_kib};

#[test]
fn killer_queries_kill_nothing() {
    let series = from_environment("NARTHEX_KILLER_SERIES", 20_000);
    let timeout = Duration::from_secs(from_environment("NARTHEX_KILLER_TIMEOUT", 1));
    let scrapes = AtomicU64::new(0);
    let pages =
        pages::serve(move || page(series / TARGETS, scrapes.fetch_add(1, Ordering::Relaxed)));
    let folder = tempfile::tempdir().unwrap();
    let address = free_address();
    let config = folder.path().join("prometheus.yml");
    let failures = folder.path().join("failures.log");
    std::fs::write(&config, configuration(pages, &failures)).unwrap();
    let command = format!(
        "ulimit -d {LIMIT_KIB}; exec {BINARY} server --config.file={} --storage.tsdb.path={} \
         --web.listen-address={address} --enable-feature=promql-experimental-functions",
        config.display(),
        folder.path().join("data").display()
    );
    let mut server = Program::start_as(
        Path::new("/bin/sh"),
        &address,
        &[OsStr::new("-c"), OsStr::new(&command)],
    );
    server.wait_ready();
    server.wait(Duration::from_secs(180), "all series", || {
        let up = instant(&address, "sum(up{job=\"killers\"})");
        let up = up.first()?["value"][1].as_str()?.to_owned();
        (up == TARGETS.to_string()).then_some(())
    });
    let begun = Instant::now();
    let mut slow = Vec::new();
    for killer in killers() {
        let started = Instant::now();
        let answer = ask(&address, &killer, timeout);
        let took = started.elapsed();
        assert!(
            server.is_running(),
            "{} ended the process: {}",
            killer.name,
            server.last_words()
        );
        let Some(status) = answer else {
            panic!("{}: no answer", killer.name);
        };
        assert!(
            [200, 400, 413, 422, 503].contains(&status),
            "{}: {status}",
            killer.name
        );
        if took > timeout + GRACE {
            slow.push(format!("{} took {took:?}", killer.name));
        }
    }
    assert!(slow.is_empty(), "over their time: {slow:#?}");
    let seconds = begun.elapsed().as_secs();
    let missed = format!("min_over_time(up{{job=\"killers\"}}[{seconds}s]) < 1");
    let failed = std::fs::read_to_string(failures).unwrap_or_default();
    assert_eq!(instant(&address, &missed).len(), 0, "failed: {failed}");
    let gaps = format!(
        "count_over_time(up{{job=\"killers\"}}[{seconds}s]) < {}",
        (seconds / INTERVAL).saturating_sub(2)
    );
    assert_eq!(instant(&address, &gaps).len(), 0, "scrapes were missed");
    assert!(
        peak_kib(server.id()) < LIMIT_KIB,
        "{} KiB",
        peak_kib(server.id())
    );
}

/// A query that is made to hurt.
struct Killer {
    name: String,
    query: String,
    /// Number of steps; none for an instant query.
    steps: Option<u64>,
}

fn ask(address: &str, killer: &Killer, timeout: Duration) -> Option<u16> {
    let form = ["Content-Type: application/x-www-form-urlencoded"];
    let mut body = format!(
        "query={}&timeout={}s",
        encoded(&killer.query),
        timeout.as_secs()
    );
    let mut path = "/api/v1/query";
    if let Some(steps) = killer.steps {
        path = "/api/v1/query_range";
        let end = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap()
            .as_secs();
        write!(body, "&start={}&end={end}&step=1", end - steps).unwrap();
    }
    request(address, "POST", path, &form, &body).map(|answer| answer.status)
}

fn killers() -> Vec<Killer> {
    let mut all = Vec::new();
    let mut add = |name: &str, steps: Option<u64>, query: String| {
        all.push(Killer {
            name: name.to_owned(),
            query,
            steps,
        });
    };
    for (number, query) in INSTANT.iter().enumerate() {
        add(
            &format!("instant {number}: {query}"),
            None,
            (*query).to_owned(),
        );
    }
    for (number, query) in RANGE.iter().enumerate() {
        add(
            &format!("range {number}: {query}"),
            Some(10_000),
            (*query).to_owned(),
        );
    }
    let nested = |open: &str, inner: &str, close: &str, depth: usize| {
        format!("{}{inner}{}", open.repeat(depth), close.repeat(depth))
    };
    add("parentheses", None, nested("(", "1", ")", 100_000));
    add("signs", None, format!("{}1", "-".repeat(100_000)));
    add("functions", None, nested("abs(", "k_gauge", ")", 20_000));
    add("aggregations", None, nested("sum(", "k_gauge", ")", 20_000));
    add("sum of many", None, vec!["k_gauge"; 10_000].join(" + "));
    add("many numbers", None, vec!["1"; 100_000].join("+"));
    add("or of many", None, vec!["vector(1)"; 10_000].join(" or "));
    add("powers", None, vec!["2"; 50_000].join("^"));
    add(
        "subqueries",
        None,
        nested("max_over_time(", "k_gauge", "[1h:1s])", 6),
    );
    add("open brackets", None, "[".repeat(100_000));
    add("open braces", None, "{".repeat(100_000));
    add(
        "label_replace doubles",
        None,
        nested(
            "label_replace(",
            "k_gauge",
            ", \"pod\", \"$1$1\", \"pod\", \"(.*)\")",
            40,
        ),
    );
    add(
        "label_join doubles",
        None,
        nested(
            "label_join(",
            "k_gauge",
            ", \"pod\", \",\", \"pod\", \"pod\")",
            40,
        ),
    );
    add("long text", None, format!("\"{}\"", "x".repeat(1 << 20)));
    add(
        "alternatives",
        None,
        format!("{{pod=~\"{}\"}}", vec!["pod-[0-9]+x"; 20_000].join("|")),
    );
    add(
        "matchers",
        None,
        format!("{{{}}}", vec!["pod=~\".*1.*\""; 20_000].join(",")),
    );
    all
}

const INSTANT: [&str; 30] = [
    "count({__name__=~\".+\"})",
    "{__name__=~\".+\"}",
    "{__name__=~\".+\"}[1h]",
    "sort({__name__=~\".+\"})",
    "sort_by_label({__name__=~\".+\"}, \"pod\", \"code\")",
    "topk(1000000, {__name__=~\".+\"})",
    "quantile(0.99, {__name__=~\".+\"})",
    "count_values(\"v\", {__name__=~\".+\"})",
    "group by (pod, code, path, le, __name__) ({__name__=~\".+\"})",
    "histogram_quantile(0.9, {__name__=~\".+\"})",
    "k_requests_total * on (code) group_left k_requests_total",
    "k_requests_total * on () group_right k_gauge",
    "k_requests_total / ignoring (path) k_requests_total",
    "{__name__=~\".+\"} or {__name__=~\"k.*\"} or {pod=~\".+\"}",
    "{__name__=~\".+\"} and on (pod) {__name__=~\".+\"}",
    "{__name__=~\".+\"} unless on (code) {__name__=~\".+\"}",
    "sum_over_time(vector(1)[1000000s:1s])",
    "sum_over_time(time()[1y:1ms])",
    "max_over_time({__name__=~\".+\"}[1h:1ms])",
    "quantile_over_time(0.5, {__name__=~\".+\"}[1h])",
    "sum(rate({__name__=~\".+\"}[1000y]))",
    "sum({__name__=~\".+\"} @ 9223372036854775)",
    "sum({__name__=~\".+\"} offset 290y)",
    "{pod=~\"(.*)(.*)(.*)(.*)(.*)x\"}",
    "{pod=~\"(a+)+$\"}",
    "{pod=~\"((.{1,1000}){1,1000}){1,1000}\"}",
    "{pod=~\"(?i)(.*1.*2.*3.*4.*|.*4.*3.*2.*1.*)+\"}",
    "absent(rate({pod=~\".*\", __name__=~\".*\", code!=\"\"}[1h]))",
    "label_replace({__name__=~\".+\"}, \"__name__\", \"$1$1$1$1$1$1$1$1\", \"__name__\", \"(.*)\")",
    "scalar(count({__name__=~\".+\"} > bool {__name__=~\".+\"}))",
];

const RANGE: [&str; 14] = [
    "{__name__=~\".+\"}",
    "rate({__name__=~\".+\"}[1h])",
    "sum by (pod, code, path) (rate(k_requests_total[1h]))",
    "topk(100, rate(k_requests_total[5m]))",
    "quantile(0.5, {__name__=~\".+\"})",
    "count_values(\"v\", k_gauge)",
    "quantile_over_time(0.5, k_gauge[1h])",
    "stddev_over_time(k_gauge[1h:1s])",
    "max_over_time(rate(k_requests_total[5m])[1h:1s])",
    "k_requests_total / on (pod, code, path) k_requests_total",
    "histogram_quantile(0.9, rate(k_bucket[5m]))",
    "label_replace(k_requests_total, \"x\", \"$1$1$1$1\", \"pod\", \"(.*)\")",
    "predict_linear(k_gauge[1h], 3600)",
    "sum(k_gauge) + time() * vector(1) or k_gauge",
];

fn configuration(pages: u16, failures: &Path) -> String {
    let mut text = format!(
        "global:\n  scrape_interval: {INTERVAL}s\n  scrape_failure_log_file: {}\nscrape_configs:\n",
        failures.display()
    );
    for number in 0..TARGETS {
        write!(
            text,
            "  - job_name: killers-{number}\n    metrics_path: /{number}\n    static_configs:\n      \
             - targets: ['127.0.0.1:{pages}']\n        labels: {{job: killers, part: p{number}}}\n"
        )
        .unwrap();
    }
    text
}

fn page(series: u64, scrape: u64) -> String {
    let mut page = String::with_capacity(series as usize * 80);
    for number in 0..series {
        let (pod, code, path) = (number / 50, 200 + number % 5, number % 50);
        let value = scrape * (number % 7) + number;
        match number % 10 {
            0..=5 => writeln!(
                page,
                "k_requests_total{{pod=\"pod-{pod}\",code=\"{code}\",path=\"/p/{path}\"}} {value}"
            ),
            6..=7 => writeln!(
                page,
                "k_gauge{{pod=\"pod-{pod}\",path=\"/p/{path}\"}} {value}"
            ),
            _ => writeln!(
                page,
                "k_bucket{{pod=\"pod-{pod}\",path=\"/p/{path}\",le=\"{}\"}} {value}",
                number % 10
            ),
        }
        .unwrap();
    }
    page
}

/// Targets that share the series.
const TARGETS: u64 = 10;
/// Seconds between scrapes.
const INTERVAL: u64 = match cfg!(debug_assertions) {
    true => 10,
    false => 5,
};
/// What the process may allocate: the kernel refuses more.
const LIMIT_KIB: u64 = 2 << 20;
/// By how much a query may be over its time; the promise is for a program that was optimized.
const GRACE: Duration = match cfg!(debug_assertions) {
    true => Duration::from_secs(3),
    false => Duration::from_millis(500),
};
