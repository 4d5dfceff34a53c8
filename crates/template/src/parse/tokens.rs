//! Three tokens of looking ahead.

use std::borrow::Cow;

use crate::lexer::{Item, ItemKind, Lexer};

/// Tokens that were read and given back. As in Go, the first place has the one that was read last.
pub(super) struct Tokens<'t> {
    kept: [Item<'t>; 3],
    given_back: usize,
}

impl Default for Tokens<'_> {
    fn default() -> Self {
        let none = Item {
            kind: ItemKind::Eof,
            pos: 0,
            text: Cow::Borrowed(""),
            line: 0,
        };
        Self {
            kept: [none.clone(), none.clone(), none],
            given_back: 0,
        }
    }
}

impl<'t> Tokens<'t> {
    pub(super) fn next(&mut self, lexer: &mut Lexer<'t>) -> Item<'t> {
        match self.given_back {
            0 => self.kept[0] = lexer.next_item(),
            _ => self.given_back -= 1,
        }
        self.kept[self.given_back.min(2)].clone()
    }

    pub(super) fn peek(&mut self, lexer: &mut Lexer<'t>) -> &Item<'t> {
        if self.given_back == 0 {
            self.kept[0] = lexer.next_item();
            self.given_back = 1;
        }
        &self.kept[(self.given_back - 1).min(2)]
    }

    pub(super) fn back_up(&mut self) {
        self.given_back += 1;
    }

    /// Gives back the last token and the one before it.
    pub(super) fn back_up_two(&mut self, before: Item<'t>) {
        self.kept[1] = before;
        self.given_back = 2;
    }

    /// Gives back the last token and the two before it, the earlier one first.
    pub(super) fn back_up_three(&mut self, first: Item<'t>, second: Item<'t>) {
        self.kept[1] = second;
        self.kept[2] = first;
        self.given_back = 3;
    }

    pub(super) fn last_line(&self) -> usize {
        self.kept[0].line
    }
}
