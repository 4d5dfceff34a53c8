//! Either program opens the other's directory: a real Prometheus and ours take turns on one data
//! directory, each cut off by `kill -9` while it ingests, and each answers what the other did.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use crate::client::get;
use crate::journal::Ledger;
use crate::native;
use crate::pages;
use crate::program::{BINARY, Program, encoded, free_address, output};

#[test]
fn we_take_turns_with_debians_prometheus() {
    take_turns(Path::new("prometheus"), Blocks::OfTwoHours);
}

#[test]
fn we_take_turns_with_debians_prometheus_while_blocks_are_cut() {
    take_turns(Path::new("prometheus"), Blocks::OfSeconds);
}

#[test]
fn we_take_turns_with_the_latest_prometheus() {
    take_turns(&latest(), Blocks::OfTwoHours);
}

#[test]
fn we_take_turns_with_the_latest_prometheus_while_blocks_are_cut() {
    take_turns(&latest(), Blocks::OfSeconds);
}

/// Both end in good order and leave a snapshot of what they have in memory, which the other goes by.
#[test]
fn we_take_turns_on_snapshots_with_the_latest_prometheus() {
    if !is_there(&latest()) {
        return;
    }
    let mut turns = Turns::new(Blocks::OfTwoHours);
    let feature = ["--enable-feature=memory-snapshot-on-shutdown,native-histograms"];
    let errors = "/metrics";
    let mut program = turns.start_ours();
    for number in 0..4 {
        let before = turns.ingest_and_end(program);
        assert_eq!(turns.snapshots(), 1, "after turn {number}");
        program = match number % 2 {
            0 => turns.start(&latest(), &feature),
            _ => turns.start_ours(),
        };
        turns.compare(&program, &before);
        let page = get(&program.address, errors).text();
        let failed = "prometheus_tsdb_snapshot_replay_error_total";
        let failed = page.lines().find(|line| line.starts_with(failed));
        assert!(failed.unwrap().ends_with(" 0"), "turn {number}: {failed:?}");
    }
}

/// What it writes behind its features for start timestamps.
#[test]
fn we_read_what_the_latest_prometheus_writes_with_start_timestamps() {
    if !is_there(&latest()) {
        return;
    }
    let mut turns = Turns::new(Blocks::OfTwoHours);
    let features = "--enable-feature=xor2-encoding,st-storage,histograms-st-encoding";
    let theirs = turns.start(&latest(), &[features]);
    let before = turns.ingest(theirs);
    let ours = turns.start_ours();
    turns.compare(&ours, &before);
}

/// Built by `cargo xtask peers`, beside our own binary.
pub(crate) fn latest() -> PathBuf {
    let target = Path::new(BINARY).ancestors().nth(2).unwrap();
    target.join("peers/prometheus")
}

