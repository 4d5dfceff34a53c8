//! Prometheus' text format, version 0.0.4, as Prometheus reads it: blanks where they do no harm,
//! no order of families demanded, no `# EOF`.

use model::MetricType;

use super::error::{ParseError, Problem, error_at};
use super::lexer::{Cursor, Dialect, series};
use super::{Entry, Sample, float};

/// Reads a page entry by entry.
///
/// ```
/// use exposition::parse::{Entry, TextParser};
/// let mut parser = TextParser::new(b"# TYPE up gauge\nup{job=\"a\"} 1 5000\n");
/// assert!(matches!(parser.next_entry(), Ok(Some(Entry::Type { name: b"up", .. }))));
/// let Ok(Some(Entry::Series(sample))) = parser.next_entry() else { unreachable!() };
/// assert_eq!((sample.series, sample.value), (&b"up{job=\"a\"}"[..], 1.0));
/// assert_eq!(sample.timestamp, Some(5000));
/// assert_eq!(parser.next_entry(), Ok(None));
/// ```
#[derive(Clone, Debug)]
pub struct TextParser<'a> {
    cursor: Cursor<'a>,
}

impl<'a> TextParser<'a> {
    /// A parser at the start of the page.
    pub const fn new(page: &'a [u8]) -> Self {
        Self {
            cursor: Cursor::new(page),
        }
    }

    /// Where the next entry starts, in bytes from the start of the page.
    pub const fn position(&self) -> usize {
        self.cursor.position()
    }

    /// Reads the next entry; none at the end of the page.
    ///
    /// # Errors
    /// The line is not in order. The page ends there.
    pub fn next_entry(&mut self) -> Result<Option<Entry<'a>>, ParseError> {
        loop {
            self.cursor.take_blanks();
            let start = self.cursor.position();
            let entry = match self.cursor.peek() {
                None => return Ok(None),
                Some(b'\n') => {
                    self.cursor.advance(1);
                    continue;
                }
                Some(b'#') => self.comment(),
                Some(_) => self.sample(),
            };
            return match entry {
                Ok(entry) => Ok(Some(entry)),
                Err(problem) => Err(error_at(&self.cursor, start, problem)),
            };
        }
    }

    /// See [`PageParser::take_expected`](super::PageParser::take_expected).
    ///
    /// # Errors
    /// The bytes are as expected, and what follows is no value. The page ends there.
    #[inline]
    pub fn take_expected(&mut self, expected: &[u8]) -> Result<Option<Sample<'a>>, ParseError> {
        let start = self.cursor.position();
        let rest = self.cursor.rest();
        let Some(after) = rest.strip_prefix(expected) else {
            return Ok(None);
        };
        let Some(value_text) = after.strip_prefix(b" ") else {
            return Ok(None);
        };
        if let Some(value) = self.cursor.take_number(expected.len()) {
            return Ok(Some(Sample {
                series: &[],
                series_end: start + expected.len(),
                value,
                timestamp: None,
                exemplar: None,
            }));
        }
        // Labels after a blank: the expected name was only the start of the series.
        if value_text.trim_ascii_start().starts_with(b"{") {
            return Ok(None);
        }
        self.cursor.advance(expected.len());
        match self.value_and_timestamp() {
            Ok((value, timestamp)) => Ok(Some(Sample {
                series: &[],
                series_end: start + expected.len(),
                value,
                timestamp,
                exemplar: None,
            })),
            Err(problem) => Err(error_at(&self.cursor, start, problem)),
        }
    }

    /// See [`PageParser::take_number`](super::PageParser::take_number).
    #[inline]
    pub fn take_number(&mut self, len: usize) -> Option<f64> {
        self.cursor.take_number(len)
    }

    fn sample(&mut self) -> Result<Entry<'a>, Problem> {
        let series = series(&mut self.cursor, Dialect::Text)?;
        let series_end = self.cursor.position();
        let (value, timestamp) = self.value_and_timestamp()?;
        Ok(Entry::Series(Sample {
            series,
            series_end,
            value,
            timestamp,
            exemplar: None,
        }))
    }

    fn value_and_timestamp(&mut self) -> Result<(f64, Option<i64>), Problem> {
        self.cursor.take_blanks();
        let word = |byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'{');
        let text = self.cursor.take_while(word);
        if text.is_empty() {
            return Err(Problem::ValueExpected);
        }
        let value = float::parse(text).ok_or(Problem::InvalidValue)?;
        self.cursor.take_blanks();
        if self.end_of_line() {
            return Ok((value, None));
        }
        let digits = self.cursor.take_while(|byte| byte.is_ascii_digit());
        if digits.is_empty() {
            return Err(Problem::TimestampExpected);
        }
        let text = std::str::from_utf8(digits).map_err(|_| Problem::InvalidTimestamp)?;
        let timestamp = text.parse().map_err(|_| Problem::InvalidTimestamp)?;
        self.cursor.take_blanks();
        if self.end_of_line() {
            Ok((value, Some(timestamp)))
        } else {
            Err(Problem::EndOfLineExpected)
        }
    }

    /// Moves over the end of the line, which the end of the page is, too.
    fn end_of_line(&mut self) -> bool {
        self.cursor.take(b"\n") || self.cursor.peek().is_none()
    }

    fn comment(&mut self) -> Result<Entry<'a>, Problem> {
        let start = self.cursor.position();
        self.cursor.advance(1);
        if self.cursor.take_blanks() {
            for keyword in ["HELP", "TYPE"] {
                if self.cursor.take(keyword.as_bytes()) {
                    if self.cursor.take_blanks() {
                        return self.metadata(keyword);
                    }
                    break;
                }
            }
        }
        self.cursor.set_position(start);
        Ok(Entry::Comment(self.line()))
    }

    fn metadata(&mut self, keyword: &'static str) -> Result<Entry<'a>, Problem> {
        let name = self.cursor.metadata_name();
        let name = name.ok_or(Problem::MetadataNameExpected(keyword))?;
        // One byte parts the name from the text; more of them belong to the text.
        let text = self.line().get(1..).unwrap_or_default();
        if keyword == "HELP" {
            let text = std::str::from_utf8(text).map_err(|_| Problem::HelpNotUtf8)?;
            return Ok(Entry::Help { name, text });
        }
        let metric_type = match text {
            b"counter" => MetricType::Counter,
            b"gauge" => MetricType::Gauge,
            b"histogram" => MetricType::Histogram,
            b"summary" => MetricType::Summary,
            b"untyped" => MetricType::Unknown,
            _ => return Err(Problem::InvalidType),
        };
        Ok(Entry::Type { name, metric_type })
    }

    fn line(&mut self) -> &'a [u8] {
        match self.cursor.take_line() {
            Some(line) => line,
            None => self.cursor.take_rest(),
        }
    }
}
