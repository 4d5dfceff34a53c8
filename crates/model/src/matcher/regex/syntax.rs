//! From Go's regular expressions, which Prometheus' users write, to those of the `regex` crate.
//!
//! The two differ in small ways that would change results silently: Go's `\d`, `\w`, `\s` and `\b`
//! are ASCII, it has no set operations in classes, takes `{` for itself where no count follows, knows
//! `\Q…\E` and octal, and refuses counts above 1000 and doubled repetition. Faults are told in Go's
//! words.

/// The same expression for the `regex` crate.
///
/// # Errors
/// Why Go would refuse the expression.
pub(super) fn translate(pattern: &str) -> Result<String, String> {
    let mut translation = Translation {
        pattern,
        rest: pattern,
        out: String::with_capacity(pattern.len() + 16),
        open_groups: 0,
        last: Last::Nothing,
    };
    while !translation.rest.is_empty() {
        translation.token()?;
    }
    if translation.open_groups > 0 {
        return Err(fault("missing closing )", pattern));
    }
    Ok(translation.out)
}

struct Translation<'p> {
    pattern: &'p str,
    rest: &'p str,
    out: String,
    open_groups: usize,
    last: Last<'p>,
}

/// What a repetition operator would stand behind.
#[derive(Clone, Copy)]
enum Last<'p> {
    /// The start of the expression, a group or an alternative.
    Nothing,
    /// Something that can be repeated.
    Atom,
    /// A repetition; the text from its operator on.
    Repetition(&'p str),
}

impl<'p> Translation<'p> {
    fn token(&mut self) -> Result<(), String> {
        let start = self.rest;
        let Some(c) = self.next() else { return Ok(()) };
        match c {
            '(' => return self.open_group(start),
            ')' => {
                let open = self.open_groups.checked_sub(1);
                self.open_groups = open.ok_or_else(|| fault("unexpected )", self.pattern))?;
                self.out.push(')');
            }
            '|' => {
                self.out.push('|');
                self.last = Last::Nothing;
                return Ok(());
            }
            '*' | '+' | '?' => return self.repeat(start),
            '{' => match take_count(self.rest) {
                Some((rest, min, max)) => {
                    self.rest = rest;
                    if min > MAX_COUNT || max.is_some_and(|max| max > MAX_COUNT || max < min) {
                        return Err(fault("invalid repeat count", text_between(start, rest)));
                    }
                    return self.repeat(start);
                }
                None => self.out.push_str("\\{"),
            },
            '[' => self.class(start)?,
            '\\' => self.escape(start)?,
            '^' | '$' | '.' => self.out.push(c),
            c => self.literal(c),
        }
        self.last = Last::Atom;
        Ok(())
    }

    fn next(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let c = chars.next()?;
        self.rest = chars.as_str();
        Some(c)
    }

