//! Why a query has no result: which selectors find nothing, and which of their matchers is to blame.
//!
//! Series are counted in the index; samples are read of a few series only.

mod blame;
mod near;

use model::label::METRIC_NAME;
use model::value::is_stale;
use model::{Matcher, TimeRange};
use storage::{Projection, Queryable, SampleBuffer, Select, SelectHints};

use crate::ast::{Expr, InstantSelector, Span};
use crate::engine::Engine;
use crate::eval::steps::Steps;
use crate::limits::Interrupt;
use crate::parser;
use crate::plan;
use crate::query::QueryError;

pub use blame::{Blame, Count};

/// A query that has no result, and when it was asked for.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    /// The expression.
    pub text: &'a str,
    /// First step in milliseconds since the Unix epoch.
    pub start: i64,
    /// The last; that of an instant query is its first.
    pub end: i64,
    /// Milliseconds between two steps; 0 for an instant query.
    pub step: i64,
    /// How far an instant selector looks back, in milliseconds; none: the engine's setting.
    pub lookback: Option<i64>,
    /// Ends it early.
    pub interrupt: Interrupt,
}

/// What is known of a query's selectors.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// The first of them, in order of writing.
    pub selectors: Vec<Finding>,
    /// How many there are beyond these.
    pub left_out: usize,
}

/// What is known of one selector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Where it stands.
    pub span: Span,
    /// Samples that it looks at, both ends inclusive; none if it is never looked at: a subquery
    /// around it has no step.
    pub range: Option<TimeRange>,
    /// Series that match and may have samples in the range.
    pub series: usize,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a selector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It finds samples.
    Found,
    /// It is never looked at.
    NotReached,
    /// Series match, but the first of them at least have no samples there, or have ended.
    NoSamples {
        /// The time of the latest sample up to the end of the range, in milliseconds. It may be the
        /// marker of the series' end.
        latest: Option<i64>,
        /// True if there are samples after the range.
        has_later: bool,
    },
    /// No series match.
    NoSeries(Blame),
}

/// Says of each selector what it finds.
///
/// # Errors
/// The text is no expression, the store cannot be read, or the interrupt was raised.
pub fn why_empty(
    engine: &Engine,
    store: &dyn Queryable,
    question: &Question<'_>,
) -> Result<Findings, QueryError> {
    let mut expr = parser::parse(question.text, &engine.options().parse)?;
    let length = question.end.saturating_sub(question.start);
    plan::resolve_durations(&mut expr, question.step, length)?;
    plan::resolve_at_modifiers(&mut expr, question.start, question.end);
    let milliseconds = |duration: std::time::Duration| duration.as_millis().try_into();
    let inquiry = Inquiry {
        store,
        interrupt: &question.interrupt,
        lookback: match question.lookback {
            Some(lookback) => lookback,
            None => milliseconds(engine.options().lookback_delta).unwrap_or(i64::MAX),
        },
        subquery_interval: milliseconds(engine.no_step_subquery_interval()).unwrap_or(i64::MAX),
    };
    let mut places = Vec::new();
    let steps = Steps::between(question.start, question.end, question.step);
    inquiry.collect(&expr, steps, &mut places);
    let mut findings = Findings {
        left_out: places.len().saturating_sub(MOST_SELECTORS),
        ..Findings::default()
    };
    for place in places.iter().take(MOST_SELECTORS) {
        findings.selectors.push(inquiry.finding(place)?);
    }
    Ok(findings)
}

/// A selector and the samples that it looks at.
struct Place<'e> {
    selector: &'e InstantSelector,
    span: Span,
    range: Option<TimeRange>,
    /// True if its latest sample alone counts.
    is_instant: bool,
}

struct Inquiry<'a> {
    store: &'a dyn Queryable,
    interrupt: &'a Interrupt,
    lookback: i64,
    subquery_interval: i64,
}

