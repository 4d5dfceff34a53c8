//! Messages written by hand, into the small reference store; the words are those that Prometheus
//! 3.14 answers the same messages with.

use model::{MetricType, TimeRange};
use storage::memory::MemoryStore;
use storage::{Queryable, Select};

use super::*;
use crate::{Message, Receiver};

const NOW: i64 = 1_700_000_000_000;

fn varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn field(out: &mut Vec<u8>, number: u64, message: &[u8]) {
    varint(out, number << 3 | 2);
    varint(out, message.len() as u64);
    out.extend_from_slice(message);
}

fn double(out: &mut Vec<u8>, number: u64, value: f64) {
    varint(out, number << 3 | 1);
    out.extend_from_slice(&value.to_le_bytes());
}

fn number(out: &mut Vec<u8>, field: u64, value: u64) {
    varint(out, field << 3);
    varint(out, value);
}

fn refs(numbers: &[u64]) -> Vec<u8> {
    let mut out = Vec::new();
    numbers.iter().for_each(|&number| varint(&mut out, number));
    out
}

fn series(labels: &[u64], samples: &[(i64, f64)]) -> Vec<u8> {
    let mut out = Vec::new();
    field(&mut out, 1, &refs(labels));
    for &(time, value) in samples {
        let mut sample = Vec::new();
        double(&mut sample, 1, value);
        number(&mut sample, 2, time.cast_unsigned());
        field(&mut out, 2, &sample);
    }
    out
}

fn with_exemplar(mut series: Vec<u8>, labels: &[u64], value: f64, time: i64) -> Vec<u8> {
    let mut out = Vec::new();
    field(&mut out, 1, &refs(labels));
    double(&mut out, 2, value);
    number(&mut out, 3, time.cast_unsigned());
    field(&mut series, 4, &out);
    series
}

fn with_metadata(mut series: Vec<u8>, kind: u64, help: u64, unit: u64) -> Vec<u8> {
    let mut out = Vec::new();
    for (field, value) in [(1, kind), (3, help), (4, unit)] {
        number(&mut out, field, value);
    }
    field(&mut series, 5, &out);
    series
}

/// 0 to 6.
const SYMBOLS: [&str; 7] = ["", "__name__", "a", "x", "y", "trace_id", "Ein Text."];

fn request(series: &[Vec<u8>]) -> Vec<u8> {
    let mut message = Vec::new();
    for series in series {
        field(&mut message, 5, series);
    }
    for symbol in SYMBOLS {
        field(&mut message, 4, symbol.as_bytes());
    }
    snap::raw::Encoder::new().compress_vec(&message).unwrap()
}

fn send(body: &[u8], store: &dyn Appendable) -> Result<Received, ReceiveError> {
    let receiver = Receiver::new(Message::ALL.into(), true, &exposition::Registry::new());
    receiver.receive(Message::V2, body, store, NOW)
}

/// Takes everything from one series on, and writes down what comes beside samples.
#[derive(Default)]
struct Recorder {
    seen: std::sync::Mutex<Vec<String>>,
}

impl Appendable for Recorder {
    fn appender(&self) -> Box<dyn Appender + '_> {
        Box::new(self)
    }
}

impl Appender for &Recorder {
    fn append(&mut self, append: Append<'_>) -> Result<SeriesRef, AppendError> {
        if append.timestamp < NOW {
            return Err(AppendError::OutOfOrder);
        }
        if let Some(metadata) = append.metadata {
            assert_eq!(metadata.metric_type, MetricType::Counter);
            let line = format!("{} is {}", append.labels, metadata.help);
            self.seen.lock().unwrap().push(line);
        }
        Ok(SeriesRef::new(7))
    }

    fn append_exemplar(&mut self, append: AppendExemplar<'_>) -> Result<(), ExemplarError> {
        let exemplar = append.exemplar;
        let line = format!("{} {}", exemplar.labels, exemplar.value);
        self.seen.lock().unwrap().push(line);
        match exemplar.value < 0.0 {
            true => Err(ExemplarError::OutOfOrder),
            false => Ok(()),
        }
    }

    fn commit(self: Box<Self>) -> Result<storage::Commit, AppendError> {
        Ok(storage::Commit::default())
    }

    fn rollback(self: Box<Self>) {}
}