    fn eat(&mut self, text: &str) -> bool {
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn literal(&mut self, c: char) {
        self.out
            .push_str(&regex::escape(c.encode_utf8(&mut [0; 4])));
    }

    /// Ends a repetition whose operator began at `start`; a `?` behind it makes it lazy.
    fn repeat(&mut self, start: &'p str) -> Result<(), String> {
        self.eat("?");
        let operator = text_between(start, self.rest);
        match self.last {
            Last::Nothing => Err(fault("missing argument to repetition operator", operator)),
            Last::Repetition(earlier) => Err(fault(
                "invalid nested repetition operator",
                text_between(earlier, self.rest),
            )),
            Last::Atom => {
                self.out.push_str(operator);
                self.last = Last::Repetition(start);
                Ok(())
            }
        }
    }

    fn open_group(&mut self, start: &'p str) -> Result<(), String> {
        if !self.eat("?") {
            self.out.push('(');
            self.open_groups += 1;
            self.last = Last::Nothing;
            return Ok(());
        }
        if self.eat("P<") || self.eat("<") {
            return self.name_group(start);
        }
        let flags_end = self.rest.find([':', ')']).unwrap_or(self.rest.len());
        let (flags, after) = self.rest.split_at(flags_end);
        let (on, off) = flags.split_once('-').unwrap_or((flags, "i"));
        let are_flags = |text: &str| text.chars().all(|c| "imsU".contains(c));
        let is_group = after.starts_with(':');
        let is_valid = are_flags(on) && are_flags(off) && !off.is_empty();
        if after.is_empty() || !is_valid || (flags.is_empty() && !is_group) {
            let shown = text_between(start, after);
            return Err(fault("invalid or unsupported Perl syntax", shown));
        }
        self.rest = after;
        self.next();
        self.out.push_str(text_between(start, self.rest));
        if is_group {
            self.open_groups += 1;
            self.last = Last::Nothing;
        }
        Ok(())
    }

    fn name_group(&mut self, start: &'p str) -> Result<(), String> {
        let name = self.rest.split_once('>').map(|(name, rest)| {
            self.rest = rest;
            name
        });
        let is_word = |name: &&str| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        match name.filter(|name| !name.is_empty()).filter(is_word) {
            Some(name) => {
                self.out.push_str(&format!("(?P<{name}>"));
                self.open_groups += 1;
                self.last = Last::Nothing;
                Ok(())
            }
            None => Err(fault(
                "invalid named capture",
                text_between(start, self.rest),
            )),
        }
    }

    fn escape(&mut self, start: &'p str) -> Result<(), String> {
        if let Some(class) = self.class_escape() {
            self.out.push_str(&format!("[{class}]"));
            return Ok(());
        }
        if self.unicode_class() {
            return Ok(());
        }
        let boundaries = [
            ("b", r"(?-u:\b)"),
            ("B", r"(?-u:\B)"),
            ("A", r"\A"),
            ("z", r"\z"),
        ];
        for (name, emitted) in boundaries {
            if self.eat(name) {
                self.out.push_str(emitted);
                return Ok(());
            }
        }
        if self.eat("Q") {
            let (quoted, rest) = self.rest.split_once("\\E").unwrap_or((self.rest, ""));
            self.rest = rest;
            self.out.push_str(&format!("(?:{})", regex::escape(quoted)));
            return Ok(());
        }
        let c = self.escaped_char(start)?;
        self.literal(c);
        Ok(())
    }

    /// `d`, `w`, `s` and their opposites behind a backslash, as the inside of a class.
    fn class_escape(&mut self) -> Option<&'static str> {
        let classes = [
            ("d", "0-9"),
            ("D", "^0-9"),
            ("w", "0-9A-Za-z_"),
            ("W", "^0-9A-Za-z_"),
            ("s", r"\t\n\x0c\r "),
            ("S", r"^\t\n\x0c\r "),
        ];
        classes
            .into_iter()
            .find(|(name, _)| self.eat(name))
            .map(|(_, class)| class)
    }

    /// `pN` and `p{Greek}` behind a backslash, which both languages write alike.
    fn unicode_class(&mut self) -> bool {
        let Some(name) = self.rest.strip_prefix(['p', 'P']) else {
            return false;
        };
        let length = match name.strip_prefix('{') {
            Some(braced) => braced.find('}').map(|end| end + 2),
            None => name.chars().next().map(char::len_utf8),
        };
        let Some((class, rest)) = length.and_then(|length| self.rest.split_at_checked(length + 1))
        else {
            return false;
        };
        self.out.push('\\');
        self.out.push_str(class);
        self.rest = rest;
        true
    }

    /// The character that an escape stands for; the backslash is behind us.
    fn escaped_char(&mut self, start: &'p str) -> Result<char, String> {
        let Some(c) = self.next() else {
            return Err(fault("trailing backslash at end of expression", ""));
        };
        let simple = [
            ('a', '\u{7}'),
            ('f', '\u{c}'),
            ('n', '\n'),
            ('r', '\r'),
            ('t', '\t'),
            ('v', '\u{b}'),
        ];
        if let Some((_, meant)) = simple.into_iter().find(|(name, _)| *name == c) {
            return Ok(meant);
        }
        let found = match c {
            'x' => self.hexadecimal(),
            '0' => Some(self.octal(0)),
            // One digit alone would be a reference back, which there is not.
            '1'..='7' if self.rest.starts_with(|c: char| ('0'..='7').contains(&c)) => {
                Some(self.octal(c.to_digit(8).unwrap_or_default()))
            }
            c if c.is_ascii() && !c.is_ascii_alphanumeric() => Some(c),
            _ => None,
        };
        found.ok_or_else(|| fault("invalid escape sequence", text_between(start, self.rest)))
    }

