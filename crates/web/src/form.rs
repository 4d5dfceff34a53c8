//! Percent-encoded pairs of name and value, read as Go reads them: unreadable pairs are left out.

use percent_encoding::percent_decode;

/// Pairs in their order, repetitions included.
#[derive(Clone, Debug, Default)]
pub(crate) struct Form {
    pairs: Vec<(String, String)>,
    fault: Option<String>,
}

impl Form {
    /// Appends the pairs of a query or of a form body.
    pub(crate) fn read(&mut self, text: &[u8]) {
        for pair in text.split(|byte| *byte == b'&') {
            match fault_of(pair) {
                None => self.pairs.extend(form_urlencoded::parse(pair).into_owned()),
                Some(fault) => self.fault = self.fault.take().or(Some(fault)),
            }
        }
    }

    /// All values under this name.
    pub(crate) fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        self.pairs
            .iter()
            .filter(move |(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// What was wrong with the first pair that was left out.
    pub(crate) fn fault(&self) -> Option<&str> {
        self.fault.as_deref()
    }
}

/// Why a pair cannot be read.
fn fault_of(pair: &[u8]) -> Option<String> {
    if pair.contains(&b';') {
        return Some("invalid semicolon separator in query".to_owned());
    }
    let mut rest = pair;
    while let Some(at) = rest.iter().position(|byte| *byte == b'%') {
        let (_, escape) = rest.split_at(at);
        match escape {
            [_, high, low, after @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                rest = after;
            }
            _ => {
                let shown = escape.get(..3).unwrap_or(escape);
                let shown = model::quote::quoted(&String::from_utf8_lossy(shown));
                return Some(format!("invalid URL escape {shown}"));
            }
        }
    }
    None
}

/// The name of a label in a path, where `U__` begins a name that was escaped for systems that know
/// none but ASCII names: `_` doubled, any other character as `_` hexadecimal code point `_`.
/// A name that only looks so stands for itself. None: not UTF-8.
pub(crate) fn label_name(segment: &str) -> Option<String> {
    let name = percent_decode(segment.as_bytes()).decode_utf8().ok()?;
    let unescaped = name.strip_prefix("U__").and_then(unescaped);
    Some(unescaped.unwrap_or_else(|| name.into_owned()))
}

fn unescaped(escaped: &str) -> Option<String> {
    let mut name = String::with_capacity(escaped.len());
    let mut rest = escaped;
    while let Some((plain, after)) = rest.split_once('_') {
        name.push_str(plain);
        let (code, after) = after.split_once('_')?;
        match code {
            "" => name.push('_'),
            code if code.len() <= MAX_CODE_DIGITS && !code.starts_with('+') => {
                name.push(char::from_u32(u32::from_str_radix(code, 16).ok()?)?);
            }
            _ => return None,
        }
        rest = after;
    }
    name.push_str(rest);
    Some(name)
}

/// Hexadecimal digits of the last code point, U+10FFFF.
const MAX_CODE_DIGITS: usize = 6;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unreadable_pairs_are_left_out() {
        let cases: [(&[u8], &[&str], Option<&str>); 7] = [
            (b"a=1&b=2&a=%33+4", &["1", "3 4"], None),
            (b"&&a=1&", &["1"], None),
            (b"a", &[""], None),
            (
                b"a=1;b=2&a=3",
                &["3"],
                Some("invalid semicolon separator in query"),
            ),
            (b"a=%zz&a=3", &["3"], Some("invalid URL escape \"%zz\"")),
            (b"a=%4", &[], Some("invalid URL escape \"%4\"")),
            (b"a=%ff", &["\u{fffd}"], None),
        ];
        for (text, want, fault) in cases {
            let mut form = Form::default();
            form.read(text);
            assert_eq!(form.values("a").collect::<Vec<_>>(), want);
            assert_eq!(form.fault(), fault);
        }
    }

    #[test]
    fn label_names_of_paths_may_be_escaped() {
        let cases = [
            ("job", Some("job")),
            ("a%2Eb", Some("a.b")),
            ("%ff", None),
            ("U__job", Some("job")),
            ("U__a_2e_b", Some("a.b")),
            ("U__a__b_2E__5f_", Some("a_b._")),
            ("U___1f600_", Some("\u{1f600}")),
            ("U__", Some("")),
            ("U___", Some("U___")),
            ("U__a_", Some("U__a_")),
            ("U__a_zz_", Some("U__a_zz_")),
            ("U__a_d800_", Some("U__a_d800_")),
            ("U__a_0000061_", Some("U__a_0000061_")),
        ];
        for (segment, want) in cases {
            assert_eq!(label_name(segment).as_deref(), want, "{segment}");
        }
    }
}
