//! Relabel rules and what they do to a label set.

/// One relabeling step.
#[derive(Clone, Debug)]
pub struct RelabelRule {}
