//! The table: one row a figure, one column a server, the bar and whether ours meets it.

use std::fmt::Write as _;

use crate::figures::figure;
use crate::machine;
use crate::server::Kind;
use crate::storage::Options;

/// What the project aims at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Bar {
    /// Nothing: the row is there to explain others.
    None,
    /// This or less.
    AtMost(f64),
    /// This or more.
    AtLeast(f64),
}

/// The rows measured so far.
pub(super) struct Table {
    servers: Vec<Kind>,
    rows: Vec<Row>,
    remarks: Vec<String>,
}

struct Row {
    name: String,
    values: Vec<f64>,
    bar: Bar,
}

impl Table {
    /// A table without rows.
    pub(super) fn new(servers: &[Kind]) -> Self {
        Self {
            servers: servers.to_vec(),
            rows: Vec::new(),
            remarks: Vec::new(),
        }
    }

    /// Adds a row; no number says that it was not measured.
    pub(super) fn add(&mut self, name: &str, bar: Bar, value: impl Fn(Kind) -> f64) {
        let values: Vec<f64> = self.servers.iter().copied().map(value).collect();
        let row = Row {
            name: name.to_owned(),
            values,
            bar,
        };
        eprintln!("{}", row.line(&self.servers).trim_end());
        self.rows.push(row);
    }

    /// Adds a sentence that stands under the table.
    pub(super) fn remark(&mut self, text: String) {
        eprintln!("{text}");
        self.remarks.push(text);
    }

    /// The section in Markdown.
    pub(super) fn section(&self, options: &Options) -> String {
        let mut text = format!("## Storage: {} series\n\n", options.series);
        let mut line = |name: &str, value: &str| {
            let _ = writeln!(text, "- {name}: {value}");
        };
        line("command", &options.command());
        line("machine", &machine::describe());
        line(
            "load average at the end, 15 minutes",
            &format!("{}; the cores were shared if above 2", machine::load()),
        );
        let commit = machine::commit();
        line("date, commit", &format!("{}, `{commit}`", machine::today()));
        for &kind in &self.servers {
            line(
                kind.name(),
                &machine::version_of(kind, options.program(kind)),
            );
        }
        text.push_str("\n| figure |");
        for kind in &self.servers {
            let _ = write!(text, " {} |", kind.name());
        }
        text.push_str(" bar | | ours by Prometheus' |\n| --- |");
        text.push_str(&" ---: |".repeat(self.servers.len() + 1));
        text.push_str(" --- | ---: |\n");
        for row in &self.rows {
            text.push_str(&row.line(&self.servers));
        }
        text.push('\n');
        for remark in &self.remarks {
            let _ = writeln!(text, "{remark}");
        }
        text + NOTES
    }
}

impl Row {
    fn line(&self, servers: &[Kind]) -> String {
        let of = |kind| servers.iter().position(|&server| server == kind);
        let ours = of(Kind::Narthex).map_or(f64::NAN, |place| self.values[place]);
        let theirs = of(Kind::Prometheus).map_or(f64::NAN, |place| self.values[place]);
        let mut line = format!("| {} |", self.name);
        for &value in &self.values {
            let _ = write!(line, " {} |", figure(value));
        }
        let _ = writeln!(
            line,
            " {} | {} | {} |",
            self.bar.text(),
            self.bar.verdict(ours),
            figure(ours / theirs)
        );
        line
    }
}

impl Bar {
    fn text(self) -> String {
        match self {
            Self::None => String::new(),
            Self::AtMost(bar) => format!("≤ {}", figure(bar)),
            Self::AtLeast(bar) => format!("≥ {}", figure(bar)),
        }
    }

    fn verdict(self, value: f64) -> &'static str {
        let is_met = match self {
            Self::None => return "",
            Self::AtMost(bar) => value <= bar,
            Self::AtLeast(bar) => value >= bar,
        };
        match is_met {
            _ if value.is_nan() => "",
            true => "met",
            false => "**missed**",
        }
    }
}

/// What stands under every table.
const NOTES: &str = "
Scraping: all servers scrape the same load generator at the same time; medians of the intervals.
Normalised: divided by the load generator's own CPU in the same run and multiplied by 0.2 s per
million samples, which takes most of a shared machine's drift out. New series: CPU from the start
until every target has been scraped twice, less what as many samples cost later, by series. Queries:
rates summed by namespace and by pod and a quantile, at one time and over four minutes, and a count of
all series. Restart: all are killed (`kill -9`), then started one after the other with the same
configuration. Bars for the whole process grow with the number of series from those for 500,000.

Remote write: 2 h 55 min of one sample every 15 s, 2,000 samples a request, four connections, the same
bytes to all. Narthex answers when the samples are synced to the disk; Prometheus has handed them to
the kernel, VictoriaMetrics keeps them in memory for some seconds. Blocks: what the server itself cuts
from the first two hours, index included; of VictoriaMetrics all its files after a forced merge. In
the first row every value changes, in the second three series of five stand still; the bars come from
a load with more noise in it, on which Prometheus needed 4.45 and 2.43 bytes. Backfill: two hours
of the same, `create-blocks-from openmetrics` of both tools, VictoriaMetrics'
`/api/v1/import/prometheus`.

CPU, memory and bytes are the kernel's (`/proc/<pid>`). Samples and series are what each server says
of itself.
";

#[cfg(test)]
mod tests {
    use super::{Bar, Row};
    use crate::storage::SERVERS;

    #[test]
    fn ours_is_held_against_the_bar_and_the_peer() {
        let cases = [
            (
                Bar::AtMost(0.4),
                0.5,
                "| x | 2.00 | 4.00 | 0.50 | ≤ 0.40 | **missed** | 0.25 |\n",
            ),
            (
                Bar::AtLeast(0.5),
                0.5,
                "| x | 2.00 | 4.00 | 0.50 | ≥ 0.50 | met | 0.25 |\n",
            ),
            (Bar::None, 0.5, "| x | 2.00 | 4.00 | 0.50 |  |  | 0.25 |\n"),
            (
                Bar::AtMost(1.0),
                f64::NAN,
                "| x | 2.00 | 4.00 |  | ≤ 1.00 |  |  |\n",
            ),
        ];
        for (bar, ours, expected) in cases {
            let row = Row {
                name: "x".to_owned(),
                values: vec![2.0, 4.0, ours],
                bar,
            };
            assert_eq!(row.line(&SERVERS), expected);
        }
    }
}
