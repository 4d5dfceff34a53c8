//! One scrape, whatever came of it, into the store: samples, stale markers and report as one batch.

use std::sync::Arc;
use std::time::Duration;

use exposition::Format;
use host::Clock;
use storage::{AppendError, Appendable, RoomError};

use crate::append::{Counts, PageContext, PageError, append_page, end_page};
use crate::cache::PageCache;
use crate::error::ScrapeError;
use crate::failure_log::{Failure, FailureLogs};
use crate::fetch::{Encoding, FetchError, Fetched, page_format};
use crate::instruments::Instruments;
use crate::job::Job;
use crate::report::{Report, ReportSeries};
use crate::target::Target;
use crate::target::health::ScrapeSize;
use crate::workspace::Workspace;

/// Where scrapes go.
#[derive(Clone)]
pub(crate) struct Ingest {
    pub(crate) store: Arc<dyn Appendable>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) instruments: Arc<Instruments>,
    pub(crate) failures: Arc<FailureLogs>,
    /// Whether the store is told of type, help and unit when they are new.
    pub(crate) sends_metadata: bool,
    /// Whether series begin with a zero at the time since when they count.
    pub(crate) adds_zeros: bool,
}

/// What is remembered of a target from scrape to scrape.
#[derive(Debug, Default)]
pub(crate) struct TargetMemory {
    pub(crate) cache: PageCache,
    /// Format of the page in the cache.
    pub(crate) format: Format,
    reports: Option<ReportSeries>,
    /// Timestamp of the last page that was stored.
    previous: Option<i64>,
    /// The job by whose rules the rest was decided.
    job: Option<Arc<Job>>,
}

/// What came of a scrape.
pub(crate) struct Stored {
    pub(crate) duration: Duration,
    /// Why it failed, if it did.
    pub(crate) outcome: Result<(), ScrapeError>,
    /// What was left out for want of room; empty if nothing was.
    pub(crate) warning: String,
    pub(crate) size: ScrapeSize,
}

/// One scrape, up to the point where the page is in memory.
pub(crate) struct Arrival {
    pub(crate) target: Arc<Target>,
    pub(crate) job: Arc<Job>,
    /// The page in the workspace's body, or why there is none.
    pub(crate) fetched: Result<Fetched, ScrapeError>,
    /// Timestamp of the scrape in milliseconds since the Unix epoch.
    pub(crate) timestamp: i64,
    /// When it began, by the monotonic clock.
    pub(crate) started: Duration,
}

impl TargetMemory {
    /// From here on the rules of `job` hold. A scrape that was under way when the configuration
    /// changed is stored by the rules that it began with, and the next one finds out here.
    fn follow(&mut self, job: &Arc<Job>) {
        let before = self.job.replace(Arc::clone(job));
        let Some(before) = before.filter(|before| !Arc::ptr_eq(before, job)) else {
            return;
        };
        if job.stores_otherwise(&before) {
            self.cache.retire();
        }
        if job.config.extra_scrape_metrics != before.config.extra_scrape_metrics {
            self.reports = None;
        }
    }
}

impl Ingest {
    /// Stores a scrape, or that it failed.
    pub(crate) fn store(
        &self,
        arrival: Arrival,
        workspace: &mut Workspace,
        memory: &mut TargetMemory,
    ) -> Stored {
        let Arrival {
            target,
            job,
            fetched,
            timestamp,
            started,
        } = arrival;
        memory.follow(&job);
        let context = PageContext {
            previous: memory.previous,
            ..self.context(&target, &job, timestamp)
        };
        let mut counts = Counts::default();
        let mut appender = self.store.appender();
        let mut body_bytes = 0.0;
        let page = fetched.and_then(|fetched| open_page(&fetched, &job, workspace));
        let mut outcome = page.and_then(|(page, format)| {
            body_bytes = page.len() as f64;
            memory.format = format;
            let cache = &mut memory.cache;
            append_page(
                page,
                format,
                &context,
                cache,
                appender.as_mut(),
                &mut counts,
            )?;
            Ok(())
        });
        let job_name = &job.config.job_name;
        self.instruments.count(job_name, &counts);
        let mut ended = Ok(());
        if let Err(error) = &outcome {
            self.instruments.count_error(error);
            appender.rollback();
            memory.cache.lost();
            if let ScrapeError::Fetch(FetchError::BodySizeLimit) = error {
                // As upstream tells it.
                body_bytes = -1.0;
            }
            appender = self.store.appender();
            ended = end_page(&context, &mut memory.cache, appender.as_mut());
        }
        let duration = self.clock.monotonic().saturating_sub(started);
        let report = Report {
            is_up: outcome.is_ok(),
            duration_seconds: duration.as_secs_f64(),
            samples_scraped: counts.scraped,
            samples_kept: counts.kept,
            series_added: counts.added,
            timeout_seconds: target.timeout.as_secs_f64(),
            sample_limit: stated_sample_limit(&job),
            body_bytes,
        };
        let reports = memory.reports.get_or_insert_with(|| {
            ReportSeries::new(&target.labels, job.config.extra_scrape_metrics)
        });
        let reported = ended.and_then(|()| {
            reports.append(&report, timestamp, appender.as_mut())?;
            let commit = appender.commit()?;
            let late = Counts {
                duplicate: commit.dropped,
                ..Counts::default()
            };
            self.instruments.count(job_name, &late);
            Ok(())
        });
        match &reported {
            Ok(()) => memory.cache.committed(),
            Err(_) => memory.cache.lost(),
        }
        if outcome.is_ok() && reported.is_ok() {
            memory.previous = Some(timestamp);
        }
        if let Err(error) = reported {
            tracing::error!(target = %target.url, %error, "scrape commit failed");
            outcome = outcome.and(Err(ScrapeError::Page(error)));
        }
        if let Err(error) = &outcome {
            self.log_failure(&target, &job, &error.to_string());
        }
        let warning = match &outcome {
            Ok(()) => warning(&counts, job.limits.new_series),
            Err(_) => String::new(),
        };
        Stored {
            duration,
            outcome,
            warning,
            size: ScrapeSize {
                samples: counts.scraped,
                samples_kept: counts.kept,
                body_bytes: body_bytes as usize,
            },
        }
    }

