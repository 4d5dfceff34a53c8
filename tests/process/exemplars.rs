//! Exemplars: scraped, asked, kept over `kill -9`, and taken over from one program by the other.

use std::ffi::OsStr;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::Value;

use crate::both_ways::{is_there, latest};
use crate::client::{get, request};
use crate::pages;
use crate::program::{BINARY, Program, free_address};

#[test]
fn we_take_turns_with_the_latest_prometheus() {
    take_turns(&latest());
}

#[test]
fn we_take_turns_with_debians_prometheus() {
    take_turns(Path::new("prometheus"));
}

fn take_turns(peer: &Path) {
    let turns = Turns::new();
    let ours = Path::new(BINARY);
    let peers = match is_there(peer) {
        true => [peer, ours, peer],
        false => [ours, ours, ours],
    };
    let mut before = turns.ingest(turns.start(ours));
    for program in peers {
        let running = turns.start(program);
        let found = turns.exemplars(&running, &before);
        assert_eq!(found, before, "{}", program.display());
        before = turns.ingest(running);
    }
    let running = turns.start(ours);
    assert_eq!(turns.exemplars(&running, &before), before);
    turns.resize(&running, &before);
}

/// A data directory, and a target with exemplars.
struct Turns {
    folder: tempfile::TempDir,
    config: String,
}

impl Turns {
    fn new() -> Self {
        let number = AtomicU64::new(0);
        let port = pages::serve_as(OPEN_METRICS, move || {
            page(number.fetch_add(1, Ordering::Relaxed))
        });
        let turns = Self {
            folder: tempfile::tempdir().unwrap(),
            config: format!(
                "global: {{scrape_interval: 200ms, scrape_timeout: 200ms}}\nscrape_configs:\n  - job_name: page\n    \
                 static_configs: [{{targets: ['127.0.0.1:{port}']}}]\nstorage: {{exemplars: {{max_exemplars: "
            ),
        };
        turns.keep(10_000);
        turns
    }

    /// Writes a configuration that keeps so many exemplars.
    fn keep(&self, exemplars: usize) {
        let config = format!("{}{exemplars}}}}}\n", self.config);
        std::fs::write(self.folder.path().join("prometheus.yml"), config).unwrap();
    }

    fn start(&self, program: &Path) -> Program {
        let path = |name| self.folder.path().join(name).to_string_lossy().into_owned();
        let address = free_address();
        let command = (program == Path::new(BINARY)).then_some("server".to_owned());
        let arguments: Vec<String> = command
            .into_iter()
            .chain([
                format!("--config.file={}", path("prometheus.yml")),
                format!("--storage.tsdb.path={}", path("data")),
                format!("--web.listen-address={address}"),
                "--web.enable-lifecycle".to_owned(),
                "--enable-feature=exemplar-storage".to_owned(),
            ])
            .collect();
        let arguments: Vec<&OsStr> = arguments.iter().map(OsStr::new).collect();
        let mut running = Program::start_as(program, &address, &arguments);
        running.wait_ready();
        running
    }

    /// Waits for new exemplars and kills the program; returns all that it had of the past.
    fn ingest(&self, mut program: Program) -> Value {
        let address = program.address.clone();
        let had = count(&asked(&address, ""));
        let found = program.wait(Duration::from_secs(20), "new exemplars", || {
            let found = asked(&address, "");
            (count(&found) >= had + 12).then_some(found)
        });
        let end = newest(&found);
        let found = asked(&address, &format!("&end={end}"));
        program.kill();
        found
    }

    /// What a program has until the newest of these.
    fn exemplars(&self, program: &Program, until: &Value) -> Value {
        asked(&program.address, &format!("&end={}", newest(until)))
    }

    /// Of too many the newest stay.
    fn resize(&self, program: &Program, before: &Value) {
        self.keep(3);
        let answer = request(&program.address, "POST", "/-/reload", &[], "").unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
        let left = asked(&program.address, "");
        assert!(count(&left) <= 3, "{left}");
        assert!(newest(&left) >= newest(before), "{left}");
        let metrics = get(&program.address, "/metrics").text();
        let want = "\nprometheus_tsdb_exemplar_max_exemplars 3\n";
        assert!(metrics.contains(want), "{metrics}");
    }
}

/// A counter and two buckets, the last with an exemplar that has no time and stays the same.
fn page(number: u64) -> String {
    format!(
        "# TYPE requests counter\nrequests_total {number} # {{trace_id=\"a{number}\"}} {number}\n\
         # TYPE seconds histogram\nseconds_bucket{{le=\"1\"}} {number} # {{trace_id=\"b{number}\",span_id=\"ü\"}} 0.5\n\
         seconds_bucket{{le=\"+Inf\"}} {number} # {{}} 2.5\nseconds_count {number}\nseconds_sum 7\n# EOF\n"
    )
}

fn asked(address: &str, range: &str) -> Value {
    let query = "requests_total%20or%20rate(seconds_bucket%5B1m%5D)";
    let answer = get(
        address,
        &format!("/api/v1/query_exemplars?query={query}{range}"),
    );
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["data"].clone()
}

fn all(found: &Value) -> impl Iterator<Item = &Value> {
    let series = found.as_array().unwrap().iter();
    series.flat_map(|series| series["exemplars"].as_array().unwrap())
}

fn count(found: &Value) -> usize {
    all(found).count()
}

/// The time of the newest exemplar.
fn newest(found: &Value) -> f64 {
    let times = all(found).map(|exemplar| exemplar["timestamp"].as_f64().unwrap());
    times.fold(0.0, f64::max)
}

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
