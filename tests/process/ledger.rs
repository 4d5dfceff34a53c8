//! What was acknowledged is there, however often the process is killed.
//!
//! A writer sends samples by remote write and keeps a journal; targets are scraped; blocks are cut
//! and the log is folded all the time; the process is killed at moments of all kinds.
//! `NARTHEX_LEDGER_KILLS` says how often (default 20).

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, RwLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::client::{get, request};
use crate::pages;
use crate::program::{Program, encoded, free_address};

#[test]
fn nothing_acknowledged_is_lost_by_kills() {
    let kills = std::env::var("NARTHEX_LEDGER_KILLS").ok();
    let kills: usize = kills.map_or(20, |text| text.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let config = folder.path().join("prometheus.yml");
    std::fs::write(&config, configuration(pages::serve(page))).unwrap();

    let ledger = Ledger::default();
    let writers: Vec<_> = (0..WRITERS).map(|writer| ledger.start(writer)).collect();
    let mut moments = BTreeMap::new();
    let mut chance = 0x2545_f491_4f6c_dd1d_u64;
    for kill in 0..kills {
        let server = start(&config, &data);
        ledger.send_to(&server.address);
        chance ^= chance << 13;
        chance ^= chance >> 7;
        chance ^= chance << 17;
        let moment = wait_for_moment(kill, Duration::from_millis(300 + chance % 2_500), &data);
        server.kill();
        *moments.entry(moment).or_insert(0) += 1;
        ledger.send_to("");
    }
    ledger.stop.store(true, Ordering::Relaxed);
    writers
        .into_iter()
        .for_each(|writer| writer.join().unwrap());

    let server = start(&config, &data);
    let journal = ledger.journal.lock().unwrap();
    let acknowledged = journal.values().filter(|entry| entry.acknowledged).count();
    assert!(acknowledged > kills * 50, "{acknowledged} acknowledged");
    let (mut lost, mut found) = (Vec::new(), 0);
    for writer in 0..WRITERS {
        let stored = stored(&server.address, writer);
        found += stored.len();
        for (key, entry) in journal.iter().filter(|(key, _)| key.writer == writer) {
            match stored.get(&(key.series, key.time)) {
                Some(value) => assert_eq!(*value, entry.value, "another value at {key:?}"),
                None if entry.acknowledged => lost.push(*key),
                None => {}
            }
        }
        for &(series, time) in stored.keys() {
            let key = Key {
                writer,
                series,
                time,
            };
            assert!(journal.contains_key(&key), "invented: {key:?}");
        }
    }
    println!("{acknowledged} acknowledged, {found} found, {kills} kills: {moments:?}");
    assert!(
        lost.is_empty(),
        "{} lost: {:?}",
        lost.len(),
        &lost[..lost.len().min(5)]
    );
    for moment in ["while a block is written", "while the log is folded"] {
        let times = moments.get(moment).copied().unwrap_or_default();
        assert!(times * 10 >= kills, "{moment}: {times} of {kills} kills");
    }
}

fn start(config: &Path, data: &Path) -> Program {
    let address = free_address();
    Program::ready(
        &address,
        &[
            "server",
            &format!("--config.file={}", config.display()),
            &format!("--storage.tsdb.path={}", data.display()),
            &format!("--web.listen-address={address}"),
            "--web.enable-remote-write-receiver",
            "--storage.tsdb.min-block-duration=4s",
            "--storage.tsdb.maintenance-interval=200ms",
            "--log.level=error",
        ],
    )
}

/// Waits for the moment of a kill: every third time until a block is being written, or until the log
/// is being folded, if that comes; else for `delay`.
fn wait_for_moment(kill: usize, delay: Duration, data: &Path) -> &'static str {
    let (what, is_there): (_, fn(&Path) -> bool) = match kill % 3 {
        0 => ("while a block is written", |data| {
            has(data, ".tmp-for-creation")
        }),
        1 => ("while the log is folded", |data| {
            has(&data.join("wal"), ".tmp")
        }),
        _ => {
            std::thread::sleep(delay);
            return "at random";
        }
    };
    let end = Instant::now() + Duration::from_secs(12);
    while Instant::now() < end {
        if is_there(data) {
            return what;
        }
        std::thread::sleep(Duration::from_micros(200));
    }
    "at random"
}

fn has(folder: &Path, ending: &str) -> bool {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names = entries.map(|entry| entry.file_name());
    names.any(|name| name.to_string_lossy().ends_with(ending))
}

/// What was sent, and what of it was acknowledged.
#[derive(Clone, Default)]
struct Ledger {
    journal: Arc<Mutex<BTreeMap<Key, Entry>>>,
    /// Where to send to; nowhere while it is empty.
    address: Arc<RwLock<String>>,
    stop: Arc<AtomicBool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    writer: usize,
    series: usize,
    time: i64,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    value: f64,
    acknowledged: bool,
}

