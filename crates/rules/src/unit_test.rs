//! Unit tests of rules: series as people write them, groups evaluated over them, and what comes out
//! compared with what is expected. Messages are promtool's.

mod bench;
mod compare;

use std::io;
use std::path::Path;
use std::time::Duration;

use config::Problems;
use config::rule_tests::{self, RuleTestFile, TestGroup};
use host::Fs;
use host::fs::folder_of;
use model::label::NameValidationScheme;
use promql::parser::ParseOptions;

use crate::load::{self, LoadError, LoadOptions, LoadedFile};
use bench::Bench;

/// How tests are run.
pub struct TestOptions<'a> {
    /// Settings of the engine, but for what the tests say themselves.
    pub delayed_name_removal: bool,
    /// What expressions may use.
    pub parse: ParseOptions,
    /// True if keys of rule files that nobody knows are passed over.
    pub ignore_unknown_keys: bool,
    /// True if differences are shown line by line.
    pub diff: bool,
    /// True if all data is shown after each test.
    pub debug: bool,
    /// Whether a test with this name is run.
    pub runs: &'a dyn Fn(&str) -> bool,
    /// Told, line by line, what is not part of the result.
    pub tell: &'a dyn Fn(&str),
}

/// What became of one test.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CaseReport {
    /// Its name.
    pub name: String,
    /// What did not hold.
    pub failures: Vec<String>,
}

/// Why the tests of a file could not be run.
#[derive(Debug, thiserror::Error)]
pub enum TestError {
    /// A file cannot be read.
    #[error("open {path}: {source}")]
    Read {
        /// The file.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// The file of tests is wrong.
    #[error(transparent)]
    Tests(#[from] Problems),
    /// Rules cannot be loaded.
    #[error("{}", without_pattern(.0))]
    Rules(#[from] LoadError),
}

/// What is wrong with a file of rules, without the pattern that it was found by.
fn without_pattern(error: &LoadError) -> String {
    match error {
        LoadError::Invalid { problems, .. } => problems.to_string(),
        other => other.to_string(),
    }
}

/// Runs the tests of a file.
///
/// # Errors
/// See [`TestError`].
pub fn run_file(
    fs: &dyn Fs,
    path: &Path,
    options: &TestOptions<'_>,
) -> Result<Vec<CaseReport>, TestError> {
    let name = path.display().to_string();
    let bytes = fs.read(path).map_err(|source| TestError::Read {
        path: name.clone(),
        source,
    })?;
    let file = rule_tests::load(&String::from_utf8_lossy(&bytes), &name)?;
    let rules = read_rules(fs, path, &file, options)?;
    let wanted = file.tests.iter().enumerate();
    let wanted = wanted.filter(|(_, test)| (options.runs)(&test.name));
    let reports = wanted.map(|(index, test)| {
        let name = match test.name.is_empty() {
            true => format!("unnamed#{index}"),
            false => test.name.clone(),
        };
        run_test(&file, test, name, &rules, options)
    });
    Ok(reports.collect())
}

fn read_rules(
    fs: &dyn Fs,
    path: &Path,
    file: &RuleTestFile,
    options: &TestOptions<'_>,
) -> Result<Vec<LoadedFile>, TestError> {
    let folder = folder_of(path);
    let mut patterns = Vec::with_capacity(file.rule_files.len());
    for pattern in &file.rule_files {
        let pattern = folder.join(pattern).display().to_string();
        if load::paths(fs, &pattern)?.is_empty() {
            (options.tell)(&format!("  WARNING: no file match pattern {pattern}"));
        }
        patterns.push(pattern);
    }
    let load_options = LoadOptions {
        parse: options.parse.clone(),
        scheme: NameValidationScheme::Utf8,
        ignore_unknown_keys: options.ignore_unknown_keys,
    };
    Ok(load::files(fs, &patterns, &load_options)?)
}

fn run_test(
    file: &RuleTestFile,
    test: &TestGroup,
    name: String,
    rules: &[LoadedFile],
    options: &TestOptions<'_>,
) -> CaseReport {
    if options.debug {
        (options.tell)(&format!("DEBUG: Starting test {name}"));
    }
    let failures = match Bench::new(file, test, rules, options) {
        Ok(mut bench) => bench.run(),
        Err(failure) => vec![failure],
    };
    if options.debug {
        (options.tell)(&format!("DEBUG: Test {name} finished"));
    }
    CaseReport { name, failures }
}

/// A duration as Go prints it: `1m30s`.
fn go_duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let millis = duration.subsec_millis();
    let fraction = match millis {
        0 => String::new(),
        _ => format!(".{millis:03}").trim_end_matches('0').to_owned(),
    };
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes) {
        (0, 0) if seconds == 0 && millis > 0 => format!("{millis}ms"),
        (0, 0) => format!("{rest}{fraction}s"),
        (0, _) => format!("{minutes}m{rest}{fraction}s"),
        _ => format!("{hours}h{minutes}m{rest}{fraction}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_printed_as_go_prints_them() {
        let cases = [
            (0, "0s"),
            (250, "250ms"),
            (1_500, "1.5s"),
            (60_000, "1m0s"),
            (3_661_000, "1h1m1s"),
        ];
        for (millis, want) in cases {
            assert_eq!(go_duration(Duration::from_millis(millis)), want);
        }
    }
}
