//! The blocks that both servers open: made once by the peer from generated series.
//!
//! Prometheus takes the series by remote write and is asked for a snapshot, which is nothing but
//! blocks. [`shapes`] has series that are strange on purpose, [`demo`] those that the compliance
//! queries ask for, [`selected`] whatever the dashboards and rules select.

mod demo;
mod histograms;
mod selected;
mod shapes;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde_json::Value as Json;

use crate::differential::CONFIGURATION;
use crate::http::connection::Connection;
use crate::random::Random;
use crate::remote_write::{Labels, Sample, Value, Writer};
use crate::server::{Kind, Server};

/// 2026-01-01T00:00:00Z: the first sample, in seconds.
pub(crate) const BEGIN: i64 = 1_767_225_600;

/// Seconds of samples.
pub(crate) const LENGTH: i64 = 3 * 3_600;

/// Seconds between samples, if nothing else is said.
const INTERVAL: i64 = 15;

/// Seconds that are sent at a time: Prometheus refuses what is much older than its newest sample.
const SLICE: i64 = 300;

/// Counted up when the series change, so that blocks made before are not taken for new ones.
const VERSION: u32 = 1;

/// The sample at a time, counted in intervals since the beginning; none is a gap.
type SampleAt = dyn Fn(i64, &mut Random) -> Option<Value>;

/// A series as a function of time.
pub(crate) struct Series {
    labels: Labels,
    /// Seconds between samples.
    interval: i64,
    /// What each sample's time is late by, at most, in milliseconds.
    jitter: usize,
    seed: u64,
    sample: Box<SampleAt>,
}

impl Series {
    /// A series of the metric `name` with `labels`.
    fn new(
        name: &str,
        labels: &[(&str, &str)],
        sample: impl Fn(i64, &mut Random) -> Option<Value> + 'static,
    ) -> Self {
        let named = [("__name__", name)];
        let pairs = named.iter().chain(labels);
        let mut labels: Labels = pairs
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
            .collect();
        labels.sort();
        let text = format!("{labels:?}");
        Self {
            labels,
            interval: INTERVAL,
            jitter: 0,
            seed: text
                .bytes()
                .fold(7, |seed, byte| crate::fleet::mix(seed ^ u64::from(byte))),
            sample: Box::new(sample),
        }
    }

    /// A series of numbers without gaps.
    fn of_floats(
        name: &str,
        labels: &[(&str, &str)],
        value: impl Fn(i64, &mut Random) -> f64 + 'static,
    ) -> Self {
        Self::new(name, labels, move |at, random| {
            Some(Value::Float(value(at, random)))
        })
    }

    const fn every(mut self, interval: i64) -> Self {
        self.interval = interval;
        self
    }

    const fn with_jitter(mut self, jitter: usize) -> Self {
        self.jitter = jitter;
        self
    }

    /// Samples from second `start` to before `end`, both counted from the beginning.
    fn samples(&self, start: i64, end: i64) -> Vec<Sample> {
        let (first, last) = (
            start.div_euclid(self.interval),
            end.div_euclid(self.interval),
        );
        let sample = |at: i64| {
            // A stream of its own for every sample: slices may then be of any length.
            let mut random = Random::new(self.seed ^ at.cast_unsigned());
            let late = random.below(self.jitter + 1) as i64;
            let value = (self.sample)(at, &mut random)?;
            let timestamp = (BEGIN + at * self.interval) * 1_000 + late;
            Some(Sample { timestamp, value })
        };
        (first..last).filter_map(sample).collect()
    }
}

/// The folder of blocks below `cache`, made by `prometheus` if it is not there. `expressions` are
/// the ones that are to select something.
///
/// # Errors
/// Prometheus cannot be started or refuses the series.
pub(crate) fn prepare(cache: &Path, prometheus: &Path, expressions: &[String]) -> Result<PathBuf> {
    let blocks = cache.join(format!("blocks-{VERSION}"));
    if blocks.is_dir() {
        return Ok(blocks);
    }
    let folder = tempfile::Builder::new()
        .prefix("making-")
        .tempdir_in(cache)?;
    let flags = [
        "--web.enable-remote-write-receiver",
        "--web.enable-admin-api",
        "--storage.tsdb.min-block-duration=1h",
        "--storage.tsdb.max-block-duration=1h",
        "--storage.tsdb.retention.time=100y",
    ];
    let server = Server::start(
        Kind::Prometheus,
        prometheus,
        folder.path(),
        CONFIGURATION,
        &flags,
    )?;
    let mut connection = Connection::new(server.address);
    let mut series = shapes::all();
    series.extend(demo::all());
    series.extend(histograms::all());
    series.extend(selected::all(&mut connection, expressions)?);
    let mut writer = Writer::new(server.address);
    for start in (0..LENGTH).step_by(SLICE as usize) {
        for series in &series {
            writer.write(&series.labels, &series.samples(start, start + SLICE))?;
        }
        writer.flush()?;
    }
    eprintln!(
        "{} series, {} samples written",
        series.len(),
        writer.samples
    );
    let answer = connection.post_form("/api/v1/admin/tsdb/snapshot", "")?;
    let answer: Json = serde_json::from_slice(&answer.body)?;
    let name = answer["data"]["name"].as_str();
    let name = name.with_context(|| format!("no snapshot was made: {answer}"))?;
    let snapshot = folder.path().join("data/snapshots").join(name);
    drop(server);
    fs::rename(&snapshot, &blocks).with_context(|| format!("moving {}", snapshot.display()))?;
    Ok(blocks)
}
