//! Nothing switched off without a reason, nothing put off without an issue.

use crate::source::Source;
use crate::tidy::Problem;

/// Words that put work off. Written in two parts, so that this file passes its own check.
const PUT_OFF: [&str; 2] = [concat!("TO", "DO"), concat!("FIX", "ME")];

/// Attributes that switch a lint off.
const SWITCHES: [&str; 2] = [concat!("allow", "("), concat!("expect", "(")];

/// Checks one file.
pub(crate) fn check(source: &Source) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (line, text) in source.lines() {
        for word in PUT_OFF {
            if has_word(text, word) {
                let message = format!("`{word}`: finish it, or file an issue and say what is");
                problems.push(Problem::new(&source.path, line, message));
            }
        }
    }
    for switch in SWITCHES {
        for opening in ["#[", "#!["] {
            let attribute = format!("{opening}{switch}");
            problems.extend(without_reason(source, &attribute));
        }
    }
    problems
}

fn without_reason(source: &Source, attribute: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (offset, _) in source.text.match_indices(attribute) {
        let rest = &source.text[offset..];
        let end = rest.find(")]").unwrap_or(rest.len());
        if !rest[..end].contains("reason") {
            let line = source.line_at(offset);
            let message = format!("`{attribute}…)]` without a reason");
            problems.push(Problem::new(&source.path, line, message));
        }
    }
    problems
}

fn has_word(text: &str, word: &str) -> bool {
    let is_letter = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    text.match_indices(word).any(|(start, _)| {
        let bytes = text.as_bytes();
        let before = start.checked_sub(1).and_then(|index| bytes.get(index));
        !is_letter(before) && !is_letter(bytes.get(start + word.len()))
    })
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::source::Source;

    #[test]
    fn switches_and_put_off_work_are_found() {
        let allow = concat!("#[", "allow(");
        let cases = [
            (format!("{allow}dead_code)]\n"), 1),
            (format!("{allow}\n  dead_code,\n  reason = \"x\"\n)]\n"), 0),
            (format!("// {}: later\n", concat!("TO", "DO")), 1),
            (format!("let {}S = 1;\n", concat!("TO", "DO")), 0),
        ];
        for (text, count) in cases {
            let found = check(&Source::made("crates/a/src/x.rs", &text));
            assert_eq!(found.len(), count, "{text}");
        }
    }
}
