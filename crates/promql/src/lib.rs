//! Parse, plan and evaluate PromQL.
//!
//! [`parser::parse`] turns text into a checked tree of [`ast::Expr`] nodes, each with its span.
//!
//! **Must not know:** tsdb, clocks (time is an argument), async, a metrics registry (it returns
//! statistics).

pub mod ast;
pub mod functions;
pub mod parser;
