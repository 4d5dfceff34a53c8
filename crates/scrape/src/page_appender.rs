//! Pages of one target without its loop: for tools that have pages from elsewhere, and to measure.

use std::sync::Arc;

use config::server::ScrapeConfig;
use exposition::Format;
use model::Labels;
use storage::Appender;

use crate::append::{Counts, PageContext, PageError, append_page};
use crate::cache::PageCache;
use crate::job::Job;
use crate::limits::DefaultLimits;

/// Appends one page after another as a scrape of the target does, and remembers the last one.
#[derive(Debug)]
pub struct PageAppender {
    job: Job,
    target_labels: Labels,
    cache: PageCache,
}

impl PageAppender {
    /// For a target of this job, whose series get these labels.
    pub fn new(config: Arc<ScrapeConfig>, target_labels: Labels) -> Self {
        let limits = DefaultLimits {
            new_series: usize::MAX,
            ..DefaultLimits::default()
        };
        Self {
            job: Job::new(config, None, limits),
            target_labels,
            cache: PageCache::default(),
        }
    }

    /// Appends all samples of the page, and stale markers for series that it no longer has.
    ///
    /// # Errors
    /// The page is refused as a whole; the batch has to be rolled back.
    pub fn append(
        &mut self,
        page: &[u8],
        format: Format,
        timestamp: i64,
        appender: &mut dyn Appender,
    ) -> Result<Counts, PageError> {
        let context = PageContext::of(&self.job, &self.target_labels, timestamp);
        let mut counts = Counts::default();
        let cache = &mut self.cache;
        append_page(page, format, &context, cache, appender, &mut counts)?;
        cache.committed();
        Ok(counts)
    }

    /// Bytes that are used to remember the last page.
    pub fn cache_bytes(&self) -> usize {
        self.cache.heap_bytes()
    }
}
