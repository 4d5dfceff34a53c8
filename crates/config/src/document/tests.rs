//! Documents as trees: what scalars keep, where nodes are, and what is written back.

use super::*;

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn typed(text: &str) -> Value {
    Value::Typed(text.to_owned())
}

#[test]
fn scalars_keep_what_was_written() {
    let cases = [
        ("", Value::Null),
        ("# nothing here\n", Value::Null),
        ("~", Value::Null),
        ("null", Value::Null),
        ("a b", text("a b")),
        ("'5'", text("5")),
        ("\"no\"", text("no")),
        ("no", typed("no")),
        ("1.10", typed("1.10")),
        ("0x10", typed("0x10")),
        ("1_000", typed("1_000")),
        ("1e999", typed("1e999")),
        ("1h", text("1h")),
        ("!!binary aGk=", text("hi")),
        ("!!binary /w==", Value::Bytes(vec![0xff])),
        ("|\n  two\n  lines\n", text("two\nlines\n")),
    ];
    for (document, want) in cases {
        assert_eq!(parse(document, "f").unwrap().value, want, "{document:?}");
    }
}

#[test]
fn nodes_know_their_place() {
    let document = parse("a: 1\nb:\n  - x\n  - é: yes\n", "f").unwrap();
    let Value::Mapping(entries) = &document.value else {
        panic!("{document:?}")
    };
    let (key, list) = &entries[1];
    assert_eq!(key.place, Place { line: 2, column: 1 });
    let Value::Sequence(items) = &list.value else {
        panic!("{list:?}")
    };
    assert_eq!(items[0].place, Place { line: 3, column: 5 });
    let Value::Mapping(inner) = &items[1].value else {
        panic!("{items:?}")
    };
    assert_eq!(
        inner[0].1,
        Node {
            place: Place { line: 4, column: 8 },
            value: typed("yes")
        }
    );
}

#[test]
fn anchors_and_merges_are_followed() {
    let document = parse("a: &a {x: 1.10, w: b}\nc:\n  <<: *a\n  w: z\n", "f").unwrap();
    let Value::Mapping(entries) = &document.value else {
        panic!("{document:?}")
    };
    let Value::Mapping(merged) = &entries[1].1.value else {
        panic!("{entries:?}")
    };
    let mut pairs: Vec<_> = merged
        .iter()
        .map(|(k, v)| (k.value.clone(), v.value.clone()))
        .collect();
    pairs.sort_by_key(|(key, _)| format!("{key:?}"));
    assert_eq!(pairs, [(text("w"), text("z")), (text("x"), typed("1.10"))]);
}

#[test]
fn broken_documents_are_refused_at_their_place() {
    let cases = [
        ("a: 'open", "f:1:"),
        ("a:\n\t- b", "f:2:"),
        ("a: [1, 2", "f:"),
        ("a: b: c", "f:1:"),
        ("a: *nowhere", "f:1:4: "),
        (
            "a: !!binary '/w==$1'",
            "f:1:13: yaml: !!binary value contains invalid base64 data",
        ),
    ];
    for (document, want) in cases {
        let problems = parse(document, "f").unwrap_err().to_string();
        assert!(problems.starts_with(want), "{document:?} gives {problems}");
    }
}

#[test]
fn a_bomb_of_aliases_is_refused() {
    let mut document = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned();
    for level in 1..12 {
        let below = format!("*a{}", level - 1);
        document += &format!("a{level}: &a{level} [{}]\n", vec![below; 10].join(","));
    }
    assert!(parse(&document, "f").is_err());
}

#[test]
fn written_scalars_read_back_as_the_same_text() {
    let texts = [
        "plain",
        "",
        " lead",
        "trail ",
        "no",
        "1.10",
        "017",
        "0x1f",
        "1e3",
        "~",
        "null",
        "a: b",
        "a #b",
        "#x",
        "- x",
        "-",
        "?",
        "[a]",
        "{a}",
        "it's",
        "say \"x\"",
        "a\nb",
        "tab\t",
        "\u{7f}",
        "été",
        "*",
        "&a",
        "!x",
        "%",
        "@",
        "`",
        "a:",
        "<<",
        "=",
        "yes",
        "2001-01-01",
        "12:30:45",
        ".inf",
        "-.INF",
        ".nan",
        "+1",
        "1_000",
        "a, b",
        "(.*)",
        "$1",
        "\u{feff}x",
        "|",
        ">",
        "http://x/y?z#w",
        "\\d+",
        "...",
        "---",
    ];
    for text in texts {
        let mut yaml = YamlWriter::default();
        yaml.entry("key", text);
        yaml.flow_list("list", &[text.to_owned(), "b".to_owned()]);
        let written = yaml.finish();
        let document = parse(&written, "f").unwrap_or_else(|error| panic!("{written}{error}"));
        let Value::Mapping(entries) = &document.value else {
            panic!("{document:?}")
        };
        assert_eq!(
            entries[0].1.value,
            Value::Text(text.to_owned()),
            "{written}"
        );
        let Value::Sequence(items) = &entries[1].1.value else {
            panic!("{document:?}")
        };
        assert_eq!(items[0].value, Value::Text(text.to_owned()), "{written}");
    }
}
