//! From a message of remote write 2.0 into the store: what can be stored is, and of the rest each
//! part is told.

#[cfg(test)]
mod tests;

use std::fmt::Write as _;
use std::sync::Arc;

use model::quote::quoted;
use model::{Exemplar, Labels, Metadata, SeriesRef, label};
use storage::{
    Append, AppendError, AppendExemplar, AppendValue, Appendable, Appender, ExemplarError,
};

use crate::receive::{MOST_AHEAD, ReceiveError, Received};
use crate::write_v2::{ExemplarRefs, Symbols, TimeSeries, TimeSeriesList};

/// Appends all samples of an `io.prometheus.write.v2.Request` and returns once they may be
/// acknowledged.
///
/// # Errors
/// Nothing of the request may be acknowledged.
pub(crate) fn receive(
    message: &[u8],
    store: &dyn Appendable,
    now: i64,
    sends_metadata: bool,
) -> Result<Received, ReceiveError> {
    let symbols = Symbols::of(message)?;
    let mut batch = Batch {
        symbols: &symbols,
        appender: store.appender(),
        latest: now.saturating_add(MOST_AHEAD),
        sends_metadata,
        pairs: Vec::new(),
        received: Received::default(),
        problems: Vec::new(),
        further_problems: 0,
    };
    let mut list = TimeSeriesList::of(message);
    let mut series = TimeSeries::default();
    while list.next(&mut series)? {
        batch.append(&mut series)?;
    }
    batch.finish()
}

/// A request on its way in.
struct Batch<'a> {
    symbols: &'a Symbols<'a>,
    appender: Box<dyn Appender + 'a>,
    /// Later samples are refused.
    latest: i64,
    sends_metadata: bool,
    /// Memory for labels.
    pairs: Vec<(&'a str, &'a str)>,
    received: Received,
    problems: Vec<String>,
    /// Problems that are not told any more.
    further_problems: usize,
}

/// What all samples of a series have in common.
struct Series {
    labels: Labels,
    reference: Option<SeriesRef>,
    metadata: Metadata,
    exemplars: Vec<Exemplar>,
}

