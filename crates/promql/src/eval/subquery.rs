//! Subqueries: an expression evaluated at steps of its own, whose results are then the samples of a
//! range vector.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use model::value::is_stale;
use storage::SampleBuffer;

use super::Evaluator;
use super::columns::series_bytes;
use super::range_call::RangeCall;
use super::shard::BATCH;
use super::steps::{Moments, Steps};
use super::stream::{Reading, Source, Stream};
use crate::ast::Subquery;
use crate::plan;
use crate::query::QueryError;
use crate::value::{HistogramSample, RangeSeries};

impl Evaluator<'_> {
    /// A function over a subquery as a stream.
    pub(super) fn subquery_stream(
        &self,
        node: &Subquery,
        steps: Steps,
        call: RangeCall,
    ) -> Result<Stream<'_>, QueryError> {
        Ok(Stream {
            source: self.subquery_source(node, steps)?,
            reading: Reading::Range {
                call,
                range: node.range,
                reach: None,
            },
            moments: Moments::new(steps, node.offset, node.at),
            statistics_only: false,
            drops_name: true,
            metric_name: None,
            span: node.span,
        })
    }

    /// The results of a subquery's expression at all steps that any window sees.
    pub(super) fn subquery_source(
        &self,
        node: &Subquery,
        steps: Steps,
    ) -> Result<Source<'_>, QueryError> {
        let Some(inner) = plan::subquery_steps(node, steps, self.subquery_interval) else {
            return Ok(Source::Evaluated(self.nothing(), steps));
        };
        // One column for sure, whatever the expression: a guard against a range of years in
        // milliseconds before anything is allocated.
        self.lease().grow(inner.count)?;
        let begin = self.begin();
        self.subqueries.fetch_add(1, Ordering::Relaxed);
        let vector = self.vector(&node.expr, inner);
        self.subqueries.fetch_sub(1, Ordering::Relaxed);
        let vector = vector?;
        self.trace_vector(begin, node.span, &vector);
        Ok(Source::Evaluated(vector, inner))
    }

    /// The samples of a source after `start`, as the value of a query.
    pub(super) fn collect_samples(
        &self,
        source: &Source<'_>,
        start: i64,
    ) -> Result<Vec<RangeSeries>, QueryError> {
        let mut out = Vec::new();
        let mut buffer = SampleBuffer::default();
        let mut lease = self.lease();
        for index in 0..source.len() {
            if index % BATCH == 0 {
                self.interrupt.check()?;
            }
            source.read(index, &mut buffer)?;
            let (labels, drop_name) = source.labels(index);
            let mut series = RangeSeries {
                labels: if drop_name {
                    labels.without_name()
                } else {
                    labels
                },
                ..RangeSeries::default()
            };
            for (&time, &value) in buffer.timestamps().iter().zip(buffer.values()) {
                if time > start && !is_stale(value) {
                    series.timestamps.push(time);
                    series.values.push(value);
                }
            }
            let histograms = buffer.histograms();
            for (&timestamp, histogram) in histograms.timestamps().iter().zip(histograms.values()) {
                if timestamp > start {
                    series.histograms.push(HistogramSample {
                        timestamp,
                        histogram: Arc::clone(histogram),
                    });
                }
            }
            let samples = series.values.len() + series.histograms.len();
            lease.grow(samples)?;
            lease.grow_bytes(samples * size_of::<i64>() + series_bytes(&series.labels))?;
            if !series.is_empty() {
                out.push(series);
            }
        }
        lease.hold_to_the_end();
        Ok(out)
    }
}
