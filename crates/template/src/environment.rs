//! What a template sees of the world besides its data.

use model::Labels;

use crate::limits::Limits;

/// Who answers the queries of a template.
pub trait QueryTemplateData {
    /// The instant vector that an expression gives at a time, in milliseconds since the Unix epoch.
    ///
    /// # Errors
    /// The expression is wrong, or could not be evaluated; the text says why.
    fn query(&self, expression: &str, timestamp: i64) -> Result<Vec<QuerySample>, String>;
}

/// A sample of a query's result.
#[derive(Clone, Debug, PartialEq)]
pub struct QuerySample {
    /// Names the series.
    pub labels: Labels,
    /// Its value.
    pub value: f64,
}

/// For templates that may ask for nothing: every query fails.
#[derive(Clone, Copy, Debug, Default)]
pub struct WithoutQueries;

impl QueryTemplateData for WithoutQueries {
    fn query(&self, _: &str, _: i64) -> Result<Vec<QuerySample>, String> {
        Err("queries are not possible here".to_owned())
    }
}

/// What a field that a map does not have gives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissingKey {
    /// The zero value of the map's elements: `missingkey=zero`.
    #[default]
    Zero,
    /// Nothing, which prints as `<no value>`: Go's default.
    Invalid,
    /// A fault: `missingkey=error`.
    Error,
}

/// What a template sees of the world besides its data.
#[derive(Clone, Copy)]
pub struct Environment<'e> {
    /// Answers `query`.
    pub queries: &'e dyn QueryTemplateData,
    /// The time of evaluation, in milliseconds since the Unix epoch.
    pub timestamp: i64,
    /// Under which address the server is reached from outside.
    pub external_url: &'e str,
    /// What a field that a map does not have gives.
    pub missing_key: MissingKey,
    /// What the template may use up.
    pub limits: Limits,
}

impl Default for Environment<'_> {
    fn default() -> Self {
        Self {
            queries: &WithoutQueries,
            timestamp: 0,
            external_url: "",
            missing_key: MissingKey::default(),
            limits: Limits::default(),
        }
    }
}