    fn octal(&mut self, first: u32) -> char {
        let mut code = first;
        for _ in 0..2 {
            let Some(digit) = self.rest.chars().next().and_then(|c| c.to_digit(8)) else {
                break;
            };
            self.next();
            code = code * 8 + digit;
        }
        char::from_u32(code).unwrap_or_default()
    }

    fn hexadecimal(&mut self) -> Option<char> {
        let (digits, rest) = match self.rest.strip_prefix('{') {
            Some(braced) => braced.split_once('}')?,
            None => self.rest.split_at_checked(2)?,
        };
        self.rest = rest;
        let is_hex = digits.bytes().all(|b| b.is_ascii_hexdigit());
        is_hex
            .then(|| u32::from_str_radix(digits, 16).ok())
            .flatten()
            .and_then(char::from_u32)
    }

    /// A class, whose bracket is behind us. Characters are written by number, so that none of them
    /// means a set operation.
    fn class(&mut self, start: &'p str) -> Result<(), String> {
        self.out.push('[');
        if self.eat("^") {
            self.out.push('^');
        }
        let mut is_first = true;
        while is_first || !self.rest.starts_with(']') {
            if self.rest.is_empty() {
                return Err(fault("missing closing ]", start));
            }
            is_first = false;
            self.class_item(start)?;
        }
        self.next();
        self.out.push(']');
        Ok(())
    }

    fn class_item(&mut self, class: &'p str) -> Result<(), String> {
        let start = self.rest;
        if self.rest.starts_with("[:")
            && let Some(end) = self.rest.find(":]")
        {
            let (named, rest) = self.rest.split_at(end + 2);
            self.out.push_str(named);
            self.rest = rest;
            return Ok(());
        }
        if self.eat("\\") {
            if let Some(escape) = self.class_escape() {
                self.out.push_str(&format!("[{escape}]"));
                return Ok(());
            }
            if self.unicode_class() {
                return Ok(());
            }
            self.rest = start;
        }
        let low = self.class_char(class)?;
        let is_range =
            self.rest.starts_with('-') && !self.rest.starts_with("-]") && self.rest != "-";
        let high = if is_range {
            self.next();
            self.class_char(class)?
        } else {
            low
        };
        if high < low {
            return Err(fault(
                "invalid character class range",
                text_between(start, self.rest),
            ));
        }
        self.out
            .push_str(&format!("\\x{{{:x}}}-\\x{{{:x}}}", low as u32, high as u32));
        Ok(())
    }

    fn class_char(&mut self, class: &'p str) -> Result<char, String> {
        let start = self.rest;
        match self.next() {
            Some('\\') => self.escaped_char(start),
            Some(c) => Ok(c),
            None => Err(fault("missing closing ]", class)),
        }
    }
}

/// Reads `3}`, `3,}` or `3,5}` behind a brace: what follows, the least and the most. Anything else is
/// no count, and the brace means itself.
fn take_count(rest: &str) -> Option<(&str, u32, Option<u32>)> {
    let (count, rest) = rest.split_once('}')?;
    let (min, max) = match count.split_once(',') {
        None => (count, Some(count)),
        Some((min, "")) => (min, None),
        Some((min, max)) => (min, Some(max)),
    };
    let number = |text: &str| {
        let is_number = text.bytes().all(|b| b.is_ascii_digit())
            && (text == "0" || !text.is_empty() && !text.starts_with('0'));
        is_number.then(|| text.parse().unwrap_or(u32::MAX))
    };
    let max = match max {
        None => None,
        Some(max) => Some(number(max)?),
    };
    Some((rest, number(min)?, max))
}

/// The text from `start` up to `rest`, which is the end of it.
fn text_between<'p>(start: &'p str, rest: &str) -> &'p str {
    start.strip_suffix(rest).unwrap_or(start)
}

fn fault(what: &str, shown: &str) -> String {
    format!("{what}: `{shown}`")
}

/// Go's bound on counts, which keeps compiled expressions small.
const MAX_COUNT: u32 = 1000;

#[cfg(test)]
mod tests {
    use super::super::LabelRegex;
    use super::*;

