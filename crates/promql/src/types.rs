//! The type check: do operands, arguments and matchers make sense together?
//!
//! It also settles what the parser does not: vector matching exists between instant vectors only,
//! and set operators match many to many.

use model::label::METRIC_NAME;
use model::quote::quoted;

use crate::ast::{
    Aggregate, Binary, Call, Cardinality, Expr, FillValues, InstantSelector, Span, Subquery, Unary,
    ValueType,
};
use crate::functions::{Arity, Function};
use crate::parser::ParseError;

/// Checks `expr`, parsed from `text`.
///
/// # Errors
/// The first fault in upstream's order of checks.
pub(crate) fn check(expr: &mut Expr, text: &str) -> Result<(), ParseError> {
    Checker { text }.expr(expr)?;
    settle(expr);
    Ok(())
}

/// Takes matchings away where they mean nothing, and sets their cardinality where the operator says it.
fn settle(expr: &mut Expr) {
    let mut expr = expr;
    while let Expr::Binary(node) = expr {
        let sides = [&node.lhs, &node.rhs].map(|side| side.value_type());
        if sides != [ValueType::InstantVector; 2] {
            node.matching = None;
        }
        if let Some(matching) = node.matching.as_mut().filter(|_| node.op.is_set()) {
            matching.cardinality = Cardinality::ManyToMany;
        }
        settle(&mut node.rhs);
        expr = &mut node.lhs;
    }
    expr.for_each_child_mut(settle);
}

struct Checker<'a> {
    text: &'a str,
}

type Checked = Result<ValueType, ParseError>;

