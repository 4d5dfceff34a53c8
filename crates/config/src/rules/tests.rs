//! Rule files: what is read, what is refused, and where.

use super::*;

fn read(text: &str) -> Result<RuleFile, Problems> {
    load(text, "rules.yml", options())
}

/// A check that finds the word `wrong` in expressions, labels and annotations.
fn options() -> ReadOptions<'static> {
    fn check(rule: &Rule) -> Vec<Fault> {
        let mut faults = Vec::new();
        if let Some(offset) = rule.expr.find("wrong") {
            faults.push(Fault {
                part: FaultyPart::Expression(offset),
                message: "parse error".to_owned(),
            });
        }
        let labels = rule.labels.iter().filter(|(_, value)| *value == "wrong");
        faults.extend(labels.map(|(name, _)| Fault {
            part: FaultyPart::Label(name.clone()),
            message: format!("label {name:?}"),
        }));
        faults
    }
    ReadOptions {
        ignore_unknown_keys: false,
        scheme: NameValidationScheme::Utf8,
        check: &check,
    }
}

#[test]
fn a_file_is_read_with_all_it_states() {
    let file = read(
        "groups:
- name: a
  interval: 30s
  query_offset: 0s
  limit: 7
  labels: {team: x}
  rules:
  - record: r
    expr: sum(up)
    labels: {a: 1.10, b: ''}
  - alert: A
    expr: &down up == 0
    for: 5m
    keep_firing_for: 1h
    labels: {severity: page}
    annotations: {summary: '{{ $value }}'}
  - alert: B
    expr: *down
- name: b
",
    );
    let file = file.unwrap();
    let [a, b] = &file.groups[..] else {
        panic!("two groups")
    };
    assert_eq!(b.name, "b");
    assert_eq!((b.interval, b.query_offset, b.limit), (None, None, 0));
    assert_eq!(a.interval, Some(Duration::from_secs(30)));
    assert_eq!((a.query_offset, a.limit), (Some(Duration::ZERO), 7));
    assert_eq!(a.labels["team"], "x");
    let names: Vec<&str> = a.rules.iter().map(Rule::name).collect();
    assert_eq!(names, ["r", "A", "B"]);
    assert_eq!(a.rules[0].labels["a"], "1.10");
    assert_eq!(a.rules[2].expr, "up == 0");
    let RuleKind::Alerting(alert) = &a.rules[1].kind else {
        panic!("an alert")
    };
    assert_eq!(alert.hold_duration, Duration::from_secs(300));
    assert_eq!(alert.keep_firing_for, Duration::from_secs(3600));
    assert_eq!(alert.annotations["summary"], "{{ $value }}");
}

#[test]
fn merged_rules_are_read() {
    let text = "groups:
- name: a
  rules:
  - &base
    alert: A
    expr: up
    labels: {a: b}
  - <<: *base
    alert: B
";
    let file = read(text).unwrap();
    let rules = &file.groups[0].rules;
    assert_eq!((rules[1].name(), rules[1].expr.as_str()), ("B", "up"));
    assert_eq!(rules[1].labels, rules[0].labels);
}

#[test]
fn the_first_document_counts() {
    let file = read("groups: [{name: a}]\n---\nnonsense: [\n").unwrap();
    assert_eq!(file.groups.len(), 1);
    assert!(file.has_more_documents);
    assert_eq!(read("").unwrap(), RuleFile::default());
}

#[test]
fn unknown_keys_can_be_ignored() {
    let text = "groups: [{name: a, owner: b, rules: [{record: c, expr: d, e: f}]}]";
    assert!(read(text).is_err());
    let lenient = ReadOptions {
        ignore_unknown_keys: true,
        ..options()
    };
    assert_eq!(load(text, "rules.yml", lenient).unwrap().groups.len(), 1);
}

#[test]
fn problems_have_place_and_words() {
    let rule = |lines: &str| format!("groups:\n- name: g\n  rules:\n  - {lines}\n");
    let cases = [
        (
            "groups: [{name: a}, {name: a}]".to_owned(),
            "rules.yml:1:21: groupname: \"a\" is repeated in the same file",
        ),
        (
            "groups: [{}]".to_owned(),
            "rules.yml:1:10: Groupname must not be empty",
        ),
        (
            "groups: [{name: a, labels: {__name__: b}}]".to_owned(),
            "rules.yml:1:29: invalid label name: __name__",
        ),
        (
            rule("expr: 1"),
            "rules.yml:4:5: group \"g\", rule 1, \"\": one of 'record' or 'alert' must be set",
        ),
        (
            rule("{record: a, alert: b, expr: 1}"),
            "rules.yml:4:14: group \"g\", rule 1, \"b\": only one of 'record' and 'alert' must be set",
        ),
        (
            rule("record: a"),
            "rules.yml:4:5: group \"g\", rule 1, \"a\": field 'expr' must be set in rule",
        ),
        (
            rule("{record: a, expr: 1, for: 1m}"),
            "rules.yml:4:14: group \"g\", rule 1, \"a\": invalid field 'for' in recording rule",
        ),
        (
            rule("{record: a, expr: 1, keep_firing_for: 1m}"),
            "rules.yml:4:14: group \"g\", rule 1, \"a\": invalid field 'keep_firing_for' in recording",
        ),
        (
            rule("{record: a, expr: 1, annotations: {b: c}}"),
            "rules.yml:4:14: group \"g\", rule 1, \"a\": invalid field 'annotations' in recording rule",
        ),
        (
            rule("record: 'a{b=\"c\"}'\n    expr: 1"),
            "rules.yml:4:13: group \"g\", rule 1, \"a{b=\\\"c\\\"}\": braces present in the recording rule name; \
             should it be in expr?: a{b=\"c\"}",
        ),
        (
            rule("{alert: a, expr: 1, annotation: {}}"),
            "rules.yml:4:25: unknown key \"annotation\": did you mean \"annotations\"? (field annotation not \
             found in type rulefmt.Rule)",
        ),
        (
            rule("{alert: a, expr: 1, labels: {b: wrong}}"),
            "rules.yml:4:37: group \"g\", rule 1, \"a\": label \"b\"",
        ),
    ];
    for (text, want) in cases {
        let told = read(&text).unwrap_err().to_string();
        assert!(
            told.starts_with(want),
            "{text}\n  tells {told}\n  wants {want}"
        );
    }
}

#[test]
fn the_fault_of_an_expression_has_its_own_place() {
    let cases = [
        ("expr: a + wrong", "4:15"),
        ("expr: 'a{b=''c''} + wrong'", "4:25"),
        ("expr: \"a + wrong\"", "4:16"),
        ("expr: |\n      a\n        + wrong", "6:11"),
        ("expr: |-\n\n      a\n      + wrong", "7:9"),
        ("expr: >\n      a\n      + wrong\n      + b", "6:9"),
        ("expr: a\n      + wrong", "5:9"),
        ("expr: wrong", "4:11"),
        ("expr: |\n      wrong", "5:7"),
        ("expr: \"a\\t+ wrong\"", "4:11"),
    ];
    for (expr, place) in cases {
        let text = format!("groups:\n- name: g\n  rules:\n  - {expr}\n    record: r\n");
        let told = read(&text).unwrap_err().to_string();
        let want = format!("rules.yml:{place}: group \"g\", rule 1, \"r\": parse error");
        assert_eq!(told, want, "{text}");
    }
}
