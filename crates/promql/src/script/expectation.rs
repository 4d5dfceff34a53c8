//! What a query must yield: values, and the `expect` lines.

use model::Annotations;
use regex::Regex;

use super::command::{EvalTime, parse_range};
use super::series::{SeriesLine, parse_series};
use crate::lexer::{number_value, unquote};

/// What a query must yield.
#[derive(Clone, Debug, Default)]
pub(super) struct Expectation {
    pub(super) value: ExpectedValue,
    pub(super) ordered: bool,
    /// Set if the query must fail.
    pub(super) fail: Option<TextMatch>,
    /// Times of an expected range vector of an instant query.
    pub(super) range: Option<EvalTime>,
    warn: AnnotationRule,
    info: AnnotationRule,
}

/// The value itself.
#[derive(Clone, Debug)]
pub(super) enum ExpectedValue {
    Scalar(f64),
    Text(String),
    /// Series in the order of writing.
    Series(Vec<SeriesLine>),
}

impl Default for ExpectedValue {
    fn default() -> Self {
        Self::Series(Vec::new())
    }
}

/// What a message must be.
#[derive(Clone, Debug)]
pub(super) enum TextMatch {
    Any,
    Exactly(String),
    Pattern(Regex),
}

impl TextMatch {
    pub(super) fn matches(&self, text: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Exactly(want) => want == text,
            Self::Pattern(pattern) => pattern.is_match(text),
        }
    }

    pub(super) fn describe(&self) -> String {
        match self {
            Self::Any => "any message".to_owned(),
            Self::Exactly(text) => text.clone(),
            Self::Pattern(pattern) => format!("a match of {pattern}"),
        }
    }
}

/// What is said about annotations of one kind.
#[derive(Clone, Debug, Default)]
struct AnnotationRule {
    expected: Vec<TextMatch>,
    forbidden: bool,
}

impl AnnotationRule {
    /// What is wrong with `got`, if anything: (expected, got).
    fn violation(&self, kind: &str, got: &[String]) -> Option<(String, String)> {
        let found = || {
            if got.is_empty() {
                format!("no {kind}")
            } else {
                got.join("\n")
            }
        };
        if self.forbidden && !got.is_empty() {
            return Some((format!("no {kind}"), found()));
        }
        if self.expected.is_empty() {
            return None;
        }
        let missing = self
            .expected
            .iter()
            .find(|want| !got.iter().any(|text| want.matches(text)));
        if let Some(missing) = missing {
            return Some((format!("{kind}: {}", missing.describe()), found()));
        }
        let surplus = got
            .iter()
            .find(|text| !self.expected.iter().any(|want| want.matches(text)));
        surplus.map(|text| (format!("no other {kind}"), text.clone()))
    }
}

impl Expectation {
    /// What the command's own name demands: `eval`, `eval_fail`, …
    pub(super) fn from_command(word: &str) -> Result<Self, String> {
        let mut expectation = Self::default();
        match word {
            "eval" => {}
            "eval_fail" => expectation.fail = Some(TextMatch::Any),
            "eval_ordered" => expectation.ordered = true,
            "eval_warn" => expectation.warn.expected.push(TextMatch::Any),
            "eval_info" => expectation.info.expected.push(TextMatch::Any),
            _ => return Err(format!("invalid evaluation command {word:?}")),
        }
        Ok(expectation)
    }

    /// Adds a line of the command's body.
    pub(super) fn add_line(&mut self, line: &str) -> Result<(), String> {
        if let Some(message) = line.strip_prefix("expected_fail_message") {
            self.fail = Some(TextMatch::Exactly(message.trim().to_owned()));
        } else if let Some(pattern) = line.strip_prefix("expected_fail_regexp") {
            self.fail = Some(TextMatch::Pattern(compile(pattern)?));
        } else if let Some(times) = line.strip_prefix("expect range vector") {
            self.range = Some(parse_range(times)?.0);
        } else if let Some(text) = line.strip_prefix("expect string") {
            let bytes = unquote(text.trim())?;
            let text = String::from_utf8(bytes).map_err(|error| error.to_string())?;
            self.value = ExpectedValue::Text(text);
        } else if let Some(rule) = line.strip_prefix("expect ") {
            self.add_rule(rule.trim())?;
        } else if let Some(value) = number(line) {
            self.value = ExpectedValue::Scalar(value);
        } else {
            let series = parse_series(line)?;
            match &mut self.value {
                ExpectedValue::Series(list) => list.push(series),
                _ => return Err("a series beside a scalar or a string".to_owned()),
            }
        }
        Ok(())
    }

    fn add_rule(&mut self, rule: &str) -> Result<(), String> {
        let (kind, rest) = super::line::split_word(rule);
        let want = if rest.is_empty() {
            TextMatch::Any
        } else if let Some(message) = rest.strip_prefix("msg:") {
            TextMatch::Exactly(message.trim().to_owned())
        } else if let Some(pattern) = rest.strip_prefix("regex:") {
            TextMatch::Pattern(compile(pattern)?)
        } else {
            return Err(format!(
                "neither msg: nor regex: follows in \"expect {rule}\""
            ));
        };
        match kind {
            "ordered" => self.ordered = true,
            "fail"
                if matches!(
                    self.fail,
                    Some(TextMatch::Exactly(_) | TextMatch::Pattern(_))
                ) =>
            {
                return Err("several \"expect fail\" lines".to_owned());
            }
            "fail" => self.fail = Some(want),
            "warn" => self.warn.expected.push(want),
            "info" => self.info.expected.push(want),
            "no_warn" => self.warn.forbidden = true,
            "no_info" => self.info.forbidden = true,
            _ => return Err(format!("unknown expectation {kind:?}")),
        }
        Ok(())
    }

    /// Refuses expectations that contradict each other.
    pub(super) fn check(&self) -> Result<(), String> {
        for (kind, rule) in [("warn", &self.warn), ("info", &self.info)] {
            if rule.forbidden && !rule.expected.is_empty() {
                return Err(format!("{kind} and no_{kind} cannot be used together"));
            }
        }
        Ok(())
    }

    /// What is wrong with a result's annotations, if anything: (expected, got).
    pub(super) fn annotation_violation(&self, got: &Annotations) -> Option<(String, String)> {
        self.warn
            .violation("warning", got.warnings())
            .or_else(|| self.info.violation("info", got.infos()))
    }
}

/// A line that is nothing but a number.
fn number(line: &str) -> Option<f64> {
    let starts_as_number = line.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c));
    let unsigned = line.trim_start_matches(['+', '-']);
    let is_word = unsigned.eq_ignore_ascii_case("inf") || unsigned.eq_ignore_ascii_case("nan");
    if !starts_as_number && !is_word {
        return None;
    }
    let value = number_value(unsigned)?;
    Some(if line.starts_with('-') { -value } else { value })
}

fn compile(pattern: &str) -> Result<Regex, String> {
    Regex::new(pattern.trim()).map_err(|error| error.to_string())
}
