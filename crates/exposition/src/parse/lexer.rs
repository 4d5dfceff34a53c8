//! The words of both text formats, and what may stand between braces.

use super::error::Problem;
use super::float;

/// In which of the two grammars a series is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Blanks may stand between words, commas between labels may be left out.
    Text,
    /// No blanks but the one before the value.
    OpenMetrics,
}

/// A place in a page.
#[derive(Clone, Debug)]
pub(super) struct Cursor<'a> {
    page: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) const fn new(page: &'a [u8]) -> Self {
        Self { page, at: 0 }
    }

    pub(super) const fn page(&self) -> &'a [u8] {
        self.page
    }

    #[inline]
    pub(super) const fn position(&self) -> usize {
        self.at
    }

    #[inline]
    pub(super) const fn set_position(&mut self, at: usize) {
        self.at = at;
    }

    #[inline]
    pub(super) fn rest(&self) -> &'a [u8] {
        self.page.get(self.at..).unwrap_or_default()
    }

    #[inline]
    pub(super) fn peek(&self) -> Option<u8> {
        self.page.get(self.at).copied()
    }

    #[inline]
    pub(super) const fn advance(&mut self, by: usize) {
        self.at += by;
    }

    /// Moves over `len` bytes, a blank, a finite number and the end of the line, if that is what
    /// comes next; the `len` bytes are not looked at.
    #[inline]
    pub(super) fn take_number(&mut self, len: usize) -> Option<f64> {
        let start = self.at.checked_add(len)?;
        let text = self.page.get(start..)?.strip_prefix(b" ")?;
        let (value, digits) = float::read_prefix(text)?;
        if text.get(digits) != Some(&b'\n') {
            return None;
        }
        self.at = start + digits + 2;
        Some(value)
    }

    /// The bytes from `start` to here.
    pub(super) fn since(&self, start: usize) -> &'a [u8] {
        self.page.get(start..self.at).unwrap_or_default()
    }

    /// Moves over `bytes` if they come next.
    pub(super) fn take(&mut self, bytes: &[u8]) -> bool {
        let found = self.rest().starts_with(bytes);
        if found {
            self.at += bytes.len();
        }
        found
    }

    /// Moves over blanks and tabs; false if there are none.
    pub(super) fn take_blanks(&mut self) -> bool {
        !self
            .take_while(|byte| matches!(byte, b' ' | b'\t'))
            .is_empty()
    }

    #[inline]
    pub(super) fn take_while(&mut self, wanted: impl Fn(u8) -> bool) -> &'a [u8] {
        let rest = self.rest();
        let len = rest
            .iter()
            .position(|&byte| !wanted(byte))
            .unwrap_or(rest.len());
        self.at += len;
        rest.get(..len).unwrap_or_default()
    }

    /// The rest of the line without its end, which is moved over; None if the page ends before.
    pub(super) fn take_line(&mut self) -> Option<&'a [u8]> {
        let rest = self.rest();
        let len = memchr::memchr(b'\n', rest)?;
        self.at += len + 1;
        rest.get(..len)
    }

    /// The rest of the page.
    pub(super) fn take_rest(&mut self) -> &'a [u8] {
        let rest = self.rest();
        self.at = self.page.len();
        rest
    }

    /// An unquoted metric name; None if there is none.
    pub(super) fn metric_name(&mut self) -> Option<&'a [u8]> {
        let first = self.peek()?;
        let starts = first.is_ascii_alphabetic() || first == b'_' || first == b':';
        starts.then(|| {
            self.take_while(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b':')
        })
    }

    /// A metric name as metadata has it, quoted or not, without the quotes.
    pub(super) fn metadata_name(&mut self) -> Option<&'a [u8]> {
        match self.peek()? {
            b'"' => self.quoted(Dialect::OpenMetrics),
            _ => self.metric_name(),
        }
    }

    fn label_name(&mut self) -> Option<&'a [u8]> {
        let first = self.peek()?;
        (first.is_ascii_alphabetic() || first == b'_')
            .then(|| self.take_while(|byte| byte.is_ascii_alphanumeric() || byte == b'_'))
    }

    /// What stands between quotes, escapes as written; None if the quotes are not there or not
    /// closed. Only the text format allows line ends inside.
    fn quoted(&mut self, dialect: Dialect) -> Option<&'a [u8]> {
        let inside = self.rest().strip_prefix(b"\"")?;
        let mut at = 0;
        loop {
            let rest = inside.get(at..)?;
            let found = memchr::memchr2(b'"', b'\\', rest)?;
            at += found;
            if rest.get(found) == Some(&b'"') {
                break;
            }
            at += 2;
        }
        let content = inside.get(..at)?;
        if dialect == Dialect::OpenMetrics && memchr::memchr(b'\n', content).is_some() {
            return None;
        }
        self.at += at + 2;
        Some(content)
    }
}

