//! `narthex tool check config`: a configuration of the server with the files that it names, checked
//! before a server gets it. Texts and exit codes are promtool's.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use ::rules::load::LoadOptions;
use clap::Args;
use config::server::{self, Config};
use host::Fs;
use host::fs::RealFs;
use model::duration;

use super::named_files;
use super::rules::{self, Outcome};
use crate::wiring::{add_jobs, read_file};

/// Flags of `narthex tool check config`. Names and defaults are promtool's.
#[derive(Debug, Args)]
pub(crate) struct Flags {
    /// Only check the files' syntax, not whether the files that they name are there
    #[arg(long)]
    syntax_only: bool,
    /// Checks beyond what a server refuses, separated by commas: all, duplicate-rules,
    /// too-long-scrape-interval, none
    #[arg(long, default_value = "duplicate-rules", value_name = "CHECKS")]
    lint: String,
    /// Exit with code 3 if one of those finds something
    #[arg(long)]
    lint_fatal: bool,
    /// How far back queries look: a longer scrape interval lets series go stale
    #[arg(long = "query.lookback-delta", default_value = "5m", value_parser = duration::parse)]
    lookback_delta: Duration,
    /// Pass over unknown keys of rule files
    #[arg(long)]
    ignore_unknown_fields: bool,
    /// Check as the configuration of an agent, which only collects and sends
    #[arg(long)]
    agent: bool,
    /// The configuration files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// Checks every file, and says of each what it found.
pub(crate) fn run(flags: &Flags) -> ExitCode {
    let lint = Lint::read(&flags.lint);
    let mut outcome = Outcome::default();
    for file in &flags.files {
        check(flags, &lint, file, &mut outcome);
    }
    outcome.code(flags.lint_fatal)
}

#[allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this is the command's output"
)]
fn check(flags: &Flags, lint: &Lint, file: &Path, outcome: &mut Outcome) {
    let fs = RealFs;
    println!("Checking {}", file.display());
    match read(flags, &fs, file) {
        Err(error) => {
            eprintln!("  FAILED: {error:#}");
            outcome.has_errors = true;
            println!();
        }
        Ok((config, rule_files)) => {
            if !rule_files.is_empty() {
                println!("  SUCCESS: {} rule files found", rule_files.len());
            }
            let file = file.display();
            println!(" SUCCESS: {file} is valid prometheus config file syntax\n");
            if !flags.syntax_only {
                outcome.has_lint |= lint.scrape_intervals && stale_job(flags, &config);
                let rules = rules::Check {
                    options: LoadOptions {
                        scheme: config.global.metric_name_validation_scheme,
                        ignore_unknown_keys: flags.ignore_unknown_fields,
                        ..LoadOptions::default()
                    },
                    finds_duplicates: lint.duplicate_rules,
                };
                for path in rule_files {
                    rules.file(&fs, &path, outcome);
                }
            }
        }
    }
}

/// Reads the configuration and everything that it names; the second is its rule files.
fn read(flags: &Flags, fs: &dyn Fs, file: &Path) -> anyhow::Result<(Config, Vec<PathBuf>)> {
    let load = match flags.agent {
        true => server::load_for_agent,
        false => server::load,
    };
    let mut config = read_file(fs, file, load)?;
    let mut rule_files = Vec::new();
    if !flags.syntax_only {
        rule_files = named_files::rule_files(fs, &config)?;
        add_jobs(fs, &mut config).map_err(|error| error.context("error loading scrape configs"))?;
    }
    for job in config.jobs() {
        named_files::check_job(fs, job, flags.syntax_only)?;
    }
    for alertmanager in &config.alerting.alertmanagers {
        named_files::check_alertmanager(fs, alertmanager, flags.syntax_only)?;
    }
    Ok((config, rule_files))
}

/// Says of the first job that is scraped so rarely that its series go stale in between.
#[allow(clippy::print_stderr, reason = "this is the command's output")]
fn stale_job(flags: &Flags, config: &Config) -> bool {
    let lookback = flags.lookback_delta;
    let rare = |job: &&server::ScrapeConfig| !lookback.is_zero() && job.scrape_interval >= lookback;
    let Some(job) = config.jobs().find(rare) else {
        return false;
    };
    let (name, interval) = (&job.job_name, duration::format(job.scrape_interval));
    eprintln!(
        "  FAILED: too long scrape interval found, data point will be marked as stale - job: {name}, interval: {interval}"
    );
    true
}

/// Checks beyond what a server refuses.
#[derive(Debug, Default, PartialEq, Eq)]
struct Lint {
    duplicate_rules: bool,
    scrape_intervals: bool,
}

impl Lint {
    #[allow(clippy::print_stdout, reason = "this is the command's output")]
    fn read(names: &str) -> Self {
        let mut lint = Self::default();
        for name in names.split(',') {
            match name {
                "all" => {
                    lint = Self {
                        duplicate_rules: true,
                        scrape_intervals: true,
                    };
                }
                "duplicate-rules" => lint.duplicate_rules = true,
                "too-long-scrape-interval" => lint.scrape_intervals = true,
                "none" => {}
                other => println!("WARNING: unknown lint option: {other:?}"),
            }
        }
        lint
    }
}
