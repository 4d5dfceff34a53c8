//! Pages with more than numbers: native histograms within their limits, exemplars by the list, and
//! zeros where series begin.

use std::borrow::Cow;
use std::sync::Arc;

use exposition::Format;
use exposition::parse::{Detail, DetailOptions, DetailValue, DetailedParser};
use model::Histogram;
use model::histogram::{CounterResetHint, schema};
use storage::{Append, AppendValue};

use super::{Examples, Offer, PageError, PageWork};
use crate::cache::PageScan;

impl PageWork<'_> {
    /// A page of any format. Gives back what stands behind the last sample.
    pub(super) fn detailed_page(
        &mut self,
        scan: &mut PageScan<'_>,
        page: &[u8],
        format: Format,
        options: DetailOptions,
    ) -> Result<Cow<'static, [u8]>, PageError> {
        let mut parser = DetailedParser::new(page, format, options)?;
        while let Some(sample) = parser.next_sample()? {
            self.detailed_sample(scan, sample)?;
        }
        Ok(parser.tail().to_vec().into())
    }

    fn detailed_sample(
        &mut self,
        scan: &mut PageScan<'_>,
        sample: &Detail,
    ) -> Result<(), PageError> {
        self.metric_type = sample.metric_type;
        let limited;
        let value = match &sample.value {
            DetailValue::Float(value) => AppendValue::Float(*value),
            DetailValue::Histogram {
                histogram,
                is_whole,
            } => {
                limited = self.limited(histogram, *is_whole)?;
                AppendValue::Histogram(&limited)
            }
        };
        let offer = Offer {
            value,
            timestamp: sample.timestamp,
            start: match self.context.adds_zeros {
                true => sample.start_timestamp.unwrap_or_default(),
                false => 0,
            },
            exemplars: Examples::Many(&sample.exemplars),
        };
        match scan.expected(sample.text()) {
            Some(expected) => self.expected(scan, &expected, &offer),
            None => {
                let text = sample.text();
                let segment = text.get(..text.len().saturating_sub(1));
                let segment = segment.unwrap_or_default();
                self.unexpected(scan, segment, sample.series(), &offer)
            }
        }
    }

    /// The histogram with no more buckets, and no finer ones, than the job wants. One that cannot be
    /// made so fails the page at its end.
    fn limited(
        &mut self,
        histogram: &Arc<Histogram>,
        is_whole: bool,
    ) -> Result<Arc<Histogram>, PageError> {
        histogram.validate()?;
        if is_whole {
            histogram.validate_whole_counts()?;
        }
        let limits = &self.context.job.limits;
        let buckets = |histogram: &Histogram| {
            histogram.positive.counts.len() + histogram.negative.counts.len()
        };
        let mut limited = Arc::clone(histogram);
        if limited.schema > limits.max_schema && !limited.has_custom_buckets() {
            Arc::make_mut(&mut limited).reduce_resolution(limits.max_schema);
        }
        while buckets(&limited) > limits.buckets {
            if limited.has_custom_buckets() || limited.schema <= schema::MIN_EXPONENTIAL {
                self.over_buckets = true;
                break;
            }
            let coarser = limited.schema - 1;
            Arc::make_mut(&mut limited).reduce_resolution(coarser);
        }
        Ok(limited)
    }

    /// Begins a series with a zero at the time since when it counts, where that is wanted, so that
    /// what it counted until the first sample is an increase. One that is late is left out.
    pub(super) fn append_zero(&mut self, sample: &Append<'_>) {
        let start = sample.start_timestamp;
        if !self.context.adds_zeros || start == 0 || start >= sample.timestamp {
            return;
        }
        let empty;
        let value = match sample.value {
            AppendValue::Float(_) => AppendValue::Float(0.0),
            AppendValue::Histogram(histogram) => {
                empty = Arc::new(Histogram {
                    counter_reset_hint: CounterResetHint::Reset,
                    schema: histogram.schema,
                    zero_threshold: histogram.zero_threshold,
                    custom_values: Arc::clone(&histogram.custom_values),
                    ..Histogram::default()
                });
                AppendValue::Histogram(&empty)
            }
        };
        let zero = Append {
            timestamp: start,
            start_timestamp: 0,
            value,
            metadata: None,
            ..*sample
        };
        if let Err(error) = self.appender.append(zero) {
            tracing::debug!(%error, "no zero at the start of a series");
        }
    }
}
