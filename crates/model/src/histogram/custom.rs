//! Custom buckets: histograms whose bounds are different.

use std::sync::Arc;

use super::arithmetic::Addend;
use super::compensated::{Compensation, accumulate};
use super::layout::SpanBuilder;
use super::schema::same_bounds;
use super::{Buckets, Histogram};

impl Histogram {
    /// Adds custom buckets. True if the bounds were different.
    pub(super) fn combine_custom(
        &mut self,
        other: &Self,
        sign: f64,
        lost: Option<&mut Compensation>,
    ) -> bool {
        if same_bounds(&self.custom_values, &other.custom_values) {
            let addend = Addend::new(&other.positive);
            let lost = lost.map(|lost| &mut lost.positive);
            self.positive.add(&addend, sign, lost);
            return false;
        }
        let bounds = intersection(&self.custom_values, &other.custom_values);
        let mut sums = BoundSums::new(&bounds);
        let own_lost = lost.as_ref().map_or(&[][..], |lost| &lost.positive);
        sums.add(&self.positive, &self.custom_values, 1.0, own_lost);
        sums.add(&other.positive, &other.custom_values, sign, &[]);
        let (positive, positive_lost) = sums.into_buckets();
        self.positive = positive;
        self.custom_values = bounds;
        if let Some(lost) = lost {
            lost.positive = positive_lost;
        }
        true
    }

    /// True if a count decreased against `previous`, by the bounds that both have.
    pub(super) fn has_decreased_bound(&self, previous: &Self) -> bool {
        let bounds = intersection(&self.custom_values, &previous.custom_values);
        let mut own = BoundSums::new(&bounds);
        own.add_plainly(&self.positive, &self.custom_values);
        let mut before = BoundSums::new(&bounds);
        before.add_plainly(&previous.positive, &previous.custom_values);
        own.counts
            .iter()
            .zip(&before.counts)
            .any(|(own, before)| own < before)
    }
}

/// The bounds that both lists have.
fn intersection(a: &[f64], b: &[f64]) -> Arc<[f64]> {
    let mut b = b.iter().peekable();
    let mut common = Vec::with_capacity(a.len());
    for &bound in a {
        while b.next_if(|&&other| other < bound).is_some() {}
        if b.next_if(|&&other| other == bound).is_some() {
            common.push(bound);
        }
    }
    common.into()
}

/// Counts of buckets with the given bounds, and of the one above the last bound.
struct BoundSums<'a> {
    bounds: &'a [f64],
    counts: Vec<f64>,
    lost: Vec<f64>,
}

impl<'a> BoundSums<'a> {
    fn new(bounds: &'a [f64]) -> Self {
        Self {
            bounds,
            counts: vec![0.0; bounds.len() + 1],
            lost: vec![0.0; bounds.len() + 1],
        }
    }

    fn add(&mut self, buckets: &Buckets, bounds: &[f64], sign: f64, buckets_lost: &[f64]) {
        let mut target = 0;
        for (place, (index, count)) in buckets.indexed().enumerate() {
            target = self.target(index, bounds, target);
            let (sum, lost) = (&mut self.counts[target], &mut self.lost[target]);
            accumulate(sign * count, sum, lost);
            if let Some(&more) = buckets_lost.get(place) {
                accumulate(more, sum, lost);
            }
        }
    }

    fn add_plainly(&mut self, buckets: &Buckets, bounds: &[f64]) {
        let mut target = 0;
        for (index, count) in buckets.indexed() {
            target = self.target(index, bounds, target);
            self.counts[target] += count;
        }
    }

    /// The bucket that covers bucket `index` of `bounds`; not before `from`.
    fn target(&self, index: i32, bounds: &[f64], from: usize) -> usize {
        let bound = usize::try_from(index)
            .ok()
            .and_then(|index| bounds.get(index));
        let covering = bound.and_then(|bound| {
            let rest = self.bounds.get(from..)?;
            rest.iter().position(|own| own >= bound)
        });
        covering.map_or(self.bounds.len(), |steps| from + steps)
    }

    fn into_buckets(self) -> (Buckets, Vec<f64>) {
        let mut spans = SpanBuilder::default();
        let mut counts = Vec::with_capacity(self.counts.len());
        let mut lost = Vec::with_capacity(self.counts.len());
        for (index, (&count, &count_lost)) in (0..).zip(self.counts.iter().zip(&self.lost)) {
            if count != 0.0 || count_lost != 0.0 {
                spans.push(index);
                counts.push(count);
                lost.push(count_lost);
            }
        }
        (Buckets::new(spans.finish(), counts), lost)
    }
}
