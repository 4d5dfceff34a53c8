//! Parse, plan and evaluate PromQL.
//!
//! [`parser::parse`] turns text into a checked tree of [`ast::Expr`] nodes, each with its span.
//! An [`Engine`] evaluates [`InstantQuery`] and [`RangeQuery`] against any [`storage::Queryable`]
//! and answers with a [`QueryResult`]: a [`Value`], annotations and statistics.
//!
//! ```
//! use model::Labels;
//! use promql::{Engine, EngineOptions, InstantQuery, SampleValue, Value};
//! use storage::{Append, Appendable, memory::MemoryStore};
//!
//! let store = MemoryStore::default();
//! let mut appender = store.appender();
//! let up = Labels::from_pairs([("__name__", "up"), ("job", "node")]);
//! appender.append(Append::new(&up, 60_000, 1.0)).unwrap();
//! appender.commit().unwrap();
//!
//! let engine = Engine::new(EngineOptions::default()).unwrap();
//! let result = engine.instant(&store, &InstantQuery::new("up * 2", 90_000)).unwrap();
//! let Value::InstantVector(samples) = result.value else { panic!("a product of a vector") };
//! assert_eq!(samples[0].labels.to_string(), r#"{job="node"}"#);
//! assert_eq!(samples[0].value, SampleValue::Float(2.0));
//! ```
//!
//! [`script::run`] runs queries with the answers that they must have, written in the promqltest
//! language.
//!
//! **Must not know:** tsdb, clocks (time is an argument), async, a metrics registry (it returns
//! statistics).

pub mod ast;
pub mod engine;
mod eval;
pub mod explain;
pub mod functions;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
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
pub mod why_empty;

pub use engine::{Engine, EngineError, EngineOptions};
pub use explain::Explained;
pub use limits::{Interrupt, Usage};
pub use query::{Details, InstantQuery, QueryError, QueryResult, RangeQuery};
pub use statistics::{PerStep, Statistics};
pub use value::{HistogramSample, InstantSample, RangeSeries, Sample, SampleValue, Value};
