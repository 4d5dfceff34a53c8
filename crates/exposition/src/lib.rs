//! The exposition formats both ways, and our own instruments.
//!
//! A [`Registry`] gives out instruments ([`Counter`], [`Gauge`], [`Histogram`], [`Summary`]) that
//! are cheap to clone and cheap to count with, and is itself a [`Collector`]: something that says
//! what it knows as metric families. [`encode`] turns families into pages, [`Format`] says which
//! kind of page a client wants, and [`parse`] reads pages of others. Pages are text, OpenMetrics or
//! protobuf.
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
//! let mut page = Vec::new();
//! exposition::encode::encode_text(&families, &mut page);
//! assert!(page.ends_with(b"# TYPE scrapes_total counter\nscrapes_total 1\n"));
//! ```
//!
//! **Must not know:** HTTP, scraping, storage, clocks, files.

pub mod collector;
pub mod encode;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
pub mod instrument;
pub mod lint;
pub mod negotiate;
pub mod parse;
pub mod process;
pub mod registry;

pub use collector::Collector;
pub use instrument::{
    Counter, CounterFamily, Gauge, GaugeFamily, Histogram, HistogramFamily, Summary, SummaryFamily,
};
pub use negotiate::Format;
pub use process::{BuildInfo, ProcessCollector, ProcessReading};
pub use registry::Registry;
