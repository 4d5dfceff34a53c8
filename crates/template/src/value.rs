//! What templates calculate with: the values of Go, each with its type.
//!
//! Lists, maps and structs are shared, not copied. Elements whose declared type is `interface {}`
//! lie in their container as they are, and come out as [`Value::Interface`], because messages tell
//! the two apart.

mod compare;
mod text;
mod types;

use std::sync::Arc;

pub use text::Text;
pub use types::{IntegerKind, Method, NamedType, Signature, StructType, Type};

use crate::functions::Function;
use crate::time::Time;

/// A value with its type.
#[derive(Clone, Debug, Default)]
pub enum Value {
    /// Nothing at all: what a missing key gives, and an untyped `nil`.
    #[default]
    Invalid,
    /// `bool`.
    Bool(bool),
    /// A whole number of a kind with negative ones.
    Signed(IntegerKind, i64),
    /// A whole number of a kind without.
    Unsigned(IntegerKind, u64),
    /// `float64`.
    Float(f64),
    /// `complex128`.
    Complex(f64, f64),
    /// `string`.
    Text(Text),
    /// What came out of a place that holds anything.
    Interface(Option<Arc<Value>>),
    /// A list.
    Slice(Slice),
    /// A map.
    Map(Map),
    /// A pointer.
    Pointer(Pointer),
    /// A struct.
    Struct(Struct),
    /// A value of a type with a name of its own.
    Named(Arc<NamedType>, Arc<Value>),
    /// A function that templates reach with `call`.
    Function(Arc<Function>),
    /// `time.Time`.
    Time(Time),
}

/// A list, shared.
#[derive(Clone, Debug)]
pub struct Slice {
    element: Arc<Type>,
    /// None is the nil list.
    items: Option<Arc<[Value]>>,
    depth: u16,
}

/// A map, shared; sorted by key.
#[derive(Clone, Debug)]
pub struct Map {
    key: Arc<Type>,
    element: Arc<Type>,
    /// None is the nil map.
    entries: Option<Arc<[(Value, Value)]>>,
    depth: u16,
}

/// A pointer to a shared value.
#[derive(Clone, Debug)]
pub struct Pointer {
    target: Arc<Type>,
    value: Option<Arc<Value>>,
}

/// A struct, shared.
#[derive(Clone, Debug)]
pub struct Struct {
    kind: Arc<StructType>,
    fields: Arc<[Value]>,
}

impl Value {
    /// An `int`.
    pub fn int(number: i64) -> Self {
        Self::Signed(IntegerKind::Int, number)
    }

    /// A list of text.
    pub fn texts<T: Into<Text>>(items: impl IntoIterator<Item = T>) -> Self {
        let items = items.into_iter().map(Value::from);
        Self::Slice(Slice::new(Type::Text, items.collect::<Vec<_>>()))
    }

    /// A pointer to this value.
    #[must_use]
    pub fn pointer(self) -> Self {
        Self::Pointer(Pointer {
            target: Arc::new(self.kind().unwrap_or(Type::Interface)),
            value: Some(Arc::new(self)),
        })
    }

    /// The zero value of a type.
    pub fn zero(kind: &Type) -> Self {
        match kind {
            Type::Bool => Self::Bool(false),
            Type::Integer(kind) if kind.is_signed() => Self::Signed(*kind, 0),
            Type::Integer(kind) => Self::Unsigned(*kind, 0),
            Type::Float => Self::Float(0.0),
            Type::Complex => Self::Complex(0.0, 0.0),
            Type::Text => Self::Text(Text::default()),
            Type::Interface => Self::Interface(None),
            Type::Reflected | Type::Function(_) => Self::Invalid,
            Type::Slice(element) => Self::Slice(Slice {
                element: Arc::clone(element),
                items: None,
                depth: 0,
            }),
            Type::Map(key, element) => Self::Map(Map {
                key: Arc::clone(key),
                element: Arc::clone(element),
                entries: None,
                depth: 0,
            }),
            Type::Pointer(target) => Self::Pointer(Pointer {
                target: Arc::clone(target),
                value: None,
            }),
            Type::Struct(kind) => {
                let fields = kind.fields.iter().map(|(_, field)| Self::zero(field));
                Self::Struct(Struct::new(Arc::clone(kind), fields.collect::<Vec<_>>()))
            }
            Type::Named(named) => {
                let value = Self::zero(&named.underlying);
                Self::Named(Arc::clone(named), Arc::new(value))
            }
            Type::Time => Self::Time(Time::zero()),
        }
    }

