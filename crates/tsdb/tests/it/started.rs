//! Chunks with start timestamps, as Prometheus 3.14 writes them behind its features `xor2-encoding`,
//! `st-storage` and `histograms-st-encoding`.

use std::path::Path;

use host::fs::{Fs, SimulatedFs};
use model::value::STALE;
use model::{Matcher, TimeRange};
use storage::{Queryable, SampleBuffer, Select};
use tsdb::inspect;

use crate::fixture::{Fixture, open};

macro_rules! block {
    ($ulid:literal) => {
        (
            $ulid,
            [
                (
                    "meta.json",
                    include_bytes!(concat!("../../testdata/blocks/", $ulid, "/meta.json"))
                        .as_slice(),
                ),
                (
                    "index",
                    include_bytes!(concat!("../../testdata/blocks/", $ulid, "/index")).as_slice(),
                ),
                (
                    "tombstones",
                    include_bytes!(concat!("../../testdata/blocks/", $ulid, "/tombstones"))
                        .as_slice(),
                ),
                (
                    "chunks/000001",
                    include_bytes!(concat!("../../testdata/blocks/", $ulid, "/chunks/000001"))
                        .as_slice(),
                ),
            ],
        )
    };
}

type Files = (&'static str, [(&'static str, &'static [u8]); 4]);

/// Floats by remote write: even, jittering and interrupted times; constant, counting and wild values.
const FLOATS: Files = block!("01M7YY613KMQYHWK4T97AEZ9DG");
/// Counters and native histograms by scraping, without and with start timestamps.
const SCRAPED: Files = block!("01M7YY54FD3970W0K9W57K38B2");

fn with_block(files: Files) -> Fixture {
    let f = open(&on_disk(files));
    assert_eq!(f.metric("prometheus_tsdb_blocks_loaded"), 1.0);
    f
}

fn on_disk((ulid, files): Files) -> SimulatedFs {
    let fs = SimulatedFs::default();
    let dir = Path::new("/data").join(ulid);
    fs.create_dir_all(&dir.join("chunks")).unwrap();
    for (name, bytes) in files {
        fs.write(&dir.join(name), bytes).unwrap();
    }
    fs
}

#[test]
fn an_index_of_version_3_is_one_of_version_2() {
    let (ulid, mut files) = FLOATS;
    // As text: a stale marker is not equal to itself.
    let all = format!("{:?}", with_block(FLOATS).all());
    for (version, loaded) in [(3, true), (4, false)] {
        let mut index = files[1].1.to_vec();
        index[4] = version;
        files[1].1 = index.leak();
        let fs = on_disk((ulid, files));
        let f = open(&fs);
        assert_eq!(!f.all().is_empty(), loaded, "{version}");
        assert!(!loaded || format!("{:?}", f.all()) == all, "{version}");
    }
}

/// The samples of the only series on which the matchers hold.
fn samples(f: &Fixture, matchers: &[Matcher]) -> SampleBuffer {
    let querier = f.db.querier(TimeRange::ALL).unwrap();
    let select = Select::new(matchers.to_vec(), TimeRange::ALL);
    let set = querier.select(&select).unwrap();
    assert_eq!(set.len(), 1, "{matchers:?}");
    let mut buffer = SampleBuffer::default();
    set.read(0, &mut buffer).unwrap();
    buffer
}

fn times(kind: &str) -> Vec<i64> {
    let mut time = 1_700_000_000_000;
    let mut times = Vec::new();
    for index in 0..300 {
        times.push(time);
        time += 1_000;
        match kind {
            "jitter" => time += JITTER[index % 10],
            "gaps" if index % 37 == 36 => {
                time += [5_000, 100_000, 6_000, 0x7_ffff][index / 37 % 4];
            }
            _ => {}
        }
    }
    times
}

fn float(kind: &str, index: usize) -> f64 {
    const WILD: [f64; 8] = [0.1, -1e300, 5e-324, f64::INFINITY, 3.5, 3.5, 3.5, 0.0];
    match kind {
        "constant" if index.is_multiple_of(50) => STALE,
        "constant" => 1.0,
        "counter" => (index * 3) as f64,
        _ if index % 11 == 5 => STALE,
        _ => WILD[index % 8],
    }
}

#[test]
fn floats_of_the_second_xor_encoding_are_read() {
    let f = with_block(FLOATS);
    for spacing in ["even", "jitter", "gaps"] {
        for values in ["constant", "counter", "wild"] {
            let matchers = [Matcher::equal("t", spacing), Matcher::equal("v", values)];
            let found = samples(&f, &matchers);
            assert_eq!(found.timestamps(), times(spacing), "{spacing} {values}");
            for (index, value) in found.values().iter().enumerate() {
                let want = float(values, index).to_bits();
                assert_eq!(value.to_bits(), want, "{spacing} {values} {index}");
            }
        }
    }
}

/// Time of the scraped page at this place, and since when it counts.
fn scraped(kind: &str, index: i64) -> (i64, i64) {
    const BASE: i64 = 1_795_260_725_000;
    let start = match kind {
        "fixed" => BASE - 5_000,
        "late" if index < 20 => 0,
        "late" => BASE + index / 8 * 100,
        "resets" if index < 5 => BASE - 1,
        "resets" => BASE + index / 7 * 700 - index % 7 * 3,
        _ => 0,
    };
    (BASE + index * 1_000 + JITTER[(index % 10) as usize], start)
}

#[test]
fn scraped_series_are_read_with_and_without_start_timestamps() {
    let f = with_block(SCRAPED);
    for kind in ["none", "fixed", "late", "resets"] {
        let expected: Vec<(i64, i64)> = (0..231).map(|index| scraped(kind, index)).collect();
        let want: Vec<i64> = expected.iter().map(|&(time, _)| time).collect();
        let starts: Vec<i64> = expected.iter().map(|&(_, start)| start).collect();

        let found = samples(&f, &[Matcher::equal("__name__", format!("c_{kind}_total"))]);
        assert_eq!(found.timestamps(), want, "{kind}");
        let values: Vec<f64> = (0..231).map(|index| f64::from(index * 3)).collect();
        assert_eq!(found.values(), values, "{kind}");

        for (name, extra) in [("h0", 0.0), ("h1", 0.5)] {
            let name = format!("{name}_{kind}");
            let found = samples(&f, &[Matcher::equal("__name__", &name)]);
            let histograms = found.histograms();
            assert_eq!(histograms.timestamps(), want, "{name}");
            assert_eq!(histograms.start_timestamps(), starts, "{name}");
            for (index, histogram) in (0u32..).zip(histograms.values()) {
                let buckets = [10 + index * 2, 4 + index, 1 + index / 3].map(f64::from);
                let zero = f64::from(index / 5);
                assert_eq!(histogram.positive.counts, buckets, "{name} {index}");
                assert_eq!(histogram.sum, f64::from(index) * 1.5, "{name} {index}");
                assert_eq!(histogram.zero_count, zero + extra, "{name} {index}");
                let count = buckets.iter().sum::<f64>() + zero + extra;
                assert_eq!(histogram.count, count, "{name} {index}");
            }
        }
    }
}

#[test]
fn samples_in_them_are_counted() {
    for (files, count) in [(FLOATS, 2_700), (SCRAPED, 3_927)] {
        let f = with_block(files);
        let verified = inspect::verify(&f.fs, Path::new("/data"), &mut |_, _| {}).unwrap();
        assert_eq!(verified.samples, count);
        assert_eq!(verified.findings, []);
    }
}

const JITTER: [i64; 10] = [0, 3, -3, 0, 500, -400, 7, 0, 0, -1];
