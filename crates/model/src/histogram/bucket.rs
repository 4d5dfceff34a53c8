//! Single buckets with their bounds, and the ways through those of a histogram.

use super::bounds::{custom, exponential};
use super::{Buckets, Histogram, Span};

/// A bucket.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    /// Lower bound.
    pub lower: f64,
    /// Upper bound.
    pub upper: f64,
    /// True if an observation of the lower bound counts.
    pub lower_inclusive: bool,
    /// True if an observation of the upper bound counts.
    pub upper_inclusive: bool,
    /// Observations.
    pub count: f64,
}

impl Bucket {
    /// Which bounds belong to the bucket, as a number of the HTTP API: 0 the upper one, 1 the lower
    /// one, 2 none, 3 both.
    pub fn boundary_rule(&self) -> u8 {
        match (self.lower_inclusive, self.upper_inclusive) {
            (false, true) => 0,
            (true, false) => 1,
            (false, false) => 2,
            (true, true) => 3,
        }
    }
}

impl Histogram {
    /// Buckets above zero, or custom buckets, in rising order.
    pub fn positive_buckets(&self) -> impl Iterator<Item = Bucket> + '_ {
        let indexed = self.positive.indexed();
        indexed.map(|(index, count)| self.positive_bucket(index, count))
    }

    /// Buckets below zero by their distance from zero, that is in falling order.
    pub fn negative_buckets(&self) -> impl Iterator<Item = Bucket> + '_ {
        let indexed = self.negative.indexed();
        indexed.map(|(index, count)| self.negative_bucket(index, count))
    }

    /// The zero bucket.
    pub fn zero_bucket(&self) -> Bucket {
        Bucket {
            lower: -self.zero_threshold,
            upper: self.zero_threshold,
            lower_inclusive: true,
            upper_inclusive: true,
            count: self.zero_count,
        }
    }

    /// All buckets in rising order; the zero bucket only if it is populated. Others do not reach
    /// into it.
    pub fn all_buckets(&self) -> impl Iterator<Item = Bucket> + '_ {
        let negative = self.negative.indexed_backwards();
        let negative = negative.map(|(index, count)| self.negative_bucket(index, count));
        self.across_zero(negative, self.positive_buckets())
    }

    /// All buckets in falling order, otherwise like [`all_buckets`](Self::all_buckets).
    pub fn all_buckets_backwards(&self) -> impl Iterator<Item = Bucket> + '_ {
        let positive = self.positive.indexed_backwards();
        let positive = positive.map(|(index, count)| self.positive_bucket(index, count));
        self.across_zero(positive, self.negative_buckets())
    }

    /// The buckets of one side, the zero bucket if it is populated, those of the other side.
    fn across_zero<'h>(
        &'h self,
        before: impl Iterator<Item = Bucket> + 'h,
        behind: impl Iterator<Item = Bucket> + 'h,
    ) -> impl Iterator<Item = Bucket> + 'h {
        before
            .map(|bucket| self.outside_of_zero(bucket))
            .chain(self.populated_zero_bucket())
            .chain(behind.map(|bucket| self.outside_of_zero(bucket)))
    }

    /// Populated buckets in rising order: those that the HTTP API lists.
    pub fn populated_buckets(&self) -> impl Iterator<Item = Bucket> + '_ {
        self.all_buckets().filter(|bucket| bucket.count != 0.0)
    }

    fn populated_zero_bucket(&self) -> Option<Bucket> {
        (self.zero_count > 0.0).then(|| self.zero_bucket())
    }

    fn positive_bucket(&self, index: i32, count: f64) -> Bucket {
        if self.has_custom_buckets() {
            return Bucket {
                lower: custom(index.saturating_sub(1), &self.custom_values),
                upper: custom(index, &self.custom_values),
                lower_inclusive: index == 0,
                upper_inclusive: true,
                count,
            };
        }
        let lower = exponential(index.wrapping_sub(1), self.schema);
        let upper = exponential(index, self.schema);
        Bucket {
            lower,
            upper,
            lower_inclusive: lower < 0.0,
            upper_inclusive: upper > 0.0,
            count,
        }
    }

    fn negative_bucket(&self, index: i32, count: f64) -> Bucket {
        let lower = -exponential(index, self.schema);
        let upper = -exponential(index.wrapping_sub(1), self.schema);
        Bucket {
            lower,
            upper,
            lower_inclusive: lower < 0.0,
            upper_inclusive: upper > 0.0,
            count,
        }
    }

    fn outside_of_zero(&self, mut bucket: Bucket) -> Bucket {
        let threshold = self.zero_threshold;
        if bucket.upper < 0.0 && bucket.upper > -threshold {
            bucket.upper = -threshold;
        } else if bucket.lower > 0.0 && bucket.lower < threshold {
            bucket.lower = threshold;
        }
        bucket
    }
}

impl Buckets {
    /// Indexes and counts in rising order of the index.
    pub fn indexed(&self) -> Indexed<'_> {
        let mut spans = self.spans.iter();
        let span = spans.next().copied().unwrap_or_default();
        Indexed {
            spans,
            counts: self.counts.iter(),
            index: span.offset,
            left: span.length,
        }
    }

    /// Indexes and counts in falling order of the index.
    pub fn indexed_backwards(&self) -> IndexedBackwards<'_> {
        let end = self.spans.iter().fold(0_i32, |end, span| {
            end.wrapping_add(span.offset)
                .wrapping_add_unsigned(span.length)
        });
        let mut spans = self.spans.iter();
        let span = spans.next_back().copied().unwrap_or_default();
        IndexedBackwards {
            spans,
            counts: self.counts.iter(),
            index: end,
            span,
        }
    }

    /// True if the spans are written in the same way.
    pub(super) fn has_spans_of(&self, other: &Self) -> bool {
        std::sync::Arc::ptr_eq(&self.spans, &other.spans) || self.spans == other.spans
    }
}

/// Goes through the buckets of a side. See [`Buckets::indexed`].
#[derive(Clone, Debug)]
pub struct Indexed<'a> {
    spans: std::slice::Iter<'a, Span>,
    counts: std::slice::Iter<'a, f64>,
    index: i32,
    /// Buckets of the span that are still to come.
    left: u32,
}

impl Iterator for Indexed<'_> {
    type Item = (i32, f64);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        while self.left == 0 {
            let span = self.spans.next()?;
            self.index = self.index.wrapping_add(span.offset);
            self.left = span.length;
        }
        let count = *self.counts.next()?;
        let index = self.index;
        self.index = index.wrapping_add(1);
        self.left -= 1;
        Some((index, count))
    }
}

/// Goes backwards through the buckets of a side. See [`Buckets::indexed_backwards`].
#[derive(Clone, Debug)]
pub struct IndexedBackwards<'a> {
    spans: std::slice::Iter<'a, Span>,
    counts: std::slice::Iter<'a, f64>,
    /// Index behind the next bucket.
    index: i32,
    /// The span that is gone through; its length is that of the buckets still to come.
    span: Span,
}

impl Iterator for IndexedBackwards<'_> {
    type Item = (i32, f64);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        while self.span.length == 0 {
            let span = *self.spans.next_back()?;
            self.index = self.index.wrapping_sub(self.span.offset);
            self.span = span;
        }
        let count = *self.counts.next_back()?;
        self.index = self.index.wrapping_sub(1);
        self.span.length -= 1;
        Some((self.index, count))
    }
}
