//! Relabeling as upstream documents it, as a table of rules and what becomes of a label set.

use super::*;
use crate::Labels;

/// A rule from `field=value` parts; `source` takes names with commas between.
fn spec(parts: &[(&str, &str)]) -> RelabelSpec {
    let mut spec = RelabelSpec::default();
    for (field, value) in parts {
        let value = (*value).to_owned();
        match *field {
            "source" => spec.source_labels = value.split(',').map(str::to_owned).collect(),
            "separator" => spec.separator = value,
            "regex" => spec.regex = value,
            "modulus" => spec.modulus = value.parse().unwrap(),
            "target" => spec.target_label = value,
            "replacement" => spec.replacement = value,
            "action" => spec.action = value.parse().unwrap(),
            other => panic!("no field {other}"),
        }
    }
    spec
}

/// Rules, each as (field, value) pairs.
type Rules = &'static [&'static [(&'static str, &'static str)]];

/// Input labels, the rules, and the expected output; `None` means dropped.
struct Case {
    given: &'static str,
    rules: Rules,
    want: Option<&'static str>,
}

fn labels(text: &str) -> Labels {
    Labels::from_pairs(
        text.split_whitespace()
            .map(|pair| pair.split_once('=').unwrap()),
    )
}

fn check_cases(scheme: NameValidationScheme, cases: &[Case]) {
    for Case { given, rules, want } in cases {
        let rules: Vec<_> = rules
            .iter()
            .map(|parts| RelabelRule::new(spec(parts), scheme).unwrap())
            .collect();
        let mut builder = LabelsBuilder::from_labels(&labels(given));
        let got = apply(&rules, &mut builder).then(|| builder.build());
        assert_eq!(got, want.map(labels), "{given} through {rules:?}");
    }
}

#[test]
fn replace_writes_the_expanded_text() {
    let cases = [
        Case {
            given: "a=foo b=bar c=baz",
            rules: &[&[
                ("source", "a"),
                ("regex", "f(.*)"),
                ("target", "d"),
                ("replacement", "ch${1}-ch${1}"),
            ]],
            want: Some("a=foo b=bar c=baz d=choo-choo"),
        },
        Case {
            given: "a=foo b=bar c=baz",
            rules: &[
                &[
                    ("source", "a,b"),
                    ("regex", "f(.*);(.*)r"),
                    ("target", "a"),
                    ("replacement", "b${1}${2}m"),
                ],
                &[
                    ("source", "c,a"),
                    ("regex", "(b).*b(.*)ba(.*)"),
                    ("target", "d"),
                    ("replacement", "$1$2$2$3"),
                ],
            ],
            want: Some("a=boobam b=bar c=baz d=boooom"),
        },
        // The pattern must match all of the value.
        Case {
            given: "a=foobar",
            rules: &[&[
                ("source", "a"),
                ("regex", "foo"),
                ("target", "d"),
                ("replacement", "x"),
            ]],
            want: Some("a=foobar"),
        },
        // Nothing to match is matched by the default pattern.
        Case {
            given: "a=x",
            rules: &[&[("target", "b"), ("replacement", "static")]],
            want: Some("a=x b=static"),
        },
        // An empty replacement deletes.
        Case {
            given: "a=foo b=bar",
            rules: &[&[
                ("source", "a"),
                ("regex", "foo"),
                ("target", "b"),
                ("replacement", ""),
            ]],
            want: Some("a=foo"),
        },
        Case {
            given: "a=foo",
            rules: &[&[("source", "b"), ("target", "a")]],
            want: Some(""),
        },
        // The target may be a template; one that gives no name changes nothing.
        Case {
            given: "a=some-name-value",
            rules: &[&[
                ("source", "a"),
                ("regex", "some-([^-]+)-([^,]+)"),
                ("target", "${1}"),
                ("replacement", "${2}"),
            ]],
            want: Some("a=some-name-value name=value"),
        },
        Case {
            given: "a=some--value",
            rules: &[&[
                ("source", "a"),
                ("regex", "some-([^-]*)-([^,]+)"),
                ("target", "${1}"),
                ("replacement", "${2}"),
            ]],
            want: Some("a=some--value"),
        },
        Case {
            given: "a=foo",
            rules: &[&[
                ("source", "a"),
                ("regex", "(?P<name>.*)"),
                ("target", "b"),
                ("replacement", "$name$$"),
            ]],
            want: Some("a=foo b=foo$"),
        },
        Case {
            given: "a=foo",
            rules: &[&[("source", "a"), ("target", "été.x")]],
            want: Some("a=foo été.x=foo"),
        },
    ];
    check_cases(NameValidationScheme::Utf8, &cases);
}