    /// Writes why a scrape failed to the job's file, if it names one.
    fn log_failure(&self, target: &Target, job: &Job, error: &str) {
        let path = &job.config.scrape_failure_log_file;
        if !path.is_empty() {
            let failure = Failure {
                time: self.clock.now_millis(),
                error,
                job: &job.config.job_name,
                target: &target.url.to_string(),
            };
            self.failures.write(path, failure);
        }
    }

    /// Ends all series of a target that is gone.
    pub(crate) fn end(&self, target: &Target, job: &Job, memory: &mut TargetMemory) {
        let timestamp = self.clock.now_millis();
        let context = self.context(target, job, timestamp);
        let mut appender = self.store.appender();
        let ended = end_page(&context, &mut memory.cache, appender.as_mut()).and_then(|()| {
            if let Some(reports) = &mut memory.reports {
                reports.end(timestamp, appender.as_mut())?;
            }
            appender.commit()?;
            Ok(())
        });
        if let Err(error) = ended {
            tracing::error!(target = %target.url, %error, "stale markers could not be written");
        }
    }

    fn context<'a>(&self, target: &'a Target, job: &'a Job, timestamp: i64) -> PageContext<'a> {
        PageContext {
            histograms: target.histograms.over(job.config.histograms),
            max_time: self.clock.now_millis().saturating_add(MAX_AHEAD_MILLIS),
            sends_metadata: self.sends_metadata,
            adds_zeros: self.adds_zeros,
            ..PageContext::of(job, &target.labels, timestamp)
        }
    }
}

/// The page as text, and its format.
fn open_page<'w>(
    fetched: &Fetched,
    job: &Job,
    workspace: &'w mut Workspace,
) -> Result<(&'w [u8], Format), ScrapeError> {
    let fallback = job.config.fallback_scrape_protocol;
    let format = page_format(fetched.content_type.as_deref(), fallback)?;
    if fetched.encoding == Encoding::Identity {
        return Ok((&workspace.body, format));
    }
    let Workspace {
        body,
        page,
        inflater,
    } = workspace;
    let size = inflater.inflate(fetched.encoding, body, page, job.limits.body_size)?;
    Ok((workspace.page.get(..size).unwrap_or_default(), format))
}

/// What the target's status says of samples that were left out for want of room.
fn warning(counts: &Counts, at_once: usize) -> String {
    let samples = counts.no_room;
    match counts.room {
        None => String::new(),
        Some(RoomError::AtOnce) => {
            format!("{samples} samples left out: more than {at_once} new series in one scrape")
        }
        Some(error) => format!("{samples} samples of new series left out: {error}"),
    }
}

/// The limit that the configuration states; 0 for none, as upstream shows it.
fn stated_sample_limit(job: &Job) -> usize {
    let stated = job.config.limits.sample_limit.or_built_in(None);
    stated.map_or(0, |limit| usize::try_from(limit).unwrap_or(usize::MAX))
}

impl From<AppendError> for ScrapeError {
    fn from(error: AppendError) -> Self {
        Self::Page(PageError::Store(error))
    }
}

/// How far ahead of the clock the timestamps of samples may be. Source: Prometheus `scrape`.
const MAX_AHEAD_MILLIS: i64 = 10 * 60 * 1000;
