//! A block of Prometheus' first days, from the conformance data outside this repository.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use host::fs::{Fs, SimulatedFs};
use model::{MatchOp, Matcher, TimeRange};
use storage::{LabelQuery, Queryable};
use tsdb::inspect;

use crate::fixture::{Fixture, open};

const ULID: &str = "01DXXFZDYD1MQW6079WK0K6EDQ";

/// The folder of the block; `None`, with a line that says so, when it is not there.
fn folder() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance");
    let root = std::env::var_os("NARTHEX_CONFORMANCE").map_or(beside, PathBuf::from);
    let path = root.join("tsdb/index_format_v1");
    if path.is_dir() {
        return Some(path);
    }
    #[allow(clippy::print_stdout, reason = "a skipped test says so")]
    {
        println!("skipped: no conformance data in {}", path.display());
    }
    None
}

fn read(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    #[allow(
        clippy::disallowed_types,
        reason = "a test reads its data without a host"
    )]
    let mut file = std::fs::File::open(path).unwrap();
    file.read_to_end(&mut bytes).unwrap();
    bytes
}

/// A database with the block alone.
fn taken_over(folder: &Path) -> Fixture {
    let fs = SimulatedFs::default();
    let dir = Path::new("/data").join(ULID);
    fs.create_dir_all(&dir.join("chunks")).unwrap();
    for name in ["meta.json", "index", "tombstones", "chunks/000001"] {
        fs.write(&dir.join(name), &read(&folder.join(name)))
            .unwrap();
    }
    open(&fs)
}

#[test]
fn a_block_with_an_index_of_version_1_is_read() {
    let Some(folder) = folder() else {
        return;
    };
    assert_eq!(read(&folder.join("index"))[4], 1, "version");
    let f = taken_over(&folder);
    assert_eq!(f.metric("prometheus_tsdb_blocks_loaded"), 1.0);
    let all = f.all();
    let mut want: Vec<_> = (0..100)
        .map(|number| (format!("{{bar=\"{number}\"}}"), vec![(0, 0.0)]))
        .collect();
    want.sort_by(|a, b| a.0.cmp(&b.0));
    want.push(("{foo=\"bar\"}".to_owned(), vec![(1, 2.0)]));
    want.push(("{foo=\"baz\"}".to_owned(), vec![(3, 4.0)]));
    assert_eq!(all, want);
    // (label, pattern, series)
    for (name, pattern, count) in [("bar", ".+", 100), ("bar", "1.", 10), ("foo", "ba[^r]", 1)] {
        let matcher = Matcher::new(name, MatchOp::Regex, pattern).unwrap();
        let found = f.query(&[matcher], TimeRange::ALL);
        assert_eq!(found.len(), count, "{name}=~{pattern}");
    }
    let querier = f.db.querier(TimeRange::ALL).unwrap();
    let values = querier.label_values("bar", &LabelQuery::default());
    assert!(values.unwrap().0.is_sorted());

    let verified = inspect::verify(&f.fs, Path::new("/data"), &mut |_, _| {}).unwrap();
    assert_eq!((verified.series, verified.samples), (102, 102));
    assert_eq!(verified.findings, []);
}
