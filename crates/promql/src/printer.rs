//! Prints a tree on one line in upstream's canonical form; parsing it again gives the same tree.
//! [`Expr::pretty`] breaks long lines.

mod pretty;

use std::fmt::{self, Display, Formatter, Write as _};
use std::time::Duration;

use model::duration;
use model::label::{METRIC_NAME, is_legacy_label_name};
use model::number::general;
use model::quote::quoted;
use model::{MatchOp, Matcher};

use crate::ast::{
    Aggregate, AtModifier, Binary, Call, Cardinality, DurationExpr, DurationKind, DurationOperand,
    Expr, ExtendedRange, FillValues, InstantSelector, NumberLiteral, RangeSelector, Subquery,
    TextLiteral, UnaryOp, VectorMatching,
};

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(node) => node.fmt(f),
            Self::Text(node) => node.fmt(f),
            Self::InstantSelector(node) => node.fmt(f),
            Self::RangeSelector(node) => node.fmt(f),
            Self::Subquery(node) => node.fmt(f),
            Self::Unary(node) => {
                f.write_char(if node.op == UnaryOp::Minus { '-' } else { '+' })?;
                node.expr.fmt(f)
            }
            Self::Binary(node) => node.fmt(f),
            Self::Aggregate(node) => node.fmt(f),
            Self::Call(node) => node.fmt(f),
            Self::Paren(node) => write!(f, "({})", node.expr),
        }
    }
}

impl Display for NumberLiteral {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let value = self.value;
        if self.is_duration {
            let sign = if value < 0.0 { "-" } else { "" };
            let millis = (value.abs() * 1e3).round() as i64;
            return write!(f, "{sign}{}", length(millis));
        }
        match value {
            v if v.is_nan() => f.write_str("NaN"),
            v if v.is_infinite() => f.write_str(if v > 0.0 { "+Inf" } else { "-Inf" }),
            // Rust and Go agree on the shortest digits without an exponent.
            v => v.fmt(f),
        }
    }
}

impl Display for TextLiteral {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.invalid {
            Some(quoted) => f.write_str(quoted),
            None => f.write_str(&quoted(&self.value)),
        }
    }
}

impl Display for InstantSelector {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write_series(f, self)?;
        write_at(f, self.at)?;
        write_extended(f, self.extended)?;
        write_offset(f, self.offset, self.offset_expr.as_deref())
    }
}

impl Display for RangeSelector {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write_series(f, &self.selector)?;
        let Self { selector, .. } = self;
        write!(f, "[{}]", Length(self.range, self.range_expr.as_deref()))?;
        write_extended(f, selector.extended)?;
        write_at(f, selector.at)?;
        write_offset(f, selector.offset, selector.offset_expr.as_deref())
    }
}

impl Display for Subquery {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.expr, Windows(self))
    }
}

/// What makes a subquery of an expression.
struct Windows<'a>(&'a Subquery);

impl Display for Windows<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let node = self.0;
        write!(f, "[{}:", Length(node.range, node.range_expr.as_deref()))?;
        if node.step.is_some() || node.step_expr.is_some() {
            let step = node.step.unwrap_or_default();
            Length(step, node.step_expr.as_deref()).fmt(f)?;
        }
        f.write_char(']')?;
        write_at(f, node.at)?;
        write_offset(f, node.offset, node.offset_expr.as_deref())
    }
}

impl Display for Binary {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let chain = self.chain();
        chain.last().map_or(Ok(()), |first| first.lhs.fmt(f))?;
        for node in chain.into_iter().rev() {
            write!(f, " {} {}", Operation(node), node.rhs)?;
        }
        Ok(())
    }
}

/// An operator with its modifiers.
struct Operation<'a>(&'a Binary);

impl Display for Operation<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let node = self.0;
        write!(f, "{}", node.op)?;
        if node.return_bool {
            f.write_str(" bool")?;
        }
        match &node.matching {
            Some(matching) => matching.fmt(f),
            None => Ok(()),
        }
    }
}

impl Display for VectorMatching {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let group = match self.cardinality {
            Cardinality::ManyToOne => Some("group_left"),
            Cardinality::OneToMany => Some("group_right"),
            Cardinality::OneToOne | Cardinality::ManyToMany => None,
        };
        if !self.labels.is_empty() || self.on || group.is_some() {
            let word = if self.on { "on" } else { "ignoring" };
            write!(f, " {word} ({})", LabelNames(&self.labels))?;
        }
        if let Some(word) = group {
            write!(f, " {word} ({})", LabelNames(&self.include))?;
        }
        self.fill.fmt(f)
    }
}

