//! Observations with quantiles over the latest of them.

use std::sync::{Arc, Mutex, PoisonError};

use model::MetricValue;

/// Sums observations up and tells quantiles of the latest 512 ones. Clones share the
/// numbers. An observation takes a short lock: summaries are for what happens a few times a second.
#[derive(Clone, Debug)]
pub struct Summary {
    parts: Arc<Parts>,
}

#[derive(Debug)]
struct Parts {
    /// Ascending, from 0 to 1; none: only sum and count are told.
    quantiles: Vec<f64>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    sum: f64,
    count: u64,
    /// A ring once it is full.
    latest: Vec<f64>,
    next: usize,
}

impl Summary {
    /// A summary that tells these quantiles.
    pub fn new(quantiles: &[f64]) -> Self {
        let mut quantiles = quantiles.to_vec();
        quantiles.sort_by(f64::total_cmp);
        Self {
            parts: Arc::new(Parts {
                quantiles,
                state: Mutex::default(),
            }),
        }
    }

    /// Takes one observation.
    pub fn observe(&self, value: f64) {
        let mut state = self.lock();
        state.sum += value;
        state.count += 1;
        if self.parts.quantiles.is_empty() {
            return;
        }
        let next = state.next;
        match state.latest.get_mut(next) {
            Some(oldest) => *oldest = value,
            None => state.latest.push(value),
        }
        state.next = (next + 1) % REMEMBERED;
    }

    /// The quantiles, sum and count now. Quantiles of nothing are not a number, as upstream's.
    pub fn value(&self) -> MetricValue {
        let (mut latest, sum, count) = {
            let state = self.lock();
            (state.latest.clone(), state.sum, state.count)
        };
        latest.sort_by(f64::total_cmp);
        let quantiles = self.parts.quantiles.iter();
        MetricValue::Summary {
            quantiles: quantiles.map(|&q| (q, quantile(&latest, q))).collect(),
            sum,
            count: count as f64,
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.parts
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// The smallest observation that at least the share `q` of all does not exceed.
fn quantile(sorted: &[f64], q: f64) -> f64 {
    let rank = (q * sorted.len() as f64).ceil() as usize;
    let index = rank.saturating_sub(1);
    sorted.get(index).copied().unwrap_or(f64::NAN)
}

/// Observations over which quantiles are taken: 4 KiB a summary, and at one scrape interval of a
/// hundred targets still several intervals.
const REMEMBERED: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_follow_the_latest_observations() {
        let summary = Summary::new(&[0.5, 0.99]);
        let quantiles = |summary: &Summary| match summary.value() {
            MetricValue::Summary { quantiles, .. } => quantiles,
            _ => Vec::new(),
        };
        assert!(quantiles(&summary).iter().all(|(_, value)| value.is_nan()));
        (1..=100).for_each(|value| summary.observe(f64::from(value)));
        assert_eq!(quantiles(&summary), [(0.5, 50.0), (0.99, 99.0)]);
        (0..REMEMBERED).for_each(|_| summary.observe(7.0));
        assert_eq!(quantiles(&summary), [(0.5, 7.0), (0.99, 7.0)]);
    }

    #[test]
    fn without_quantiles_only_sum_and_count_are_kept() {
        let summary = Summary::new(&[]);
        summary.observe(1.5);
        assert_eq!(
            summary.value(),
            MetricValue::Summary {
                quantiles: Vec::new(),
                sum: 1.5,
                count: 1.0
            }
        );
    }
}
