//! The tree that an expression is parsed into: pure data, with a span on every node.
//!
//! Durations and times are milliseconds, spans are byte offsets into the query's text. The parser
//! hands out checked trees only: argument types fit, ranges and subquery steps are positive. A
//! duration that is computed stands beside the milliseconds, which are 0 until the query starts.

mod chain;
mod duration;
mod operator;

use std::fmt;

use model::Matcher;

pub use duration::{DurationExpr, DurationKind, DurationOp, DurationOperand};
pub use operator::{AggregateOp, BinaryOp, Cardinality, FillValues, UnaryOp, VectorMatching};

use crate::functions::Function;

/// Where a node stands in the query's text: byte offsets, the end exclusive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// From `start` up to but without `end`.
    pub const fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// The smallest span that holds both.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        Self {
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }

    /// Line and column of the start in `text`, both from 1; columns count bytes, as upstream's do.
    pub fn line_column(self, text: &str) -> (usize, usize) {
        let before = text.as_bytes().get(..self.start).unwrap_or(text.as_bytes());
        let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
        let line_start = before
            .iter()
            .rposition(|&byte| byte == b'\n')
            .map_or(0, |at| at + 1);
        (line, before.len() - line_start + 1)
    }
}

/// What an expression yields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ValueType {
    /// One number a step.
    Scalar,
    /// One sample a series and step.
    InstantVector,
    /// A stretch of samples a series and step.
    RangeVector,
    /// A text.
    Text,
}

impl ValueType {
    /// The words that error texts use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::InstantVector => "instant vector",
            Self::RangeVector => "range vector",
            Self::Text => "string",
        }
    }
}

impl fmt::Display for ValueType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// `12.5`, `0x1f`, `Inf`, `5m`
    Number(NumberLiteral),
    /// `"text"`
    Text(TextLiteral),
    /// `name{label="value"} offset 5m @ 10`
    InstantSelector(InstantSelector),
    /// `name[5m]`
    RangeSelector(RangeSelector),
    /// `expr[1h:1m]`
    Subquery(Subquery),
    /// `-expr`
    Unary(Unary),
    /// `lhs + rhs`
    Binary(Binary),
    /// `sum by (label) (expr)`
    Aggregate(Aggregate),
    /// `function(args)`
    Call(Call),
    /// `(expr)`
    Paren(Paren),
}

/// A number; a duration that stands for a number is in seconds.
#[derive(Clone, Debug)]
pub struct NumberLiteral {
    /// Its value.
    pub value: f64,
    /// True if it was written as a duration (`5m`): it is printed as one again.
    pub is_duration: bool,
    /// Its sign included.
    pub span: Span,
}

/// Equal bit for bit, so that `NaN` equals itself.
impl PartialEq for NumberLiteral {
    fn eq(&self, other: &Self) -> bool {
        self.value.to_bits() == other.value.to_bits()
            && self.is_duration == other.is_duration
            && self.span == other.span
    }
}

impl Eq for NumberLiteral {}

/// A text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextLiteral {
    /// Its characters, escapes resolved.
    pub value: String,
    /// Its bytes as Go quotes them, if the escapes form bytes that are not UTF-8; `value` then holds
    /// replacement characters. Such a text is no valid label name or value.
    pub invalid: Option<String>,
    /// Quotes included.
    pub span: Span,
}

/// The `@` modifier: when a selector or subquery is looked at instead of the evaluation time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AtModifier {
    /// `@ 1609746000`, in milliseconds since the Unix epoch.
    Timestamp(i64),
    /// `@ start()`: the start of the query's range.
    Start,
    /// `@ end()`: the end of the query's range.
    End,
}

/// How a selector reaches beyond the samples inside its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExtendedRange {
    /// `anchored`: the last sample before the range stands at its border.
    Anchored,
    /// `smoothed`: values at the borders are interpolated from the samples around them.
    Smoothed,
}

impl ExtendedRange {
    /// The modifier as an expression writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Anchored => "anchored",
            Self::Smoothed => "smoothed",
        }
    }
}

/// Selects the latest sample of each matching series inside the lookback delta.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstantSelector {
    /// The name in front of the braces; a name inside them, in quotes, is a matcher only.
    pub name: Option<String>,
    /// Conditions that all must hold, in order of writing; the one for `name` comes last.
    pub matchers: Vec<Matcher>,
    /// `offset` in milliseconds; positive looks into the past.
    pub offset: i64,
    /// What `offset` is computed from, if it is.
    pub offset_expr: Option<Box<DurationExpr>>,
    /// `@`, if written.
    pub at: Option<AtModifier>,
    /// `anchored` or `smoothed`, if written.
    pub extended: Option<ExtendedRange>,
    /// Modifiers included, without `anchored` and `smoothed`.
    pub span: Span,
}

