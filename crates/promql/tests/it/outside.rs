//! Test data from outside, which need not be there.

use std::path::PathBuf;

/// Reads a file of the outside test data; none, with a line that says so, if that is not there.
#[allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a test reads its data without a host and says when there is none"
)]
pub(crate) fn outside_data(path: &str) -> Option<String> {
    let beside_the_workspace =
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance");
    let root =
        std::env::var_os("NARTHEX_CONFORMANCE").map_or_else(beside_the_workspace, PathBuf::from);
    let text = std::fs::read_to_string(root.join(path)).ok();
    if text.is_none() {
        println!("skipped: no {path} in the outside test data; set NARTHEX_CONFORMANCE");
    }
    text
}
