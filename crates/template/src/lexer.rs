//! From the text of a template to tokens. Text outside of actions is one token; a fault is the last.

use std::borrow::Cow;

use crate::format;
use crate::unicode::is_alphanumeric;

/// Something that the parser reads.
#[derive(Clone, Debug)]
pub(crate) struct Item<'t> {
    pub(crate) kind: ItemKind,
    /// Bytes before it.
    pub(crate) pos: usize,
    /// As it stands in the template, or what is wrong.
    pub(crate) text: Cow<'t, str>,
    pub(crate) line: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ItemKind {
    Error,
    Bool,
    Char,
    CharConstant,
    Complex,
    Assign,
    Declare,
    Eof,
    Field,
    Identifier,
    LeftDelimiter,
    LeftParen,
    Number,
    Pipe,
    RawString,
    RightDelimiter,
    RightParen,
    Space,
    String,
    Text,
    Variable,
    // Words of the language come last.
    Block,
    Break,
    Continue,
    Dot,
    Define,
    Else,
    End,
    If,
    Nil,
    Range,
    Template,
    With,
}

impl ItemKind {
    fn of_word(word: &str) -> Option<Self> {
        Some(match word {
            "block" => Self::Block,
            "break" => Self::Break,
            "continue" => Self::Continue,
            "." => Self::Dot,
            "define" => Self::Define,
            "else" => Self::Else,
            "end" => Self::End,
            "if" => Self::If,
            "nil" => Self::Nil,
            "range" => Self::Range,
            "template" => Self::Template,
            "with" => Self::With,
            _ => return None,
        })
    }
}

impl Item<'_> {
    /// As messages show it.
    pub(crate) fn shown(&self) -> String {
        match self.kind {
            ItemKind::Eof => "EOF".to_owned(),
            ItemKind::Error => self.text.clone().into_owned(),
            kind if kind >= ItemKind::Block => format!("<{}>", self.text),
            _ if self.text.len() > SHOWN_BYTES => {
                let start: String = self.text.chars().take(SHOWN_BYTES).collect();
                format!("{}...", format::quoted(start.as_bytes()))
            }
            _ => format::quoted(self.text.as_bytes()),
        }
    }
}

/// Reads tokens one by one.
pub(crate) struct Lexer<'t> {
    input: &'t str,
    pos: usize,
    start: usize,
    /// The end was met, after which there is no way back.
    at_end: bool,
    paren_depth: usize,
    line: usize,
    start_line: usize,
    inside_action: bool,
}

/// What a step of the lexer leads to.
enum Step<'t> {
    Emit(Item<'t>),
    Go(State),
}

#[derive(Clone, Copy)]
enum State {
    Text,
    LeftDelimiter,
    Comment,
    RightDelimiter,
    InsideAction,
    Space,
}

impl<'t> Lexer<'t> {
    pub(crate) fn new(input: &'t str) -> Self {
        Self {
            input,
            pos: 0,
            start: 0,
            at_end: false,
            paren_depth: 0,
            line: 1,
            start_line: 1,
            inside_action: false,
        }
    }

