//! A classic histogram, put together from the samples of its series, as a native one with custom
//! buckets.

use model::Histogram;
use model::histogram::Buckets;

/// What the series of one classic histogram have said so far.
#[derive(Clone, Debug, Default)]
pub(super) struct ClassicHistogram {
    /// (upper bound, cumulative count), by bound.
    buckets: Vec<(f64, f64)>,
    count: Option<f64>,
    sum: f64,
    is_broken: bool,
}

/// A sample of a classic histogram.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum ClassicPart {
    /// The bucket with this upper bound.
    Bucket(f64),
    Sum,
    Count,
}

impl ClassicHistogram {
    /// Takes the value of one series. Of a bound that comes twice the first value counts.
    pub(super) fn take(&mut self, part: ClassicPart, value: f64) {
        match part {
            ClassicPart::Sum => self.sum = value,
            ClassicPart::Count if value < 0.0 => self.is_broken = true,
            ClassicPart::Count => self.count = Some(value),
            ClassicPart::Bucket(_) if value < 0.0 => self.is_broken = true,
            ClassicPart::Bucket(bound) => {
                let place = self.buckets.partition_point(|(other, _)| *other < bound);
                let is_known = self.buckets.get(place).is_some_and(|(b, _)| *b == bound);
                if !is_known {
                    self.buckets.insert(place, (bound, value));
                }
            }
        }
    }

    /// The native histogram, and whether all counts are whole; none if the series contradict each
    /// other. Starts anew afterwards.
    pub(super) fn finish(&mut self) -> Option<(Histogram, bool)> {
        let mut taken = std::mem::take(self);
        let converted = taken.convert();
        taken.buckets.clear();
        // The list keeps its memory.
        self.buckets = taken.buckets;
        converted
    }

    fn convert(&mut self) -> Option<(Histogram, bool)> {
        let highest = self.buckets.last().copied();
        let count = self.count.or(highest.map(|(_, count)| count))?;
        if highest.is_none_or(|(bound, _)| bound != f64::INFINITY) {
            self.buckets.push((f64::INFINITY, count));
        }
        let is_cumulative = self.buckets.is_sorted_by(|(_, a), (_, b)| a <= b);
        let last = self.buckets.last().map(|(_, count)| *count);
        if self.is_broken || !is_cumulative || last != Some(count) {
            return None;
        }
        let is_whole = self.buckets.iter().all(|(_, count)| count.fract() == 0.0);
        let mut before = 0.0;
        let counts = self.buckets.iter().map(|&(_, cumulative)| {
            let own = cumulative - before;
            before = cumulative;
            own
        });
        let bounds = self.buckets.iter().map(|(bound, _)| *bound);
        let bounds: Vec<f64> = bounds.filter(|bound| *bound != f64::INFINITY).collect();
        let mut histogram = Histogram {
            count,
            sum: self.sum,
            positive: Buckets::from_offset(0, counts.collect()),
            ..Histogram::with_custom_buckets(bounds)
        };
        histogram.validate().ok()?;
        histogram.compact(if is_whole { MAX_EMPTY_BUCKETS } else { 0 });
        Some((histogram, is_whole))
    }
}

/// Empty buckets between two others that stay in one span, for whole counts. Source: Prometheus'
/// conversion of classic histograms.
const MAX_EMPTY_BUCKETS: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_become_one_histogram() {
        use ClassicPart::{Bucket, Count, Sum};
        let inf = f64::INFINITY;
        type Part = (ClassicPart, f64);
        let cases: [(&[Part], Option<&str>); 9] = [
            (
                &[
                    (Bucket(1.0), 2.0),
                    (Bucket(5.0), 3.0),
                    (Bucket(inf), 4.0),
                    (Count, 4.0),
                    (Sum, 7.0),
                ],
                Some("4 7 [1.0, 5.0] [2.0, 1.0, 1.0]"),
            ),
            // Without the last bucket and in any order.
            (
                &[(Count, 3.0), (Bucket(5.0), 3.0), (Bucket(1.0), 2.0)],
                Some("3 0 [1.0, 5.0] [2.0, 1.0]"),
            ),
            // Without a count.
            (
                &[(Bucket(1.0), 1.0), (Bucket(1.0), 9.0)],
                Some("1 0 [1.0] [1.0]"),
            ),
            (&[(Bucket(inf), 1.5), (Count, 1.5)], Some("1.5 0 [] [1.5]")),
            (&[(Count, 0.0), (Sum, 0.0)], Some("0 0 [] []")),
            (&[(Sum, 1.0)], None),
            (&[(Bucket(1.0), 3.0), (Bucket(2.0), 2.0)], None),
            (&[(Bucket(inf), 3.0), (Count, 4.0)], None),
            (&[(Bucket(inf), -1.0)], None),
        ];
        let mut classic = ClassicHistogram::default();
        for (parts, want) in cases {
            for &(part, value) in parts {
                classic.take(part, value);
            }
            let found = classic.finish().map(|(histogram, _)| {
                let Histogram {
                    count,
                    sum,
                    positive,
                    custom_values,
                    ..
                } = histogram;
                format!("{count} {sum} {custom_values:?} {:?}", positive.counts)
            });
            assert_eq!(found.as_deref(), want, "{parts:?}");
        }
    }
}
