//! `narthex tool check metrics`: a page on standard input, examined and counted.

use std::io::{Read as _, Write as _};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use exposition::Format;
use exposition::lint::lint;
use model::{MetricFamily, MetricValue};

/// Flags of `narthex tool check metrics`.
#[derive(Debug, Args)]
pub(crate) struct Flags {
    /// Print extended information related to the cardinality of the metrics
    #[arg(long)]
    extended: bool,
    /// Linting checks to apply for metrics
    #[arg(long, value_enum, default_value_t = Lint::All)]
    lint: Lint,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Lint {
    All,
    None,
}

/// Reads the page and says what it thinks of it.
pub(super) fn run(flags: &Flags) -> anyhow::Result<ExitCode> {
    let mut complaints = std::io::stderr().lock();
    if !flags.extended && flags.lint == Lint::None {
        writeln!(complaints, "{NOTHING_TO_DO}")?;
        return Ok(ExitCode::FAILURE);
    }
    let mut page = Vec::new();
    std::io::stdin().lock().read_to_end(&mut page)?;
    let families = match exposition::parse::families(&page, Format::Text) {
        Ok(families) => families,
        Err(error) => {
            let during = match flags.lint {
                Lint::All => "error while linting: text format parsing error in",
                Lint::None => {
                    "error while parsing text to metric families: text format parsing error in"
                }
            };
            writeln!(complaints, "{during} {error}")?;
            return Ok(ExitCode::FAILURE);
        }
    };
    let problems = match flags.lint {
        Lint::All => lint(&families),
        Lint::None => Vec::new(),
    };
    for problem in &problems {
        writeln!(complaints, "{problem}")?;
    }
    if flags.extended {
        let table = cardinality(&families);
        std::io::stdout().lock().write_all(table.as_bytes())?;
    }
    Ok(match problems.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(PROBLEMS_FOUND),
    })
}

/// The families by the number of their series, as a table.
fn cardinality(families: &[MetricFamily]) -> String {
    let mut counts: Vec<(&str, usize)> = families
        .iter()
        .map(|family| (&*family.name, series(family)))
        .collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let total: usize = counts.iter().map(|(_, count)| count).sum();
    let mut rows = vec![[
        "Metric".to_owned(),
        "Cardinality".to_owned(),
        "Percentage".to_owned(),
    ]];
    rows.extend(counts.iter().map(|&(name, count)| {
        let share = 100.0 * count as f64 / total as f64;
        [name.to_owned(), count.to_string(), format!("{share:.2}%")]
    }));
    rows.push(["Total".to_owned(), total.to_string(), "100%".to_owned()]);
    let mut widths = [0; 3];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count() + PADDING);
        }
    }
    let mut table = String::new();
    for row in &rows {
        for (cell, width) in row.iter().zip(widths) {
            table.push_str(&format!("{cell:width$}"));
        }
        table.push('\n');
    }
    table
}

/// Series of a family, as promtool counts them: all metrics are as large as the first.
fn series(family: &MetricFamily) -> usize {
    let each = match family.metrics.first().map(|metric| &metric.value) {
        Some(MetricValue::Histogram { buckets, .. }) => 2 + buckets.len(),
        Some(MetricValue::Summary { quantiles, .. }) => 2 + quantiles.len(),
        _ => 1,
    };
    family.metrics.len() * each
}

const NOTHING_TO_DO: &str = "error: at least one of --extended or linting must be enabled
Use --extended for cardinality analysis, or remove --lint=none to enable linting";
/// The exit code when there is something to complain about; as promtool's.
const PROBLEMS_FOUND: u8 = 3;
/// Blanks between the columns of the table.
const PADDING: usize = 4;
