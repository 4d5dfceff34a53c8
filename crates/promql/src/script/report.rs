//! What a run found.

use std::fmt;

/// Counts, and where what went wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Evals that hold.
    pub passed: usize,
    /// Evals that do not hold, and commands that cannot be read.
    pub failed: Vec<Failure>,
    /// Evals that need what the engine does not have yet.
    pub skipped: Vec<Skip>,
}

/// An eval that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The script.
    pub file: String,
    /// Line of the command, from 1.
    pub line: usize,
    /// The query as it ran, which may be one of the repetitions.
    pub query: String,
    /// What the script says.
    pub expected: String,
    /// What the engine says.
    pub got: String,
}

/// An eval that was not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skip {
    /// The script.
    pub file: String,
    /// Line of the command, from 1.
    pub line: usize,
    /// Why.
    pub reason: String,
}

impl Report {
    /// Adds the findings of another script.
    pub fn merge(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed.extend(other.failed);
        self.skipped.extend(other.skipped);
    }

    pub(super) fn fail(&mut self, file: &str, line: usize, query: &str, expected: &str, got: &str) {
        self.failed.push(Failure {
            file: file.to_owned(),
            line,
            query: query.to_owned(),
            expected: expected.to_owned(),
            got: got.to_owned(),
        });
    }

    pub(super) fn skip(&mut self, file: &str, line: usize, reason: String) {
        self.skipped.push(Skip {
            file: file.to_owned(),
            line,
            reason,
        });
    }
}

/// Skips, failures, and the line that sums them.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for skip in &self.skipped {
            writeln!(f, "{skip}")?;
        }
        for failure in &self.failed {
            writeln!(f, "{failure}")?;
        }
        let (failed, skipped) = (self.failed.len(), self.skipped.len());
        write!(
            f,
            "{} passed, {failed} failed, {skipped} skipped",
            self.passed
        )
    }
}

impl fmt::Display for Skip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: skipped: {}", self.file, self.line, self.reason)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: failed: {}", self.file, self.line, self.query)?;
        for (title, text) in [("expected", &self.expected), ("got", &self.got)] {
            write!(f, "\n  {title}:")?;
            for line in text.lines() {
                write!(f, "\n    {line}")?;
            }
        }
        Ok(())
    }
}
