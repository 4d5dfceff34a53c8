//! A page into the store: sample by sample, in page order, as one part of a batch.

mod batch;
mod beside;
mod detailed;

use std::borrow::Cow;

use config::server::HistogramOptions;
use exposition::Format;
use exposition::parse::{
    self, DetailExemplar, DetailOptions, Entry, OpenMetricsParser, PageParser, ParseError, Sample,
    SeriesError, TextParser, parse_series_labels,
};
use model::histogram::HistogramError;
use model::label::{EXPORTED_PREFIX, METRIC_NAME};
use model::value::STALE;
use model::{Labels, LabelsBuilder, Metadata, MetricType, SeriesRef, relabel};
use storage::{Append, AppendError, AppendValue, Appender, NewSeries, RoomError};

use self::batch::Batch;
use self::beside::PageComments;
use crate::cache::{Expected, Fate, PageCache, PageScan, Slot};
use crate::job::Job;
use crate::limits::LabelLimitError;

/// What a page brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Samples of the page.
    pub scraped: usize,
    /// Samples that metric relabeling left.
    pub kept: usize,
    /// Series that were not there before.
    pub added: usize,
    /// Samples refused for being older than the series' last.
    pub out_of_order: usize,
    /// Samples refused for another value at the same time.
    pub duplicate: usize,
    /// Samples refused for being too old, or too far ahead.
    pub out_of_bounds: usize,
    /// Samples of new series that the store has no room for.
    pub no_room: usize,
    /// Why there is none: what the last of them was told.
    pub room: Option<RoomError>,
    /// Exemplars refused for being older than the series' last.
    pub exemplars_out_of_order: usize,
}

