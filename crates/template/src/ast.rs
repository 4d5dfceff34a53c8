//! A parsed template. Printing a part gives its canonical text, which is what messages show.

use std::fmt;
use std::sync::Arc;

use crate::format;
use crate::value::Text;

/// One named template with the text that it stands in.
#[derive(Clone, Debug)]
pub(crate) struct Tree {
    pub(crate) name: Arc<str>,
    /// The name of the text, which is that of the outermost template in it.
    pub(crate) parse_name: Arc<str>,
    pub(crate) text: Arc<str>,
    pub(crate) root: List,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct List {
    pub(crate) pos: usize,
    pub(crate) nodes: Vec<Node>,
}

#[derive(Clone, Debug)]
pub(crate) enum Node {
    Text(TextNode),
    Action(Action),
    Branch(Box<Branch>),
    Template(Box<Invocation>),
    Break(usize),
    Continue(usize),
}

#[derive(Clone, Debug)]
pub(crate) struct TextNode {
    pub(crate) pos: usize,
    pub(crate) text: Vec<u8>,
}

#[derive(Clone, Debug)]
pub(crate) struct Action {
    pub(crate) pos: usize,
    pub(crate) pipe: Pipe,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BranchKind {
    If,
    Range,
    With,
}

/// `if`, `range` and `with`.
#[derive(Clone, Debug)]
pub(crate) struct Branch {
    pub(crate) kind: BranchKind,
    pub(crate) pos: usize,
    pub(crate) pipe: Pipe,
    pub(crate) list: List,
    pub(crate) otherwise: Option<List>,
}

/// `template` and `block`.
#[derive(Clone, Debug)]
pub(crate) struct Invocation {
    pub(crate) pos: usize,
    pub(crate) name: String,
    pub(crate) pipe: Option<Pipe>,
}

#[derive(Clone, Debug)]
pub(crate) struct Pipe {
    pub(crate) pos: usize,
    pub(crate) is_assignment: bool,
    pub(crate) declarations: Vec<Chain>,
    pub(crate) commands: Vec<Command>,
}

#[derive(Clone, Debug)]
pub(crate) struct Command {
    pub(crate) pos: usize,
    pub(crate) operands: Vec<Operand>,
}

#[derive(Clone, Debug)]
pub(crate) enum Operand {
    Identifier { pos: usize, name: String },
    Field(Chain),
    Variable(Chain),
    Dot(usize),
    Nil(usize),
    Bool { pos: usize, value: bool },
    Number(Box<Number>),
    Text(Box<Quoted>),
    Chain(Box<OperandChain>),
    Pipe(Box<Pipe>),
}

/// Names with dots between them: `.A.B`, `$x.A`.
#[derive(Clone, Debug)]
pub(crate) struct Chain {
    pub(crate) pos: usize,
    pub(crate) names: Vec<String>,
}

/// Fields of what a parenthesis or a function gives.
#[derive(Clone, Debug)]
pub(crate) struct OperandChain {
    pub(crate) pos: usize,
    pub(crate) operand: Operand,
    pub(crate) fields: Vec<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct Quoted {
    pub(crate) pos: usize,
    pub(crate) quoted: String,
    pub(crate) value: Text,
}

/// A number, which can be of several types until it is known which is wanted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Number {
    pub(crate) pos: usize,
    pub(crate) text: String,
    pub(crate) signed: Option<i64>,
    pub(crate) unsigned: Option<u64>,
    pub(crate) float: Option<f64>,
    pub(crate) complex: Option<(f64, f64)>,
}

impl Tree {
    /// Where a position stands: the line from 1, and the bytes before it in that line.
    pub(crate) fn line_and_column(&self, pos: usize) -> (usize, usize) {
        let before = self.text.as_bytes().get(..pos).unwrap_or_default();
        let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count();
        let in_line = before.iter().rev().take_while(|&&byte| byte != b'\n');
        (line, in_line.count())
    }
}

impl List {
    /// True if there is nothing in it but space.
    pub(crate) fn is_empty(&self) -> bool {
        self.nodes.iter().all(|node| match node {
            Node::Text(text) => text.text.iter().all(u8::is_ascii_whitespace),
            _ => false,
        })
    }
}

impl Node {
    pub(crate) fn pos(&self) -> usize {
        match self {
            Self::Text(node) => node.pos,
            Self::Action(node) => node.pos,
            Self::Branch(node) => node.pos,
            Self::Template(node) => node.pos,
            Self::Break(pos) | Self::Continue(pos) => *pos,
        }
    }
}

impl Operand {
    pub(crate) fn pos(&self) -> usize {
        match self {
            Self::Identifier { pos, .. } | Self::Bool { pos, .. } => *pos,
            Self::Dot(pos) | Self::Nil(pos) => *pos,
            Self::Field(chain) | Self::Variable(chain) => chain.pos,
            Self::Number(number) => number.pos,
            Self::Text(text) => text.pos,
            Self::Chain(chain) => chain.pos,
            Self::Pipe(pipe) => pipe.pos,
        }
    }

