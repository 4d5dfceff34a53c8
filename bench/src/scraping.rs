//! Servers that scrape one generated fleet: the load, who serves it, who scrapes it, what that costs.
//!
//! A [`LoadGenerator`] serves the targets; each [`Contender`] scrapes all of them with the same
//! configuration; [`Readings`] are what it did and used up to several moments, and what follows
//! from them.

mod contender;
mod generator;
mod readings;

pub(crate) use contender::{Contender, scrape_configuration, wait};
pub(crate) use generator::{GeneratorReadings, LoadGenerator};
pub(crate) use readings::{Reading, Readings};

/// Shape and schedule of the load.
#[derive(Clone, Copy)]
pub(crate) struct Load {
    pub(crate) targets: usize,
    /// Series of each target.
    pub(crate) series: usize,
    /// Seconds between scrapes.
    pub(crate) interval: u64,
}

impl Load {
    /// What a scraper that keeps up stores.
    pub(crate) fn samples_per_second(self) -> f64 {
        (self.targets * self.series) as f64 / self.interval as f64
    }

    /// As in `100x1000@5s`.
    pub(crate) fn name(self) -> String {
        format!("{}x{}@{}s", self.targets, self.series, self.interval)
    }
}