/// Why a page is refused as a whole.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// A line is not in order. Whoever runs the target has to change it.
    #[error(transparent)]
    Parse(#[from] ParseError),
    /// A series cannot be read.
    #[error(transparent)]
    Series(#[from] SeriesError),
    /// A series repeats the name of a label.
    #[error("label name {0:?} is not unique: invalid sample")]
    RepeatedLabel(String),
    /// Metric relabeling took the name away.
    #[error("missing metric name (__name__ label)")]
    NameMissing,
    /// A name is not valid under the job's validation scheme.
    #[error("invalid metric name or label names: {0}")]
    InvalidNames(String),
    /// A label set goes beyond a limit.
    #[error(transparent)]
    LabelLimit(#[from] LabelLimitError),
    /// More samples than the limit.
    #[error("sample limit exceeded")]
    SampleLimit,
    /// A native histogram has more buckets than the limit, and its resolution is the lowest.
    #[error("histogram bucket limit exceeded")]
    BucketLimit,
    /// A native histogram contradicts itself.
    #[error(transparent)]
    Histogram(#[from] HistogramError),
    /// The store does not take samples now.
    #[error(transparent)]
    Store(#[from] AppendError),
}

/// What the samples of one page have in common.
pub(crate) struct PageContext<'a> {
    pub(crate) job: &'a Job,
    /// Labels that every series of the target gets.
    pub(crate) target_labels: &'a Labels,
    /// What becomes of the target's histograms.
    pub(crate) histograms: HistogramOptions,
    /// Timestamp of samples that bring none.
    pub(crate) timestamp: i64,
    /// The latest timestamp that samples may bring.
    pub(crate) max_time: i64,
    /// Timestamp of the page before, if there was one.
    pub(crate) previous: Option<i64>,
    /// Whether the store is told of type, help and unit when they are new.
    pub(crate) sends_metadata: bool,
    /// Whether series begin with a zero at the time since when they count.
    pub(crate) adds_zeros: bool,
}

impl<'a> PageContext<'a> {
    /// The first page of a target.
    pub(crate) fn of(job: &'a Job, target_labels: &'a Labels, timestamp: i64) -> Self {
        Self {
            job,
            target_labels,
            histograms: job.config.histograms,
            timestamp,
            max_time: i64::MAX,
            previous: None,
            sends_metadata: false,
            adds_zeros: false,
        }
    }

    /// What is read of a page beside plain numbers; None if nothing is.
    fn details(&self, format: Format) -> Option<DetailOptions> {
        let options = DetailOptions {
            native_histograms: self.histograms.scrape_native_histograms,
            keeps_classic: self.histograms.always_scrape_classic_histograms,
            converts_classic: self.histograms.convert_classic_histograms_to_nhcb,
            start_timestamps: self.adds_zeros,
        };
        let is_plain = match format {
            Format::Text => !options.converts_classic,
            Format::OpenMetrics => !options.converts_classic && !options.start_timestamps,
            Format::Protobuf => false,
        };
        (!is_plain).then_some(options)
    }
}

/// Appends all samples of the page, and stale markers for the series that it no longer has. On an
/// error the cache is as before, and the batch has to be rolled back.
///
/// # Errors
/// The page is refused as a whole.
pub(crate) fn append_page(
    page: &[u8],
    format: Format,
    context: &PageContext<'_>,
    cache: &mut PageCache,
    appender: &mut dyn Appender,
    counts: &mut Counts,
) -> Result<(), PageError> {
    let mut scan = cache.scan();
    let mut work = PageWork {
        context,
        keeps_exemplars: appender.keeps_exemplars(),
        appender,
        counts,
        metric_type: MetricType::Unknown,
        over_limit: false,
        over_buckets: false,
        labels: LabelsBuilder::new(),
        exemplar_labels: LabelsBuilder::new(),
        batch: Batch::default(),
        comments: context.sends_metadata.then(|| PageComments::of(format)),
        metadata: None,
    };
    let tail = match context.details(format) {
        Some(options) => work.detailed_page(&mut scan, page, format, options)?,
        None => work.plain_page(&mut scan, page, format)?,
    };
    if work.over_limit {
        return Err(PageError::SampleLimit);
    }
    if work.over_buckets {
        return Err(PageError::BucketLimit);
    }
    let mut outcome = Ok(());
    scan.finish(&tail, |slot| {
        if outcome.is_ok() {
            outcome = end_series(slot, context, work.appender);
        }
    });
    outcome
}

/// Appends stale markers for all live series: the target is gone, or its scrape failed.
///
/// # Errors
/// The store does not take samples now.
pub(crate) fn end_page(
    context: &PageContext<'_>,
    cache: &mut PageCache,
    appender: &mut dyn Appender,
) -> Result<(), PageError> {
    let mut outcome = Ok(());
    cache.end_all(|slot| {
        if outcome.is_ok() {
            outcome = end_series(slot, context, appender);
        }
    });
    outcome
}

/// Appends a stale marker. A series that goes on under another text has a sample at this time
/// already, and the marker is refused: that is as it should be.
fn end_series(
    slot: Slot,
    context: &PageContext<'_>,
    appender: &mut dyn Appender,
) -> Result<(), PageError> {
    let append = Append::new(&NO_LABELS, context.timestamp, STALE).with_series(slot.series);
    match appender.append(append) {
        // A series that the store has forgotten has ended long ago.
        Err(AppendError::InvalidLabels(_)) => Ok(()),
        Ok(_)
        | Err(
            AppendError::OutOfOrder
            | AppendError::DuplicateTimestamp
            | AppendError::OutOfBounds
            | AppendError::TooOld
            | AppendError::TooManySeries(_),
        ) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// One page on its way.
struct PageWork<'a> {
    context: &'a PageContext<'a>,
    appender: &'a mut dyn Appender,
    counts: &'a mut Counts,
    /// The kind that the page last told.
    metric_type: MetricType,
    /// More samples than the limit; from there on they are only counted.
    over_limit: bool,
    /// A histogram has more buckets than the limit, and cannot have fewer.
    over_buckets: bool,
    /// Memory for the labels of new series.
    labels: LabelsBuilder,
    exemplar_labels: LabelsBuilder,
    keeps_exemplars: bool,
    /// Plain numbers that the store has not been given yet.
    batch: Batch,
    /// Set if the store is told of metadata.
    comments: Option<PageComments>,
    /// What the store is to be told of the present sample's series.
    metadata: Option<Metadata>,
}

/// What a page has for a series.
struct Offer<'a> {
    value: AppendValue<'a>,
    timestamp: Option<i64>,
    /// Since when the series counts, in milliseconds since the Unix epoch; 0 if nobody says.
    start: i64,
    exemplars: Examples<'a>,
}

/// Exemplars beside a sample.
enum Examples<'a> {
    None,
    One(parse::Exemplar<'a>),
    Many(&'a [DetailExemplar]),
}

impl<'a> From<&Sample<'a>> for Offer<'a> {
    #[inline]
    fn from(sample: &Sample<'a>) -> Self {
        Self {
            value: AppendValue::Float(sample.value),
            timestamp: sample.timestamp,
            start: 0,
            exemplars: match sample.exemplar {
                Some(exemplar) => Examples::One(exemplar),
                None => Examples::None,
            },
        }
    }
}

impl PageWork<'_> {
    /// A page of text whose samples are numbers. Gives back what stands behind the last one.
    fn plain_page<'p>(
        &mut self,
        scan: &mut PageScan<'_>,
        page: &'p [u8],
        format: Format,
    ) -> Result<Cow<'p, [u8]>, PageError> {
        let mut parser = match format {
            Format::OpenMetrics => PageParser::OpenMetrics(OpenMetricsParser::new(page)),
            Format::Text | Format::Protobuf => PageParser::Text(TextParser::new(page)),
        };
        let mut segment_start = 0;
        loop {
            if parser.position() == segment_start
                && let Some(expected) = scan.expected(page.get(segment_start..).unwrap_or_default())
            {
                let segment = expected.segment;
                if self.takes_number(&expected)
                    && let Some(value) = parser.take_number(segment.len())
                {
                    let series_start = segment_start + segment.len() - expected.series.len();
                    self.number(scan, page, (&expected.slot, series_start), value)?;
                    segment_start = parser.position();
                    continue;
                }
                if let Some(sample) = parser.take_expected(segment)? {
                    self.hand_over(scan, page)?;
                    self.expected(scan, &expected, &Offer::from(&sample))?;
                    segment_start = parser.position();
                    continue;
                }
            }
            match parser.next_entry()? {
                None => break,
                Some(Entry::Type { metric_type, .. }) => self.metric_type = metric_type,
                Some(Entry::Series(sample)) => {
                    self.hand_over(scan, page)?;
                    let segment = page.get(segment_start..sample.series_end);
                    let segment = segment.unwrap_or_default();
                    self.unexpected(scan, segment, sample.series, &Offer::from(&sample))?;
                    segment_start = parser.position();
                }
                Some(_) => {}
            }
        }
        self.hand_over(scan, page)?;
        Ok(page.get(segment_start..).unwrap_or_default().into())
    }

    /// A sample that came where the last page had it.
    #[inline]
    fn expected(
        &mut self,
        scan: &mut PageScan<'_>,
        expected: &Expected<'_>,
        offer: &Offer<'_>,
    ) -> Result<(), PageError> {
        let &Expected {
            segment,
            series,
            slot,
        } = expected;
        self.counts.scraped += 1;
        scan.pass();
        self.metric_type = slot.metric_type;
        if slot.fate == Fate::Dropped {
            return Ok(());
        }
        if self.over_limit {
            self.counts.kept += 1;
            return Ok(());
        }
        let mut changed = slot;
        if self.comments.is_some() {
            let comments = segment.get(..segment.len() - series.len());
            self.describe_expected(series, comments.unwrap_or_default());
        }
        match self.append_known(&mut changed, offer)? {
            Step::Done => {}
            Step::NeedsLabels => {
                self.describe(series);
                changed = self.append_new(series, slot.metric_type, offer)?;
                self.count_added(Some(slot.fate), changed.fate);
            }
        }
        if changed != slot {
            scan.amend(scan.place(), changed);
        }
        Ok(())
    }

    /// A sample of a page that differs from the last one here.
    fn unexpected(
        &mut self,
        scan: &mut PageScan<'_>,
        segment: &[u8],
        series: &[u8],
        offer: &Offer<'_>,
    ) -> Result<(), PageError> {
        self.counts.scraped += 1;
        if let Some(comments) = &mut self.comments {
            let before = segment.get(..segment.len() - series.len());
            comments.pass(before.unwrap_or_default(), true);
            self.describe(series);
        }
        let known = scan.find(series);
        let known = known.filter(|slot| slot.metric_type == self.metric_type);
        if self.over_limit {
            return self.count_over_limit(known, series);
        }
        let slot = match known {
            Some(mut slot) if slot.fate != Fate::Dropped => {
                match self.append_known(&mut slot, offer)? {
                    Step::Done => slot,
                    Step::NeedsLabels => self.append_new(series, self.metric_type, offer)?,
                }
            }
            Some(slot) => slot,
            None => self.append_new(series, self.metric_type, offer)?,
        };
        self.count_added(known.map(|slot| slot.fate), slot.fate);
        // Of a page that explodes only so much is remembered; the rest is looked at anew each time.
        if slot.fate != Fate::Refused || self.counts.no_room <= REMEMBERED_REFUSALS {
            scan.push(segment, series.len(), slot);
        }
        Ok(())
    }

    /// The page is refused at its end; until then it is counted what relabeling leaves of it.
    #[cold]
    fn count_over_limit(&mut self, known: Option<Slot>, series: &[u8]) -> Result<(), PageError> {
        let is_kept = match known {
            Some(slot) => slot.fate != Fate::Dropped,
            None => {
                let labels = &mut self.labels;
                series_labels(series, self.metric_type, self.context, labels)?.is_some()
            }
        };
        self.counts.kept += usize::from(is_kept);
        Ok(())
    }

    /// Appends by the store's number of the series.
    #[inline]
    fn append_known(&mut self, slot: &mut Slot, offer: &Offer<'_>) -> Result<Step, PageError> {
        if slot.fate == Fate::Refused {
            return Ok(Step::NeedsLabels);
        }
        let Some((timestamp, fate)) = self.time(offer.timestamp) else {
            return Ok(Step::Done);
        };
        let mut append = Append::new(&NO_LABELS, timestamp, offer.value).with_series(slot.series);
        append.start_timestamp = offer.start;
        let previous = self.context.previous;
        if previous.is_some_and(|previous| offer.start > previous) {
            self.append_zero(&append);
        }
        append.metadata = self.metadata.as_ref();
        match self.appender.append(append) {
            Ok(series) => {
                slot.series = series;
                slot.fate = fate;
                self.taken(series, timestamp, offer);
            }
            // The store has forgotten the number, and now wants to see the labels.
            Err(AppendError::InvalidLabels(_)) => {
                self.counts.kept -= 1;
                return Ok(Step::NeedsLabels);
            }
            Err(error) => self.refused(error)?,
        }
        Ok(Step::Done)
    }

    /// Appends by labels, as it is done the first time that a series is seen.
    #[cold]
    fn append_new(
        &mut self,
        series: &[u8],
        metric_type: MetricType,
        offer: &Offer<'_>,
    ) -> Result<Slot, PageError> {
        let mut slot = Slot {
            series: SeriesRef::new(0),
            metric_type,
            fate: Fate::Refused,
        };
        let labels = series_labels(series, metric_type, self.context, &mut self.labels)?;
        let Some(labels) = labels else {
            slot.fate = Fate::Dropped;
            return Ok(slot);
        };
        let Some((timestamp, fate)) = self.time(offer.timestamp) else {
            return Ok(slot);
        };
        let may_begin = self.appender.new_series() < self.context.job.limits.new_series;
        let mut append = Append::new(&labels, timestamp, offer.value);
        if !may_begin {
            append.new_series = NewSeries::Refused;
        }
        append.start_timestamp = offer.start;
        self.append_zero(&append);
        append.metadata = self.metadata.as_ref();
        match self.appender.append(append) {
            Ok(series) => {
                slot.series = series;
                slot.fate = fate;
                self.taken(series, timestamp, offer);
            }
            Err(error) => self.refused(error)?,
        }
        Ok(slot)
    }

    /// The store has taken a sample.
    #[inline]
    fn taken(&mut self, series: SeriesRef, timestamp: i64, offer: &Offer<'_>) {
        if self.keeps_exemplars {
            self.append_exemplars(series, timestamp, &offer.exemplars);
        }
    }

    /// Counts a series that is stored now and was not before.
    fn count_added(&mut self, before: Option<Fate>, now: Fate) {
        let is_stored = |fate| matches!(fate, Fate::Live | Fate::Untracked);
        if is_stored(now) && !before.is_some_and(is_stored) {
            self.counts.added += 1;
        }
    }

    /// Counts a sample that is to be appended: its timestamp, and what becomes of its series. None
    /// if it is not appended after all.
    #[inline]
    fn time(&mut self, timestamp: Option<i64>) -> Option<(i64, Fate)> {
        self.counts.kept += 1;
        if self.counts.kept > self.context.job.limits.samples {
            self.over_limit = true;
            return None;
        }
        let config = &self.context.job.config;
        match timestamp.filter(|_| config.honor_timestamps) {
            None => Some((self.context.timestamp, Fate::Live)),
            Some(timestamp) if timestamp > self.context.max_time => {
                self.counts.out_of_bounds += 1;
                None
            }
            Some(timestamp) if config.track_timestamps_staleness => Some((timestamp, Fate::Live)),
            Some(timestamp) => Some((timestamp, Fate::Untracked)),
        }
    }

    /// Counts a sample that the store does not want, or gives up on the page.
    #[cold]
    fn refused(&mut self, error: AppendError) -> Result<(), PageError> {
        match error {
            AppendError::OutOfOrder => self.counts.out_of_order += 1,
            AppendError::DuplicateTimestamp => self.counts.duplicate += 1,
            AppendError::OutOfBounds | AppendError::TooOld => self.counts.out_of_bounds += 1,
            AppendError::TooManySeries(error) => {
                self.counts.no_room += 1;
                self.counts.room = Some(error);
            }
            error => return Err(error.into()),
        }
        Ok(())
    }
}

