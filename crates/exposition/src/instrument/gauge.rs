//! A number that rises and falls.

use std::sync::Arc;

use super::float::AtomicFloat;

/// Shows a present state. Clones share the number.
#[derive(Clone, Debug, Default)]
pub struct Gauge {
    value: Arc<AtomicFloat>,
}

impl Gauge {
    /// Replaces the number.
    pub fn set(&self, value: f64) {
        self.value.set(value);
    }

    /// Adds one.
    pub fn inc(&self) {
        self.add(1.0);
    }

    /// Adds an amount, which may be negative.
    pub fn add(&self, by: f64) {
        self.value.add(by);
    }

    /// The number now.
    pub fn get(&self) -> f64 {
        self.value.get()
    }
}
