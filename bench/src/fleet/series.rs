//! What one series says at a given second: values that change as real ones do.
//!
//! A value depends on the second and the series only, so that two servers that scrape in the same
//! second see the same.

/// Upper bounds of a histogram's buckets.
pub(crate) const BOUNDS: [&str; 10] = [
    "0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "+Inf",
];

/// Thousandths of all observations that fall at or below each bound.
const CUMULATIVE: [u64; 10] = [112, 287, 468, 651, 797, 893, 951, 982, 996, 1_000];

/// Thousandths per second from which on even the lowest bucket rises from scrape to scrape.
const BUSY_RATE: u64 = 1_000;

/// What a busy gauge moves over, at least.
const BUSY_SPAN: u64 = 400;

/// How a value comes about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Rises; `rate` in thousandths per second, 0 for an idle one.
    Counter { rate: u64 },
    /// Moves between `low` and `low + span`, printed with `decimals`; span 0 for an idle one.
    Gauge { low: u64, span: u64, decimals: u32 },
    /// Bucket `bound` of a histogram that makes `rate` thousandths of an observation per second.
    Bucket { rate: u64, bound: usize },
    /// Sum of the observations of such a histogram, in seconds.
    Sum { rate: u64 },
}

/// A series without its text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Series {
    pub(crate) kind: Kind,
    pub(crate) seed: u64,
}

impl Series {
    /// Writes the value at `second`.
    pub(crate) fn write(self, second: u64, digits: &mut itoa::Buffer, out: &mut Vec<u8>) {
        match self.kind {
            Kind::Counter { rate } => {
                out.extend_from_slice(digits.format(self.total(rate, second)).as_bytes());
            }
            Kind::Bucket { rate, bound } => {
                let part = CUMULATIVE.get(bound).copied().unwrap_or(1_000);
                let count = self.total(rate, second) * part / 1_000;
                out.extend_from_slice(digits.format(count).as_bytes());
            }
            Kind::Sum { rate } => {
                // A mean of 87 ms.
                write_decimal(self.total(rate, second) * 87, 3, digits, out);
            }
            Kind::Gauge {
                low,
                span,
                decimals,
            } => {
                write_decimal(low + self.walk(span, second), decimals, digits, out);
            }
        }
    }

    /// The value at `second`: the number that [`Series::write`] writes.
    pub(crate) fn value(self, second: u64) -> f64 {
        match self.kind {
            Kind::Counter { rate } => self.total(rate, second) as f64,
            Kind::Bucket { rate, bound } => {
                let part = CUMULATIVE.get(bound).copied().unwrap_or(1_000);
                (self.total(rate, second) * part / 1_000) as f64
            }
            Kind::Sum { rate } => (self.total(rate, second) * 87) as f64 / 1e3,
            Kind::Gauge {
                low,
                span,
                decimals,
            } => (low + self.walk(span, second)) as f64 / 10_u64.pow(decimals) as f64,
        }
    }

    /// The same, standing still.
    pub(crate) const fn still(self) -> Self {
        let kind = match self.kind {
            Kind::Counter { .. } => Kind::Counter { rate: 0 },
            Kind::Bucket { bound, .. } => Kind::Bucket { rate: 0, bound },
            Kind::Sum { .. } => Kind::Sum { rate: 0 },
            Kind::Gauge { low, decimals, .. } => Kind::Gauge {
                low,
                span: 0,
                decimals,
            },
        };
        Self { kind, ..self }
    }

    /// The same, changing from scrape to scrape.
    pub(crate) fn busy(self) -> Self {
        let busy = |rate: u64| match rate {
            0 => BUSY_RATE + mix(self.seed) % (BUSY_RATE * 9),
            _ => rate.max(BUSY_RATE),
        };
        let kind = match self.kind {
            Kind::Counter { rate } => Kind::Counter { rate: busy(rate) },
            Kind::Bucket { rate, bound } => Kind::Bucket {
                rate: busy(rate),
                bound,
            },
            Kind::Sum { rate } => Kind::Sum { rate: busy(rate) },
            Kind::Gauge {
                low,
                span,
                decimals,
            } => Kind::Gauge {
                low,
                span: span.max(BUSY_SPAN),
                decimals,
            },
        };
        Self { kind, ..self }
    }

