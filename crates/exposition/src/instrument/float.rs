//! A float that several threads add to.

use std::sync::atomic::{AtomicU64, Ordering};

/// An `f64` in an atomic word.
#[derive(Debug, Default)]
pub(super) struct AtomicFloat {
    bits: AtomicU64,
}

impl AtomicFloat {
    pub(super) fn get(&self) -> f64 {
        f64::from_bits(self.bits.load(Ordering::Relaxed))
    }

    pub(super) fn set(&self, value: f64) {
        self.bits.store(value.to_bits(), Ordering::Relaxed);
    }

    pub(super) fn add(&self, by: f64) {
        let mut seen = self.bits.load(Ordering::Relaxed);
        loop {
            let sum = (f64::from_bits(seen) + by).to_bits();
            let swapped =
                self.bits
                    .compare_exchange_weak(seen, sum, Ordering::Relaxed, Ordering::Relaxed);
            match swapped {
                Ok(_) => return,
                Err(now) => seen = now,
            }
        }
    }
}
