//! The actions of relabeling: their names, and what each does to a label set.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use md5::{Digest, Md5};

use super::RelabelRule;
use crate::LabelsBuilder;
use crate::quote::quoted;

/// What a relabel rule does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RelabelAction {
    /// Sets the target label to the replacement if the pattern matches.
    Replace,
    /// Drops sets whose value does not match.
    Keep,
    /// Drops sets whose value matches.
    Drop,
    /// Drops sets whose value differs from the target label's.
    KeepEqual,
    /// Drops sets whose value equals the target label's.
    DropEqual,
    /// Sets the target label to a hash of the value, modulo `modulus`.
    HashMod,
    /// Copies labels whose name matches to the name that the replacement gives.
    LabelMap,
    /// Deletes labels whose name matches.
    LabelDrop,
    /// Deletes labels whose name does not match.
    LabelKeep,
    /// Sets the target label to the value in lower case.
    Lowercase,
    /// Sets the target label to the value in upper case.
    Uppercase,
}

/// The text names no action.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum UnknownRelabelAction {
    /// Nothing there.
    #[error("relabel action cannot be empty")]
    Empty,
    /// Another word.
    #[error("unknown relabel action {}", quoted(.0))]
    Unknown(String),
}

impl RelabelAction {
    /// All actions.
    pub const ALL: [Self; 11] = [
        Self::Replace,
        Self::Keep,
        Self::Drop,
        Self::KeepEqual,
        Self::DropEqual,
        Self::HashMod,
        Self::LabelMap,
        Self::LabelDrop,
        Self::LabelKeep,
        Self::Lowercase,
        Self::Uppercase,
    ];

    /// The action as a configuration names it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Replace => "replace",
            Self::Keep => "keep",
            Self::Drop => "drop",
            Self::KeepEqual => "keepequal",
            Self::DropEqual => "dropequal",
            Self::HashMod => "hashmod",
            Self::LabelMap => "labelmap",
            Self::LabelDrop => "labeldrop",
            Self::LabelKeep => "labelkeep",
            Self::Lowercase => "lowercase",
            Self::Uppercase => "uppercase",
        }
    }
}

impl fmt::Display for RelabelAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Case does not matter: `LabelMap` is `labelmap`.
impl FromStr for RelabelAction {
    type Err = UnknownRelabelAction;

    fn from_str(text: &str) -> Result<Self, UnknownRelabelAction> {
        if text.is_empty() {
            return Err(UnknownRelabelAction::Empty);
        }
        let name = text.to_lowercase();
        let found = Self::ALL.into_iter().find(|action| action.as_str() == name);
        found.ok_or_else(|| UnknownRelabelAction::Unknown(text.to_owned()))
    }
}

// ---- running a rule ----

impl RelabelRule {
    /// Applies this one rule; false means dropped.
    pub fn apply(&self, labels: &mut LabelsBuilder) -> bool {
        let matcher = &self.pattern.matcher;
        match self.spec.action {
            RelabelAction::Keep => return matcher.is_match(&self.source_value(labels)),
            RelabelAction::Drop => return !matcher.is_match(&self.source_value(labels)),
            RelabelAction::KeepEqual => return self.target_equals_source(labels),
            RelabelAction::DropEqual => return !self.target_equals_source(labels),
            RelabelAction::Replace => self.replace(labels),
            RelabelAction::HashMod => {
                let residue = hash_modulo(&self.source_value(labels), self.spec.modulus);
                labels.set(&self.spec.target_label, itoa::Buffer::new().format(residue));
            }
            RelabelAction::Lowercase => {
                let value = self.source_value(labels).to_lowercase();
                labels.set(&self.spec.target_label, &value);
            }
            RelabelAction::Uppercase => {
                let value = self.source_value(labels).to_uppercase();
                labels.set(&self.spec.target_label, &value);
            }
            RelabelAction::LabelMap => self.map_names(labels),
            RelabelAction::LabelDrop => labels.retain(|name, _| !matcher.is_match(name)),
            RelabelAction::LabelKeep => labels.retain(|name, _| matcher.is_match(name)),
        }
        true
    }

    /// The values of the source labels, joined; an absent label counts as empty text.
    pub(super) fn source_value<'a>(&self, labels: &'a LabelsBuilder) -> Cow<'a, str> {
        let value_of = |name: &String| labels.get(name).unwrap_or_default();
        match self.spec.source_labels.as_slice() {
            [] => Cow::Borrowed(""),
            [name] => Cow::Borrowed(value_of(name)),
            [first, rest @ ..] => {
                let mut joined = value_of(first).to_owned();
                for name in rest {
                    joined.push_str(&self.spec.separator);
                    joined.push_str(value_of(name));
                }
                Cow::Owned(joined)
            }
        }
    }

    fn target_equals_source(&self, labels: &LabelsBuilder) -> bool {
        labels.get(&self.spec.target_label).unwrap_or_default() == self.source_value(labels)
    }

    /// A target name that expands to no valid label name leaves the set as it is.
    fn replace(&self, labels: &mut LabelsBuilder) {
        let source = self.source_value(labels);
        if !self.pattern.matcher.is_match(&source) {
            return;
        }
        let target = self.expand(&self.target, &source);
        if !self.scheme.is_label_name(&target) {
            return;
        }
        let value = self.expand(&self.replacement, &source);
        labels.set(&target, &value);
    }

    /// New names are set in the order of the old ones, so that the last of a clash wins as upstream.
    fn map_names(&self, labels: &mut LabelsBuilder) {
        let mut matching: Vec<(String, String)> = labels
            .iter()
            .filter(|(name, _)| self.pattern.matcher.is_match(name))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        matching.sort_unstable();
        for (name, value) in &matching {
            let new_name = self.expand(&self.replacement, name);
            if !new_name.is_empty() {
                labels.set(&new_name, value);
            }
        }
    }
}

/// The last eight bytes of the MD5 sum, big endian, modulo `modulus`: what all Prometheus servers
/// that share a fleet by hash agree on.
fn hash_modulo(value: &str, modulus: u64) -> u64 {
    let digest: [u8; 16] = Md5::digest(value.as_bytes()).into();
    let sum = u128::from_be_bytes(digest);
    let last_eight_bytes = sum & u128::from(u64::MAX);
    let residue = last_eight_bytes
        .checked_rem(u128::from(modulus))
        .unwrap_or_default();
    u64::try_from(residue).expect("a residue is below its modulus")
}
