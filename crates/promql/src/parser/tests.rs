//! Trees, positions and faults of texts, each case one line.

use super::*;
use crate::ast::{AtModifier, Expr};

fn parsed(text: &str) -> Expr {
    match parse(text, &ParseOptions::default()) {
        Ok(expr) => expr,
        Err(error) => panic!("{text}: {error}"),
    }
}

fn refused(text: &str) -> String {
    match parse(text, &ParseOptions::default()) {
        Ok(expr) => panic!("{text}: parsed as {expr}"),
        Err(error) => error.to_string(),
    }
}

/// The tree with explicit parentheses around every binary and unary expression.
fn grouped(expr: &Expr) -> String {
    match expr {
        Expr::Binary(node) => {
            format!(
                "({} {} {})",
                grouped(&node.lhs),
                node.op,
                grouped(&node.rhs)
            )
        }
        Expr::Unary(node) => format!("(-{})", grouped(&node.expr)),
        other => other.to_string(),
    }
}

#[test]
fn operators_bind_as_upstream_binds_them() {
    let cases = [
        ("1 + 2 * 3", "(1 + (2 * 3))"),
        ("1 * 2 + 3", "((1 * 2) + 3)"),
        ("1 - 2 - 3", "((1 - 2) - 3)"),
        ("2 ^ 3 ^ 2", "(2 ^ (3 ^ 2))"),
        ("-1 ^ 2", "(-(1 ^ 2))"),
        ("-a * b", "((-a) * b)"),
        ("-2^---1*3", "((-(2 ^ -1)) * 3)"),
        ("a atan2 b + c", "((a atan2 b) + c)"),
        ("a or b and c unless d", "(a or ((b and c) unless d))"),
        ("a == b + c > d", "((a == (b + c)) > d)"),
        ("-foo offset 5m", "(-foo offset 5m)"),
    ];
    for (text, want) in cases {
        assert_eq!(grouped(&parsed(text)), want, "{text}");
    }
}

#[test]
fn the_whole_stable_grammar_is_read() {
    let texts = [
        "1",
        "+Inf",
        "-inf",
        "NaN",
        "0x1F",
        "1_000",
        "5m",
        "-1h30m",
        "\"text\"",
        "'it'",
        "`raw`",
        "foo",
        "foo:bar",
        ":x",
        "foo{}",
        "foo{a=\"b\",}",
        "{__name__=~\".+\"}",
        "{\"utf8.name\"}",
        "{\"utf8.name\", \"label.x\"=\"v\", c!~'d.*'}",
        "sum",
        "by",
        "offset",
        "and{a='b'}",
        "foo{by=\"x\", offset=\"y\"}",
        "foo offset 5m",
        "foo offset -5m",
        "foo offset 300",
        "foo @ 10",
        "foo @ -1.5",
        "foo @ start()",
        "foo @ end() offset 1m",
        "foo @ 1m",
        "foo[5m]",
        "foo[ 5m ]",
        "foo[300]",
        "foo[5m] offset 1w @ 3",
        "foo[5m:]",
        "foo[1h:1m]",
        "(foo)[1h:30s] offset 5m",
        "rate(rate(foo[5m])[1h:])[2h:]",
        "sum(foo)",
        "SUM(foo) BY (a, b,)",
        "sum by (a) (foo)",
        "sum without () (foo)",
        "topk(3, foo)",
        "count_values('x', foo)",
        "quantile by (\"utf8.l\") (0.5, foo)",
        "foo + bar",
        "foo > bool 1",
        "1 > bool 2",
        "foo * on (a) group_left (b) bar",
        "foo / ignoring (a, by) group_right bar",
        "foo and on () bar",
        "foo unless ignoring (x) bar",
        "fill + fill",
        "start + end + step",
        "minute()",
        "label_join(foo, 'a', ',')",
        "round(foo, 5)",
        "time()",
        "vector(1) # comment",
        "label_replace(foo, 'a', '$1', 'b', '(.*)')",
        "foo{a=\"b\"} offset 1d\n + \tbar",
        "histogram_quantile(0.9, sum by (le) (rate(x_bucket[5m])))",
        "sum by (bool, on) (foo)",
        "anchored",
        "smoothed{}",
        "limitk",
        "3 atan2 4",
        "a </ 5",
        "a >/ on (x) b",
        "(((1)))",
        "sum(foo)[5m:1m]",
        "absent(foo{a=\"b\"})",
        "ON_x",
        "foo == bool on (a) group_left bar",
        "Inf_x",
        "nan_count",
    ];
    for text in texts {
        parsed(text);
    }
}

