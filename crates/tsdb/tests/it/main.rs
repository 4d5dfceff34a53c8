//! The database on a simulated disk, from outside.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test ends where it fails"
)]

mod beside;
mod blocks;
mod bounds;
mod chunk_files;
mod compaction;
mod conformance;
mod crash;
mod damage;
mod deletion;
mod durability;
mod filing;
mod fixture;
mod full_disk;
mod histograms;
mod histories;
mod inspect;
mod memory_snapshot;
mod native;
mod out_of_order;
mod ownership;
mod power_loss;
mod queries;
mod safe_mode;
mod started;
mod upkeep;
mod upstream;
