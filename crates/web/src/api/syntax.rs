//! What an expression looks like: formatted, and as a tree.

use axum::body::Body;
use axum::extract::State;
use http::Response;
use model::{Annotations, Matcher, number};
use promql::ast::{
    Aggregate, AtModifier, Binary, Call, DurationExpr, DurationKind, DurationOperand, Expr,
    ExtendedRange, FillValues, InstantSelector, NumberLiteral, RangeSelector, Subquery, UnaryOp,
    ValueType, VectorMatching,
};
use promql::functions::Arity;
use promql::parser::parse;

use crate::json::{push_list, push_text};
use crate::parameters::Parameters;
use crate::response::{ApiError, success, success_text};
use crate::services::Services;

/// `/api/v1/format_query`
pub(crate) async fn format(
    State(services): State<Services>,
    parameters: Parameters,
) -> Result<Response<Body>, ApiError> {
    answer(services, parameters, |expr| success(&expr.pretty())).await
}

/// `/api/v1/parse_query`
pub(crate) async fn tree(
    State(services): State<Services>,
    parameters: Parameters,
) -> Result<Response<Body>, ApiError> {
    answer(services, parameters, |expr| {
        let mut text = String::with_capacity(1024);
        push_tree(&mut text, expr);
        success_text(&text, &Annotations::default())
    })
    .await
}

/// Parses and renders on the query threads: long expressions take milliseconds.
async fn answer(
    services: Services,
    parameters: Parameters,
    render: impl FnOnce(&Expr) -> Response<Body> + Send + 'static,
) -> Result<Response<Body>, ApiError> {
    let options = services.parse_options().clone();
    let work = move || match parse(parameters.get("query"), &options) {
        Ok(expr) => Ok(render(&expr)),
        Err(error) => Err(ApiError::parameter("query", error)),
    };
    services.run_query(work).await?
}

/// Appends the tree with upstream's fields, sorted by name as upstream's are.
fn push_tree(out: &mut String, expr: &Expr) {
    match expr {
        Expr::Number(node) => {
            out.push_str("{\"type\":\"numberLiteral\",\"val\":\"");
            out.push_str(&number::plain(node.value));
            out.push_str("\"}");
        }
        Expr::Text(node) => {
            out.push_str("{\"type\":\"stringLiteral\",\"val\":");
            push_text(out, &node.value);
            out.push('}');
        }
        Expr::Unary(node) => {
            push_field(out, "{\"expr\":", &node.expr);
            out.push_str(",\"op\":\"");
            out.push_str(sign(node.op));
            out.push_str("\",\"type\":\"unaryExpr\"}");
        }
        Expr::Paren(node) => {
            push_field(out, "{\"expr\":", &node.expr);
            out.push_str(",\"type\":\"parenExpr\"}");
        }
        Expr::InstantSelector(node) => {
            push_series(out, node);
            push_extended(out, node.extended);
            push_at(out, node.at);
            out.push_str(",\"type\":\"vectorSelector\"}");
        }
        Expr::RangeSelector(node) => push_range_selector(out, node),
        Expr::Subquery(node) => push_subquery(out, node),
        Expr::Binary(node) => push_chain(out, node),
        Expr::Aggregate(node) => push_aggregate(out, node),
        Expr::Call(node) => push_call(out, node),
    }
}

fn push_field(out: &mut String, start: &str, expr: &Expr) {
    out.push_str(start);
    push_tree(out, expr);
}

fn push_aggregate(out: &mut String, node: &Aggregate) {
    push_field(out, "{\"expr\":", &node.expr);
    out.push_str(",\"grouping\":");
    push_texts(out, &node.grouping);
    out.push_str(",\"op\":\"");
    out.push_str(node.op.as_str());
    out.push_str("\",\"param\":");
    match &node.param {
        Some(param) => push_tree(out, param),
        None => out.push_str("null"),
    }
    out.push_str(",\"type\":\"aggregation\",\"without\":");
    push_bool(out, node.without);
    out.push('}');
}

/// Writes a chain of operators from the last, which is the outermost, to the first and back, so that
/// its length costs no stack.
fn push_chain(out: &mut String, last: &Binary) {
    let chain = last.chain();
    for node in &chain {
        out.push_str("{\"bool\":");
        push_bool(out, node.return_bool);
        out.push_str(",\"lhs\":");
    }
    push_tree(out, chain.last().map_or(&last.lhs, |first| &first.lhs));
    for node in chain.into_iter().rev() {
        out.push_str(",\"matching\":");
        match &node.matching {
            Some(matching) => push_matching(out, matching),
            None => out.push_str("null"),
        }
        out.push_str(",\"op\":\"");
        out.push_str(node.op.as_str());
        push_field(out, "\",\"rhs\":", &node.rhs);
        out.push_str(",\"type\":\"binaryExpr\"}");
    }
}