#[test]
fn samples_exemplars_and_metadata_are_stored() {
    let both = series(&[3, 4, 1, 2], &[(NOW - 1, 1.0), (NOW, 1.0), (NOW + 1, 2.0)]);
    let both = with_exemplar(both, &[5, 4], 2.0, NOW + 1);
    let both = with_exemplar(both, &[5, 3], -1.0, NOW);
    let both = with_exemplar(both, &[5, 3], 9.0, NOW + MOST_AHEAD + 1);
    let both = with_exemplar(both, &[5, 99], 9.0, NOW);
    let store = Recorder::default();
    let alone = with_exemplar(series(&[1, 2], &[]), &[], 3.0, NOW);
    let body = request(&[
        with_metadata(both, 1, 6, 0),
        series(&[1, 2], &[(NOW, 1.0)]),
        alone,
    ]);
    let received = send(&body, &store).unwrap();
    let want = [
        "a{x=\"y\"} is Ein Text.",
        "{trace_id=\"x\"} -1",
        "{trace_id=\"y\"} 2",
        "{} 3",
    ];
    assert_eq!(*store.seen.lock().unwrap(), want);
    let name = "for series {__name__=\"a\", x=\"y\"}";
    let problems = [
        format!(
            "parsing exemplar {name}: labelRefs 5 (name) = 99 (value) outside of symbols table (size 7)"
        ),
        format!("out of order sample {name}"),
        format!("out of order exemplar {name}"),
    ];
    let want = Received {
        samples: 3,
        exemplars: 2,
        late_exemplars: 1,
        without_metadata: 1,
        refused: 1,
        refusal: Some(problems.join("\n")),
        ..Received::default()
    };
    assert_eq!(received, want);
}

#[test]
fn each_problem_has_its_words_and_harms_nothing_else() {
    let sample = [(NOW, 1.0)];
    let cases = [
        (
            series(&[1, 99], &sample),
            1,
            "parsing labels for series [1 99]: labelRefs 1 (name) = 99 (value) outside of symbols table (size 7)",
        ),
        (
            series(&[1], &sample),
            1,
            "parsing labels for series [1]: invalid labelRefs length 1",
        ),
        (
            series(&[3, 4], &sample),
            1,
            "invalid metric name or labels, got {x=\"y\"}",
        ),
        (
            series(&[1, 0, 3, 4], &sample),
            1,
            "invalid metric name or labels, got {__name__=\"\", x=\"y\"}",
        ),
        (
            series(&[1, 2, 3, 4, 3, 3], &sample),
            1,
            "invalid labels for series, labels {__name__=\"a\", x=\"y\", x=\"x\"}, duplicated label x",
        ),
        (
            series(&[1, 2], &[]),
            0,
            "TimeSeries must contain at least one sample or histogram for series {__name__=\"a\"}",
        ),
        (
            series(&[1, 2], &[(NOW + MOST_AHEAD + 1, 1.0)]),
            0,
            "out of bounds: timestamp is too far in the future for series {__name__=\"a\"}",
        ),
        (
            with_metadata(series(&[1, 2], &sample), 1, 99, 0),
            0,
            "parsing metadata for series [1 2]: metadata help_ref 99 outside of symbols table (size 7)",
        ),
    ];
    for (bad, invalid, want) in cases {
        let store = MemoryStore::default();
        let good = series(&[3, 3, 1, 4], &sample);
        let received = send(&request(&[bad, good]), &store).unwrap();
        assert_eq!(received.refusal.as_deref(), Some(want));
        assert_eq!((received.samples, received.invalid), (1, invalid), "{want}");
        let querier = store.querier(TimeRange::ALL).unwrap();
        let all = querier.select(&Select::new(Vec::new(), TimeRange::ALL));
        assert_eq!(all.unwrap().len(), 1, "{want}");
    }
}

#[test]
fn any_bytes_are_survived() {
    let store = MemoryStore::default();
    let whole = with_exemplar(series(&[1, 2], &[(NOW, 1.0)]), &[5, 4], 2.0, NOW);
    let whole = request(&[with_metadata(whole, 1, 6, 0)]);
    let plain = snap::raw::Decoder::new().decompress_vec(&whole).unwrap();
    let compress = |bytes: &[u8]| snap::raw::Encoder::new().compress_vec(bytes).unwrap();
    for len in 0..plain.len() {
        let _ = send(&compress(&plain[..len]), &store);
        let mut changed = plain.clone();
        changed[len] ^= 0x55;
        let _ = send(&compress(&changed), &store);
    }
    let many = vec![series(&[1], &[]); MOST_PROBLEMS + 5];
    let refusal = send(&request(&many), &store).unwrap().refusal.unwrap();
    assert!(refusal.ends_with("\nand 5 more problems"));
}