    /// The type; nothing at all has none.
    pub fn kind(&self) -> Option<Type> {
        Some(match self {
            Self::Invalid => return None,
            Self::Bool(_) => Type::Bool,
            Self::Signed(kind, _) | Self::Unsigned(kind, _) => Type::Integer(*kind),
            Self::Float(_) => Type::Float,
            Self::Complex(..) => Type::Complex,
            Self::Text(_) => Type::Text,
            Self::Interface(_) => Type::Interface,
            Self::Slice(slice) => Type::Slice(Arc::clone(&slice.element)),
            Self::Map(map) => Type::Map(Arc::clone(&map.key), Arc::clone(&map.element)),
            Self::Pointer(pointer) => Type::Pointer(Arc::clone(&pointer.target)),
            Self::Struct(value) => Type::Struct(Arc::clone(&value.kind)),
            Self::Named(named, _) => Type::Named(Arc::clone(named)),
            Self::Function(function) => Type::Function(Arc::new(function.signature.clone())),
            Self::Time(_) => Type::Time,
        })
    }

    /// The name of the type, for messages.
    pub(crate) fn type_name(&self) -> String {
        self.kind()
            .map_or_else(|| "<nil>".to_owned(), |kind| kind.to_string())
    }

    /// The value below a type's name.
    pub fn underlying(&self) -> &Value {
        match self {
            Self::Named(_, value) => value.underlying(),
            other => other,
        }
    }

    /// The value in a place that holds anything, one level down.
    pub(crate) fn out_of_interface(&self) -> &Value {
        match self {
            Self::Interface(Some(value)) => value,
            Self::Interface(None) => &Self::Invalid,
            other => other,
        }
    }

    /// Follows pointers and interfaces to their end; true if that is nil.
    pub(crate) fn indirect(&self) -> (&Value, bool) {
        let mut value = self;
        loop {
            value = match value {
                Self::Pointer(Pointer { value: inner, .. }) | Self::Interface(inner) => match inner
                {
                    Some(inner) => inner,
                    None => return (value, true),
                },
                other => return (other, false),
            };
        }
    }

    /// Whether a condition holds: false for nothing, zero and what is empty.
    pub(crate) fn is_true(&self) -> bool {
        match self.underlying() {
            Self::Invalid | Self::Interface(None) => false,
            Self::Bool(value) => *value,
            Self::Signed(_, number) => *number != 0,
            Self::Unsigned(_, number) => *number != 0,
            Self::Float(number) => *number != 0.0,
            Self::Complex(real, imaginary) => *real != 0.0 || *imaginary != 0.0,
            Self::Text(text) => !text.is_empty(),
            Self::Slice(slice) => !slice.items().is_empty(),
            Self::Map(map) => !map.entries().is_empty(),
            Self::Pointer(pointer) => pointer.value.is_some(),
            _ => true,
        }
    }

    /// True for nothing and for the nil of a type that has one.
    pub(crate) fn is_nil(&self) -> bool {
        match self.underlying() {
            Self::Invalid | Self::Interface(None) => true,
            Self::Slice(slice) => slice.items.is_none(),
            Self::Map(map) => map.entries.is_none(),
            Self::Pointer(pointer) => pointer.value.is_none(),
            _ => false,
        }
    }

    /// How many levels of containers the value has.
    pub(crate) fn depth(&self) -> u16 {
        match self {
            Self::Slice(slice) => slice.depth,
            Self::Map(map) => map.depth,
            Self::Interface(Some(value)) | Self::Named(_, value) => value.depth(),
            Self::Pointer(pointer) => pointer.value.as_ref().map_or(0, |value| value.depth()),
            _ => 0,
        }
    }

