//! A block with native histograms that Prometheus wrote.

use std::collections::BTreeMap;
use std::path::Path;

use host::fs::{Fs, SimulatedFs};
use model::value::is_stale;
use model::{Histogram, TimeRange};
use storage::{Queryable, SampleBuffer, Select};

use crate::fixture::{chunks_of, open};

const ULID: &str = "01M7YDRWSP3B2C7RV7P8TY6MFY";
const FILES: [(&str, &[u8]); 4] = [
    (
        "chunks/000001",
        include_bytes!("../../testdata/blocks/01M7YDRWSP3B2C7RV7P8TY6MFY/chunks/000001"),
    ),
    (
        "index",
        include_bytes!("../../testdata/blocks/01M7YDRWSP3B2C7RV7P8TY6MFY/index"),
    ),
    (
        "meta.json",
        include_bytes!("../../testdata/blocks/01M7YDRWSP3B2C7RV7P8TY6MFY/meta.json"),
    ),
    (
        "tombstones",
        include_bytes!("../../testdata/blocks/01M7YDRWSP3B2C7RV7P8TY6MFY/tombstones"),
    ),
];
const GOLDEN: &str = include_str!("../../testdata/blocks/histograms.golden");

/// Count, sum and the counts of buckets that are not empty, lowest first.
fn content(histogram: &Histogram) -> Vec<f64> {
    let negative = histogram.negative.counts.iter().rev();
    let zero = std::iter::once(&histogram.zero_count);
    let buckets = negative.chain(zero).chain(&histogram.positive.counts);
    let mut content = vec![histogram.count, histogram.sum];
    content.extend(buckets.copied().filter(|&count| count != 0.0));
    content
}

#[test]
fn histograms_read_as_prometheus_answers() {
    let fs = SimulatedFs::default();
    let dir = Path::new("/data").join(ULID);
    fs.create_dir_all(&dir.join("chunks")).unwrap();
    for (name, bytes) in FILES {
        fs.write(&dir.join(name), bytes).unwrap();
    }
    let f = open(&fs);
    let querier = f.db.querier(TimeRange::ALL).unwrap();
    let set = querier
        .select(&Select::new(Vec::new(), TimeRange::ALL))
        .unwrap();
    let mut found = BTreeMap::new();
    let mut buffer = SampleBuffer::default();
    for index in 0..set.len() {
        set.read(index, &mut buffer).unwrap();
        let labels = set.labels(index);
        let name = labels.metric_name().unwrap().to_owned();
        let ends = usize::from(name == "gold_int");
        assert_eq!(buffer.len(), ends, "only one of the series ends");
        assert!(buffer.values().iter().all(|&value| is_stale(value)));
        let histograms = buffer.histograms();
        for (&time, histogram) in histograms.timestamps().iter().zip(histograms.values()) {
            found.insert((name.clone(), time), content(histogram));
        }
    }
    let mut want = BTreeMap::new();
    for line in GOLDEN.lines() {
        let mut words = line.split(' ');
        let name = words.next().unwrap().to_owned();
        let time: i64 = words.next().unwrap().parse().unwrap();
        let numbers = words
            .flat_map(|word| word.split(','))
            .map(|n| n.parse().unwrap());
        want.insert((name, time), numbers.collect::<Vec<f64>>());
    }
    assert_eq!(want.len(), 350);
    assert!(found == want, "{found:?}");
}

#[test]
fn damaged_chunks_are_errors_whatever_the_damage() {
    for (encoding, data) in chunks_of(FILES[0].1) {
        let encoding = tsdb::chunk::ChunkEncoding::from_number(encoding).unwrap();
        let len = data.len();
        let mut buffer = SampleBuffer::default();
        encoding.decode(data, &mut buffer).unwrap();
        for end in 0..len {
            let outcome = encoding.decode(&data[..end], &mut SampleBuffer::default());
            assert!(outcome.is_err() || end < 2, "{end} of {len} bytes");
        }
        for bit in (0..len * 8).step_by(17) {
            let mut damaged = data.to_vec();
            damaged[bit / 8] ^= 1 << (bit % 8);
            // A flipped bit may well give another valid chunk: it must only end.
            let _ = encoding.decode(&damaged, &mut SampleBuffer::default());
        }
    }
}

/// Where all samples have the buckets of the chunk, writing it again gives its bytes.
#[test]
fn our_chunks_are_prometheus_bytes() {
    use model::histogram::CounterResetHint;
    use tsdb::chunk::histogram::HistogramAppender;

    let mut same = 0;
    for (encoding, data) in chunks_of(FILES[0].1) {
        let encoding = tsdb::chunk::ChunkEncoding::from_number(encoding).unwrap();
        let mut buffer = SampleBuffer::default();
        encoding.decode(data, &mut buffer).unwrap();
        let histograms = buffer.histograms();
        let mut samples = histograms.timestamps().iter().zip(histograms.values());
        let (&time, first) = samples.next().unwrap();
        let hint = match data[2] >> 6 {
            0b01 => CounterResetHint::NotReset,
            0b10 => CounterResetHint::Reset,
            _ => CounterResetHint::Unknown,
        };
        let mut chunk = HistogramAppender::begin(time, first, hint);
        for (&time, histogram) in samples {
            chunk.check(histogram).unwrap();
            chunk.append(time, histogram).unwrap();
        }
        for &time in buffer.timestamps() {
            chunk
                .append(time, &std::sync::Arc::new(Histogram::stale()))
                .unwrap();
        }
        if chunk.encoding() == encoding {
            assert_eq!(chunk.bytes(), data);
            same += 1;
        }
    }
    assert!(same >= 3, "{same} chunks");
}
