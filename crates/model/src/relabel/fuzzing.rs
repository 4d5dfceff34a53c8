//! What must hold of any rules and labels whatever: the entry point of `fuzz/`, and of the replay of
//! its corpus.

use super::{RelabelAction, RelabelRule, RelabelSpec, apply, trace};
use crate::label::NameValidationScheme;
use crate::{Labels, LabelsBuilder};

/// Reads rules and labels from a text, a line each: `action source,source separator regex modulus
/// target replacement` with tabs between for a rule, `name=value` for a label. Whatever they say,
/// relabeling ends, names and values stay within what they may be, and the trace ends as it does.
pub fn relabel(text: &str) {
    let scheme = match text.starts_with('#') {
        true => NameValidationScheme::Legacy,
        false => NameValidationScheme::Utf8,
    };
    let mut rules = Vec::new();
    let mut labels = LabelsBuilder::new();
    for line in text.lines().take(MOST_LINES) {
        if line.contains('\t') {
            rules.extend(rule(line, scheme));
        } else if let Some((name, value)) = line.split_once('=') {
            labels.set(name, value);
        }
    }
    labels.delete("");
    let given = labels.build();
    let keeps = apply(&rules, &mut labels);
    let steps = trace(&rules, &given);
    if let Some(last) = steps.last() {
        assert_eq!(last.keep, keeps, "the trace says what happens");
        if keeps {
            assert_eq!(
                last.labels,
                labels.build(),
                "the trace ends as relabeling does"
            );
        }
    }
    if keeps {
        let kept: Labels = labels.build();
        assert!(
            kept.iter()
                .all(|(name, value)| !name.is_empty() && !value.is_empty())
        );
        assert!(!labels.has_duplicates(), "names stay unique");
    }
}

fn rule(line: &str, scheme: NameValidationScheme) -> Option<RelabelRule> {
    let mut words = line.split('\t');
    let action: RelabelAction = words.next()?.parse().ok()?;
    let mut word = |default: &str| match words.next() {
        None | Some("") => default.to_owned(),
        Some(word) => word.to_owned(),
    };
    let sources = word("");
    let spec = RelabelSpec {
        states_regex: true,
        action,
        source_labels: sources
            .split(',')
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect(),
        separator: word(super::DEFAULT_SEPARATOR),
        regex: word(super::DEFAULT_REGEX),
        modulus: word("0").parse().unwrap_or_default(),
        target_label: word(""),
        replacement: word(super::DEFAULT_REPLACEMENT),
    };
    RelabelRule::new(spec, scheme).ok()
}

const MOST_LINES: usize = 50;

#[cfg(test)]
#[allow(
    clippy::disallowed_methods,
    reason = "the corpus is read as it lies in the repository"
)]
mod tests {
    use std::path::Path;

    #[test]
    fn the_corpus_holds() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/relabel");
        let mut inputs = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let bytes = std::fs::read(entry.unwrap().path()).unwrap();
            if let Ok(text) = std::str::from_utf8(&bytes) {
                super::relabel(text);
                inputs += 1;
            }
        }
        assert!(inputs >= 3, "{inputs} inputs");
    }
}
