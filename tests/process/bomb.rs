//! A target that brings ever new series. It harms nobody else: the others miss no scrape and no
//! series, memory stays below a limit that the kernel holds, and who did it is told.
//!
//! `NARTHEX_BOMB_SERIES` says how many series it brings in all, a tenth at once, at most 400,000
//! (default 100,000; the promise is for 10,000,000, with `cargo test --release`);
//! `NARTHEX_BOMB_GOOD` how many each of ten other targets has (default 1,000).

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::client::{get, request};
use crate::journal::write_request;
use crate::pages;
use crate::program::{BINARY, Program, free_address, from_environment, instant, peak_kib};

#[test]
fn a_bomb_harms_no_other_target() {
    let bomb = Bomb::start(from_environment("NARTHEX_BOMB_SERIES", 100_000));
    let good_series = from_environment("NARTHEX_BOMB_GOOD", 1_000);
    let folder = tempfile::tempdir().unwrap();
    let address = free_address();
    configure(folder.path(), &bomb, good_series, &address);
    let mut server = start(folder.path(), &bomb, good_series, &address);
    server.wait(Duration::from_secs(120), "the good targets", || {
        let up = value(&address, "sum(up{job=\"good\"}) or vector(0)");
        (up == GOOD_TARGETS as f64).then_some(())
    });
    let begun = Instant::now();
    bomb.is_lit.store(true, Ordering::SeqCst);
    let mut warning = Value::Null;
    server.wait(Duration::from_secs(3_600), "all of the bomb", || {
        let last = &target(&address, "bomb")["lastWarning"];
        if last.is_string() {
            warning = last.clone();
        }
        // One page more was asked for, so the last is stored.
        (bomb.served.load(Ordering::SeqCst) > bomb.all).then_some(())
    });
    let told = "samples of new series left out: too many series of one job";
    let text = warning.as_str().unwrap_or_default();
    assert!(text.contains(told), "{warning}");
    server.wait_series(
        "narthex_tsdb_head_series_limited{scrape_job=\"bomb\"} == 1",
        1,
    );
    server.wait(Duration::from_secs(20), "each sample to be counted", || {
        let metrics = get(&address, "/metrics").text();
        let told = metric(&metrics, REFUSED) + value(&address, TAKEN);
        // One series more: the steady one.
        (told == bomb.all as f64 + 1.0).then_some(())
    });
    let seconds = begun.elapsed().as_secs() + 1;

    let failures = folder.path().join(FAILURES);
    good_targets_are_complete(&address, seconds, bomb.interval(), good_series, &failures);
    the_bomb_is_told(&address);
    writers_are_told(&address);
    let peak = peak_kib(server.id());
    let metrics = get(&address, "/metrics").text();
    println!(
        "{} series in {seconds} s: at most {} MiB, {} series of {} in the head, {} samples refused",
        bomb.all,
        peak >> 10,
        metric(&metrics, "prometheus_tsdb_head_series "),
        metric(&metrics, "narthex_tsdb_head_series_limit "),
        metric(&metrics, "narthex_tsdb_head_series_refused_total{"),
    );
    assert!(server.is_running(), "{}", server.last_words());
    assert!(peak < LIMIT_KIB, "{peak} KiB");

    server.kill();
    let mut server = start(folder.path(), &bomb, good_series, &address);
    let again = get(&address, "/metrics").text();
    let series = "prometheus_tsdb_head_series ";
    let (before, after) = (metric(&metrics, series), metric(&again, series));
    let peak = peak_kib(server.id());
    println!("after a kill: {after} series, at most {} MiB", peak >> 10);
    assert!(
        after >= before,
        "{before} series before a kill, {after} after"
    );
    server.wait_series("up{job=\"good\"} == 1", GOOD_TARGETS as usize);
    assert!(peak < LIMIT_KIB, "{peak} KiB");
}

/// A target that brings each of its series once.
struct Bomb {
    port: u16,
    all: u64,
    is_lit: Arc<AtomicBool>,
    /// Series that it brought, and at the end as many as a page more.
    served: Arc<AtomicU64>,
}

