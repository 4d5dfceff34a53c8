//! Compaction: leaving out empty buckets.

use super::compensated::Compensation;
use super::layout::SpanBuilder;
use super::{Buckets, Histogram};

impl Histogram {
    /// Cuts empty buckets at the ends of spans, brings spans together that have at most
    /// `max_empty_buckets` between them, and cuts gaps of more empty buckets out of spans.
    pub fn compact(&mut self, max_empty_buckets: usize) {
        self.positive.compact(max_empty_buckets, None);
        self.negative.compact(max_empty_buckets, None);
    }

    pub(super) fn cut_empty(&mut self, lost: Option<&mut Compensation>) {
        let (positive, negative) = match lost {
            Some(lost) => (Some(&mut lost.positive), Some(&mut lost.negative)),
            None => (None, None),
        };
        self.positive.compact(0, positive);
        self.negative.compact(0, negative);
    }
}

impl Buckets {
    /// A bucket is empty if it has neither a count nor a compensation.
    fn compact(&mut self, max_empty: usize, lost: Option<&mut Vec<f64>>) {
        if self.is_compact(max_empty) {
            return;
        }
        let mut spans = SpanBuilder::default();
        let mut counts = Vec::with_capacity(self.counts.len());
        let mut kept_lost = Vec::new();
        let mut previous: Option<i32> = None;
        for (place, (index, count)) in self.indexed().enumerate() {
            let count_lost = lost.as_ref().and_then(|lost| lost.get(place).copied());
            if count == 0.0 && count_lost.unwrap_or(0.0) == 0.0 {
                continue;
            }
            if let Some(previous) = previous {
                let gap = i64::from(index) - i64::from(previous) - 1;
                if gap > 0 && usize::try_from(gap).is_ok_and(|gap| gap <= max_empty) {
                    for index in previous + 1..index {
                        spans.push(index);
                        counts.push(0.0);
                        kept_lost.push(0.0);
                    }
                }
            }
            spans.push(index);
            counts.push(count);
            kept_lost.push(count_lost.unwrap_or(0.0));
            previous = Some(index);
        }
        self.spans = spans.finish();
        self.counts = counts;
        if let Some(lost) = lost {
            *lost = kept_lost;
        }
    }

    fn is_compact(&self, max_empty: usize) -> bool {
        let max_empty = i32::try_from(max_empty).unwrap_or(i32::MAX);
        !self.counts.contains(&0.0)
            && self.spans.iter().all(|span| span.length > 0)
            && self
                .spans
                .iter()
                .skip(1)
                .all(|span| span.offset > max_empty)
    }
}
