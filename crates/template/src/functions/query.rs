//! Queries, and what is taken out of their results.

use std::sync::{Arc, LazyLock};

use super::Context;
use super::text::text;
use crate::value::{Map, NamedType, Slice, Struct, StructType, Type, Value};

/// The type of one sample: its labels and its value.
static SAMPLE: LazyLock<Arc<StructType>> = LazyLock::new(|| {
    Arc::new(StructType {
        name: Some("template.sample"),
        fields: vec![("Labels", Type::map_of(Type::Text)), ("Value", Type::Float)],
        methods: Vec::new(),
        text: None,
    })
});

/// The type of a query's result.
static RESULT: LazyLock<Arc<NamedType>> = LazyLock::new(|| {
    Arc::new(NamedType {
        name: "template.queryResult",
        underlying: Type::slice_of(sample_type()),
        methods: Vec::new(),
        text: None,
    })
});

/// A pointer to a sample.
pub(super) fn sample_type() -> Type {
    Type::pointer_to(Type::Struct(Arc::clone(&SAMPLE)))
}

/// A list of samples.
pub(super) fn result_type() -> Type {
    Type::Named(Arc::clone(&RESULT))
}

pub(super) fn query(context: &mut Context<'_>, values: &[Value]) -> Result<Value, String> {
    context.budget.spend(STEPS_OF_QUERY)?;
    let environment = context.environment;
    let expression = text(values, 0);
    let found = environment
        .queries
        .query(&expression.to_str(), environment.timestamp)?;
    context
        .budget
        .spend(u64::try_from(found.len()).unwrap_or(u64::MAX))?;
    let samples = found.into_iter().map(|sample| {
        let labels = Map::of_texts(sample.labels.iter());
        let fields = [Value::Map(labels), Value::Float(sample.value)];
        Value::Struct(Struct::new(Arc::clone(&SAMPLE), fields)).pointer()
    });
    Ok(result(samples.collect()))
}

fn result(samples: Vec<Value>) -> Value {
    let list = Slice::new(sample_type(), samples);
    Value::Named(Arc::clone(&RESULT), Arc::new(Value::Slice(list)))
}

pub(super) fn first(_: &mut Context<'_>, values: &[Value]) -> Result<Value, String> {
    let first = samples(values, 0).first();
    first
        .cloned()
        .ok_or_else(|| "first() called on vector with no elements".to_owned())
}

pub(super) fn label(_: &mut Context<'_>, values: &[Value]) -> Result<Value, String> {
    let sample = sample(values, 1)?;
    Ok(label_of(sample, &text(values, 0)))
}

pub(super) fn value(_: &mut Context<'_>, values: &[Value]) -> Result<Value, String> {
    let sample = sample(values, 0)?;
    Ok(sample.field("Value").unwrap_or_default())
}

pub(super) fn string_value(_: &mut Context<'_>, values: &[Value]) -> Result<Value, String> {
    let sample = sample(values, 0)?;
    Ok(label_of(sample, b"__value__"))
}

/// Sorted by the value of a label; equal ones stay in order.
pub(super) fn sort_by_label(_: &mut Context<'_>, values: &[Value]) -> Result<Value, String> {
    let label = text(values, 0);
    let key = |value: &Value| match value.indirect().0 {
        Value::Struct(sample) => label_of(sample, &label).as_text().cloned(),
        _ => None,
    };
    let mut sorted = samples(values, 1).to_vec();
    sorted.sort_by_cached_key(key);
    Ok(result(sorted))
}

/// Arguments as a map with the keys `arg0`, `arg1` and so on.
pub(super) fn args(_: &mut Context<'_>, values: &[Value]) -> Result<Value, String> {
    let named = values.iter().enumerate();
    let named = named.map(|(index, value)| {
        let value = value.out_of_interface().clone();
        (format!("arg{index}"), value)
    });
    Ok(Value::Map(Map::of_anything(named)))
}

fn samples(values: &[Value], index: usize) -> &[Value] {
    match values.get(index).map(Value::underlying) {
        Some(Value::Slice(samples)) => samples.items(),
        _ => &[],
    }
}

fn sample(values: &[Value], index: usize) -> Result<&Struct, String> {
    match values.get(index).map(|value| value.indirect().0) {
        Some(Value::Struct(sample)) => Ok(sample),
        _ => Err("runtime error: invalid memory address or nil pointer dereference".to_owned()),
    }
}

fn label_of(sample: &Struct, label: &[u8]) -> Value {
    let value = match sample.fields().first() {
        Some(Value::Map(labels)) => labels.get(&Value::from(label)),
        _ => None,
    };
    value.unwrap_or_else(|| Value::from(""))
}

/// What a query costs in steps, so that a loop cannot ask for ever.
const STEPS_OF_QUERY: u64 = 1_000;
