//! The line of a file that a problem is about, without what must not be seen.

/// Line `number` of `text`, from 1, with secrets masked and shortened where it is long. Empty if there
/// is no such line.
pub(super) fn line(text: &str, number: u64) -> String {
    let Some(index) = usize::try_from(number).ok().and_then(|n| n.checked_sub(1)) else {
        return String::new();
    };
    let lines: Vec<&str> = lines(text).collect();
    let Some(line) = lines.get(index) else {
        return String::new();
    };
    let above = lines.get(..index).unwrap_or_default();
    shortened(&masked(line, above))
}

/// The lines of a text as YAML counts them: a carriage return alone ends one, too.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let (line, behind) = match rest?.split_once(['\n', '\r']) {
            Some((line, behind)) => {
                let is_pair = rest?
                    .get(line.len()..)
                    .is_some_and(|end| end.starts_with("\r\n"));
                (
                    line,
                    Some(behind.get(usize::from(is_pair)..).unwrap_or_default()),
                )
            }
            None => (rest?, None),
        };
        rest = behind;
        Some(line)
    })
}

/// The line with everything masked that may be part of a secret. Rather too much than too little: what
/// follows the first word that names a secret, and all of a line that continues such a value.
fn masked(line: &str, above: &[&str]) -> String {
    if let Some(end) = end_of_secret_key(line) {
        let (shown, hidden) = line.split_at(end);
        return match hidden.trim().is_empty() {
            true => line.to_owned(),
            false => format!("{shown} {SHOWN}"),
        };
    }
    if is_below_secret_key(line, above) {
        let indent: String = line.chars().take_while(|c| c.is_whitespace()).collect();
        return format!("{indent}{SHOWN}");
    }
    without_user_info(line)
}

/// From where on the line holds what the first key of it that names a secret holds; the line may end
/// there.
fn end_of_secret_key(line: &str) -> Option<usize> {
    let start = find_secret_word(line)?;
    let rest = line.get(start..)?;
    Some(rest.find(':').map_or(start, |colon| start + colon + 1))
}

fn find_secret_word(text: &str) -> Option<usize> {
    let lower = text.to_ascii_lowercase();
    SECRET_WORDS
        .iter()
        .filter_map(|word| lower.find(word))
        .min()
}

/// True if the value of a key above, that names a secret, goes on in this line: its line is indented
/// less than this one, or it is the line right above and this one has no key of its own.
fn is_below_secret_key(line: &str, above: &[&str]) -> bool {
    let mut indent = indent_of(line);
    let mut nearest = true;
    let written = above
        .iter()
        .rev()
        .filter(|earlier| !earlier.trim().is_empty());
    for earlier in written {
        let earlier_indent = indent_of(earlier);
        let is_list = earlier_indent == indent && line.trim_start().starts_with('-');
        let continues = nearest && !line.contains(':');
        if (earlier_indent < indent || is_list || continues) && ends_in_secret_key(earlier) {
            return true;
        }
        indent = indent.min(earlier_indent);
        nearest = false;
    }
    false
}

/// True if the last key of the line names a secret.
fn ends_in_secret_key(line: &str) -> bool {
    line.rsplit_once(':')
        .is_some_and(|(keys, _)| find_secret_word(keys).is_some())
}

fn indent_of(line: &str) -> usize {
    line.chars().take_while(|c| *c == ' ').count()
}

/// URLs without name and password.
fn without_user_info(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("://") {
        out.push_str(before);
        out.push_str("://");
        let end = after
            .find([' ', '"', '\'', ',', '}', ']'])
            .unwrap_or(after.len());
        let (url, behind) = after.split_at(end);
        match url.rsplit_once('@') {
            Some((_, host)) => {
                out.push_str(SHOWN);
                out.push('@');
                out.push_str(host);
            }
            None => out.push_str(url),
        }
        rest = behind;
    }
    out.push_str(rest);
    out
}

fn shortened(line: &str) -> String {
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line.to_owned(),
    }
}

/// Parts of the names of keys whose values are secret, or hold some.
const SECRET_WORDS: [&str; 9] = [
    "secret",
    "password",
    "passphrase",
    "token",
    "credential",
    "key",
    "header",
    "claims",
    "endpoint_params",
];

const SHOWN: &str = "<secret>";

/// Characters of a line that are shown.
const LONGEST: usize = 160;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked() {
        let cases = [
            ("a: b", 1, "a: b"),
            ("a: b", 2, ""),
            ("a: b", 0, ""),
            ("a\rb\r\nc", 2, "b"),
            ("a\rb\r\nc", 3, "c"),
            ("a\n\nb", 3, "b"),
            ("  password: hunter2", 1, "  password: <secret>"),
            (
                "{user: a, password: hunter2}",
                1,
                "{user: a, password: <secret>",
            ),
            ("password: |\n  hunter2", 2, "  <secret>"),
            ("password:\nhunter2", 2, "<secret>"),
            (
                "a:\n  http_headers:\n    x:\n      values: [hunter2]",
                4,
                "      <secret>",
            ),
            (
                "url: https://me:hunter2@host/a?b",
                1,
                "url: https://<secret>@host/a?b",
            ),
            ("url: https://host/a", 1, "url: https://host/a"),
            (
                "url: https://host/a?key=x",
                1,
                "url: https://host/a? <secret>",
            ),
            ("- job_name: my-token\n  scheme: x", 2, "  scheme: x"),
            ("job_name:  # key", 1, "job_name:  #  <secret>"),
            ("secrets:\n- hunter2", 2, "<secret>"),
        ];
        for (text, number, want) in cases {
            assert_eq!(line(text, number), want, "{text:?}");
        }
    }

    #[test]
    fn long_lines_are_shortened() {
        let text = "é".repeat(300);
        assert_eq!(line(&text, 1).chars().count(), LONGEST + 1);
    }
}
