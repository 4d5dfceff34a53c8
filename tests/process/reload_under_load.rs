//! Reloads while targets are scraped every second and queries run: what stays the same in the
//! configuration goes on as if nothing had happened.
//!
//! `NARTHEX_RELOADS` says how many reloads (default 15; the promise is for 100).

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use crate::client::{get, request};
use crate::pages;
use crate::program::{Program, encoded, free_address, from_environment, instant, send_signal};

#[test]
fn what_stays_the_same_misses_nothing() {
    let reloads = from_environment("NARTHEX_RELOADS", 15);
    let folder = tempfile::tempdir().unwrap();
    let (address, steady) = (free_address(), Steady::start());
    let mut files = Files::new(folder.path(), &steady);
    files.write();
    let mut server = Program::ready(
        &address,
        &[
            "server",
            "--web.enable-lifecycle",
            &format!("--config.file={}", files.path("prometheus.yml").display()),
            &format!("--storage.tsdb.path={}", files.path("data").display()),
            &format!("--web.listen-address={address}"),
        ],
    );
    server.wait_series("up{job=\"steady\"} == 1", TARGETS);
    server.wait_series("ALERTS{alertstate=\"firing\"}", TARGETS);
    let begin = now();
    let mut before = Standing::of(&address);
    let load = Load::start(&address);
    for round in 1..=reloads {
        let change = files.change(round);
        match round % 2 {
            0 => send_signal(server.id(), "HUP"),
            _ => {
                let answer = request(&address, "POST", "/-/reload", &[], "").unwrap();
                assert_eq!(answer.status, 200, "{}", answer.text());
            }
        }
        let what = format!("reload {round} to have its effect: {change:?}");
        server.wait(Duration::from_secs(60), &what, || {
            change.is_in_effect(&address).then_some(())
        });
        let after = Standing::of(&address);
        after.check_goes_on_from(&before, &what);
        before = after;
    }
    // Every target has one scrape at least behind the last reload.
    let settled = now() + 1.0;
    let query = format!("timestamp(up{{job=\"steady\"}}) > {settled}");
    server.wait_series(&query, TARGETS);
    let (queries, worst_stall) = load.stop();
    let end = now();
    let (samples, worst_gap) = no_scrape_is_missing(&address, begin, end, worst_stall);
    no_series_has_a_hole(&address, begin, settled);
    steady.kept_their_connections(&address, end - begin);
    println!(
        "{reloads} reloads in {:.1} s, {queries} queries beside them: {samples} scrapes of {TARGETS} \
         targets, at most {worst_gap:.3} s apart; the machine stood still for {worst_stall:?} at most",
        end - begin,
    );
}

/// The targets of the job that no reload touches.
struct Steady {
    targets: Vec<(u16, Arc<AtomicU64>)>,
}

impl Steady {
    fn start() -> Self {
        let one = || {
            let served = AtomicU64::new(0);
            let page = move || {
                let served = served.fetch_add(1, Ordering::Relaxed);
                let mut text = format!("# TYPE served_total counter\nserved_total {served}\n");
                for number in 0..20 {
                    text.push_str(&format!("page_value{{number=\"{number}\"}} {served}\n"));
                }
                text
            };
            pages::serve_and_count("text/plain; version=0.0.4", page)
        };
        Self {
            targets: (0..TARGETS).map(|_| one()).collect(),
        }
    }

    fn addresses(&self, chosen: std::ops::Range<usize>) -> String {
        let ports = self.targets[chosen].iter().map(|(port, _)| port);
        let quoted: Vec<String> = ports.map(|port| format!("\"127.0.0.1:{port}\"")).collect();
        quoted.join(", ")
    }

    /// A loop that is begun anew connects anew; one that goes on does so only after a failure.
    fn kept_their_connections(&self, address: &str, seconds: f64) {
        let span = seconds.ceil() + 60.0;
        let failed = instant(
            address,
            &format!(
                "sum(count_over_time(up{{job=\"steady\"}}[{span}s]) - sum_over_time(up{{job=\"steady\"}}[{span}s]))"
            ),
        );
        let failed = number(&failed[0]["value"][1]);
        let made: u64 = self
            .targets
            .iter()
            .map(|(_, made)| made.load(Ordering::Relaxed))
            .sum();
        assert!(
            made as f64 <= TARGETS as f64 + failed,
            "{made} connections, {failed} scrapes failed"
        );
    }
}

/// The files of the configuration, one of which changes before each reload.
struct Files {
    folder: PathBuf,
    steady: String,
    neighbour: u16,
    has_guest: bool,
    label: u64,
    rule: u64,
}

/// What a reload brings.
#[derive(Debug)]
enum Change {
    Guest { is_there: bool },
    Label(u64),
    Rule(u64),
}

