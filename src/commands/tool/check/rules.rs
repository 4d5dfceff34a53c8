//! `narthex tool check rules`: says what is wrong in files of rules.

use std::io::Read as _;
use std::path::PathBuf;
use std::process::ExitCode;

use ::rules::lint::duplicates;
use ::rules::load::{LoadOptions, load_text};
use anyhow::Context as _;
use clap::{Args, ValueEnum};
use host::Fs as _;
use host::fs::RealFs;

use crate::commands::tool::test_rules::parse_options;

/// Flags of `narthex tool check rules`.
#[derive(Debug, Args)]
pub(crate) struct Flags {
    /// What is looked for that is allowed and probably a mistake
    #[arg(long, value_enum, default_value_t = Lint::DuplicateRules)]
    lint: Lint,
    /// Exit with code 3 if it is found
    #[arg(long)]
    lint_fatal: bool,
    /// Pass over keys that nobody knows
    #[arg(long)]
    ignore_unknown_fields: bool,
    /// Feature names to enable, separated by commas
    #[arg(long = "enable-feature", value_delimiter = ',', value_name = "NAME")]
    features: Vec<String>,
    /// Files of rules; standard input if there is none
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// What is looked for that is allowed and probably a mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Lint {
    /// Everything
    All,
    /// Rules of equal name and labels
    DuplicateRules,
    /// Nothing
    None,
}

/// What came of the checks so far.
#[derive(Clone, Copy, Debug, Default)]
struct Outcome {
    has_errors: bool,
    has_lint: bool,
}

/// Checks the files; says of each what is wrong or how many rules it has.
pub(crate) fn run(flags: &Flags) -> anyhow::Result<ExitCode> {
    let mut outcome = Outcome::default();
    if flags.files.is_empty() {
        let mut text = Vec::new();
        std::io::stdin()
            .read_to_end(&mut text)
            .context("reading standard input")?;
        check("standard input", Ok(text), flags, &mut outcome);
    }
    for path in &flags.files {
        check(
            &path.display().to_string(),
            RealFs.read(path),
            flags,
            &mut outcome,
        );
    }
    Ok(match outcome {
        Outcome {
            has_errors: true, ..
        } => ExitCode::FAILURE,
        Outcome { has_lint: true, .. } if flags.lint_fatal => ExitCode::from(LINT_FOUND),
        _ => ExitCode::SUCCESS,
    })
}

#[allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the report is this command's output"
)]
fn check(name: &str, bytes: std::io::Result<Vec<u8>>, flags: &Flags, outcome: &mut Outcome) {
    println!("Checking {name}");
    let options = LoadOptions {
        parse: parse_options(&flags.features),
        ignore_unknown_keys: flags.ignore_unknown_fields,
        ..LoadOptions::default()
    };
    let loaded = match bytes {
        Ok(bytes) => load_text(&String::from_utf8_lossy(&bytes), name, &options)
            .map_err(|problems| problems.to_string()),
        Err(error) => Err(format!("{name}: {error}")),
    };
    match loaded {
        Err(error) => {
            eprintln!("  FAILED:\n{error}");
            outcome.has_errors = true;
        }
        Ok(file) => {
            let found = match flags.lint {
                Lint::None => Vec::new(),
                Lint::All | Lint::DuplicateRules => duplicates(&file),
            };
            if found.is_empty() {
                let rules: usize = file.groups.iter().map(|group| group.rules.len()).sum();
                println!("  SUCCESS: {rules} rules found");
            } else {
                eprintln!(
                    "  FAILED:\nlint error {} duplicate rule(s) found.",
                    found.len()
                );
                for duplicate in &found {
                    eprintln!("Metric: {}\nLabel(s):", duplicate.metric);
                    for (name, value) in &duplicate.labels {
                        eprintln!("\t{name}: {value}");
                    }
                }
                eprintln!("Might cause inconsistency while recording expressions");
                outcome.has_lint = true;
            }
        }
    }
    println!();
}

/// Exit code of a check that found nothing but what lint looks for. Source: promtool.
const LINT_FOUND: u8 = 3;
