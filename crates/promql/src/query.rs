//! What is asked of the engine, and what comes back.

use std::time::Duration;

use model::Annotations;
use storage::SelectError;

use crate::ast::ValueType;
use crate::limits::Interrupt;
use crate::parser::ParseError;
use crate::statistics::Statistics;
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
}

impl<'a> InstantQuery<'a> {
    /// A query with the engine's settings that nobody interrupts.
    pub fn new(text: &'a str, time: i64) -> Self {
        Self {
            text,
            time,
            lookback_delta: None,
            interrupt: Interrupt::new(),
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
        }
    }
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
    /// Its time was over. A later try may succeed.
    #[error("query timed out in expression evaluation")]
    Timeout,
    /// Nobody waits for it any more.
    #[error("query was canceled in expression evaluation")]
    Canceled,
    /// The store could not be read. A later try may succeed.
    #[error("expanding series: {0}")]
    Storage(#[from] SelectError),
    /// The expression cannot be evaluated on this data. The asker's fault.
    #[error("{0}")]
    Execution(String),
}
