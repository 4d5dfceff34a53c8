//! Patterns that are looked for anywhere in a text, as Go's `regexp` does without anchors.

use super::RegexError;
use super::capture::CaptureRegex;
use crate::relabel::Template;

/// A pattern that matches parts of texts; `.` does not match a line end.
#[derive(Clone, Debug)]
pub struct SearchRegex(CaptureRegex);

impl SearchRegex {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// The pattern is not a valid regular expression or too large when compiled.
    pub fn new(pattern: &str) -> Result<Self, RegexError> {
        CaptureRegex::searching(pattern).map(Self)
    }

    /// True if any part of `text` matches.
    pub fn is_match(&self, text: &str) -> bool {
        self.0.is_found_in(text)
    }

    /// `text` with each match replaced, in which `$1` and `${name}` stand for groups. None if that
    /// has more than `most` bytes.
    pub fn replace_all(&self, text: &str, replacement: &str, most: usize) -> Option<String> {
        let template = Template::parse(replacement, &self.0);
        let mut out = String::new();
        let mut border = 0;
        for found in self.0.each(text) {
            let span = found.span();
            out.push_str(text.get(border..span.start)?);
            if out.len() + template.expanded_len(&found) > most {
                return None;
            }
            out.push_str(&template.expand(&found));
            border = span.end;
        }
        out.push_str(text.get(border..)?);
        (out.len() <= most).then_some(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_are_replaced_as_in_go() {
        let cases = [
            ("a*", "-", "baaac", "-b-c-"),
            ("(.)(.)", "$2$1", "abcd", "badc"),
            ("(?P<x>[a-z])1", "<${x}>", "a1b1c2", "<a><b>c2"),
            (".", "x", "a\nb", "x\nx"),
            ("$", "!", "ab", "ab!"),
            ("", "-", "añ", "-a-ñ-"),
        ];
        for (pattern, replacement, text, want) in cases {
            let regex = SearchRegex::new(pattern).unwrap();
            let got = regex.replace_all(text, replacement, 100);
            assert_eq!(got.as_deref(), Some(want), "{pattern}");
        }
        let regex = SearchRegex::new("a").unwrap();
        assert!(regex.is_match("bab") && !regex.is_match("b"));
        assert_eq!(regex.replace_all("aa", "aaa", 5), None);
        assert_eq!(
            SearchRegex::new("(").unwrap_err().to_string(),
            "error parsing regexp: missing closing ): `(`"
        );
    }
}