/// One thing between the braces of a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part<'a> {
    /// The metric's name, which stood in quotes.
    Name(&'a [u8]),
    /// A label; both texts without quotes, escapes as written.
    Label {
        /// The label's name.
        name: &'a [u8],
        /// The label's value.
        value: &'a [u8],
    },
}

/// Reads one part after another from behind the opening brace until it has passed the closing one.
pub(super) struct Braces {
    dialect: Dialect,
    after_part: bool,
}

impl Braces {
    pub(super) const fn new(dialect: Dialect) -> Self {
        Self {
            dialect,
            after_part: false,
        }
    }

    /// The next part; None after the closing brace.
    pub(super) fn next<'a>(
        &mut self,
        cursor: &mut Cursor<'a>,
    ) -> Result<Option<Part<'a>>, Problem> {
        self.take_blanks(cursor);
        if self.after_part {
            let comma = cursor.take(b",");
            self.take_blanks(cursor);
            if !comma && self.dialect == Dialect::OpenMetrics && cursor.peek() != Some(b'}') {
                return Err(Problem::CommaExpected);
            }
        }
        if cursor.take(b"}") {
            return Ok(None);
        }
        self.after_part = true;
        let is_quoted = cursor.peek() == Some(b'"');
        let name = if is_quoted {
            cursor.quoted(self.dialect)
        } else {
            cursor.label_name()
        };
        let name = name.ok_or(Problem::LabelNameExpected)?;
        if name.is_empty() {
            return Err(Problem::NameEmpty);
        }
        self.take_blanks(cursor);
        if is_quoted && matches!(cursor.peek(), Some(b',' | b'}')) {
            return Ok(Some(Part::Name(name)));
        }
        if !cursor.take(b"=") {
            return Err(Problem::EqualExpected);
        }
        self.take_blanks(cursor);
        let value = cursor.quoted(self.dialect);
        let value = value.ok_or(Problem::LabelValueExpected)?;
        Ok(Some(Part::Label { name, value }))
    }

    fn take_blanks(&self, cursor: &mut Cursor<'_>) {
        if self.dialect == Dialect::Text {
            cursor.take_blanks();
        }
    }
}

/// What stood between braces, if it is text. Pieces are not looked at one by one: they are cut at
/// quotes, and so are text if the whole is.
pub(super) fn checked_text(bytes: &[u8]) -> Result<&[u8], Problem> {
    match std::str::from_utf8(bytes) {
        Ok(_) => Ok(bytes),
        Err(_) => Err(Problem::LabelNotUtf8),
    }
}

/// Moves over a whole series, and gives its text back.
pub(super) fn series<'a>(cursor: &mut Cursor<'a>, dialect: Dialect) -> Result<&'a [u8], Problem> {
    let start = cursor.position();
    let mut has_name = cursor.metric_name().is_some();
    if !has_name && cursor.peek() != Some(b'{') {
        return Err(Problem::StartExpected);
    }
    let after_name = cursor.position();
    if dialect == Dialect::Text {
        cursor.take_blanks();
    }
    if !cursor.take(b"{") {
        cursor.set_position(after_name);
        return Ok(cursor.since(start));
    }
    let mut braces = Braces::new(dialect);
    while let Some(part) = braces.next(cursor)? {
        if matches!(part, Part::Name(_)) {
            if has_name {
                return Err(Problem::NameTwice);
            }
            has_name = true;
        }
    }
    if has_name {
        checked_text(cursor.since(start))
    } else {
        Err(Problem::NameMissing)
    }
}