fn push_matching(out: &mut String, matching: &VectorMatching) {
    out.push_str("{\"card\":\"");
    out.push_str(matching.cardinality.as_str());
    let FillValues { left, right } = matching.fill;
    for (start, value) in [("\",\"fillValues\":{\"lhs\":", left), (",\"rhs\":", right)] {
        out.push_str(start);
        match value {
            Some(value) if value.is_finite() => number::push_json(out, value),
            _ => out.push_str("null"),
        }
    }
    out.push_str("},\"include\":");
    push_texts(out, &matching.include);
    out.push_str(",\"labels\":");
    push_texts(out, &matching.labels);
    out.push_str(",\"on\":");
    push_bool(out, matching.on);
    out.push('}');
}

fn push_call(out: &mut String, node: &Call) {
    let signature = node.function.signature();
    out.push_str("{\"args\":[");
    push_list(out, &node.args, push_tree);
    out.push_str("],\"func\":{\"argTypes\":[");
    push_list(out, signature.arguments, |out, &argument| {
        push_text(out, type_name(argument));
    });
    out.push_str("],\"name\":");
    push_text(out, signature.name);
    out.push_str(",\"returnType\":");
    push_text(out, type_name(signature.returns));
    out.push_str(",\"variadic\":");
    push_integer(
        out,
        match signature.arity {
            Arity::Fixed => 0,
            Arity::LastOptional => 1,
            Arity::LastRepeated => -1,
            Arity::LastUpTo(times) => i64::from(times),
        },
    );
    out.push_str("},\"type\":\"call\"}");
}

fn push_range_selector(out: &mut String, node: &RangeSelector) {
    push_series(out, &node.selector);
    push_length(out, "range", node.range, node.range_expr.as_deref());
    push_extended(out, node.selector.extended);
    push_at(out, node.selector.at);
    out.push_str(",\"type\":\"matrixSelector\"}");
}

fn push_subquery(out: &mut String, node: &Subquery) {
    push_field(out, "{\"expr\":", &node.expr);
    push_length(out, "offset", node.offset, node.offset_expr.as_deref());
    push_length(out, "range", node.range, node.range_expr.as_deref());
    out.push_str(",\"startOrEnd\":");
    push_bound(out, node.at);
    let step = node.step.unwrap_or_default();
    push_length(out, "step", step, node.step_expr.as_deref());
    out.push_str(",\"timestamp\":");
    push_timestamp(out, node.at);
    out.push_str(",\"type\":\"subquery\"}");
}

/// The fields of a selector up to its offset; the brace stays open.
fn push_series(out: &mut String, node: &InstantSelector) {
    out.push_str("{\"anchored\":");
    push_bool(out, node.extended == Some(ExtendedRange::Anchored));
    out.push_str(",\"matchers\":[");
    push_list(out, &node.matchers, |out, matcher: &Matcher| {
        out.push_str("{\"name\":");
        push_text(out, matcher.name());
        out.push_str(",\"type\":\"");
        out.push_str(matcher.op().as_str());
        out.push_str("\",\"value\":");
        push_text(out, matcher.value());
        out.push('}');
    });
    out.push_str("],\"name\":");
    push_text(out, node.name.as_deref().unwrap_or_default());
    push_length(out, "offset", node.offset, node.offset_expr.as_deref());
}

fn push_extended(out: &mut String, extended: Option<ExtendedRange>) {
    out.push_str(",\"smoothed\":");
    push_bool(out, extended == Some(ExtendedRange::Smoothed));
}

fn push_at(out: &mut String, at: Option<AtModifier>) {
    out.push_str(",\"startOrEnd\":");
    push_bound(out, at);
    out.push_str(",\"timestamp\":");
    push_timestamp(out, at);
}

fn push_bound(out: &mut String, at: Option<AtModifier>) {
    out.push_str(match at {
        Some(AtModifier::Start) => "\"start\"",
        Some(AtModifier::End) => "\"end\"",
        Some(AtModifier::Timestamp(_)) | None => "null",
    });
}

fn push_timestamp(out: &mut String, at: Option<AtModifier>) {
    match at {
        Some(AtModifier::Timestamp(millis)) => push_integer(out, millis),
        _ => out.push_str("null"),
    }
}

