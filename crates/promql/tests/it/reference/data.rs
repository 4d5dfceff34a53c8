//! Random series: few names and labels, gaps, stale markers, resets, and values that are no numbers.

use std::fmt;

use model::Labels;
use model::value::{STALE, is_stale};
use storage::memory::MemoryStore;
use storage::{Append, Appendable};

use super::random::Random;

/// What a query can see.
#[derive(Clone, Default)]
pub(super) struct Data {
    pub(super) series: Vec<Series>,
}

/// One series, in rising order of time.
#[derive(Clone)]
pub(super) struct Series {
    pub(super) labels: Labels,
    pub(super) samples: Vec<(i64, f64)>,
}

impl Data {
    /// Draws some series, sorted by labels.
    pub(super) fn draw(random: &mut Random) -> Self {
        let mut series: Vec<Series> = Vec::new();
        for name in ["m_total", "gauge", "other", "b_bucket"] {
            for _ in 0..1 + random.below(4) {
                let mut pairs = vec![("__name__", name)];
                for (label, values) in LABELS {
                    let value = random.pick(values);
                    pairs.push((label, value));
                }
                if name == "b_bucket" {
                    pairs.push(("le", random.pick(&["1", "2.5", "+Inf", "+Inf", "x"])));
                }
                let labels = Labels::from_pairs(pairs);
                if series.iter().all(|known| known.labels != labels) {
                    let samples = draw_samples(random, name != "gauge" && name != "other");
                    series.push(Series { labels, samples });
                }
            }
        }
        series.sort_by(|left, right| left.labels.cmp(&right.labels));
        Self { series }
    }

    /// The same data for the engine.
    pub(super) fn store(&self) -> MemoryStore {
        let store = MemoryStore::default();
        let mut appender = store.appender();
        for series in &self.series {
            for &(time, value) in &series.samples {
                let append = Append::new(&series.labels, time, value);
                appender.append(append).expect("a store in memory takes it");
            }
        }
        appender.commit().expect("a store in memory takes it");
        store
    }

    /// All data that is a little less: without a series, or without a part of one.
    pub(super) fn smaller(&self) -> Vec<Self> {
        let mut out = Vec::new();
        for index in 0..self.series.len() {
            let mut fewer = self.clone();
            fewer.series.remove(index);
            out.push(fewer);
        }
        for (index, series) in self.series.iter().enumerate() {
            let count = series.samples.len();
            for part in [count / 2, count / 4, 1] {
                for from in (0..count).step_by(part.max(1)) {
                    let mut shorter = self.clone();
                    let end = (from + part.max(1)).min(count);
                    shorter.series[index].samples.drain(from..end);
                    if !shorter.series[index].samples.is_empty() {
                        out.push(shorter);
                    }
                }
            }
        }
        out
    }
}

fn draw_samples(random: &mut Random, counts: bool) -> Vec<(i64, f64)> {
    let interval = random.pick(&[15_000, 30_000, 30_000, 60_000]);
    let mut time = START + random.pick(&[0, 0, 7_500, 600_000]);
    let mut value = random.below(40) as f64;
    let odd = random.chance(20);
    let mut samples = Vec::new();
    while time <= END {
        if counts && random.chance(90) {
            value += random.below(20) as f64;
        } else {
            value = random.below(12) as f64 / 2.0;
        }
        let stored = match random.below(100) {
            0..3 => STALE,
            3..7 if odd => random.pick(&[f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.5]),
            _ => value,
        };
        samples.push((time, stored));
        let jitter = random.pick(&[0, 0, 0, 1, 250]);
        let gap = random.pick(&[1, 1, 1, 1, 1, 1, 1, 2, 3, 20]);
        time += interval * gap + jitter;
    }
    samples
}

/// As a script of the promqltest language could be written from it.
impl fmt::Display for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for series in &self.series {
            write!(f, "  {}", series.labels)?;
            for &(time, value) in &series.samples {
                match is_stale(value) {
                    true => write!(f, " {time}:stale")?,
                    false => write!(f, " {time}:{value}")?,
                }
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

/// An empty value leaves the label out.
const LABELS: [(&str, &[&str]); 2] = [("job", &["a", "b"]), ("pod", &["x", "y", ""])];

/// First time at which there can be a sample, in milliseconds.
pub(super) const START: i64 = 3_600_000;

/// Last time at which there can be a sample.
pub(super) const END: i64 = START + 30 * 60_000;
