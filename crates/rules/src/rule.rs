//! One rule at work: evaluated, told of, stored.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use model::value::STALE;
use model::{Alert, Labels, SeriesRef};
use promql::{Interrupt, SampleValue};
use storage::{Append, AppendError, AppendValue, Appendable};

use crate::alerting::state::millis;
use crate::alerting::{ALERTS, Alerts, findings};
use crate::context::Context;
use crate::expand::Texts;
use crate::generator::generator_url;
use crate::query::{QuerySource, RuleQueryError};
use crate::recording;
use crate::spec::RuleSpec;

/// A rule with what it remembers from one evaluation to the next.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) spec: RuleSpec,
    texts: Texts,
    progress: Mutex<Progress>,
    /// Of an alerting rule.
    alerts: Mutex<Alerts>,
    /// Series that the last evaluation has stored.
    written: Mutex<Written>,
}

/// Series with the store's references to them.
pub(crate) type Written = HashMap<Labels, SeriesRef>;

/// How the last evaluation went.
#[derive(Clone, Debug, Default)]
pub(crate) struct Progress {
    pub(crate) health: Health,
    pub(crate) last_error: Option<String>,
    /// How long it took.
    pub(crate) duration: Duration,
    /// When it began, in milliseconds since the Unix epoch.
    pub(crate) at: Option<i64>,
}

/// Whether the last evaluation of a rule went well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Health {
    /// There was none.
    #[default]
    Unknown,
    /// It did.
    Good,
    /// It did not.
    Bad,
}

impl Health {
    /// Upstream's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Good => "ok",
            Self::Bad => "err",
        }
    }
}

/// An evaluation of a rule: when, and within which bounds.
pub(crate) struct Moment<'a> {
    /// The group's time, in milliseconds since the Unix epoch.
    pub(crate) time: i64,
    /// The time that the rule looks at and writes for: earlier by the query offset.
    pub(crate) query_time: i64,
    /// Most series or alerts; 0: any number.
    pub(crate) limit: usize,
    pub(crate) source: &'a QuerySource,
    pub(crate) context: &'a Context,
    /// Ends the evaluation early.
    pub(crate) interrupt: &'a Interrupt,
}

/// A sample that a rule yields.
#[derive(Clone, Debug)]
pub(crate) struct Output {
    pub(crate) labels: Labels,
    pub(crate) value: SampleValue,
}

