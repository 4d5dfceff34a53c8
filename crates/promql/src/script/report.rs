//! What a run found.

use std::fmt;

/// Counts, and where what went wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Evals that hold.
    pub passed: usize,
    /// Evals that do not hold, and commands that cannot be read.
    pub failed: Vec<Failure>,
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

impl Report {
    /// Adds the findings of another script.
    pub fn merge(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed.extend(other.failed);
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
}

/// Failures, and the line that sums them.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for failure in &self.failed {
            writeln!(f, "{failure}")?;
        }
        write!(f, "{} passed, {} failed", self.passed, self.failed.len())
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