impl Checker<'_> {
    fn error(&self, span: Span, message: impl Into<String>) -> ParseError {
        ParseError::new(self.text, span, message)
    }

    fn expr(&self, expr: &Expr) -> Checked {
        match expr {
            Expr::Number(_) | Expr::Text(_) => {}
            Expr::InstantSelector(node) => self.selector(node, MayBeEmpty::No)?,
            Expr::RangeSelector(node) => self.selector(&node.selector, MayBeEmpty::No)?,
            Expr::Subquery(node) => self.subquery(node)?,
            Expr::Unary(node) => self.unary(node)?,
            Expr::Binary(node) => self.binary(node)?,
            Expr::Aggregate(node) => self.aggregate(node)?,
            Expr::Call(node) => self.call(node)?,
            Expr::Paren(node) => drop(self.expr(&node.expr)?),
        }
        Ok(expr.value_type())
    }

    fn expect(&self, expr: &Expr, want: ValueType, place: &str) -> Result<(), ParseError> {
        let got = self.expr(expr)?;
        if got == want {
            return Ok(());
        }
        let message = format!("expected type {want} in {place}, got {got}");
        Err(self.error(expr.span(), message))
    }

    fn selector(&self, node: &InstantSelector, may_be_empty: MayBeEmpty) -> Result<(), ParseError> {
        if let Some(name) = &node.name {
            let others = node
                .matchers
                .split_last()
                .map_or(&[][..], |(_, others)| others);
            let Some(second) = others.iter().find(|matcher| matcher.name() == METRIC_NAME) else {
                return Ok(());
            };
            let (first, second) = (quoted(name), quoted(second.value()));
            let message = format!("metric name must not be set twice: {first} or {second}");
            return Err(self.error(node.span, message));
        }
        let is_empty = node.matchers.iter().all(model::Matcher::matches_empty);
        if is_empty && may_be_empty == MayBeEmpty::No {
            let message = "vector selector must contain at least one non-empty matcher";
            return Err(self.error(node.span, message));
        }
        Ok(())
    }

    fn subquery(&self, node: &Subquery) -> Result<(), ParseError> {
        let got = self.expr(&node.expr)?;
        if got == ValueType::InstantVector {
            return Ok(());
        }
        // Upstream prints its internal name of the type here.
        let got = match got {
            ValueType::RangeVector => "matrix",
            other => other.as_str(),
        };
        let message = format!("subquery is only allowed on instant vector, got {got} instead");
        Err(self.error(node.span, message))
    }

    fn unary(&self, node: &Unary) -> Result<(), ParseError> {
        let got = self.expr(&node.expr)?;
        if is_operand(got) {
            return Ok(());
        }
        let allowed =
            "unary expression only allowed on expressions of type scalar or instant vector";
        Err(self.error(node.span, format!("{allowed}, got \"{got}\"")))
    }

    fn aggregate(&self, node: &Aggregate) -> Result<(), ParseError> {
        self.expect(
            &node.expr,
            ValueType::InstantVector,
            "aggregation expression",
        )?;
        match (&node.param, node.op.parameter_type()) {
            (Some(param), Some(want)) => self.expect(param, want, "aggregation parameter"),
            _ => Ok(()),
        }
    }

    fn call(&self, node: &Call) -> Result<(), ParseError> {
        let signature = node.function.signature();
        if let Some(fault) =
            wrong_count(signature.arity, signature.arguments.len(), node.args.len())
        {
            let message = format!(
                "expected {}{} argument(s) in call to {}, got {}",
                fault.bound,
                fault.count,
                quoted(signature.name),
                node.args.len()
            );
            return Err(self.error(node.span, message));
        }
        let place = format!("call to function {}", quoted(signature.name));
        for (index, arg) in node.args.iter().enumerate() {
            let want = signature
                .arguments
                .get(index)
                .or(signature.arguments.last());
            match want {
                _ if index == 1 && node.function == Function::Info => {
                    self.label_selectors(arg, node.span)?;
                }
                Some(&want) => self.expect(arg, want, &place)?,
                None => {}
            }
        }
        Ok(())
    }

    /// The second argument of `info`: matchers only, of which none need match something.
    fn label_selectors(&self, arg: &Expr, call: Span) -> Result<(), ParseError> {
        let got = arg.value_type();
        if got != ValueType::InstantVector {
            let want = ValueType::InstantVector;
            let message = format!("expected type {want} in call to function \"info\", got {got}");
            return Err(self.error(call, message));
        }
        let message = match arg {
            Expr::InstantSelector(node) if node.name.is_none() => {
                return self.selector(node, MayBeEmpty::Yes);
            }
            Expr::InstantSelector(_) => {
                "expected label selectors only, got vector selector instead"
            }
            _ => "expected label selectors only",
        };
        Err(self.error(arg.span(), message))
    }

    fn binary(&self, node: &Binary) -> Result<(), ParseError> {
        let chain = node.chain();
        let mut left = match chain.last() {
            Some(first) => self.expr(&first.lhs)?,
            None => node.lhs.value_type(),
        };
        for node in chain.into_iter().rev() {
            let right = self.expr(&node.rhs)?;
            self.operation(node, left, right)?;
            left = node.value_type;
        }
        Ok(())
    }

    fn operation(
        &self,
        node: &Binary,
        left: ValueType,
        right: ValueType,
    ) -> Result<(), ParseError> {
        self.check_operator(node, left, right)?;
        for (side, got) in [(&node.lhs, left), (&node.rhs, right)] {
            if !is_operand(got) {
                let message = "binary expression must contain only scalar and instant vector types";
                return Err(self.error(side.span(), message));
            }
        }
        let Some(matching) = &node.matching else {
            return Ok(());
        };
        let fills = matching.fill != FillValues::default();
        let fault = if left == ValueType::InstantVector && right == ValueType::InstantVector {
            match node.op.is_set() {
                true if matching.cardinality != Cardinality::OneToOne => {
                    format!("no grouping allowed for \"{}\" operation", node.op)
                }
                true if fills => {
                    "filling in missing series not allowed for set operators".to_owned()
                }
                _ => return Ok(()),
            }
        } else if !matching.labels.is_empty() {
            "vector matching only allowed between instant vectors".to_owned()
        } else if fills {
            "filling in missing series only allowed between instant vectors".to_owned()
        } else if node.op.is_set() {
            let op = node.op;
            format!("set operator \"{op}\" not allowed in binary scalar expression")
        } else {
            return Ok(());
        };
        Err(self.error(node.span, fault))
    }

    fn check_operator(
        &self,
        node: &Binary,
        left: ValueType,
        right: ValueType,
    ) -> Result<(), ParseError> {
        if node.return_bool && !node.op.is_comparison() {
            let message = "bool modifier can only be used on comparison operators";
            return Err(self.error(self.operator_span(node), message));
        }
        let scalars = left == ValueType::Scalar && right == ValueType::Scalar;
        if node.op.is_comparison() && !node.return_bool && scalars {
            let message = "comparisons between scalars must use BOOL modifier";
            return Err(self.error(self.operator_span(node), message));
        }
        let Some(matching) = node.matching.as_ref().filter(|matching| matching.on) else {
            return Ok(());
        };
        match matching
            .labels
            .iter()
            .find(|label| matching.include.contains(label))
        {
            None => Ok(()),
            Some(label) => {
                let label = quoted(label);
                let message =
                    format!("label {label} must not occur in ON and GROUP clause at once");
                Err(self.error(self.operator_span(node), message))
            }
        }
    }

    /// Where the operator and its modifiers stand.
    fn operator_span(&self, node: &Binary) -> Span {
        let (start, end) = (node.lhs.span().end, node.rhs.span().start);
        let between = self.text.get(start..end).unwrap_or_default();
        let blanks = between.len() - between.trim_ascii_start().len();
        Span::new(
            start + blanks,
            start + between.trim_ascii_end().len().max(blanks),
        )
    }
}

/// Whether a selector may do without a matcher that needs a label.
#[derive(Clone, Copy, PartialEq, Eq)]
enum MayBeEmpty {
    No,
    Yes,
}

fn is_operand(value_type: ValueType) -> bool {
    matches!(value_type, ValueType::Scalar | ValueType::InstantVector)
}

/// How many arguments a call should have had.
struct WrongCount {
    bound: &'static str,
    count: usize,
}

fn wrong_count(arity: Arity, listed: usize, got: usize) -> Option<WrongCount> {
    match arity {
        Arity::Fixed if got != listed => Some(WrongCount {
            bound: "",
            count: listed,
        }),
        Arity::LastOptional | Arity::LastRepeated | Arity::LastUpTo(_) if got + 1 < listed => {
            Some(WrongCount {
                bound: "at least ",
                count: listed - 1,
            })
        }
        Arity::LastOptional if got > listed => Some(WrongCount {
            bound: "at most ",
            count: listed,
        }),
        Arity::LastUpTo(times) if got + 1 > listed + usize::from(times) => Some(WrongCount {
            bound: "at most ",
            count: listed - 1 + usize::from(times),
        }),
        _ => None,
    }
}
