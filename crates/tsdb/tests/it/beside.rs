//! Exemplars and metadata: kept beside samples, in memory and in the log; and records of the log
//! that nobody knows.

use std::path::Path;

use host::fs::{Fs, SimulatedFs};
use model::{Exemplar, Labels, Matcher, Metadata, MetricType, TimeRange};
use storage::{Append, AppendExemplar, Appendable, ExemplarError};
use tsdb::Options;
use tsdb::wal::record::{RefMetadata, decode_metadata};

use crate::fixture::{Fixture, HOUR, START, labels, open, open_with, options};

fn keeping(max_exemplars: usize) -> Options {
    Options {
        max_exemplars,
        // What was forgotten while it ran comes back from the log only.
        memory_snapshot: false,
        ..options()
    }
}

fn exemplar(time: i64, trace: &str) -> Exemplar {
    Exemplar {
        labels: Labels::from_pairs([("trace_id", trace)]),
        value: 0.5,
        timestamp: time,
        has_timestamp: true,
    }
}

/// Appends a sample of a series with an exemplar.
fn observe(f: &Fixture, series: usize, time: i64, trace: &str) -> Result<(), ExemplarError> {
    let labels = labels(series);
    let mut appender = f.db.appender();
    let reference = appender.append(Append::new(&labels, time, 1.0)).unwrap();
    let outcome = appender.append_exemplar(AppendExemplar {
        series: Some(reference),
        labels: &labels,
        exemplar: &exemplar(time, trace),
    });
    appender.commit().unwrap();
    outcome
}

/// The exemplars of each series as `pod: trace trace …`.
fn kept(f: &Fixture) -> Vec<String> {
    let everything = [vec![Matcher::equal("__name__", "m")]];
    let found = f.db.exemplars(TimeRange::ALL, &everything);
    let line = |series: &model::SeriesExemplars| {
        let traces = series.exemplars.iter().map(|it| it.labels.get("trace_id"));
        let traces: Vec<_> = traces.map(Option::unwrap).collect();
        format!(
            "{}: {}",
            series.labels.get("pod").unwrap(),
            traces.join(" ")
        )
    };
    found.iter().map(line).collect()
}

#[test]
fn exemplars_survive_a_restart_and_a_change_of_size() {
    let fs = SimulatedFs::default();
    let f = open_with(&fs, keeping(4)).unwrap();
    for (series, time, trace) in [(1, 0, "a"), (2, 0, "b"), (1, 5, "c")] {
        observe(&f, series, START + time, trace).unwrap();
    }
    assert_eq!(kept(&f), ["pod-1: a c", "pod-2: b"]);
    assert_eq!(f.metric("prometheus_tsdb_exemplar_max_exemplars"), 4.0);
    assert_eq!(
        f.metric("prometheus_tsdb_exemplar_exemplars_in_storage"),
        3.0
    );
    let series = "prometheus_tsdb_exemplar_series_with_exemplars_in_storage";
    assert_eq!(f.metric(series), 2.0);
    f.db.close().unwrap();

    let f = open_with(&fs, keeping(2)).unwrap();
    assert_eq!(kept(&f), ["pod-1: c", "pod-2: b"], "of too many the newest");
    f.db.set_max_exemplars(1);
    assert_eq!(kept(&f), ["pod-1: c"]);
    f.db.set_max_exemplars(0);
    assert!(kept(&f).is_empty());
    assert_eq!(observe(&f, 1, START + 9, "d"), Ok(()), "forgotten");
    f.db.set_max_exemplars(9);
    assert!(kept(&f).is_empty());
    f.db.close().unwrap();

    assert!(kept(&open(&fs)).is_empty(), "none are kept");
    let f = open_with(&fs, keeping(9)).unwrap();
    assert_eq!(
        kept(&f),
        ["pod-1: a c", "pod-2: b"],
        "d never was in the log"
    );
}

#[test]
fn refusals_say_why() {
    let f = open_with(&SimulatedFs::default(), keeping(9)).unwrap();
    observe(&f, 1, START + 1_000, "a").unwrap();
    observe(&f, 1, START + 1_001, "b").unwrap();
    let offer = |series: usize, time: i64, trace: &str| {
        let labels = labels(series);
        let mut appender = f.db.appender();
        let outcome = appender.append_exemplar(AppendExemplar {
            series: None,
            labels: &labels,
            exemplar: &exemplar(START + time, trace),
        });
        appender.commit().unwrap();
        outcome.map_err(|error| error.to_string())
    };
    let long = "x".repeat(121);
    let refused = |text: &str| Err(text.to_owned());
    for (series, time, trace, want) in [
        (1, 1_001, "b", Ok(())),
        (1, 1_000, "c", refused("out of order exemplar")),
        (1, 1_002, &long[..120], Ok(())),
        (
            1,
            1_003,
            &long,
            refused("label length for exemplar exceeds maximum of 128 UTF-8 characters"),
        ),
        (
            7,
            1_003,
            "d",
            refused("unknown HeadSeriesRef when trying to add exemplar: 0"),
        ),
    ] {
        assert_eq!(offer(series, time, trace), want, "{series} {time} {trace}");
    }
    assert_eq!(kept(&f), [format!("pod-1: a b {}", &long[..120])]);
    f.db.set_out_of_order_window(500);
    offer(1, 700, "late").unwrap();
    assert_eq!(kept(&f), [format!("pod-1: late a b {}", &long[..120])]);
}

