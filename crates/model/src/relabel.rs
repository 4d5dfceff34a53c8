//! Relabel rules: how a configuration rewrites, keeps and drops label sets.
//!
//! A [`RelabelSpec`] is what somebody wrote, a [`RelabelRule`] is a checked one with its pattern
//! compiled, and [`apply`] runs a list of rules over the labels in a builder.
//!
//! ```
//! use model::label::NameValidationScheme;
//! use model::relabel::{self, RelabelRule, RelabelSpec};
//! use model::{Labels, LabelsBuilder};
//!
//! let spec = RelabelSpec {
//!     source_labels: vec!["__address__".into()],
//!     regex: r"([^:]+):\d+".into(),
//!     target_label: "host".into(),
//!     ..RelabelSpec::default()
//! };
//! let rule = RelabelRule::new(spec, NameValidationScheme::Utf8).unwrap();
//! let mut labels = LabelsBuilder::from_labels(&Labels::from_pairs([("__address__", "web:80")]));
//! assert!(relabel::apply(&[rule], &mut labels));
//! assert_eq!(labels.get("host"), Some("web"));
//! ```

mod action;
mod check;
mod expand;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
#[cfg(test)]
mod tests;
mod trace;

pub use action::{RelabelAction, UnknownRelabelAction};
pub use check::RelabelError;
pub use expand::Template;
pub use trace::{RelabelStep, Subject, trace};

use crate::LabelsBuilder;
use crate::label::NameValidationScheme;
use crate::matcher::{CaptureRegex, LabelRegex};

/// One relabeling step as a configuration states it, with the defaults of fields left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelabelSpec {
    /// Labels whose values, joined by the separator, are matched.
    pub source_labels: Vec<String>,
    /// Text between the source values: `;`.
    pub separator: String,
    /// Pattern that must match the whole joined value: `(.*)`.
    pub regex: String,
    /// Whether the pattern stands in the configuration, even if it is the default.
    pub states_regex: bool,
    /// Modulus of the `hashmod` action.
    pub modulus: u64,
    /// Label that the result goes to; may hold `$1` and the like for `replace`.
    pub target_label: String,
    /// What replaces the value, with `$1`, `${1}`, `${name}` and `$$`: `$1`.
    pub replacement: String,
    /// What to do: `replace`.
    pub action: RelabelAction,
}

impl Default for RelabelSpec {
    fn default() -> Self {
        Self {
            source_labels: Vec::new(),
            separator: DEFAULT_SEPARATOR.to_owned(),
            regex: DEFAULT_REGEX.to_owned(),
            states_regex: false,
            modulus: 0,
            target_label: String::new(),
            replacement: DEFAULT_REPLACEMENT.to_owned(),
            action: RelabelAction::Replace,
        }
    }
}

/// One relabeling step, checked and ready to run.
#[derive(Clone, Debug)]
pub struct RelabelRule {
    spec: RelabelSpec,
    scheme: NameValidationScheme,
    pattern: Pattern,
    target: Template,
    replacement: Template,
}

/// The pattern in the forms that the action needs.
#[derive(Clone, Debug)]
struct Pattern {
    /// Decides whether a value matches.
    matcher: LabelRegex,
    /// Finds the groups; absent when no template speaks of one, or all groups are the whole value.
    groups: Option<CaptureRegex>,
}

impl RelabelRule {
    /// Checks a step as Prometheus does and compiles its pattern.
    ///
    /// # Errors
    /// The pattern is no regular expression, or the fields do not fit the action.
    pub fn new(spec: RelabelSpec, scheme: NameValidationScheme) -> Result<Self, RelabelError> {
        // The pattern first: upstream refuses it while it still reads the file.
        let matcher = LabelRegex::of_setting(&spec.regex)?;
        let regex = CaptureRegex::new(&spec.regex)?;
        check::check(&spec, scheme)?;
        let target = Template::parse(&spec.target_label, &regex);
        let replacement = Template::parse(&spec.replacement, &regex);
        let whole = spec.regex == DEFAULT_REGEX;
        let wants_groups = !whole && (target.has_groups() || replacement.has_groups());
        let pattern = Pattern {
            matcher,
            groups: wants_groups.then_some(regex),
        };
        Ok(Self {
            spec,
            scheme,
            pattern,
            target,
            replacement,
        })
    }

    /// The step as it was stated.
    pub fn spec(&self) -> &RelabelSpec {
        &self.spec
    }

    fn expand<'a>(&self, template: &'a Template, value: &str) -> std::borrow::Cow<'a, str> {
        match &self.pattern.groups {
            None => template.expand_whole(value),
            Some(regex) => match regex.captures(value) {
                Some(captures) => template.expand(&captures),
                None => std::borrow::Cow::Borrowed(""),
            },
        }
    }
}

/// Rules are equal if they were stated equally: a compiled pattern adds nothing.
impl PartialEq for RelabelRule {
    fn eq(&self, other: &Self) -> bool {
        self.spec == other.spec && self.scheme == other.scheme
    }
}

impl Eq for RelabelRule {}

/// Applies the rules in order. False means that a rule dropped the label set; what the builder then
/// holds has no meaning.
pub fn apply(rules: &[RelabelRule], labels: &mut LabelsBuilder) -> bool {
    rules.iter().all(|rule| rule.apply(labels))
}

/// Separator of source values unless stated.
pub const DEFAULT_SEPARATOR: &str = ";";
/// Pattern unless stated.
pub const DEFAULT_REGEX: &str = "(.*)";
/// Replacement unless stated.
pub const DEFAULT_REPLACEMENT: &str = "$1";
