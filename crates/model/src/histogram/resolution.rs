//! Lower resolution: buckets of a finer schema as those of a coarser one.

use super::compensated::{Compensation, accumulate};
use super::layout::SpanBuilder;
use super::{Buckets, Histogram, schema};

impl Histogram {
    /// Merges buckets until the histogram has the exponential schema `schema`. Custom buckets, and
    /// buckets that are not finer than that, stay what they are.
    pub fn reduce_resolution(&mut self, schema: i32) {
        if schema::is_exponential(schema) && !self.has_custom_buckets() {
            self.reduce(schema, None);
        }
    }

    /// A copy with the resolution of [`reduce_resolution`](Self::reduce_resolution).
    pub fn copy_to_schema(&self, schema: i32) -> Self {
        let mut copy = self.clone();
        copy.reduce_resolution(schema);
        copy
    }

    pub(super) fn reduce(&mut self, schema: i32, lost: Option<&mut Compensation>) {
        let steps = self.schema - schema;
        if steps <= 0 {
            return;
        }
        let (positive, negative) = match lost {
            Some(lost) => (Some(&mut lost.positive), Some(&mut lost.negative)),
            None => (None, None),
        };
        self.positive.coarsen(steps, positive);
        self.negative.coarsen(steps, negative);
        self.schema = schema;
    }
}

impl Buckets {
    pub(super) fn coarsen(&mut self, steps: i32, lost: Option<&mut Vec<f64>>) {
        if self.is_empty() {
            return;
        }
        let mut spans = SpanBuilder::default();
        let mut counts: Vec<f64> = Vec::with_capacity(self.counts.len());
        let mut merged_lost: Vec<f64> = Vec::new();
        let mut previous = None;
        for (place, (index, count)) in self.indexed().enumerate() {
            let index = coarse_index(index, steps);
            let count_lost = lost
                .as_ref()
                .map(|lost| lost.get(place).copied().unwrap_or(0.0));
            let is_new = previous != Some(index);
            previous = Some(index);
            if is_new {
                spans.push(index);
                counts.push(count);
                merged_lost.extend(count_lost);
                continue;
            }
            let Some(sum) = counts.last_mut() else {
                continue;
            };
            match (merged_lost.last_mut(), count_lost) {
                (Some(sum_lost), Some(count_lost)) => {
                    accumulate(count, sum, sum_lost);
                    accumulate(count_lost, sum, sum_lost);
                }
                _ => *sum += count,
            }
        }
        self.spans = spans.finish();
        self.counts = counts;
        if let Some(lost) = lost {
            *lost = merged_lost;
        }
    }
}

/// Index of the bucket that holds the bucket `index` of a schema that is `steps` finer.
pub(super) fn coarse_index(index: i32, steps: i32) -> i32 {
    (index.wrapping_sub(1) >> steps.clamp(0, 31)).wrapping_add(1)
}