#[test]
fn a_name_outside_the_legacy_scheme_is_not_written() {
    let rules: Rules = &[&[
        ("source", "a"),
        ("regex", "(.*):(.*)"),
        ("target", "$1"),
        ("replacement", "$2"),
    ]];
    let cases = [
        Case {
            given: "a=x-y:z",
            rules,
            want: Some("a=x-y:z"),
        },
        Case {
            given: "a=xy:z",
            rules,
            want: Some("a=xy:z xy=z"),
        },
    ];
    check_cases(NameValidationScheme::Legacy, &cases);
}

#[test]
fn keep_and_drop_decide_on_the_whole_set() {
    let cases = [
        Case {
            given: "a=foo",
            rules: &[&[("source", "a"), ("regex", ".*o.*"), ("action", "drop")]],
            want: None,
        },
        Case {
            given: "a=foo",
            rules: &[&[("source", "a"), ("regex", "f|o"), ("action", "drop")]],
            want: Some("a=foo"),
        },
        Case {
            given: "a=foo",
            rules: &[&[("source", "a"), ("regex", "foo"), ("action", "keep")]],
            want: Some("a=foo"),
        },
        Case {
            given: "a=foo",
            rules: &[&[("source", "b"), ("regex", "foo"), ("action", "keep")]],
            want: None,
        },
        Case {
            given: "a=x b=y",
            rules: &[&[
                ("source", "a,b"),
                ("separator", "/"),
                ("regex", "x/y"),
                ("action", "keep"),
            ]],
            want: Some("a=x b=y"),
        },
        Case {
            given: "p=8080 q=8080",
            rules: &[&[("source", "p"), ("target", "q"), ("action", "dropequal")]],
            want: None,
        },
        Case {
            given: "p=8080 q=1",
            rules: &[&[("source", "p"), ("target", "q"), ("action", "dropequal")]],
            want: Some("p=8080 q=1"),
        },
        Case {
            given: "p=8080 q=8080",
            rules: &[&[("source", "p"), ("target", "q"), ("action", "keepequal")]],
            want: Some("p=8080 q=8080"),
        },
        Case {
            given: "p=8080 q=1",
            rules: &[&[("source", "p"), ("target", "q"), ("action", "keepequal")]],
            want: None,
        },
    ];
    check_cases(NameValidationScheme::Utf8, &cases);
}

#[test]
fn names_are_mapped_dropped_and_kept() {
    let cases = [
        Case {
            given: "a=foo b1=bar b2=baz",
            rules: &[&[
                ("regex", "(b.*)"),
                ("replacement", "bar_${1}"),
                ("action", "labelmap"),
            ]],
            want: Some("a=foo b1=bar b2=baz bar_b1=bar bar_b2=baz"),
        },
        Case {
            given: "__meta_my_bar=aaa __meta_my_baz=bbb",
            rules: &[&[("regex", "__meta_(my.*)"), ("action", "labelmap")]],
            want: Some("__meta_my_bar=aaa __meta_my_baz=bbb my_bar=aaa my_baz=bbb"),
        },
        Case {
            given: "x1=first x2=second",
            rules: &[&[
                ("regex", "x[12]"),
                ("replacement", "y"),
                ("action", "labelmap"),
            ]],
            want: Some("x1=first x2=second y=second"),
        },
        Case {
            given: "a=1 b1=2 b2=3",
            rules: &[&[("regex", "(b.*)"), ("action", "labeldrop")]],
            want: Some("a=1"),
        },
        Case {
            given: "a=1 b1=2 b2=3",
            rules: &[&[("regex", "(b.*)"), ("action", "labelkeep")]],
            want: Some("b1=2 b2=3"),
        },
    ];
    check_cases(NameValidationScheme::Utf8, &cases);
}

