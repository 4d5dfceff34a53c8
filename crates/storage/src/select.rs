//! Asking: which series, from when to when, and what the asker will do with them.

use std::io;

use model::{Annotations, Matcher, TimeRange};

use crate::series::SeriesSet;

/// Which labels of the selected series the asker will read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Projection {
    /// All of them.
    #[default]
    All,
    /// These only.
    Only(Vec<String>),
    /// All but these.
    Without(Vec<String>),
}

impl Projection {
    /// True if the label with this name will be read.
    pub fn keeps(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(names) => names.iter().any(|kept| kept == name),
            Self::Without(names) => names.iter().all(|dropped| dropped != name),
        }
    }
}

/// What the asker will do, so that a store can save itself work. A store may ignore all of it.
#[derive(Clone, Debug, Default)]
pub struct SelectHints {
    /// Labels that will be read. A store that heeds this returns reduced label sets, so several
    /// series may carry equal ones.
    pub projection: Projection,
    /// Milliseconds between the steps of a range query; 0 for an instant.
    pub step: i64,
    /// True if of each series only its latest sample in the range is wanted. A store that heeds
    /// this may leave out the earlier ones.
    pub latest_only: bool,
    /// Name of the function around the selector, empty if none.
    pub function: String,
}

/// One selection of series.
#[derive(Clone, Debug)]
pub struct Select {
    /// Conditions that all must hold.
    pub matchers: Vec<Matcher>,
    /// Samples wanted, both ends inclusive.
    pub range: TimeRange,
    /// True if the series must come sorted by labels.
    pub sorted: bool,
    /// What will be done with them.
    pub hints: SelectHints,
}

impl Select {
    /// A selection without hints, unsorted.
    pub fn new(matchers: Vec<Matcher>, range: TimeRange) -> Self {
        Self {
            matchers,
            range,
            sorted: false,
            hints: SelectHints::default(),
        }
    }
}

/// A question about label names or values.
#[derive(Clone, Debug, Default)]
pub struct LabelQuery {
    /// Only of series on which all these hold; none: of all series.
    pub matchers: Vec<Matcher>,
    /// At most this many answers; 0: all.
    pub limit: usize,
}

/// Something that can be asked.
pub trait Queryable: Send + Sync {
    /// Opens a view of the data inside `range`. What is committed later may or may not be seen.
    ///
    /// # Errors
    /// The store cannot be read.
    fn querier(&self, range: TimeRange) -> Result<Box<dyn Querier + '_>, SelectError>;
}

/// A view of the data inside one range of time.
pub trait Querier: Send + Sync {
    /// Finds series. Samples are read later, series by series, from the set that comes back.
    ///
    /// # Errors
    /// The index cannot be read.
    fn select(&self, select: &Select) -> Result<Box<dyn SeriesSet + '_>, SelectError>;

    /// Label names in use, sorted.
    ///
    /// # Errors
    /// The index cannot be read.
    fn label_names(&self, query: &LabelQuery) -> Result<(Vec<String>, Annotations), SelectError>;

    /// Values of one label, sorted.
    ///
    /// # Errors
    /// The index cannot be read.
    fn label_values(
        &self,
        name: &str,
        query: &LabelQuery,
    ) -> Result<(Vec<String>, Annotations), SelectError>;
}

/// Why a selection failed.
#[derive(Debug, thiserror::Error)]
pub enum SelectError {
    /// The store is not ready: it is still replaying, or closed. A later try may succeed.
    #[error("storage is not ready: {0}")]
    NotReady(String),
    /// Reading failed.
    #[error("reading {path}: {source}")]
    Io {
        /// What was read.
        path: String,
        /// Why it failed.
        source: io::Error,
    },
    /// Stored bytes are damaged.
    #[error("{path} is damaged: {reason}")]
    Damaged {
        /// The file.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
}
