//! What tokens texts are split into, and the faults that end the splitting.

use super::*;

fn kinds(input: &str) -> Vec<TokenKind> {
    lex(input, 1_000)
        .into_iter()
        .map(|token| token.kind)
        .collect()
}

#[test]
fn numbers_have_the_values_that_go_reads() {
    let cases = [
        ("1", 1.0),
        ("4.23", 4.23),
        (".3", 0.3),
        ("2.", 2.0),
        ("1e5", 1e5),
        ("1E-5", 1e-5),
        ("0x1F", 31.0),
        ("0X_1F", 31.0),
        ("010", 8.0),
        ("08", 8.0),
        ("1_000_000", 1e6),
        ("1_0.5", 10.5),
        ("inF", f64::INFINITY),
        ("9223372036854775808", 9_223_372_036_854_775_808.0),
    ];
    for (input, want) in cases {
        assert_eq!(
            kinds(input),
            [TokenKind::Number, TokenKind::EndOfInput],
            "{input}"
        );
        assert_eq!(number_value(input), Some(want), "{input}");
    }
    assert!(number_value("NaN").unwrap().is_nan());
}

#[test]
fn faults_are_named_as_upstream_names_them() {
    let cases = [
        ("1__0", "bad number or duration syntax: \"1__\""),
        ("1.2.3", "bad number or duration syntax: \"1.2.\""),
        ("1e", "bad number or duration syntax: \"1e\""),
        ("5mm", "bad number or duration syntax: \"5mm\""),
        ("5m1", "bad number or duration syntax: \"5m1\""),
        ("a[5m", "unclosed left bracket"),
        ("(a", "unclosed left parenthesis"),
        ("a)", "unexpected right parenthesis ')'"),
        ("a]", "unexpected right bracket ']'"),
        ("a[5m[", "unexpected left bracket '['"),
        ("a[5m:1m:1m]", "unexpected colon ':'"),
        (
            "a[:1m]",
            "unexpected colon before duration in duration expression",
        ),
        (
            "a[\"5m\"]",
            "unexpected character in duration expression: '\"'",
        ),
        ("a[5m x]", "unexpected character: 'x', expected ':'"),
        ("a =~ b", "unexpected character after '=': '~'"),
        ("a ! b", "unexpected character after '!': ' '"),
        ("{a!b}", "unexpected character after '!' inside braces: 'b'"),
        ("{", "unexpected end of input inside braces"),
        ("{{", "unexpected left brace '{'"),
        ("{*", "unexpected character inside braces: '*'"),
        ("$", "unexpected character: '$'"),
        ("\"a", "unterminated quoted string"),
        ("\"a\nb\"", "unterminated quoted string"),
        ("`a", "unterminated raw string"),
        (r#""\z""#, "unknown escape sequence U+007A 'z'"),
        (
            r#""\xg0""#,
            "illegal character U+0067 'g' in escape sequence",
        ),
        (
            r#""\ud800""#,
            "escape sequence is an invalid Unicode code point",
        ),
        (r#""\"#, "escape sequence not terminated"),
    ];
    for (input, want) in cases {
        let tokens = lex(input, 1_000);
        assert_eq!(
            tokens.last().unwrap().kind,
            TokenKind::Error(want.to_owned()),
            "{input}"
        );
    }
}

#[test]
fn texts_resolve_their_escapes() {
    let cases = [
        (r#""a\nb\t\"\\""#, "a\nb\t\"\\"),
        (r#"'it\'s'"#, "it's"),
        (r"`raw\n`", "raw\\n"),
        (r#""\x41\101\u00e9\U0001F600""#, "AAé😀"),
        (r#""\xc3\xa9""#, "é"),
    ];
    for (input, want) in cases {
        assert_eq!(
            kinds(input),
            [TokenKind::Text, TokenKind::EndOfInput],
            "{input}"
        );
        assert_eq!(unquote(input).unwrap(), want.as_bytes(), "{input}");
    }
    assert_eq!(unquote(r#""a\xc5z""#).unwrap(), b"a\xc5z");
    assert_eq!(quote_bytes(b"a\xc5z"), r#""a\xc5z""#);
}

#[test]
fn comments_and_keywords_in_any_case() {
    let input = "SUM # all\n(a:b) BY fill + fill(";
    let want = [
        TokenKind::Aggregate(crate::ast::AggregateOp::Sum),
        TokenKind::LeftParen,
        TokenKind::MetricIdentifier,
        TokenKind::RightParen,
        TokenKind::Keyword(Keyword::By),
        TokenKind::Identifier,
        TokenKind::Operator(BinaryOp::Add),
        TokenKind::Keyword(Keyword::Fill),
    ];
    assert_eq!(kinds(input)[..want.len()], want);
}
