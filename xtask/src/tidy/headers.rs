//! Headers: every file says in its first line why it is there, every crate what it must not know.

use crate::source::Source;
use crate::tidy::Problem;

/// Start of the paragraph that every crate header has.
pub(crate) const MUST_NOT_KNOW: &str = "**Must not know:**";

/// Checks the header of one file.
pub(crate) fn check(source: &Source) -> Vec<Problem> {
    let mut problems = Vec::new();
    if !source.text.starts_with("//! ") {
        let message = "the first line is not a `//!` sentence that says why the file is there";
        problems.push(Problem::new(&source.path, 1, message));
    }
    let is_crate_header = source.path.starts_with("crates") && source.path.ends_with("src/lib.rs");
    if is_crate_header && source.header_paragraph(MUST_NOT_KNOW).is_none() {
        let message = format!("the crate header has no paragraph `{MUST_NOT_KNOW}`");
        problems.push(Problem::new(&source.path, 1, message));
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::source::Source;

    #[test]
    fn headers_are_asked_for() {
        let cases = [
            ("crates/a/src/x.rs", "use y;\n", 1),
            ("crates/a/src/x.rs", "//! Why.\n", 0),
            ("crates/a/src/lib.rs", "//! Why.\n", 1),
            (
                "crates/a/src/lib.rs",
                "//! Why.\n//!\n//! **Must not know:** b.\n",
                0,
            ),
            ("src/main.rs", "//! Why.\n", 0),
        ];
        for (path, text, count) in cases {
            assert_eq!(
                check(&Source::made(path, text)).len(),
                count,
                "{path} {text}"
            );
        }
    }
}
