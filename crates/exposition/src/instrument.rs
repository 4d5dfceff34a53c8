//! What our own code counts and measures with. Every instrument is a handle: a clone shares the
//! numbers, and counting takes no lock but in [`Summary`].

mod counter;
mod family;
mod float;
mod gauge;
mod histogram;
mod summary;

pub use counter::Counter;
pub use family::Family;
pub use gauge::Gauge;
pub use histogram::{Histogram, exponential_buckets};
pub use summary::Summary;

/// Counters of one name, told apart by labels.
pub type CounterFamily = Family<Counter>;
/// Gauges of one name, told apart by labels.
pub type GaugeFamily = Family<Gauge>;
/// Histograms of one name, told apart by labels.
pub type HistogramFamily = Family<Histogram>;
/// Summaries of one name, told apart by labels.
pub type SummaryFamily = Family<Summary>;
