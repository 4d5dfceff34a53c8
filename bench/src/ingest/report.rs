//! From readings to the section of the page: medians over the intervals, and ratios.

use std::fmt::Write as _;

use anyhow::Result;

use crate::ingest::contender::{Contender, Reading};
use crate::ingest::rig::LoadGenerator;
use crate::ingest::{Load, Options};
use crate::machine;

/// CPU seconds per million samples that the load generator is taken to use on a quiet machine.
/// The normalised figures are what a server would use on a machine on which that is so.
const GENERATOR_CPU: f64 = 0.2;

const MEBIBYTE: f64 = 1024.0 * 1024.0;
const KIBIBYTE: f64 = 1024.0;

/// All readings of one run.
pub(super) struct Report {
    load: Load,
    command: String,
    schedule: String,
    servers: Vec<Measured>,
    /// CPU seconds and samples served.
    generator: Vec<(f64, f64)>,
}

/// One server's readings.
struct Measured {
    name: &'static str,
    version: String,
    readings: Vec<Reading>,
}

impl Report {
    /// A report without readings.
    pub(super) fn new(load: Load, options: &Options, contenders: &[Contender]) -> Self {
        let (count, seconds) = (options.intervals, options.interval_seconds);
        let measured = |contender: &Contender| Measured {
            name: contender.name,
            version: contender.version.clone(),
            readings: Vec::new(),
        };
        Self {
            load,
            command: command(load, options),
            schedule: format!(
                "{count} intervals of {seconds} s after {} s",
                options.warm_up
            ),
            servers: contenders.iter().map(measured).collect(),
            generator: Vec::new(),
        }
    }

    /// Takes one reading of everybody.
    pub(super) fn read(
        &mut self,
        generator: &LoadGenerator,
        contenders: &[Contender],
    ) -> Result<()> {
        for (server, contender) in self.servers.iter_mut().zip(contenders) {
            server.readings.push(contender.reading()?);
        }
        self.generator.push(generator.reading()?);
        Ok(())
    }

    /// The last interval in one line.
    pub(super) fn last(&self) -> String {
        let mut line = String::new();
        for server in &self.servers {
            let cpu = server.cpu_per_million().last().copied().unwrap_or(f64::NAN);
            let _ = write!(line, "{} {cpu:.3} CPU s per million samples, ", server.name);
        }
        let cpu = self.generator_cpu().last().copied().unwrap_or(f64::NAN);
        line + &format!("load generator {cpu:.3}")
    }

    /// Samples stored per second by each server, medians.
    pub(super) fn sample_rates(&self) -> Vec<(&'static str, f64)> {
        let rate = |server: &Measured| (server.name, median(server.sample_rates()));
        self.servers.iter().map(rate).collect()
    }

    /// The section in Markdown.
    pub(super) fn section(&self) -> String {
        let Load {
            targets,
            series,
            interval,
        } = self.load;
        let mut text =
            format!("## Ingestion: {targets} targets × {series} series @ {interval} s\n\n");
        let mut line = |name: &str, value: &str| {
            let _ = writeln!(text, "- {name}: {value}");
        };
        line("command", &self.command);
        line("machine", &machine::describe());
        line(
            "date, commit",
            &format!("{}, `{}`", machine::today(), machine::commit()),
        );
        for server in &self.servers {
            line(server.name, &server.version);
        }
        line(
            "measured",
            &format!("medians of {}, all servers at the same time", self.schedule),
        );
        text + "\n" + &self.table() + NOTES
    }

    fn table(&self) -> String {
        let noise = median(self.generator_cpu()) / GENERATOR_CPU;
        let mut table = String::from("| per server |");
        for server in &self.servers {
            let _ = write!(table, " {} |", server.name);
        }
        table.push_str(" ratio |\n| --- |");
        table.push_str(&" ---: |".repeat(self.servers.len() + 1));
        table.push('\n');
        self.row(&mut table, "CPU s per million samples", 3, |server| {
            median(server.cpu_per_million())
        });
        self.row(&mut table, "the same, normalised", 3, |server| {
            median(server.cpu_per_million()) / noise
        });
        self.row(&mut table, "RSS, MiB", 1, |server| {
            median(server.resident()) / MEBIBYTE
        });
        self.row(
            &mut table,
            "RSS per series, KiB",
            2,
            Measured::resident_per_series,
        );
        self.row(&mut table, "peak RSS, MiB", 1, Measured::peak_resident);
        self.row(
            &mut table,
            "bytes handed to write() per sample",
            2,
            |server| median(server.per_sample(|reading| reading.usage.handed_to_write_bytes)),
        );
        self.row(&mut table, "bytes to disk per sample", 2, |server| {
            median(server.per_sample(|reading| reading.usage.disk_bytes))
        });
        self.row(&mut table, "samples stored per second", 0, |server| {
            median(server.sample_rates())
        });
        self.row(&mut table, "series in the head", 0, Measured::series);
        let generator = median(self.generator_cpu());
        let _ = writeln!(
            table,
            "\nLoad generator: {generator:.3} CPU s per million samples served."
        );
        table
    }

