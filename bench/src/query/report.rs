//! The section of the page: CPU of each row side by side.

use std::fmt::Write as _;

use crate::figures::{MEBIBYTE, figure};
use crate::machine;
use crate::query::Options;
use crate::query::load::{INTERVAL, Load, SAMPLES, SERIES_OF_A_POD};
use crate::query::measure::{Cost, Measured};
use crate::server::Kind;

/// Requests per second that eight clients are to get.
const MIXED_BAR: f64 = 200.0;

/// Mebibytes that a row may add.
const MEMORY_BAR: f64 = 64.0;

/// The section in Markdown.
pub(super) fn section(options: &Options, load: &Load, measured: &[Measured]) -> String {
    let series = load.pods * SERIES_OF_A_POD;
    let seconds = (SAMPLES - 1) * INTERVAL;
    let mut text = format!("## Queries: {series} series in memory, {seconds} s of samples\n\n");
    let mut line = |name: &str, value: &str| {
        let _ = writeln!(text, "- {name}: {value}");
    };
    line("command", &command(options));
    line("machine", &machine::describe());
    let commit = machine::commit();
    line("date, commit", &format!("{}, `{commit}`", machine::today()));
    for server in measured {
        line(server.kind.name(), &server.version);
    }
    line(
        "measured",
        &format!(
            "CPU milliseconds of the server's process per request, mean of at least 5 requests and \
             {} s; servers started and asked one after the other",
            options.seconds
        ),
    );
    text + "\n" + &table(measured) + NOTES
}

/// What a person types to run this again; where the binaries lie is left out.
fn command(options: &Options) -> String {
    let Options {
        series,
        seconds,
        mixed_seconds,
        ..
    } = options;
    format!(
        "`make bench-query ARGS=\"--series {series} --seconds {seconds} \
         --mixed-seconds {mixed_seconds}\"`"
    )
}

fn table(measured: &[Measured]) -> String {
    let mut table = String::from("| CPU ms per request |");
    for server in measured {
        let _ = write!(table, " {} |", server.kind.name());
    }
    table.push_str(" bar | ours by Prometheus' |\n| --- |");
    table.push_str(&" ---: |".repeat(measured.len() + 2));
    table.push('\n');
    let rows = measured.first().map_or(0, |server| server.rows.len());
    for row in 0..rows {
        let costs: Vec<&Cost> = measured.iter().map(|server| &server.rows[row]).collect();
        let value = |server: &Measured| server.rows[row].cpu_milliseconds;
        let name = format!("{} ({})", costs[0].name, bytes(costs[0].bytes));
        push_row(&mut table, &name, measured, value, costs[0].bar);
    }
    let mixed = |server: &Measured| server.mixed.unwrap_or(f64::NAN);
    push_row(
        &mut table,
        "8 clients, mixed: requests/s",
        measured,
        mixed,
        MIXED_BAR,
    );
    let memory = |server: &Measured| server.resident_bytes / MEBIBYTE;
    push_row(&mut table, "RSS before, MiB", measured, memory, f64::NAN);
    let added = |server: &Measured| server.heaviest.0 / MEBIBYTE;
    push_row(
        &mut table,
        "RSS added by the heaviest row, MiB",
        measured,
        added,
        MEMORY_BAR,
    );
    for server in measured {
        let (name, heaviest) = (server.kind.name(), &server.heaviest.1);
        let requests: usize = server.rows.iter().map(|row| row.requests).sum();
        let slowest = server
            .rows
            .iter()
            .map(|row| row.wall_milliseconds)
            .fold(0.0, f64::max);
        let _ = write!(
            table,
            "\n{name}: {requests} requests; slowest row {slowest:.0} ms of wall clock; \
             heaviest in memory: {heaviest}."
        );
    }
    table + "\n"
}

fn push_row(
    table: &mut String,
    name: &str,
    measured: &[Measured],
    value: impl Fn(&Measured) -> f64,
    bar: f64,
) {
    let _ = write!(table, "| {name} |");
    for server in measured {
        let _ = write!(table, " {} |", figure(value(server)));
    }
    let of = |kind| {
        measured
            .iter()
            .find(|server| server.kind == kind)
            .map(&value)
    };
    let ratio = of(Kind::Narthex)
        .zip(of(Kind::Prometheus))
        .map(|(ours, theirs)| ours / theirs);
    let bar = figure(bar);
    let ratio = ratio.map_or_else(String::new, |ratio| format!("{ratio:.2}"));
    let _ = writeln!(table, " {bar} | {ratio} |");
}

fn bytes(count: usize) -> String {
    if count < 10_000 {
        format!("{count} B")
    } else if count < 10_000_000 {
        format!("{} kB", count / 1_000)
    } else {
        format!("{} MB", count / 1_000_000)
    }
}

const NOTES: &str = "
In brackets: the size of the answer. Range queries have 17 steps of 15 s. Mixed: of 64 requests 32
ask for one series or target, 14 for one namespace (each half at one time, half over a range), 14 for
values of pod, and 4 for the sums by namespace of all at one time. Prometheus got the series by
remote write and was started again; Narthex opened a copy of its folder; VictoriaMetrics got the
same by remote write and has its cache of results switched off.
";

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn sizes_are_short() {
        let cases = [(9_999, "9999 B"), (22_500, "22 kB"), (23_400_000, "23 MB")];
        for (count, text) in cases {
            assert_eq!(bytes(count), text);
        }
    }
}
