//! `narthex tool test rules`: runs unit tests of rules.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use host::clock::RealClock;
use host::fs::RealFs;
use host::{Clock as _, Fs as _};
use model::matcher::SearchRegex;
use promql::parser::ParseOptions;
use rules::unit_test::{CaseReport, TestOptions, run_file};

/// Flags of `narthex tool test rules`.
#[derive(Debug, Args)]
pub(crate) struct Flags {
    /// Run only tests whose name this pattern finds; may be repeated
    #[arg(long = "run", value_name = "REGEX")]
    run: Vec<String>,
    /// Show all data after each test
    #[arg(long)]
    debug: bool,
    /// Show what differs line by line
    #[arg(long)]
    diff: bool,
    /// Pass over keys of rule files that nobody knows
    #[arg(long)]
    ignore_unknown_fields: bool,
    /// Feature names to enable, separated by commas
    #[arg(long = "enable-feature", value_delimiter = ',', value_name = "NAME")]
    features: Vec<String>,
    /// Files of tests
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// The tests of a file.
struct Suite {
    name: String,
    cases: Vec<CaseReport>,
    /// Why there are none.
    error: Option<String>,
}

/// Runs the tests; fails if one does. Writes what came of them to `junit`, if it is given.
pub(crate) fn run(flags: &Flags, junit: Option<&Path>) -> anyhow::Result<ExitCode> {
    let patterns = flags.run.iter().map(|pattern| regex(pattern));
    let patterns = patterns.collect::<Result<Vec<_>, _>>()?;
    let suites: Vec<Suite> = flags
        .files
        .iter()
        .map(|path| run_suite(path, flags, &patterns))
        .collect();
    if let Some(path) = junit {
        RealFs
            .write(path, junit_xml(&suites).as_bytes())
            .with_context(|| format!("writing {}", path.display()))?;
    }
    let has_failed = |suite: &Suite| {
        suite.error.is_some() || suite.cases.iter().any(|case| !case.failures.is_empty())
    };
    Ok(match suites.iter().any(has_failed) {
        true => ExitCode::FAILURE,
        false => ExitCode::SUCCESS,
    })
}

/// A pattern that is looked for anywhere.
fn regex(pattern: &str) -> anyhow::Result<SearchRegex> {
    SearchRegex::new(pattern).with_context(|| format!("reading the pattern {pattern:?}"))
}

#[allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the report is this command's output"
)]
fn run_suite(path: &Path, flags: &Flags, patterns: &[SearchRegex]) -> Suite {
    let name = path.display().to_string();
    println!("Unit Testing:  {name}");
    let runs = |name: &str| patterns.is_empty() || patterns.iter().any(|p| p.is_match(name));
    let options = TestOptions {
        delayed_name_removal: flags
            .features
            .iter()
            .any(|f| f == "promql-delayed-name-removal"),
        parse: parse_options(&flags.features),
        ignore_unknown_keys: flags.ignore_unknown_fields,
        diff: flags.diff,
        debug: flags.debug,
        runs: &runs,
        tell: &|line| println!("{line}"),
    };
    let mut suite = Suite {
        name,
        cases: Vec::new(),
        error: None,
    };
    match run_file(&RealFs, path, &options) {
        Ok(cases) => suite.cases = cases,
        Err(error) => suite.error = Some(error.to_string()),
    }
    let failures = suite.cases.iter().flat_map(|case| &case.failures);
    let failures: Vec<&String> = suite.error.iter().chain(failures).collect();
    if failures.is_empty() {
        println!("  SUCCESS");
    } else {
        eprintln!("  FAILED:");
        for failure in failures {
            eprintln!("{failure}");
            println!();
        }
    }
    println!();
    suite
}

/// What expressions may use when these features are enabled.
pub(super) fn parse_options(features: &[String]) -> ParseOptions {
    let has = |name: &str| features.iter().any(|feature| feature == name);
    ParseOptions {
        experimental_functions: has("promql-experimental-functions"),
        extended_range_selectors: has("promql-extended-range-selectors"),
        fill_modifiers: has("promql-binop-fill-modifiers"),
        ..ParseOptions::default()
    }
}

/// The report in the form that build servers read.
fn junit_xml(suites: &[Suite]) -> String {
    let mut out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>".to_owned();
    for suite in suites {
        let tests = suite.cases.len();
        let failures = suite.cases.iter().filter(|case| !case.failures.is_empty());
        let (failures, errors) = (failures.count(), u8::from(suite.error.is_some()));
        let time = model::date::format_rfc3339(RealClock::default().now_millis());
        let name = escaped(&suite.name);
        write!(
            out,
            "<testsuite name=\"{name}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" \
             timestamp=\"{}\">",
            time.get(..19).unwrap_or(&time)
        )
        .expect("writing to a string cannot fail");
        for case in &suite.cases {
            let name = escaped(&case.name);
            write!(out, "<testcase name=\"{name}\">").expect("writing to a string cannot fail");
            for failure in &case.failures {
                let text = escaped(failure);
                write!(out, "<failure>{text}</failure>").expect("writing to a string cannot fail");
            }
            out.push_str("</testcase>");
        }
        out.push_str("</testsuite>");
    }
    out + "</testsuites>\n"
}

/// Text as XML has it; what XML has no form for is left out.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&#34;"),
            '\n' => out.push_str("&#xA;"),
            c if c.is_control() && c != '\t' => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_are_valid_xml() {
        let case = CaseReport {
            name: "a<b".to_owned(),
            failures: vec!["x \"&\"\n\u{1}y".to_owned()],
        };
        let suite = Suite {
            name: "f".to_owned(),
            cases: vec![case],
            error: None,
        };
        let xml = junit_xml(&[suite]);
        assert!(xml.contains("<testsuite name=\"f\" tests=\"1\" failures=\"1\" errors=\"0\""));
        let want =
            "<testcase name=\"a&lt;b\"><failure>x &#34;&amp;&#34;&#xA;y</failure></testcase>";
        assert!(xml.contains(want), "{xml}");
    }

    #[test]
    fn patterns_are_found_anywhere() {
        assert!(regex("b|c").unwrap().is_match("abd"));
        assert!(!regex("^b").unwrap().is_match("ab"));
        assert!(regex("(").is_err());
    }
}
