//! What templates can call by name.
//!
//! Which functions there are is the caller's choice.

mod builtin;
mod comparison;
mod indexing;
mod number;
mod path;
mod prometheus;
mod query;
mod text;

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::environment::Environment;
use crate::limits::Budget;
use crate::value::{Signature, Type, Value};

/// Which functions a template can call, besides those of the language.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FunctionSet {
    /// None.
    #[default]
    Language,
    /// Those of alert labels and annotations in rule files.
    Prometheus,
    /// Those of rule files, and `tmpl`.
    Console,
}

/// A function with its signature.
#[derive(Clone, Debug)]
pub struct Function {
    pub(crate) signature: Signature,
    pub(crate) body: Body,
}

/// How a function is run.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Body {
    /// From its arguments.
    Plain(PlainBody),
    /// `and`, which does not look at all of its arguments.
    And,
    /// `or`, likewise.
    Or,
    /// `call`.
    Call,
    /// `tmpl`.
    Template,
}

/// A function of its arguments and of the surroundings of the template.
pub(crate) type PlainBody = fn(&mut Context<'_>, &[Value]) -> Result<Value, String>;

/// What functions see of the expansion that calls them.
pub struct Context<'e> {
    pub(crate) environment: &'e Environment<'e>,
    pub(crate) budget: Budget,
}

impl Context<'_> {
    /// Most bytes that a text may still have.
    pub(crate) fn room(&self) -> usize {
        self.budget.memory_left()
    }

    /// A text that was written with one byte of room more than there is.
    pub(crate) fn written(&self, text: Vec<u8>) -> Result<Value, String> {
        match text.len() > self.room() {
            true => Err(self.budget.out_of_memory()),
            false => Ok(Value::from(text)),
        }
    }
}

impl Function {
    /// A function of its arguments that can stand among the data of a template.
    pub fn new(
        signature: Signature,
        body: fn(&mut Context<'_>, &[Value]) -> Result<Value, String>,
    ) -> Self {
        Self {
            signature,
            body: Body::Plain(body),
        }
    }
}

impl FunctionSet {
    /// True if a template may call a function of this name.
    pub(crate) fn has(self, name: &str) -> bool {
        self.table().contains_key(name)
    }

    /// The function of a name, those that escaping adds included.
    pub(crate) fn find(self, name: &str) -> Option<&'static Function> {
        self.table().get(name).or_else(|| ESCAPERS.get(name))
    }

    fn table(self) -> &'static Table {
        match self {
            Self::Language => &LANGUAGE,
            Self::Prometheus => &PROMETHEUS,
            Self::Console => &CONSOLE,
        }
    }
}

/// Functions by their names.
type Table = HashMap<&'static str, Function>;

/// A function with its name, as the lists have them.
type Named = (&'static str, Signature, Body);

fn table(lists: &[fn() -> Vec<Named>]) -> Table {
    let named = lists.iter().flat_map(|list| list());
    named
        .map(|(name, signature, body)| (name, Function { signature, body }))
        .collect()
}

static LANGUAGE: LazyLock<Table> = LazyLock::new(|| table(&[builtin::list]));
static PROMETHEUS: LazyLock<Table> = LazyLock::new(|| table(&[builtin::list, prometheus::list]));
static CONSOLE: LazyLock<Table> =
    LazyLock::new(|| table(&[builtin::list, prometheus::list, prometheus::console]));
static ESCAPERS: LazyLock<Table> = LazyLock::new(|| table(&[escapers]));

fn escapers() -> Vec<Named> {
    let signature = Signature::new([Type::Interface], Type::Text).variadic();
    let named = crate::html::ESCAPERS.iter();
    named
        .map(|(name, body)| (*name, signature.clone(), Body::Plain(*body)))
        .collect()
}
