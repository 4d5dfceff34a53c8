//! Log lines: lower case, no full stop; what is known goes into fields.

use crate::source::Source;
use crate::tidy::Problem;

/// Macros that write a log line.
const MACROS: [&str; 5] = ["error!(", "warn!(", "info!(", "debug!(", "trace!("];

/// Checks the messages of all log lines in one file.
pub(crate) fn check(source: &Source) -> Vec<Problem> {
    let mut problems = Vec::new();
    for name in MACROS {
        for (offset, _) in source.text.match_indices(name) {
            let before = source.text[..offset].chars().next_back();
            if before.is_some_and(|letter| letter.is_alphanumeric() || letter == '_') {
                continue;
            }
            let arguments = &source.text[offset + name.len()..];
            if let Some(complaint) = message(arguments).and_then(complaint) {
                let line = source.line_at(offset);
                problems.push(Problem::new(&source.path, line, complaint));
            }
        }
    }
    problems
}

fn complaint(message: &str) -> Option<String> {
    let mut letters = message.chars();
    let first = letters.next().is_some_and(char::is_uppercase);
    let second = letters.next().is_some_and(char::is_lowercase);
    if first && second {
        return Some(format!("log line \"{message}\" starts with a capital"));
    }
    let full_stop = message.ends_with('.') && !message.ends_with("..");
    full_stop.then(|| format!("log line \"{message}\" ends with a full stop"))
}

/// The first string literal among the arguments that is not the value of a field.
fn message(arguments: &str) -> Option<&str> {
    let mut rest = arguments;
    loop {
        let next = rest.find(['"', ')'])?;
        let (before, from_here) = rest.split_at(next);
        let literal = from_here.strip_prefix('"')?;
        let end = closing_quote(literal)?;
        let named = before.trim_end();
        if !named.ends_with('=') && !named.ends_with(':') {
            return Some(&literal[..end]);
        }
        rest = &literal[end + 1..];
    }
}

fn closing_quote(literal: &str) -> Option<usize> {
    let mut escaped = false;
    for (index, letter) in literal.char_indices() {
        match letter {
            '"' if !escaped => return Some(index),
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::source::Source;

    #[test]
    fn capitals_and_full_stops_are_refused() {
        // The macro apart from its arguments, so that this file passes its own check.
        let cases = [
            ("info", "(\"Started\");", 1),
            (
                "tracing::warn",
                "(job, target = %url, \"scrape failed.\");",
                1,
            ),
            ("warn", "(error = %e, \"WAL is damaged\");", 0),
            ("info", "(kind = \"Fast\", \"replaying\");", 0),
            ("debug", "(\n    count,\n    \"said \\\"Hi\\\"\"\n);", 0),
            ("my_info", "(\"Other\");", 0),
            ("info", "(count);\nlet x = \"Not a log line.\";", 0),
        ];
        for (name, arguments, count) in cases {
            let text = format!("{name}!{arguments}");
            let found = check(&Source::made("crates/a/src/x.rs", &text));
            assert_eq!(found.len(), count, "{text}");
        }
    }
}
