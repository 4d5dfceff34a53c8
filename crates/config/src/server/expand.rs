//! `$VAR` and `${VAR}` in external labels, in the notation of Go's `os.Expand`.

/// Replaces references by what `environment` knows; one that it does not know becomes nothing. `$$`
/// is a dollar sign, and a `$` before anything that starts no name stays.
pub(super) fn expand(text: &str, environment: impl Fn(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        let (reference, remaining) = take_reference(after);
        match reference {
            Reference::Name("$") => out.push('$'),
            Reference::Name(name) => out.push_str(&environment(name).unwrap_or_default()),
            Reference::Malformed => {}
            Reference::None => out.push('$'),
        }
        rest = remaining;
    }
    out.push_str(rest);
    out
}

/// What a `$` begins.
enum Reference<'a> {
    Name(&'a str),
    /// `${}` or an open brace, which vanish.
    Malformed,
    /// Nothing: the dollar sign is text.
    None,
}

fn take_reference(after_dollar: &str) -> (Reference<'_>, &str) {
    if let Some(braced) = after_dollar.strip_prefix('{') {
        return match braced.split_once('}') {
            Some(("", rest)) => (Reference::Malformed, rest),
            Some((name, rest)) => (Reference::Name(name), rest),
            None => (Reference::Malformed, braced),
        };
    }
    // A parameter of the shell is one character.
    if after_dollar.starts_with(|c: char| c.is_ascii_digit() || "*#$@!?-".contains(c)) {
        let (name, rest) = after_dollar.split_at(1);
        return (Reference::Name(name), rest);
    }
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let end = after_dollar
        .find(|c| !is_name(c))
        .unwrap_or(after_dollar.len());
    match after_dollar.split_at(end) {
        ("", rest) => (Reference::None, rest),
        (name, rest) => (Reference::Name(name), rest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_replaced() {
        let environment = |name: &str| (name == "TEST").then(|| "TestValue".to_owned());
        let cases = [
            ("foo", "foo"),
            ("foo${TEST}bar", "fooTestValuebar"),
            ("foo$TEST", "fooTestValue"),
            ("foo${TEST", "fooTEST"),
            ("foo${}${TEST}", "fooTestValue"),
            ("foo$$bar", "foo$bar"),
            ("foo${nothing}bar", "foobar"),
            ("a$ b$", "a$ b$"),
        ];
        for (text, want) in cases {
            assert_eq!(expand(text, environment), want, "{text}");
        }
    }
}
