//! Durations that are only known when a query starts: `5m * 2`, `step()`, `max_of(1m, range())`.

use super::{NumberLiteral, Span, UnaryOp};

/// An expression that yields a duration; a number in it is seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DurationExpr {
    /// What is computed.
    pub kind: DurationKind,
    /// True if it stands in parentheses, which `span` leaves out.
    pub is_wrapped: bool,
    /// From the first operand to the last.
    pub span: Span,
}

/// What a duration is computed from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DurationKind {
    /// `step()`: the distance of the query's steps, 0 in an instant query.
    Step,
    /// `range()`: from the query's start to its end.
    Range,
    /// `-step()`
    Signed(UnaryOp, DurationOperand),
    /// `5m * 2`, `min_of(5m, step())`
    Binary(DurationOp, DurationOperand, DurationOperand),
}

/// A number as written, or something to compute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DurationOperand {
    /// `5m`, `300`
    Number(NumberLiteral),
    /// `(5m + 1)`
    Computed(Box<DurationExpr>),
}

impl DurationOperand {
    /// Where it stands.
    pub fn span(&self) -> Span {
        match self {
            Self::Number(number) => number.span,
            Self::Computed(expr) => expr.span,
        }
    }
}

/// What is done to two durations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DurationOp {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Modulo,
    /// `^`
    Power,
    /// `min_of`
    MinimumOf,
    /// `max_of`
    MaximumOf,
}

impl DurationOp {
    /// The operator as an expression writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Modulo => "%",
            Self::Power => "^",
            Self::MinimumOf => "min_of",
            Self::MaximumOf => "max_of",
        }
    }

    /// True for those that are written as a call.
    pub const fn is_call(self) -> bool {
        matches!(self, Self::MinimumOf | Self::MaximumOf)
    }
}
