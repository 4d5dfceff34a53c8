//! From tokens to trees.
//!
//! Messages are Go's, and so is the line in them: that of the token that was read last.

mod control;
mod literal;
mod operand;
mod tokens;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::ast::{Action, List, Node, TextNode, Tree};
use crate::format;
use crate::functions::FunctionSet;
use crate::lexer::{Item, ItemKind, Lexer};
use tokens::Tokens;

pub(crate) use literal::parse_float;

/// The text is not a template. The message is Go's.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0}")]
pub struct ParseError(pub(crate) String);

type Parsed<T> = Result<T, ParseError>;

/// Reads all templates of a text by their names; the text itself is the one called `name`.
pub(crate) fn parse(
    name: &str,
    text: &str,
    functions: FunctionSet,
) -> Parsed<BTreeMap<Arc<str>, Tree>> {
    let mut shared = Shared {
        lexer: Lexer::new(text),
        trees: BTreeMap::new(),
        functions,
        text: text.into(),
        parse_name: name.into(),
        nesting: 0,
    };
    let mut parser = Parser::new(&mut shared, name);
    let root = parser.document()?;
    parser.add(root)?;
    Ok(shared.trees)
}

/// What the parsers of a text and of the templates inside it have in common.
struct Shared<'t> {
    lexer: Lexer<'t>,
    trees: BTreeMap<Arc<str>, Tree>,
    functions: FunctionSet,
    text: Arc<str>,
    parse_name: Arc<str>,
    /// Lists and parentheses that are open.
    nesting: usize,
}

/// Reads one template.
struct Parser<'s, 't> {
    shared: &'s mut Shared<'t>,
    name: Arc<str>,
    tokens: Tokens<'t>,
    /// Variables that are defined at the moment.
    variables: Vec<String>,
    /// Line of the action that is being read; 0 for none.
    action_line: usize,
    /// Loops that are open.
    range_depth: usize,
}

/// What stands between two texts.
enum Piece {
    Node(Node),
    End,
    /// With the position of what follows it.
    Else(usize),
}

impl Piece {
    /// As messages show it.
    fn shown(&self) -> &'static str {
        match self {
            Self::Else(_) => "{{else}}",
            _ => "{{end}}",
        }
    }
}

impl<'s, 't> Parser<'s, 't> {
    fn new(shared: &'s mut Shared<'t>, name: &str) -> Self {
        Self {
            shared,
            name: name.into(),
            tokens: Tokens::default(),
            variables: vec!["$".to_owned()],
            action_line: 0,
            range_depth: 0,
        }
    }

    /// The whole text, with the definitions in it.
    fn document(&mut self) -> Parsed<List> {
        let mut root = List {
            pos: self.peek().pos,
            nodes: Vec::new(),
        };
        while self.peek().kind != ItemKind::Eof {
            if self.peek().kind == ItemKind::LeftDelimiter {
                let delimiter = self.next();
                if self.next_non_space().kind == ItemKind::Define {
                    Parser::new(self.shared, "definition").definition()?;
                    continue;
                }
                self.tokens.back_up_two(delimiter);
            }
            match self.text_or_action()? {
                Piece::Node(node) => root.nodes.push(node),
                other => return Err(self.error(format!("unexpected {}", other.shown()))),
            }
        }
        Ok(root)
    }

    /// `{{define "name"}}` behind its keyword, to its end.
    fn definition(&mut self) -> Parsed<()> {
        const CONTEXT: &str = "define clause";
        let token = self.next_non_space();
        let name = self.template_name(&token, CONTEXT)?;
        self.name = name.into();
        self.expect(ItemKind::RightDelimiter, CONTEXT)?;
        let (root, end) = self.list()?;
        if !matches!(end, Piece::End) {
            return Err(self.error(format!("unexpected {} in {CONTEXT}", end.shown())));
        }
        self.add(root)
    }

    /// Keeps a template. One that is empty gives way to another of its name.
    fn add(&mut self, root: List) -> Parsed<()> {
        let known = self.shared.trees.get(&self.name);
        if known.is_none_or(|tree| tree.root.is_empty()) {
            let tree = Tree {
                name: Arc::clone(&self.name),
                parse_name: Arc::clone(&self.shared.parse_name),
                text: Arc::clone(&self.shared.text),
                root,
            };
            self.shared.trees.insert(Arc::clone(&self.name), tree);
        } else if !root.is_empty() {
            let name = format::quoted(self.name.as_bytes());
            return Err(self.error(format!("template: multiple definition of template {name}")));
        }
        Ok(())
    }

