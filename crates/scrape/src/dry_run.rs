//! Fetching a target's page once for a person to look at: nothing is stored, no scrape is touched.

use std::sync::Arc;
use std::time::Duration;

use exposition::Format;
use exposition::parse::{
    DetailOptions, DetailedParser, Entry, OpenMetricsParser, PageParser, TextParser,
};

use config::server::ScrapeProtocol;

use crate::error::ScrapeError;
use crate::fetch::{Encoding, Fetched, Fetcher, Inflater, page_format};
use crate::job::Job;
use crate::target::Target;

/// A fetch that is to be made, with the settings of the target's job.
#[derive(Debug)]
pub struct DryRun {
    target: Arc<Target>,
    job: Arc<Job>,
}

/// What came back, as it came.
#[derive(Debug)]
pub struct RawPage {
    job: Arc<Job>,
    fetched: Result<Fetched, ScrapeError>,
    body: Vec<u8>,
}

/// A page that somebody can read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FetchedPage {
    /// The `Content-Type` that the target stated.
    pub content_type: String,
    /// Bytes that came.
    pub transferred: usize,
    /// Bytes of the page after decompression.
    pub bytes: usize,
    /// The page, or its beginning; what is no UTF-8 is replaced.
    pub text: String,
    /// Samples of the page up to the first fault.
    pub samples: usize,
    /// Why a scrape of this page fails; empty if nothing speaks against it so far.
    pub error: String,
    /// The line that is at fault, counted from 1.
    pub error_line: Option<usize>,
}

impl DryRun {
    pub(crate) fn new(target: Arc<Target>, job: &Job) -> Self {
        let mut job = job.clone_for_reading();
        job.limits.body_size = job.limits.body_size.min(MAX_BYTES);
        Self {
            target,
            job: Arc::new(job),
        }
    }

    /// Where the page is.
    pub fn url(&self) -> String {
        self.target.url.to_string()
    }

    /// How long the fetch may take.
    pub fn timeout(&self) -> Duration {
        self.target.timeout
    }

    /// Fetches, over a connection of its own.
    pub async fn fetch(self) -> RawPage {
        let mut body = Vec::new();
        let mut fetcher = Fetcher::default();
        let fetched = fetcher.fetch(&self.target, &self.job, &mut body);
        let fetched = fetched.await.map_err(ScrapeError::from);
        RawPage {
            job: self.job,
            fetched,
            body,
        }
    }
}

impl RawPage {
    /// Decompresses and reads the page; `most` bytes of it are shown. This is work for a thread.
    pub fn open(self, most: usize) -> FetchedPage {
        let fetched = match self.fetched {
            Ok(fetched) => fetched,
            Err(error) => {
                return FetchedPage {
                    error: error.to_string(),
                    ..FetchedPage::default()
                };
            }
        };
        let mut page = FetchedPage {
            content_type: fetched.content_type.clone().unwrap_or_default(),
            transferred: self.body.len(),
            ..FetchedPage::default()
        };
        let bytes = match decoded(&fetched, self.body, self.job.limits.body_size) {
            Ok(bytes) => bytes,
            Err(error) => {
                page.error = error.to_string();
                return page;
            }
        };
        page.bytes = bytes.len();
        page.text = beginning(&bytes, most);
        match page_format(
            fetched.content_type.as_deref(),
            self.job.config.fallback_scrape_protocol,
        ) {
            Ok(format) => read(&bytes, format, &mut page),
            Err(error) => page.error = error.to_string(),
        }
        page
    }
}

fn decoded(fetched: &Fetched, body: Vec<u8>, limit: usize) -> Result<Vec<u8>, ScrapeError> {
    if fetched.encoding == Encoding::Identity {
        return Ok(body);
    }
    let mut page = Vec::new();
    let size = Inflater::new().inflate(fetched.encoding, &body, &mut page, limit)?;
    page.truncate(size);
    Ok(page)
}

