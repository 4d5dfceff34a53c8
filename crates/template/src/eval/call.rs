//! Calls of functions: arguments are checked against the parameters' types.

use super::{Evaluated, Frame, Run, Spot};
use crate::ast::Operand;
use crate::format;
use crate::functions::{Body, Function};
use crate::limits::MOST_VALUE_DEPTH;
use crate::value::{Signature, Type, Value};

impl<'t> Run<'t, '_> {
    /// Calls the function of this name.
    pub(super) fn function(
        &mut self,
        frame: &mut Frame<'t>,
        dot: &Value,
        (call, name): (Spot<'t>, &'t str),
        arguments: &'t [Operand],
        last: Option<Value>,
    ) -> Evaluated<Value> {
        let Some(function) = self.functions.find(name) else {
            let shown = format::quoted(name.as_bytes());
            return Err(self.error(frame, format!("{shown} is not a defined function")));
        };
        let decides = match function.body {
            Body::And => Some(false),
            Body::Or => Some(true),
            _ => None,
        };
        if let Some(decides) = decides {
            self.check_count(
                frame,
                (name, &function.signature),
                arguments.len(),
                last.is_some(),
            )?;
            return self.short_circuit(frame, dot, decides, arguments, last);
        }
        let signature = &function.signature;
        let callee = arguments.first().map(ToString::to_string);
        let values = self.arguments(frame, dot, (name, signature), arguments, last)?;
        let result = self.run(frame, function, &values, callee);
        let result = result.map_err(|error| {
            frame.at = Some(call);
            self.error(frame, format!("error calling {name}: {error}"))
        })?;
        self.charge(frame, &result)?;
        Ok(result)
    }

    fn run(
        &mut self,
        frame: &Frame<'t>,
        function: &'static Function,
        values: &[Value],
        callee: Option<String>,
    ) -> Result<Value, String> {
        match function.body {
            Body::Plain(body) => body(&mut self.context, values),
            Body::Call => self.called(values, callee),
            Body::Template => self.nested(frame, values),
            Body::And | Body::Or => Ok(Value::Invalid),
        }
    }

    /// `and` and `or` look at no more arguments than they need.
    fn short_circuit(
        &mut self,
        frame: &mut Frame<'t>,
        dot: &Value,
        decides: bool,
        arguments: &'t [Operand],
        last: Option<Value>,
    ) -> Evaluated<Value> {
        let mut value = Value::Invalid;
        for argument in arguments {
            value = self.argument(frame, dot, &Type::Reflected, argument)?;
            if value.out_of_interface().is_true() == decides {
                return Ok(value);
            }
        }
        Ok(last.unwrap_or(value))
    }

    /// `call`: runs a function that is a value.
    fn called(&mut self, values: &[Value], callee: Option<String>) -> Result<Value, String> {
        let (first, rest) = values.split_first().ok_or("call of nil")?;
        let callee = callee.unwrap_or_else(|| format!("<{} Value>", first.type_name()));
        let function = match first.out_of_interface() {
            Value::Invalid => return Err("call of nil".to_owned()),
            Value::Function(function) => function.clone(),
            other => {
                let kind = other.type_name();
                return Err(format!("non-function {callee} of type {kind}"));
            }
        };
        let signature = &function.signature;
        let (count, fixed) = (rest.len(), signature.fixed());
        if signature.is_variadic && count < fixed {
            return Err(format!(
                "wrong number of args for {callee}: got {count} want at least {fixed}"
            ));
        }
        if !signature.is_variadic && count != fixed {
            return Err(format!(
                "wrong number of args for {callee}: got {count} want {fixed}"
            ));
        }
        let mut prepared = Vec::with_capacity(count);
        for (index, value) in rest.iter().enumerate() {
            let value = value.out_of_interface();
            let value = prepare(value, signature.parameter(index));
            prepared.push(value.map_err(|error| format!("arg {index}: {error}"))?);
        }
        match function.body {
            Body::Plain(body) => body(&mut self.context, &prepared),
            _ => Err("call of nil".to_owned()),
        }
    }

    /// `tmpl`: the result of a template whose name is a value.
    fn nested(&mut self, frame: &Frame<'t>, values: &[Value]) -> Result<Value, String> {
        let name = values.first().and_then(Value::as_text);
        let name = name.map(|name| name.to_str()).unwrap_or_default();
        let trees = self.trees;
        let fault = self.faults.as_ref().and_then(|faults| faults.get(&*name));
        if let Some(fault) = fault {
            return Err(fault.clone());
        }
        let Some(tree) = trees.get(&*name) else {
            if self.faults.is_some() {
                let name = format::quoted(name.as_bytes());
                return Err(format!("html/template: {name} is undefined"));
            }
            let (name, own) = (
                format::quoted(name.as_bytes()),
                format::quoted(frame.tree.parse_name.as_bytes()),
            );
            return Err(format!(
                "template: no template {name} associated with template {own}"
            ));
        };
        let before = std::mem::take(&mut self.output);
        let outcome = self.template(tree, values.get(1).unwrap_or(&Value::Invalid));
        let text = std::mem::replace(&mut self.output, before);
        outcome.map_err(|error| error.to_string())?;
        Ok(crate::html::safe_html(text.into()))
    }

    /// The arguments of a call as values of the parameters' types.
    pub(super) fn arguments(
        &mut self,
        frame: &mut Frame<'t>,
        dot: &Value,
        (name, signature): (&str, &Signature),
        arguments: &'t [Operand],
        last: Option<Value>,
    ) -> Evaluated<Vec<Value>> {
        self.check_count(frame, (name, signature), arguments.len(), last.is_some())?;
        let mut values = Vec::with_capacity(arguments.len() + usize::from(last.is_some()));
        for (index, argument) in arguments.iter().enumerate() {
            values.push(self.argument(frame, dot, signature.parameter(index), argument)?);
        }
        if let Some(last) = last {
            let wanted = signature.parameter(values.len());
            values.push(self.validated(frame, last, wanted)?);
        }
        Ok(values)
    }

    fn check_count(
        &self,
        frame: &Frame<'t>,
        (name, signature): (&str, &Signature),
        arguments: usize,
        has_last: bool,
    ) -> Evaluated<()> {
        let count = arguments + usize::from(has_last);
        let fixed = signature.fixed();
        let text = match signature.is_variadic {
            true if count >= fixed => return Ok(()),
            true => {
                format!("wrong number of args for {name}: want at least {fixed} got {arguments}")
            }
            false if count == fixed => return Ok(()),
            false => format!("wrong number of args for {name}: want {fixed} got {count}"),
        };
        Err(self.error(frame, text))
    }

    /// A value where one of type `wanted` is needed.
    pub(super) fn validated(
        &self,
        frame: &Frame<'t>,
        value: Value,
        wanted: &Type,
    ) -> Evaluated<Value> {
        let Some(kind) = value.kind() else {
            return match wanted.can_be_nil() {
                true => Ok(Value::zero(wanted)),
                false => Err(self.error(frame, format!("invalid value; expected {wanted}"))),
            };
        };
        if *wanted == Type::Reflected || wanted.takes(&kind) {
            return Ok(value);
        }
        let mut value = value;
        if let Value::Interface(Some(inner)) = value {
            value = (*inner).clone();
            if value.kind().is_some_and(|kind| wanted.takes(&kind)) {
                return Ok(value);
            }
        }
        if let Value::Pointer(pointer) = &value
            && wanted.takes(pointer.target())
        {
            return pointer.value().cloned().ok_or_else(|| {
                let text = format!("dereference of nil pointer of type {wanted}");
                self.error(frame, text)
            });
        }
        let kind = value.type_name();
        let text = format!("wrong type for value; expected {wanted}; got {kind}");
        Err(self.error(frame, text))
    }

    /// Counts what a function made, so that a template cannot grow without bound.
    pub(super) fn charge(&mut self, frame: &Frame<'t>, value: &Value) -> Evaluated<()> {
        let bytes = match value {
            Value::Text(text) => text.len(),
            Value::Slice(slice) => size_of_val(slice.items()),
            Value::Map(map) => size_of_val(map.entries()),
            Value::Named(_, inner) => inner.as_text().map_or(0, |text| text.len()),
            _ => return Ok(()),
        };
        if value.depth() > MOST_VALUE_DEPTH {
            let text = format!("more than {MOST_VALUE_DEPTH} lists inside each other");
            return Err(self.error(frame, text));
        }
        let charged = self.context.budget.allocate(bytes);
        charged.map_err(|text| self.error(frame, text))
    }
}

/// A value as an argument of a function that is a value, or as a key.
pub(crate) fn prepare(value: &Value, wanted: &Type) -> Result<Value, String> {
    let Some(kind) = value.kind() else {
        return match wanted.can_be_nil() {
            true => Ok(Value::zero(wanted)),
            false => Err(format!("value is nil; should be of type {wanted}")),
        };
    };
    if wanted.takes(&kind) {
        return Ok(value.clone());
    }
    if let Type::Integer(wanted) = wanted.underlying() {
        let converted = match (value.underlying(), wanted.is_signed()) {
            (Value::Signed(_, number), true) => Some(Value::Signed(*wanted, *number)),
            (Value::Signed(_, number), false) => {
                Some(Value::Unsigned(*wanted, number.cast_unsigned()))
            }
            (Value::Unsigned(_, number), true) => {
                Some(Value::Signed(*wanted, number.cast_signed()))
            }
            (Value::Unsigned(_, number), false) => Some(Value::Unsigned(*wanted, *number)),
            _ => None,
        };
        if let Some(converted) = converted {
            return Ok(converted);
        }
    }
    Err(format!("value has type {kind}; should be {wanted}"))
}
