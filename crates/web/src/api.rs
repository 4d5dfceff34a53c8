//! The HTTP API under `/api/v1`, one file per family of calls.

pub(crate) mod admin;
pub(crate) mod exemplars;
pub(crate) mod explain;
pub(crate) mod features;
pub(crate) mod labels;
pub(crate) mod notifications;
pub(crate) mod queries;
pub(crate) mod query;
pub(crate) mod rules;
pub(crate) mod selectors;
pub(crate) mod series;
pub(crate) mod stats;
pub(crate) mod status;
pub(crate) mod syntax;
pub(crate) mod targets;
pub(crate) mod why_empty;
pub(crate) mod write;
