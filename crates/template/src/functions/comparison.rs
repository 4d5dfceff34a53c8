//! Comparison by Go's rules: only what is of one kind can be compared.

use std::cmp::Ordering;

use super::Context;
use crate::format;
use crate::value::{self, Value};

/// True if the first value equals one of the others.
pub(super) fn eq(_: &mut Context<'_>, values: &[Value]) -> Result<Value, String> {
    let Some((first, others)) = values.split_first() else {
        return Err(NO_COMPARISON.to_owned());
    };
    if others.is_empty() {
        return Err(NO_COMPARISON.to_owned());
    }
    for other in others {
        if are_equal(first.out_of_interface(), other.out_of_interface())? {
            return Ok(Value::Bool(true));
        }
    }
    Ok(Value::Bool(false))
}

pub(super) fn ne(context: &mut Context<'_>, values: &[Value]) -> Result<Value, String> {
    inverted(eq(context, values)?)
}

pub(super) fn lt(_: &mut Context<'_>, values: &[Value]) -> Result<Value, String> {
    Ok(Value::Bool(is_less(values)?))
}

pub(super) fn le(context: &mut Context<'_>, values: &[Value]) -> Result<Value, String> {
    match is_less(values)? {
        true => Ok(Value::Bool(true)),
        false => eq(context, values),
    }
}

pub(super) fn gt(context: &mut Context<'_>, values: &[Value]) -> Result<Value, String> {
    inverted(le(context, values)?)
}

pub(super) fn ge(_: &mut Context<'_>, values: &[Value]) -> Result<Value, String> {
    Ok(Value::Bool(!is_less(values)?))
}

fn inverted(value: Value) -> Result<Value, String> {
    Ok(Value::Bool(!value.is_true()))
}

/// What kinds of values there are for comparison.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Other,
    Bool,
    Complex,
    Signed,
    Unsigned,
    Float,
    Text,
}

fn kind(value: &Value) -> Kind {
    match value.underlying() {
        Value::Bool(_) => Kind::Bool,
        Value::Signed(..) => Kind::Signed,
        Value::Unsigned(..) => Kind::Unsigned,
        Value::Float(_) => Kind::Float,
        Value::Complex(..) => Kind::Complex,
        Value::Text(_) => Kind::Text,
        _ => Kind::Other,
    }
}

fn are_equal(a: &Value, b: &Value) -> Result<bool, String> {
    let (kind_a, kind_b) = (kind(a), kind(b));
    if let Some(order) = integers(a, b) {
        return Ok(order.is_eq());
    }
    if kind_a != kind_b {
        return match (a, b) {
            (Value::Invalid, _) | (_, Value::Invalid) => Ok(false),
            (a, b) => Err(incompatible(a, b)),
        };
    }
    if kind_a != Kind::Other {
        return Ok(same_basic(a, b));
    }
    let (nil_a, nil_b) = (a.is_nil(), b.is_nil());
    let is_same_sort = sort(a) == sort(b);
    if !is_same_sort && !matches!(a, Value::Invalid) && !matches!(b, Value::Invalid) {
        return Err(format!(
            "non-comparable types {}: {}, {}: {}",
            format::shown(a, 's'),
            a.type_name(),
            b.type_name(),
            format::shown(b, 'v')
        ));
    }
    if nil_a || nil_b {
        return Ok(nil_a == nil_b);
    }
    match b.kind() {
        Some(kind) if !kind.is_comparable() => Err(format!(
            "non-comparable type {}: {kind}",
            format::shown(b, 's')
        )),
        _ => Ok(value::equal(a, b)),
    }
}

/// What a value is, where that decides whether two can be compared: times are structs.
fn sort(value: &Value) -> u8 {
    match value.underlying() {
        Value::Struct(_) | Value::Time(_) => 0,
        Value::Slice(_) => 1,
        Value::Map(_) => 2,
        Value::Pointer(_) => 3,
        Value::Function(_) => 4,
        _ => 5,
    }
}

/// Compares what is basic; a type's name does not matter.
fn same_basic(a: &Value, b: &Value) -> bool {
    value::equal(a.underlying(), b.underlying())
}

/// Whole numbers are compared whatever their kinds are.
fn integers(a: &Value, b: &Value) -> Option<Ordering> {
    let whole = |value: &Value| match value.underlying() {
        Value::Signed(_, number) => Some(i128::from(*number)),
        Value::Unsigned(_, number) => Some(i128::from(*number)),
        _ => None,
    };
    Some(whole(a)?.cmp(&whole(b)?))
}

fn is_less(values: &[Value]) -> Result<bool, String> {
    let [a, b] = values else {
        return Err(NO_COMPARISON.to_owned());
    };
    let (a, b) = (a.out_of_interface(), b.out_of_interface());
    if kind(a) == Kind::Other || kind(b) == Kind::Other {
        return Err(BAD_COMPARISON.to_owned());
    }
    if let Some(order) = integers(a, b) {
        return Ok(order.is_lt());
    }
    if kind(a) != kind(b) {
        return Err(incompatible(a, b));
    }
    match (a.underlying(), b.underlying()) {
        (Value::Float(a), Value::Float(b)) => Ok(a < b),
        (Value::Text(a), Value::Text(b)) => Ok(a < b),
        _ => Err(BAD_COMPARISON.to_owned()),
    }
}

fn incompatible(a: &Value, b: &Value) -> String {
    let (a, b) = (a.type_name(), b.type_name());
    format!("incompatible types for comparison: {a} and {b}")
}

const BAD_COMPARISON: &str = "invalid type for comparison";
const NO_COMPARISON: &str = "missing argument for comparison";
