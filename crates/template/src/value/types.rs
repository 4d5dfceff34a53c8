//! Types as Go has them: templates are typed by the values they meet, and messages name the types.

use std::fmt;
use std::sync::Arc;

use super::Value;

/// The type of a value, of an element or of a parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum Type {
    /// `bool`.
    Bool,
    /// A whole number.
    Integer(IntegerKind),
    /// `float64`.
    Float,
    /// `complex128`.
    Complex,
    /// `string`.
    Text,
    /// `interface {}`: anything, and nothing.
    Interface,
    /// What Go calls `reflect.Value`: a parameter that takes anything as it is.
    Reflected,
    /// A list.
    Slice(Arc<Type>),
    /// A map: key and element.
    Map(Arc<Type>, Arc<Type>),
    /// A pointer.
    Pointer(Arc<Type>),
    /// A struct.
    Struct(Arc<StructType>),
    /// A type with a name of its own on top of another.
    Named(Arc<NamedType>),
    /// A function.
    Function(Arc<Signature>),
    /// `time.Time`.
    Time,
}

/// The whole numbers of Go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are Go's")]
pub enum IntegerKind {
    Int,
    Int8,
    Int16,
    Int32,
    Int64,
    Uint,
    Uint8,
    Uint16,
    Uint32,
    Uint64,
}

/// A struct type.
#[derive(Debug)]
pub struct StructType {
    /// With its package; none for a struct without a name.
    pub name: Option<&'static str>,
    /// Fields in order. Those in lower case are seen when printing only.
    pub fields: Vec<(&'static str, Type)>,
    /// What can be called on a value or on a pointer to one.
    pub methods: Vec<Method>,
    /// What Go calls `String`, if the type has it.
    pub text: Option<fn(&Value) -> String>,
}

/// A type with a name on top of another, such as `time.Duration`.
#[derive(Debug)]
pub struct NamedType {
    /// With its package.
    pub name: &'static str,
    /// What it is made of.
    pub underlying: Type,
    /// What can be called on a value.
    pub methods: Vec<Method>,
    /// What Go calls `String`, if the type has it.
    pub text: Option<fn(&Value) -> String>,
}

/// Something that can be called on a value.
#[derive(Debug)]
pub struct Method {
    /// Its name.
    pub name: &'static str,
    /// What it takes, without the receiver, and returns.
    pub signature: Signature,
    /// Calls it.
    pub body: fn(&Value, &[Value]) -> Result<Value, String>,
}

/// What a function takes and returns.
#[derive(Clone, Debug, PartialEq)]
pub struct Signature {
    /// Types of the parameters.
    pub parameters: Vec<Type>,
    /// True if the last parameter takes any number of arguments of its type.
    pub is_variadic: bool,
    /// Type of the result.
    pub result: Type,
    /// True if it may fail.
    pub is_fallible: bool,
}

impl Type {
    /// A list of this type.
    pub fn slice_of(element: Type) -> Self {
        Self::Slice(Arc::new(element))
    }

    /// A map with text for keys.
    pub fn map_of(element: Type) -> Self {
        Self::Map(Arc::new(Self::Text), Arc::new(element))
    }

    /// A pointer to this type.
    pub fn pointer_to(target: Type) -> Self {
        Self::Pointer(Arc::new(target))
    }

    /// The type below names.
    pub fn underlying(&self) -> &Type {
        match self {
            Self::Named(named) => named.underlying.underlying(),
            other => other,
        }
    }

    /// True if a value of type `from` can be given where this type is wanted.
    pub(crate) fn takes(&self, from: &Type) -> bool {
        if matches!(self, Self::Interface) || self == from {
            return true;
        }
        (!self.has_name() || !from.has_name()) && self.underlying() == from.underlying()
    }

    /// True for types that have a name, predeclared ones too.
    fn has_name(&self) -> bool {
        match self {
            Self::Slice(_) | Self::Map(..) | Self::Pointer(_) | Self::Function(_) => false,
            Self::Struct(kind) => kind.name.is_some(),
            _ => true,
        }
    }

