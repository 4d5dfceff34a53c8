//! Counter resets: what a histogram says of them, and finding them.

use super::Histogram;
use super::bounds::exponential;
use super::resolution::coarse_index;
use super::schema::same_bounds;

/// What is known of a counter reset between a histogram and the one before it in its series.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CounterResetHint {
    /// Nothing: the two have to be compared.
    #[default]
    Unknown,
    /// There was a counter reset.
    Reset,
    /// There was none.
    NotReset,
    /// The histogram is a gauge: counter resets have no meaning.
    Gauge,
}

impl Histogram {
    /// True if the counter was reset between `previous` and this histogram: a bucket is gone or a
    /// count decreased. The sum is not looked at. A gauge is looked at like a counter.
    pub fn detect_reset(&self, previous: &Self) -> bool {
        match self.counter_reset_hint {
            CounterResetHint::Reset => return true,
            CounterResetHint::NotReset => return false,
            CounterResetHint::Unknown | CounterResetHint::Gauge => {}
        }
        if self.count < previous.count {
            return true;
        }
        if self.has_custom_buckets() {
            if !previous.has_custom_buckets() {
                return true;
            }
            if !same_bounds(&self.custom_values, &previous.custom_values) {
                return self.has_decreased_bound(previous);
            }
        }
        // Resolution only falls and the zero bucket only grows, except after a reset.
        if self.schema > previous.schema || self.zero_threshold < previous.zero_threshold {
            return true;
        }
        let zero = previous.with_threshold(self.zero_threshold, None);
        if zero.threshold != self.zero_threshold || self.zero_count < zero.count {
            return true;
        }
        self.has_decreased_bucket(previous)
    }

    fn has_decreased_bucket(&self, previous: &Self) -> bool {
        let has_same_zero = self.zero_threshold == previous.zero_threshold;
        let is_like = self.schema == previous.schema
            && has_same_zero
            && self.positive.has_spans_of(&previous.positive)
            && self.negative.has_spans_of(&previous.negative);
        if is_like {
            let decreased = |(own, before): (&f64, &f64)| own < before;
            let (own, before) = (&self.positive.counts, &previous.positive.counts);
            return own.iter().zip(before).any(decreased)
                || self
                    .negative
                    .counts
                    .iter()
                    .zip(&previous.negative.counts)
                    .any(decreased);
        }
        let counts = |histogram: &Self, is_positive: bool| {
            histogram.counts_from(is_positive, self.schema, self.zero_threshold)
        };
        has_decreased(&counts(self, true), &counts(previous, true))
            || has_decreased(&counts(self, false), &counts(previous, false))
    }

    /// Indexes and counts in `schema`, from the first bucket on that reaches beyond `start`.
    fn counts_from(&self, is_positive: bool, schema: i32, start: f64) -> Vec<(i32, f64)> {
        let steps = self.schema - schema;
        let side = if is_positive {
            &self.positive
        } else {
            &self.negative
        };
        let mut counts: Vec<(i32, f64)> = Vec::with_capacity(side.counts.len());
        for (index, count) in side.indexed() {
            let index = if steps > 0 {
                coarse_index(index, steps)
            } else {
                index
            };
            match counts.last_mut() {
                Some((last, sum)) if *last == index => *sum += count,
                _ => counts.push((index, count)),
            }
        }
        if start != 0.0 && !self.has_custom_buckets() {
            let is_inside = |&(index, _): &(i32, f64)| exponential(index, schema) <= start;
            let inside = counts.iter().take_while(|bucket| is_inside(bucket)).count();
            counts.drain(..inside);
        }
        counts
    }

    /// Takes the hint that a combination with another histogram has. True if the hints collide.
    pub(super) fn join_hint(&mut self, other: CounterResetHint) -> bool {
        use CounterResetHint::{Gauge, Unknown};
        let own = self.counter_reset_hint;
        let (hint, collides) = match (own, other) {
            (own, other) if own == other => (own, false),
            (Gauge, _) | (_, Gauge) => (Gauge, false),
            (Unknown, _) | (_, Unknown) => (Unknown, false),
            _ => (Unknown, true),
        };
        self.counter_reset_hint = hint;
        collides
    }
}

/// True if a bucket of `before` has a greater count than the same of `own`, or is missing there
/// though populated. Once `own` has ended, upstream looks at one more bucket of `before` only.
fn has_decreased(own: &[(i32, f64)], before: &[(i32, f64)]) -> bool {
    let mut own = own.iter().copied().peekable();
    for &(index, count) in before {
        while own.next_if(|&(own, _)| own < index).is_some() {}
        let decreased = match own.peek() {
            None => return count != 0.0,
            Some(&(own, own_count)) if own == index => own_count < count,
            Some(_) => count != 0.0,
        };
        if decreased {
            return true;
        }
    }
    false
}
