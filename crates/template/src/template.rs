//! A text with its templates, ready to be expanded any number of times.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::environment::Environment;
use crate::eval::{self, ExpandError, Templates, Trees};
use crate::functions::FunctionSet;
use crate::html;
use crate::parse::{self, ParseError};
use crate::value::Value;

/// A parsed template, and those that are defined with it.
#[derive(Clone, Debug)]
pub struct Template {
    name: Arc<str>,
    templates: Templates,
}

impl Template {
    /// Reads a template. Messages call it `name`.
    ///
    /// # Errors
    /// The text is not a template, in Go's words.
    pub fn parse(name: &str, text: &str, functions: FunctionSet) -> Result<Self, ParseError> {
        let mut template = Self {
            name: name.into(),
            templates: Templates {
                trees: Trees::new(),
                functions,
                faults: None,
            },
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
        let Templates {
            trees, functions, ..
        } = &mut self.templates;
        for (name, tree) in parse::parse(name, text, *functions)? {
            if !tree.root.is_empty() || !trees.contains_key(&name) {
                trees.insert(name, Arc::new(tree));
            }
        }
        Ok(())
    }

    /// The same templates for a page: every value is escaped for the place where it stands, as Go's
    /// `html/template` does it. Texts are added before.
    ///
    /// # Errors
    /// The page is not built so that it can be told where its values stand.
    pub fn into_page(mut self) -> Result<Self, ExpandError> {
        let trees = &mut self.templates.trees;
        let mut done = html::Escaped::default();
        let main = &self.name;
        html::escape(trees, main, &mut done).map_err(|fault| ExpandError(fault.into()))?;
        let mut faults = BTreeMap::new();
        let names: Vec<Arc<str>> = trees.keys().cloned().collect();
        for name in names {
            if done.has(&name) {
                continue;
            }
            if let Err(fault) = html::escape(trees, &name, &mut done) {
                faults.insert(name, fault);
            }
        }
        for name in faults.keys() {
            trees.remove(name);
        }
        self.templates.faults = Some(faults);
        Ok(self)
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
        let bytes = eval::expand(&self.templates, name, data, environment)?;
        Ok(String::from_utf8(bytes)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
    }

    /// Names of all templates, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.templates.trees.keys().map(|name| &**name)
    }
}
