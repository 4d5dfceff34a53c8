//! Walks a parsed template and writes its result.
//!
//! As in Go, a message names the part that was looked at last, which is why each step says where it
//! is.

mod call;
mod field;
mod operand;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::ast::{Branch, BranchKind, Command, Invocation, List, Node, Operand, Pipe, Tree};
use crate::environment::Environment;
use crate::format;
use crate::functions::{Context, FunctionSet};
use crate::limits::Budget;
use crate::value::{Map, Slice, Value};

pub(crate) use call::prepare;

/// A template that could not be expanded. The message is Go's.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0}")]
pub struct ExpandError(pub(crate) Box<str>);

type Evaluated<T> = Result<T, ExpandError>;

/// Templates by their names.
pub(crate) type Trees = BTreeMap<Arc<str>, Arc<Tree>>;

/// Templates with what they can call.
#[derive(Clone, Debug)]
pub(crate) struct Templates {
    pub(crate) trees: Trees,
    pub(crate) functions: FunctionSet,
    /// Of a page: what is wrong with templates that can then not be called by a name that is a
    /// value. None for what is not a page.
    pub(crate) faults: Option<BTreeMap<Arc<str>, String>>,
}

/// Expands the template called `name`.
pub(crate) fn expand(
    templates: &Templates,
    name: &str,
    data: &Value,
    environment: &Environment<'_>,
) -> Evaluated<Vec<u8>> {
    let Templates {
        trees,
        functions,
        faults,
    } = templates;
    let mut run = Run {
        trees,
        functions: *functions,
        faults,
        context: Context {
            environment,
            budget: Budget::new(environment.limits),
        },
        output: Vec::new(),
        depth: 0,
    };
    let Some(tree) = trees.get(name) else {
        let shown = format::quoted(name.as_bytes());
        let text = format!("template: {name}: {shown} is an incomplete or empty template");
        return Err(ExpandError(text.into()));
    };
    run.template(tree, data)?;
    Ok(run.output)
}

/// One expansion.
struct Run<'t, 'e> {
    trees: &'t Trees,
    functions: FunctionSet,
    faults: &'t Option<BTreeMap<Arc<str>, String>>,
    context: Context<'e>,
    output: Vec<u8>,
    depth: usize,
}

/// One template that is being walked.
struct Frame<'t> {
    tree: &'t Tree,
    /// What was looked at last.
    at: Option<Spot<'t>>,
    variables: Vec<(&'t str, Value)>,
}

