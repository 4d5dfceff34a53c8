//! What evaluating rules costs: servers with the same rules over the series that the rules ask for.
//!
//! Rules are read from a folder, of rule files and of resources that hold rules. [`series`] finds
//! out which series their selectors ask for; a fleet serves as many as wanted of them. The servers
//! scrape it for a while without rules, then take the rules on: what they use more is the rules'.

mod series;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

use crate::figures::{MEBIBYTE, figure};
use crate::scraping::{Contender, Load, LoadGenerator, scrape_configuration, wait};
use crate::server::Kind;
use crate::{fleet, http, machine, page};

/// What to evaluate, on what, for how long.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// A folder with rule files or `PrometheusRule` resources, `*.yaml`.
    #[arg(long)]
    rules: PathBuf,
    /// Number of targets.
    #[arg(long, default_value_t = 500)]
    targets: usize,
    /// Series of each target.
    #[arg(long, default_value_t = 1_000)]
    series: usize,
    /// Seconds between scrapes. Rules are evaluated as they say, or every 30 s.
    #[arg(long, default_value_t = 15)]
    interval: u64,
    /// Seconds before measuring begins, without rules and again with them.
    #[arg(long, default_value_t = 60)]
    warm_up: u64,
    /// Seconds of scraping that are measured without rules.
    #[arg(long, default_value_t = 60)]
    without: u64,
    /// Seconds that are measured with rules.
    #[arg(long, default_value_t = 600)]
    seconds: u64,
    /// Run one server alone and write no page.
    #[arg(long)]
    only: Option<Kind>,
    /// The Narthex binary.
    #[arg(long, default_value = "target/release/narthex")]
    narthex: PathBuf,
    /// The Prometheus binary.
    #[arg(long, default_value = "prometheus")]
    prometheus: PathBuf,
    /// The page that gets the results.
    #[arg(long, default_value = "docs/operations/measurements.md")]
    page: PathBuf,
}