    /// A sum that never falls: the noise of a second is less than what a second adds.
    fn total(self, rate: u64, second: u64) -> u64 {
        let start = self.seed % 5_000_000;
        let noise = if rate == 0 {
            0
        } else {
            mix(self.seed ^ second) % rate
        };
        start + (rate * second + noise) / 1_000
    }

    /// A slow wave with noise on it.
    fn walk(self, span: u64, second: u64) -> u64 {
        if span == 0 {
            return 0;
        }
        let period = 120 + self.seed % 600;
        let phase = (second + self.seed % period) % period;
        let wave = phase.min(period - phase) * 2 * span / period;
        (wave * 7 + mix(self.seed ^ second) % span * 3) / 10
    }
}

fn write_decimal(scaled: u64, decimals: u32, digits: &mut itoa::Buffer, out: &mut Vec<u8>) {
    let unit = 10_u64.pow(decimals);
    out.extend_from_slice(digits.format(scaled / unit).as_bytes());
    let mut rest = scaled % unit;
    if rest == 0 {
        return;
    }
    out.push(b'.');
    let mut place = unit / 10;
    // As a real exporter prints it: no zeros at the end.
    while rest > 0 {
        out.extend_from_slice(digits.format(rest / place).as_bytes());
        rest %= place;
        place /= 10;
    }
}

/// The finalizer of `splitmix64`: every bit of the result depends on every bit of the seed.
pub(crate) const fn mix(seed: u64) -> u64 {
    let mut bits = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::{BOUNDS, Kind, Series};

    fn at(series: Series, second: u64) -> f64 {
        let mut out = Vec::new();
        series.write(second, &mut itoa::Buffer::new(), &mut out);
        String::from_utf8(out).unwrap().parse().unwrap()
    }

    #[test]
    fn what_must_rise_rises() {
        let kinds = [
            Kind::Counter { rate: 37 },
            Kind::Counter { rate: 1_500_000 },
            Kind::Bucket {
                rate: 900,
                bound: 3,
            },
            Kind::Sum { rate: 900 },
        ];
        for kind in kinds {
            let series = Series {
                kind,
                seed: 7_654_321,
            };
            let values: Vec<f64> = (0..500).map(|second| at(series, second)).collect();
            assert!(values.is_sorted(), "{kind:?}");
            assert!(values[0] < values[499], "{kind:?}");
        }
    }

    #[test]
    fn the_number_is_the_one_written() {
        let kinds = [
            Kind::Counter { rate: 1_500_000 },
            Kind::Bucket {
                rate: 90_000,
                bound: 3,
            },
            Kind::Sum { rate: 12_345 },
            Kind::Gauge {
                low: 100,
                span: 899,
                decimals: 3,
            },
        ];
        for kind in kinds {
            let series = Series { kind, seed: 77 };
            for second in 0..500 {
                assert_eq!(series.value(second), at(series, second), "{kind:?}");
            }
            assert_ne!(series.busy().value(0), series.busy().value(15), "{kind:?}");
            assert_eq!(
                series.still().value(0),
                series.still().value(15),
                "{kind:?}"
            );
        }
    }

    #[test]
    fn idle_series_stand_still() {
        let gauge = Kind::Gauge {
            low: 42,
            span: 0,
            decimals: 1,
        };
        for kind in [Kind::Counter { rate: 0 }, gauge] {
            let series = Series { kind, seed: 99 };
            assert!(
                (1..100).all(|second| at(series, second) == at(series, 0)),
                "{kind:?}"
            );
        }
    }

    #[test]
    fn buckets_add_up() {
        let bucket = |bound| Series {
            kind: Kind::Bucket { rate: 2_000, bound },
            seed: 5,
        };
        let values: Vec<f64> = (0..BOUNDS.len())
            .map(|bound| at(bucket(bound), 60))
            .collect();
        assert!(values.is_sorted());
        let count = Series {
            kind: Kind::Counter { rate: 2_000 },
            seed: 5,
        };
        assert_eq!(values.last().copied(), Some(at(count, 60)));
    }

    #[test]
    fn decimals_are_printed_as_exporters_do() {
        let cases = [
            (12_345, 3, "12.345"),
            (12_050, 3, "12.05"),
            (12_000, 3, "12"),
            (7, 0, "7"),
        ];
        for (low, decimals, text) in cases {
            let kind = Kind::Gauge {
                low,
                span: 0,
                decimals,
            };
            let mut out = Vec::new();
            Series { kind, seed: 1 }.write(9, &mut itoa::Buffer::new(), &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), text);
        }
    }
}
