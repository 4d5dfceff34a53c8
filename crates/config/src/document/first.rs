//! The first of several documents in one text.

/// The text of the first document, and whether another one follows it.
pub(super) fn first_document(text: &str) -> (&str, bool) {
    let mut has_begun = false;
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let bare = line.trim_end();
        let is_start = is_marker(bare, "---");
        if has_begun && (is_start || is_marker(bare, "...")) {
            let rest = text.get(offset..).unwrap_or_default();
            return (
                text.get(..offset).unwrap_or_default(),
                is_start || has_content(rest),
            );
        }
        let is_prelude = bare.is_empty() || bare.starts_with(['#', '%', '\u{feff}']);
        has_begun |= !is_prelude;
        offset += line.len();
    }
    (text, false)
}

/// `---` and `...` end a document also inside of a block of text.
fn is_marker(line: &str, marker: &str) -> bool {
    line.strip_prefix(marker)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t']))
}

fn has_content(text: &str) -> bool {
    let is_nothing = |line: &str| {
        let line = line.trim();
        line.is_empty() || line.starts_with('#') || is_marker(line, "...")
    };
    !text.lines().all(is_nothing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_document_ends_where_the_next_begins() {
        let cases = [
            ("", ("", false)),
            ("a: 1\n", ("a: 1\n", false)),
            ("# x\n---\na: 1\n", ("# x\n---\na: 1\n", false)),
            ("a: 1\n---\nb: [\n", ("a: 1\n", true)),
            ("---\na: 1\n--- # two\nb: 2\n", ("---\na: 1\n", true)),
            ("a: 1\n...\n", ("a: 1\n", false)),
            ("a: |\n  ---\n  b\n", ("a: |\n  ---\n  b\n", false)),
        ];
        for (text, want) in cases {
            assert_eq!(first_document(text), want, "{text:?}");
        }
    }
}
