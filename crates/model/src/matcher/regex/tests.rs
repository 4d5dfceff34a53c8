//! Patterns against what Go makes of them, and what the index reads from patterns.

use super::*;

/// Go's verdicts; the file says how they are written.
const CASES: &str = include_str!("../../../testdata/regex.tsv");

fn unescape(text: &str) -> String {
    let mut parts = text.split('%');
    let mut out = parts.next().unwrap().to_owned().into_bytes();
    for part in parts {
        let (code, rest) = part.split_at(2);
        out.push(u8::from_str_radix(code, 16).unwrap());
        out.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(out).unwrap()
}

/// The groups of a match as the file writes them.
fn groups(regex: &CaptureRegex, text: &str) -> String {
    let Some(captures) = regex.captures(text) else {
        return "-".to_owned();
    };
    let place = |part: &str| part.as_ptr() as usize - text.as_ptr() as usize;
    let shown = (0..regex.group_count()).map(|group| match captures.get(group) {
        None => "-".to_owned(),
        Some(part) => format!("{}-{}", place(part), place(part) + part.len()),
    });
    shown.collect::<Vec<_>>().join(" ")
}

#[test]
fn patterns_do_what_go_does() {
    for line in CASES.lines().filter(|line| !line.starts_with("# ")) {
        let mut fields = line.split('\t').map(unescape);
        let pattern = fields.next().unwrap();
        let verdict = fields.next().unwrap();
        let regex = match LabelRegex::new(&pattern) {
            Ok(regex) => regex,
            Err(error) => {
                assert_eq!(error.to_string(), verdict, "{pattern}");
                continue;
            }
        };
        assert_eq!(verdict, "ok", "{pattern} is accepted");
        // Quotes that nobody ends would quote the anchors behind them.
        let captures = (!pattern.contains("\\Q")).then(|| CaptureRegex::new(&pattern).unwrap());
        while let Some(text) = fields.next() {
            let want = fields.next().unwrap();
            let matches = want != "-";
            assert_eq!(regex.is_match(&text), matches, "{pattern} on {text:?}");
            if let Some(captures) = &captures {
                assert_eq!(groups(captures, &text), want, "{pattern} on {text:?}");
            }
            assert!(!matches || text.starts_with(regex.prefix()), "{pattern}");
            if let Some(set) = regex.literals() {
                assert_eq!(set.contains(&text), matches, "{pattern} on {text:?}");
            }
        }
    }
}

#[test]
fn the_index_learns_sets_and_prefixes() {
    let cases: [(&str, Option<&[&str]>, &str); 19] = [
        ("a", Some(&["a"]), ""),
        ("^a$", Some(&["a"]), ""),
        ("c|a|b|a", Some(&["a", "b", "c"]), ""),
        ("", Some(&[""]), ""),
        ("a|", Some(&["", "a"]), ""),
        (
            "foo(bar|ba[zq])?",
            Some(&["foo", "foobaq", "foobar", "foobaz"]),
            "",
        ),
        ("(a|b)-(1|2)", Some(&["a-1", "a-2", "b-1", "b-2"]), ""),
        (r"10\.0\.0\.1:9100", Some(&["10.0.0.1:9100"]), ""),
        ("(?i)Ab", Some(&["AB", "Ab", "aB", "ab"]), ""),
        ("a{2}b?", Some(&["aa", "aab"]), ""),
        ("[^\\x00-\\x{10FFFF}]", Some(&[]), ""),
        ("(?i)production-cluster", None, ""),
        (".*", None, ""),
        (".+", None, ""),
        ("abc.*", None, "abc"),
        (r"web-\d+", None, "web-"),
        ("日本.*語", None, "日本"),
        ("foo-a.*|foo-b.*", None, "foo-"),
        (".*abc", None, ""),
    ];
    for (pattern, literals, prefix) in cases {
        let regex = LabelRegex::new(pattern).unwrap();
        let found = regex.literals();
        let found = found.map(|set| set.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(found.as_deref(), literals, "{pattern}");
        assert_eq!(regex.prefix(), prefix, "{pattern}");
        assert_eq!(regex.matches_everything(), pattern == ".*", "{pattern}");
    }
}

#[test]
fn the_usual_shapes_need_no_automaton() {
    let patterns = [
        "prod-.*",
        ".*-prod",
        ".*prod.*",
        "a.*b.+c",
        "foo.*|.*bar",
        "(?i)prod-.*",
        "(?i).*-PROD.*|x-.*",
        "(?i)production-cluster",
    ];
    for pattern in patterns {
        let regex = LabelRegex::new(pattern).unwrap();
        assert!(matches!(regex.shape, Shape::Sequences(_)), "{pattern}");
    }
}

#[test]
fn what_would_be_too_large_or_too_deep_is_refused() {
    let deep = |levels| "(a".repeat(levels) + &")?".repeat(levels);
    assert!(LabelRegex::new(&deep(100)).is_ok());
    assert!(CaptureRegex::new(&deep(60)).is_ok());
    let told = LabelRegex::new(&deep(5_000)).unwrap_err().to_string();
    assert!(told.starts_with("error parsing regexp: expression nests too deeply: `"));
    let large = r"(\pL{1000}){1}".repeat(20);
    let told = LabelRegex::new(&large).unwrap_err().to_string();
    assert!(told.starts_with("error parsing regexp: expression too large: `"));
}

#[test]
fn settings_are_anchored_before_they_are_read() {
    assert!(LabelRegex::new("a)(b").is_err());
    assert!(LabelRegex::of_setting("a)(b").unwrap().is_match("ab"));
    let told = LabelRegex::of_setting("(a").unwrap_err().to_string();
    assert_eq!(told, "error parsing regexp: missing closing ): `^(?s:(a)$`");
}