#[test]
fn values_are_hashed_and_change_case() {
    let cases = [
        Case {
            given: "a=foo b=bar c=baz",
            rules: &[&[
                ("source", "c"),
                ("target", "d"),
                ("action", "hashmod"),
                ("modulus", "1000"),
            ]],
            want: Some("a=foo b=bar c=baz d=976"),
        },
        Case {
            given: "a=fOo",
            rules: &[
                &[("source", "a"), ("target", "u"), ("action", "uppercase")],
                &[("source", "a"), ("target", "l"), ("action", "LowerCase")],
            ],
            want: Some("a=fOo l=foo u=FOO"),
        },
    ];
    check_cases(NameValidationScheme::Utf8, &cases);
}

#[test]
fn fields_that_do_not_fit_the_action_are_refused() {
    let cases: [(&[(&str, &str)], &str); 12] = [
        (
            &[],
            "relabel configuration for replace action requires 'target_label' value",
        ),
        (
            &[("action", "hashmod")],
            "relabel configuration for hashmod requires non-zero modulus",
        ),
        (
            &[("action", "hashmod"), ("modulus", "8")],
            "relabel configuration for hashmod action requires 'target_label' value",
        ),
        (
            &[("action", "lowercase")],
            "relabel configuration for lowercase action requires 'target_label' value",
        ),
        (
            &[
                ("action", "uppercase"),
                ("target", "a"),
                ("replacement", "b"),
            ],
            "'replacement' can not be set for uppercase action",
        ),
        (
            &[("action", "keepequal")],
            "relabel configuration for keepequal action requires 'target_label' value",
        ),
        (
            &[("action", "dropequal"), ("target", "a"), ("regex", "b")],
            "dropequal action requires only 'source_labels' and `target_label`, and no other fields",
        ),
        (
            &[("action", "labeldrop"), ("source", "a")],
            "labeldrop action requires only 'regex', and no other fields",
        ),
        (
            &[("action", "labelkeep"), ("separator", ",")],
            "labelkeep action requires only 'regex', and no other fields",
        ),
        (
            &[("action", "labelmap"), ("replacement", "a-$1")],
            "\"a-$1\" is invalid 'replacement' for labelmap action",
        ),
        (
            &[("target", "${1}-x")],
            "\"${1}-x\" is invalid 'target_label' for replace action",
        ),
        (
            &[("target", "0a")],
            "\"0a\" is invalid 'target_label' for replace action",
        ),
    ];
    for (parts, want) in cases {
        let error = RelabelRule::new(spec(parts), NameValidationScheme::Legacy).unwrap_err();
        assert_eq!(error.to_string(), want);
    }
    let open = spec(&[("target", "a"), ("regex", "abc(def")]);
    let error = RelabelRule::new(open, NameValidationScheme::Utf8).unwrap_err();
    assert!(
        error.to_string().starts_with("error parsing regexp"),
        "{error}"
    );
}

#[test]
fn templates_of_legacy_names_are_recognised() {
    for name in ["${1}", "a_$1", "$1$2", "${a}_b", "a${1}_${2}c"] {
        assert!(
            RelabelRule::new(spec(&[("target", name)]), NameValidationScheme::Legacy).is_ok(),
            "{name}"
        );
    }
}

#[test]
fn unknown_actions_are_named() {
    assert_eq!(
        "".parse::<RelabelAction>().unwrap_err().to_string(),
        "relabel action cannot be empty"
    );
    assert_eq!(
        "repl".parse::<RelabelAction>().unwrap_err().to_string(),
        "unknown relabel action \"repl\""
    );
}
