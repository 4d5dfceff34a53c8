//! What is asked of the engine, and what comes back.

use std::time::Duration;

use model::Annotations;
use storage::SelectError;

use crate::ast::ValueType;
use crate::explain::Explained;
use crate::limits::{Interrupt, Usage};
use crate::parser::ParseError;
use crate::statistics::{PerStep, Statistics};
use crate::value::Value;

/// An expression evaluated at one time.
#[derive(Clone, Debug)]
pub struct InstantQuery<'a> {
    /// The expression.
    pub text: &'a str,
    /// Evaluation time in milliseconds since the Unix epoch.
    pub time: i64,
    /// How far an instant selector looks back; none: the engine's setting.
    pub lookback_delta: Option<Duration>,
    /// Ends the query early.
    pub interrupt: Interrupt,
    /// What the query uses; none: nobody looks on, and what the result takes is not accounted for
    /// once it has been returned.
    pub usage: Option<Usage>,
    /// What is told beside the value.
    pub details: Details,
}

impl<'a> InstantQuery<'a> {
    /// A query with the engine's settings that nobody interrupts.
    pub fn new(text: &'a str, time: i64) -> Self {
        Self {
            text,
            time,
            lookback_delta: None,
            interrupt: Interrupt::new(),
            usage: None,
            details: Details::default(),
        }
    }
}

/// An expression evaluated at steps of equal distance.
#[derive(Clone, Debug)]
pub struct RangeQuery<'a> {
    /// The expression.
    pub text: &'a str,
    /// First step in milliseconds since the Unix epoch.
    pub start: i64,
    /// No step is later than this.
    pub end: i64,
    /// Milliseconds between two steps, positive.
    pub step: i64,
    /// How far an instant selector looks back; none: the engine's setting.
    pub lookback_delta: Option<Duration>,
    /// Ends the query early.
    pub interrupt: Interrupt,
    /// What the query uses; none: nobody looks on, and what the result takes is not accounted for
    /// once it has been returned.
    pub usage: Option<Usage>,
    /// What is told beside the value.
    pub details: Details,
}

impl<'a> RangeQuery<'a> {
    /// A query with the engine's settings that nobody interrupts.
    pub fn new(text: &'a str, start: i64, end: i64, step: i64) -> Self {
        Self {
            text,
            start,
            end,
            step,
            lookback_delta: None,
            interrupt: Interrupt::new(),
            usage: None,
            details: Details::default(),
        }
    }
}

/// What is told beside the value, because the asker wants it and it costs something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// Samples of each step, if the engine's settings allow it.
    pub per_step: bool,
    /// What each part of the query did.
    pub explain: bool,
}

/// The answer to a query.
#[derive(Clone, Debug, PartialEq)]
pub struct QueryResult {
    /// The value.
    pub value: Value,
    /// Warnings and infos, each with the position that it speaks of.
    pub annotations: Annotations,
    /// What the query cost.
    pub statistics: Statistics,
    /// Samples of each step, if they were wanted.
    pub per_step: Option<PerStep>,
    /// What each part of the query did, if that was wanted.
    pub explained: Option<Box<Explained>>,
}

/// Why a query has no value. Texts are upstream's.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// The text is not an expression. The asker's fault.
    #[error(transparent)]
    Parse(#[from] ParseError),
    /// A range, step or offset that is computed has no useful value. The asker's fault.
    #[error("{0}")]
    Duration(String),
    /// A range query asks for something that has no value at each step. The asker's fault.
    #[error("invalid expression type \"{0}\" for range query, must be Scalar or instant Vector")]
    NotOverTime(ValueType),
    /// The query would hold more samples in memory than it may. The asker's fault.
    #[error("query processing would load too many samples into memory in query execution")]
    TooManySamples,
    /// The query would hold more bytes than one may. The asker's fault.
    #[error(
        "query processing would hold more than {} of memory, the limit of one query (--query.max-memory)",
        size(*limit)
    )]
    TooMuchMemory {
        /// Bytes that one query may hold.
        limit: u64,
    },
    /// All queries together would hold more bytes than they may. A later try may succeed.
    #[error(
        "queries together would hold more than {} of memory, the limit of all (--query.max-memory-together)",
        size(*limit)
    )]
    TooMuchMemoryTogether {
        /// Bytes that all queries may hold.
        limit: u64,
    },
    /// Its time was over. A later try may succeed.
    #[error("query timed out in expression evaluation")]
    Timeout,
    /// Nobody waits for it any more.
    #[error("query was canceled in expression evaluation")]
    Canceled,
    /// Somebody ended it.
    #[error("query was canceled in expression evaluation: ended by {by}")]
    Ended {
        /// Who.
        by: String,
    },
    /// The store could not be read. A later try may succeed.
    #[error("expanding series: {0}")]
    Storage(#[from] SelectError),
    /// The expression cannot be evaluated on this data. The asker's fault.
    #[error("{0}")]
    Execution(String),
}

/// Bytes as people write them.
fn size(bytes: u64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let mut power = 0;
    let mut number = bytes as f64;
    while number >= 1024.0 && power + 1 < units.len() {
        number /= 1024.0;
        power += 1;
    }
    let number = (number * 10.0).round() / 10.0;
    format!("{number} {}", units[power])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_told_as_people_write_them() {
        let cases = [(0, "0 B"), (1_536, "1.5 KiB"), (512 << 20, "512 MiB")];
        for (bytes, want) in cases {
            assert_eq!(size(bytes), want);
        }
        let error = QueryError::TooMuchMemory { limit: 1 << 30 };
        let want = "query processing would hold more than 1 GiB of memory, \
                    the limit of one query (--query.max-memory)";
        assert_eq!(error.to_string(), want);
    }
}
