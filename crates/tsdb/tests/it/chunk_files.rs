//! Files of head chunks that a Prometheus left beside the log.

use std::path::Path;

use host::fs::{Fs, SimulatedFs};
use tsdb::chunk::xor::XorAppender;
use tsdb::inspect;

use crate::fixture::{START, open, value};

const FOLDER: &str = "/data/chunks_head";

/// A file with a chunk of the first series, of these seconds behind the start.
fn file(from: i64, to: i64) -> Vec<u8> {
    let mut chunk = XorAppender::new();
    let (first, last) = (START + from * 1_000, START + to * 1_000);
    for time in (first..=last).step_by(STEP as usize) {
        chunk.append(time, value(0, time));
    }
    let chunk = chunk.take();
    let mut body = 1u64.to_be_bytes().to_vec();
    body.extend_from_slice(&first.to_be_bytes());
    body.extend_from_slice(&last.to_be_bytes());
    body.push(1);
    let len = chunk.len();
    body.extend([(len & 0x7f) as u8 | 0x80, (len >> 7) as u8]);
    body.extend_from_slice(&chunk);
    let checksum = crc32c::crc32c(&body).to_be_bytes();
    let mut bytes = vec![0x01, 0x30, 0xBC, 0x91, 1, 0, 0, 0];
    bytes.extend_from_slice(&body);
    bytes.extend_from_slice(&checksum);
    bytes.resize(bytes.len() + 1_000, 0);
    bytes
}

fn write(fs: &SimulatedFs, files: &[Vec<u8>]) {
    fs.create_dir_all(Path::new(FOLDER)).unwrap();
    for (number, bytes) in (1..).zip(files) {
        let path = format!("{FOLDER}/{number:06}");
        fs.write(Path::new(&path), bytes).unwrap();
    }
}

/// The first block ends 6,400 s behind the start, the second 7,200 s later.
#[test]
fn files_go_from_the_oldest_on_when_blocks_have_what_is_in_them() {
    let fs = SimulatedFs::default();
    let f = open(&fs);
    f.fill(1, START, START + 7_200_000, STEP);
    drop(f);
    let mut damaged = file(60, 120);
    damaged[20] ^= 1;
    write(
        &fs,
        &[file(0, 1_800), file(1_815, 7_005), damaged, file(0, 60)],
    );

    let f = open(&fs);
    // What is damaged is cut off, with what is behind it: the log has it.
    assert_eq!(f.paths(FOLDER).len(), 3);
    assert_eq!(f.metric("prometheus_tsdb_wal_corruptions_total"), 1.0);
    f.fill(1, START + 7_200_000, START + 11_100_000, STEP);
    f.db.maintain().unwrap();
    assert_eq!(f.metric("prometheus_tsdb_blocks_loaded"), 1.0);
    assert!(f.paths(FOLDER)[0].ends_with("/000002"));
    f.fill(1, START + 11_100_000, START + 18_000_000, STEP);
    f.db.maintain().unwrap();
    let left = f.paths(FOLDER);
    let are_gone = |number| !left.iter().any(|path| path.ends_with(number));
    assert!(
        ["/000001", "/000002", "/000003"].into_iter().all(are_gone),
        "{left:?}"
    );
    let all = f.all();
    drop(f);
    assert!(open(&fs).all() == all);
    let times = (START..START + 18_000_000).step_by(STEP as usize);
    let want: Vec<_> = times.map(|time| (time, value(0, time))).collect();
    assert!(all[0].1 == want);
}

#[test]
fn what_is_behind_a_missing_file_comes_from_the_log() {
    let fs = SimulatedFs::default();
    let f = open(&fs);
    f.fill(1, START, START + 7_200_000, STEP);
    let all = f.all();
    drop(f);
    write(&fs, &[file(0, 1_800), Vec::new(), file(5_400, 7_005)]);
    fs.remove_file(Path::new("/data/chunks_head/000002"))
        .unwrap();
    let f = open(&fs);
    assert!(f.all() == all);
    assert_eq!(f.metric("prometheus_tsdb_wal_corruptions_total"), 1.0);
}

/// As after a crash between the writing of a block and the deletion.
#[test]
fn files_from_before_the_blocks_go_at_the_start() {
    let fs = SimulatedFs::default();
    let f = open(&fs);
    f.fill(1, START, START + 11_100_000, STEP);
    f.db.maintain().unwrap();
    let all = f.all();
    drop(f);
    write(
        &fs,
        &[file(0, 1_800), file(1_815, 6_390), file(6_405, 7_005)],
    );
    let f = open(&fs);
    assert_eq!(f.paths(FOLDER), [format!("{FOLDER}/000003")]);
    assert!(f.all() == all);
}

#[test]
fn damage_in_them_is_named() {
    let cut: Damage = |bytes| bytes.truncate(30);
    let cases: [(&str, Damage); 5] = [
        ("", |_| ()),
        ("at byte 8: a chunk is cut off", cut),
        ("at byte 8: checksum of a chunk does not match", |bytes| {
            bytes[40] ^= 1
        }),
        ("at byte 0: not a file of chunks of version 1", |bytes| {
            bytes[4] = 2
        }),
        ("at byte 0: header is cut off", |bytes| bytes.truncate(5)),
    ];
    for (what, damage) in cases {
        let fs = SimulatedFs::default();
        let mut bytes = file(0, 60);
        damage(&mut bytes);
        write(&fs, &[bytes]);
        let verified = inspect::verify(&fs, Path::new("/data"), &mut |_, _| {}).unwrap();
        let found = verified.findings.first().map(|finding| {
            assert!(finding.path.ends_with("000001"));
            finding.what.as_str()
        });
        assert_eq!(found.unwrap_or_default(), what);
        assert_eq!(verified.head_chunks, usize::from(what.is_empty()));
    }
}

type Damage = fn(&mut Vec<u8>);

const STEP: i64 = 15_000;