impl Display for FillValues {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut write = |word: &str, value: f64| write!(f, " {word} ({})", general(value));
        match (self.left, self.right) {
            (Some(left), Some(right)) if left == right => write("fill", left),
            (left, right) => {
                left.map_or(Ok(()), |value| write("fill_left", value))?;
                right.map_or(Ok(()), |value| write("fill_right", value))
            }
        }
    }
}

impl Display for DurationExpr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_wrapped { "(" } else { "" })?;
        match &self.kind {
            DurationKind::Step => f.write_str("step()")?,
            DurationKind::Range => f.write_str("range()")?,
            // Upstream leaves the plus out.
            DurationKind::Signed(UnaryOp::Plus, operand) => operand.fmt(f)?,
            DurationKind::Signed(UnaryOp::Minus, operand) => write!(f, "-{operand}")?,
            DurationKind::Binary(op, left, right) if op.is_call() => {
                write!(f, "{}({left}, {right})", op.as_str())?;
            }
            DurationKind::Binary(op, left, right) => {
                write!(f, "{left} {} {right}", op.as_str())?;
            }
        }
        f.write_str(if self.is_wrapped { ")" } else { "" })
    }
}

impl Display for DurationOperand {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Computed(expr) => expr.fmt(f),
        }
    }
}

/// A range or step: what it is computed from, else milliseconds.
struct Length<'a>(i64, Option<&'a DurationExpr>);

impl Display for Length<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.1 {
            Some(expr) => expr.fmt(f),
            // A part of a millisecond. Upstream prints `0s`, which would not read again.
            None if self.0 == 0 => f.write_str("0.0001"),
            None => f.write_str(&length(self.0)),
        }
    }
}

impl Display for Aggregate {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}(", Grouped(self))?;
        if let Some(param) = &self.param {
            write!(f, "{param}, ")?;
        }
        write!(f, "{})", self.expr)
    }
}

impl Display for Call {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}(", self.function)?;
        for (index, arg) in self.args.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { ", " })?;
            arg.fmt(f)?;
        }
        f.write_char(')')
    }
}

/// An aggregation's operator and grouping.
struct Grouped<'a>(&'a Aggregate);

impl Display for Grouped<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let node = self.0;
        write!(f, "{}", node.op)?;
        if node.without {
            write!(f, " without ({}) ", LabelNames(&node.grouping))?;
        } else if !node.grouping.is_empty() {
            write!(f, " by ({}) ", LabelNames(&node.grouping))?;
        }
        Ok(())
    }
}

struct LabelNames<'a>(&'a [String]);

impl Display for LabelNames<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (index, name) in self.0.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { ", " })?;
            if is_legacy_label_name(name) {
                f.write_str(name)?;
            } else {
                f.write_str(&quoted(name))?;
            }
        }
        Ok(())
    }
}

fn write_series(f: &mut Formatter<'_>, selector: &InstantSelector) -> fmt::Result {
    let name = selector.name.as_deref().unwrap_or_default();
    f.write_str(name)?;
    let is_name = |matcher: &Matcher| {
        matcher.name() == METRIC_NAME
            && matcher.op() == MatchOp::Equal
            && matcher.value() == name
            && !name.is_empty()
    };
    let shown = selector.matchers.iter().filter(|matcher| !is_name(matcher));
    let mut shown: Vec<String> = shown.map(Matcher::to_string).collect();
    if shown.is_empty() {
        // Upstream prints nothing, which would not read again, for what `info` may be given.
        return f.write_str(if name.is_empty() { "{}" } else { "" });
    }
    shown.sort_unstable();
    write!(f, "{{{}}}", shown.join(","))
}

fn write_at(f: &mut Formatter<'_>, at: Option<AtModifier>) -> fmt::Result {
    match at {
        None => Ok(()),
        Some(AtModifier::Timestamp(millis)) => {
            write!(f, " @ {:.3}", millis as f64 / 1000.0)
        }
        Some(AtModifier::Start) => f.write_str(" @ start()"),
        Some(AtModifier::End) => f.write_str(" @ end()"),
    }
}

fn write_extended(f: &mut Formatter<'_>, extended: Option<ExtendedRange>) -> fmt::Result {
    extended.map_or(Ok(()), |how| write!(f, " {}", how.as_str()))
}

fn write_offset(f: &mut Formatter<'_>, offset: i64, expr: Option<&DurationExpr>) -> fmt::Result {
    match (expr, offset) {
        (Some(expr), _) => write!(f, " offset {expr}"),
        (None, 0) => Ok(()),
        (None, 1..) => write!(f, " offset {}", length(offset)),
        (None, _) => write!(f, " offset -{}", length(offset)),
    }
}

/// Milliseconds without their sign, as a duration.
fn length(millis: i64) -> String {
    duration::format(Duration::from_millis(millis.unsigned_abs()))
}

#[cfg(test)]
mod tests;
