//! Asks the query engine on behalf of a rule.

use std::sync::Arc;

use model::Labels;
use promql::{Engine, InstantQuery, InstantSample, Interrupt, QueryError, SampleValue, Value};
use storage::Queryable;

/// What rules are evaluated with.
#[derive(Clone)]
pub struct QuerySource {
    /// Evaluates expressions.
    pub engine: Arc<Engine>,
    /// Has the samples.
    pub storage: Arc<dyn Queryable>,
}

/// Why an expression has no vector.
#[derive(Debug, thiserror::Error)]
pub enum RuleQueryError {
    /// The engine says so.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// Its value is neither a vector nor a scalar.
    #[error("rule result is not a vector or scalar")]
    NotVector,
}

impl QuerySource {
    /// The vector that an expression has at `time`; a scalar is one without labels.
    ///
    /// # Errors
    /// See [`RuleQueryError`].
    pub(crate) fn instant(
        &self,
        text: &str,
        time: i64,
        interrupt: &Interrupt,
    ) -> Result<Vec<InstantSample>, RuleQueryError> {
        let mut query = InstantQuery::new(text, time);
        query.interrupt = interrupt.clone();
        match self.engine.instant(&*self.storage, &query)?.value {
            Value::InstantVector(samples) => Ok(samples),
            Value::Scalar(sample) => Ok(vec![InstantSample {
                labels: Labels::empty(),
                timestamp: sample.timestamp,
                value: SampleValue::Float(sample.value),
            }]),
            Value::Text { .. } | Value::RangeVector(_) => Err(RuleQueryError::NotVector),
        }
    }
}

impl std::fmt::Debug for QuerySource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("QuerySource").finish_non_exhaustive()
    }
}