/// How an append by number went.
enum Step {
    Done,
    NeedsLabels,
}

/// The labels under which a scraped series is stored; None if metric relabeling drops it.
fn series_labels(
    series: &[u8],
    metric_type: MetricType,
    context: &PageContext<'_>,
    labels: &mut LabelsBuilder,
) -> Result<Option<Labels>, PageError> {
    let job = context.job;
    labels.clear();
    parse_series_labels(series, metric_type, labels)?;
    if labels.has_duplicates() {
        return Err(PageError::RepeatedLabel(first_repeated(labels)));
    }
    if job.config.honor_labels {
        for (name, value) in context.target_labels {
            if labels.get(name).is_none() {
                labels.set(name, value);
            }
        }
    } else {
        add_target_labels(labels, context.target_labels);
    }
    let keep = relabel::apply(&job.config.metric_relabel_configs, labels);
    if !keep || labels.is_empty() {
        return Ok(None);
    }
    let labels = labels.build();
    let scheme = job.config.metric_name_validation_scheme;
    let Some(name) = labels.metric_name() else {
        return Err(PageError::NameMissing);
    };
    if !scheme.is_metric_name(name) || labels.iter().any(|(name, _)| !scheme.is_label_name(name)) {
        return Err(PageError::InvalidNames(labels.to_string()));
    }
    job.limits.check(&labels)?;
    Ok(Some(labels))
}

