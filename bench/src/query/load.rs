//! The series: pods in namespaces on nodes, 100 series each, four minutes of samples.

use anyhow::Result;

use crate::fleet::mix;
use crate::remote_write::{Labels, Sample, Value, Writer};

/// Series of each pod.
pub(super) const SERIES_OF_A_POD: usize = 100;

/// Seconds between samples.
pub(super) const INTERVAL: u64 = 15;

/// Samples of each series: four minutes.
pub(super) const SAMPLES: u64 = 17;

const PODS_OF_A_NAMESPACE: usize = 250;
const PODS_OF_A_NODE: usize = 10;

pub(super) const BOUNDS: [&str; 12] = [
    "0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "+Inf",
];
const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];
const CODES: [&str; 4] = ["200", "201", "404", "503"];
const CONTAINERS: [&str; 3] = ["main", "proxy", "sidecar"];
const PROCESSORS: [&str; 5] = ["0", "1", "2", "3", "4"];

/// Shape and time of the load.
pub(super) struct Load {
    pub(super) pods: usize,
    /// Time of the last sample, in seconds.
    pub(super) end: u64,
}

impl Load {
    /// Writes all samples, time by time, as scraping would.
    pub(super) fn write(&self, writer: &mut Writer) -> Result<()> {
        for number in 0..SAMPLES {
            let seconds = self.end - (SAMPLES - 1 - number) * INTERVAL;
            for pod in 0..self.pods {
                self.write_pod(writer, pod, seconds)?;
            }
            writer.flush()?;
        }
        Ok(())
    }

    fn write_pod(&self, writer: &mut Writer, pod: usize, seconds: u64) -> Result<()> {
        let begin = self.end - 1_000_000;
        let mut write = |name: &str, place: usize, labels: &[(&str, &str)], rises: bool| {
            let seed = mix((pod * SERIES_OF_A_POD + place) as u64);
            let value = if rises {
                let rate = 1 + seed % 500;
                (seed % 100_000 + (seconds - begin) * rate + mix(seed ^ seconds) % rate) as f64
            } else {
                (mix(seed ^ seconds) % 100_000) as f64 / 100.0
            };
            let timestamp = (seconds * 1_000).cast_signed();
            let value = Value::Float(value);
            writer.write(
                &all_labels(name, pod, labels),
                &[Sample { timestamp, value }],
            )
        };
        let mut place = 0;
        let mut next = || {
            place += 1;
            place - 1
        };
        for method in METHODS {
            for code in CODES {
                let labels = [("method", method), ("code", code)];
                write("http_requests_total", next(), &labels, true)?;
            }
        }
        for container in CONTAINERS {
            for processor in PROCESSORS {
                let labels = [("container", container), ("cpu", processor)];
                write("container_cpu_usage_seconds_total", next(), &labels, true)?;
            }
        }
        for bound in BOUNDS {
            write(
                "http_request_duration_seconds_bucket",
                next(),
                &[("le", bound)],
                true,
            )?;
        }
        for number in 0.. {
            let place = next();
            if place == SERIES_OF_A_POD {
                return Ok(());
            }
            let (name, rises) = if number % 3 == 0 {
                (format!("process_{number}_operations_total"), true)
            } else {
                (format!("process_{number}_level"), false)
            };
            write(&name, place, &[("container", "main")], rises)?;
        }
        Ok(())
    }
}

/// Name of the namespace with this number.
pub(super) fn namespace(number: usize) -> String {
    format!("team-{number:02}")
}

/// Where the pods of this node are scraped.
pub(super) fn instance(node: usize) -> String {
    format!("10.0.{}.{}:9100", node / 250, node % 250)
}

/// Name of the pod with this number.
pub(super) fn pod_name(pod: usize) -> String {
    format!(
        "checkout-{:010x}-{pod:05}",
        mix(pod as u64) & 0xff_ffff_ffff
    )
}

fn all_labels(name: &str, pod: usize, labels: &[(&str, &str)]) -> Labels {
    let node = pod / PODS_OF_A_NODE;
    let mut all: Labels = vec![
        ("__name__".to_owned(), name.to_owned()),
        ("instance".to_owned(), instance(node)),
        ("job".to_owned(), "fleet".to_owned()),
        ("namespace".to_owned(), namespace(pod / PODS_OF_A_NAMESPACE)),
        ("node".to_owned(), format!("node-{node:03}")),
        ("pod".to_owned(), pod_name(pod)),
        ("service".to_owned(), "checkout".to_owned()),
    ];
    all.extend(
        labels
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
    );
    all.sort();
    all
}