    /// One line of the table; the ratio is the last server by the first.
    fn row(
        &self,
        table: &mut String,
        name: &str,
        decimals: usize,
        value: impl Fn(&Measured) -> f64,
    ) {
        let values: Vec<f64> = self.servers.iter().map(value).collect();
        let _ = write!(table, "| {name} |");
        for value in &values {
            let _ = write!(table, " {value:.decimals$} |");
        }
        let ratio = match values.as_slice() {
            [peer, ours] if *peer > 0.0 => format!("{:.2}", ours / peer),
            _ => String::new(),
        };
        let _ = writeln!(table, " {ratio} |");
    }

    fn generator_cpu(&self) -> Vec<f64> {
        let pairs = self.generator.windows(2);
        let rate = |pair: &[(f64, f64)]| (pair[1].0 - pair[0].0) / (pair[1].1 - pair[0].1) * 1e6;
        pairs.map(rate).collect()
    }
}

/// What a person types to run this again; where the binaries lie is left out.
fn command(load: Load, options: &Options) -> String {
    let Load {
        targets,
        series,
        interval,
    } = load;
    let (warm_up, intervals) = (options.warm_up, options.intervals);
    let seconds = options.interval_seconds;
    format!(
        "`make bench ARGS=\"--targets {targets} --series {series} --interval {interval} \
         --warm-up {warm_up} --intervals {intervals} --interval-seconds {seconds}\"`"
    )
}

/// What stands under every table.
const NOTES: &str = "
Ratio: the last column's server by the first. Normalised: divided by the load generator's own CPU
in the same run and multiplied by 0.2, which takes most of a shared machine's drift out. Samples
and series are what each server says of itself (`prometheus_tsdb_head_samples_appended_total`,
`prometheus_tsdb_head_series`); CPU, memory and bytes are the kernel's (`/proc/<pid>`).
";

impl Measured {
    fn cpu_per_million(&self) -> Vec<f64> {
        let micros = self.per_sample(|reading| reading.usage.cpu_seconds);
        micros.into_iter().map(|seconds| seconds * 1e6).collect()
    }

    /// Growth of a figure over each interval, by the samples stored in it.
    fn per_sample(&self, figure: impl Fn(&Reading) -> f64) -> Vec<f64> {
        self.intervals(|before, after| {
            (figure(after) - figure(before)) / (after.samples - before.samples)
        })
    }

    fn sample_rates(&self) -> Vec<f64> {
        self.intervals(|before, after| {
            let seconds = after.at.duration_since(before.at).as_secs_f64();
            (after.samples - before.samples) / seconds
        })
    }

    fn intervals(&self, figure: impl Fn(&Reading, &Reading) -> f64) -> Vec<f64> {
        let pairs = self.readings.windows(2);
        pairs.map(|pair| figure(&pair[0], &pair[1])).collect()
    }

    fn resident(&self) -> Vec<f64> {
        let readings = self.readings.iter();
        readings
            .map(|reading| reading.usage.resident_bytes)
            .collect()
    }

    fn resident_per_series(&self) -> f64 {
        median(self.resident()) / self.series() / KIBIBYTE
    }

    fn peak_resident(&self) -> f64 {
        let last = self.readings.last();
        last.map_or(f64::NAN, |reading| {
            reading.usage.peak_resident_bytes / MEBIBYTE
        })
    }

    fn series(&self) -> f64 {
        median(self.readings.iter().map(|reading| reading.series).collect())
    }
}

/// The middle value, or the mean of the two in the middle.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.get(middle) {
        None => f64::NAN,
        Some(&upper) if values.len() % 2 == 1 => upper,
        Some(&upper) => f64::midpoint(values[middle - 1], upper),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Measured, Report, median};
    use crate::ingest::Load;
    use crate::ingest::contender::Reading;
    use crate::process::Usage;

    fn server(name: &'static str, cpu: f64, begin: Instant) -> Measured {
        let reading = |number: u32| Reading {
            at: begin + Duration::from_secs(10) * number,
            usage: Usage {
                cpu_seconds: cpu * f64::from(number),
                resident_bytes: 2048.0 * 1000.0,
                ..Usage::default()
            },
            samples: 500_000.0 * f64::from(number),
            series: 1_000.0,
        };
        Measured {
            name,
            version: "1".to_owned(),
            readings: (0..4).map(reading).collect(),
        }
    }

    #[test]
    fn medians_are_in_the_middle() {
        let cases: [(&[f64], f64); 3] =
            [(&[3.0, 1.0, 2.0], 2.0), (&[4.0, 1.0], 2.5), (&[7.0], 7.0)];
        for (values, expected) in cases {
            assert_eq!(median(values.to_vec()), expected);
        }
        assert!(median(Vec::new()).is_nan());
    }

    #[test]
    fn figures_are_per_sample_and_compared() {
        let begin = Instant::now();
        let report = Report {
            load: Load {
                targets: 1,
                series: 1_000,
                interval: 1,
            },
            command: String::new(),
            schedule: String::new(),
            servers: vec![server("peer", 1.0, begin), server("ours", 0.25, begin)],
            generator: vec![(0.0, 0.0), (0.4, 1e6), (0.8, 2e6)],
        };
        let section = report.section();
        let rows = [
            "| CPU s per million samples | 2.000 | 0.500 | 0.25 |",
            "| the same, normalised | 1.000 | 0.250 | 0.25 |",
            "| RSS per series, KiB | 2.00 | 2.00 | 1.00 |",
            "| samples stored per second | 50000 | 50000 | 1.00 |",
            "Load generator: 0.400 CPU s per million samples served.",
        ];
        for row in rows {
            assert!(section.contains(row), "{row}\n{section}");
        }
    }
}
