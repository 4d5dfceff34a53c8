//! Commands, and operands as arguments of a type.

use super::{Evaluated, Frame, Run, Spot};
use crate::ast::{Chain, Command, Number, Operand, OperandChain};
use crate::value::{IntegerKind, Type, Value};

impl<'t> Run<'t, '_> {
    /// Runs one command of a pipeline; `last` is what the command before it gave.
    pub(super) fn command(
        &mut self,
        frame: &mut Frame<'t>,
        dot: &Value,
        command: &'t Command,
        last: Option<Value>,
    ) -> Evaluated<Value> {
        self.spend(frame, 1)?;
        let Some((first, arguments)) = command.operands.split_first() else {
            return Ok(Value::Invalid);
        };
        let call = Spot::Command(command);
        self.applied(frame, dot, (call, first), arguments, last)
    }

    /// The value of an operand with arguments, of which functions and methods only may have some. A
    /// function that is called is told as `call`.
    fn applied(
        &mut self,
        frame: &mut Frame<'t>,
        dot: &Value,
        (call, operand): (Spot<'t>, &'t Operand),
        arguments: &'t [Operand],
        last: Option<Value>,
    ) -> Evaluated<Value> {
        match operand {
            Operand::Field(chain) => self.field(frame, dot, (operand, chain), arguments, last),
            Operand::Variable(chain) => {
                self.variable_chain(frame, dot, (operand, chain), arguments, last)
            }
            Operand::Chain(chain) => self.chain(frame, dot, (operand, chain), arguments, last),
            Operand::Identifier { name, .. } => {
                frame.at = Some(Spot::Operand(operand));
                self.function(frame, dot, (call, name), arguments, last)
            }
            Operand::Pipe(pipe) => {
                self.not_a_function(frame, operand, arguments, last.as_ref())?;
                self.pipeline(frame, dot, pipe)
            }
            _ => {
                frame.at = Some(Spot::Operand(operand));
                self.not_a_function(frame, operand, arguments, last.as_ref())?;
                self.constant(frame, dot, operand)
            }
        }
    }

    fn constant(
        &mut self,
        frame: &mut Frame<'t>,
        dot: &Value,
        operand: &'t Operand,
    ) -> Evaluated<Value> {
        match operand {
            Operand::Bool { value, .. } => Ok(Value::Bool(*value)),
            Operand::Dot(_) => Ok(dot.clone()),
            Operand::Number(number) => self.ideal(frame, number),
            Operand::Text(text) => Ok(Value::Text(text.value.clone())),
            _ => Err(self.error(frame, "nil is not a command")),
        }
    }

    /// A number where no type is wanted: how it is written says which it has.
    fn ideal(&self, frame: &Frame<'t>, number: &Number) -> Evaluated<Value> {
        if let Some((real, imaginary)) = number.complex {
            return Ok(Value::Complex(real, imaginary));
        }
        let text = number.text.as_str();
        let is_hexadecimal = text.len() > 2
            && (text.starts_with("0x") || text.starts_with("0X"))
            && !text.contains(['p', 'P']);
        let is_float =
            !is_hexadecimal && !text.starts_with('\'') && text.contains(['.', 'e', 'E', 'p', 'P']);
        match (number.float, number.signed) {
            (Some(float), _) if is_float => Ok(Value::Float(float)),
            (_, Some(signed)) => Ok(Value::int(signed)),
            _ => Err(self.error(frame, format!("{text} overflows int"))),
        }
    }

    fn not_a_function(
        &self,
        frame: &Frame<'t>,
        first: &Operand,
        arguments: &[Operand],
        last: Option<&Value>,
    ) -> Evaluated<()> {
        match arguments.is_empty() && last.is_none() {
            true => Ok(()),
            false => {
                let text = format!("can't give argument to non-function {first}");
                Err(self.error(frame, text))
            }
        }
    }

    /// `.A.B`, the last of which may be a method with arguments.
    pub(super) fn field(
        &mut self,
        frame: &mut Frame<'t>,
        dot: &Value,
        (operand, chain): (&'t Operand, &'t Chain),
        arguments: &'t [Operand],
        last: Option<Value>,
    ) -> Evaluated<Value> {
        frame.at = Some(Spot::Operand(operand));
        let place = Spot::Operand(operand);
        self.fields(
            frame,
            dot,
            dot.clone(),
            (place, &chain.names),
            arguments,
            last,
        )
    }

    /// `$x.A.B`.
    pub(super) fn variable_chain(
        &mut self,
        frame: &mut Frame<'t>,
        dot: &Value,
        (operand, chain): (&'t Operand, &'t Chain),
        arguments: &'t [Operand],
        last: Option<Value>,
    ) -> Evaluated<Value> {
        frame.at = Some(Spot::Operand(operand));
        let Some((name, names)) = chain.names.split_first() else {
            return Ok(Value::Invalid);
        };
        let value = self.variable(frame, name)?;
        if names.is_empty() {
            self.not_a_function(frame, operand, arguments, last.as_ref())?;
            return Ok(value);
        }
        let place = Spot::Operand(operand);
        self.fields(frame, dot, value, (place, names), arguments, last)
    }

    /// `(…).A.B`.
    pub(super) fn chain(
        &mut self,
        frame: &mut Frame<'t>,
        dot: &Value,
        (operand, chain): (&'t Operand, &'t OperandChain),
        arguments: &'t [Operand],
        last: Option<Value>,
    ) -> Evaluated<Value> {
        frame.at = Some(Spot::Operand(operand));
        let value = self.untyped(frame, dot, &chain.operand)?;
        let place = Spot::Operand(operand);
        self.fields(frame, dot, value, (place, &chain.fields), arguments, last)
    }

    /// An operand by itself, of whatever type it is.
    fn untyped(
        &mut self,
        frame: &mut Frame<'t>,
        dot: &Value,
        operand: &'t Operand,
    ) -> Evaluated<Value> {
        let place = Spot::Operand(operand);
        frame.at = Some(place);
        self.applied(frame, dot, (place, operand), &[], None)
    }

    /// An operand as an argument for a parameter of type `wanted`.
    pub(super) fn argument(
        &mut self,
        frame: &mut Frame<'t>,
        dot: &Value,
        wanted: &Type,
        operand: &'t Operand,
    ) -> Evaluated<Value> {
        frame.at = Some(Spot::Operand(operand));
        let value = match operand {
            Operand::Dot(_) => dot.clone(),
            Operand::Nil(_) if wanted.can_be_nil() => return Ok(Value::zero(wanted)),
            Operand::Nil(_) => {
                return Err(self.error(frame, format!("cannot assign nil to {wanted}")));
            }
            Operand::Field(_)
            | Operand::Variable(_)
            | Operand::Chain(_)
            | Operand::Pipe(_)
            | Operand::Identifier { .. } => self.untyped(frame, dot, operand)?,
            Operand::Bool { .. } | Operand::Number(_) | Operand::Text(_) => {
                return self.literal(frame, wanted, operand);
            }
        };
        self.validated(frame, value, wanted)
    }

    /// A constant as a value of the type that is wanted.
    fn literal(
        &mut self,
        frame: &mut Frame<'t>,
        wanted: &Type,
        operand: &'t Operand,
    ) -> Evaluated<Value> {
        let found = match (wanted.underlying(), operand) {
            (Type::Interface | Type::Reflected, Operand::Number(number)) => {
                return self.ideal(frame, number);
            }
            (Type::Interface | Type::Reflected | Type::Bool, Operand::Bool { value, .. }) => {
                Ok(Value::Bool(*value))
            }
            (Type::Interface | Type::Reflected | Type::Text, Operand::Text(text)) => {
                Ok(Value::Text(text.value.clone()))
            }
            (Type::Integer(kind), Operand::Number(number)) => integer(*kind, number),
            (Type::Float, Operand::Number(number)) => number.float.map(Value::Float).ok_or("float"),
            (Type::Complex, Operand::Number(number)) => {
                let complex = number
                    .complex
                    .map(|(real, imaginary)| Value::Complex(real, imaginary));
                complex.ok_or("complex")
            }
            (Type::Bool, _) => Err("bool"),
            (Type::Text, _) => Err("string"),
            (Type::Float, _) => Err("float"),
            (Type::Complex, _) => Err("complex"),
            (Type::Integer(kind), _) if kind.is_signed() => Err("integer"),
            (Type::Integer(_), _) => Err("unsigned integer"),
            _ => {
                let text = format!("can't handle {operand} for arg of type {wanted}");
                return Err(self.error(frame, text));
            }
        };
        match (found, wanted) {
            (Ok(value), Type::Named(named)) => {
                Ok(Value::Named(named.clone(), std::sync::Arc::new(value)))
            }
            (Ok(value), _) => Ok(value),
            (Err(kind), _) => Err(self.error(frame, format!("expected {kind}; found {operand}"))),
        }
    }
}

fn integer(kind: IntegerKind, number: &Number) -> Result<Value, &'static str> {
    match kind.is_signed() {
        true => {
            let value = number.signed.map(|signed| Value::Signed(kind, signed));
            value.ok_or("integer")
        }
        false => {
            let value = number
                .unsigned
                .map(|unsigned| Value::Unsigned(kind, unsigned));
            value.ok_or("unsigned integer")
        }
    }
}
