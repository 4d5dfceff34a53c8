//! From readings to the section of the page, and what is wrong with them.

use std::fmt::Write as _;
use std::time::Duration;

use crate::figures::MEBIBYTE;
use crate::machine;
use crate::soak::Options;
use crate::soak::reading::Reading;
use crate::soak::trend::{Level, Trend};

/// The most that memory may grow, in parts of its level per hour.
const BAR: f64 = 0.005;

/// Handles and threads come and go with connections and segments; more than this between the first
/// and the last median is a leak.
const HANDLES: f64 = 2.0;

/// What was measured and what follows from it.
pub(super) struct Report<'a> {
    options: &'a Options,
    version: String,
    readings: &'a [Reading],
}

impl<'a> Report<'a> {
    /// A report of all readings after the warm-up.
    pub(super) const fn new(
        options: &'a Options,
        version: String,
        readings: &'a [Reading],
    ) -> Self {
        Self {
            options,
            version,
            readings,
        }
    }

    /// What is over a bar, if anything is.
    pub(super) fn complaint(&self) -> Option<String> {
        let held = self.trend(|reading| reading.resident_bytes, Level::Least);
        let slope = held.slope();
        // No number is no success.
        if slope.is_nan() || slope >= BAR {
            return Some(format!("memory grows by {:.2} % an hour", slope * 100.0));
        }
        let held: [(&str, Figure); 2] = [
            ("file handles", |reading| reading.open_files),
            ("threads", |reading| reading.threads),
        ];
        held.into_iter().find_map(|(name, figure)| {
            let trend = self.trend(figure, Level::Median);
            let more = trend.last() - trend.first();
            (more > HANDLES).then(|| format!("{more} more {name} at the end than at the beginning"))
        })
    }

    /// The section in Markdown.
    pub(super) fn section(&self) -> String {
        let Options {
            series,
            hours,
            warm_up,
            queries,
            ..
        } = self.options;
        let mut text = format!("## Soak: {series} series, {hours} h, blocks of 60 s\n\n");
        let mut line = |name: &str, value: &str| {
            let _ = writeln!(text, "- {name}: {value}");
        };
        line(
            "command",
            &format!("`make soak ARGS=\"--series {series} --hours {hours} --warm-up {warm_up}\"`"),
        );
        line("machine", &machine::describe());
        line(
            "date, commit",
            &format!("{}, `{}`", machine::today(), machine::commit()),
        );
        line("narthex", &self.version);
        line(
            "measured",
            &format!(
                "{hours} h after {warm_up} min, a reading every 10 s, {queries} queries a second"
            ),
        );
        text + "\n" + &self.table() + "\n" + &self.work() + "\n" + &self.course() + NOTES
    }

    fn table(&self) -> String {
        use Level::{Least, Median};
        let resident: Figure = |reading| reading.resident_bytes / MEBIBYTE;
        let anonymous: Figure = |reading| reading.anonymous_bytes / MEBIBYTE;
        let disk: Figure = |reading| reading.disk_bytes / MEBIBYTE;
        let rows = [
            Row("RSS held, MiB", 1, resident, Least, "below 0.5"),
            Row("RSS, MiB", 1, resident, Median, ""),
            Row("of it anonymous, MiB", 1, anonymous, Median, ""),
            Row(
                "file handles",
                0,
                |reading| reading.open_files,
                Median,
                "no leak",
            ),
            Row("threads", 0, |reading| reading.threads, Median, "no leak"),
            Row("data folder, MiB", 1, disk, Median, ""),
            Row("blocks", 0, |reading| reading.blocks, Median, ""),
        ];
        let mut table = String::from(
            "| | first 5 min | last 5 min | least | most | slope, % an hour | bar |\n\
             | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n",
        );
        for Row(name, decimals, figure, level, bar) in rows {
            let trend = self.trend(figure, level);
            let values = self.readings.iter().map(figure);
            let least = values.clone().fold(f64::INFINITY, f64::min);
            let most = values.fold(f64::NEG_INFINITY, f64::max);
            let (first, last, slope) = (trend.first(), trend.last(), trend.slope() * 100.0);
            let _ = writeln!(
                table,
                "| {name} | {first:.decimals$} | {last:.decimals$} | {least:.decimals$} | \
                 {most:.decimals$} | {slope:.2} | {bar} |"
            );
        }
        table
    }

