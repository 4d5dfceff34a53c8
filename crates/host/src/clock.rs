//! The time: of day for timestamps, monotonic for durations.

mod real;
mod simulated;

use std::fmt::Debug;
use std::time::Duration;

pub use real::RealClock;
pub use simulated::SimulatedClock;

/// A source of time.
pub trait Clock: Send + Sync + Debug {
    /// Milliseconds since the Unix epoch. May jump when the machine's clock is set.
    fn now_millis(&self) -> i64;

    /// Time since some fixed moment. Never goes back.
    fn monotonic(&self) -> Duration;
}
