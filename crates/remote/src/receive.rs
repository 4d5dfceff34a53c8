//! From a request's body into the store.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use model::{Exemplar, Labels, LabelsBuilder, label};
use storage::{
    Append, AppendError, AppendExemplar, AppendValue, Appendable, Appender, ExemplarError,
};

use crate::wire::Malformed;
use crate::write_v1::{TimeSeries, TimeSeriesList};

/// What became of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// Floats that are stored, and safe.
    pub samples: usize,
    /// Native histograms that are stored, and safe.
    pub histograms: usize,
    /// Exemplars that the store took, or had already.
    pub exemplars: usize,
    /// Exemplars that came too late.
    pub late_exemplars: usize,
    /// What was passed over because its labels name no series: series of 1.0, samples of 2.0, as
    /// upstream counts.
    pub invalid: usize,
    /// Samples of series whose metadata did not come along.
    pub without_metadata: usize,
    /// Samples that the store refused for good: sending them again changes nothing.
    pub refused: usize,
    /// Why the first of them was refused; of 2.0, everything that is not as it should be, a line
    /// each.
    pub refusal: Option<String>,
}

/// Why a request is not acknowledged.
#[derive(Debug, thiserror::Error)]
pub enum ReceiveError {
    /// The body is no message. Sending it again changes nothing.
    #[error("{0}")]
    Malformed(#[from] Malformed),
    /// The body is not compressed as it should be, or is too large. Sending it again changes nothing.
    #[error("{0}")]
    Compression(String),
    /// The store takes nothing now. A later try may succeed.
    #[error("{0}")]
    Store(#[from] AppendError),
}

/// Appends all samples of a `prometheus.WriteRequest` and returns once they may be
/// acknowledged. `now` is the time in milliseconds since the Unix epoch: samples of more than ten
/// minutes later are refused, as upstream does.
///
/// Samples that are refused (out of order, too old, too far ahead, of a series too many) do not keep
/// the others from being stored.
///
/// # Errors
/// Nothing of the request may be acknowledged.
pub(crate) fn receive(
    message: &[u8],
    store: &dyn Appendable,
    now: i64,
) -> Result<Received, ReceiveError> {
    let mut batch = Batch {
        appender: store.appender(),
        builder: LabelsBuilder::new(),
        latest: now.saturating_add(MOST_AHEAD),
        received: Received::default(),
    };
    let mut list = TimeSeriesList::of(message);
    let mut series = TimeSeries::default();
    while list.next(&mut series)? {
        batch.append(&mut series)?;
    }
    let mut received = batch.received;
    let commit = batch.appender.commit_durably()?;
    if commit.dropped > 0 {
        received.refuse(commit.dropped, &AppendError::OutOfOrder);
        received.samples = received.samples.saturating_sub(commit.dropped);
    }
    received.without_metadata = received.samples + received.histograms;
    Ok(received)
}

/// A request on its way in.
struct Batch<'a> {
    appender: Box<dyn Appender + 'a>,
    builder: LabelsBuilder,
    /// Later samples are refused.
    latest: i64,
    received: Received,
}

impl Batch<'_> {
    fn append(&mut self, series: &mut TimeSeries<'_>) -> Result<(), ReceiveError> {
        let Some(labels) = self.labels(&mut series.labels) else {
            self.received.invalid += 1;
            return Ok(());
        };
        let mut reference = None;
        for &(time, value) in &series.samples {
            if self.append_one(&labels, &mut reference, time, value.into())? {
                self.received.samples += 1;
            }
        }
        for exemplar in series.exemplars.drain(..) {
            self.append_exemplar(&labels, reference, &exemplar);
        }
        for sample in series.histograms.drain(..) {
            if let Err(error) = sample.validate() {
                self.received.refuse(1, &error);
                continue;
            }
            let (time, histogram) = (sample.time, Arc::new(sample.histogram));
            if self.append_one(&labels, &mut reference, time, (&histogram).into())? {
                self.received.histograms += 1;
            }
        }
        Ok(())
    }

    /// The labels, if they name a series: a metric name is there, no name twice.
    fn labels(&mut self, pairs: &mut Vec<(&str, &str)>) -> Option<Labels> {
        let is_sorted = |pairs: &[(&str, &str)]| pairs.windows(2).all(|two| two[0].0 < two[1].0);
        if !is_sorted(pairs) {
            pairs.sort_unstable();
            if !is_sorted(pairs) {
                return None;
            }
        }
        let is_named =
            |&(name, value): &(&str, &str)| name == label::METRIC_NAME && !value.is_empty();
        if !pairs.iter().any(is_named) || pairs.iter().any(|(name, _)| name.is_empty()) {
            return None;
        }
        if pairs.iter().all(|(_, value)| !value.is_empty()) {
            return Some(Labels::from_sorted(pairs.iter().copied()));
        }
        self.builder.reset(&Labels::empty());
        for &(name, value) in pairs.iter() {
            self.builder.push(name, value);
        }
        Some(self.builder.build())
    }

    /// An exemplar that is refused keeps nothing from being stored, as upstream.
    fn append_exemplar(
        &mut self,
        labels: &Labels,
        series: Option<model::SeriesRef>,
        exemplar: &Exemplar,
    ) {
        if exemplar.timestamp > self.latest {
            return;
        }
        let append = AppendExemplar {
            series,
            labels,
            exemplar,
        };
        match self.appender.append_exemplar(append) {
            Ok(()) => self.received.exemplars += 1,
            Err(ExemplarError::OutOfOrder) => self.received.late_exemplars += 1,
            Err(error) => tracing::debug!(%error, series = %labels, "exemplar not taken"),
        }
    }

    /// True if the sample was taken, false if it was refused for good.
    fn append_one(
        &mut self,
        labels: &Labels,
        reference: &mut Option<model::SeriesRef>,
        time: i64,
        value: AppendValue<'_>,
    ) -> Result<bool, ReceiveError> {
        if time > self.latest {
            self.received.refuse(1, &AppendError::OutOfBounds);
            return Ok(false);
        }
        let mut append = Append::new(labels, time, value);
        append.series = *reference;
        match self.appender.append(append) {
            Ok(known) => {
                *reference = Some(known);
                Ok(true)
            }
            Err(error @ (AppendError::ReadOnly(_) | AppendError::Io { .. })) => Err(error.into()),
            Err(error) => {
                self.received.refuse(1, &error);
                Ok(false)
            }
        }
    }
}

impl Received {
    fn refuse(&mut self, samples: usize, error: &AppendError) {
        self.refused += samples;
        self.refusal.get_or_insert_with(|| error.to_string());
    }
}

/// Milliseconds that a sample may be ahead of the clock, as upstream.
pub(crate) const MOST_AHEAD: i64 = 10 * 60 * 1_000;
