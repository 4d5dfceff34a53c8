//! Reads pages: bytes in, borrowed entries out, no allocation for a line that is in order.
//!
//! [`TextParser`] reads Prometheus' text format, [`OpenMetricsParser`] the stricter OpenMetrics 1.0;
//! [`PageParser`] is either. Both read entry by entry with `next_entry`; a reader that remembers how
//! the last page looked offers what it expects with `take_expected` and pays for a comparison and
//! the value only. [`parse_series_labels`] turns the text of a series into labels, which is needed
//! once for each series that was not there before. [`DetailedParser`] reads every format, protobuf
//! too, with all that samples may have beside their values, and [`families`] a whole page.

mod classic;
mod created;
mod detailed;
mod error;
mod float;
mod labels;
mod lexer;
mod openmetrics;
mod protobuf;
mod series_text;
mod text;
mod wire;

use model::MetricType;

pub use detailed::{Detail, DetailExemplar, DetailOptions, DetailValue, DetailedParser, families};
pub use error::{ParseError, Problem};
pub use labels::{SeriesError, parse_series_labels, unescape};
pub use openmetrics::OpenMetricsParser;
pub use text::TextParser;

/// One line of a page, or one sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Entry<'a> {
    /// `# TYPE`: of which kind the named family is.
    Type {
        /// Name as written, without quotes; may hold escapes.
        name: &'a [u8],
        /// The kind.
        metric_type: MetricType,
    },
    /// `# HELP`: what the named family tells.
    Help {
        /// Name as written, without quotes; may hold escapes.
        name: &'a [u8],
        /// Text as written; may hold escapes, see [`unescape`]. Valid UTF-8.
        text: &'a str,
    },
    /// `# UNIT`: in what the named family is measured. OpenMetrics only.
    Unit {
        /// Name as written, without quotes; may hold escapes.
        name: &'a [u8],
        /// The unit; a suffix of the name, or empty.
        unit: &'a [u8],
    },
    /// Any other line that starts with `#`, from there to its end.
    Comment(&'a [u8]),
    /// A sample.
    Series(Sample<'a>),
}

/// A sample of a page.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample<'a> {
    /// Name and labels as written; empty from `take_expected`, whose caller has them.
    pub series: &'a [u8],
    /// Where the text of the series ends, in bytes from the start of the page.
    pub series_end: usize,
    /// The value; every undefined number has the one set of bits that is stored.
    pub value: f64,
    /// Explicit timestamp in milliseconds since the Unix epoch.
    pub timestamp: Option<i64>,
    /// Exemplar beside the value. OpenMetrics only.
    pub exemplar: Option<Exemplar<'a>>,
}

/// An example of what was counted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Exemplar<'a> {
    /// Labels as written, with braces.
    pub labels: &'a [u8],
    /// The value.
    pub value: f64,
    /// Timestamp in milliseconds since the Unix epoch.
    pub timestamp: Option<i64>,
}

/// A parser of either format.
#[derive(Clone, Debug)]
pub enum PageParser<'a> {
    /// Prometheus' text format.
    Text(TextParser<'a>),
    /// OpenMetrics.
    OpenMetrics(OpenMetricsParser<'a>),
}

impl<'a> PageParser<'a> {
    /// Reads the next entry; none at the end of the page.
    ///
    /// # Errors
    /// The line is not in order. The page ends there.
    pub fn next_entry(&mut self) -> Result<Option<Entry<'a>>, ParseError> {
        match self {
            Self::Text(parser) => parser.next_entry(),
            Self::OpenMetrics(parser) => parser.next_entry(),
        }
    }

    /// If the page goes on with exactly these bytes and then a value: reads the value and moves on.
    /// Otherwise nothing is read. `expected` must be what an earlier page held between the end of
    /// one sample's line and the end of the next sample's series text: comments and series.
    ///
    /// # Errors
    /// The bytes are as expected, and what follows is no value. The page ends there.
    #[inline]
    pub fn take_expected(&mut self, expected: &[u8]) -> Result<Option<Sample<'a>>, ParseError> {
        match self {
            Self::Text(parser) => parser.take_expected(expected),
            Self::OpenMetrics(parser) => parser.take_expected(expected),
        }
    }

    /// If the next `len` bytes are followed by nothing but a blank, a finite number and the end of
    /// the line: reads the number and moves on. Otherwise nothing is read. Those bytes must be what
    /// [`take_expected`](Self::take_expected) takes; they are not looked at.
    #[inline]
    pub fn take_number(&mut self, len: usize) -> Option<f64> {
        match self {
            Self::Text(parser) => parser.take_number(len),
            Self::OpenMetrics(parser) => parser.take_number(len),
        }
    }

    /// Where the next entry starts, in bytes from the start of the page.
    #[inline]
    pub fn position(&self) -> usize {
        match self {
            Self::Text(parser) => parser.position(),
            Self::OpenMetrics(parser) => parser.position(),
        }
    }
}