impl Batch<'_> {
    fn append(&mut self, message: &mut TimeSeries) -> Result<(), ReceiveError> {
        let Some(mut series) = self.open(message) else {
            return Ok(());
        };
        if message.samples.is_empty() && message.histograms.is_empty() {
            self.append_exemplars(&mut series);
        }
        let before = self.received.samples + self.received.histograms;
        for &(time, value) in &message.samples {
            if self.append_one(&mut series, time, value.into())? {
                self.received.samples += 1;
            }
        }
        for sample in message.histograms.drain(..) {
            if let Err(error) = sample.validate() {
                self.refuse(&series, &error.to_string());
                continue;
            }
            let (time, histogram) = (sample.time, Arc::new(sample.histogram));
            if self.append_one(&mut series, time, (&histogram).into())? {
                self.received.histograms += 1;
            }
        }
        if series.metadata == Metadata::default() {
            let after = self.received.samples + self.received.histograms;
            self.received.without_metadata += after - before;
        }
        Ok(())
    }

    /// What the message says of the series; none if its samples cannot be stored.
    fn open(&mut self, message: &TimeSeries) -> Option<Series> {
        let samples = message.samples.len() + message.histograms.len();
        if let Err(error) = self.symbols.labels(&message.label_refs, &mut self.pairs) {
            let refs = Refs(&message.label_refs);
            self.invalid(
                samples,
                format!("parsing labels for series {refs}: {error}"),
            );
            return None;
        }
        let metadata = self
            .symbols
            .metadata(message.metadata)
            .map_err(|error| {
                let refs = Refs(&message.label_refs);
                self.problem(format!("parsing metadata for series {refs}: {error}"));
            })
            .ok()?;
        let labels = self
            .labels()
            .map_err(|reason| self.invalid(samples, reason))
            .ok()?;
        // Upstream refuses series with exemplars only; yet that is how upstream sends them.
        if samples == 0 && message.exemplars.is_empty() {
            let shown = shown(&labels);
            self.problem(format!(
                "TimeSeries must contain at least one sample or histogram for series {shown}"
            ));
            return None;
        }
        Some(Series {
            exemplars: self.exemplars(&labels, &message.exemplars),
            labels,
            reference: None,
            metadata,
        })
    }

    /// The labels, if they name a series.
    fn labels(&mut self) -> Result<Labels, String> {
        let pairs = &mut self.pairs;
        pairs.sort_by_key(|(name, _)| *name);
        let is_named = pairs
            .iter()
            .any(|&(name, value)| name == label::METRIC_NAME && !value.is_empty());
        if !is_named || pairs.iter().any(|(name, _)| name.is_empty()) {
            let shown = shown_pairs(pairs.iter().copied());
            return Err(format!("invalid metric name or labels, got {shown}"));
        }
        let twice = pairs.windows(2).find(|two| two[0].0 == two[1].0);
        if let Some([(name, _), ..]) = twice {
            let shown = shown_pairs(pairs.iter().copied());
            return Err(format!(
                "invalid labels for series, labels {shown}, duplicated label {name}"
            ));
        }
        let filled = pairs.iter().filter(|(_, value)| !value.is_empty());
        Ok(Labels::from_sorted(filled.copied()))
    }

    /// The exemplars whose labels are known, in order of time.
    fn exemplars(&mut self, series: &Labels, refs: &[ExemplarRefs]) -> Vec<Exemplar> {
        let mut exemplars = Vec::with_capacity(refs.len());
        for exemplar in refs {
            match self.symbols.labels(&exemplar.label_refs, &mut self.pairs) {
                Ok(()) => exemplars.push(Exemplar {
                    labels: Labels::from_pairs(self.pairs.iter().copied()),
                    value: exemplar.value,
                    timestamp: exemplar.time,
                    has_timestamp: exemplar.time != 0,
                }),
                Err(error) => {
                    let shown = shown(series);
                    self.problem(format!("parsing exemplar for series {shown}: {error}"));
                }
            }
        }
        exemplars.sort_by_key(|exemplar| exemplar.timestamp);
        exemplars
    }

    /// True if the sample was taken, false if it was refused for good.
    fn append_one(
        &mut self,
        series: &mut Series,
        time: i64,
        value: AppendValue<'_>,
    ) -> Result<bool, ReceiveError> {
        if time > self.latest {
            self.refuse(series, "out of bounds: timestamp is too far in the future");
            return Ok(false);
        }
        let mut append = Append::new(&series.labels, time, value);
        append.series = series.reference;
        let is_first = series.reference.is_none();
        let is_told = is_first && self.sends_metadata && series.metadata != Metadata::default();
        append.metadata = is_told.then_some(&series.metadata);
        match self.appender.append(append) {
            Ok(known) => {
                series.reference = Some(known);
                if is_first {
                    self.append_exemplars(series);
                }
                Ok(true)
            }
            Err(error @ (AppendError::ReadOnly(_) | AppendError::Io { .. })) => Err(error.into()),
            Err(error) => {
                self.refuse(series, &error.to_string());
                Ok(false)
            }
        }
    }

    fn append_exemplars(&mut self, series: &mut Series) {
        for exemplar in std::mem::take(&mut series.exemplars) {
            if exemplar.timestamp > self.latest {
                continue;
            }
            let outcome = self.appender.append_exemplar(AppendExemplar {
                series: series.reference,
                labels: &series.labels,
                exemplar: &exemplar,
            });
            match outcome {
                Ok(()) => self.received.exemplars += 1,
                Err(error @ ExemplarError::OutOfOrder) => {
                    self.received.late_exemplars += 1;
                    let shown = shown(&series.labels);
                    self.problem(format!("{error} for series {shown}"));
                }
                Err(error) => {
                    tracing::debug!(%error, series = %series.labels, "exemplar not taken")
                }
            }
        }
    }

    /// Samples are passed over because of their labels.
    fn invalid(&mut self, samples: usize, problem: String) {
        self.received.invalid += samples;
        self.problem(problem);
    }

    fn refuse(&mut self, series: &Series, reason: &str) {
        self.received.refused += 1;
        self.problem(format!("{reason} for series {}", shown(&series.labels)));
    }

    fn problem(&mut self, problem: String) {
        match self.problems.len() < MOST_PROBLEMS {
            true => self.problems.push(problem),
            false => self.further_problems += 1,
        }
    }

    fn finish(mut self) -> Result<Received, ReceiveError> {
        let commit = self.appender.commit_durably()?;
        let mut received = self.received;
        if commit.dropped > 0 {
            received.samples = received.samples.saturating_sub(commit.dropped);
            received.refused += commit.dropped;
            self.problems.push(AppendError::OutOfOrder.to_string());
        }
        if self.further_problems > 0 {
            let further = format!("and {} more problems", self.further_problems);
            self.problems.push(further);
        }
        received.refusal = (!self.problems.is_empty()).then(|| self.problems.join("\n"));
        Ok(received)
    }
}

/// Labels as upstream's messages show them, the name among them.
fn shown(labels: &Labels) -> String {
    shown_pairs(labels.iter())
}

fn shown_pairs<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut out = String::from("{");
    for (name, value) in pairs {
        if out.len() > 1 {
            out.push_str(", ");
        }
        match label::is_legacy_label_name(name) {
            true => out.push_str(name),
            false => out.push_str(&quoted(name)),
        }
        out.push('=');
        out.push_str(&quoted(value));
    }
    out.push('}');
    out
}

/// Numbers as upstream's messages show them.
struct Refs<'a>(&'a [u32]);

impl std::fmt::Display for Refs<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_char('[')?;
        for (index, number) in self.0.iter().enumerate() {
            let blank = if index == 0 { "" } else { " " };
            write!(f, "{blank}{number}")?;
        }
        f.write_char(']')
    }
}

/// Problems that an answer tells one by one: a message may have millions.
const MOST_PROBLEMS: usize = 1_000;