/// Appends a sample of a series with metadata.
fn describe(f: &Fixture, series: usize, time: i64, help: &str) {
    let labels = labels(series);
    let metadata = Metadata {
        metric_type: MetricType::Counter,
        help: help.to_owned(),
        unit: "s".to_owned(),
    };
    let mut append = Append::new(&labels, time, 1.0);
    append.metadata = Some(&metadata);
    let mut appender = f.db.appender();
    appender.append(append).unwrap();
    appender.commit().unwrap();
}

/// Fragments of whole records in a file of the log that is not compressed.
fn records(bytes: &[u8]) -> Vec<&[u8]> {
    let mut rest = bytes;
    let mut records = Vec::new();
    while rest.len() > 7 && rest[0] != 0 {
        assert_eq!(rest[0], 1, "a whole record");
        let len = usize::from(u16::from_be_bytes([rest[1], rest[2]]));
        records.push(&rest[7..7 + len]);
        rest = &rest[7 + len..];
    }
    records
}

/// All that files whose path has `part` say of series, as `reference help`.
fn described(fs: &SimulatedFs, part: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (path, _) in fs.files() {
        if !path.display().to_string().contains(part) {
            continue;
        }
        let bytes = fs.read(&path).unwrap();
        for record in records(&bytes).into_iter().filter(|record| record[0] == 6) {
            let each = |news: RefMetadata<'_>| {
                assert_eq!((news.metric_type(), news.unit), (MetricType::Counter, "s"));
                found.push(format!("{} {}", news.series, news.help));
            };
            decode_metadata(record, each).unwrap();
        }
    }
    found
}

fn plain() -> Options {
    let mut options = keeping(100);
    options.wal.compression = tsdb::Compression::None;
    options.wal.segment_bytes = 32 << 10;
    options
}

#[test]
fn metadata_is_logged_when_it_is_news() {
    let fs = SimulatedFs::default();
    let f = open_with(&fs, plain()).unwrap();
    for (time, help) in [(0, "old"), (1, "old"), (2, "new"), (3, "new")] {
        describe(&f, 1, START + time, help);
        describe(&f, 2, START + time, "other");
    }
    let all = ["1 old", "2 other", "1 new"];
    assert_eq!(described(&fs, "/wal/"), all);
    f.db.close().unwrap();
    let f = open_with(&fs, plain()).unwrap();
    describe(&f, 1, START + 4, "new");
    describe(&f, 2, START + 4, "other");
    assert_eq!(described(&fs, "/wal/"), all, "known from before");
}

#[test]
fn checkpoints_keep_the_latest_metadata_and_young_exemplars() {
    let fs = SimulatedFs::default();
    let f = open_with(&fs, plain()).unwrap();
    describe(&f, 1, START, "old");
    describe(&f, 1, START + 1, "new");
    describe(&f, 5_000, START + 1, "soon gone");
    observe(&f, 1, START + 2, "old").unwrap();
    let end = START + 5 * HOUR;
    f.fill(3, START + 10, end, 15_000);
    observe(&f, 1, end, "young").unwrap();
    f.fill(3, end + 10, end + HOUR, 15_000);
    f.db.maintain().unwrap();
    f.db.maintain().unwrap();
    assert_eq!(described(&fs, "/checkpoint."), ["1 new"]);
    assert_eq!(kept(&f), ["pod-1: old young"], "the ring is not truncated");
    f.db.close().unwrap();
    let f = open_with(&fs, plain()).unwrap();
    assert_eq!(kept(&f), ["pod-1: young"]);
}

/// A record as a whole fragment.
fn fragment(record: &[u8]) -> Vec<u8> {
    let mut out = vec![1];
    out.extend_from_slice(&u16::try_from(record.len()).unwrap().to_be_bytes());
    out.extend_from_slice(&crc32c::crc32c(record).to_be_bytes());
    out.extend_from_slice(record);
    out
}

#[test]
fn records_of_unknown_kinds_are_passed_over_and_counted() {
    let fs = SimulatedFs::default();
    let f = open_with(&fs, plain()).unwrap();
    f.fill(2, START, START + 1_000, 100);
    let before = f.all();
    f.db.close().unwrap();
    let mut bytes = fragment(&[99, 1, 2, 3]);
    bytes.extend(fragment(&[200]));
    fs.write(Path::new("/data/wal/00000001"), &bytes).unwrap();
    let f = open_with(&fs, plain()).unwrap();
    assert_eq!(f.all(), before);
    let skipped = "narthex_tsdb_wal_replay_skipped_records_total";
    assert_eq!(f.metric(skipped), 2.0);
    assert_eq!(f.db.corruptions(), 0);
}
