//! Go's language, row by row of where it differs from that of the library.

use super::super::LabelRegex;
use super::*;

#[test]
fn classes_and_boundaries_are_ascii() {
    let cases = [
        (r"\d+", "12", true),
        (r"\d", "٣", false),
        (r"\w", "é", false),
        (r"\W", "é", true),
        (r"\s", "\u{a0}", false),
        (r"\s", "\u{b}", false),
        (r"[\d]", "٣", false),
        (r"[^\d]", "٣", true),
        (r"[\Da]", "é", true),
        (r".*\bé\b.*", "é", false),
        (r".*\bx\b.*", "é x", true),
        (r".*\Bé.*", "é", true),
        (r"\pL", "é", true),
        (r"[\p{Greek}x]+", "αx", true),
        (r"[[:alpha:]]", "a", true),
        (r"[[:alpha:]]", "é", false),
    ];
    check(&cases);
}

#[test]
fn classes_have_no_set_operations() {
    let cases = [
        ("[a&&b]+", "a&b", true),
        ("[a~~b]+", "a~b", true),
        ("[[a]", "[", true),
        ("[a[b]+", "a[b", true),
        ("[[a]]", "a]", true),
        ("[[a]]", "a", false),
        (r"[\w-a]+", "x-a", true),
        ("[]a]+", "]a", true),
        ("[^]a]", "b", true),
        ("[a-]+", "-a", true),
        (r"[\]\\\-]+", r"]\-", true),
        ("[a-c]", "b", true),
        ("(?i)[a-c]", "B", true),
    ];
    check(&cases);
}

#[test]
fn braces_quotes_and_octal_mean_what_go_means() {
    let cases = [
        ("{foo}", "{foo}", true),
        ("a{", "a{", true),
        ("a{,5}", "a{,5}", true),
        ("a{2}", "aa", true),
        ("a{1,}?", "aaa", true),
        ("a{01}", "a{01}", true),
        (r"\Qa.b\E", "a.b", true),
        (r"\Qa.b\E", "axb", false),
        (r"\Qa|b", "a|b", true),
        (r"\101", "A", true),
        (r"\x41\x{e9}", "Aé", true),
        (r"\<a\>", "<a>", true),
        (r"\.\_\/", "._/", true),
        (r"(?P<x>a)(?<y>b)(?s-i:.)", "ab\n", true),
        ("a||b", "", true),
        ("é*", "éé", true),
        ("#  x", "#  x", true),
    ];
    check(&cases);
}

fn check(cases: &[(&str, &str, bool)]) {
    for (pattern, value, want) in cases {
        let regex = LabelRegex::new(pattern).unwrap_or_else(|e| panic!("{pattern}: {e}"));
        assert_eq!(regex.is_match(value), *want, "{pattern} on {value:?}");
    }
}

#[test]
fn what_go_refuses_is_refused_in_its_words() {
    let cases = [
        ("x{1001}", "invalid repeat count: `{1001}`"),
        ("x{3,2}", "invalid repeat count: `{3,2}`"),
        ("a**", "invalid nested repetition operator: `**`"),
        ("a++", "invalid nested repetition operator: `++`"),
        ("a*?*", "invalid nested repetition operator: `*?*`"),
        ("*a", "missing argument to repetition operator: `*`"),
        ("(+)", "missing argument to repetition operator: `+`"),
        ("a|*", "missing argument to repetition operator: `*`"),
        ("(?x)a", "invalid or unsupported Perl syntax: `(?x`"),
        ("(?R)", "invalid or unsupported Perl syntax: `(?R`"),
        ("(?u)", "invalid or unsupported Perl syntax: `(?u`"),
        ("(?P<n!>a)", "invalid named capture: `(?P<n!>`"),
        (r"\u0041", r"invalid escape sequence: `\u`"),
        (r"\8", r"invalid escape sequence: `\8`"),
        (r"\é", r"invalid escape sequence: `\é`"),
        (r"[\d-\w]", ""),
        (r"a\", "trailing backslash at end of expression: ``"),
        ("[a--b]", "invalid character class range: `a--`"),
        ("[b-a]", "invalid character class range: `b-a`"),
        ("[abc", "missing closing ]: `[abc`"),
        ("abc(def", "missing closing ): `abc(def`"),
        ("a)(b", "unexpected ): `a)(b`"),
    ];
    for (pattern, want) in cases {
        match parse(pattern) {
            Ok(_) => assert_eq!(want, "", "{pattern} is accepted"),
            Err(told) => assert_eq!(told, want, "{pattern}"),
        }
    }
}