    /// True if nil is a value of the type.
    pub(crate) fn can_be_nil(&self) -> bool {
        matches!(
            self.underlying(),
            Self::Interface
                | Self::Reflected
                | Self::Slice(_)
                | Self::Map(..)
                | Self::Pointer(_)
                | Self::Function(_)
        )
    }

    /// True if values of the type can be compared with `==`.
    pub(crate) fn is_comparable(&self) -> bool {
        match self.underlying() {
            Self::Slice(_) | Self::Map(..) | Self::Function(_) => false,
            Self::Struct(kind) => kind.fields.iter().all(|(_, field)| field.is_comparable()),
            _ => true,
        }
    }
}

impl IntegerKind {
    /// True if the kind has negative numbers.
    pub fn is_signed(self) -> bool {
        matches!(
            self,
            Self::Int | Self::Int8 | Self::Int16 | Self::Int32 | Self::Int64
        )
    }
}

impl PartialEq for StructType {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.fields == other.fields
    }
}

impl PartialEq for NamedType {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Signature {
    /// A function of a fixed number of parameters that cannot fail.
    pub fn new(parameters: impl Into<Vec<Type>>, result: Type) -> Self {
        Self {
            parameters: parameters.into(),
            is_variadic: false,
            result,
            is_fallible: false,
        }
    }

    /// The same, but it may fail.
    pub fn fallible(parameters: impl Into<Vec<Type>>, result: Type) -> Self {
        Self {
            is_fallible: true,
            ..Self::new(parameters, result)
        }
    }

    /// The same, with any number of arguments for the last parameter.
    #[must_use]
    pub fn variadic(self) -> Self {
        Self {
            is_variadic: true,
            ..self
        }
    }

    /// Parameters that take one argument each.
    pub(crate) fn fixed(&self) -> usize {
        self.parameters.len() - usize::from(self.is_variadic)
    }

    /// The type of the argument at `index`.
    pub(crate) fn parameter(&self, index: usize) -> &Type {
        let last = self.parameters.len().saturating_sub(1);
        self.parameters
            .get(index.min(last))
            .unwrap_or(&Type::Interface)
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool => f.write_str("bool"),
            Self::Integer(kind) => f.write_str(kind.name()),
            Self::Float => f.write_str("float64"),
            Self::Complex => f.write_str("complex128"),
            Self::Text => f.write_str("string"),
            Self::Interface => f.write_str("interface {}"),
            Self::Reflected => f.write_str("reflect.Value"),
            Self::Slice(element) => write!(f, "[]{element}"),
            Self::Map(key, element) => write!(f, "map[{key}]{element}"),
            Self::Pointer(target) => write!(f, "*{target}"),
            Self::Struct(kind) => kind.fmt(f),
            Self::Named(named) => f.write_str(named.name),
            Self::Function(signature) => signature.fmt(f),
            Self::Time => f.write_str("time.Time"),
        }
    }
}

impl fmt::Display for StructType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(name) = self.name {
            return f.write_str(name);
        }
        f.write_str("struct {")?;
        for (index, (name, kind)) in self.fields.iter().enumerate() {
            f.write_str(if index == 0 { " " } else { "; " })?;
            write!(f, "{name} {kind}")?;
        }
        f.write_str(if self.fields.is_empty() { "}" } else { " }" })
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("func(")?;
        for (index, parameter) in self.parameters.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            if self.is_variadic && index + 1 == self.parameters.len() {
                f.write_str("...")?;
            }
            parameter.fmt(f)?;
        }
        match self.is_fallible {
            true => write!(f, ") ({}, error)", self.result),
            false => write!(f, ") {}", self.result),
        }
    }
}

impl IntegerKind {
    /// Go's name of the kind.
    pub fn name(self) -> &'static str {
        match self {
            Self::Int => "int",
            Self::Int8 => "int8",
            Self::Int16 => "int16",
            Self::Int32 => "int32",
            Self::Int64 => "int64",
            Self::Uint => "uint",
            Self::Uint8 => "uint8",
            Self::Uint16 => "uint16",
            Self::Uint32 => "uint32",
            Self::Uint64 => "uint64",
        }
    }
}