pub(crate) fn is_there(peer: &Path) -> bool {
    let found = Command::new(peer).arg("--version").output().is_ok();
    if !found {
        println!(
            "skipped: {} is not installed (cargo xtask peers installs it)",
            peer.display()
        );
    }
    found
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Blocks {
    /// Everything stays in the head.
    OfTwoHours,
    /// Blocks are cut, and the log is truncated, all the time.
    OfSeconds,
}

fn take_turns(peer: &Path, blocks: Blocks) {
    if !is_there(peer) {
        return;
    }
    let mut turns = Turns::new(blocks);
    let ours = turns.start_ours();
    let mut before = turns.ingest(ours);
    let rounds = match blocks {
        Blocks::OfTwoHours => 2,
        Blocks::OfSeconds => 1,
    };
    for _ in 0..rounds {
        let theirs = turns.start(peer, &["--enable-feature=native-histograms"]);
        turns.compare(&theirs, &before);
        before = turns.ingest(theirs);
        let ours = turns.start_ours();
        turns.compare(&ours, &before);
        before = turns.ingest(ours);
    }
    turns.tools();
    let theirs = turns.start(peer, &["--enable-feature=native-histograms"]);
    turns.compare(&theirs, &before);
}

/// A data directory and what is written into it.
struct Turns {
    folder: tempfile::TempDir,
    blocks: Blocks,
    ledger: Ledger,
    /// The next of the steps that are written.
    step: u64,
    /// When the last of them was; 0 at first.
    written_until: i64,
}

/// What a program answered shortly before it was killed.
struct Before {
    /// The time that was asked for.
    time: f64,
    all: BTreeMap<String, Value>,
    answers: Vec<(&'static str, BTreeMap<String, f64>)>,
}

impl Turns {
    fn new(blocks: Blocks) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = pages::serve(page);
        let config = format!(
            "global: {{scrape_interval: 200ms, scrape_timeout: 200ms}}\nscrape_configs:\n  - job_name: page\n    \
             static_configs: [{{targets: ['127.0.0.1:{port}']}}]\n"
        );
        std::fs::write(folder.path().join("prometheus.yml"), config).unwrap();
        Self {
            folder,
            blocks,
            ledger: Ledger::default(),
            step: 0,
            written_until: 0,
        }
    }

    fn data(&self) -> String {
        self.folder
            .path()
            .join("data")
            .to_string_lossy()
            .into_owned()
    }

    fn start_ours(&self) -> Program {
        // Finished chunks go to files at once.
        let words = ["server", "--storage.tsdb.maintenance-interval=200ms"];
        self.start(Path::new(BINARY), &words)
    }

    fn start(&self, program: &Path, words: &[&str]) -> Program {
        let address = free_address();
        let mut words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
        words.extend([
            format!(
                "--config.file={}",
                self.folder.path().join("prometheus.yml").display()
            ),
            format!("--storage.tsdb.path={}", self.data()),
            format!("--web.listen-address={address}"),
            "--web.enable-remote-write-receiver".to_owned(),
            "--log.level=error".to_owned(),
        ]);
        if self.blocks == Blocks::OfSeconds {
            words.push("--storage.tsdb.min-block-duration=4s".to_owned());
        }
        let words: Vec<&OsStr> = words.iter().map(OsStr::new).collect();
        let mut program = Program::start_as(program, &address, &words);
        program.wait_ready();
        program
    }

    /// How many snapshots of the head there are.
    fn snapshots(&self) -> usize {
        let entries = std::fs::read_dir(self.data()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name());
        let names = names.map(|name| name.to_string_lossy().into_owned());
        names
            .filter(|name| name.starts_with("chunk_snapshot."))
            .count()
    }

    /// Lets it ingest scrapes and remote write for some seconds, asks, and kills it meanwhile.
    fn ingest(&mut self, program: Program) -> Before {
        self.ingest_until(program, Program::kill)
    }

    /// The same, but it ends in good order.
    fn ingest_and_end(&mut self, program: Program) -> Before {
        self.ingest_until(program, |program| assert!(program.terminate()))
    }

    fn ingest_until(&mut self, mut program: Program, end: impl FnOnce(Program)) -> Before {
        // Prometheus takes its time to find targets.
        program.wait_series("scraped_total", PAGE_SERIES as usize);
        if self.blocks == Blocks::OfTwoHours {
            self.send_history(&program);
        }
        self.ledger.send_to(&program.address);
        let writers = self.ledger.start();
        let native = native::Writer::start(&program.address, self.step, now);
        std::thread::sleep(Duration::from_millis(match self.blocks {
            Blocks::OfTwoHours => 3_000,
            Blocks::OfSeconds => 7_000,
        }));
        let before = self.ask(&program.address, (now() - 1_000) as f64 / 1e3);
        self.compare_ledger(&program.address);
        end(program);
        self.step = native.stop();
        self.written_until = now();
        self.ledger.stop(writers);
        before
    }

    /// Enough samples that chunks are full, and those of Prometheus in files: of the last minutes or,
    /// later, from the end of the turn before.
    fn send_history(&mut self, program: &Program) {
        const STEPS: u64 = 300;
        let first = self.step;
        let (start, spacing) = match self.written_until {
            0 => (now() - 1_000 * STEPS.cast_signed(), 1_000),
            end => (end + 1, 1),
        };
        let time = |step: u64| start + (step - first).cast_signed() * spacing;
        while now() <= time(first + STEPS) {
            std::thread::sleep(Duration::from_millis(20));
        }
        for part in 0..3 {
            let from = first + part * STEPS / 3;
            native::send(&program.address, from..from + STEPS / 3, &time);
        }
        self.step += STEPS;
    }

    fn ask(&self, address: &str, time: f64) -> Before {
        let answers = QUERIES.map(|query| (query, vector(address, query, time - 0.5)));
        Before {
            time,
            all: everything(address, time),
            answers: answers.into(),
        }
    }

    /// What was there is there; what was answered is answered.
    fn compare(&self, program: &Program, before: &Before) {
        let after = self.ask(&program.address, before.time);
        assert!(before.all.len() > 30, "{} series", before.all.len());
        for (series, samples) in &before.all {
            let found = after.all.get(series).unwrap_or(&Value::Null);
            for kind in ["values", "histograms"] {
                let list = |all: &Value| all[kind].as_array().cloned().unwrap_or_default();
                let (want, found) = (list(samples), list(found));
                // What was on its way when we asked may have come to it.
                assert!(
                    found.starts_with(&want),
                    "{series}: {kind}: {} became {}: {:?}",
                    want.len(),
                    found.len(),
                    want.iter().zip(&found).find(|(want, found)| want != found)
                );
            }
        }
        for ((query, want), (_, found)) in before.answers.iter().zip(&after.answers) {
            assert!(!want.is_empty(), "{query} finds nothing");
            assert_eq!(
                want.keys().collect::<Vec<_>>(),
                found.keys().collect::<Vec<_>>(),
                "{query}"
            );
            for (series, want) in want {
                let found = found[series];
                let near = (want - found).abs() <= want.abs() * 1e-9;
                assert!(near, "{query}: {series}: {want} became {found}");
            }
        }
        self.compare_ledger(&program.address);
    }

    fn compare_ledger(&self, address: &str) {
        let comparison = self.ledger.compare(address);
        assert!(comparison.lost.is_empty(), "{} lost", comparison.lost.len());
        assert!(comparison.acknowledged > 100);
    }

    /// Debian's promtool says of the directory what ours does, sorting aside.
    fn tools(&self) {
        if !is_there(Path::new("promtool")) {
            return;
        }
        let data = self.data();
        let lines = |output: std::process::Output| {
            let complained = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.success(), "{complained}");
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            let mut lines: Vec<String> = said.lines().map(str::to_owned).collect();
            lines.sort();
            lines
        };
        let floats = "{__name__!~\"native_(integers|floats)\"}";
        let mut questions = vec![
            vec!["list"],
            vec!["list", "-r"],
            // It knows nothing of native histograms here.
            vec!["dump", "--match", floats],
        ];
        if self.blocks == Blocks::OfSeconds {
            questions.push(vec!["analyze", "--limit=1000"]);
        }
        for words in questions {
            let ours = [&["tool", "tsdb"], &words[..], &[&*data]].concat();
            let ours = lines(output(&ours));
            let theirs = [&["tsdb"], &words[..], &[&*data]].concat();
            let theirs = lines(Command::new("promtool").args(theirs).output().unwrap());
            let first = ours.iter().zip(&theirs).find(|(a, b)| a != b);
            assert!(
                ours == theirs,
                "{words:?}: {} {}: {first:?}",
                ours.len(),
                theirs.len()
            );
        }
    }
}

