//! What tools find out about a directory: what makes its blocks large, and what is damaged.

mod analysis;
mod head_files;
mod verify;

pub use analysis::{Analysis, Ranking, fullness};
pub use verify::{Finding, Verified, verify};
