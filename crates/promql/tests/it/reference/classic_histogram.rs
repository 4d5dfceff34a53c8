//! Quantiles and fractions of classic histograms: cumulative buckets as (upper bound, count), sorted.

/// The `q`-quantile.
pub(super) fn quantile(q: f64, buckets: Vec<(f64, f64)>) -> f64 {
    if q.is_nan() {
        return f64::NAN;
    }
    if !(0.0..=1.0).contains(&q) {
        return if q < 0.0 {
            f64::NEG_INFINITY
        } else {
            f64::INFINITY
        };
    }
    let Some(mut buckets) = joined(buckets) else {
        return f64::NAN;
    };
    for index in 1..buckets.len() {
        // A bucket holds what the ones below hold.
        let below = buckets[index - 1].1;
        if buckets[index].1 < below {
            buckets[index].1 = below;
        }
    }
    let total = buckets[buckets.len() - 1].1;
    if buckets.len() < 2 || total == 0.0 {
        return f64::NAN;
    }
    let rank = q * total;
    let finite = &buckets[..buckets.len() - 1];
    let Some(index) = finite.iter().position(|&(_, count)| count >= rank) else {
        return finite[finite.len() - 1].0;
    };
    let (bound, count) = finite[index];
    let (lower, before) = match index {
        0 if bound <= 0.0 => return bound,
        0 => (0.0, 0.0),
        _ => finite[index - 1],
    };
    lower + (bound - lower) * ((rank - before) / (count - before))
}

/// The share of observations between `lower` and `upper`.
pub(super) fn fraction(lower: f64, upper: f64, buckets: Vec<(f64, f64)>) -> f64 {
    let Some(buckets) = joined(buckets) else {
        return f64::NAN;
    };
    let total = buckets[buckets.len() - 1].1;
    if total == 0.0 || lower.is_nan() || upper.is_nan() {
        return f64::NAN;
    }
    if lower >= upper {
        return 0.0;
    }
    (below(upper, &buckets) - below(lower, &buckets)) / total
}

/// How many observations are below `value`, on a straight line inside each bucket.
fn below(value: f64, buckets: &[(f64, f64)]) -> f64 {
    let total = buckets[buckets.len() - 1].1;
    let (mut lower, mut before) = match buckets[0].0 > 0.0 {
        true => (0.0, 0.0),
        false => (f64::NEG_INFINITY, 0.0),
    };
    for &(bound, count) in buckets {
        if lower >= value {
            break;
        }
        if bound > value {
            return match (lower == f64::NEG_INFINITY, bound == f64::INFINITY) {
                (_, true) => before,
                (true, _) => count,
                _ => before + (count - before) * ((value - lower) / (bound - lower)),
            }
            .min(total);
        }
        (lower, before) = (bound, count);
    }
    before.min(total)
}

/// Buckets of one bound are one. None unless the last is open.
fn joined(buckets: Vec<(f64, f64)>) -> Option<Vec<(f64, f64)>> {
    let mut out: Vec<(f64, f64)> = Vec::new();
    for (bound, count) in buckets {
        match out.last_mut() {
            Some(last) if last.0 == bound => last.1 += count,
            _ => out.push((bound, count)),
        }
    }
    out.last()
        .is_some_and(|last| last.0 == f64::INFINITY)
        .then_some(out)
}
