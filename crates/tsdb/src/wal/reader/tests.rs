//! What is written comes back, whatever happens to the rest of the file.

use std::sync::Arc;

use host::fs::SimulatedFs;

use super::super::{Compression, WalOptions, Writer, segment};
use super::*;

fn write(fs: &SimulatedFs, records: &[Vec<u8>], options: WalOptions) {
    let mut writer = Writer::open(Arc::new(fs.clone()), Path::new("/wal"), options).unwrap();
    for pair in records.chunks(2) {
        let pair: Vec<&[u8]> = pair.iter().map(Vec::as_slice).collect();
        writer.log(&pair).unwrap();
    }
}

fn read(fs: &SimulatedFs, number: u32) -> (Vec<Vec<u8>>, SegmentReport) {
    let mut records = Vec::new();
    let path = segment::segment_path(Path::new("/wal"), number);
    let report = read_segment(fs, &path, &mut |record| records.push(record.to_vec())).unwrap();
    (records, report)
}

/// Records of many lengths, some compressible, some longer than a page.
fn records() -> Vec<Vec<u8>> {
    let noise = |i: usize| (i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40).to_le_bytes()[0];
    (1..60usize)
        .map(|i| {
            let len = if i % 20 == 0 { 70_000 } else { i * 37 };
            (0..len)
                .map(|at| if i % 2 == 0 { noise(at * i) } else { 7 })
                .collect()
        })
        .collect()
}

#[test]
fn records_come_back_from_segments_of_any_size() {
    for (segment_bytes, compression) in [
        (128 << 20, Compression::Snappy),
        (32 << 10, Compression::None),
        (96 << 10, Compression::Zstd),
    ] {
        let fs = SimulatedFs::default();
        write(
            &fs,
            &records(),
            WalOptions {
                segment_bytes,
                compression,
            },
        );
        let segments = segment::list_segments(&fs, Path::new("/wal")).unwrap();
        let found: Vec<_> = segments
            .iter()
            .flat_map(|&number| {
                let (records, report) = read(&fs, number);
                assert_eq!(report.damages, []);
                records
            })
            .collect();
        assert!(found == records(), "{segment_bytes} {compression:?}");
    }
}

#[test]
fn a_segment_torn_anywhere_gives_the_records_before() {
    let fs = SimulatedFs::default();
    let written: Vec<Vec<u8>> = (1..40u8).map(|i| vec![i; usize::from(i) * 9]).collect();
    write(
        &fs,
        &written,
        WalOptions {
            compression: Compression::None,
            ..WalOptions::default()
        },
    );
    let path = segment::segment_path(Path::new("/wal"), 0);
    let bytes = fs.read(&path).unwrap();
    for len in 0..bytes.len() {
        fs.write(&path, &bytes[..len]).unwrap();
        let (found, report) = read(&fs, 0);
        assert!(written.starts_with(&found), "cut at {len}");
        assert_eq!(
            report.has_torn_tail(),
            report.good_end < len as u64,
            "cut at {len}"
        );
    }
}

#[test]
fn a_flipped_bit_costs_its_page_only() {
    let fs = SimulatedFs::default();
    let written: Vec<Vec<u8>> = (0..4_000u32).map(|i| i.to_be_bytes().repeat(10)).collect();
    write(
        &fs,
        &written,
        WalOptions {
            compression: Compression::None,
            ..WalOptions::default()
        },
    );
    let path = segment::segment_path(Path::new("/wal"), 0);
    let bytes = fs.read(&path).unwrap();
    for at in (0..bytes.len()).step_by(4_099) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x10;
        fs.write(&path, &damaged).unwrap();
        let (found, report) = read(&fs, 0);
        let page_records = PAGE_BYTES / 47 + 2;
        assert!(
            found.len() + page_records >= written.len(),
            "flip at {at}: {}",
            found.len()
        );
        let number = |record: &Vec<u8>| u32::from_be_bytes(record[..4].try_into().unwrap());
        assert!(
            found
                .iter()
                .all(|record| written[number(record) as usize] == *record)
        );
        let noticed = !report.damages.is_empty();
        assert!(noticed || found == written, "flip at {at}");
    }
}

#[test]
fn a_full_disk_leaves_a_clean_end() {
    let fs = SimulatedFs::default();
    let options = WalOptions {
        compression: Compression::None,
        ..WalOptions::default()
    };
    let mut writer = Writer::open(Arc::new(fs.clone()), Path::new("/wal"), options).unwrap();
    writer.log(&[&[1; 100]]).unwrap();
    fs.set_capacity(Some(150));
    writer.log(&[&[2; 100]]).unwrap_err();
    writer.log(&[&[3; 100]]).unwrap_err();
    fs.set_capacity(None);
    writer.log(&[&[4; 100]]).unwrap();
    let (found, report) = read(&fs, 0);
    assert_eq!(found, [vec![1; 100], vec![4; 100]]);
    assert_eq!(report.damages, []);
}

#[test]
fn a_record_may_begin_at_any_byte_of_a_page() {
    // Where just a header fits into the rest of a page, its first fragment is empty.
    for first in PAGE_BYTES - 40..PAGE_BYTES {
        let fs = SimulatedFs::default();
        let mut records = vec![vec![1; first]];
        records.extend((2..12).map(|byte| vec![byte; 200]));
        let options = WalOptions {
            compression: Compression::None,
            ..WalOptions::default()
        };
        write(&fs, &records, options);
        let (found, report) = read(&fs, 0);
        assert_eq!(report.damages, [], "{first}");
        assert!(found == records, "{first}");
    }
}
