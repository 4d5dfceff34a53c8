//! `narthex tool check rules`: says what is wrong in files of rules.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use ::rules::lint::{Duplicate, duplicates};
use ::rules::load::{LoadOptions, load_text};
use anyhow::Context as _;
use clap::{Args, ValueEnum};
use host::Fs;
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
pub(super) struct Outcome {
    /// Something that a server refuses.
    pub(super) has_errors: bool,
    /// Something that is allowed and probably a mistake.
    pub(super) has_lint: bool,
}

impl Outcome {
    /// The exit code; what is only probably a mistake counts if `is_lint_fatal`.
    pub(super) fn code(self, is_lint_fatal: bool) -> ExitCode {
        match (self.has_errors, self.has_lint && is_lint_fatal) {
            (true, _) => ExitCode::FAILURE,
            (false, true) => ExitCode::from(LINT_FOUND),
            (false, false) => ExitCode::SUCCESS,
        }
    }
}

/// Checks the files; says of each what is wrong or how many rules it has.
pub(crate) fn run(flags: &Flags) -> anyhow::Result<ExitCode> {
    let mut outcome = Outcome::default();
    let check = Check {
        options: LoadOptions {
            parse: parse_options(&flags.features),
            ignore_unknown_keys: flags.ignore_unknown_fields,
            ..LoadOptions::default()
        },
        finds_duplicates: flags.lint != Lint::None,
    };
    if flags.files.is_empty() {
        let mut text = Vec::new();
        std::io::stdin()
            .read_to_end(&mut text)
            .context("reading standard input")?;
        check.bytes("standard input", &text, &mut outcome);
    }
    for path in &flags.files {
        check.file(&RealFs, path, &mut outcome);
    }
    Ok(outcome.code(flags.lint_fatal))
}

/// How files of rules are checked.
pub(super) struct Check {
    pub(super) options: LoadOptions,
    /// Whether rules of equal name and labels are told.
    pub(super) finds_duplicates: bool,
}

#[allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the report is this command's output"
)]
impl Check {
    /// Checks a file, and says what is wrong in it or how many rules it has.
    pub(super) fn file(&self, fs: &dyn Fs, path: &Path, outcome: &mut Outcome) {
        let name = path.display().to_string();
        match fs.read(path) {
            Ok(bytes) => self.bytes(&name, &bytes, outcome),
            Err(error) => {
                println!("Checking {name}");
                eprintln!("  FAILED:\n{name}: {error}");
                outcome.has_errors = true;
            }
        }
    }

    fn bytes(&self, name: &str, bytes: &[u8], outcome: &mut Outcome) {
        println!("Checking {name}");
        let file = match load_text(&String::from_utf8_lossy(bytes), name, &self.options) {
            Ok(file) => file,
            Err(problems) => {
                // Nothing separates it from what comes next, as upstream has it.
                eprintln!("  FAILED:\n{problems}");
                outcome.has_errors = true;
                return;
            }
        };
        let found = match self.finds_duplicates {
            true => duplicates(&file),
            false => Vec::new(),
        };
        if found.is_empty() {
            let rules: usize = file.groups.iter().map(|group| group.rules.len()).sum();
            println!("  SUCCESS: {rules} rules found");
        } else {
            tell_of_duplicates(&found);
            outcome.has_lint = true;
        }
        println!();
    }
}

#[allow(clippy::print_stderr, reason = "the report is this command's output")]
fn tell_of_duplicates(found: &[Duplicate]) {
    let count = found.len();
    eprintln!("  FAILED:\nlint error {count} duplicate rule(s) found.");
    for duplicate in found {
        eprintln!("Metric: {}\nLabel(s):", duplicate.metric);
        for (name, value) in &duplicate.labels {
            eprintln!("\t{name}: {value}");
        }
    }
    eprintln!("Might cause inconsistency while recording expressions");
}

/// Exit code of a check that found nothing but what is probably a mistake. Source: promtool.
const LINT_FOUND: u8 = 3;