/// A rule file, as far as it matters here.
#[derive(Deserialize)]
struct RuleFile {
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
struct Rule {
    expr: String,
}

/// What a server has done and used at a moment.
#[derive(Clone, Copy)]
struct Reading {
    at: Instant,
    cpu_seconds: f64,
    peak_resident_bytes: f64,
    series: f64,
    evaluations: f64,
    failures: f64,
    iterations: f64,
    missed: f64,
}

/// One server, before the rules and with them.
struct Measured {
    contender: Contender,
    readings: Vec<Reading>,
}

/// Runs the benchmark and prints its section; with both servers also writes it to the page.
///
/// # Errors
/// A rule cannot be read, a server cannot be started or ends early, or the rules fail.
pub(crate) fn run(options: &Options) -> Result<()> {
    let folder = tempfile::Builder::new()
        .prefix("narthex-bench-")
        .tempdir()?;
    let files = folder.path().join("rules");
    let exprs = collect(&options.rules, &files)?;
    let templates = series::templates(&options.narthex, folder.path(), &exprs)?;
    let template_file = folder.path().join("templates");
    let lines: Vec<String> = templates.into_iter().collect();
    fs::write(&template_file, lines.join("\n"))?;
    let generator = LoadGenerator::start(&fleet::Options {
        targets: options.targets,
        series: options.series,
        port: 0,
        templates: Some(template_file),
    })?;
    let load = Load {
        targets: options.targets,
        series: options.series,
        interval: options.interval,
    };
    let scraping = scrape_configuration(load.targets, load.interval, generator.address()).replacen(
        "global:\n",
        "global:\n  evaluation_interval: 30s\n",
        1,
    );
    let mut measured = Vec::new();
    for (kind, program) in [
        (Kind::Prometheus, &options.prometheus),
        (Kind::Narthex, &options.narthex),
    ] {
        if options.only.is_none_or(|only| only == kind) {
            let scraping = scraping.clone();
            let contender = Contender::start_with(kind, program, folder.path(), scraping)?;
            let readings = Vec::new();
            measured.push(Measured {
                contender,
                readings,
            });
        }
    }
    wait(options.warm_up, &mut measured)?;
    read(&mut measured)?;
    wait(options.without, &mut measured)?;
    read(&mut measured)?;
    let with_rules = format!("rule_files: [\"{}/*.yaml\"]\n{scraping}", files.display());
    for one in &mut measured {
        one.contender.reload(with_rules.clone())?;
    }
    wait(options.warm_up, &mut measured)?;
    read(&mut measured)?;
    wait(options.seconds, &mut measured)?;
    read(&mut measured)?;
    let section = section(options, &lines, &exprs, &measured);
    println!("{section}");
    for one in &measured {
        one.check_evaluated()?;
    }
    if options.only.is_none() {
        page::write(&options.page, "rules", &section)?;
        eprintln!("written to {}", options.page.display());
    }
    Ok(())
}

/// Puts the rule files of `from` into `to`, those in resources too; gives all expressions.
fn collect(from: &Path, to: &Path) -> Result<Vec<String>> {
    fs::create_dir_all(to)?;
    let mut exprs = Vec::new();
    let entries = fs::read_dir(from).with_context(|| format!("listing {}", from.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "yaml") {
            continue;
        }
        let text = fs::read_to_string(&path)?;
        let text = match text.split_once("\nspec:\n") {
            Some((_, spec)) if text.contains("kind: PrometheusRule") => unindented(spec),
            // Another kind of resource.
            _ if text.contains("\nkind: ") => continue,
            _ => text,
        };
        let file: RuleFile = serde_saphyr::from_str(&text)
            .with_context(|| format!("reading the rules of {}", path.display()))?;
        let rules = file.groups.into_iter().flat_map(|group| group.rules);
        exprs.extend(rules.map(|rule| rule.expr));
        fs::write(
            to.join(path.file_name().context("a file has a name")?),
            text,
        )?;
    }
    ensure!(!exprs.is_empty(), "{} has no rules", from.display());
    Ok(exprs)
}

/// The part of a resource below `spec:`, which is indented by two blanks.
fn unindented(spec: &str) -> String {
    let lines = spec
        .lines()
        .map(|line| line.strip_prefix("  ").unwrap_or(line));
    lines.fold(String::new(), |text, line| text + line + "\n")
}

impl AsMut<Contender> for Measured {
    fn as_mut(&mut self) -> &mut Contender {
        &mut self.contender
    }
}

fn read(measured: &mut [Measured]) -> Result<()> {
    for one in measured {
        let server = &one.contender.server;
        let page = http::get(server.address, "/metrics")?;
        let sum = |name: &str| http::sum(&page, name).unwrap_or(0.0);
        let usage = server.process.usage()?;
        one.readings.push(Reading {
            at: Instant::now(),
            cpu_seconds: usage.cpu_seconds,
            peak_resident_bytes: usage.peak_resident_bytes,
            series: sum("prometheus_tsdb_head_series"),
            evaluations: sum("prometheus_rule_evaluations_total"),
            failures: sum("prometheus_rule_evaluation_failures_total"),
            iterations: sum("prometheus_rule_group_iterations_total"),
            missed: sum("prometheus_rule_group_iterations_missed_total"),
        });
    }
    Ok(())
}

impl Measured {
    /// The ends of an interval: 0 without rules, 2 with them.
    fn ends(&self, first: usize) -> Option<(&Reading, &Reading)> {
        self.readings.get(first).zip(self.readings.get(first + 1))
    }

    /// Growth over an interval, by its seconds.
    fn rate(&self, first: usize, figure: fn(&Reading) -> f64) -> f64 {
        self.ends(first).map_or(f64::NAN, |(before, after)| {
            let seconds = after.at.duration_since(before.at).as_secs_f64();
            (figure(after) - figure(before)) / seconds
        })
    }

    fn last(&self, figure: fn(&Reading) -> f64) -> f64 {
        self.readings.last().map_or(f64::NAN, figure)
    }

    /// CPU seconds that the rules take in a second.
    fn cpu_of_rules(&self) -> f64 {
        let cpu = |first| self.rate(first, |reading| reading.cpu_seconds);
        cpu(2) - cpu(0)
    }