/// `,"range":300000,"rangeExpr":null`
fn push_length(out: &mut String, name: &str, millis: i64, expr: Option<&DurationExpr>) {
    for part in [",\"", name, "\":"] {
        out.push_str(part);
    }
    push_integer(out, millis);
    for part in [",\"", name, "Expr\":"] {
        out.push_str(part);
    }
    match expr {
        Some(expr) => push_duration(out, expr),
        None => out.push_str("null"),
    }
}

fn push_duration(out: &mut String, expr: &DurationExpr) {
    let (left, op, right) = match &expr.kind {
        DurationKind::Step => (None, "step", None),
        DurationKind::Range => (None, "range", None),
        DurationKind::Signed(op, operand) => (None, sign(*op), Some(operand)),
        DurationKind::Binary(op, left, right) => (Some(left), op.as_str(), Some(right)),
    };
    out.push_str("{\"lhs\":");
    push_operand(out, left);
    out.push_str(",\"op\":\"");
    out.push_str(op);
    out.push_str("\",\"rhs\":");
    push_operand(out, right);
    out.push_str(",\"type\":\"durationExpr\",\"wrapped\":");
    push_bool(out, expr.is_wrapped);
    out.push('}');
}

fn push_operand(out: &mut String, operand: Option<&DurationOperand>) {
    match operand {
        None => out.push_str("null"),
        Some(DurationOperand::Computed(expr)) => push_duration(out, expr),
        Some(DurationOperand::Number(NumberLiteral {
            value, is_duration, ..
        })) => {
            out.push_str("{\"duration\":");
            push_bool(out, *is_duration);
            out.push_str(",\"type\":\"numberLiteral\",\"val\":\"");
            out.push_str(&number::plain(*value));
            out.push_str("\"}");
        }
    }
}

fn push_texts(out: &mut String, texts: &[String]) {
    out.push('[');
    push_list(out, texts, |out, text| push_text(out, text));
    out.push(']');
}

fn push_bool(out: &mut String, value: bool) {
    out.push_str(if value { "true" } else { "false" });
}

fn push_integer(out: &mut String, value: i64) {
    out.push_str(itoa::Buffer::new().format(value));
}

const fn sign(op: UnaryOp) -> &'static str {
    match op {
        UnaryOp::Plus => "+",
        UnaryOp::Minus => "-",
    }
}

/// Upstream's internal names of the types.
const fn type_name(value_type: ValueType) -> &'static str {
    match value_type {
        ValueType::Scalar => "scalar",
        ValueType::InstantVector => "vector",
        ValueType::RangeVector => "matrix",
        ValueType::Text => "string",
    }
}

#[cfg(test)]
mod tests {
    use promql::parser::ParseOptions;

    use super::*;

    #[test]
    fn trees_have_upstreams_fields() {
        let series = |name: &str| {
            format!(
                "{{\"anchored\":false,\"matchers\":[{{\"name\":\"__name__\",\"type\":\"=\",\
                 \"value\":\"{name}\"}}],\"name\":\"{name}\",\"offset\":0,\"offsetExpr\":null"
            )
        };
        let rest = ",\"smoothed\":false,\"startOrEnd\":null,\"timestamp\":null";
        let cases = [
            (
                "1e3",
                "{\"type\":\"numberLiteral\",\"val\":\"1000\"}".to_owned(),
            ),
            (
                "'a\"'",
                "{\"type\":\"stringLiteral\",\"val\":\"a\\\"\"}".to_owned(),
            ),
            (
                "a",
                format!("{}{rest},\"type\":\"vectorSelector\"}}", series("a")),
            ),
            (
                "a[step()]",
                format!(
                    "{},\"range\":0,\"rangeExpr\":{{\"lhs\":null,\"op\":\"step\",\"rhs\":null,\
                     \"type\":\"durationExpr\",\"wrapped\":false}}{rest},\"type\":\"matrixSelector\"}}",
                    series("a")
                ),
            ),
            (
                "1 + 2",
                "{\"bool\":false,\"lhs\":{\"type\":\"numberLiteral\",\"val\":\"1\"},\
                 \"matching\":null,\"op\":\"+\",\"rhs\":{\"type\":\"numberLiteral\",\"val\":\"2\"},\
                 \"type\":\"binaryExpr\"}"
                    .to_owned(),
            ),
            (
                "time()",
                "{\"args\":[],\"func\":{\"argTypes\":[],\"name\":\"time\",\
                 \"returnType\":\"scalar\",\"variadic\":0},\"type\":\"call\"}"
                    .to_owned(),
            ),
        ];
        for (text, want) in cases {
            let mut out = String::new();
            push_tree(&mut out, &parse(text, &ParseOptions::all()).unwrap());
            assert_eq!(out, want, "{text}");
        }
    }
}
