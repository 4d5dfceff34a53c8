//! A text with its templates, ready to be expanded any number of times.

use std::sync::Arc;

use crate::environment::Environment;
use crate::eval::{self, ExpandError, Trees};
use crate::functions::FunctionSet;
use crate::parse::{self, ParseError};
use crate::value::Value;

/// A parsed template, and those that are defined with it.
#[derive(Clone, Debug)]
pub struct Template {
    name: Arc<str>,
    trees: Trees,
    functions: FunctionSet,
}

impl Template {
    /// Reads a template. Messages call it `name`.
    ///
    /// # Errors
    /// The text is not a template, in Go's words.
    pub fn parse(name: &str, text: &str, functions: FunctionSet) -> Result<Self, ParseError> {
        let mut template = Self {
            name: name.into(),
            trees: Trees::new(),
            functions,
        };
        template.add(name, text)?;
        Ok(template)
    }

    /// Reads the templates of another text, which replace those of the same names, unless they are
    /// empty. The text itself is the template `name`.
    ///
    /// # Errors
    /// The text is not a template, in Go's words.
    pub fn add(&mut self, name: &str, text: &str) -> Result<(), ParseError> {
        for (name, tree) in parse::parse(name, text, self.functions)? {
            if !tree.root.is_empty() || !self.trees.contains_key(&name) {
                self.trees.insert(name, Arc::new(tree));
            }
        }
        Ok(())
    }

    /// The text that the template makes of some data.
    ///
    /// # Errors
    /// The data does not fit, a function fails, or a limit is passed, in Go's words.
    pub fn expand(
        &self,
        data: &Value,
        environment: &Environment<'_>,
    ) -> Result<String, ExpandError> {
        self.expand_named(&self.name, data, environment)
    }

    /// The text that one of the templates makes of some data.
    ///
    /// # Errors
    /// There is no such template; and as [`Template::expand`].
    pub fn expand_named(
        &self,
        name: &str,
        data: &Value,
        environment: &Environment<'_>,
    ) -> Result<String, ExpandError> {
        let bytes = eval::expand(&self.trees, name, self.functions, data, environment)?;
        Ok(String::from_utf8(bytes)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
    }

    /// Names of all templates, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.trees.keys().map(|name| &**name)
    }
}
