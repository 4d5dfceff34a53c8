//! Parse, plan and evaluate PromQL.
//!
//! [`parser::parse`] turns text into a checked tree of [`ast::Expr`] nodes, each with its span.
//! An [`Engine`] evaluates [`InstantQuery`] and [`RangeQuery`] against any [`storage::Queryable`]
//! and answers with a [`QueryResult`]: a [`Value`], annotations and statistics.
//!
//! **Must not know:** tsdb, clocks (time is an argument), async, a metrics registry (it returns
//! statistics).

pub mod ast;
pub mod engine;
mod eval;
pub mod functions;
mod lexer;
pub mod limits;
pub mod parser;
mod plan;
mod printer;
pub mod query;
pub mod script;
pub mod statistics;
mod types;
pub mod value;
mod visit;

pub use engine::{Engine, EngineError, EngineOptions};
pub use limits::Interrupt;
pub use query::{InstantQuery, QueryError, QueryResult, RangeQuery};
pub use statistics::Statistics;
pub use value::{InstantSample, RangeSeries, Sample, Value};
