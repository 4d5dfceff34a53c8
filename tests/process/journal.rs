//! A writer that keeps a journal of what it sends by remote write, and what of it was acknowledged.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, RwLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::client::{get, request};
use crate::program::encoded;

/// What was sent, and what of it was acknowledged.
#[derive(Clone, Default)]
pub(crate) struct Ledger {
    journal: Arc<Mutex<BTreeMap<Key, Entry>>>,
    /// Where to send to; nowhere while it is empty.
    address: Arc<RwLock<String>>,
    stop: Arc<AtomicBool>,
    /// Whether every tenth request comes out of order.
    is_mixed: Arc<AtomicBool>,
    acknowledged: Arc<AtomicU64>,
    refused: Arc<AtomicU64>,
}

/// The journal beside what a server has.
#[derive(Debug)]
pub(crate) struct Comparison {
    /// Samples that were acknowledged.
    pub(crate) acknowledged: usize,
    /// Samples that the server has.
    pub(crate) found: usize,
    /// Samples that were acknowledged and that it does not have.
    pub(crate) lost: Vec<Key>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
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
    /// Sends to this server from now on, or to nobody while this is empty.
    pub(crate) fn send_to(&self, address: &str) {
        address.clone_into(&mut self.address.write().unwrap());
    }

    /// Has every tenth request be seconds behind the others from now on.
    pub(crate) fn mix(&self) {
        self.is_mixed.store(true, Ordering::Relaxed);
    }

    /// Begins to write, from threads.
    pub(crate) fn start(&self) -> Vec<std::thread::JoinHandle<()>> {
        (0..WRITERS).map(|writer| self.start_one(writer)).collect()
    }

    /// Ends the threads.
    pub(crate) fn stop(&self, writers: Vec<std::thread::JoinHandle<()>>) {
        self.stop.store(true, Ordering::Relaxed);
        for writer in writers {
            writer.join().unwrap();
        }
    }

    /// Requests that were acknowledged so far.
    pub(crate) fn acknowledged(&self) -> u64 {
        self.acknowledged.load(Ordering::Relaxed)
    }

    /// Requests that were answered with an error so far.
    pub(crate) fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Compares the journal with what a server has. Nothing may be there that was not sent.
    pub(crate) fn compare(&self, address: &str) -> Comparison {
        let journal = self.journal.lock().unwrap();
        let mut comparison = Comparison {
            acknowledged: journal.values().filter(|entry| entry.acknowledged).count(),
            found: 0,
            lost: Vec::new(),
        };
        for writer in 0..WRITERS {
            let stored = stored(address, writer);
            comparison.found += stored.len();
            for (key, entry) in journal.iter().filter(|(key, _)| key.writer == writer) {
                match stored.get(&(key.series, key.time)) {
                    Some(value) => assert_eq!(*value, entry.value, "another value at {key:?}"),
                    None if entry.acknowledged => comparison.lost.push(*key),
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
        comparison
    }

    fn start_one(&self, writer: usize) -> std::thread::JoinHandle<()> {
        let ledger = self.clone();
        std::thread::spawn(move || {
            let mut number = 0_u32;
            while !ledger.stop.load(Ordering::Relaxed) {
                let address = ledger.address.read().unwrap().clone();
                if address.is_empty() {
                    std::thread::sleep(Duration::from_millis(2));
                    continue;
                }
                number += 1;
                let is_late = number.is_multiple_of(10) && ledger.is_mixed.load(Ordering::Relaxed);
                ledger.send(&address, writer, f64::from(number), is_late);
                std::thread::sleep(Duration::from_millis(20));
            }
        })
    }

    /// Sends a sample of each of some series. They stand in the journal before that.
    fn send(&self, address: &str, writer: usize, value: f64, is_late: bool) {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let time = i64::try_from(since_epoch.as_millis()).unwrap();
        // Odd times are those of late samples, so that none meets another.
        let time = match is_late {
            true => (time - LATE_MILLIS) | 1,
            false => time & !1,
        };
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
            Some((204, _)) => {
                record(true);
                self.acknowledged.fetch_add(1, Ordering::Relaxed);
            }
            Some((500.., _)) => {
                self.refused.fetch_add(1, Ordering::Relaxed);
            }
            Some((status, text)) => panic!("answered {status}: {text}"),
            None => {}
        }
    }
}

/// A compressed `prometheus.WriteRequest` with a sample of each series.
fn message(keys: &[Key], value: f64) -> Vec<u8> {
    let texts: Vec<_> = keys
        .iter()
        .map(|key| (format!("ledger_{}", key.writer), key.series.to_string()))
        .collect();
    let labels: Vec<_> = texts
        .iter()
        .map(|(name, series)| [("__name__", &**name), ("series", series)])
        .collect();
    let series: Vec<_> = labels.iter().map(|labels| &labels[..]).collect();
    let time = keys.first().map_or(0, |key| key.time);
    encoded_request(&series, time, value)
}

/// A compressed `prometheus.WriteRequest` with a sample of each of these series, as of now.
pub(crate) fn write_request(series: &[&[(&str, &str)]], value: f64) -> Vec<u8> {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let time = i64::try_from(since_epoch.as_millis()).unwrap();
    encoded_request(series, time, value)
}

fn encoded_request(series: &[&[(&str, &str)]], time: i64, value: f64) -> Vec<u8> {
    let field = |number: u8, bytes: &[u8]| {
        let len = u8::try_from(bytes.len()).unwrap();
        assert!(len < 0x80);
        [&[number << 3 | 2, len], bytes].concat()
    };
    let mut sample = vec![1 << 3 | 1];
    sample.extend_from_slice(&value.to_le_bytes());
    sample.push(2 << 3);
    let mut rest = time.cast_unsigned();
    while rest >= 0x80 {
        sample.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    sample.push(rest as u8);
    let mut message = Vec::new();
    for labels in series {
        let mut series = Vec::new();
        for (name, value) in *labels {
            let pair = [field(1, name.as_bytes()), field(2, value.as_bytes())].concat();
            series.extend(field(1, &pair));
        }
        series.extend(field(2, &sample));
        message.extend(field(1, &series));
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

const WRITERS: usize = 2;
/// Series of each writer.
const SERIES: usize = 50;
/// How far late samples are behind: longer than blocks of the tests span.
const LATE_MILLIS: i64 = 7_000;
