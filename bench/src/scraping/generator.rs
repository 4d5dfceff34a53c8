//! The load generator as a process of its own, so that its CPU time is its own.

use std::env;
use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::Stdio;

use anyhow::{Context as _, Result};

use crate::figures::median;
use crate::fleet;
use crate::http;
use crate::process::{self, Process};

/// CPU seconds per million samples that the load generator is taken to use on a quiet machine.
/// The normalised figures are what a server would use on a machine on which that is so.
const GENERATOR_CPU: f64 = 0.2;

/// A running fleet.
pub(crate) struct LoadGenerator {
    process: Process,
    address: SocketAddr,
}

impl LoadGenerator {
    /// Starts `bench fleet` and waits until it says where it listens.
    ///
    /// # Errors
    /// It does not start.
    pub(crate) fn start(options: &fleet::Options) -> Result<Self> {
        let program = env::current_exe().context("finding this program")?;
        let mut command = process::ended_with_us(&program);
        command
            .arg("fleet")
            .args(["--targets", &options.targets.to_string()])
            .args(["--series", &options.series.to_string()])
            .args(["--port", &options.port.to_string()])
            .args(
                options
                    .templates
                    .iter()
                    .flat_map(|path| [OsStr::new("--templates"), path.as_os_str()]),
            )
            .stdout(Stdio::piped());
        let mut process = Process::start("the load generator", &mut command)?;
        let output = process.child_mut().stdout.take();
        let mut line = String::new();
        BufReader::new(output.context("the output was piped")?).read_line(&mut line)?;
        let address = line.trim().parse();
        let address =
            address.with_context(|| format!("the load generator said `{}`", line.trim()))?;
        Ok(Self { process, address })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// CPU seconds used and samples served so far.
    ///
    /// # Errors
    /// It does not answer.
    pub(crate) fn reading(&self) -> Result<(f64, f64)> {
        let page = http::get(self.address, "/")?;
        let served = http::sum(&page, "bench_fleet_samples_total");
        let served = served.context("the load generator does not say what it served")?;
        Ok((self.process.usage()?.cpu_seconds, served))
    }
}

/// What the load generator used and served, at the ends of the intervals that are measured.
#[derive(Default)]
pub(crate) struct GeneratorReadings(pub(crate) Vec<(f64, f64)>);

impl GeneratorReadings {
    /// CPU seconds per million samples served, of each interval.
    pub(crate) fn cpu_per_million(&self) -> Vec<f64> {
        let pairs = self.0.windows(2);
        let rate = |pair: &[(f64, f64)]| (pair[1].0 - pair[0].0) / (pair[1].1 - pair[0].1) * 1e6;
        pairs.map(rate).collect()
    }

    /// How much dearer the machine is than the quiet one.
    pub(crate) fn noise(&self) -> f64 {
        median(self.cpu_per_million()) / GENERATOR_CPU
    }
}
