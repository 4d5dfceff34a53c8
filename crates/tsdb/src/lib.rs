//! The time series database: head, log, blocks.

pub mod chunk;
mod head;
mod index;
mod metrics;
pub mod wal;
mod wire;