#[test]
fn faults_are_reported_as_upstream_reports_them() {
    for &(text, want) in FAULTS {
        assert_eq!(refused(text), want, "{text}");
    }
}

#[test]
fn a_selector_alone_is_one() {
    for text in ["foo", "sum{a=\"b\"}", "{}", "end", "foo{__name__=\"bar\"}"] {
        assert!(parse_selector(text).is_ok(), "{text}");
    }
    let cases = [
        ("", "unknown position: parse error: unexpected end of input"),
        ("foo[5m]", "1:4: parse error: unexpected \"[\""),
        ("foo offset 5m", "1:5: parse error: unexpected <offset>"),
        ("sum(foo)", "1:4: parse error: unexpected \"(\""),
        ("-foo", "1:1: parse error: unexpected <op:->"),
        ("5m", "1:1: parse error: unexpected duration \"5m\""),
    ];
    for (text, want) in cases {
        let error = parse_selector(text).unwrap_err();
        assert_eq!(error.to_string(), want, "{text}");
    }
}

#[test]
fn what_is_switched_off_is_refused() {
    let off = ParseOptions {
        duration_expressions: false,
        ..ParseOptions::default()
    };
    for text in ["foo[-(1 - 2)]", "foo offset - - 1m", "foo[step()+1ms]"] {
        parsed(text);
    }
    let cases = [
        (
            "foo[5m * 2]",
            "1:5: parse error: experimental duration expression is not enabled",
        ),
        (
            "foo[step()]",
            "1:5: parse error: experimental duration expression is not enabled",
        ),
        (
            "foo offset (1h)",
            "1:13: parse error: experimental duration expression is not enabled",
        ),
        (
            "foo[5m:step()]",
            "1:8: parse error: experimental duration expression is not enabled",
        ),
    ];
    for (text, want) in cases {
        let error = parse(text, &off).unwrap_err();
        assert_eq!(error.to_string(), want, "{text}");
    }
}

#[test]
fn what_is_switched_on_is_read() {
    let texts = [
        "foo + fill(0) bar",
        "foo + on (a) group_left (b) fill_right(-5m) fill_left(NaN) bar",
        "fill + fill_left",
        "rate(foo[5m] anchored @ 1 offset 5m)",
        "foo smoothed[5m]",
        "info(foo, {a=~\".*\"})",
        "info(foo, {})",
        "limitk by (x) (1, foo)",
        "LIMIT_RATIO(-0.5, foo)",
        "histogram_quantiles(foo, \"q\", 0, 1, 2, 3, 4, 5, 6, 7, 8, 9)",
        "min_of(max_of(start(), end()), step() + range())",
        "foo offset -min_of(step(), 1s) + 8000",
    ];
    for text in texts {
        let expr = parse(text, &ParseOptions::all());
        assert!(expr.is_ok(), "{text}: {expr:?}");
    }
}

#[test]
fn invalid_regular_expressions_are_refused_where_they_stand() {
    let message = refused("foo + bar{a=~\"(\"}");
    assert!(
        message.starts_with("1:11: parse error: error parsing regexp: "),
        "{message}"
    );
}

