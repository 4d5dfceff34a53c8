//! The exposition formats both ways, and our own instruments.
//!
//! A [`Registry`] gives out instruments ([`Counter`], [`Gauge`], [`Histogram`], [`Summary`]) that
//! are cheap to clone and cheap to count with, and is itself a [`Collector`]: something that says
//! what it knows as metric families.
//!
//! ```
//! use exposition::{Collector as _, Registry};
//!
//! let registry = Registry::new();
//! let scrapes = registry.counter("scrapes_total", "Scrapes so far.");
//! scrapes.inc();
//! let errors = registry.counter_family("errors_total", "Errors by kind.", &["kind"]);
//! errors.with(&["timeout"]).add(2);
//!
//! let mut families = Vec::new();
//! registry.collect(&mut families);
//! assert_eq!(families.len(), 2);
//! ```
//!
//! **Must not know:** HTTP, scraping, storage, clocks, files.

pub mod collector;
pub mod instrument;
pub mod process;
pub mod registry;

pub use collector::Collector;
pub use instrument::{
    Counter, CounterFamily, Gauge, GaugeFamily, Histogram, HistogramFamily, Summary, SummaryFamily,
};
pub use process::{BuildInfo, ProcessCollector, ProcessReading};
pub use registry::Registry;
