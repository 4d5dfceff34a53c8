//! The seam between those who have something to expose and those who encode it.

use model::MetricFamily;

/// Something that knows metrics: a registry of instruments, an exporter.
pub trait Collector: Send + Sync {
    /// Adds the families as they are now. Called once a scrape, on a thread that may block.
    fn collect(&self, families: &mut Vec<MetricFamily>);
}