/// Whole lines, unless the first one is longer than all that may be shown.
fn beginning(bytes: &[u8], most: usize) -> String {
    let cut = bytes.get(..most).map(|start| {
        let whole_lines = start.iter().rposition(|&byte| byte == b'\n');
        whole_lines.map_or(start, |end| start.get(..=end).unwrap_or_default())
    });
    String::from_utf8_lossy(cut.unwrap_or(bytes)).into_owned()
}

/// Counts samples up to the first fault.
fn read(bytes: &[u8], format: Format, page: &mut FetchedPage) {
    let mut parser = match format {
        Format::Text => PageParser::Text(TextParser::new(bytes)),
        Format::OpenMetrics => PageParser::OpenMetrics(OpenMetricsParser::new(bytes)),
        // A target may send it although it was not asked for it.
        Format::Protobuf => return count_details(bytes, format, page),
    };
    loop {
        let start = parser.position();
        match parser.next_entry() {
            Ok(Some(Entry::Series(_))) => page.samples += 1,
            Ok(Some(_)) => {}
            Ok(None) => return,
            Err(error) => {
                page.error = error.to_string();
                let before = bytes.get(..start).unwrap_or_default();
                page.error_line = Some(1 + before.iter().filter(|&&byte| byte == b'\n').count());
                return;
            }
        }
    }
}

/// The same of a page that has no lines.
fn count_details(bytes: &[u8], format: Format, page: &mut FetchedPage) {
    let outcome = DetailedParser::new(bytes, format, DetailOptions::default());
    let outcome = outcome.and_then(|mut parser| {
        while parser.next_sample()?.is_some() {
            page.samples += 1;
        }
        Ok(())
    });
    if let Err(error) = outcome {
        page.error = error.to_string();
    }
}

impl Job {
    /// The same job asking for a format that people can read.
    fn clone_for_reading(&self) -> Self {
        let mut config = (*self.config).clone();
        config
            .scrape_protocols
            .retain(|protocol| *protocol != ScrapeProtocol::PrometheusProto);
        if config.scrape_protocols.is_empty() {
            config.scrape_protocols = ScrapeProtocol::DEFAULT.to_vec();
        }
        let mut job = Self::with_limits(Arc::new(config), None, self.limits);
        job.keep_outbound(self);
        job
    }
}

/// Largest page that is fetched, whatever the job allows.
const MAX_BYTES: usize = 64 << 20;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::DefaultLimits;
    use config::server::ScrapeConfig;

    fn opened(content_type: &str, body: &str, most: usize) -> FetchedPage {
        let config = Arc::new(ScrapeConfig::named("a"));
        let page = RawPage {
            job: Arc::new(Job::new(config, None, DefaultLimits::default())),
            fetched: Ok(Fetched {
                content_type: Some(content_type.to_owned()),
                encoding: Encoding::Identity,
            }),
            body: body.as_bytes().to_vec(),
        };
        page.open(most)
    }

    #[test]
    fn a_page_is_cut_at_a_line_and_read_whole() {
        let page = opened("text/plain", "a 1\nb 2\nc 3\n", 10);
        assert_eq!((page.text.as_str(), page.bytes), ("a 1\nb 2\n", 12));
        assert_eq!((page.samples, page.error.as_str()), (3, ""));
        assert_eq!(opened("text/plain", "a 1\n", 3).text, "a 1");
        assert_eq!(opened("text/plain", "a 1\n", 4).text, "a 1\n");
    }

    #[test]
    fn the_line_at_fault_is_named() {
        let page = opened("text/plain", "a 1\n# HELP b B\nb x\nc 3\n", 100);
        assert_eq!((page.samples, page.error_line), (1, Some(3)));
        assert!(!page.error.is_empty());
        let page = opened("image/png", "a 1\n", 100);
        assert!(page.error.contains("unsupported Content-Type"), "{page:?}");
        assert_eq!(page.text, "a 1\n");
    }
}
