//! From readings to the section of the page: medians over the intervals, and ratios.

use std::fmt::Write as _;

use anyhow::Result;

use crate::figures::median;
use crate::ingest::Options;
use crate::machine;
use crate::scraping::{Contender, GeneratorReadings, Load, LoadGenerator, Readings};

/// All readings of one run.
pub(super) struct Report {
    load: Load,
    command: String,
    schedule: String,
    servers: Vec<Measured>,
    generator: GeneratorReadings,
}

/// One server's readings.
struct Measured {
    name: &'static str,
    version: String,
    readings: Readings,
}

impl Report {
    /// A report without readings.
    pub(super) fn new(load: Load, options: &Options, contenders: &[Contender]) -> Self {
        let (count, seconds) = (options.intervals, options.interval_seconds);
        let measured = |contender: &Contender| Measured {
            name: contender.kind.name(),
            version: contender.version.clone(),
            readings: Readings::default(),
        };
        Self {
            load,
            command: command(load, options),
            schedule: format!(
                "{count} intervals of {seconds} s after {} s",
                options.warm_up
            ),
            servers: contenders.iter().map(measured).collect(),
            generator: GeneratorReadings::default(),
        }
    }

    /// Takes one reading of everybody.
    pub(super) fn read(
        &mut self,
        generator: &LoadGenerator,
        contenders: &[Contender],
    ) -> Result<()> {
        for (server, contender) in self.servers.iter_mut().zip(contenders) {
            server.readings.0.push(contender.reading()?);
        }
        self.generator.0.push(generator.reading()?);
        Ok(())
    }

    /// The last interval in one line.
    pub(super) fn last(&self) -> String {
        let mut line = String::new();
        for server in &self.servers {
            let cpu = server
                .readings
                .cpu_per_million()
                .last()
                .copied()
                .unwrap_or(f64::NAN);
            let _ = write!(line, "{} {cpu:.3} CPU s per million samples, ", server.name);
        }
        let cpu = self
            .generator
            .cpu_per_million()
            .last()
            .copied()
            .unwrap_or(f64::NAN);
        line + &format!("load generator {cpu:.3}")
    }

    /// Samples stored per second by each server, medians.
    pub(super) fn sample_rates(&self) -> Vec<(&'static str, f64)> {
        let rate = |server: &Measured| (server.name, median(server.readings.sample_rates()));
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
        let noise = self.generator.noise();
        let mut table = String::from("| per server |");
        for server in &self.servers {
            let _ = write!(table, " {} |", server.name);
        }
        table.push_str(" ratio |\n| --- |");
        table.push_str(&" ---: |".repeat(self.servers.len() + 1));
        table.push('\n');
        self.row(&mut table, "CPU s per million samples", 3, |server| {
            median(server.readings.cpu_per_million())
        });
        self.row(&mut table, "the same, normalised", 3, |server| {
            median(server.readings.cpu_per_million()) / noise
        });
        self.row(&mut table, "RSS, MiB", 1, |server| {
            server.readings.resident()
        });
        self.row(&mut table, "RSS per series, KiB", 2, |server| {
            server.readings.resident_per_series()
        });
        self.row(&mut table, "peak RSS, MiB", 1, |server| {
            server.readings.peak_resident()
        });
        self.row(
            &mut table,
            "bytes handed to write() per sample",
            2,
            |server| median(server.readings.written_per_sample()),
        );
        self.row(&mut table, "bytes to disk per sample", 2, |server| {
            median(server.readings.disk_per_sample())
        });
        self.row(&mut table, "samples stored per second", 0, |server| {
            median(server.readings.sample_rates())
        });
        self.row(&mut table, "series in the head", 0, |server| {
            server.readings.series()
        });
        let generator = median(self.generator.cpu_per_million());
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

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Measured, Report};
    use crate::process::Usage;
    use crate::scraping::{GeneratorReadings, Load, Reading, Readings};

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
            readings: Readings((0..4).map(reading).collect()),
        }
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
            generator: GeneratorReadings(vec![(0.0, 0.0), (0.4, 1e6), (0.8, 2e6)]),
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
