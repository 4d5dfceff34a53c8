//! OpenMetrics 1.0 text, as Prometheus reads it: strict about blanks, line ends and `# EOF`, and
//! lenient about what families and values mean.

use model::MetricType;

use super::error::{ParseError, Problem, error_at};
use super::lexer::{Braces, Cursor, Dialect, Part, checked_text, series};
use super::{Entry, Exemplar, Sample, float};

/// Reads a page entry by entry.
///
/// ```
/// use exposition::parse::{Entry, OpenMetricsParser};
/// let mut parser = OpenMetricsParser::new(b"a_total 1 1.5 # {id=\"x\"} 0.5\n# EOF\n");
/// let Ok(Some(Entry::Series(sample))) = parser.next_entry() else { unreachable!() };
/// assert_eq!(sample.timestamp, Some(1500));
/// assert_eq!(sample.exemplar.map(|e| e.labels), Some(&b"{id=\"x\"}"[..]));
/// assert_eq!(parser.next_entry(), Ok(None));
/// ```
#[derive(Clone, Debug)]
pub struct OpenMetricsParser<'a> {
    cursor: Cursor<'a>,
    ended: bool,
    /// True if the name of a family need not say its unit.
    is_lenient: bool,
}

impl<'a> OpenMetricsParser<'a> {
    /// A parser at the start of the page.
    pub const fn new(page: &'a [u8]) -> Self {
        Self {
            cursor: Cursor::new(page),
            ended: false,
            is_lenient: false,
        }
    }

    /// A parser of comments about families whose names need not say their units:
    /// [`DetailedParser`](super::DetailedParser) makes such of protobuf.
    pub const fn of_comments(comments: &'a [u8]) -> Self {
        Self {
            is_lenient: true,
            ..Self::new(comments)
        }
    }

    /// Where the next entry starts, in bytes from the start of the page.
    pub const fn position(&self) -> usize {
        self.cursor.position()
    }