    /// Nodes up to an end or an else.
    fn list(&mut self) -> Parsed<(List, Piece)> {
        self.descend()?;
        let mut list = List {
            pos: self.peek_non_space().pos,
            nodes: Vec::new(),
        };
        while self.peek_non_space().kind != ItemKind::Eof {
            match self.text_or_action()? {
                Piece::Node(node) => list.nodes.push(node),
                other => {
                    self.shared.nesting -= 1;
                    return Ok((list, other));
                }
            }
        }
        Err(self.error("unexpected EOF"))
    }

    fn text_or_action(&mut self) -> Parsed<Piece> {
        let token = self.next_non_space();
        match token.kind {
            ItemKind::Text => Ok(Piece::Node(Node::Text(TextNode {
                pos: token.pos,
                text: token.text.as_bytes().to_vec(),
            }))),
            ItemKind::LeftDelimiter => {
                self.action_line = token.line;
                let piece = self.action()?;
                self.action_line = 0;
                Ok(piece)
            }
            _ => Err(self.unexpected(&token, "input")),
        }
    }

    /// What stands in an action; its delimiter is behind us.
    fn action(&mut self) -> Parsed<Piece> {
        let token = self.next_non_space();
        let node = match token.kind {
            ItemKind::Block => self.block()?,
            ItemKind::Break => {
                self.leave_range("break")?;
                Node::Break(token.pos)
            }
            ItemKind::Continue => {
                self.leave_range("continue")?;
                Node::Continue(token.pos)
            }
            ItemKind::Else => return self.otherwise(),
            ItemKind::End => {
                self.expect(ItemKind::RightDelimiter, "end")?;
                return Ok(Piece::End);
            }
            ItemKind::If => self.branch(crate::ast::BranchKind::If)?,
            ItemKind::Range => self.branch(crate::ast::BranchKind::Range)?,
            ItemKind::With => self.branch(crate::ast::BranchKind::With)?,
            ItemKind::Template => self.invocation()?,
            _ => {
                self.tokens.back_up();
                let pos = self.peek().pos;
                let pipe = self.pipeline("command", ItemKind::RightDelimiter)?;
                Node::Action(Action { pos, pipe })
            }
        };
        Ok(Piece::Node(node))
    }

    /// One level more of what is open.
    fn descend(&mut self) -> Parsed<()> {
        if self.shared.nesting >= MOST_NESTING {
            return Err(self.error("max expression depth exceeded"));
        }
        self.shared.nesting += 1;
        Ok(())
    }

    fn next(&mut self) -> Item<'t> {
        self.tokens.next(&mut self.shared.lexer)
    }

    fn peek(&mut self) -> &Item<'t> {
        self.tokens.peek(&mut self.shared.lexer)
    }

    fn next_non_space(&mut self) -> Item<'t> {
        loop {
            let token = self.next();
            if token.kind != ItemKind::Space {
                return token;
            }
        }
    }

    fn peek_non_space(&mut self) -> Item<'t> {
        let token = self.next_non_space();
        self.tokens.back_up();
        token
    }

    fn expect(&mut self, kind: ItemKind, context: &str) -> Parsed<Item<'t>> {
        let token = self.next_non_space();
        match token.kind == kind {
            true => Ok(token),
            false => Err(self.unexpected(&token, context)),
        }
    }

    fn unexpected(&self, token: &Item<'t>, context: &str) -> ParseError {
        let shown = token.shown();
        if token.kind != ItemKind::Error {
            return self.error(format!("unexpected {shown} in {context}"));
        }
        let mut place = String::new();
        if self.action_line != 0 && self.action_line != token.line {
            let word = match shown.ends_with(" action") {
                true => "",
                false => " in action",
            };
            let (name, line) = (&self.shared.parse_name, self.action_line);
            place = format!("{word} started at {name}:{line}");
        }
        self.error(format!("{shown}{place}"))
    }

    fn error(&self, text: impl AsRef<str>) -> ParseError {
        let (name, line) = (&self.shared.parse_name, self.tokens.last_line());
        ParseError(format!("template: {name}:{line}: {}", text.as_ref()))
    }
}

/// Open lists and parentheses that a template may have. Go takes 10,000 parentheses and any number of
/// lists, on a stack that grows.
const MOST_NESTING: usize = 200;
