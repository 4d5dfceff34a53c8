//! The series that every scrape adds about itself: `up` and `scrape_*`.

use model::label::METRIC_NAME;
use model::value::STALE;
use model::{Labels, LabelsBuilder, SeriesRef};
use storage::{Append, AppendError, Appender, NewSeries};

/// What a scrape says about itself.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Report {
    pub(crate) is_up: bool,
    pub(crate) duration_seconds: f64,
    pub(crate) samples_scraped: usize,
    pub(crate) samples_kept: usize,
    pub(crate) series_added: usize,
    pub(crate) timeout_seconds: f64,
    /// 0 for none.
    pub(crate) sample_limit: usize,
    /// -1 for a page beyond the limit.
    pub(crate) body_bytes: f64,
}

/// The series of a target's reports, with the store's numbers for them.
#[derive(Debug)]
pub(crate) struct ReportSeries {
    series: Vec<(Labels, Option<SeriesRef>)>,
}

impl ReportSeries {
    /// For a target with these labels; `extra` adds what `extra_scrape_metrics` asks for.
    pub(crate) fn new(target_labels: &Labels, extra: bool) -> Self {
        let names = NAMES.iter().chain(EXTRA_NAMES.iter().filter(|_| extra));
        let series = names.map(|name| {
            let mut labels = LabelsBuilder::from_labels(target_labels);
            labels.set(METRIC_NAME, name);
            (labels.build(), None)
        });
        Self {
            series: series.collect(),
        }
    }

    /// Appends a report.
    ///
    /// # Errors
    /// The store does not take samples now.
    pub(crate) fn append(
        &mut self,
        report: &Report,
        timestamp: i64,
        appender: &mut dyn Appender,
    ) -> Result<(), AppendError> {
        let values = [
            f64::from(u8::from(report.is_up)),
            report.duration_seconds,
            report.samples_scraped as f64,
            report.samples_kept as f64,
            report.series_added as f64,
            report.timeout_seconds,
            report.sample_limit as f64,
            report.body_bytes,
        ];
        self.append_values(values.into_iter(), timestamp, appender)
    }

    /// Appends stale markers: the target is gone.
    ///
    /// # Errors
    /// The store does not take samples now.
    pub(crate) fn end(
        &mut self,
        timestamp: i64,
        appender: &mut dyn Appender,
    ) -> Result<(), AppendError> {
        self.append_values(std::iter::repeat(STALE), timestamp, appender)
    }

    fn append_values(
        &mut self,
        values: impl Iterator<Item = f64>,
        timestamp: i64,
        appender: &mut dyn Appender,
    ) -> Result<(), AppendError> {
        for ((labels, series), value) in self.series.iter_mut().zip(values) {
            let append = Append::new(labels, timestamp, value);
            let mut append = append.with_new_series(NewSeries::Reserved);
            append.series = *series;
            match appender.append(append) {
                Ok(found) => *series = Some(found),
                // A target that went away and came back has reported at this time already.
                Err(
                    AppendError::OutOfOrder
                    | AppendError::DuplicateTimestamp
                    | AppendError::OutOfBounds
                    | AppendError::TooOld
                    | AppendError::TooManySeries(_),
                ) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

const NAMES: [&str; 5] = [
    "up",
    "scrape_duration_seconds",
    "scrape_samples_scraped",
    "scrape_samples_post_metric_relabeling",
    "scrape_series_added",
];

const EXTRA_NAMES: [&str; 3] = [
    "scrape_timeout_seconds",
    "scrape_sample_limit",
    "scrape_body_size_bytes",
];
