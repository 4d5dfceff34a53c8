//! Links to the page that shows an expression.

use std::fmt::Write as _;

/// Where the value of an expression can be looked at.
pub(crate) fn generator_url(external_url: &str, expr: &str) -> String {
    let mut out = format!("{external_url}/graph?g0.expr=");
    for byte in expr.bytes() {
        match byte {
            b' ' => out.push('+'),
            b'-' | b'_' | b'.' | b'~' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => {
                out.push(char::from(byte));
            }
            _ => write!(out, "%{byte:02X}").expect("writing to a string cannot fail"),
        }
    }
    out.push_str("&g0.tab=1");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_escaped_as_in_a_form() {
        let url = generator_url("http://a:9090", "up{a=~\"b\"} == 0~é");
        let want = "http://a:9090/graph?g0.expr=up%7Ba%3D~%22b%22%7D+%3D%3D+0~%C3%A9&g0.tab=1";
        assert_eq!(url, want);
    }
}
