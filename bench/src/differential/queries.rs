//! What is asked: the compliance queries, the expressions of dashboards and rules, random ones.

pub(super) mod broken;
mod compliance;
mod files;
pub(super) mod random;

pub(super) use files::from_files;

/// Where a query comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// The PromQL compliance tester.
    Compliance,
    /// A dashboard or a rule.
    Dashboards,
    /// The generator.
    Random,
    /// Broken on purpose.
    Broken,
    /// The command line.
    Given,
}

impl Origin {
    /// Its name in the report.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Compliance => "compliance",
            Self::Dashboards => "dashboards and rules",
            Self::Random => "random",
            Self::Broken => "broken",
            Self::Given => "given",
        }
    }
}

/// An expression to ask.
#[derive(Clone, Debug)]
pub(super) struct Query {
    pub(super) origin: Origin,
    pub(super) text: String,
}

impl Query {
    /// A query of that origin.
    pub(super) const fn new(origin: Origin, text: String) -> Self {
        Self { origin, text }
    }
}