impl Ledger {
    fn send_to(&self, address: &str) {
        address.clone_into(&mut self.address.write().unwrap());
    }

    fn start(&self, writer: usize) -> std::thread::JoinHandle<()> {
        let ledger = self.clone();
        std::thread::spawn(move || {
            let mut number = 0;
            while !ledger.stop.load(Ordering::Relaxed) {
                let address = ledger.address.read().unwrap().clone();
                if address.is_empty() {
                    std::thread::sleep(Duration::from_millis(2));
                    continue;
                }
                number += 1;
                ledger.send(&address, writer, f64::from(number));
                std::thread::sleep(Duration::from_millis(20));
            }
        })
    }

    /// Sends a sample of each of some series. They stand in the journal before that.
    fn send(&self, address: &str, writer: usize, value: f64) {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let time = i64::try_from(since_epoch.as_millis()).unwrap();
        let keys: Vec<Key> = (0..SERIES)
            .map(|series| Key {
                writer,
                series,
                time,
            })
            .collect();
        let entry = |acknowledged| Entry {
            value,
            acknowledged,
        };
        let record = |acknowledged| {
            let entries = keys.iter().map(|&key| (key, entry(acknowledged)));
            self.journal.lock().unwrap().extend(entries);
        };
        record(false);
        let headers = [
            "Content-Type: application/x-protobuf",
            "Content-Encoding: snappy",
            "X-Prometheus-Remote-Write-Version: 0.1.0",
        ];
        let body = message(&keys, value);
        let answer = request(address, "POST", "/api/v1/write", &headers, body);
        match answer.map(|answer| (answer.status, answer.text())) {
            Some((204, _)) => record(true),
            Some((status, text)) => panic!("answered {status}: {text}"),
            None => {}
        }
    }
}

/// A compressed `prometheus.WriteRequest` with a sample of each series.
fn message(keys: &[Key], value: f64) -> Vec<u8> {
    let field = |number: u8, bytes: &[u8]| {
        let len = u8::try_from(bytes.len()).unwrap();
        assert!(len < 0x80);
        [&[number << 3 | 2, len], bytes].concat()
    };
    let label = |name: &str, value: &str| {
        let pair = [field(1, name.as_bytes()), field(2, value.as_bytes())].concat();
        field(1, &pair)
    };
    let mut message = Vec::new();
    for key in keys {
        let mut sample = vec![1 << 3 | 1];
        sample.extend_from_slice(&value.to_le_bytes());
        sample.push(2 << 3);
        let mut rest = key.time.cast_unsigned();
        while rest >= 0x80 {
            sample.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        sample.push(rest as u8);
        let series = [
            label("__name__", &format!("ledger_{}", key.writer)),
            label("series", &key.series.to_string()),
            field(2, &sample),
        ];
        message.extend(field(1, &series.concat()));
    }
    snap::raw::Encoder::new().compress_vec(&message).unwrap()
}

/// What the server has of a writer's samples, by series and time.
fn stored(address: &str, writer: usize) -> BTreeMap<(usize, i64), f64> {
    let query = encoded(&format!("ledger_{writer}[1h]"));
    let json = get(address, &format!("/api/v1/query?query={query}")).json();
    let mut stored = BTreeMap::new();
    for series in json["data"]["result"].as_array().unwrap() {
        let number: usize = series["metric"]["series"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
        for pair in series["values"].as_array().unwrap() {
            let time = (pair[0].as_f64().unwrap() * 1_000.0).round() as i64;
            let value: f64 = pair[1].as_str().unwrap().parse().unwrap();
            stored.insert((number, time), value);
        }
    }
    stored
}

fn configuration(port: u16) -> String {
    let mut text = "global:\n  scrape_interval: 1s\nscrape_configs:\n".to_owned();
    for number in 0..TARGETS {
        text.push_str(&format!(
            "  - job_name: target-{number}\n    metrics_path: /{number}\n    static_configs:\n      \
             - targets: ['127.0.0.1:{port}']\n"
        ));
    }
    text
}

fn page() -> String {
    static SCRAPES: AtomicU64 = AtomicU64::new(0);
    let scrape = SCRAPES.fetch_add(1, Ordering::Relaxed);
    let lines = (0..PAGE_SERIES).map(|n| format!("scraped_total{{n=\"{n}\"}} {}\n", scrape + n));
    lines.collect()
}

const WRITERS: usize = 2;
/// Series of each writer.
const SERIES: usize = 50;
const TARGETS: usize = 50;
const PAGE_SERIES: u64 = 100;