impl Inquiry<'_> {
    /// Adds the selectors of `expr`, which is evaluated at `steps`.
    fn collect<'e>(&self, expr: &'e Expr, steps: Option<Steps>, places: &mut Vec<Place<'e>>) {
        let (lookback, interval) = (self.lookback, self.subquery_interval);
        let inner = match (expr, steps) {
            (Expr::Subquery(node), Some(steps)) => plan::subquery_steps(node, steps, interval),
            _ => steps,
        };
        let (selector, is_instant) = match expr {
            Expr::InstantSelector(node) => (node, steps.is_some_and(|steps| steps.count == 1)),
            Expr::RangeSelector(node) => (&node.selector, false),
            _ => return expr.for_each_child(|child| self.collect(child, inner, places)),
        };
        places.push(Place {
            selector,
            span: expr.span(),
            range: steps.and_then(|steps| plan::time_range(expr, steps, lookback, interval)),
            is_instant: is_instant && selector.extended.is_none(),
        });
    }

    fn finding(&self, place: &Place<'_>) -> Result<Finding, QueryError> {
        self.interrupt.check()?;
        let mut finding = Finding {
            span: place.span,
            range: place.range,
            series: 0,
            outcome: Outcome::NotReached,
        };
        let Some(range) = place.range else {
            return Ok(finding);
        };
        let matchers = name_first(&place.selector.matchers);
        let (series, has_samples) = self.look(&matchers, range, place.is_instant)?;
        finding.series = series;
        finding.outcome = if has_samples {
            Outcome::Found
        } else if series > 0 || self.count(&matchers, TimeRange::ALL)? > 0 {
            let later = TimeRange::new(range.max_time.saturating_add(1), TimeRange::ALL.max_time);
            Outcome::NoSamples {
                latest: self.latest(&matchers, range)?,
                has_later: later.min_time > range.max_time && self.count(&matchers, later)? > 0,
            }
        } else {
            Outcome::NoSeries(self.blame(&matchers, range)?)
        };
        Ok(finding)
    }

    /// How many series match that may have samples in a range.
    fn count(&self, matchers: &[Matcher], range: TimeRange) -> Result<usize, QueryError> {
        self.interrupt.check()?;
        let querier = self.store.querier(range)?;
        Ok(querier.select(&selection(matchers, range, false))?.len())
    }

    /// How many series match, and whether one of the first has samples that count.
    fn look(
        &self,
        matchers: &[Matcher],
        range: TimeRange,
        is_instant: bool,
    ) -> Result<(usize, bool), QueryError> {
        let querier = self.store.querier(range)?;
        let set = querier.select(&selection(matchers, range, is_instant))?;
        let mut buffer = SampleBuffer::default();
        for index in 0..set.len().min(MOST_READ) {
            self.interrupt.check()?;
            set.read(index, &mut buffer)?;
            if has_samples(&buffer, is_instant) {
                return Ok((set.len(), true));
            }
        }
        Ok((set.len(), false))
    }

    /// When the first matching series had their latest sample, looking back further and further.
    fn latest(&self, matchers: &[Matcher], range: TimeRange) -> Result<Option<i64>, QueryError> {
        let mut buffer = SampleBuffer::default();
        for back in FURTHER_BACK {
            let start = range.max_time.saturating_sub(back).min(range.min_time);
            let wider = TimeRange::new(start, range.max_time);
            let querier = self.store.querier(wider)?;
            let set = querier.select(&selection(matchers, wider, true))?;
            let mut latest = None;
            for index in 0..set.len().min(MOST_READ_FAR_BACK) {
                self.interrupt.check()?;
                set.read(index, &mut buffer)?;
                let histogram = buffer.histograms().timestamps().last();
                latest = latest.max(buffer.timestamps().last().max(histogram).copied());
            }
            if latest.is_some() {
                return Ok(latest);
            }
        }
        Ok(None)
    }
}

fn selection(matchers: &[Matcher], range: TimeRange, latest_only: bool) -> Select {
    Select {
        hints: SelectHints {
            projection: Projection::Only(Vec::new()),
            latest_only,
            ..SelectHints::default()
        },
        ..Select::new(matchers.to_vec(), range)
    }
}

/// The matchers in order of writing, those of the metric name first.
fn name_first(matchers: &[Matcher]) -> Vec<Matcher> {
    let mut ordered = matchers.to_vec();
    ordered.sort_by_key(|matcher| matcher.name() != METRIC_NAME);
    ordered
}

/// True if samples count: the latest only, if `is_instant`, and markers of an end never.
fn has_samples(buffer: &SampleBuffer, is_instant: bool) -> bool {
    let histograms = buffer.histograms();
    if !is_instant {
        return !histograms.is_empty() || buffer.values().iter().any(|&value| !is_stale(value));
    }
    let float = buffer.timestamps().last();
    match histograms.timestamps().last() {
        Some(histogram) if float.is_none_or(|float| histogram > float) => true,
        _ => buffer
            .values()
            .last()
            .is_some_and(|&value| !is_stale(value)),
    }
}

/// Selectors that are looked at.
const MOST_SELECTORS: usize = 50;
/// Series of which samples are read.
const MOST_READ: usize = 100;
/// Series of which samples are read that may be long ago.
const MOST_READ_FAR_BACK: usize = 20;
/// Milliseconds: an hour, a day, 30 days, ever.
const FURTHER_BACK: [i64; 4] = [3_600_000, 86_400_000, 30 * 86_400_000, i64::MAX];

#[cfg(test)]
mod tests;
