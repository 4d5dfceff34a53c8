//! What keywords begin: branches, loops, templates.

use super::{ParseError, Parsed, Parser, Piece, literal};
use crate::ast::{Branch, BranchKind, Invocation, List, Node};
use crate::lexer::{Item, ItemKind};

impl<'t> Parser<'_, 't> {
    /// `if`, `range` and `with`, whose keyword is behind us.
    pub(super) fn branch(&mut self, kind: BranchKind) -> Parsed<Node> {
        let variables = self.variables.len();
        let pipe = self.pipeline(kind.word(), ItemKind::RightDelimiter)?;
        self.range_depth += usize::from(kind == BranchKind::Range);
        let (list, next) = self.list()?;
        self.range_depth -= usize::from(kind == BranchKind::Range);
        let otherwise = match next {
            Piece::Else(pos) => Some(self.else_list(kind, pos)?),
            _ => None,
        };
        self.variables.truncate(variables);
        Ok(Node::Branch(Box::new(Branch {
            kind,
            pos: pipe.pos,
            pipe,
            list,
            otherwise,
        })))
    }

    /// What follows an else. `{{else if …}}` is an else with an if in it that shares its end.
    fn else_list(&mut self, kind: BranchKind, pos: usize) -> Parsed<List> {
        let next = self.peek().kind;
        let continues = matches!(
            (kind, next),
            (BranchKind::If, ItemKind::If) | (BranchKind::With, ItemKind::With)
        );
        if continues {
            self.next();
            self.descend()?;
            let nodes = vec![self.branch(kind)?];
            self.shared.nesting -= 1;
            return Ok(List { pos, nodes });
        }
        let (list, end) = self.list()?;
        match end {
            Piece::End => Ok(list),
            other => Err(self.error(format!("expected end; found {}", other.shown()))),
        }
    }

    /// `else`, whose keyword is behind us.
    pub(super) fn otherwise(&mut self) -> Parsed<Piece> {
        let next = self.peek_non_space();
        if matches!(next.kind, ItemKind::If | ItemKind::With) {
            return Ok(Piece::Else(next.pos));
        }
        let end = self.expect(ItemKind::RightDelimiter, "else")?;
        Ok(Piece::Else(end.pos))
    }

    /// `break` and `continue`, whose keyword is behind us.
    pub(super) fn leave_range(&mut self, word: &str) -> Parsed<()> {
        let token = self.next_non_space();
        if token.kind != ItemKind::RightDelimiter {
            return Err(self.unexpected(&token, &format!("{{{{{word}}}}}")));
        }
        match self.range_depth {
            0 => Err(self.error(format!("{{{{{word}}}}} outside {{{{range}}}}"))),
            _ => Ok(()),
        }
    }

    /// `template`, whose keyword is behind us.
    pub(super) fn invocation(&mut self) -> Parsed<Node> {
        const CONTEXT: &str = "template clause";
        let token = self.next_non_space();
        let name = self.template_name(&token, CONTEXT)?;
        let pipe = match self.next_non_space().kind {
            ItemKind::RightDelimiter => None,
            _ => {
                self.tokens.back_up();
                Some(self.pipeline(CONTEXT, ItemKind::RightDelimiter)?)
            }
        };
        Ok(Node::Template(Box::new(Invocation {
            pos: token.pos,
            name,
            pipe,
        })))
    }

    /// `block`, whose keyword is behind us: a definition and its use.
    pub(super) fn block(&mut self) -> Parsed<Node> {
        const CONTEXT: &str = "block clause";
        let token = self.next_non_space();
        let name = self.template_name(&token, CONTEXT)?;
        let pipe = self.pipeline(CONTEXT, ItemKind::RightDelimiter)?;
        let mut block = Parser::new(self.shared, &name);
        let (root, end) = block.list()?;
        if !matches!(end, Piece::End) {
            return Err(self.error(format!("unexpected {} in {CONTEXT}", end.shown())));
        }
        block.add(root)?;
        Ok(Node::Template(Box::new(Invocation {
            pos: token.pos,
            name,
            pipe: Some(pipe),
        })))
    }

    pub(super) fn template_name(
        &self,
        token: &Item<'t>,
        context: &str,
    ) -> Result<String, ParseError> {
        match token.kind {
            ItemKind::String | ItemKind::RawString => {
                let name = literal::unquote(&token.text).map_err(|error| self.error(error))?;
                Ok(String::from_utf8_lossy(&name).into_owned())
            }
            _ => Err(self.unexpected(token, context)),
        }
    }
}
