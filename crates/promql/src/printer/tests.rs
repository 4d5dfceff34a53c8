//! Printed forms, and that they read the same.

use crate::parser::{ParseOptions, parse};

/// The tree as text without the spans.
fn shape(text: &str) -> String {
    let expr = match parse(text, &ParseOptions::default()) {
        Ok(expr) => expr,
        Err(error) => panic!("{text}: {error}"),
    };
    let mut shape = format!("{expr:?}");
    while let Some(start) = shape.find("span: Span") {
        let end = start + shape[start..].find('}').unwrap();
        shape.replace_range(start..=end, "");
    }
    shape
}

#[test]
fn prints_upstreams_canonical_form_which_parses_to_the_same_tree() {
    let cases = [
        (
            "sum by()(task:errors:rate10s{job=\"s\"})",
            "sum(task:errors:rate10s{job=\"s\"})",
        ),
        ("sum by(code)(up)", "sum by (code) (up)"),
        (
            "SUM(up) without (\"a.b\", c)",
            "sum without (\"a.b\", c) (up)",
        ),
        ("sum without()(up)", "sum without () (up)"),
        ("topk(5, up)", "topk(5, up)"),
        ("count_values(\"value\", up)", "count_values(\"value\", up)"),
        ("a - on(b) c", "a - on (b) c"),
        ("a - on(b) group_left(x) c", "a - on (b) group_left (x) c"),
        (
            "a - ignoring(b) group_right c",
            "a - ignoring (b) group_right () c",
        ),
        ("a - ignoring() c", "a - c"),
        ("a and on() c", "a and on () c"),
        ("up > BOOL 0", "up > bool 0"),
        ("a offset 1m", "a offset 1m"),
        ("a offset -7m", "a offset -7m"),
        (
            "a{c=\"d\"}[5m] offset 1h @ 20",
            "a{c=\"d\"}[5m] @ 20.000 offset 1h",
        ),
        ("a[1h:5m] offset 1w", "a[1h:5m] offset 1w"),
        ("a[300:] @ start()", "a[5m:] @ start()"),
        ("{__name__=\"a\"}", "{__name__=\"a\"}"),
        ("a{b!=\"c\",a=~\"d\"}[1m]", "a{a=~\"d\",b!=\"c\"}[1m]"),
        (
            "{\"utf8.name\", 'x.y'!~'z'}",
            "{\"x.y\"!~\"z\",__name__=\"utf8.name\"}",
        ),
        ("{__name__=~\"a\", b=''}", "{__name__=~\"a\",b=\"\"}"),
        ("1048576", "1048576"),
        ("1e30", "1000000000000000000000000000000"),
        ("-0.5e-3", "-0.0005"),
        ("+Inf", "+Inf"),
        ("-nan", "NaN"),
        ("1h30m", "1h30m"),
        ("-90m", "-1h30m"),
        ("'a\"b\\n'", "\"a\\\"b\\n\""),
        ("\"a\\xc5\"", "\"a\\xc5\""),
        ("- (a + b)^2", "-(a + b) ^ 2"),
        ("1 + 2 * 3 ^ 4 ^ 5", "1 + 2 * 3 ^ 4 ^ 5"),
        ("(1 + 2) * 3", "(1 + 2) * 3"),
        ("day_of_month()", "day_of_month()"),
        ("rate( a [ 1d ] )", "rate(a[1d])"),
        ("a @ -1.001", "a @ -1.001"),
        ("-a @ 10 offset 1m", "-a @ 10.000 offset 1m"),
        (
            "label_replace(a,\"b\",\"$1\",\"c\",`(.*)`)",
            "label_replace(a, \"b\", \"$1\", \"c\", \"(.*)\")",
        ),
    ];
    for (text, want) in cases {
        let printed = parse(text, &ParseOptions::default()).unwrap().to_string();
        assert_eq!(printed, want, "{text}");
        assert_eq!(
            parse(&printed, &ParseOptions::default())
                .unwrap()
                .to_string(),
            want,
            "{text}"
        );
        if !text.contains("ignoring()") && !text.contains("nan") {
            assert_eq!(shape(&printed).len(), shape(text).len(), "{text}");
        }
    }
}
