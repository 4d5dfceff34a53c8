//! Data that Prometheus wrote, byte for byte.

use std::path::Path;

use host::fs::{Fs, SimulatedFs};
use model::TimeRange;
use storage::SampleBuffer;
use tsdb::chunk::xor::{self, XorAppender};

use crate::fixture::{chunks_of, open};

const ULID: &str = "01M7Y0H24C6SQKT2ZPTZ0JMFS1";
const CHUNKS: &[u8] =
    include_bytes!("../../testdata/blocks/01M7Y0H24C6SQKT2ZPTZ0JMFS1/chunks/000001");
const FILES: [(&str, &[u8]); 4] = [
    ("chunks/000001", CHUNKS),
    (
        "index",
        include_bytes!("../../testdata/blocks/01M7Y0H24C6SQKT2ZPTZ0JMFS1/index"),
    ),
    (
        "meta.json",
        include_bytes!("../../testdata/blocks/01M7Y0H24C6SQKT2ZPTZ0JMFS1/meta.json"),
    ),
    (
        "tombstones",
        include_bytes!("../../testdata/blocks/01M7Y0H24C6SQKT2ZPTZ0JMFS1/tombstones"),
    ),
];
const DUMP: &str = include_str!("../../testdata/blocks/golden.dump");

#[test]
fn a_block_of_prometheus_reads_as_promtool_dumps_it() {
    let fs = SimulatedFs::default();
    let dir = Path::new("/data").join(ULID);
    fs.create_dir_all(&dir.join("chunks")).unwrap();
    for (name, bytes) in FILES {
        fs.write(&dir.join(name), bytes).unwrap();
    }
    let f = open(&fs);
    assert_eq!(f.metric("prometheus_tsdb_blocks_loaded"), 1.0);
    let mut found = Vec::new();
    for (labels, samples) in f.query(&[], TimeRange::ALL) {
        let kind = labels
            .split("kind=\"")
            .nth(1)
            .unwrap()
            .split('"')
            .next()
            .unwrap()
            .to_owned();
        found.extend(
            samples
                .into_iter()
                .map(|(time, value)| (kind.clone(), time, value.to_bits())),
        );
    }
    let mut want = Vec::new();
    for line in DUMP.lines() {
        let kind = line
            .split("kind=\"")
            .nth(1)
            .unwrap()
            .split('"')
            .next()
            .unwrap()
            .to_owned();
        let mut words = line.rsplitn(3, ' ');
        let time: i64 = words.next().unwrap().parse().unwrap();
        let value: f64 = match words.next().unwrap() {
            "NaN" => f64::from_bits(model::value::NORMAL_NAN_BITS),
            number => number.parse().unwrap(),
        };
        want.push((kind, time, value.to_bits()));
    }
    found.sort_unstable();
    want.sort_unstable();
    assert!(found == want);
}

#[test]
fn our_chunks_are_prometheus_bytes() {
    let chunks = chunks_of(CHUNKS);
    assert_eq!(chunks.len(), 7);
    for (encoding, data) in chunks {
        assert_eq!(encoding, 1, "XOR encoding");
        let mut samples = SampleBuffer::default();
        xor::decode(data, &mut samples).unwrap();
        let mut appender = XorAppender::new();
        for (&time, &value) in samples.timestamps().iter().zip(samples.values()) {
            appender.append(time, value);
        }
        assert_eq!(&*appender.take(), data);
    }
}
