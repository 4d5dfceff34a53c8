//! Spans: which buckets the counts of one side of a histogram belong to.

use std::sync::Arc;

/// Neighbouring buckets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// Buckets between the end of the span before and this one; of the first span its index.
    pub offset: i32,
    /// How many buckets.
    pub length: u32,
}

/// The buckets of one side of a histogram.
///
/// Spans are shared: histograms of one series mostly have the same.
#[derive(Clone, Debug, Default)]
pub struct Buckets {
    /// Where the buckets are.
    pub spans: Arc<[Span]>,
    /// A count for each bucket of the spans, in their order.
    pub counts: Vec<f64>,
}

impl Buckets {
    /// Buckets from their parts. [`Histogram::validate`](super::Histogram::validate) tells whether
    /// the parts go together.
    pub fn new(spans: impl Into<Arc<[Span]>>, counts: Vec<f64>) -> Self {
        Self {
            spans: spans.into(),
            counts,
        }
    }

    /// Neighbouring buckets from index `offset` on.
    pub fn from_offset(offset: i32, counts: Vec<f64>) -> Self {
        if counts.is_empty() {
            return Self::default();
        }
        let length = u32::try_from(counts.len()).unwrap_or(u32::MAX);
        Self::new([Span { offset, length }], counts)
    }

    /// True if there is no bucket, not even an empty one.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// True if both have counts for the same buckets.
    pub fn has_layout_of(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.spans, &other.spans)
            || self.spans == other.spans
            || joined(&self.spans).eq(joined(&other.spans))
    }

    pub(super) fn equals_by(&self, other: &Self, same: impl Fn(f64, f64) -> bool) -> bool {
        self.has_layout_of(other)
            && self.counts.len() == other.counts.len()
            && self
                .counts
                .iter()
                .zip(&other.counts)
                .all(|(&a, &b)| same(a, b))
    }

    pub(super) fn heap_size(&self) -> usize {
        size_of_val::<[Span]>(&self.spans) + self.counts.capacity() * size_of::<f64>()
    }
}

impl PartialEq for Buckets {
    fn eq(&self, other: &Self) -> bool {
        self.equals_by(other, |a, b| a.to_bits() == b.to_bits())
    }
}

/// Spans without empty ones, whose offsets go to the next span.
fn joined(spans: &[Span]) -> impl Iterator<Item = Span> + '_ {
    let mut skipped = 0_i32;
    spans.iter().filter_map(move |span| {
        let offset = skipped.wrapping_add(span.offset);
        skipped = if span.length == 0 { offset } else { 0 };
        (span.length > 0).then_some(Span { offset, ..*span })
    })
}