    /// True for what can only be the first command of a pipeline.
    pub(crate) fn is_constant(&self) -> bool {
        matches!(
            self,
            Self::Bool { .. } | Self::Dot(_) | Self::Nil(_) | Self::Number(_) | Self::Text(_)
        )
    }
}

impl BranchKind {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::If => "if",
            Self::Range => "range",
            Self::With => "with",
        }
    }
}

impl fmt::Display for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.nodes.iter().try_for_each(|node| node.fmt(f))
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(node) => f.write_str(&String::from_utf8_lossy(&node.text)),
            Self::Action(node) => write!(f, "{{{{{}}}}}", node.pipe),
            Self::Branch(node) => node.fmt(f),
            Self::Template(node) => node.fmt(f),
            Self::Break(_) => f.write_str("{{break}}"),
            Self::Continue(_) => f.write_str("{{continue}}"),
        }
    }
}

impl fmt::Display for Branch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pipe, list, .. } = self;
        write!(f, "{{{{{} {pipe}}}}}{list}", self.kind.word())?;
        if let Some(otherwise) = &self.otherwise {
            write!(f, "{{{{else}}}}{otherwise}")?;
        }
        f.write_str("{{end}}")
    }
}

impl fmt::Display for Invocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = format::quoted(self.name.as_bytes());
        match &self.pipe {
            Some(pipe) => write!(f, "{{{{template {name} {pipe}}}}}"),
            None => write!(f, "{{{{template {name}}}}}"),
        }
    }
}

impl fmt::Display for Pipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, variable) in self.declarations.iter().enumerate() {
            f.write_str(if index > 0 { ", " } else { "" })?;
            f.write_str(&variable.names.join("."))?;
        }
        if !self.declarations.is_empty() {
            f.write_str(if self.is_assignment { " = " } else { " := " })?;
        }
        for (index, command) in self.commands.iter().enumerate() {
            f.write_str(if index > 0 { " | " } else { "" })?;
            command.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, operand) in self.operands.iter().enumerate() {
            f.write_str(if index > 0 { " " } else { "" })?;
            match operand {
                Operand::Pipe(pipe) => write!(f, "({pipe})")?,
                operand => operand.fmt(f)?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Identifier { name, .. } => f.write_str(name),
            Self::Field(chain) => chain.names.iter().try_for_each(|name| write!(f, ".{name}")),
            Self::Variable(chain) => f.write_str(&chain.names.join(".")),
            Self::Dot(_) => f.write_str("."),
            Self::Nil(_) => f.write_str("nil"),
            Self::Bool { value, .. } => write!(f, "{value}"),
            Self::Number(number) => f.write_str(&number.text),
            Self::Text(text) => f.write_str(&text.quoted),
            Self::Chain(chain) => {
                match &chain.operand {
                    Operand::Pipe(pipe) => write!(f, "({pipe})")?,
                    operand => operand.fmt(f)?,
                }
                chain
                    .fields
                    .iter()
                    .try_for_each(|name| write!(f, ".{name}"))
            }
            Self::Pipe(pipe) => pipe.fmt(f),
        }
    }
}
