//! The exposition formats both ways, and our own instruments.

pub mod collector;

pub use collector::Collector;