/// Target labels win; what the page said under their names is kept under `exported_` names.
fn add_target_labels(labels: &mut LabelsBuilder, target_labels: &Labels) {
    let mut clashes = Vec::new();
    for (name, value) in target_labels {
        if let Some(scraped) = labels.get(name) {
            clashes.push((name, scraped.to_owned()));
        }
        labels.set(name, value);
    }
    // As upstream: the shorter name is the first to look for a free one.
    clashes.sort_by_key(|(name, _)| name.len());
    for (name, scraped) in clashes {
        let mut free = format!("{EXPORTED_PREFIX}{name}");
        while labels.get(&free).is_some() {
            free.insert_str(0, EXPORTED_PREFIX);
        }
        labels.set(&free, &scraped);
    }
}

/// The first name that two labels have, of labels in order.
fn first_repeated(labels: &LabelsBuilder) -> String {
    let names: Vec<&str> = labels.iter().map(|(name, _)| name).collect();
    let repeated = names.windows(2).find(|pair| pair.first() == pair.last());
    let name = repeated.and_then(|pair| pair.first());
    name.copied().unwrap_or(METRIC_NAME).to_owned()
}

/// Samples without room of one page that are remembered with their series' text.
const REMEMBERED_REFUSALS: usize = 1_000;
/// Stands for the labels of a series that the store knows by number.
static NO_LABELS: Labels = Labels::empty();

#[cfg(test)]
mod detailed_tests;
#[cfg(test)]
mod room_tests;
#[cfg(test)]
mod tests;
