//! A number that only rises.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::float::AtomicFloat;

/// Counts events or sums up an amount. Clones share the number.
#[derive(Clone, Debug, Default)]
pub struct Counter {
    parts: Arc<Parts>,
}

/// Whole events and fractions apart: whole ones cost one atomic addition.
#[derive(Debug, Default)]
struct Parts {
    whole: AtomicU64,
    fraction: AtomicFloat,
}

impl Counter {
    /// Adds one.
    #[inline]
    pub fn inc(&self) {
        self.add(1);
    }

    /// Adds a number of events.
    #[inline]
    pub fn add(&self, by: u64) {
        self.parts.whole.fetch_add(by, Ordering::Relaxed);
    }

    /// Adds an amount, for example of seconds. Negative and undefined amounts are left out, for a
    /// counter never falls.
    pub fn add_float(&self, by: f64) {
        if by > 0.0 {
            self.parts.fraction.add(by);
        }
    }

    /// The number now.
    pub fn get(&self) -> f64 {
        self.parts.whole.load(Ordering::Relaxed) as f64 + self.parts.fraction.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rises_by_events_and_amounts_and_never_falls() {
        let counter = Counter::default();
        counter.inc();
        counter.clone().add(2);
        counter.add_float(0.5);
        counter.add_float(-4.0);
        counter.add_float(f64::NAN);
        assert_eq!(counter.get(), 3.5);
    }
}
