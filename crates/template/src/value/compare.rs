//! Equality of values, and the order of the keys of a map.

use std::cmp::Ordering;

use super::Value;

/// True if two values are of the same type and equal.
pub(crate) fn equal(a: &Value, b: &Value) -> bool {
    let (a, b) = (a.out_of_interface(), b.out_of_interface());
    if a.kind() != b.kind() {
        return false;
    }
    match (a.underlying(), b.underlying()) {
        (Value::Invalid, Value::Invalid) => true,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Signed(_, a), Value::Signed(_, b)) => a == b,
        (Value::Unsigned(_, a), Value::Unsigned(_, b)) => a == b,
        (Value::Float(a), Value::Float(b)) => a == b,
        (Value::Complex(ar, ai), Value::Complex(br, bi)) => ar == br && ai == bi,
        (Value::Text(a), Value::Text(b)) => a == b,
        (Value::Time(a), Value::Time(b)) => a == b,
        (Value::Struct(a), Value::Struct(b)) => {
            let mut pairs = a.fields().iter().zip(b.fields());
            pairs.all(|(a, b)| equal(a, b))
        }
        (Value::Pointer(a), Value::Pointer(b)) => match (a.value(), b.value()) {
            (Some(a), Some(b)) => std::ptr::eq(a, b),
            (a, b) => a.is_none() == b.is_none(),
        },
        _ => false,
    }
}

/// The order in which keys are printed and visited.
pub(crate) fn order(a: &Value, b: &Value) -> Ordering {
    let (a, b) = (a.out_of_interface(), b.out_of_interface());
    match (a.underlying(), b.underlying()) {
        (Value::Text(a), Value::Text(b)) => a.cmp(b),
        (Value::Signed(_, a), Value::Signed(_, b)) => a.cmp(b),
        (Value::Unsigned(_, a), Value::Unsigned(_, b)) => a.cmp(b),
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::Float(a), Value::Float(b)) => match (a.is_nan(), b.is_nan()) {
            (false, false) if a == b => Ordering::Equal,
            (false, false) => a.total_cmp(b),
            (a, b) => b.cmp(&a),
        },
        (a, b) => rank(a).cmp(&rank(b)),
    }
}

/// Keys of different types have some order, too.
fn rank(value: &Value) -> u8 {
    match value {
        Value::Invalid => 0,
        Value::Bool(_) => 1,
        Value::Signed(..) => 2,
        Value::Unsigned(..) => 3,
        Value::Float(_) => 4,
        Value::Complex(..) => 5,
        Value::Text(_) => 6,
        _ => 7,
    }
}