#[test]
fn hostile_nesting_and_length_are_refused() {
    let depth = "expression is nested over 200 levels deep";
    let nested =
        |open: &str, close: &str| format!("{}1{}", open.repeat(30_000), close.repeat(30_000));
    for text in [
        nested("(", ")"),
        nested("-", ""),
        nested("1^", ""),
        format!("{}foo{}", "abs(".repeat(5_000), ")".repeat(5_000)),
        format!("foo{}", "[5m:]".repeat(5_000)),
        format!("foo{}", "{a=\"b\"}[5m:1m]".repeat(300)),
        format!("{}foo", "sum(".repeat(9_000)),
    ] {
        let message = refused(&text);
        assert!(
            message.contains(depth) || message.contains("unexpected"),
            "{message}"
        );
    }
    assert!(refused(&"(".repeat(MAX_TOKENS - 1)).contains(depth));
    let long = refused(&"(".repeat(MAX_TOKENS + 1));
    assert_eq!(
        long,
        "1:1: parse error: query is too long: the limit is 200000 words and signs"
    );
    let computed = format!("foo[{}1]", "1+".repeat(30_000));
    assert!(refused(&computed).contains(depth));
    parsed(&format!("{}1{}", "(".repeat(150), ")".repeat(150)));
}

#[test]
fn chains_of_operators_may_be_long() {
    for (first, operator) in [("a", " + "), ("1", " * "), ("a", " or on (x) ")] {
        let text = format!("{first}{}", format!("{operator}{first}").repeat(10_000));
        let expr = parsed(&text);
        assert_eq!(expr.to_string(), text);
        let copy = expr.clone();
        assert_eq!(copy, expr);
        drop(expr);
        let mut nodes = 0;
        copy.walk(&mut |_| nodes += 1);
        assert_eq!(nodes, 20_001);
        assert!(copy.pretty().len() > text.len());
    }
    // A chain inside of each operand of a chain is nesting again.
    let nested = (0..250).fold("a".to_owned(), |inner, _| format!("a + (a * {inner})"));
    assert!(refused(&nested).contains("nested over 200 levels"));
}

#[test]
fn every_node_knows_where_it_stands() {
    let text = "sum by (a) (rate(foo{b=\"c\"}[5m] offset 1m)) / on (a) bar[1h:] @ 5";
    // The right side is ill-typed; only its parts are looked at here.
    let options = ParseOptions::default();
    let expr = Parser::new(text, &options).whole().unwrap();
    let mut seen = Vec::new();
    expr.walk(&mut |node| seen.push(&text[node.span().start..node.span().end]));
    let want = [
        text,
        "sum by (a) (rate(foo{b=\"c\"}[5m] offset 1m))",
        "rate(foo{b=\"c\"}[5m] offset 1m)",
        "foo{b=\"c\"}[5m] offset 1m",
        "bar[1h:] @ 5",
        "bar",
    ];
    assert_eq!(seen, want);
}

#[test]
fn durations_and_times_are_milliseconds() {
    let Expr::RangeSelector(range) = parsed("foo[4s18ms] offset -1h30m @ 2.345") else {
        panic!("a range selector")
    };
    assert_eq!(range.range, 4_018);
    assert_eq!(range.selector.offset, -5_400_000);
    assert_eq!(range.selector.at, Some(AtModifier::Timestamp(2_345)));
    let Expr::Subquery(subquery) = parsed("foo[1h:4.018] @ end()") else {
        panic!("a subquery")
    };
    assert_eq!((subquery.range, subquery.step), (3_600_000, Some(4_018)));
    assert_eq!(subquery.at, Some(AtModifier::End));
}