    /// Reads the next entry; none at the end of the page.
    ///
    /// # Errors
    /// The line is not in order, or the page does not end with `# EOF`. The page ends there.
    pub fn next_entry(&mut self) -> Result<Option<Entry<'a>>, ParseError> {
        if self.ended {
            return Ok(None);
        }
        let start = self.cursor.position();
        self.entry()
            .map_err(|problem| error_at(&self.cursor, start, problem))
    }

    /// See [`PageParser::take_expected`](super::PageParser::take_expected).
    ///
    /// # Errors
    /// The bytes are as expected, and what follows is no value. The page ends there.
    #[inline]
    pub fn take_expected(&mut self, expected: &[u8]) -> Result<Option<Sample<'a>>, ParseError> {
        let start = self.cursor.position();
        let after = self.cursor.rest().strip_prefix(expected);
        let Some(value_text) = after.and_then(|after| after.strip_prefix(b" ")) else {
            return Ok(None);
        };
        let Some((value, len)) = float::read_prefix(value_text) else {
            self.cursor.advance(expected.len());
            return self
                .after_series(&[])
                .map(Some)
                .map_err(|problem| error_at(&self.cursor, start, problem));
        };
        let mut sample = Sample {
            series: &[],
            series_end: start + expected.len(),
            value,
            timestamp: None,
            exemplar: None,
        };
        self.cursor.advance(expected.len() + 1 + len);
        if value_text.get(len) == Some(&b'\n') {
            self.cursor.advance(1);
            return Ok(Some(sample));
        }
        self.after_value(&mut sample)
            .map_err(|problem| error_at(&self.cursor, start, problem))?;
        Ok(Some(sample))
    }

    /// See [`PageParser::take_number`](super::PageParser::take_number).
    #[inline]
    pub fn take_number(&mut self, len: usize) -> Option<f64> {
        self.cursor.take_number(len)
    }

    fn entry(&mut self) -> Result<Option<Entry<'a>>, Problem> {
        if self.cursor.peek().is_none() {
            return Err(Problem::EofMissing);
        }
        if self.cursor.take(b"# EOF") {
            self.cursor.take(b"\n");
            if self.cursor.peek().is_some() {
                return Err(Problem::DataAfterEof);
            }
            self.ended = true;
            return Ok(None);
        }
        for (line_start, keyword) in KEYWORDS {
            if self.cursor.take(line_start) {
                return self.metadata(keyword).map(Some);
            }
        }
        let series = series(&mut self.cursor, Dialect::OpenMetrics)?;
        self.after_series(series)
            .map(|sample| Some(Entry::Series(sample)))
    }

    fn metadata(&mut self, keyword: &'static str) -> Result<Entry<'a>, Problem> {
        let name = self.cursor.metadata_name();
        let name = name.ok_or(Problem::MetadataNameExpected(keyword))?;
        if !self.cursor.take(b" ") {
            return Err(Problem::MetadataTextExpected(keyword));
        }
        let text = self.cursor.take_line().ok_or(Problem::EofMissing)?;
        match keyword {
            "HELP" => match std::str::from_utf8(text) {
                Ok(text) => Ok(Entry::Help { name, text }),
                Err(_) => Err(Problem::HelpNotUtf8),
            },
            "UNIT" => {
                let before = name.strip_suffix(text).unwrap_or_default();
                let is_suffix = text.is_empty() || before.ends_with(b"_");
                if !is_suffix && !self.is_lenient {
                    return Err(Problem::UnitNotSuffix);
                }
                Ok(Entry::Unit { name, unit: text })
            }
            _ => match MetricType::parse(text) {
                Some(metric_type) if text != b"untyped" => Ok(Entry::Type { name, metric_type }),
                _ => Err(Problem::InvalidType),
            },
        }
    }

    /// The value, and the timestamp and exemplar that may follow.
    fn after_series(&mut self, series: &'a [u8]) -> Result<Sample<'a>, Problem> {
        let series_end = self.cursor.position();
        let value = self.number(Problem::ValueExpected, Problem::InvalidValue)?;
        let mut sample = Sample {
            series,
            series_end,
            value,
            timestamp: None,
            exemplar: None,
        };
        self.after_value(&mut sample)?;
        Ok(sample)
    }

    /// The timestamp and the exemplar, as far as they are there, and the end of the line.
    fn after_value(&mut self, sample: &mut Sample<'a>) -> Result<(), Problem> {
        if self.cursor.peek() == Some(b' ') && !self.cursor.rest().starts_with(EXEMPLAR_START) {
            let seconds = self.number(Problem::TimestampExpected, Problem::InvalidTimestamp)?;
            sample.timestamp = Some(millis(seconds).ok_or(Problem::InvalidTimestamp)?);
        }
        if self.cursor.rest().starts_with(EXEMPLAR_START) {
            sample.exemplar = Some(self.exemplar()?);
        }
        self.end_of_line(Problem::EndOfLineExpected)
    }

    fn exemplar(&mut self) -> Result<Exemplar<'a>, Problem> {
        self.cursor.advance(EXEMPLAR_START.len());
        let start = self.cursor.position() - 1;
        let mut braces = Braces::new(Dialect::OpenMetrics);
        while let Some(part) = braces.next(&mut self.cursor)? {
            if matches!(part, Part::Name(_)) {
                return Err(Problem::LabelNameExpected);
            }
        }
        let labels = checked_text(self.cursor.since(start))?;
        let value = self.number(Problem::InvalidExemplar, Problem::InvalidExemplar)?;
        let mut timestamp = None;
        if self.cursor.peek() == Some(b' ') {
            let seconds = self.number(Problem::InvalidExemplar, Problem::InvalidTimestamp)?;
            timestamp = Some(millis(seconds).ok_or(Problem::InvalidTimestamp)?);
        }
        Ok(Exemplar {
            labels,
            value,
            timestamp,
        })
    }

    /// A blank and a number.
    fn number(&mut self, missing: Problem, invalid: Problem) -> Result<f64, Problem> {
        if !self.cursor.take(b" ") {
            return Err(missing);
        }
        if let Some((value, len)) = float::read_prefix(self.cursor.rest()) {
            self.cursor.advance(len);
            return Ok(value);
        }
        let text = self.cursor.take_while(|byte| !matches!(byte, b' ' | b'\n'));
        if text.is_empty() {
            return Err(missing);
        }
        float::parse(text).ok_or(invalid)
    }

    fn end_of_line(&mut self, otherwise: Problem) -> Result<(), Problem> {
        if self.cursor.take(b"\n") {
            Ok(())
        } else if self.cursor.peek().is_none() {
            Err(Problem::EofMissing)
        } else {
            Err(otherwise)
        }
    }
}

/// Seconds as milliseconds; what is left of a millisecond is cut off, as upstream does.
fn millis(seconds: f64) -> Option<i64> {
    seconds.is_finite().then_some((seconds * 1000.0) as i64)
}

const KEYWORDS: [(&[u8], &str); 3] = [
    (b"# HELP ", "HELP"),
    (b"# TYPE ", "TYPE"),
    (b"# UNIT ", "UNIT"),
];
const EXEMPLAR_START: &[u8] = b" # {";
