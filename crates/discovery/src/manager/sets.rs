//! The sets, with the entries that run for them.

use std::sync::Arc;

use config::discovery::Discovery;
use model::TargetGroup;

use crate::provider::{FoundGroups, Groups, ProviderState};
use crate::status::{DiscoveryStatus, SourceHealth};

/// An entry that runs, for one set or for several.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) discovery: Discovery,
    found: FoundGroups,
    /// Why it does not run at all.
    lacking: Option<String>,
}

/// One set.
#[derive(Debug)]
pub(super) struct Set {
    fixed: Option<Groups>,
    entries: Vec<Arc<Running>>,
    /// What was merged last, and out of what.
    parts: Vec<Groups>,
    merged: Option<Groups>,
}

impl Running {
    pub(super) fn new(discovery: Discovery, found: FoundGroups) -> Self {
        Self {
            discovery,
            found,
            lacking: None,
        }
    }

    /// An entry that never finds anything.
    pub(super) fn lacking(discovery: Discovery, found: FoundGroups, reason: String) -> Self {
        Self {
            lacking: Some(reason),
            ..Self::new(discovery, found)
        }
    }

    pub(super) fn lacks(&self) -> bool {
        self.lacking.is_some()
    }

    fn health(&self, state: &ProviderState) -> SourceHealth {
        if self.lacks() {
            SourceHealth::Lacking
        } else if state.last_error.is_some() {
            SourceHealth::Failing
        } else if state.last_refresh_millis.is_some() {
            SourceHealth::Good
        } else {
            SourceHealth::Waiting
        }
    }

    fn has_answered(&self) -> bool {
        self.lacks() || self.found.groups().is_some()
    }
}

impl Set {
    /// A set; what the one before it found is kept as long as it is the same.
    pub(super) fn new(
        fixed: Vec<TargetGroup>,
        entries: Vec<Arc<Running>>,
        old: Option<Self>,
    ) -> Self {
        let (mut old_fixed, mut parts, mut merged) = (None, Vec::new(), None);
        if let Some(old) = old {
            (old_fixed, parts, merged) = (old.fixed, old.parts, old.merged);
        }
        let fixed = match old_fixed {
            Some(old) if *old == fixed[..] => Some(old),
            _ if fixed.is_empty() => None,
            _ => Some(fixed.into()),
        };
        Self {
            fixed,
            entries,
            parts,
            merged,
        }
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = &Arc<Running>> {
        self.entries.iter()
    }

    /// True if everything that will answer has answered.
    pub(super) fn has_answered(&self) -> bool {
        self.entries.iter().all(|entry| entry.has_answered())
    }

    /// The groups of all entries, and whether they are others than last time.
    pub(super) fn merge(&mut self) -> (Groups, bool) {
        let found = self.entries.iter().filter_map(|entry| entry.found.groups());
        let parts: Vec<Groups> = self.fixed.iter().cloned().chain(found).collect();
        let is_same = parts.len() == self.parts.len()
            && parts
                .iter()
                .zip(&self.parts)
                .all(|(one, other)| Arc::ptr_eq(one, other));
        if let Some(merged) = self.merged.as_ref().filter(|_| is_same) {
            return (Arc::clone(merged), false);
        }
        let merged: Groups = match parts.as_slice() {
            [only] => Arc::clone(only),
            several => several
                .iter()
                .flat_map(|part| part.iter().cloned())
                .collect(),
        };
        let differs = self.merged.as_ref().is_none_or(|before| *before != merged);
        self.parts = parts;
        self.merged = Some(Arc::clone(&merged));
        (merged, differs)
    }

    /// How the entries stand.
    pub(super) fn status(&self, name: &str) -> Vec<DiscoveryStatus> {
        let count = |groups: &Groups| groups.iter().map(|group| group.targets.len()).sum();
        let fixed = self.fixed.as_ref().map(|groups| DiscoveryStatus {
            set: name.to_owned(),
            mechanism: "static",
            health: SourceHealth::Good,
            targets: count(groups),
            last_refresh_millis: None,
            last_error: None,
        });
        let entries = self.entries.iter().map(|entry| {
            let state = entry.found.state();
            DiscoveryStatus {
                set: name.to_owned(),
                mechanism: entry.discovery.mechanism(),
                health: entry.health(&state),
                targets: entry.found.groups().as_ref().map_or(0, count),
                last_refresh_millis: state.last_refresh_millis,
                last_error: entry.lacking.clone().or(state.last_error),
            }
        });
        fixed.into_iter().chain(entries).collect()
    }
}