    /// What the server did meanwhile: a soak in which nothing happens shows nothing.
    fn work(&self) -> String {
        let [first, .., last] = self.readings else {
            return String::new();
        };
        let seconds = (last.at - first.at).as_secs_f64();
        let samples = last.samples - first.samples;
        let cores = (last.cpu_seconds - first.cpu_seconds) / seconds;
        format!(
            "Meanwhile: {:.0} samples stored ({:.0} a second), {} queries answered and {} failed, {} \
             blocks written, {} times blocks deleted by age, {} times the log folded; {:.0} series in \
             the head; {cores:.2} cores busy. Line of least squares through all readings of RSS: \
             {:.2} % an hour.\n",
            samples,
            samples / seconds,
            last.answered - first.answered,
            last.refused - first.refused,
            last.compactions - first.compactions,
            last.deletions - first.deletions,
            last.checkpoints - first.checkpoints,
            last.series,
            self.trend(|reading| reading.resident_bytes, Level::Median)
                .least_squares()
                * 100.0,
        )
    }

    fn course(&self) -> String {
        let levels = |level| {
            let trend = self.trend(|reading| reading.resident_bytes / MEBIBYTE, level);
            let levels = trend.levels().iter();
            let levels: Vec<String> = levels.map(|level| format!("{:.0}", level.1)).collect();
            levels.join(", ")
        };
        format!(
            "RSS, MiB, by 5 minutes: held {}; median {}.\n",
            levels(Level::Least),
            levels(Level::Median)
        )
    }

    fn trend(&self, figure: Figure, level: Level) -> Trend {
        let readings = self.readings.iter();
        let readings: Vec<(Duration, f64)> = readings
            .map(|reading| (reading.at, figure(reading)))
            .collect();
        Trend::new(&readings, level)
    }
}

/// Name, decimals, figure, level and bar of one line of the table.
struct Row(&'static str, usize, Figure, Level, &'static str);

/// One figure of a reading.
type Figure = fn(&Reading) -> f64;

/// What stands under the table.
const NOTES: &str = "
Blocks span 60 s, are merged up to 180 s and deleted after 6 minutes, so each of cutting, merging,
deleting and folding the log comes round many times. First and last are medians of 5 minutes; what is
held is the least of 5 minutes, since queries over all series come and go, and so does what they need.
The slope is the middle one between any two such levels (Theil and Sen), by their median. Memory,
handles and threads are the kernel's (`/proc/<pid>`).
";

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use clap::Parser;

    use super::Report;
    use crate::soak::Options;
    use crate::soak::reading::Reading;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        options: Options,
    }

    fn readings(memory: f64, files: f64) -> Vec<Reading> {
        let reading = |number: u32| Reading {
            at: Duration::from_secs(10) * number,
            resident_bytes: 2e8 * (1.0 + memory * f64::from(number) / 360.0),
            open_files: (40.0 + files * f64::from(number) / 360.0).floor(),
            threads: 9.0,
            samples: 200_000.0 * f64::from(number),
            ..Reading::default()
        };
        (0..=360).map(reading).collect()
    }

    #[test]
    fn growth_is_complained_about() {
        let line = Line::parse_from(["soak"]);
        let cases = [
            (0.0, 0.0, None),
            (0.004, 1.0, None),
            (-0.2, 0.0, None),
            (0.02, 0.0, Some("memory grows by 1.98 % an hour")),
            (
                0.0,
                30.0,
                Some("27 more file handles at the end than at the beginning"),
            ),
        ];
        for (memory, files, expected) in cases {
            let readings = readings(memory, files);
            let report = Report::new(&line.options, "1".to_owned(), &readings);
            assert_eq!(report.complaint().as_deref(), expected, "{memory} {files}");
        }
        let report = Report::new(&line.options, "1".to_owned(), &[]);
        assert!(report.complaint().is_some());
    }

    #[test]
    fn a_section_tells_figures_and_work() {
        let line = Line::parse_from(["soak"]);
        let readings = readings(0.0, 0.0);
        let section = Report::new(&line.options, "1".to_owned(), &readings).section();
        let parts = [
            "## Soak: 200000 series, 1 h, blocks of 60 s\n",
            "| RSS held, MiB | 190.7 | 190.7 | 190.7 | 190.7 | 0.00 | below 0.5 |\n",
            "| file handles | 40 | 40 | 40 | 40 | 0.00 | no leak |\n",
            "72000000 samples stored (20000 a second)",
        ];
        for part in parts {
            assert!(section.contains(part), "{part}\n{section}");
        }
    }
}
