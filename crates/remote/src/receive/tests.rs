//! Messages written by hand, into the small reference store.

use model::{TimeRange, value};
use storage::memory::MemoryStore;
use storage::{Queryable, SampleBuffer, Select};

use super::*;
use crate::{Message, Receiver};

const NOW: i64 = 1_700_000_000_000;

fn receive(body: &[u8], store: &dyn Appendable, now: i64) -> Result<Received, ReceiveError> {
    let receiver = Receiver::new(vec![Message::V1], false, &exposition::Registry::new());
    receiver.receive(Message::V1, body, store, now)
}

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

fn series(labels: &[(&str, &str)], samples: &[(i64, f64)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, value) in labels {
        let mut label = Vec::new();
        field(&mut label, 1, name.as_bytes());
        field(&mut label, 2, value.as_bytes());
        field(&mut out, 1, &label);
    }
    for &(time, value) in samples {
        let mut sample = Vec::new();
        double(&mut sample, 1, value);
        number(&mut sample, 2, time.cast_unsigned());
        field(&mut out, 2, &sample);
    }
    out
}

fn request(series: &[Vec<u8>]) -> Vec<u8> {
    let mut message = Vec::new();
    for series in series {
        field(&mut message, 1, series);
    }
    // Metadata, which is passed over.
    field(&mut message, 3, b"\x08\x01");
    snap::raw::Encoder::new().compress_vec(&message).unwrap()
}

/// What the store holds: labels, times, and values (of histograms the count).
fn stored(store: &MemoryStore) -> Vec<(String, Vec<(i64, f64)>)> {
    let querier = store.querier(TimeRange::ALL).unwrap();
    let set = querier
        .select(&Select::new(Vec::new(), TimeRange::ALL))
        .unwrap();
    let mut buffer = SampleBuffer::default();
    let read = |index| {
        set.read(index, &mut buffer).unwrap();
        let floats = buffer
            .timestamps()
            .iter()
            .copied()
            .zip(buffer.values().iter().copied());
        let histograms = buffer.histograms();
        let counts = histograms.values().iter().map(|histogram| histogram.count);
        let histograms = histograms.timestamps().iter().copied().zip(counts);
        (
            set.labels(index).to_string(),
            floats.chain(histograms).collect(),
        )
    };
    (0..set.len()).map(read).collect()
}

