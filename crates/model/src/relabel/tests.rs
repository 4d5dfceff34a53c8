//! Relabeling as upstream documents it: the cases of `testdata/relabel`, and what cases cannot say.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::*;
use crate::Labels;

/// A case of a data file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    #[serde(default)]
    scheme: Option<String>,
    #[serde(default)]
    labels: BTreeMap<String, String>,
    rules: Vec<Rule>,
    /// Labels behind the rules; null if the set is dropped.
    #[serde(default)]
    want: Option<BTreeMap<String, String>>,
    /// Why a rule is refused.
    #[serde(default)]
    error: Option<String>,
}

/// A rule as a configuration has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    #[serde(default)]
    source_labels: Vec<String>,
    separator: Option<String>,
    regex: Option<String>,
    #[serde(default)]
    modulus: u64,
    #[serde(default)]
    target_label: String,
    replacement: Option<String>,
    action: Option<String>,
}

impl Rule {
    fn compile(&self, scheme: NameValidationScheme) -> Result<RelabelRule, String> {
        let or = |text: &Option<String>, default: &str| {
            text.clone().unwrap_or_else(|| default.to_owned())
        };
        let action = or(&self.action, "replace").parse::<RelabelAction>();
        let spec = RelabelSpec {
            states_regex: true,
            source_labels: self.source_labels.clone(),
            separator: or(&self.separator, DEFAULT_SEPARATOR),
            regex: or(&self.regex, DEFAULT_REGEX),
            modulus: self.modulus,
            target_label: self.target_label.clone(),
            replacement: or(&self.replacement, DEFAULT_REPLACEMENT),
            action: action.map_err(|error| error.to_string())?,
        };
        RelabelRule::new(spec, scheme).map_err(|error| error.to_string())
    }
}

/// Runs all cases of a file; gives back how many there are.
fn check(file: &str, text: &str) -> usize {
    let cases: Vec<Case> = serde_saphyr::from_str(text).expect("the file is in order");
    for case in &cases {
        let place = format!("{file}: {}", case.name);
        let scheme = match case.scheme.as_deref() {
            None => NameValidationScheme::Utf8,
            Some("legacy") => NameValidationScheme::Legacy,
            Some(other) => panic!("{place}: no scheme {other}"),
        };
        let rules = case.rules.iter().map(|rule| rule.compile(scheme));
        let rules: Vec<_> = match rules.collect::<Result<_, _>>() {
            Ok(rules) => rules,
            Err(error) => {
                assert_eq!(Some(error), case.error, "{place}");
                continue;
            }
        };
        assert_eq!(case.error, None, "{place}");
        let want = case.want.as_ref().map(Labels::from_pairs);
        let given = Labels::from_pairs(&case.labels);
        let mut builder = LabelsBuilder::from_labels(&given);
        let got = apply(&rules, &mut builder).then(|| builder.build());
        assert_eq!(got, want, "{place}");
        let steps = trace(&rules, &given);
        let last = steps.last().expect("a case has rules");
        assert_eq!(last.keep.then(|| last.labels.clone()), want, "{place}");
    }
    cases.len()
}

#[test]
fn cases_hold() {
    let files = [
        (
            "replace",
            include_str!("../../testdata/relabel/replace.yaml"),
        ),
        ("legacy", include_str!("../../testdata/relabel/legacy.yaml")),
        (
            "keep-and-drop",
            include_str!("../../testdata/relabel/keep-and-drop.yaml"),
        ),
        ("names", include_str!("../../testdata/relabel/names.yaml")),
        ("values", include_str!("../../testdata/relabel/values.yaml")),
        (
            "refused",
            include_str!("../../testdata/relabel/refused.yaml"),
        ),
    ];
    let cases: usize = files.iter().map(|(file, text)| check(file, text)).sum();
    assert!(cases > 60, "{cases}");
}

#[test]
fn every_action_has_a_case() {
    let files = [
        include_str!("../../testdata/relabel/keep-and-drop.yaml"),
        include_str!("../../testdata/relabel/names.yaml"),
        include_str!("../../testdata/relabel/values.yaml"),
    ];
    let text = files.concat().to_lowercase();
    for action in RelabelAction::ALL {
        let is_default = action == RelabelAction::Replace;
        assert!(
            is_default || text.contains(&format!("action: {action}")),
            "{action}"
        );
    }
}

#[test]
fn templates_of_legacy_names_are_recognised() {
    for name in ["${1}", "a_$1", "$1$2", "${a}_b", "a${1}_${2}c"] {
        let spec = RelabelSpec {
            target_label: name.into(),
            ..RelabelSpec::default()
        };
        assert!(
            RelabelRule::new(spec, NameValidationScheme::Legacy).is_ok(),
            "{name}"
        );
    }
}
