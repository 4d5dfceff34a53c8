//! What each part of a query did, written down while it is evaluated, if somebody wants to know.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use storage::Select;

use super::Evaluator;
use super::columns::Vector;
use super::steps::Steps;
use super::stream::Stream;
use crate::ast::{Expr, Span};
use crate::explain::{Figures, Selection};
use crate::query::QueryError;
use crate::value::RangeSeries;

/// What has been written down so far. Parts are known by their places.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    records: Mutex<Records>,
}

/// What has been written down.
#[derive(Debug, Default)]
pub(crate) struct Records {
    /// Parts that were evaluated by themselves.
    pub(crate) evaluated: HashMap<Span, Figures>,
    /// Selectors that the store was asked for.
    pub(crate) selected: HashMap<Span, Selection>,
    /// Parts whose result was copied from another place.
    pub(crate) copied: HashSet<Span>,
    /// Parts whose series an aggregation took in as they were read.
    pub(crate) aggregated: HashSet<Span>,
    /// Parts that are being evaluated, the outermost first.
    open: Vec<Span>,
}

/// The state of the query when something began.
#[derive(Clone, Copy, Debug)]
pub(super) struct Begin {
    time: Duration,
    samples_read: u64,
}

impl Trace {
    /// All of it.
    pub(super) fn finish(self) -> Records {
        let records = self.records.into_inner();
        records.unwrap_or_else(PoisonError::into_inner)
    }

    fn records(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Evaluator<'_> {
    /// The state now, if somebody wants to know.
    pub(super) fn begin(&self) -> Option<Begin> {
        self.trace.as_ref()?;
        Some(Begin {
            time: self.engine.now(),
            samples_read: self.counters().so_far().samples_read,
        })
    }

    /// The series of a vector, written down.
    #[cold]
    pub(super) fn traced_vector(
        &self,
        trace: &Trace,
        expr: &Expr,
        steps: Steps,
    ) -> Result<Vector<'_>, QueryError> {
        let (span, begin) = (expr.span(), self.begin());
        let is_outermost = trace.enter(span);
        let vector = self.vector_once(expr, steps)?;
        if is_outermost {
            trace.records().open.pop();
            self.trace_vector(begin, span, &vector);
        }
        Ok(vector)
    }

    /// The column of a scalar, written down.
    #[cold]
    pub(super) fn traced_scalar(
        &self,
        trace: &Trace,
        expr: &Expr,
        steps: Steps,
    ) -> Result<Vec<f64>, QueryError> {
        let (span, begin) = (expr.span(), self.begin());
        let is_outermost = trace.enter(span);
        let column = self.evaluated_scalar(expr, steps)?;
        if is_outermost {
            trace.records().open.pop();
            self.trace_figures(begin, span, 1, size_of_val(&column[..]) as u64);
        }
        Ok(column)
    }

    /// Writes down what became of a part that began at `begin`.
    pub(super) fn trace_vector(&self, begin: Option<Begin>, span: Span, vector: &Vector<'_>) {
        self.trace_figures(begin, span, vector.series.len(), vector.lease.bytes());
    }

    pub(super) fn trace_figures(
        &self,
        begin: Option<Begin>,
        span: Span,
        series: usize,
        bytes: u64,
    ) {
        let (Some(trace), Some(begin)) = (&self.trace, begin) else {
            return;
        };
        let mut records = trace.records();
        let figures = records.evaluated.entry(span).or_default();
        figures.evaluations += 1;
        figures.series = series as u64;
        figures.bytes = bytes;
        figures.time += self.engine.now().saturating_sub(begin.time);
    }

    /// Writes down what the store was asked for.
    pub(super) fn trace_selection(
        &self,
        begin: Option<Begin>,
        span: Span,
        select: &Select,
        series: usize,
    ) {
        let (Some(trace), Some(begin)) = (&self.trace, begin) else {
            return;
        };
        let mut records = trace.records();
        let selection = records.selected.entry(span).or_default();
        selection.matchers = select.matchers.iter().map(ToString::to_string).collect();
        selection.projection = select.hints.projection.clone();
        selection.range = Some(select.range);
        selection.series = series as u64;
        selection.is_sharded |= self.is_worth_sharing(series);
        selection.time += self.engine.now().saturating_sub(begin.time);
    }

    /// Writes down what was read of a stream since `begin`.
    pub(super) fn trace_stream(&self, begin: Option<Begin>, stream: &Stream<'_>) {
        if let Some(begin) = begin {
            let samples = self.counters().so_far().samples_read;
            self.trace_read(
                begin,
                stream.span,
                samples.saturating_sub(begin.samples_read),
            );
        }
    }

    /// Writes down the samples of a selector that are the value of the query, read since `begin`.
    pub(super) fn trace_samples(&self, begin: Option<Begin>, span: Span, series: &[RangeSeries]) {
        if let Some(begin) = begin {
            let samples = series
                .iter()
                .map(|it| it.values.len() + it.histograms.len());
            self.trace_read(begin, span, samples.sum::<usize>() as u64);
        }
    }

    fn trace_read(&self, begin: Begin, span: Span, samples: u64) {
        let Some(trace) = &self.trace else {
            return;
        };
        if let Some(selection) = trace.records().selected.get_mut(&span) {
            selection.samples_read += samples;
            selection.time += self.engine.now().saturating_sub(begin.time);
        }
    }

    /// Writes down that a part's result comes from another place.
    pub(super) fn trace_copy(&self, span: Span) {
        if let Some(trace) = &self.trace {
            trace.records().copied.insert(span);
        }
    }

    /// Writes down that an aggregation takes in the series of `expr` as they are read.
    pub(super) fn trace_aggregated(&self, expr: &Expr, stream: &Stream<'_>) {
        if let Some(trace) = &self.trace {
            let spans = [expr.without_parens().span(), stream.span];
            trace.records().aggregated.extend(spans);
        }
    }
}

impl Trace {
    /// Notes that a part is being evaluated. False if it has been entered already: a part that is
    /// the same at all steps goes through here twice.
    fn enter(&self, span: Span) -> bool {
        let mut records = self.records();
        let is_outermost = records.open.last() != Some(&span);
        if is_outermost {
            records.open.push(span);
        }
        is_outermost
    }
}
