//! What is wrong in a file, and where.

mod excerpt;

use std::fmt;

#[cfg(any(test, fuzzing))]
pub(crate) use excerpt::lines;

/// One thing that is wrong, at its place: `prometheus.yml:12:5: unknown key …`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Name of the file as the caller gave it.
    pub file: String,
    /// Line, from 1; 0 if no place is known.
    pub line: u64,
    /// Column in characters, from 1; 0 if no place is known.
    pub column: u64,
    /// What is wrong, with upstream's words where it has any.
    pub message: String,
    /// The line of the file, without secrets; empty if no place is known.
    pub excerpt: String,
}

/// Everything that is wrong in a file, in the order of the file; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    /// These problems, each with its line of `text`, the file.
    #[must_use]
    pub(crate) fn with_excerpts(mut self, text: &str) -> Self {
        for problem in &mut self.0 {
            problem.excerpt = excerpt::line(text, problem.line);
        }
        self
    }

    /// All problems, each with its line of the file below it, for people who read this in a terminal.
    pub fn explained(&self) -> String {
        let mut out = String::new();
        for problem in &self.0 {
            if !out.is_empty() {
                out.push('\n');
            }
            out.push_str(&problem.to_string());
            if !problem.excerpt.is_empty() {
                let (line, excerpt) = (problem.line, &problem.excerpt);
                out.push_str(&format!("\n  {line:>4} | {excerpt}"));
            }
        }
        out
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.file, self.message),
            line => write!(f, "{}:{line}:{}: {}", self.file, self.column, self.message),
        }
    }
}

/// One problem a line.
impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            fmt::Display::fmt(problem, f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}
