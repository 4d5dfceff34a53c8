//! What tools find out about a directory.

use std::path::Path;

use host::fs::{Fs as _, SimulatedFs};
use model::TimeRange;
use storage::{Queryable as _, Select};
use tsdb::ReadOnly;
use tsdb::inspect::{Analysis, verify};

use crate::fixture::{HOUR, START, labels, open};

#[test]
fn damage_is_named_with_its_file() {
    let fs = SimulatedFs::default();
    let f = open(&fs);
    f.fill(20, START, START + 4 * HOUR, 15_000);
    f.db.maintain().unwrap();
    drop(f);
    let whole = verify(&fs, Path::new("/data"), &mut |_, _| {}).unwrap();
    assert_eq!((whole.blocks, whole.series), (1, 20));
    assert!(whole.segments > 0 && whole.findings.is_empty(), "{whole:?}");
    let files = fs.files();
    let paths = files.iter().map(|(path, _)| path.display().to_string());
    let concerned = paths.filter(|path| {
        let parts = ["/index", "/chunks/", "/tombstones", "/wal/"];
        parts.iter().any(|part| path.contains(part))
    });
    for path in concerned {
        let bytes = fs.read(path.as_ref()).unwrap();
        let step = (bytes.len() / 40).max(1);
        for at in (0..bytes.len()).step_by(step) {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x04;
            fs.write(path.as_ref(), &damaged).unwrap();
            let found = verify(&fs, Path::new("/data"), &mut |_, _| {}).unwrap();
            let is_padding = bytes[at] == 0 && found.findings.is_empty();
            let named = found.findings.iter().any(|f| f.path == Path::new(&path));
            assert!(named || is_padding, "{path} at {at}: {found:?}");
        }
        fs.write(path.as_ref(), &bytes).unwrap();
    }
}

#[test]
fn a_directory_is_read_beside_the_process_that_works_in_it() {
    let fs = SimulatedFs::default();
    let f = open(&fs);
    f.fill(5, START, START + 4 * HOUR, 15_000);
    f.db.maintain().unwrap();
    f.append(&[(labels(0), START + 4 * HOUR, 7.0)]).unwrap();
    let before = fs.files();
    let dir = Path::new("/data");
    let read = ReadOnly::open(&fs, dir)
        .unwrap()
        .with_log(&fs, dir)
        .unwrap();
    let querier = read.querier(TimeRange::ALL).unwrap();
    let set = querier
        .select(&Select::new(Vec::new(), TimeRange::ALL))
        .unwrap();
    let mut samples = 0;
    let mut buffer = Default::default();
    for index in 0..set.len() {
        set.read(index, &mut buffer).unwrap();
        samples += buffer.len();
    }
    assert_eq!(samples, 5 * 4 * 240 + 1);
    assert_eq!(fs.files(), before);
    let analysis = Analysis::of(&read, None, 2).unwrap().unwrap();
    assert_eq!(analysis.pairs, 1 + 5 + 3);
    assert_eq!(analysis.entries, 15);
    assert_eq!(analysis.common_pairs[0], (5, "__name__=m".to_owned()));
    assert_eq!(analysis.cardinality[0], (5, "pod".to_owned()));
    assert!(Analysis::of(&read, Some("nope"), 2).unwrap().is_none());
}