/// A part of a template.
#[derive(Clone, Copy)]
enum Spot<'t> {
    List(&'t List),
    Node(&'t Node),
    Pipe(&'t Pipe),
    Command(&'t Command),
    Operand(&'t Operand),
}

/// How a list of nodes was left.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    Next,
    Break,
    Continue,
}

impl<'t> Run<'t, '_> {
    fn template(&mut self, tree: &'t Tree, dot: &Value) -> Evaluated<()> {
        let mut frame = Frame {
            tree,
            at: None,
            variables: vec![("$", dot.clone())],
        };
        self.list(&mut frame, dot, &tree.root)?;
        Ok(())
    }

    fn list(&mut self, frame: &mut Frame<'t>, dot: &Value, list: &'t List) -> Evaluated<Flow> {
        frame.at = Some(Spot::List(list));
        self.descend(frame)?;
        for node in &list.nodes {
            frame.at = Some(Spot::Node(node));
            self.spend(frame, 1)?;
            let flow = self.node(frame, dot, node)?;
            if flow != Flow::Next {
                self.depth -= 1;
                return Ok(flow);
            }
        }
        self.depth -= 1;
        Ok(Flow::Next)
    }

    fn node(&mut self, frame: &mut Frame<'t>, dot: &Value, node: &'t Node) -> Evaluated<Flow> {
        match node {
            Node::Text(text) => self.write(frame, &text.text)?,
            Node::Action(action) => {
                let value = self.pipeline(frame, dot, &action.pipe)?;
                if action.pipe.declarations.is_empty() {
                    frame.at = Some(Spot::Node(node));
                    self.print(frame, node, &value)?;
                }
            }
            Node::Branch(branch) if branch.kind == BranchKind::Range => {
                return self.range(frame, dot, branch);
            }
            Node::Branch(branch) => return self.branch(frame, dot, branch),
            Node::Template(invocation) => self.invocation(frame, dot, invocation)?,
            Node::Break(_) => return Ok(Flow::Break),
            Node::Continue(_) => return Ok(Flow::Continue),
        }
        Ok(Flow::Next)
    }

    /// `if` and `with`.
    fn branch(
        &mut self,
        frame: &mut Frame<'t>,
        dot: &Value,
        branch: &'t Branch,
    ) -> Evaluated<Flow> {
        let mark = frame.variables.len();
        let value = self.pipeline(frame, dot, &branch.pipe)?;
        let flow = if value.out_of_interface().is_true() {
            let inner = match branch.kind {
                BranchKind::With => &value,
                _ => dot,
            };
            self.list(frame, inner, &branch.list)?
        } else if let Some(otherwise) = &branch.otherwise {
            self.list(frame, dot, otherwise)?
        } else {
            Flow::Next
        };
        frame.variables.truncate(mark);
        Ok(flow)
    }

    fn range(&mut self, frame: &mut Frame<'t>, dot: &Value, branch: &'t Branch) -> Evaluated<Flow> {
        let mark = frame.variables.len();
        let value = self.pipeline(frame, dot, &branch.pipe)?;
        let (value, _) = value.indirect();
        let iterated = match value.underlying() {
            Value::Signed(..) | Value::Unsigned(..) => self.range_number(frame, branch, value)?,
            Value::Slice(slice) => self.range_slice(frame, branch, slice)?,
            Value::Map(map) => self.range_map(frame, branch, map)?,
            Value::Invalid => false,
            _ => {
                let shown = format::shown(value, 'v');
                return Err(self.error(frame, format!("range can't iterate over {shown}")));
            }
        };
        let mut flow = Flow::Next;
        if let Some(otherwise) = branch.otherwise.as_ref().filter(|_| !iterated) {
            flow = self.list(frame, dot, otherwise)?;
        }
        frame.variables.truncate(mark);
        Ok(flow)
    }

    fn range_number(
        &mut self,
        frame: &mut Frame<'t>,
        branch: &'t Branch,
        number: &Value,
    ) -> Evaluated<bool> {
        if branch.pipe.declarations.len() > 1 {
            let shown = format::shown(number, 'v');
            let text = format!("can't use {shown} to iterate over more than one variable");
            return Err(self.error(frame, text));
        }
        let count = match number.underlying() {
            Value::Signed(_, count) => u64::try_from(*count).unwrap_or(0),
            Value::Unsigned(_, count) => *count,
            _ => 0,
        };
        for index in 0..count {
            let element = match number {
                Value::Signed(kind, _) => Value::Signed(*kind, index.cast_signed()),
                Value::Unsigned(kind, _) => Value::Unsigned(*kind, index),
                Value::Named(named, inner) => {
                    let index = match &**inner {
                        Value::Unsigned(kind, _) => Value::Unsigned(*kind, index),
                        Value::Signed(kind, _) => Value::Signed(*kind, index.cast_signed()),
                        _ => Value::Invalid,
                    };
                    Value::Named(Arc::clone(named), Arc::new(index))
                }
                _ => Value::Invalid,
            };
            if self.iteration(frame, branch, Value::Invalid, element)? == Flow::Break {
                break;
            }
        }
        Ok(count > 0)
    }

    fn range_slice(
        &mut self,
        frame: &mut Frame<'t>,
        branch: &'t Branch,
        slice: &Slice,
    ) -> Evaluated<bool> {
        for index in 0..slice.items().len() {
            let element = slice.get(index).unwrap_or_default();
            let index = Value::int(i64::try_from(index).unwrap_or(i64::MAX));
            if self.iteration(frame, branch, index, element)? == Flow::Break {
                break;
            }
        }
        Ok(!slice.items().is_empty())
    }

    fn range_map(
        &mut self,
        frame: &mut Frame<'t>,
        branch: &'t Branch,
        map: &Map,
    ) -> Evaluated<bool> {
        for (key, element) in map.entries() {
            let key = crate::value::taken_out(map.key(), key);
            let element = crate::value::taken_out(map.element(), element);
            if self.iteration(frame, branch, key, element)? == Flow::Break {
                break;
            }
        }
        Ok(!map.entries().is_empty())
    }

    /// One round of a loop. The pipeline has already put its variables on the stack.
    fn iteration(
        &mut self,
        frame: &mut Frame<'t>,
        branch: &'t Branch,
        index: Value,
        element: Value,
    ) -> Evaluated<Flow> {
        self.spend(frame, 1)?;
        let mark = frame.variables.len();
        let pipe = &branch.pipe;
        match (pipe.declarations.as_slice(), pipe.is_assignment) {
            ([], _) => {}
            ([only], true) => self.set_variable(frame, &only.names, element.clone())?,
            ([first, second, ..], true) => {
                self.set_variable(frame, &first.names, index)?;
                self.set_variable(frame, &second.names, element.clone())?;
            }
            (declared, false) => {
                let pushed = frame.variables.iter_mut().rev().take(declared.len());
                for ((_, variable), value) in pushed.zip([element.clone(), index]) {
                    *variable = value;
                }
            }
        }
        let flow = self.list(frame, &element, &branch.list)?;
        frame.variables.truncate(mark);
        Ok(flow)
    }

    fn invocation(
        &mut self,
        frame: &mut Frame<'t>,
        dot: &Value,
        invocation: &'t Invocation,
    ) -> Evaluated<()> {
        let trees = self.trees;
        let Some(tree) = trees.get(invocation.name.as_str()) else {
            let name = format::quoted(invocation.name.as_bytes());
            return Err(self.error(frame, format!("template {name} not defined")));
        };
        if self.depth >= self.context.budget.limits().depth {
            return Err(self.too_deep(frame));
        }
        let dot = match &invocation.pipe {
            Some(pipe) => self.pipeline(frame, dot, pipe)?,
            None => Value::Invalid,
        };
        self.template(tree, &dot)
    }

    fn pipeline(&mut self, frame: &mut Frame<'t>, dot: &Value, pipe: &'t Pipe) -> Evaluated<Value> {
        frame.at = Some(Spot::Pipe(pipe));
        self.descend(frame)?;
        let mut value = None;
        for command in &pipe.commands {
            let given = self.command(frame, dot, command, value)?;
            value = Some(match given {
                Value::Interface(inner) => inner.map_or(Value::Invalid, Arc::unwrap_or_clone),
                given => given,
            });
        }
        let value = value.unwrap_or_default();
        for variable in &pipe.declarations {
            if pipe.is_assignment {
                self.set_variable(frame, &variable.names, value.clone())?;
            } else if let Some(name) = variable.names.first() {
                frame.variables.push((name, value.clone()));
            }
        }
        self.depth -= 1;
        Ok(value)
    }

    /// Gives the variable that was declared last under its name another value.
    fn set_variable(&self, frame: &mut Frame<'t>, names: &[String], value: Value) -> Evaluated<()> {
        let name = names.first().map_or("", String::as_str);
        let mut found = frame.variables.iter_mut().rev();
        match found.find(|(other, _)| *other == name) {
            Some((_, variable)) => {
                *variable = value;
                Ok(())
            }
            None => Err(self.error(frame, format!("undefined variable: {name}"))),
        }
    }

    fn variable(&self, frame: &Frame<'t>, name: &str) -> Evaluated<Value> {
        let mut variables = frame.variables.iter().rev();
        match variables.find(|(other, _)| *other == name) {
            Some((_, value)) => Ok(value.clone()),
            None => Err(self.error(frame, format!("undefined variable: {name}"))),
        }
    }

    fn print(&mut self, frame: &Frame<'t>, node: &Node, value: &Value) -> Evaluated<()> {
        let mut target = value;
        if matches!(value, Value::Pointer(_)) {
            target = value.indirect().0;
        }
        match target {
            Value::Invalid => self.write(frame, b"<no value>"),
            Value::Text(text) => self.write(frame, text),
            Value::Function(_) => {
                let kind = target.type_name();
                Err(self.error(frame, format!("can't print {node} of type {kind}")))
            }
            target => {
                let room = self.room().saturating_add(1);
                let text = format::print(std::slice::from_ref(target), room);
                self.write(frame, &text)
            }
        }
    }

    /// Bytes that the output may still grow by.
    fn room(&self) -> usize {
        let most = self.context.budget.limits().output;
        most.saturating_sub(self.output.len())
    }

    fn write(&mut self, frame: &Frame<'t>, text: &[u8]) -> Evaluated<()> {
        if text.len() > self.room() {
            let most = self.context.budget.limits().output;
            return Err(self.error(frame, format!("output has more than {most} bytes")));
        }
        self.output.extend_from_slice(text);
        Ok(())
    }

    fn descend(&mut self, frame: &Frame<'t>) -> Evaluated<()> {
        if self.depth >= self.context.budget.limits().depth {
            return Err(self.too_deep(frame));
        }
        self.depth += 1;
        Ok(())
    }

    #[cold]
    fn too_deep(&self, frame: &Frame<'t>) -> ExpandError {
        let most = self.context.budget.limits().depth;
        self.error(frame, format!("exceeded maximum template depth ({most})"))
    }

    fn spend(&mut self, frame: &Frame<'t>, steps: u64) -> Evaluated<()> {
        let spent = self.context.budget.spend(steps);
        spent.map_err(|text| self.error(frame, text))
    }

    #[cold]
    fn error(&self, frame: &Frame<'t>, text: impl AsRef<str>) -> ExpandError {
        let (tree, text) = (frame.tree, text.as_ref());
        let Some(spot) = frame.at else {
            return ExpandError(format!("template: {}: {text}", tree.name).into());
        };
        let (line, column) = tree.line_and_column(spot.pos());
        let place = &tree.parse_name;
        let name = format::quoted(tree.name.as_bytes());
        let whole =
            format!("template: {place}:{line}:{column}: executing {name} at <{spot}>: {text}");
        ExpandError(whole.into())
    }
}

impl Spot<'_> {
    fn pos(self) -> usize {
        match self {
            Self::List(list) => list.pos,
            Self::Node(node) => node.pos(),
            Self::Pipe(pipe) => pipe.pos,
            Self::Command(command) => command.pos,
            Self::Operand(operand) => operand.pos(),
        }
    }
}

impl fmt::Display for Spot<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::List(list) => list.fmt(f),
            Self::Node(node) => node.fmt(f),
            Self::Pipe(pipe) => pipe.fmt(f),
            Self::Command(command) => command.fmt(f),
            Self::Operand(operand) => operand.fmt(f),
        }
    }
}