    /// The bytes of a text, of a named one too.
    pub(crate) fn as_text(&self) -> Option<&Text> {
        match self.underlying() {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl Slice {
    /// A list of values of one type.
    pub fn new(element: Type, items: impl Into<Arc<[Value]>>) -> Self {
        let items = items.into();
        Self {
            element: Arc::new(element),
            depth: 1 + items.iter().map(Value::depth).max().unwrap_or(0),
            items: Some(items),
        }
    }

    /// The items, as they lie in the list.
    pub fn items(&self) -> &[Value] {
        self.items.as_deref().unwrap_or_default()
    }

    /// The type of the items.
    pub fn element(&self) -> &Type {
        &self.element
    }

    /// The item at an index, as it comes out.
    pub(crate) fn get(&self, index: usize) -> Option<Value> {
        self.items()
            .get(index)
            .map(|item| taken_out(&self.element, item))
    }
}

impl Map {
    /// A map; of entries with the same key the last one counts.
    pub fn new(key: Type, element: Type, mut entries: Vec<(Value, Value)>) -> Self {
        entries.sort_by(|(a, _), (b, _)| compare::order(a, b));
        entries.reverse();
        entries.dedup_by(|(a, _), (b, _)| compare::order(a, b).is_eq());
        entries.reverse();
        Self {
            key: Arc::new(key),
            element: Arc::new(element),
            depth: 1 + entries.iter().map(|(_, v)| v.depth()).max().unwrap_or(0),
            entries: Some(entries.into()),
        }
    }

    /// A map from text to text.
    pub fn of_texts<K: Into<Text>, V: Into<Text>>(
        entries: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let entries = entries.into_iter().map(|(k, v)| (k.into(), v.into()));
        let values = entries.map(|(k, v): (Text, Text)| (Value::Text(k), Value::Text(v)));
        Self::new(Type::Text, Type::Text, values.collect())
    }

    /// A map from text to anything.
    pub fn of_anything<K: Into<Text>>(entries: impl IntoIterator<Item = (K, Value)>) -> Self {
        let entries = entries.into_iter().map(|(k, v)| (Value::Text(k.into()), v));
        Self::new(Type::Text, Type::Interface, entries.collect())
    }

    /// Keys and values, sorted, as they lie in the map.
    pub fn entries(&self) -> &[(Value, Value)] {
        self.entries.as_deref().unwrap_or_default()
    }

    /// The type of the keys.
    pub fn key(&self) -> &Type {
        &self.key
    }

    /// The type of the values.
    pub fn element(&self) -> &Type {
        &self.element
    }

    /// The value of a key, as it comes out.
    pub(crate) fn get(&self, key: &Value) -> Option<Value> {
        let entries = self.entries();
        let found = entries.binary_search_by(|(other, _)| compare::order(other, key));
        let (_, value) = entries.get(found.ok()?)?;
        Some(taken_out(&self.element, value))
    }
}

impl Pointer {
    /// What it points to.
    pub fn value(&self) -> Option<&Value> {
        self.value.as_deref()
    }

    /// The type of what it points to.
    pub fn target(&self) -> &Type {
        &self.target
    }
}

impl Struct {
    /// A struct with its fields in the order of the type's.
    pub fn new(kind: Arc<StructType>, fields: impl Into<Arc<[Value]>>) -> Self {
        Self {
            kind,
            fields: fields.into(),
        }
    }

    /// The type.
    pub fn struct_type(&self) -> &StructType {
        &self.kind
    }

    /// The fields in the order of the type's, as they lie in the struct.
    pub fn fields(&self) -> &[Value] {
        &self.fields
    }

    /// A field, as it comes out.
    pub fn field(&self, name: &str) -> Option<Value> {
        let fields = self.kind.fields.iter().zip(self.fields.iter());
        let mut found = fields.filter(|((other, _), _)| *other == name);
        found
            .next()
            .map(|((_, kind), value)| taken_out(kind, value))
    }
}

/// A value as it comes out of a place of this type.
pub(crate) fn taken_out(place: &Type, value: &Value) -> Value {
    match (place, value) {
        (Type::Interface, Value::Invalid | Value::Interface(None)) => Value::Interface(None),
        (Type::Interface, Value::Interface(_)) => value.clone(),
        (Type::Interface, value) => Value::Interface(Some(Arc::new(value.clone()))),
        (_, value) => value.clone(),
    }
}

pub(crate) use compare::equal;

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

impl<T: Into<Text>> From<T> for Value {
    fn from(text: T) -> Self {
        Self::Text(text.into())
    }
}

impl From<Slice> for Value {
    fn from(slice: Slice) -> Self {
        Self::Slice(slice)
    }
}

impl From<Map> for Value {
    fn from(map: Map) -> Self {
        Self::Map(map)
    }
}

impl From<Struct> for Value {
    fn from(value: Struct) -> Self {
        Self::Struct(value)
    }
}