impl Files {
    fn new(folder: &Path, steady: &Steady) -> Self {
        let found = format!(
            "[{{\"targets\": [{}]}}]",
            steady.addresses(TARGETS / 2..TARGETS)
        );
        std::fs::write(folder.join("steady.json"), found).unwrap();
        std::fs::write(folder.join("steady.yml"), STEADY_RULES).unwrap();
        Self {
            folder: folder.to_owned(),
            steady: steady.addresses(0..TARGETS / 2),
            neighbour: pages::serve(|| "neighbour 1\n".to_owned()),
            has_guest: false,
            label: 0,
            rule: 0,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn change(&mut self, round: u64) -> Change {
        let change = match round % 3 {
            0 => {
                self.has_guest = !self.has_guest;
                Change::Guest {
                    is_there: self.has_guest,
                }
            }
            1 => {
                self.label = round;
                Change::Label(round)
            }
            _ => {
                self.rule = round;
                Change::Rule(round)
            }
        };
        self.write();
        change
    }

    fn write(&self) {
        let Self {
            steady,
            neighbour,
            label,
            rule,
            ..
        } = self;
        let guest = match self.has_guest {
            true => format!(
                "- {{job_name: guest, static_configs: [{{targets: ['127.0.0.1:{neighbour}']}}]}}\n"
            ),
            false => String::new(),
        };
        let text = format!(
            "global: {{scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}}
rule_files: [steady.yml, changing.yml]
scrape_configs:
- job_name: steady
  static_configs: [{{targets: [{steady}]}}]
  file_sd_configs: [{{files: [steady.json]}}]
{guest}- job_name: neighbour
  static_configs: [{{targets: ['127.0.0.1:{neighbour}'], labels: {{round: r{label}}}}}]
"
        );
        std::fs::write(self.path("prometheus.yml"), text).unwrap();
        let rules = format!(
            "groups: [{{name: changing, rules: [{{record: \"changing:r{rule}\", expr: vector({rule})}}]}}]\n"
        );
        std::fs::write(self.path("changing.yml"), rules).unwrap();
    }
}

impl Change {
    fn is_in_effect(&self, address: &str) -> bool {
        let says = |path: &str, words: &str| get(address, path).text().contains(words);
        match self {
            Self::Guest { is_there } => says("/api/v1/scrape_pools", "\"guest\"") == *is_there,
            Self::Label(round) => says(
                "/api/v1/targets?scrapePool=neighbour",
                &format!("\"round\":\"r{round}\""),
            ),
            Self::Rule(round) => says("/api/v1/rules", &format!("\"changing:r{round}\"")),
        }
    }
}

/// What a reload must not reset.
struct Standing {
    /// Counters of the server itself, those aside that belong to what is changed.
    counters: HashMap<String, f64>,
    /// Since when each alert of the steady rule is active.
    alerts: BTreeMap<String, String>,
}

impl Standing {
    fn of(address: &str) -> Self {
        let targets = get(address, "/api/v1/targets?scrapePool=steady").json();
        let targets = targets["data"]["activeTargets"].as_array().unwrap().clone();
        assert_eq!(targets.len(), TARGETS);
        for target in targets {
            assert_ne!(target["health"], "unknown", "{target}");
            assert_ne!(target["lastScrape"], "0001-01-01T00:00:00Z", "{target}");
        }
        let alerts = get(address, "/api/v1/alerts").json();
        let alerts = alerts["data"]["alerts"].as_array().unwrap().clone();
        let active = alerts.iter().map(|alert| {
            assert_eq!(alert["state"], "firing", "{alert}");
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            (text(&alert["labels"]["instance"]), text(&alert["activeAt"]))
        });
        Self {
            counters: counters(&get(address, "/metrics").text()),
            alerts: active.collect(),
        }
    }

    fn check_goes_on_from(&self, before: &Self, what: &str) {
        assert_eq!(self.alerts, before.alerts, "{what}");
        for (series, count) in &before.counters {
            let now = self.counters.get(series);
            assert!(
                now.is_some_and(|now| now >= count),
                "{what}: {series} {count}, then {now:?}"
            );
        }
    }
}

/// The counting series of a page of metrics.
fn counters(page: &str) -> HashMap<String, f64> {
    let counting = |series: &str| {
        let name = series.split('{').next().unwrap_or_default();
        let counts = ["_total", "_count", "_sum", "_bucket"]
            .iter()
            .any(|end| name.ends_with(end));
        let changes = ["guest", "neighbour", "changing"]
            .iter()
            .any(|part| series.contains(part));
        counts && !changes
    };
    let lines = page.lines().filter(|line| !line.starts_with('#'));
    let series = lines.filter_map(|line| line.rsplit_once(' '));
    let counted = series.filter(|(series, _)| counting(series));
    let counted: HashMap<_, _> = counted
        .map(|(series, value)| (series.to_owned(), value.parse().unwrap()))
        .collect();
    let of_the_pool = "prometheus_target_scrape_pool_sync_total{scrape_job=\"steady\"}";
    assert!(counted.contains_key(of_the_pool), "{page}");
    counted
}

/// Queries without pause, and a watch on how long the machine stands still.
struct Load {
    ends: Arc<AtomicBool>,
    queries: JoinHandle<u64>,
    watch: JoinHandle<Duration>,
}

impl Load {
    fn start(address: &str) -> Self {
        let ends = Arc::<AtomicBool>::default();
        let (address, stop) = (address.to_owned(), Arc::clone(&ends));
        let queries = std::thread::spawn(move || {
            let mut asked = 0;
            while !stop.load(Ordering::Relaxed) {
                let sum = instant(&address, "sum by (instance) (rate(served_total[30s]))");
                assert!(sum.len() >= TARGETS);
                asked += 1;
            }
            asked
        });
        let stop = Arc::clone(&ends);
        let watch = std::thread::spawn(move || {
            let pause = Duration::from_millis(10);
            let mut worst = Duration::ZERO;
            while !stop.load(Ordering::Relaxed) {
                let begun = Instant::now();
                std::thread::sleep(pause);
                worst = worst.max(begun.elapsed().saturating_sub(pause));
            }
            worst
        });
        Self {
            ends,
            queries,
            watch,
        }
    }

    fn stop(self) -> (u64, Duration) {
        self.ends.store(true, Ordering::Relaxed);
        (self.queries.join().unwrap(), self.watch.join().unwrap())
    }
}

/// Samples of `up` are an interval apart, and what the machine was late: a missed scrape is a gap of
/// two. Returns how many there are, and the widest gap.
fn no_scrape_is_missing(address: &str, begin: f64, end: f64, stall: Duration) -> (usize, f64) {
    let span = (end - begin).ceil();
    let series = instant(address, &format!("up{{job=\"steady\"}}[{span}s] @ {end}"));
    assert_eq!(series.len(), TARGETS);
    let (mut samples, mut worst) = (0, 0.0_f64);
    for one in &series {
        let times: Vec<f64> = one["values"]
            .as_array()
            .unwrap()
            .iter()
            .map(|sample| sample[0].as_f64().unwrap())
            .collect();
        for pair in times.windows(2) {
            let gap = pair[1] - pair[0];
            assert!(gap > 0.5, "scraped twice, {gap} s apart: {}", one["metric"]);
            assert!(
                gap < 1.5 + stall.as_secs_f64(),
                "no scrape for {gap} s, the machine stood still for {stall:?} at most: {}",
                one["metric"]
            );
            worst = worst.max(gap);
        }
        samples += times.len();
    }
    (samples, worst)
}

/// A stale marker would end a series until its next sample; nothing else does within five minutes.
fn no_series_has_a_hole(address: &str, begin: f64, end: f64) {
    let span = ((end - begin) * 1000.0) as u64;
    // At most 10,000 points: an answer has 11,000 at most.
    let step = (span / 5000).max(1);
    for (query, count) in [
        ("up{job=\"steady\"}", TARGETS),
        ("page_value{number=\"7\"}", TARGETS),
        ("scrape_duration_seconds{job=\"steady\"}", TARGETS),
        (
            "ALERTS{alertname=\"Steady\",alertstate=\"firing\"}",
            TARGETS,
        ),
        ("steady:up:sum", 1),
    ] {
        let path = format!(
            "/api/v1/query_range?query={}&start={begin}&end={end}&step={}",
            encoded(&format!("count({query})")),
            step as f64 / 1000.0,
        );
        let answer = get(address, &path).json();
        let points = answer["data"]["result"][0]["values"]
            .as_array()
            .unwrap()
            .clone();
        assert!(
            points.len() as u64 >= span / step,
            "{query}: {} points",
            points.len()
        );
        for point in points {
            assert_eq!(number(&point[1]), count as f64, "{query} at {}", point[0]);
        }
    }
}

fn number(value: &Value) -> f64 {
    value.as_str().unwrap().parse().unwrap()
}

/// Seconds since the epoch.
fn now() -> f64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap().as_secs_f64()
}

const TARGETS: usize = 30;

const STEADY_RULES: &str = "
groups:
- name: steady
  rules:
  - {alert: Steady, expr: 'up{job=\"steady\"} == 1', for: 1s}
  - {record: 'steady:up:sum', expr: 'sum(up{job=\"steady\"})'}
";
