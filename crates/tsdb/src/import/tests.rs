//! Pages in pieces of every length give the same blocks and the same errors as in one.

use std::path::Path;
use std::sync::Arc;

use exposition::Registry;
use host::clock::SimulatedClock;
use host::fs::{Fs as _, SimulatedFs};
use model::{Labels, Matcher, TimeRange};
use storage::{Queryable as _, SampleBuffer, Select};

use super::{Import, ImportOptions};
use crate::{Db, Options};

/// First time, end, series, chunks, samples.
type Block = (i64, i64, u64, u64, u64);
type Samples = Vec<(String, Vec<(i64, u64)>)>;

const SPAN: i64 = 7_200_000;

/// Imports a page; returns times and counts of the blocks, and the error if there was one.
fn import(
    fs: &SimulatedFs,
    page: &str,
    piece_bytes: usize,
    room: usize,
) -> (Vec<Block>, Option<String>) {
    fs.write(Path::new("/page"), page.as_bytes()).unwrap();
    fs.create_dir_all(Path::new("/data")).unwrap();
    let options = ImportOptions {
        labels: vec![("from", "page")],
        piece_bytes,
        room,
        ..ImportOptions::new(SPAN)
    };
    let mut blocks = Vec::new();
    let read = Import::read(fs, Path::new("/page"), options, &mut |_, _| {});
    let mut import = match read {
        Ok(import) => import,
        Err(error) => return (blocks, Some(error.to_string())),
    };
    loop {
        match import.write_next(Path::new("/data"), 0) {
            Ok(None) => return (blocks, None),
            Err(error) => return (blocks, Some(error.to_string())),
            Ok(Some(meta)) => {
                let stats = &meta.stats;
                let counts = (stats.num_series, stats.num_chunks, stats.num_samples);
                let times = (meta.min_time, meta.max_time);
                blocks.push((times.0, times.1, counts.0, counts.1, counts.2));
            }
        }
    }
}

/// Everything that a server that is started on the folder says.
fn stored(fs: SimulatedFs) -> Samples {
    let clock = Arc::new(SimulatedClock::at(0));
    let db = Db::open(Options::new("/data"), Arc::new(fs), clock, &Registry::new()).unwrap();
    let querier = db.querier(TimeRange::ALL).unwrap();
    let all = Select::new(vec![Matcher::equal("from", "page")], TimeRange::ALL);
    let set = querier.select(&all).unwrap();
    let mut buffer = SampleBuffer::default();
    let mut samples: Samples = (0..set.len())
        .map(|series| {
            buffer.clear();
            set.read(series, &mut buffer).unwrap();
            let values = buffer.values().iter().map(|value| value.to_bits());
            let pairs = buffer.timestamps().iter().copied().zip(values);
            (set.labels(series).to_string(), pairs.collect())
        })
        .collect();
    samples.sort();
    samples
}

/// Seven hours of forty series, either series by series or time by time.
fn page(by_series: bool) -> (String, Samples) {
    let (series, steps) = (40_i64, 420_i64);
    let mut lines = vec![String::new(); (series * steps) as usize];
    let mut samples = Samples::new();
    for number in 0..series {
        let mut own = Vec::new();
        for step in 0..steps {
            let value = (step * (number + 1)) as f64 / 8.0;
            let seconds = 1_600_000_000 + step * 60;
            let place = match by_series {
                true => number * steps + step,
                false => step * series + number,
            };
            // Every other line spells the labels in another order.
            let text = match step % 2 {
                0 => format!("a_total{{b=\"{number}\",c=\"d\"}} {value} {seconds}.25\n"),
                _ => format!("a_total{{c=\"d\",b=\"{number}\"}} {value} {seconds}.25\n"),
            };
            lines[place as usize] = text;
            own.push((seconds * 1_000 + 250, value.to_bits()));
        }
        let number = number.to_string();
        let pairs = [
            ("__name__", "a_total"),
            ("b", &*number),
            ("c", "d"),
            ("from", "page"),
        ];
        samples.push((Labels::from_pairs(pairs).to_string(), own));
    }
    samples.sort();
    let text = format!("# TYPE a counter\n# HELP a b\n{}# EOF\n", lines.concat());
    (text, samples)
}

#[test]
fn neither_pieces_nor_room_change_the_blocks() {
    for by_series in [false, true] {
        let (page, samples) = page(by_series);
        let mut first = None;
        for (piece_bytes, room) in [
            (1 << 20, 1 << 30),
            (1 << 10, 1 << 30),
            (1 << 12, 60_000),
            (1 << 10, 1),
            (37, 30_000),
        ] {
            let fs = SimulatedFs::default();
            let (blocks, error) = import(&fs, &page, piece_bytes, room);
            assert_eq!(error, None);
            let want = first.get_or_insert_with(|| blocks.clone());
            assert_eq!(&blocks, want, "pieces of {piece_bytes}, room {room}");
            assert_eq!(blocks.len(), 4);
            assert_eq!(stored(fs), samples, "pieces of {piece_bytes}, room {room}");
        }
    }
}

