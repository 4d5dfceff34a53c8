//! What is wrong with a page, and where.

use std::fmt;

use super::lexer::Cursor;

/// A page is not in order. The one who exposes it has to change it; a later scrape may be better.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// Number of the line, from 1; 0 if the page has no lines.
    pub line: usize,
    /// What is wrong.
    pub problem: Problem,
    /// The text that was being read, up to where it went wrong; of a page without lines what the
    /// message ends with.
    pub excerpt: String,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            line,
            problem,
            excerpt,
        } = self;
        match line {
            0 => write!(f, "{problem}{excerpt}"),
            _ => write!(f, "line {line}: {problem} while parsing: {excerpt:?}"),
        }
    }
}

impl std::error::Error for ParseError {}

/// What may be wrong with a line.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum Problem {
    /// The line starts neither a comment nor a series.
    #[error("expected a valid start token")]
    StartExpected,
    /// `# HELP`, `# TYPE` or `# UNIT` is not followed by a name.
    #[error("expected metric name after {0}")]
    MetadataNameExpected(&'static str),
    /// The line of metadata ends after the name.
    #[error("expected text in {0}")]
    MetadataTextExpected(&'static str),
    /// `# TYPE` names a kind that the format does not have.
    #[error("invalid metric type")]
    InvalidType,
    /// The unit is not the end of the name.
    #[error("unit is not a suffix of the metric name")]
    UnitNotSuffix,
    /// The help text cannot be read.
    #[error("help text is not a valid utf8 string")]
    HelpNotUtf8,
    /// Between braces a label name was expected.
    #[error("expected label name")]
    LabelNameExpected,
    /// A label name is not followed by `=`.
    #[error("expected equal")]
    EqualExpected,
    /// `=` is not followed by a closed quoted value.
    #[error("expected label value")]
    LabelValueExpected,
    /// A label value is not followed by a comma or the closing brace.
    #[error("expected comma or brace close")]
    CommaExpected,
    /// A name or value between quotes cannot be read.
    #[error("invalid UTF-8 in label name or value")]
    LabelNotUtf8,
    /// A quoted metric name stands beside another.
    #[error("metric name already set")]
    NameTwice,
    /// Braces without any metric name.
    #[error("metric name not set")]
    NameMissing,
    /// A quoted name is empty.
    #[error("empty metric or label name")]
    NameEmpty,
    /// The series is not followed by a value.
    #[error("expected value after metric")]
    ValueExpected,
    /// The value is no number.
    #[error("invalid number as value")]
    InvalidValue,
    /// The value is followed by something that is no timestamp.
    #[error("expected timestamp or new record")]
    TimestampExpected,
    /// The timestamp is no number, or outside of what 64 bits hold.
    #[error("invalid timestamp")]
    InvalidTimestamp,
    /// More text than the line may have.
    #[error("expected next entry after timestamp")]
    EndOfLineExpected,
    /// The exemplar is not in order.
    #[error("invalid exemplar")]
    InvalidExemplar,
    /// An OpenMetrics page was cut off.
    #[error("data does not end with # EOF")]
    EofMissing,
    /// An OpenMetrics page goes on after its end.
    #[error("unexpected data after # EOF")]
    DataAfterEof,
    /// A protobuf page has no length where the next message starts.
    #[error("clientpb: invalid varint encountered")]
    InvalidLength,
    /// A protobuf page was cut off.
    #[error(
        "clientpb: insufficient length of buffer, expected at least {expected} bytes, got {got} bytes"
    )]
    MessageTruncated {
        /// Bytes that the message says that it has, with its length.
        expected: usize,
        /// Bytes that are left of the page.
        got: usize,
    },
    /// A message ends inside of a field.
    #[error("unexpected EOF")]
    FieldCutOff,
    /// A field has another form than it should, or one that does not exist.
    #[error("proto: illegal wireType")]
    Malformed,
    /// A family's help text is none.
    #[error("invalid help for metric")]
    InvalidHelp,
    /// A family is of a kind that does not exist.
    #[error("unknown metric type for metric")]
    UnknownType,
    /// A message has more labels, buckets and the like than one metric may have.
    #[error("too many parts of one metric")]
    TooManyParts,
    /// A family has no name, or one that is no text.
    #[error("invalid metric name")]
    InvalidMetricName,
    /// A label has no name, or one that is no text.
    #[error("invalid label name")]
    InvalidLabelName,
    /// A label's value is no text.
    #[error("invalid label value")]
    InvalidLabelValue,
}

/// The error at the place of `cursor`, in an entry that began at `start`.
#[cold]
pub(super) fn error_at(cursor: &Cursor<'_>, start: usize, problem: Problem) -> ParseError {
    let page = cursor.page();
    let before = page.get(..start).unwrap_or(page);
    let end = cursor.position().saturating_add(1).min(page.len());
    let bytes = page.get(start..end).unwrap_or_default();
    // The end of a long text says more about what went wrong than its start.
    let shown = bytes.len().saturating_sub(EXCERPT_BYTES);
    let excerpt = bytes.get(shown..).unwrap_or(bytes);
    ParseError {
        line: 1 + memchr::memchr_iter(b'\n', before).count(),
        problem,
        excerpt: String::from_utf8_lossy(excerpt).into_owned(),
    }
}

/// Bytes of a page that a message shows at most.
const EXCERPT_BYTES: usize = 200;