impl Bomb {
    /// Nothing new before it is lit.
    fn start(all: u64) -> Self {
        let (is_lit, served) = (
            Arc::new(AtomicBool::new(false)),
            Arc::new(AtomicU64::new(0)),
        );
        let (lit, brought) = (Arc::clone(&is_lit), Arc::clone(&served));
        let port = pages::serve(move || {
            let mut page = String::from("# TYPE bomb_steady gauge\nbomb_steady 1\n");
            if lit.load(Ordering::SeqCst) {
                let size = (all / 10).min(400_000);
                let first = brought.fetch_add(size, Ordering::SeqCst).min(all);
                page.push_str("# TYPE bomb gauge\n");
                (first..(first + size).min(all)).for_each(|number| push_line(&mut page, number));
            }
            page
        });
        Self {
            port,
            all,
            is_lit,
            served,
        }
    }

    fn is_large(&self) -> bool {
        self.all >= 1_000_000
    }

    /// Seconds between scrapes.
    fn interval(&self) -> u64 {
        if self.is_large() { 10 } else { 1 }
    }
}

fn push_line(page: &mut String, number: u64) {
    let pod = number % 1_000;
    let request = format_args!("request=\"{number:016x}\"");
    writeln!(
        page,
        "bomb{{pod=\"pod-{pod}\",path=\"/api/v1/items\",{request}}} {number}"
    )
    .unwrap();
}

/// No scrape of a good target failed, was missed, or left anything out.
fn good_targets_are_complete(
    address: &str,
    seconds: u64,
    interval: u64,
    series: u64,
    failures: &Path,
) {
    let least = (seconds / interval).saturating_sub(2);
    let none = [
        format!("min_over_time(up{{job=\"good\"}}[{seconds}s]) < 1"),
        format!("count_over_time(up{{job=\"good\"}}[{seconds}s]) < {least}"),
        format!(
            "sum(count_over_time(good[{seconds}s])) \
             != {series} * sum(count_over_time(up{{job=\"good\"}}[{seconds}s]))"
        ),
    ];
    for query in none {
        let found = instant(address, &query);
        let failed = std::fs::read_to_string(failures).unwrap_or_default();
        assert!(found.is_empty(), "{query}: {found:?}: {failed}");
    }
    let all = value(address, "count(good)");
    assert_eq!(all, (GOOD_TARGETS * series) as f64);
}

/// Metrics, targets, status and notifications name the job; what it had before goes on.
fn the_bomb_is_told(address: &str) {
    assert_eq!(value(address, "bomb_steady"), 1.0);
    let metrics = get(address, "/metrics").text();
    let limit = metric(&metrics, "narthex_tsdb_head_series_limit ");
    let held = metric(&metrics, "prometheus_tsdb_head_series ");
    assert!(held < limit, "{held} of {limit} series");
    let refused = metric(&metrics, REFUSED);
    let by_scrape = "narthex_target_scrapes_sample_no_room_total{scrape_job=\"bomb\"}";
    assert_eq!(metric(&metrics, by_scrape), refused);
    assert_eq!(
        metric(&metrics, "narthex_target_scrapes_sample_no_room_total{"),
        refused
    );

    let status = get(address, "/api/v1/status/tsdb").json();
    let limited = &status["data"]["limits"]["limitedJobs"][0];
    assert_eq!(limited["job"], "bomb", "{status}");
    assert_eq!(
        limited["refusedSamples"].as_f64(),
        Some(refused),
        "{status}"
    );
    let notifications = get(address, "/api/v1/notifications").json();
    let text = notifications["data"][0]["text"].as_str();
    let told = "New series of job \"bomb\" are refused: too many series of one job";
    assert!(
        text.is_some_and(|text| text.starts_with(told)),
        "{notifications}"
    );

    let too_long = "prometheus_target_scrapes_exceeded_body_size_limit_total ";
    assert!(metric(&metrics, too_long) > 0.0);
    let up = "max(max_over_time(up{job=\"endless\"}[1h]))";
    assert_eq!(value(address, up), 0.0);
}

/// What the API says of the first target of a job.
fn target(address: &str, job: &str) -> Value {
    let targets = get(address, "/api/v1/targets/overview").json();
    let targets = targets["data"]["targets"].as_array().unwrap();
    let found = targets.iter().find(|target| target["scrapePool"] == job);
    found.unwrap().clone()
}

