//! One process to a data directory.

use host::fs::SimulatedFs;
use tsdb::OpenError;

use crate::fixture::{open, open_with, options};

#[test]
fn a_second_open_is_refused_until_the_first_ends() {
    let fs = SimulatedFs::default();
    let first = open(&fs);
    let error = open_with(&fs, options()).err().unwrap();
    assert!(matches!(error, OpenError::Locked { .. }));
    let want = format!(
        "data directory /data is in use by process {}: only one process may open it",
        std::process::id()
    );
    assert_eq!(error.to_string(), want);
    first.db.close().unwrap();
    open(&fs);
}

#[test]
fn the_lock_can_be_left_out() {
    let fs = SimulatedFs::default();
    let mut unlocked = options();
    unlocked.no_lockfile = true;
    let _first = open_with(&fs, unlocked.clone()).unwrap();
    open_with(&fs, unlocked).unwrap();
}