/// Why an evaluation has no result, in upstream's words.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RuleError {
    #[error(transparent)]
    Query(#[from] RuleQueryError),
    #[error("vector contains metrics with the same labelset after applying {0} labels")]
    SameLabels(&'static str),
    #[error("exceeded limit of {limit} with {number} {what}")]
    Limit {
        limit: usize,
        number: usize,
        what: &'static str,
    },
}

impl RuleError {
    /// True if somebody ended the evaluation, which is no fault of the rule.
    pub(crate) fn is_canceled(&self) -> bool {
        use promql::QueryError::{Canceled, Ended};
        matches!(
            self,
            Self::Query(RuleQueryError::Query(Canceled | Ended { .. }))
        )
    }
}

impl Rule {
    /// A rule that has not been evaluated.
    pub(crate) fn new(spec: RuleSpec) -> Self {
        let alert = spec.alert.as_ref();
        Self {
            texts: alert
                .map(|alert| Texts::new(&spec, alert))
                .unwrap_or_default(),
            spec,
            progress: Mutex::default(),
            alerts: Mutex::default(),
            written: Mutex::default(),
        }
    }

    pub(crate) fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn alerts(&self) -> MutexGuard<'_, Alerts> {
        self.alerts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn written(&self) -> MutexGuard<'_, Written> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is to be stored at this moment.
    pub(crate) fn evaluate(&self, moment: &Moment<'_>) -> Result<Vec<Output>, RuleError> {
        let (text, time) = (&self.spec.expr, moment.query_time);
        let vector = moment.source.instant(text, time, moment.interrupt)?;
        match &self.spec.alert {
            None => recording::evaluate(&self.spec, vector, moment.limit),
            Some(alert) => {
                // Templates may ask the engine: nobody who looks at the alerts waits for that.
                let findings = findings(&self.spec, &self.texts, vector, moment)?;
                self.alerts().take_in(&self.spec, alert, findings, moment)
            }
        }
    }

    /// Alerts that people are to be told of now; they count as told.
    pub(crate) fn take_due_alerts(
        &self,
        time: i64,
        resend_delay: Duration,
        interval: Duration,
        external_url: &str,
    ) -> Vec<Alert> {
        let validity = 4 * millis(resend_delay.max(interval));
        let mut due = Vec::new();
        let mut alerts = self.alerts();
        for active in alerts.active.values_mut() {
            if !active.needs_sending(time, resend_delay) {
                continue;
            }
            active.last_sent_at = Some(time);
            active.valid_until = time + validity;
            due.push(Alert {
                labels: active.labels.clone(),
                annotations: active.annotations.clone(),
                starts_at: active.fired_at,
                ends_at: active.resolved_at.unwrap_or(active.valid_until),
                generator_url: generator_url(external_url, &self.spec.expr),
            });
        }
        due.sort_by(|a, b| a.labels.cmp(&b.labels));
        due
    }

    /// Stores what an evaluation yields, and stale markers for series that it no longer does.
    pub(crate) fn store(
        &self,
        outputs: Vec<Output>,
        time: i64,
        store: &dyn Appendable,
    ) -> Result<(), AppendError> {
        let mut written = self.written();
        let mut appender = store.appender();
        let mut stored: Written = HashMap::with_capacity(outputs.len());
        let mut refused = Refused::default();
        for output in outputs {
            let series = written.get(&output.labels).copied();
            let value = match &output.value {
                SampleValue::Float(value) => AppendValue::Float(*value),
                SampleValue::Histogram(histogram) => AppendValue::Histogram(histogram),
            };
            let append = Append {
                series,
                value,
                ..Append::new(&output.labels, time, 0.0)
            };
            match appender.append(append) {
                Ok(series) => drop(stored.insert(output.labels, series)),
                Err(error) => refused.count(error),
            }
        }
        for (labels, &series) in &*written {
            if !stored.contains_key(labels) {
                let append = Append::new(labels, time, STALE).with_series(series);
                if let Err(error) = appender.append(append)
                    && !is_overtaken(&error)
                {
                    tracing::warn!(series = %labels, %error, "adding stale sample failed");
                }
            }
        }
        appender.commit()?;
        *written = stored;
        drop(written);
        refused.tell(&self.spec)
    }
}

/// Samples that the store has not taken.
#[derive(Debug, Default)]
struct Refused {
    out_of_order: usize,
    too_old: usize,
    duplicate: usize,
    last: Option<AppendError>,
}

impl Refused {
    fn count(&mut self, error: AppendError) {
        match error {
            AppendError::OutOfOrder => self.out_of_order += 1,
            AppendError::TooOld | AppendError::OutOfBounds => self.too_old += 1,
            AppendError::DuplicateTimestamp => self.duplicate += 1,
            _ => {}
        }
        self.last = Some(error);
    }

    /// Says in the log what was refused, in upstream's words; the last reason is the rule's error.
    fn tell(self, spec: &RuleSpec) -> Result<(), AppendError> {
        let Some(error) = self.last else {
            return Ok(());
        };
        let reasons = [
            (
                self.out_of_order,
                "error on ingesting out-of-order result from rule evaluation",
            ),
            (
                self.too_old,
                "error on ingesting too old result from rule evaluation",
            ),
            (
                self.duplicate,
                "error on ingesting results from rule evaluation with different value but same timestamp",
            ),
        ];
        for (number, message) in reasons {
            if number > 0 {
                tracing::warn!(rule = %spec.name, num_dropped = number, "{message}");
            }
        }
        if self.out_of_order + self.too_old + self.duplicate == 0 {
            tracing::warn!(rule = %spec.name, %error, "rule evaluation result discarded");
        }
        Err(error)
    }
}

/// Writes stale markers for series that no rule yields any more.
pub(crate) fn mark_stale(series: &Written, time: i64, store: &dyn Appendable) {
    if series.is_empty() {
        return;
    }
    let mut appender = store.appender();
    for (labels, &series) in series {
        let append = Append::new(labels, time, STALE).with_series(series);
        if let Err(error) = appender.append(append)
            && !is_overtaken(&error)
        {
            tracing::warn!(series = %labels, %error, "adding stale sample for previous configuration failed");
        }
    }
    if let Err(error) = appender.commit() {
        tracing::warn!(%error, "stale sample appending for previous configuration failed");
    }
}

/// True if another rule has written the series in the meantime, which is nothing to tell.
fn is_overtaken(error: &AppendError) -> bool {
    matches!(
        error,
        AppendError::OutOfOrder
            | AppendError::TooOld
            | AppendError::OutOfBounds
            | AppendError::DuplicateTimestamp
    )
}

/// True for the name of series about alerts.
pub(crate) fn is_about_alerts(name: &str) -> bool {
    name == ALERTS || name == crate::alerting::ALERTS_FOR_STATE
}
