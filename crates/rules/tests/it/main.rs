//! Rules as a whole: outside test data, what ships inside the product, handing alerts over.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]
#![allow(clippy::print_stdout, reason = "tests print what they skipped")]
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "tests read their data without a host, and play the other side of a socket"
)]

mod conformance;
mod handing_over;
mod shipped;
mod signed;