#[test]
fn samples_of_a_request_are_stored() {
    let store = MemoryStore::default();
    let body = request(&[
        series(
            &[("__name__", "a"), ("job", "x")],
            &[(NOW, 1.0), (NOW + 1, value::STALE)],
        ),
        // Unsorted, with an empty value.
        series(
            &[("job", "y"), ("__name__", "a"), ("zone", "")],
            &[(NOW, -2.5)],
        ),
    ]);
    let received = receive(&body, &store, NOW).unwrap();
    assert_eq!((received.samples, received.refused), (3, 0));
    let stored = stored(&store);
    assert_eq!(stored.len(), 2);
    assert_eq!(stored[1], (r#"a{job="y"}"#.to_owned(), vec![(NOW, -2.5)]));
    assert_eq!(stored[0].1[1].1.to_bits(), value::STALE.to_bits());
}

/// Writes down exemplars.
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
    fn append(&mut self, _append: Append<'_>) -> Result<model::SeriesRef, AppendError> {
        Ok(model::SeriesRef::new(7))
    }

    fn append_exemplar(&mut self, append: AppendExemplar<'_>) -> Result<(), ExemplarError> {
        let Exemplar {
            labels,
            value,
            timestamp,
            has_timestamp,
        } = append.exemplar;
        let series = append.series.map(|series| series.get());
        let line = format!("{series:?} {labels} {value} {timestamp} {has_timestamp}");
        self.seen.lock().unwrap().push(line);
        match *value < 0.0 {
            true => Err(ExemplarError::OutOfOrder),
            false => Ok(()),
        }
    }

    fn commit(self: Box<Self>) -> Result<storage::Commit, AppendError> {
        Ok(storage::Commit::default())
    }

    fn rollback(self: Box<Self>) {}
}

fn exemplar(value: f64, time: i64) -> Vec<u8> {
    let (mut label, mut out) = (Vec::new(), Vec::new());
    field(&mut label, 1, b"trace_id");
    field(&mut label, 2, b"x");
    field(&mut out, 1, &label);
    double(&mut out, 2, value);
    number(&mut out, 3, time.cast_unsigned());
    out
}

#[test]
fn exemplars_come_with_samples_or_without() {
    let mut with = series(&[("__name__", "a")], &[(NOW, 1.0)]);
    let mut without = series(&[("__name__", "a")], &[]);
    field(&mut with, 3, &exemplar(0.5, NOW));
    for (value, time) in [(0.25, 0), (-1.0, NOW), (2.0, NOW + MOST_AHEAD + 1)] {
        field(&mut without, 3, &exemplar(value, time));
    }
    let store = Recorder::default();
    let received = receive(&request(&[with, without]), &store, NOW).unwrap();
    assert_eq!((received.exemplars, received.late_exemplars), (2, 1));
    let want = [
        format!("Some(7) {{trace_id=\"x\"}} 0.5 {NOW} true"),
        "None {trace_id=\"x\"} 0.25 0 false".to_owned(),
        format!("None {{trace_id=\"x\"}} -1 {NOW} true"),
    ];
    assert_eq!(*store.seen.lock().unwrap(), want);
}

#[test]
fn one_bad_series_harms_no_other() {
    let store = MemoryStore::default();
    let body = request(&[
        series(&[("job", "without name")], &[(NOW, 1.0)]),
        series(
            &[("__name__", "twice"), ("a", "1"), ("a", "2")],
            &[(NOW, 1.0)],
        ),
        series(&[("__name__", "ahead")], &[(NOW + MOST_AHEAD + 1, 1.0)]),
        series(&[("__name__", "good")], &[(NOW + MOST_AHEAD, 1.0)]),
    ]);
    let received = receive(&body, &store, NOW).unwrap();
    let want = Received {
        samples: 1,
        invalid: 2,
        without_metadata: 1,
        refused: 1,
        refusal: Some("out of bounds".to_owned()),
        ..Received::default()
    };
    assert_eq!(received, want);
    assert_eq!(stored(&store).len(), 1);
}

#[test]
fn native_histograms_come_as_differences_or_as_floats() {
    let mut message = series(&[("__name__", "h")], &[]);
    let mut span = Vec::new();
    number(&mut span, 1, 3); // offset -2
    number(&mut span, 2, 3);
    let mut whole = Vec::new();
    number(&mut whole, 1, 11);
    double(&mut whole, 3, 5.5);
    number(&mut whole, 4, 2); // schema 1
    double(&mut whole, 5, 1e-3);
    number(&mut whole, 6, 1);
    field(&mut whole, 11, &span);
    field(&mut whole, 12, &[4, 2, 1]); // +2, +1, -1
    number(&mut whole, 14, 2);
    number(&mut whole, 15, NOW.cast_unsigned());
    field(&mut message, 4, &whole);
    let mut body = Vec::new();
    field(&mut body, 1, &message);
    let mut list = TimeSeriesList::of(&body);
    let mut read = TimeSeries::default();
    assert!(list.next(&mut read).unwrap());
    let sample = &read.histograms[0];
    let histogram = &sample.histogram;
    assert_eq!(
        (sample.time, histogram.schema, histogram.count),
        (NOW, 1, 11.0)
    );
    assert_eq!(
        sample.validate().unwrap_err().to_string(),
        "8 observations found in buckets, but the Count field is 11: histogram's observation count \
         should equal the number of observations found in the buckets (in absence of NaN)"
    );
    assert_eq!(histogram.positive.counts, [2.0, 3.0, 2.0]);
    assert_eq!(histogram.positive.spans[0].offset, -2);
    assert_eq!(histogram.sum, 5.5);
    assert!(!list.next(&mut read).unwrap());
}

#[test]
fn what_is_no_message_is_refused_whole() {
    let store = MemoryStore::default();
    let whole = request(&[series(&[("__name__", "a")], &[(NOW, 1.0)])]);
    let plain = snap::raw::Decoder::new().decompress_vec(&whole).unwrap();
    let compress = |bytes: &[u8]| snap::raw::Encoder::new().compress_vec(bytes).unwrap();
    let mut bomb = Vec::new();
    varint(&mut bomb, 1 << 40);
    for body in [
        b"nonsense".to_vec(),
        compress(&plain[..plain.len() - 8]),
        bomb,
        Vec::new(),
    ] {
        assert!(receive(&body, &store, NOW).is_err(), "{body:?}");
    }
    assert_eq!(stored(&store).len(), 0);
    // Every cut of the message, and every byte of it changed: an answer, never a panic.
    for len in 0..plain.len() {
        let _ = receive(&compress(&plain[..len]), &store, NOW);
        let mut changed = plain.clone();
        changed[len] ^= 0x55;
        let _ = receive(&compress(&changed), &store, NOW);
    }
}
