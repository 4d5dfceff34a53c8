//! What a server has done and used at several moments, and the figures that follow.

use std::time::Instant;

use crate::figures::{KIBIBYTE, MEBIBYTE, median};
use crate::process::Usage;

/// What a server has done and used up to a moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    pub(crate) at: Instant,
    pub(crate) usage: Usage,
    /// Samples stored.
    pub(crate) samples: f64,
    /// Series that are scraped.
    pub(crate) series: f64,
}

/// One server's readings, the ends of the intervals that are measured.
#[derive(Clone, Debug, Default)]
pub(crate) struct Readings(pub(crate) Vec<Reading>);

impl Readings {
    /// CPU seconds per million samples, of each interval.
    pub(crate) fn cpu_per_million(&self) -> Vec<f64> {
        let micros = self.per_sample(|reading| reading.usage.cpu_seconds);
        micros.into_iter().map(|seconds| seconds * 1e6).collect()
    }

    /// Bytes handed to `write()` by samples stored, of each interval.
    pub(crate) fn written_per_sample(&self) -> Vec<f64> {
        self.per_sample(|reading| reading.usage.handed_to_write_bytes)
    }

    /// Bytes sent to a disk by samples stored, of each interval.
    pub(crate) fn disk_per_sample(&self) -> Vec<f64> {
        self.per_sample(|reading| reading.usage.disk_bytes)
    }

    /// Samples stored per second, of each interval.
    pub(crate) fn sample_rates(&self) -> Vec<f64> {
        self.intervals(|before, after| {
            let seconds = after.at.duration_since(before.at).as_secs_f64();
            (after.samples - before.samples) / seconds
        })
    }

    /// Mebibytes of resident memory, median.
    pub(crate) fn resident(&self) -> f64 {
        let readings = self.0.iter();
        median(
            readings
                .map(|reading| reading.usage.resident_bytes / MEBIBYTE)
                .collect(),
        )
    }

    /// Kibibytes of resident memory by series.
    pub(crate) fn resident_per_series(&self) -> f64 {
        self.resident() * MEBIBYTE / self.series() / KIBIBYTE
    }

    /// Mebibytes of resident memory, the most until the last reading.
    pub(crate) fn peak_resident(&self) -> f64 {
        let last = self.0.last();
        last.map_or(f64::NAN, |reading| {
            reading.usage.peak_resident_bytes / MEBIBYTE
        })
    }

    /// Series, median.
    pub(crate) fn series(&self) -> f64 {
        median(self.0.iter().map(|reading| reading.series).collect())
    }

    /// Growth of a figure over each interval, by the samples stored in it.
    fn per_sample(&self, figure: impl Fn(&Reading) -> f64) -> Vec<f64> {
        self.intervals(|before, after| {
            (figure(after) - figure(before)) / (after.samples - before.samples)
        })
    }

    fn intervals(&self, figure: impl Fn(&Reading, &Reading) -> f64) -> Vec<f64> {
        let pairs = self.0.windows(2);
        pairs.map(|pair| figure(&pair[0], &pair[1])).collect()
    }
}
