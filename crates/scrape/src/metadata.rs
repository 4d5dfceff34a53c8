//! What targets say about their metrics, read from the comments that the page caches keep anyway.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use exposition::parse::{Entry, OpenMetricsParser, PageParser, TextParser, unescape};
use exposition::{Collector, Format};
use model::family::Text;
use model::{Labels, Metadata, MetricFamily, MetricType};

use crate::cache::PageCache;
use crate::pool::ScrapePool;
use crate::run::lock;

/// What one target says about its metrics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetMetadata {
    /// Labels of the target.
    pub target: Labels,
    /// Metadata by name of the metric family.
    pub metrics: BTreeMap<String, Metadata>,
}

/// Tells how much the targets of each job say about their metrics.
pub(crate) struct MetadataSizes(pub(crate) Arc<Mutex<BTreeMap<String, ScrapePool>>>);

impl Collector for MetadataSizes {
    fn collect(&self, families: &mut Vec<MetricFamily>) {
        let gauge = |name, help| MetricFamily::new(name, help, MetricType::Gauge);
        let mut entries = gauge(
            "prometheus_target_metadata_cache_entries",
            "Total number of metric metadata entries in the cache",
        );
        let mut bytes = gauge(
            "prometheus_target_metadata_cache_bytes",
            "The number of bytes that are currently used for storing metric metadata in the cache",
        );
        for (job, pool) in lock(&self.0).iter() {
            let (families, size) = pool.metadata_size();
            let labels = || vec![(Text::Borrowed("scrape_job"), Text::Owned(job.clone()))];
            entries.push(labels(), families as f64);
            bytes.push(labels(), size as f64);
        }
        families.extend([entries, bytes]);
    }
}

/// All metadata of a page.
pub(crate) fn of_page(cache: &PageCache, format: Format) -> BTreeMap<String, Metadata> {
    let mut metrics = BTreeMap::new();
    for comments in cache.comments() {
        read(comments, format, &mut metrics);
    }
    metrics
}

/// Adds what comments say.
pub(crate) fn read(comments: &[u8], format: Format, metrics: &mut BTreeMap<String, Metadata>) {
    let mut parser = match format {
        Format::Text => PageParser::Text(TextParser::new(comments)),
        Format::OpenMetrics => PageParser::OpenMetrics(OpenMetricsParser::new(comments)),
        Format::Protobuf => PageParser::OpenMetrics(OpenMetricsParser::of_comments(comments)),
    };
    // OpenMetrics misses its end in a piece of a page; everything before it has been read then.
    while let Ok(Some(entry)) = parser.next_entry() {
        note(metrics, &entry);
    }
}

fn note(metrics: &mut BTreeMap<String, Metadata>, entry: &Entry<'_>) {
    let (Entry::Type { name, .. } | Entry::Help { name, .. } | Entry::Unit { name, .. }) = entry
    else {
        return;
    };
    let name = unescape(&String::from_utf8_lossy(name)).into_owned();
    let metadata: &mut Metadata = metrics.entry(name).or_default();
    match entry {
        Entry::Type { metric_type, .. } => metadata.metric_type = *metric_type,
        Entry::Help { text, .. } => metadata.help = unescape(text).into_owned(),
        Entry::Unit { unit, .. } => metadata.unit = String::from_utf8_lossy(unit).into_owned(),
        Entry::Comment(_) | Entry::Series(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::{Fate, Slot};
    use model::SeriesRef;

    #[test]
    fn comments_tell_type_help_and_unit() {
        let mut cache = PageCache::default();
        let mut scan = cache.scan();
        let slot = Slot {
            series: SeriesRef::new(1),
            metric_type: MetricType::Gauge,
            fate: Fate::Live,
        };
        let segment = b"# HELP a_s A\\nB.\n# TYPE a_s gauge\n# UNIT a_s s\na_s";
        scan.push(segment, 3, slot);
        scan.finish(b"# TYPE b counter\n# EOF\n", |_| {});
        let metrics = of_page(&cache, Format::OpenMetrics);
        let a = Metadata {
            metric_type: MetricType::Gauge,
            help: "A\nB.".into(),
            unit: "s".into(),
        };
        assert_eq!(metrics.get("a_s"), Some(&a));
        let b = metrics.get("b").map(|metadata| metadata.metric_type);
        assert_eq!(b, Some(MetricType::Counter));
    }
}