    /// The next token.
    pub(crate) fn next_item(&mut self) -> Item<'t> {
        let mut state = match self.inside_action {
            true => State::InsideAction,
            false => State::Text,
        };
        loop {
            let step = match state {
                State::Text => self.text(),
                State::LeftDelimiter => self.left_delimiter(),
                State::Comment => self.comment(),
                State::RightDelimiter => self.right_delimiter(),
                State::InsideAction => self.inside_action(),
                State::Space => self.space(),
            };
            match step {
                Step::Emit(item) => return item,
                Step::Go(next) => state = next,
            }
        }
    }

    fn text(&mut self) -> Step<'t> {
        let Some(before) = self.rest().find(LEFT) else {
            self.pos = self.input.len();
            if self.pos == self.start {
                return self.emit(ItemKind::Eof);
            }
            self.count_lines();
            return self.emit(ItemKind::Text);
        };
        if before > 0 {
            self.pos += before;
            let text = self.input.get(self.start..self.pos).unwrap_or_default();
            let after = self.input.get(self.pos + LEFT.len()..).unwrap_or_default();
            let trimmed = match has_left_trim_marker(after) {
                true => text.len() - text.trim_end_matches(is_space).len(),
                false => 0,
            };
            self.pos -= trimmed;
            self.count_lines();
            let item = self.item(ItemKind::Text);
            self.pos += trimmed;
            self.ignore();
            if !item.text.is_empty() {
                return Step::Emit(item);
            }
        }
        Step::Go(State::LeftDelimiter)
    }

    fn left_delimiter(&mut self) -> Step<'t> {
        self.pos += LEFT.len();
        let marker = match has_left_trim_marker(self.rest()) {
            true => MARKER_LEN,
            false => 0,
        };
        let after = self.rest().get(marker..).unwrap_or_default();
        if after.starts_with("/*") {
            self.pos += marker;
            self.ignore();
            return Step::Go(State::Comment);
        }
        let item = self.item(ItemKind::LeftDelimiter);
        self.inside_action = true;
        self.pos += marker;
        self.ignore();
        self.paren_depth = 0;
        Step::Emit(item)
    }

    fn comment(&mut self) -> Step<'t> {
        self.pos += "/*".len();
        let Some(len) = self.rest().find("*/") else {
            return self.fault("unclosed comment");
        };
        self.pos += len + "*/".len();
        let Some(trims) = self.at_right_delimiter() else {
            return self.fault("comment ends before closing delimiter");
        };
        self.count_lines();
        self.start = self.pos;
        self.start_line = self.line;
        if trims {
            self.pos += MARKER_LEN;
        }
        self.pos += RIGHT.len();
        if trims {
            self.skip_spaces();
        }
        self.ignore();
        Step::Go(State::Text)
    }

    fn right_delimiter(&mut self) -> Step<'t> {
        let trims = self.at_right_delimiter() == Some(true);
        if trims {
            self.pos += MARKER_LEN;
            self.ignore();
        }
        self.pos += RIGHT.len();
        let item = self.item(ItemKind::RightDelimiter);
        if trims {
            self.skip_spaces();
            self.ignore();
        }
        self.inside_action = false;
        Step::Emit(item)
    }

    fn inside_action(&mut self) -> Step<'t> {
        if self.at_right_delimiter().is_some() {
            return match self.paren_depth {
                0 => Step::Go(State::RightDelimiter),
                _ => self.fault("unclosed left paren"),
            };
        }
        let Some(c) = self.next() else {
            return self.fault("unclosed action");
        };
        match c {
            c if is_space(c) => {
                self.back_up();
                Step::Go(State::Space)
            }
            '=' => self.emit(ItemKind::Assign),
            ':' => match self.next() {
                Some('=') => self.emit(ItemKind::Declare),
                _ => self.fault("expected :="),
            },
            '|' => self.emit(ItemKind::Pipe),
            '"' => self.quote('"', ItemKind::String, "unterminated quoted string"),
            '`' => self.raw_quote(),
            '$' => self.variable(),
            '\'' => self.quote(
                '\'',
                ItemKind::CharConstant,
                "unterminated character constant",
            ),
            '.' if self.starts_field() => self.field_or_variable(ItemKind::Field),
            '.' | '+' | '-' | '0'..='9' => {
                self.back_up();
                self.number()
            }
            c if is_alphanumeric(c) => {
                self.back_up();
                self.identifier()
            }
            '(' => {
                self.paren_depth += 1;
                self.emit(ItemKind::LeftParen)
            }
            ')' if self.paren_depth == 0 => self.fault("unexpected right paren"),
            ')' => {
                self.paren_depth -= 1;
                self.emit(ItemKind::RightParen)
            }
            ' '..='~' => self.emit(ItemKind::Char),
            c => {
                let shown = format::code_point(Some(c));
                self.fault(format!("unrecognized character in action: {shown}"))
            }
        }
    }

    /// A run of spaces; the last one may belong to a trim marker.
    fn space(&mut self) -> Step<'t> {
        let mut spaces = 0;
        while self.peek().is_some_and(is_space) {
            self.next();
            spaces += 1;
        }
        let from_last = self.input.get(self.pos - 1..).unwrap_or_default();
        let at_marker = has_right_trim_marker(from_last)
            && from_last
                .get(MARKER_LEN..)
                .is_some_and(|rest| rest.starts_with(RIGHT));
        if at_marker {
            self.back_up();
            if spaces == 1 {
                return Step::Go(State::RightDelimiter);
            }
        }
        self.emit(ItemKind::Space)
    }

    fn identifier(&mut self) -> Step<'t> {
        while self.peek().is_some_and(is_alphanumeric) {
            self.next();
        }
        let next = self.peek();
        if !self.at_terminator() {
            return self.bad_character(next);
        }
        let word = self.input.get(self.start..self.pos).unwrap_or_default();
        match ItemKind::of_word(word) {
            Some(kind) => self.emit(kind),
            None if matches!(word, "true" | "false") => self.emit(ItemKind::Bool),
            None => self.emit(ItemKind::Identifier),
        }
    }

    fn variable(&mut self) -> Step<'t> {
        match self.at_terminator() {
            true => self.emit(ItemKind::Variable),
            false => self.field_or_variable(ItemKind::Variable),
        }
    }

    /// What follows a dot or a dollar sign.
    fn field_or_variable(&mut self, kind: ItemKind) -> Step<'t> {
        if self.at_terminator() {
            return match kind {
                ItemKind::Variable => self.emit(ItemKind::Variable),
                _ => self.emit(ItemKind::Dot),
            };
        }
        while self.peek().is_some_and(is_alphanumeric) {
            self.next();
        }
        let next = self.peek();
        match self.at_terminator() {
            true => self.emit(kind),
            false => self.bad_character(next),
        }
    }

    /// True if what may stand behind a name follows.
    fn at_terminator(&mut self) -> bool {
        match self.peek() {
            None | Some('.' | ',' | '|' | ':' | ')' | '(') => true,
            Some(c) => is_space(c) || self.rest().starts_with(RIGHT),
        }
    }

    /// True if what follows a dot is not a digit.
    fn starts_field(&self) -> bool {
        let next = self.rest().bytes().next();
        next.is_some_and(|byte| !byte.is_ascii_digit())
    }

    fn number(&mut self) -> Step<'t> {
        if !self.scan_number() {
            return self.bad_number();
        }
        if matches!(self.peek(), Some('+' | '-')) {
            let is_complex = self.scan_number()
                && self.input.as_bytes().get(self.pos.wrapping_sub(1)) == Some(&b'i');
            return match is_complex {
                true => self.emit(ItemKind::Complex),
                false => self.bad_number(),
            };
        }
        self.emit(ItemKind::Number)
    }

    /// Passes what looks like a number; whether it is one is for the parser to see.
    fn scan_number(&mut self) -> bool {
        self.accept("+-");
        let mut digits = "0123456789_";
        if self.accept("0") {
            if self.accept("xX") {
                digits = "0123456789abcdefABCDEF_";
            } else if self.accept("oO") {
                digits = "01234567_";
            } else if self.accept("bB") {
                digits = "01_";
            }
        }
        self.accept_run(digits);
        if self.accept(".") {
            self.accept_run(digits);
        }
        let exponent = match digits.len() {
            11 => "eE",
            23 => "pP",
            _ => "",
        };
        if self.accept(exponent) {
            self.accept("+-");
            self.accept_run("0123456789_");
        }
        self.accept("i");
        if self.peek().is_some_and(is_alphanumeric) {
            self.next();
            return false;
        }
        true
    }

    fn quote(&mut self, end: char, kind: ItemKind, unterminated: &str) -> Step<'t> {
        loop {
            match self.next() {
                Some('\\') if !matches!(self.next(), None | Some('\n')) => {}
                None | Some('\n' | '\\') => return self.fault(unterminated.to_owned()),
                Some(c) if c == end => return self.emit(kind),
                Some(_) => {}
            }
        }
    }

    fn raw_quote(&mut self) -> Step<'t> {
        loop {
            match self.next() {
                None => return self.fault("unterminated raw quoted string"),
                Some('`') => return self.emit(ItemKind::RawString),
                Some(_) => {}
            }
        }
    }

    /// Whether a right delimiter follows, and if so, whether it trims.
    fn at_right_delimiter(&self) -> Option<bool> {
        let rest = self.rest();
        let after_marker = rest.get(MARKER_LEN..).unwrap_or_default();
        if has_right_trim_marker(rest) && after_marker.starts_with(RIGHT) {
            return Some(true);
        }
        rest.starts_with(RIGHT).then_some(false)
    }

    fn rest(&self) -> &'t str {
        self.input.get(self.pos..).unwrap_or_default()
    }

    fn next(&mut self) -> Option<char> {
        let Some(c) = self.rest().chars().next() else {
            self.at_end = true;
            return None;
        };
        self.pos += c.len_utf8();
        self.line += usize::from(c == '\n');
        Some(c)
    }

    /// The next character; at the end, there is no going back any more.
    fn peek(&mut self) -> Option<char> {
        let next = self.rest().chars().next();
        self.at_end |= next.is_none();
        next
    }

    fn back_up(&mut self) {
        let before = self.input.get(..self.pos).unwrap_or_default();
        if let Some(c) = before.chars().next_back().filter(|_| !self.at_end) {
            self.pos -= c.len_utf8();
            self.line -= usize::from(c == '\n');
        }
    }

    fn accept(&mut self, valid: &str) -> bool {
        let accepts = self.peek().is_some_and(|c| valid.contains(c));
        if accepts {
            self.next();
        }
        accepts
    }

    fn accept_run(&mut self, valid: &str) {
        while self.accept(valid) {}
    }

    fn skip_spaces(&mut self) {
        let rest = self.rest();
        self.pos += rest.len() - rest.trim_start_matches(is_space).len();
    }

    fn count_lines(&mut self) {
        let passed = self.input.get(self.start..self.pos).unwrap_or_default();
        self.line += passed.bytes().filter(|&byte| byte == b'\n').count();
    }

    fn ignore(&mut self) {
        self.count_lines();
        self.start = self.pos;
        self.start_line = self.line;
    }

    fn item(&mut self, kind: ItemKind) -> Item<'t> {
        let text = match kind {
            ItemKind::Eof => "EOF",
            _ => self.input.get(self.start..self.pos).unwrap_or_default(),
        };
        let item = Item {
            kind,
            pos: self.start,
            text: Cow::Borrowed(text),
            line: self.start_line,
        };
        self.start = self.pos;
        self.start_line = self.line;
        item
    }

    fn emit(&mut self, kind: ItemKind) -> Step<'t> {
        Step::Emit(self.item(kind))
    }

    /// The token of a fault. Nothing follows it.
    fn fault(&mut self, text: impl Into<Cow<'t, str>>) -> Step<'t> {
        let item = Item {
            kind: ItemKind::Error,
            pos: self.start,
            text: text.into(),
            line: self.start_line,
        };
        self.input = "";
        self.start = 0;
        self.pos = 0;
        Step::Emit(item)
    }

    fn bad_character(&mut self, c: Option<char>) -> Step<'t> {
        let shown = format::code_point(c);
        self.fault(format!("bad character {shown}"))
    }

    fn bad_number(&mut self) -> Step<'t> {
        let text = self.input.get(self.start..self.pos).unwrap_or_default();
        let shown = format::quoted(text.as_bytes());
        self.fault(format!("bad number syntax: {shown}"))
    }
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

fn has_left_trim_marker(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next() == Some('-') && chars.next().is_some_and(is_space)
}

fn has_right_trim_marker(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(is_space) && chars.next() == Some('-')
}

const LEFT: &str = "{{";
const RIGHT: &str = "}}";
/// The minus of a trim marker and the space beside it.
const MARKER_LEN: usize = 2;
/// Longer tokens are cut in messages.
const SHOWN_BYTES: usize = 10;
