//! Which fields fit which action, in Prometheus' words.

use super::expand::has_reference;
use super::{DEFAULT_REGEX, DEFAULT_REPLACEMENT, DEFAULT_SEPARATOR, RelabelAction, RelabelSpec};
use crate::label::NameValidationScheme;
use crate::matcher::RegexError;
use crate::quote::quoted;

/// A relabeling step that cannot run; whoever wrote the configuration has to change it.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum RelabelError {
    /// The pattern is no regular expression.
    #[error(transparent)]
    Regex(#[from] RegexError),
    /// `hashmod` without a modulus.
    #[error("relabel configuration for hashmod requires non-zero modulus")]
    ModulusMissing,
    /// The action writes a label that is not named.
    #[error("relabel configuration for {0} action requires 'target_label' value")]
    TargetMissing(RelabelAction),
    /// The target can never become a valid label name.
    #[error("{} is invalid 'target_label' for {action} action", quoted(.name))]
    TargetInvalid {
        /// What was given.
        name: String,
        /// The step's action.
        action: RelabelAction,
    },
    /// The action has no use for a replacement.
    #[error("'replacement' can not be set for {0} action")]
    ReplacementUnused(RelabelAction),
    /// The new name can never become a valid label name.
    #[error("{} is invalid 'replacement' for {action} action", quoted(.text))]
    ReplacementInvalid {
        /// What was given.
        text: String,
        /// The step's action.
        action: RelabelAction,
    },
    /// `keepequal` and `dropequal` compare two labels and nothing else.
    #[error("{0} action requires only 'source_labels' and `target_label`, and no other fields")]
    EqualOnlySourceAndTarget(RelabelAction),
    /// `labelkeep` and `labeldrop` look at names and nothing else.
    #[error("{0} action requires only 'regex', and no other fields")]
    OnlyRegex(RelabelAction),
}

/// Checks the fields against the action. The order of the checks is upstream's, so that a step with
/// several faults is refused for the same one.
pub(super) fn check(spec: &RelabelSpec, scheme: NameValidationScheme) -> Result<(), RelabelError> {
    use RelabelAction::{
        DropEqual, HashMod, KeepEqual, LabelDrop, LabelKeep, LabelMap, Lowercase, Replace,
        Uppercase,
    };
    let action = spec.action;
    if action == HashMod && spec.modulus == 0 {
        return Err(RelabelError::ModulusMissing);
    }
    let writes_target = matches!(
        action,
        Replace | HashMod | Lowercase | Uppercase | KeepEqual | DropEqual
    );
    if writes_target && spec.target_label.is_empty() {
        return Err(RelabelError::TargetMissing(action));
    }
    if writes_target && !is_target_name(spec, scheme) {
        return Err(RelabelError::TargetInvalid {
            name: spec.target_label.clone(),
            action,
        });
    }
    let has_replacement = spec.replacement != DEFAULT_REPLACEMENT;
    if matches!(action, Lowercase | Uppercase) && has_replacement {
        return Err(RelabelError::ReplacementUnused(action));
    }
    if action == LabelMap && !is_name_template(&spec.replacement, scheme) {
        return Err(RelabelError::ReplacementInvalid {
            text: spec.replacement.clone(),
            action,
        });
    }
    let has_modulus_or_text =
        spec.modulus != 0 || spec.separator != DEFAULT_SEPARATOR || has_replacement;
    if matches!(action, KeepEqual | DropEqual)
        && (spec.regex != DEFAULT_REGEX || has_modulus_or_text)
    {
        return Err(RelabelError::EqualOnlySourceAndTarget(action));
    }
    if matches!(action, LabelDrop | LabelKeep)
        && (!spec.source_labels.is_empty() || !spec.target_label.is_empty() || has_modulus_or_text)
    {
        return Err(RelabelError::OnlyRegex(action));
    }
    Ok(())
}

fn is_target_name(spec: &RelabelSpec, scheme: NameValidationScheme) -> bool {
    match spec.action {
        RelabelAction::Replace => is_name_template(&spec.target_label, scheme),
        _ => scheme.is_label_name(&spec.target_label),
    }
}

/// True if the text is a label name, or a template that can become one.
fn is_name_template(text: &str, scheme: NameValidationScheme) -> bool {
    if !has_reference(text) {
        return scheme.is_label_name(text);
    }
    match scheme {
        NameValidationScheme::Utf8 => true,
        NameValidationScheme::Legacy => is_legacy_name_template(text),
    }
}

/// Letters, digits and underscores between references, not starting with a digit.
fn is_legacy_name_template(text: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut parts = text.split('$');
    let before = parts.next().unwrap_or_default();
    let starts_well = before.is_empty() || crate::label::is_legacy_label_name(before);
    starts_well
        && parts.all(|part| match part.strip_prefix('{') {
            Some(braced) => braced.split_once('}').is_some_and(|(name, rest)| {
                !name.is_empty() && name.chars().all(is_word) && rest.chars().all(is_word)
            }),
            None => !part.is_empty() && part.chars().all(is_word),
        })
}
