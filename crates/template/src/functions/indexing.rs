//! Items of lists, maps and text.

use super::Context;
use crate::eval::prepare;
use crate::value::{IntegerKind, Slice, Value};

/// `index x 1 2` is `x[1][2]`.
pub(super) fn index(_: &mut Context<'_>, values: &[Value]) -> Result<Value, String> {
    let (item, indexes) = values.split_first().ok_or("index of untyped nil")?;
    let mut item = item.out_of_interface().clone();
    if matches!(item, Value::Invalid) {
        return Err("index of untyped nil".to_owned());
    }
    for index in indexes {
        let index = index.out_of_interface();
        let (target, is_nil) = item.indirect();
        if is_nil {
            return Err("index of nil pointer".to_owned());
        }
        item = match target.underlying() {
            Value::Slice(slice) => {
                let at = position(index, slice.items().len())?;
                slice.get(at).ok_or("reflect: slice index out of range")?
            }
            Value::Text(text) => {
                let at = position(index, text.len())?;
                let byte = text.get(at).ok_or("reflect: string index out of range")?;
                Value::Unsigned(IntegerKind::Uint8, u64::from(*byte))
            }
            Value::Map(map) => {
                let key = prepare(index, map.key())?;
                map.get(&key).unwrap_or_else(|| Value::zero(map.element()))
            }
            _ => return Err(format!("can't index item of type {}", target.type_name())),
        };
    }
    Ok(item)
}

/// `slice x 1 2` is `x[1:2]`.
pub(super) fn slice(context: &mut Context<'_>, values: &[Value]) -> Result<Value, String> {
    let (item, indexes) = values.split_first().ok_or("slice of untyped nil")?;
    let item = item.out_of_interface();
    if matches!(item, Value::Invalid) {
        return Err("slice of untyped nil".to_owned());
    }
    let (item, is_nil) = item.indirect();
    if is_nil {
        return Err("slice of nil pointer".to_owned());
    }
    if indexes.len() > 3 {
        return Err(format!("too many slice indexes: {}", indexes.len()));
    }
    let len = match item.underlying() {
        Value::Text(_) if indexes.len() == 3 => {
            return Err("cannot 3-index slice a string".to_owned());
        }
        Value::Text(text) => text.len(),
        Value::Slice(slice) => slice.items().len(),
        _ => return Err(format!("can't slice item of type {}", item.type_name())),
    };
    let mut bounds = [0, len, 0];
    for (bound, index) in bounds.iter_mut().zip(indexes) {
        *bound = position(index, len)?;
    }
    let [start, end, most] = bounds;
    if start > end {
        return Err(format!("invalid slice index: {start} > {end}"));
    }
    if indexes.len() == 3 && end > most {
        return Err(format!("invalid slice index: {end} > {most}"));
    }
    let part = match item.underlying() {
        Value::Text(text) => Value::from(text.get(start..end).unwrap_or_default()),
        Value::Slice(slice) => {
            let items = slice.items().get(start..end).unwrap_or_default();
            context.budget.allocate(size_of_val(items))?;
            Value::Slice(Slice::new(slice.element().clone(), items))
        }
        _ => Value::Invalid,
    };
    Ok(match item {
        Value::Named(kind, _) => Value::Named(kind.clone(), std::sync::Arc::new(part)),
        _ => part,
    })
}

/// How many items there are.
pub(super) fn len(_: &mut Context<'_>, values: &[Value]) -> Result<Value, String> {
    let (item, is_nil) = values.first().unwrap_or(&Value::Invalid).indirect();
    if is_nil {
        return Err("len of nil pointer".to_owned());
    }
    let len = match item.underlying() {
        Value::Text(text) => text.len(),
        Value::Slice(slice) => slice.items().len(),
        Value::Map(map) => map.entries().len(),
        Value::Invalid => {
            return Err("reflect: call of reflect.Value.Type on zero Value".to_owned());
        }
        _ => return Err(format!("len of type {}", item.type_name())),
    };
    Ok(Value::int(i64::try_from(len).unwrap_or(i64::MAX)))
}

/// An index into something of this length; the length itself is for the caller to refuse.
fn position(index: &Value, len: usize) -> Result<usize, String> {
    let number = match index.out_of_interface().underlying() {
        Value::Signed(_, number) => *number,
        Value::Unsigned(_, number) => number.cast_signed(),
        Value::Invalid => return Err("cannot index slice/array with nil".to_owned()),
        _ => {
            let kind = index.type_name();
            return Err(format!("cannot index slice/array with type {kind}"));
        }
    };
    let position = usize::try_from(number).ok().filter(|&at| at <= len);
    position.ok_or_else(|| format!("index out of range: {number}"))
}