#[test]
fn errors_name_their_line_however_the_page_is_cut() {
    let lines = |count: usize| -> String {
        let line = |number| format!("a{{i=\"{number}\"}} 1 1000\n");
        (0..count).map(line).collect()
    };
    let next = "getting min and max timestamp: next: ";
    let add = "block creation: process blocks: add sample: ";
    let cases = [
        (
            String::new(),
            format!("{next}line 1: data does not end with # EOF while parsing: \"\""),
        ),
        (
            lines(50),
            format!("{next}line 51: data does not end with # EOF while parsing: \"\""),
        ),
        (
            format!("{}a 1", lines(50)),
            format!("{next}line 51: data does not end with # EOF while parsing: \"a 1\""),
        ),
        (
            format!("{}# EOF\nb 1 1\n", lines(3)),
            format!("{next}line 4: unexpected data after # EOF while parsing: \"# EOF\\nb\""),
        ),
        (
            format!("{}# EOF\n# EOF\n", lines(3)),
            format!("{next}line 4: unexpected data after # EOF while parsing: \"# EOF\\n#\""),
        ),
        (
            format!("{}a{{i=\"0\"}} x 2\n{}# EOF\n", lines(50), lines(50)),
            format!(
                "{next}line 51: invalid number as value while parsing: \"a{{i=\\\"0\\\"}} x \""
            ),
        ),
        (
            format!("{}a 1\n# EOF\n", lines(50)),
            "getting min and max timestamp: expected timestamp for series got none (line 51)"
                .to_owned(),
        ),
        (
            format!("{}a{{i=\"0\"}} 2 900\n# EOF\n", lines(6_000)),
            format!("{add}out of order sample (line 6001)"),
        ),
        (
            format!("{}a{{i=\"0\"}} 2 1000\n# EOF\n", lines(6_000)),
            format!("{add}duplicate sample for timestamp (line 6001)"),
        ),
        (
            format!("{}a{{b=\"1\",b=\"2\"}} 2 1000\n# EOF\n", lines(2)),
            format!("{add}label name \"b\" is not unique: invalid sample (line 3)"),
        ),
    ];
    for (page, want) in cases {
        for piece_bytes in [1 << 20, 1 << 10, 16, 1] {
            let fs = SimulatedFs::default();
            let (blocks, error) = import(&fs, &page, piece_bytes, 1 << 30);
            assert_eq!(error.as_deref(), Some(&*want), "pieces of {piece_bytes}");
            assert_eq!(blocks, [], "pieces of {piece_bytes}");
        }
    }
}

/// As promtool has it: a sample that is not later than the one before it is left out, and refused
/// only if 5,000 samples of the block were taken in between; blocks before that are written.
#[test]
fn samples_that_are_not_later_are_left_out() {
    let many: String = (0..5_000)
        .map(|i| format!("m{{i=\"{i}\"}} 1 9000\n"))
        .collect();
    let cases = [
        ("# EOF\n".to_owned(), vec![], None),
        (
            "a 1 1000\na 2 900\na 3 1100\na 4 1100\n# EOF\n".to_owned(),
            vec![(1_000_000, 1_100_001, 1, 1, 2)],
            None,
        ),
        (
            "a 1 9000\na 2 900\n# EOF\n".to_owned(),
            vec![(900_000, 900_001, 1, 1, 1), (9_000_000, 9_000_001, 1, 1, 1)],
            None,
        ),
        (
            format!("a 1 9000\na 1 10\n{many}a 1 9000\n# EOF\n"),
            vec![
                (10_000, 10_001, 1, 1, 1),
                (9_000_000, 9_000_001, 5_001, 5_001, 5_001),
            ],
            None,
        ),
        (
            format!("a 1 9000\na 1 10\n{many}a 2 9000\na 2 20\n# EOF\n"),
            vec![(10_000, 20_001, 1, 1, 2)],
            Some(
                "block creation: process blocks: add sample: duplicate sample for timestamp (line 5003)",
            ),
        ),
    ];
    for (page, blocks, error) in cases {
        for room in [1 << 30, 1] {
            let fs = SimulatedFs::default();
            let (made, said) = import(&fs, &page, 64, room);
            assert_eq!((made, said.as_deref()), (blocks.clone(), error), "{room}");
        }
    }
}