/// All samples of an hour, by series.
fn everything(address: &str, time: f64) -> BTreeMap<String, Value> {
    let names = get(address, "/api/v1/label/__name__/values").json();
    let mut all = BTreeMap::new();
    // Not all at once: Prometheus 2.42 mixes up histograms of several names.
    for name in names["data"].as_array().unwrap() {
        let query = encoded(&format!("{}[1h]", name.as_str().unwrap()));
        let path = format!("/api/v1/query?query={query}&time={time:.3}");
        let json = get(address, &path).json();
        let series = json["data"]["result"].as_array();
        for series in series.unwrap_or_else(|| panic!("{json}")) {
            all.insert(series["metric"].to_string(), series.clone());
        }
    }
    all
}

fn vector(address: &str, query: &str, time: f64) -> BTreeMap<String, f64> {
    let path = format!("/api/v1/query?query={}&time={time:.3}", encoded(query));
    let json = get(address, &path).json();
    let series = json["data"]["result"]
        .as_array()
        .unwrap_or_else(|| panic!("{query}: {json}"));
    let pair = |series: &Value| {
        let value = series["value"][1].as_str().unwrap();
        (series["metric"].to_string(), value.parse().unwrap())
    };
    series.iter().map(pair).collect()
}

fn now() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since_epoch.as_millis()).unwrap()
}

fn page() -> String {
    let count = now() / 100;
    let lines =
        (0..PAGE_SERIES).map(|n| format!("scraped_total{{n=\"{n}\"}} {}\n", count * (n + 1)));
    lines
        .chain(["idle 7\n".to_owned(), "nothing NaN\n".to_owned()])
        .collect()
}

const PAGE_SERIES: i64 = 20;

/// Asked for a moment shortly before the kill. What Prometheus 2 and 3 answer another way is not in it.
const QUERIES: [&str; 6] = [
    "sum by (n) (count_over_time(scraped_total[30m]))",
    "sum(rate(scraped_total[1m]))",
    "topk(3, scraped_total)",
    "histogram_sum(native_integers)",
    "histogram_count(native_floats)",
    "max_over_time(native_float[10m])",
];
