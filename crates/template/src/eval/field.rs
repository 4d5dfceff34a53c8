//! Fields of structs, keys of maps, methods of values.

use std::sync::Arc;

use super::{Evaluated, Frame, Run, Spot};
use crate::ast::Operand;
use crate::environment::MissingKey;
use crate::format;
use crate::value::{Map, Method, Type, Value};

impl<'t> Run<'t, '_> {
    /// One field after the other; the last one gets the arguments, in case it is a method.
    pub(super) fn fields(
        &mut self,
        frame: &mut Frame<'t>,
        dot: &Value,
        mut receiver: Value,
        (place, names): (Spot<'t>, &'t [String]),
        arguments: &'t [Operand],
        last: Option<Value>,
    ) -> Evaluated<Value> {
        let Some((final_name, names)) = names.split_last() else {
            return Ok(receiver);
        };
        for name in names {
            receiver = self.one_field(frame, dot, &receiver, (place, name), &[], None)?;
        }
        self.one_field(frame, dot, &receiver, (place, final_name), arguments, last)
    }

    fn one_field(
        &mut self,
        frame: &mut Frame<'t>,
        dot: &Value,
        receiver: &Value,
        (place, name): (Spot<'t>, &'t str),
        arguments: &'t [Operand],
        last: Option<Value>,
    ) -> Evaluated<Value> {
        if matches!(receiver, Value::Invalid) {
            return match self.context.environment.missing_key {
                MissingKey::Error => {
                    let key = format::quoted(name.as_bytes());
                    Err(self.error(frame, format!("nil data; no entry for key {key}")))
                }
                _ => Ok(Value::Invalid),
            };
        }
        let (target, is_nil) = receiver.indirect();
        if is_nil && matches!(target, Value::Interface(_)) {
            return Err(self.nil_pointer(frame, receiver, name));
        }
        if let Some(method) = method_of(target, name) {
            return self.method(frame, dot, (place, target, method), arguments, last);
        }
        let has_arguments = !arguments.is_empty() || last.is_some();
        match target.underlying() {
            Value::Struct(value) => {
                let fields = &value.struct_type().fields;
                let is_known = fields.iter().any(|(other, _)| *other == name);
                if is_known && !name.starts_with(char::is_uppercase) {
                    let kind = receiver.type_name();
                    let text = format!("{name} is an unexported field of struct type {kind}");
                    return Err(self.error(frame, text));
                }
                if is_known && has_arguments {
                    let text = format!("{name} has arguments but cannot be invoked as function");
                    return Err(self.error(frame, text));
                }
                if let Some(field) = value.field(name) {
                    return Ok(field);
                }
            }
            Value::Map(map) if map.key().takes(&Type::Text) => {
                if has_arguments {
                    let text = format!("{name} is not a method but has arguments");
                    return Err(self.error(frame, text));
                }
                return self.key(frame, map, name);
            }
            Value::Pointer(pointer) if is_nil => {
                let is_known = match pointer.target().underlying() {
                    Type::Struct(kind) => kind.fields.iter().any(|(other, _)| *other == name),
                    _ => true,
                };
                if is_known {
                    return Err(self.nil_pointer(frame, receiver, name));
                }
            }
            _ => {}
        }
        let kind = receiver.type_name();
        Err(self.error(frame, format!("can't evaluate field {name} in type {kind}")))
    }

    fn key(&self, frame: &Frame<'t>, map: &Map, name: &str) -> Evaluated<Value> {
        if let Some(value) = map.get(&Value::from(name)) {
            return Ok(value);
        }
        match self.context.environment.missing_key {
            MissingKey::Invalid => Ok(Value::Invalid),
            MissingKey::Zero => Ok(Value::zero(map.element())),
            MissingKey::Error => {
                let key = format::quoted(name.as_bytes());
                Err(self.error(frame, format!("map has no entry for key {key}")))
            }
        }
    }

    fn method(
        &mut self,
        frame: &mut Frame<'t>,
        dot: &Value,
        (place, receiver, method): (Spot<'t>, &Value, FoundMethod),
        arguments: &'t [Operand],
        last: Option<Value>,
    ) -> Evaluated<Value> {
        let method = method.get();
        let signature = &method.signature;
        let name = method.name;
        let arguments = self.arguments(frame, dot, (name, signature), arguments, last)?;
        let result = (method.body)(receiver, &arguments);
        let result = result.map_err(|error| {
            frame.at = Some(place);
            self.error(frame, format!("error calling {name}: {error}"))
        })?;
        self.charge(frame, &result)?;
        Ok(result)
    }

    fn nil_pointer(&self, frame: &Frame<'t>, receiver: &Value, name: &str) -> crate::ExpandError {
        let kind = receiver.type_name();
        self.error(frame, format!("nil pointer evaluating {kind}.{name}"))
    }
}

/// A method in the type that has it.
enum FoundMethod {
    Struct(Arc<crate::value::StructType>, usize),
    Named(Arc<crate::value::NamedType>, usize),
    Time(&'static Method),
}

impl FoundMethod {
    fn get(&self) -> &Method {
        match self {
            Self::Struct(kind, index) => &kind.methods[*index],
            Self::Named(kind, index) => &kind.methods[*index],
            Self::Time(method) => method,
        }
    }
}

fn method_of(value: &Value, name: &str) -> Option<FoundMethod> {
    let find = |methods: &[Method]| methods.iter().position(|method| method.name == name);
    match value.kind()? {
        Type::Struct(kind) => find(&kind.methods).map(|index| FoundMethod::Struct(kind, index)),
        Type::Named(kind) => find(&kind.methods).map(|index| FoundMethod::Named(kind, index)),
        Type::Time => {
            let methods = crate::time::methods();
            let index = find(methods)?;
            methods.get(index).map(FoundMethod::Time)
        }
        _ => None,
    }
}