#[test]
fn texts_that_are_not_utf8_are_kept_as_quoted() {
    let Expr::Text(text) = parsed(r#""a\xc5z""#) else {
        panic!("a text")
    };
    assert_eq!(text.invalid.as_deref(), Some(r#""a\xc5z""#));
    parsed(r#"{a="\xc5"}"#);
    assert_eq!(
        refused(r#"{a=~"\xc5.*"}"#),
        "1:2: parse error: error parsing regexp: invalid UTF-8: `\u{fffd}.*`"
    );
}

/// Texts that are no expressions, and the error that upstream answers with.
const FAULTS: &[(&str, &str)] = &[
    (
        "",
        "unknown position: parse error: no expression found in input",
    ),
    (
        "# just a comment\n\n",
        "1:1: parse error: no expression found in input",
    ),
    ("1+", "1:3: parse error: unexpected end of input"),
    (
        "\n1 +\n )",
        "3:3: parse error: unexpected right parenthesis ')'",
    ),
    ("*1", "1:1: parse error: unexpected <op:*>"),
    ("(1))", "1:5: parse error: unexpected right parenthesis ')'"),
    (
        "1e999",
        "1:1: parse error: error parsing number: strconv.ParseFloat: parsing \"1e999\": value out of range",
    ),
    ("@@", "1:1: parse error: unexpected <op:@>"),
    ("e-+=/(0)", "1:4: parse error: unexpected \"=\""),
    (
        "foo[:1m]",
        "1:6: parse error: unexpected colon before duration in duration expression",
    ),
    ("((1)", "1:5: parse error: unclosed left parenthesis"),
    (
        "min_of(4, ^ 5)",
        "1:9: parse error: trailing commas not allowed in function call args",
    ),
    ("foo[0.0", "1:8: parse error: unclosed left bracket"),
    (
        "count(a, b))",
        "1:13: parse error: unexpected right parenthesis ')'",
    ),
    (
        "a[5m] + b[step()::]",
        "1:19: parse error: unexpected repeated colon in duration expression",
    ),
    (
        ".5.5",
        "1:1: parse error: error parsing number: strconv.ParseFloat: parsing \".5.5\": invalid syntax",
    ),
    (
        "1.5h",
        "1:1: parse error: unknown unit \".\" in duration \"1.5h\"",
    ),
    (
        "foo + on (a) group_left on (b) bar",
        "1:25: parse error: unexpected <on> in grouping opts, expected \"(\"",
    ),
    (
        "foo[# c\n5m]",
        "1:5: parse error: unexpected character in duration expression: '#'",
    ),
    (
        "(1_)",
        "1:2: parse error: error parsing number: strconv.ParseFloat: parsing \"1_\": invalid syntax",
    ),
    ("foo fill(", "1:5: parse error: unexpected <fill>"),
    ("foo END", "1:5: parse error: unexpected \"END\""),
    (
        "STEP()",
        "1:1: parse error: unknown function with name \"STEP\"",
    ),
    ("()", "1:2: parse error: unexpected \")\""),
    (
        "1 and 1",
        "1:1: parse error: set operator \"and\" not allowed in binary scalar expression",
    ),
    (
        "1 == 1",
        "1:3: parse error: comparisons between scalars must use BOOL modifier",
    ),
    (
        "1 + bool 2",
        "1:3: parse error: bool modifier can only be used on comparison operators",
    ),
    (
        "foo + bool bar",
        "1:5: parse error: bool modifier can only be used on comparison operators",
    ),
    (
        "-\"string\"",
        "1:1: parse error: unary expression only allowed on expressions of type scalar or instant vector, got \"string\"",
    ),
    (
        "-test[5m]",
        "1:1: parse error: unary expression only allowed on expressions of type scalar or instant vector, got \"range vector\"",
    ),
    ("*test", "1:1: parse error: unexpected <op:*>"),
    (
        "1 offset 1d",
        "1:1: parse error: offset modifier must be preceded by an instant vector selector or range vector selector or a subquery",
    ),
    (
        "foo offset 1s offset 2s",
        "1:1: parse error: offset may not be set multiple times",
    ),
    (
        "foo @ 1 @ 2",
        "1:1: parse error: @ <timestamp> may not be set multiple times",
    ),
    (
        "foo @ Inf",
        "1:1: parse error: timestamp out of bounds for @ modifier: +Inf",
    ),
    (
        "foo @ -1e20",
        "1:1: parse error: timestamp out of bounds for @ modifier: -100000000000000000000.000000",
    ),
    (
        "a - on(b) ignoring(c) d",
        "1:11: parse error: unexpected <ignoring>",
    ),
    (
        "foo[5mm]",
        "1:5: parse error: bad number or duration syntax: \"5mm\"",
    ),
    (
        "foo[5y1hs]",
        "1:5: parse error: unknown unit \"hs\" in duration \"5y1hs\"",
    ),
    (
        "foo[5m1m]",
        "1:5: parse error: not a valid duration string: \"5m1m\"",
    ),
    (
        "foo[0m]",
        "1:5: parse error: duration must be greater than 0",
    ),
    (
        "foo[-1]",
        "1:5: parse error: duration must be greater than 0",
    ),
    (
        "foo[\"5m\"]",
        "1:5: parse error: unexpected character in duration expression: '\"'",
    ),
    (
        "foo[]",
        "1:5: parse error: unexpected \"]\" in subquery or range selector, expected number, duration, step(), or range()",
    ),
    ("foo[5m", "1:7: parse error: unclosed left bracket"),
    (
        "foo[5m 5m]",
        "1:8: parse error: unexpected duration \"5m\" in subquery or range, expected \":\" or \"]\"",
    ),
    (
        "foo[5m:5m 5m]",
        "1:11: parse error: unexpected duration \"5m\" in subquery selector, expected \"]\"",
    ),
    (
        "some_metric[5m] OFFSET",
        "1:23: parse error: unexpected end of input in offset, expected number, duration, step(), or range()",
    ),
    (
        "some_metric OFFSET 1m[5m]",
        "1:22: parse error: no offset modifiers allowed before range",
    ),
    (
        "some_metric[5m] @",
        "1:18: parse error: unexpected end of input in @, expected timestamp",
    ),
    (
        "some_metric @ 1234 [5m]",
        "1:20: parse error: no @ modifiers allowed before range",
    ),
    (
        "(foo + bar)[5m]",
        "1:12: parse error: ranges only allowed for vector selectors",
    ),
    (
        "sum without(==)(some_metric)",
        "1:13: parse error: unexpected <op:==> in grouping opts, expected label",
    ),
    (
        "sum without(,)(some_metric)",
        "1:13: parse error: unexpected \",\" in grouping opts, expected label",
    ),
    (
        "sum without(foo,,)(some_metric)",
        "1:17: parse error: unexpected \",\" in grouping opts, expected label",
    ),
    (
        "sum some_metric by (test)",
        "1:5: parse error: unexpected identifier \"some_metric\"",
    ),
    (
        "sum (some_metric) by test",
        "1:22: parse error: unexpected identifier \"test\" in grouping opts, expected \"(\"",
    ),
    (
        "sum by (a b)(x)",
        "1:11: parse error: unexpected identifier \"b\" in grouping opts, expected \",\" or \")\"",
    ),
    (
        "sum () by (test)",
        "1:1: parse error: no arguments for aggregate expression provided",
    ),
    (
        "MIN keep_common (some_metric)",
        "1:5: parse error: unexpected identifier \"keep_common\"",
    ),
    (
        "sum(1 + )",
        "1:9: parse error: unexpected \")\" in aggregation",
    ),
    (
        "sum (some_metric) without (test) by (test)",
        "1:34: parse error: unexpected <by>",
    ),
    (
        "topk(some_metric)",
        "1:1: parse error: wrong number of arguments for aggregate expression provided, expected 2, got 1",
    ),
    (
        "topk(some_metric,)",
        "1:17: parse error: trailing commas not allowed in function call args",
    ),
    (
        "topk(some_metric, other_metric)",
        "1:6: parse error: expected type scalar in aggregation parameter, got instant vector",
    ),
    (
        "count_values(5, other_metric)",
        "1:14: parse error: expected type string in aggregation parameter, got scalar",
    ),
    (
        "sum(foo[5m])",
        "1:5: parse error: expected type instant vector in aggregation expression, got range vector",
    ),
    (
        "limitk(1, foo)",
        "1:1: parse error: limitk() is experimental and must be enabled with --enable-feature=promql-experimental-functions",
    ),
    (
        "rate(some_metric)",
        "1:6: parse error: expected type range vector in call to function \"rate\", got instant vector",
    ),
    (
        "ceil(foo[5m])",
        "1:6: parse error: expected type instant vector in call to function \"ceil\", got range vector",
    ),
    (
        "floor()",
        "1:1: parse error: expected 1 argument(s) in call to \"floor\", got 0",
    ),
    (
        "hour(some_metric, some_metric)",
        "1:1: parse error: expected at most 1 argument(s) in call to \"hour\", got 2",
    ),
    (
        "time(some_metric)",
        "1:1: parse error: expected 0 argument(s) in call to \"time\", got 1",
    ),
    (
        "label_join(foo, 'a')",
        "1:1: parse error: expected at least 3 argument(s) in call to \"label_join\", got 2",
    ),
    (
        "non_existent_function_far_bar()",
        "1:1: parse error: unknown function with name \"non_existent_function_far_bar\"",
    ),
    (
        "mad_over_time(foo[5m])",
        "1:1: parse error: function \"mad_over_time\" is not enabled",
    ),
    (
        "info(foo)",
        "1:1: parse error: function \"info\" is not enabled",
    ),
    (
        "foo anchored",
        "1:1: parse error: anchored modifier is experimental and not enabled",
    ),
    (
        "rate(foo[5m] smoothed)",
        "1:6: parse error: smoothed modifier is experimental and not enabled",
    ),
    (
        "foo + fill(0) bar",
        "1:1: parse error: binop fill modifiers are experimental and not enabled",
    ),
    (
        "foo + on(a) group_left(a) bar",
        "1:5: parse error: label \"a\" must not occur in ON and GROUP clause at once",
    ),
    (
        "foo and on(a) group_left(b) bar",
        "1:1: parse error: no grouping allowed for \"and\" operation",
    ),
    (
        "foo or on(bar) group_right(baz) bar",
        "1:1: parse error: no grouping allowed for \"or\" operation",
    ),
    (
        "http_requests{group=\"production\"} + on(instance) group_left(job,instance) cpu",
        "1:35: parse error: label \"instance\" must not occur in ON and GROUP clause at once",
    ),
    (
        "foo == on(bar) 10",
        "1:1: parse error: vector matching only allowed between instant vectors",
    ),
    (
        "foo + group_left(baz) bar",
        "1:7: parse error: unexpected <group_left>",
    ),
    (
        "foo and 1",
        "1:1: parse error: set operator \"and\" not allowed in binary scalar expression",
    ),
    (
        "foo[5m] + 1",
        "1:1: parse error: binary expression must contain only scalar and instant vector types",
    ),
    (
        "1 + \"a\"",
        "1:5: parse error: binary expression must contain only scalar and instant vector types",
    ),
    (
        "{}",
        "1:1: parse error: vector selector must contain at least one non-empty matcher",
    ),
    (
        "{x=\"\"}",
        "1:1: parse error: vector selector must contain at least one non-empty matcher",
    ),
    (
        "{x=~\".*\"}",
        "1:1: parse error: vector selector must contain at least one non-empty matcher",
    ),
    (
        "foo{__name__=\"bar\"}",
        "1:1: parse error: metric name must not be set twice: \"foo\" or \"bar\"",
    ),
    (
        "{,x=\"y\"}",
        "1:2: parse error: unexpected \",\" in label matching, expected identifier or \"}\"",
    ),
    (
        "foo{__name__= =\"bar\"}",
        "1:15: parse error: unexpected \"=\" in label matching, expected string",
    ),
    (
        "some{i-am-invalid=\"x\"}",
        "1:7: parse error: unexpected character inside braces: '-'",
    ),
    (
        "foo{gibberish}",
        "1:14: parse error: unexpected \"}\" in label matching, expected label matching operator",
    ),
    (
        "foo{a=\"b\" c=\"d\"}",
        "1:11: parse error: unexpected identifier \"c\" in label matching, expected \",\" or \"}\"",
    ),
    (
        "foo{1}",
        "1:5: parse error: unexpected character inside braces: '1'",
    ),
    (
        "foo{a=>\"b\"}",
        "1:7: parse error: unexpected character inside braces: '>'",
    ),
    ("1 2", "1:3: parse error: unexpected number \"2\""),
    (
        "foo 12345678901",
        "1:5: parse error: unexpected number \"1234567890\"...",
    ),
    (
        "1[5m:1m]",
        "1:1: parse error: subquery is only allowed on instant vector, got scalar instead",
    ),
    (
        "rate(test[5m:])[5m]",
        "1:16: parse error: ranges only allowed for vector selectors",
    ),
    (
        "foo[5m][5m:]",
        "1:1: parse error: subquery is only allowed on instant vector, got matrix instead",
    ),
];