/// A remote writer gets stored what there is room for, and is told of the rest once and for all.
fn writers_are_told(address: &str) {
    let headers = [
        "Content-Type: application/x-protobuf",
        "Content-Encoding: snappy",
    ];
    let send = |jobs: &[&str]| {
        let series: Vec<_> = jobs
            .iter()
            .map(|job| [("__name__", "written"), ("job", job)])
            .collect();
        let series: Vec<_> = series.iter().map(|labels| &labels[..]).collect();
        let body = write_request(&series, 1.0);
        request(address, "POST", "/api/v1/write", &headers, body).unwrap()
    };
    let answer = send(&["bomb", "newcomer"]);
    assert_eq!(answer.status, 400, "{}", answer.text());
    let told = "too many series of one job: the store is nearly full";
    assert!(answer.text().starts_with(told), "{}", answer.text());
    assert_eq!(value(address, "count(written)"), 1.0);
    assert_eq!(send(&["newcomer"]).status, 204, "what is there goes on");
}

fn configure(folder: &Path, bomb: &Bomb, good_series: u64, address: &str) {
    let good = good_page(good_series);
    let good = pages::serve(move || good.clone());
    let endless = endless_page();
    let endless = pages::serve(move || endless.clone());
    let interval = bomb.interval();
    let mut text = format!("global:\n  scrape_interval: {interval}s\nscrape_configs:\n");
    let jobs = [
        ("bomb", format!("'127.0.0.1:{}'", bomb.port)),
        ("endless", format!("'127.0.0.1:{endless}'")),
        ("narthex", format!("'{address}'")),
    ];
    for (job, targets) in jobs {
        writeln!(
            text,
            "  - job_name: {job}\n    static_configs: [{{targets: [{targets}]}}]"
        )
        .unwrap();
    }
    let failures = folder.join(FAILURES);
    writeln!(
        text,
        "  - job_name: good\n    scrape_failure_log_file: {}\n    static_configs:",
        failures.display()
    )
    .unwrap();
    for target in 0..GOOD_TARGETS {
        writeln!(
            text,
            "      - {{targets: ['127.0.0.1:{good}'], labels: {{instance: good-{target}}}}}"
        )
        .unwrap();
    }
    std::fs::write(folder.join("prometheus.yml"), text).unwrap();
}

fn start(folder: &Path, bomb: &Bomb, good_series: u64, address: &str) -> Program {
    // A small bomb meets a small limit; that of a large one comes from the memory.
    let limit = match bomb.is_large() {
        true => String::new(),
        false => format!(
            "--storage.tsdb.max-series={}",
            GOOD_TARGETS * good_series + bomb.all / 5
        ),
    };
    let command = format!(
        "ulimit -d {LIMIT_KIB}; exec {BINARY} server --config.file={} --storage.tsdb.path={} \
         --web.listen-address={address} --web.enable-remote-write-receiver --log.level=error {limit}",
        folder.join("prometheus.yml").display(),
        folder.join("data").display()
    );
    let arguments = ["-c", &command].map(OsStr::new);
    let mut server = Program::start_as(Path::new("/bin/sh"), address, &arguments);
    server.wait(Duration::from_secs(300), "the process to be ready", || {
        request(address, "GET", "/-/ready", &[], "").filter(|answer| answer.status == 200)
    });
    server
}

fn good_page(series: u64) -> String {
    let mut page = String::from("# TYPE good counter\n");
    for number in 0..series {
        let pod = number / 50;
        writeln!(
            page,
            "good{{pod=\"pod-{pod}\",path=\"/p/{}\"}} {number}",
            number % 50
        )
        .unwrap();
    }
    page
}

/// More than a page may have by default.
fn endless_page() -> String {
    let mut page = String::new();
    (0..1_000).for_each(|number| push_line(&mut page, number));
    page.repeat((65 << 20) / page.len() + 1)
}

/// The number that a query with one result gives.
fn value(address: &str, query: &str) -> f64 {
    let found = instant(address, query);
    let value = found.first().and_then(|series| series["value"][1].as_str());
    let value = value.unwrap_or_else(|| panic!("{query}: {found:?}"));
    value.parse().unwrap()
}

/// The sum of what a page of metrics has on lines that begin so.
fn metric(page: &str, begin: &str) -> f64 {
    let lines = page.lines().filter(|line| line.starts_with(begin));
    let values = lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok());
    values.sum()
}

/// Samples of new series that were refused.
const REFUSED: &str = "narthex_tsdb_head_series_refused_total{scrape_job=\"bomb\"";
/// Series that were taken.
const TAKEN: &str = "sum(sum_over_time(scrape_series_added{job=\"bomb\"}[1h]))";
const GOOD_TARGETS: u64 = 10;
/// Where failed scrapes of good targets are written to.
const FAILURES: &str = "failures.log";
/// What the process may allocate: the kernel refuses more.
const LIMIT_KIB: u64 = 2 << 20;