    #[test]
    fn classes_and_boundaries_are_ascii() {
        let cases = [
            (r"\d+", "12", true),
            (r"\d", "٣", false),
            (r"\w", "é", false),
            (r"\W", "é", true),
            (r"\s", "\u{a0}", false),
            (r"\s", "\u{b}", false),
            (r"[\d]", "٣", false),
            (r"[^\d]", "٣", true),
            (r"[\Da]", "é", true),
            (r".*\bé\b.*", "é", false),
            (r".*\bx\b.*", "é x", true),
            (r".*\Bé.*", "é", true),
            (r"\pL", "é", true),
            (r"[\p{Greek}x]+", "αx", true),
            (r"[[:alpha:]]", "a", true),
            (r"[[:alpha:]]", "é", false),
        ];
        check(&cases);
    }

    #[test]
    fn classes_have_no_set_operations() {
        let cases = [
            ("[a&&b]+", "a&b", true),
            ("[a~~b]+", "a~b", true),
            ("[[a]", "[", true),
            ("[a[b]+", "a[b", true),
            ("[[a]]", "a]", true),
            ("[[a]]", "a", false),
            (r"[\w-a]+", "x-a", true),
            ("[]a]+", "]a", true),
            ("[^]a]", "b", true),
            ("[a-]+", "-a", true),
            (r"[\]\\\-]+", r"]\-", true),
            ("[a-c]", "b", true),
            ("(?i)[a-c]", "B", true),
        ];
        check(&cases);
    }

    #[test]
    fn braces_quotes_and_octal_mean_what_go_means() {
        let cases = [
            ("{foo}", "{foo}", true),
            ("a{", "a{", true),
            ("a{,5}", "a{,5}", true),
            ("a{2}", "aa", true),
            ("a{1,}?", "aaa", true),
            ("a{01}", "a{01}", true),
            (r"\Qa.b\E", "a.b", true),
            (r"\Qa.b\E", "axb", false),
            (r"\Qa|b", "a|b", true),
            (r"\101", "A", true),
            (r"\x41\x{e9}", "Aé", true),
            (r"\<a\>", "<a>", true),
            (r"\.\_\/", "._/", true),
            (r"(?P<x>a)(?<y>b)(?s-i:.)", "ab\n", true),
            ("a||b", "", true),
            ("é*", "éé", true),
            ("#  x", "#  x", true),
        ];
        check(&cases);
    }

    fn check(cases: &[(&str, &str, bool)]) {
        for (pattern, value, want) in cases {
            let regex = LabelRegex::new(pattern).unwrap_or_else(|e| panic!("{pattern}: {e}"));
            assert_eq!(regex.is_match(value), *want, "{pattern} on {value:?}");
        }
    }

    #[test]
    fn what_go_refuses_is_refused_in_its_words() {
        let cases = [
            ("x{1001}", "invalid repeat count: `{1001}`"),
            ("x{3,2}", "invalid repeat count: `{3,2}`"),
            ("a**", "invalid nested repetition operator: `**`"),
            ("a++", "invalid nested repetition operator: `++`"),
            ("a*?*", "invalid nested repetition operator: `*?*`"),
            ("*a", "missing argument to repetition operator: `*`"),
            ("(+)", "missing argument to repetition operator: `+`"),
            ("a|*", "missing argument to repetition operator: `*`"),
            ("(?x)a", "invalid or unsupported Perl syntax: `(?x`"),
            ("(?R)", "invalid or unsupported Perl syntax: `(?R`"),
            ("(?u)", "invalid or unsupported Perl syntax: `(?u`"),
            ("(?P<n!>a)", "invalid named capture: `(?P<n!>`"),
            (r"\u0041", r"invalid escape sequence: `\u`"),
            (r"\8", r"invalid escape sequence: `\8`"),
            (r"\é", r"invalid escape sequence: `\é`"),
            (r"[\d-\w]", ""),
            (r"a\", "trailing backslash at end of expression: ``"),
            ("[a--b]", "invalid character class range: `a--`"),
            ("[b-a]", "invalid character class range: `b-a`"),
            ("[abc", "missing closing ]: `[abc`"),
            ("abc(def", "missing closing ): `abc(def`"),
            ("a)(b", "unexpected ): `a)(b`"),
        ];
        for (pattern, want) in cases {
            match translate(pattern) {
                Ok(_) => assert_eq!(want, "", "{pattern} is accepted"),
                Err(told) => assert_eq!(told, want, "{pattern}"),
            }
        }
    }
}
