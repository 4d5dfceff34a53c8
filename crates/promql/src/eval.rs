//! Evaluation: from a checked tree to a value, by columns of steps.

use crate::ast::Expr;
use crate::engine::Engine;
use crate::parser::{self, ParseOptions};
use crate::query::{InstantQuery, QueryError, QueryResult, RangeQuery};
use crate::statistics::Statistics;
use crate::value::{Sample, Value};
use model::Annotations;
use storage::Queryable;

/// Evaluates an instant query.
pub(crate) fn instant(
    _engine: &Engine,
    _store: &dyn Queryable,
    query: &InstantQuery<'_>,
) -> Result<QueryResult, QueryError> {
    query.interrupt.check()?;
    let expr = parser::parse(query.text, &ParseOptions::default())?;
    let value = match expr.without_parens() {
        Expr::Number(number) => Value::Scalar(Sample {
            timestamp: query.time,
            value: number.value,
        }),
        Expr::Text(text) => Value::Text {
            timestamp: query.time,
            text: text.value.clone(),
        },
        _ => return Err(QueryError::Execution("only literals yet".to_owned())),
    };
    Ok(QueryResult {
        value,
        annotations: Annotations::default(),
        statistics: Statistics::default(),
    })
}

/// Evaluates a range query.
pub(crate) fn range(
    _engine: &Engine,
    _store: &dyn Queryable,
    query: &RangeQuery<'_>,
) -> Result<QueryResult, QueryError> {
    query.interrupt.check()?;
    parser::parse(query.text, &ParseOptions::default())?;
    Err(QueryError::Execution("only literals yet".to_owned()))
}
