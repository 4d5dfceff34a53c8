//! What service discovery finds: groups of targets that share a source.

use std::collections::HashMap;
use std::sync::Arc;

use crate::Labels;

/// The groups of each job, by its name. A job without targets is there, too.
pub type TargetGroups = HashMap<String, Arc<[TargetGroup]>>;

/// Targets from one source (a file, a static entry) with the labels that they share.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TargetGroup {
    /// Where the group came from, unique inside its provider (`/etc/targets.yml:0`). A later group
    /// with the same source replaces this one; one without targets removes it.
    pub source: String,
    /// Labels of each target, `__address__` at least.
    pub targets: Vec<Labels>,
    /// Labels of all targets; a target's own label wins.
    pub labels: Labels,
}