/// Selects the samples of each matching series in the range before the evaluation time, which is
/// open on the left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RangeSelector {
    /// The series, and the modifiers, which apply to the range as a whole.
    pub selector: InstantSelector,
    /// Length of the range in milliseconds. Positive, or 0 for a part of a millisecond.
    pub range: i64,
    /// What `range` is computed from, if it is.
    pub range_expr: Option<Box<DurationExpr>>,
    /// Range and modifiers included.
    pub span: Span,
}

/// Evaluates an instant expression at many steps and makes a range vector of the results.
#[derive(Clone, Debug, PartialEq)]
pub struct Subquery {
    /// What is evaluated.
    pub expr: Box<Expr>,
    /// Length of the range in milliseconds. Positive, or 0 for a part of a millisecond.
    pub range: i64,
    /// What `range` is computed from, if it is.
    pub range_expr: Option<Box<DurationExpr>>,
    /// Milliseconds between the steps; none: the engine's default.
    pub step: Option<i64>,
    /// What `step` is computed from, if it is.
    pub step_expr: Option<Box<DurationExpr>>,
    /// `offset` in milliseconds; positive looks into the past.
    pub offset: i64,
    /// What `offset` is computed from, if it is.
    pub offset_expr: Option<Box<DurationExpr>>,
    /// `@`, if written.
    pub at: Option<AtModifier>,
    /// Modifiers included.
    pub span: Span,
}

/// A signed expression; a signed number literal is a literal.
#[derive(Clone, Debug, PartialEq)]
pub struct Unary {
    /// The sign.
    pub op: UnaryOp,
    /// A scalar or an instant vector.
    pub expr: Box<Expr>,
    /// Sign included.
    pub span: Span,
}

/// Two expressions joined by an operator.
#[derive(Debug)]
pub struct Binary {
    /// The operator.
    pub op: BinaryOp,
    /// Left operand.
    pub lhs: Box<Expr>,
    /// Right operand.
    pub rhs: Box<Expr>,
    /// True if a comparison yields 0 or 1 instead of filtering.
    pub return_bool: bool,
    /// How series find each other; there exactly if both operands are instant vectors.
    pub matching: Option<VectorMatching>,
    /// What it yields: a scalar of two scalars, else an instant vector.
    pub value_type: ValueType,
    /// Both operands included.
    pub span: Span,
}

/// An aggregation over the series of an instant vector.
#[derive(Clone, Debug, PartialEq)]
pub struct Aggregate {
    /// The operator.
    pub op: AggregateOp,
    /// The instant vector.
    pub expr: Box<Expr>,
    /// The parameter of operators that take one.
    pub param: Option<Box<Expr>>,
    /// Labels that form the groups (`by`) or do not (`without`), in order of writing.
    pub grouping: Vec<String>,
    /// True for `without`.
    pub without: bool,
    /// The grouping included.
    pub span: Span,
}

/// A function call.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The function.
    pub function: Function,
    /// Arguments; their number and types fit the function's signature.
    pub args: Vec<Expr>,
    /// Parentheses included.
    pub span: Span,
}

/// An expression in parentheses.
#[derive(Clone, Debug, PartialEq)]
pub struct Paren {
    /// What is inside.
    pub expr: Box<Expr>,
    /// Parentheses included.
    pub span: Span,
}

impl Expr {
    /// Where the expression stands in the query's text.
    pub fn span(&self) -> Span {
        match self {
            Self::Number(node) => node.span,
            Self::Text(node) => node.span,
            Self::InstantSelector(node) => node.span,
            Self::RangeSelector(node) => node.span,
            Self::Subquery(node) => node.span,
            Self::Unary(node) => node.span,
            Self::Binary(node) => node.span,
            Self::Aggregate(node) => node.span,
            Self::Call(node) => node.span,
            Self::Paren(node) => node.span,
        }
    }

    /// What the expression yields.
    pub fn value_type(&self) -> ValueType {
        match self {
            Self::Number(_) => ValueType::Scalar,
            Self::Text(_) => ValueType::Text,
            Self::InstantSelector(_) | Self::Aggregate(_) => ValueType::InstantVector,
            Self::RangeSelector(_) | Self::Subquery(_) => ValueType::RangeVector,
            Self::Unary(node) => node.expr.value_type(),
            Self::Paren(node) => node.expr.value_type(),
            Self::Call(node) => node.function.signature().returns,
            Self::Binary(node) => node.value_type,
        }
    }

    /// The expression without the parentheses around it.
    pub fn without_parens(&self) -> &Self {
        let mut expr = self;
        while let Self::Paren(paren) = expr {
            expr = &paren.expr;
        }
        expr
    }
}