    fn check_evaluated(&self) -> Result<()> {
        let name = self.contender.kind.name();
        let evaluated = self.rate(2, |reading| reading.evaluations);
        ensure!(evaluated > 0.0, "{name} evaluated no rules");
        Ok(())
    }
}

fn section(
    options: &Options,
    templates: &[String],
    exprs: &[String],
    measured: &[Measured],
) -> String {
    let mut text = String::from("## Rules\n\n");
    let mut line = |name: &str, value: &str| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "- {name}: {value}");
    };
    line(
        "command",
        &format!(
            "`make bench-rules ARGS=\"--rules <folder> --targets {} --series {} --interval {} --seconds {}\"`",
            options.targets, options.series, options.interval, options.seconds
        ),
    );
    line("machine", &machine::describe());
    line("load average at the end", &machine::load());
    line(
        "date, commit",
        &format!("{}, `{}`", machine::today(), machine::commit()),
    );
    for one in measured {
        line(one.contender.kind.name(), &one.contender.version);
    }
    line(
        "rules",
        &format!(
            "{} expressions, every 30 s unless they say otherwise, over {} kinds of series that they ask for",
            exprs.len(),
            templates.len()
        ),
    );
    text + "\n" + &table(measured) + NOTES
}

fn table(measured: &[Measured]) -> String {
    let mut table = String::from("| per server |");
    let mut rows: BTreeMap<usize, (&str, Vec<f64>)> = BTreeMap::new();
    for one in measured {
        let _ = write!(table, " {} |", one.contender.kind.name());
        let evaluations = one.rate(2, |reading| reading.evaluations);
        let figures = [
            ("series in the head", one.last(|reading| reading.series)),
            ("rule evaluations per second", evaluations),
            ("evaluations that failed", one.last(|one| one.failures)),
            ("iterations of groups", one.last(|one| one.iterations)),
            ("iterations missed", one.last(|one| one.missed)),
            (
                "scraping alone: CPU ms per second",
                one.rate(0, |reading| reading.cpu_seconds) * 1e3,
            ),
            ("rules: CPU ms per second", one.cpu_of_rules() * 1e3),
            (
                "rules: CPU ms per evaluation",
                one.cpu_of_rules() / evaluations * 1e3,
            ),
            (
                "peak RSS, MiB",
                one.last(|reading| reading.peak_resident_bytes) / MEBIBYTE,
            ),
        ];
        for (number, (name, value)) in figures.into_iter().enumerate() {
            rows.entry(number)
                .or_insert((name, Vec::new()))
                .1
                .push(value);
        }
    }
    table.push_str("\n| --- |");
    table.push_str(&" ---: |".repeat(measured.len()));
    table.push('\n');
    for (name, values) in rows.values() {
        let values: Vec<String> = values.iter().copied().map(figure).collect();
        let _ = writeln!(table, "| {name} | {} |", values.join(" | "));
    }
    table
}

/// What stands under the table.
const NOTES: &str = "
Both servers run at the same time on the same fleet. Failures and missed iterations are counted from
the moment the rules were taken on. CPU of rules: what a server uses with rules less what it used
without.
";

#[cfg(test)]
mod tests {
    use super::collect;

    #[test]
    fn rules_are_found_in_files_and_in_resources() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            std::fs::write(folder.path().join(name), text).unwrap();
        };
        write(
            "a.yaml",
            "groups:\n- name: a\n  rules:\n  - record: b\n    expr: c\n",
        );
        write(
            "b.yaml",
            "apiVersion: v1\nkind: PrometheusRule\nspec:\n  groups:\n  - name: a\n    rules:\n    - alert: B\n      expr: d\n",
        );
        write(
            "c.yaml",
            "apiVersion: v1\nkind: Service\nspec:\n  ports: []\n",
        );
        write("d.txt", "no rules");
        let to = folder.path().join("to");
        let mut exprs = collect(folder.path(), &to).unwrap();
        exprs.sort();
        assert_eq!(exprs, ["c", "d"]);
        assert_eq!(std::fs::read_dir(&to).unwrap().count(), 2);
        assert!(collect(&to.join("none"), &to).is_err());
    }
}
