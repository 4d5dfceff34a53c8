//! From text to tokens. Which token a character starts depends on whether it stands inside braces
//! or brackets; lexing stops at the first fault, which becomes a token of its own.

mod number;
mod text;
mod token;

pub(crate) use number::value_of as number_value;
pub(crate) use text::{quote_bytes, unquote};
pub(crate) use token::{Keyword, Token, TokenKind};

use token::keyword;

use crate::ast::{BinaryOp, Span};

/// Splits `input` into tokens; the last one is the end of input or an error, unless there are more
/// than `most`.
pub(crate) fn lex(input: &str, most: usize) -> Vec<Token<'_>> {
    let mut lexer = Lexer {
        input,
        ..Lexer::default()
    };
    let mut tokens = Vec::with_capacity(most.min(input.len() / 4 + 1));
    loop {
        lexer.skip_blanks();
        lexer.start = lexer.position;
        let kind = lexer.next_kind().unwrap_or_else(TokenKind::Error);
        let is_last = matches!(kind, TokenKind::EndOfInput | TokenKind::Error(_));
        let span = Span::new(lexer.start, lexer.position);
        tokens.push(Token {
            kind,
            span,
            text: lexer.token_text(),
        });
        if is_last || tokens.len() > most {
            return tokens;
        }
    }
}

#[derive(Default)]
struct Lexer<'a> {
    input: &'a str,
    /// Where the token begins that is being read.
    start: usize,
    position: usize,
    paren_depth: usize,
    brace_open: bool,
    bracket: Bracket,
    /// True after a colon inside of the brackets.
    has_colon: bool,
    /// True after the first number that began a duration in brackets. Upstream never takes it back,
    /// so that after any `[5m]` a duration may begin with `step()` in front of a colon.
    has_duration: bool,
}

/// Where the lexer stands between `[` and `]`.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Bracket {
    /// Outside.
    #[default]
    Closed,
    /// Before the first number.
    Opened,
    /// After the first number.
    Inside,
}

impl<'a> Lexer<'a> {
    fn token_text(&self) -> &'a str {
        self.input
            .get(self.start..self.position)
            .unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.input
            .get(self.position..)
            .and_then(|rest| rest.chars().next())
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.position += next.len_utf8();
        Some(next)
    }

    /// Consumes the next character if it is one of `set`.
    fn accept(&mut self, set: &str) -> bool {
        let accepted = self.peek().is_some_and(|c| set.contains(c));
        if accepted {
            self.position += 1;
        }
        accepted
    }

    fn skip_while(&mut self, wanted: impl Fn(char) -> bool) {
        while self.peek().is_some_and(&wanted) {
            self.next();
        }
    }

    fn skip_blanks(&mut self) {
        loop {
            self.skip_while(|c| matches!(c, ' ' | '\t' | '\n' | '\r'));
            // Upstream knows no comments where a duration begins.
            if self.peek() != Some('#') || self.bracket == Bracket::Opened {
                return;
            }
            self.skip_while(|c| c != '\n' && c != '\r');
        }
    }

    fn next_kind(&mut self) -> Result<TokenKind, String> {
        match (self.brace_open, self.bracket) {
            (true, _) => self.inside_braces(),
            (false, Bracket::Opened) => self.bracket_start(),
            (false, _) => self.statement(),
        }
    }

    fn statement(&mut self) -> Result<TokenKind, String> {
        let Some(first) = self.next() else {
            return self.end_of_input();
        };
        Ok(match first {
            ',' => TokenKind::Comma,
            '@' => TokenKind::At,
            '=' => match self.peek() {
                Some('=') => self.then(TokenKind::Operator(BinaryOp::Equal)),
                Some('~') => return Err("unexpected character after '=': '~'".to_owned()),
                _ => TokenKind::Assign,
            },
            '!' => match self.next() {
                Some('=') => TokenKind::Operator(BinaryOp::NotEqual),
                other => return Err(format!("unexpected character after '!': {}", rune(other))),
            },
            '<' if self.peek() == Some('=') => {
                self.then(TokenKind::Operator(BinaryOp::LessOrEqual))
            }
            '>' if self.peek() == Some('=') => {
                self.then(TokenKind::Operator(BinaryOp::GreaterOrEqual))
            }
            '<' if self.peek() == Some('/') => self.then(TokenKind::Operator(BinaryOp::TrimUpper)),
            '>' if self.peek() == Some('/') => self.then(TokenKind::Operator(BinaryOp::TrimLower)),
            '*' | '/' | '%' | '+' | '-' | '^' | '<' | '>' => operator(first),
            '(' | ')' | '{' | '[' | ']' => return self.bracketing(first),
            '"' | '\'' | '`' => return self.text(first),
            ':' if self.bracket != Bracket::Closed => return self.colon(),
            c if c.is_ascii_digit() || (c == '.' && self.digit_follows()) => {
                self.position = self.start;
                return self.number_or_duration();
            }
            c if self.bracket != Bracket::Closed && is_alpha(c) => {
                return self.duration_function(c).ok_or_else(|| {
                    format!("unexpected character: {}, expected ':'", rune(Some(c)))
                });
            }
            c if is_alpha(c) || c == ':' => self.word(),
            c => return Err(format!("unexpected character: {}", rune(Some(c)))),
        })
    }

    /// The first token inside brackets, up to and with the first number.
    fn bracket_start(&mut self) -> Result<TokenKind, String> {
        let Some(first) = self.next() else {
            return Err("unexpected end of input in duration expression".to_owned());
        };
        match first {
            ']' | '(' | ')' => self.bracketing(first),
            ':' if !self.has_duration => {
                Err(self.after_token("unexpected colon before duration in duration expression"))
            }
            ':' if self.has_colon => {
                Err(self.after_token("unexpected repeated colon in duration expression"))
            }
            ':' => {
                self.has_colon = true;
                Ok(TokenKind::Colon)
            }
            '+' | '-' | '*' | '/' | '%' | '^' => Ok(operator(first)),
            ',' => Ok(TokenKind::Comma),
            c if c.is_ascii_digit() || (c == '.' && self.digit_follows()) => {
                self.position = self.start;
                self.has_duration = true;
                let kind = self.number_or_duration()?;
                self.bracket = Bracket::Inside;
                Ok(kind)
            }
            c => self.duration_function(c).ok_or_else(|| {
                format!(
                    "unexpected character in duration expression: {}",
                    rune(Some(c))
                )
            }),
        }
    }

    fn inside_braces(&mut self) -> Result<TokenKind, String> {
        let Some(first) = self.next() else {
            return Err("unexpected end of input inside braces".to_owned());
        };
        Ok(match first {
            ',' => TokenKind::Comma,
            '=' if self.accept("~") => TokenKind::EqualRegex,
            '=' => TokenKind::Assign,
            '!' => match self.next() {
                Some('~') => TokenKind::NotRegex,
                Some('=') => TokenKind::Operator(BinaryOp::NotEqual),
                other => {
                    let other = rune(other);
                    return Err(format!(
                        "unexpected character after '!' inside braces: {other}"
                    ));
                }
            },
            '"' | '\'' | '`' => return self.text(first),
            '{' => return Err("unexpected left brace '{'".to_owned()),
            '}' => {
                self.brace_open = false;
                TokenKind::RightBrace
            }
            c if is_alpha(c) => {
                self.skip_while(is_alphanumeric);
                TokenKind::Identifier
            }
            c => {
                return Err(format!(
                    "unexpected character inside braces: {}",
                    rune(Some(c))
                ));
            }
        })
    }

    fn bracketing(&mut self, first: char) -> Result<TokenKind, String> {
        match first {
            '(' => {
                self.paren_depth += 1;
                Ok(TokenKind::LeftParen)
            }
            ')' => {
                let Some(depth) = self.paren_depth.checked_sub(1) else {
                    return Err(self.after_token("unexpected right parenthesis ')'"));
                };
                self.paren_depth = depth;
                Ok(TokenKind::RightParen)
            }
            '{' => {
                self.brace_open = true;
                Ok(TokenKind::LeftBrace)
            }
            '[' if self.bracket != Bracket::Closed => Err("unexpected left bracket '['".to_owned()),
            '[' => {
                self.bracket = Bracket::Opened;
                self.has_colon = false;
                Ok(TokenKind::LeftBracket)
            }
            _ if self.bracket == Bracket::Closed => Err("unexpected right bracket ']'".to_owned()),
            _ => {
                self.bracket = Bracket::Closed;
                Ok(TokenKind::RightBracket)
            }
        }
    }

    /// A fault that upstream sees only after the token that shows it.
    fn after_token(&mut self, message: &str) -> String {
        self.start = self.position;
        message.to_owned()
    }

    fn colon(&mut self) -> Result<TokenKind, String> {
        if std::mem::replace(&mut self.has_colon, true) {
            return Err("unexpected colon ':'".to_owned());
        }
        Ok(TokenKind::Colon)
    }

    fn end_of_input(&self) -> Result<TokenKind, String> {
        if self.paren_depth != 0 {
            return Err("unclosed left parenthesis".to_owned());
        }
        if self.bracket != Bracket::Closed {
            return Err("unclosed left bracket".to_owned());
        }
        Ok(TokenKind::EndOfInput)
    }

    fn word(&mut self) -> TokenKind {
        self.skip_while(|c| is_alphanumeric(c) || c == ':');
        let word = self.token_text();
        match keyword(word) {
            Some(TokenKind::Keyword(word)) if word.is_fill() && !self.paren_follows() => {
                TokenKind::Identifier
            }
            Some(kind) => kind,
            None if word.contains(':') => TokenKind::MetricIdentifier,
            None => TokenKind::Identifier,
        }
    }

    /// Consumes the rest of a word that begins with `first` if it names a function of duration
    /// expressions.
    fn duration_function(&mut self, first: char) -> Option<TokenKind> {
        if !is_alpha(first) {
            return None;
        }
        let after_first = self.position;
        self.skip_while(is_alpha);
        let known = keyword(self.token_text()).filter(|kind| {
            use Keyword::{MaxOf, MinOf, Range, Step};
            matches!(kind, TokenKind::Keyword(Step | Range | MinOf | MaxOf))
        });
        if known.is_none() {
            self.position = after_first;
        }
        known
    }

    fn then(&mut self, kind: TokenKind) -> TokenKind {
        self.next();
        kind
    }

    fn digit_follows(&self) -> bool {
        self.peek().is_some_and(|c| c.is_ascii_digit())
    }

    fn paren_follows(&self) -> bool {
        let rest = self.input.get(self.position..).unwrap_or_default();
        rest.trim_start_matches([' ', '\t', '\n', '\r'])
            .starts_with('(')
    }
}

fn operator(sign: char) -> TokenKind {
    TokenKind::Operator(match sign {
        '+' => BinaryOp::Add,
        '-' => BinaryOp::Subtract,
        '*' => BinaryOp::Multiply,
        '/' => BinaryOp::Divide,
        '%' => BinaryOp::Modulo,
        '<' => BinaryOp::Less,
        '>' => BinaryOp::Greater,
        _ => BinaryOp::Power,
    })
}

fn is_alpha(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_'
}

fn is_alphanumeric(c: char) -> bool {
    is_alpha(c) || c.is_ascii_digit()
}

/// A character as Go's `%q` prints it; the end of input prints as the replacement character.
fn rune(c: Option<char>) -> String {
    match c.unwrap_or(char::REPLACEMENT_CHARACTER) {
        '\'' => "'\\''".to_owned(),
        '"' => "'\"'".to_owned(),
        c => {
            let quoted = model::quote::quoted(c.encode_utf8(&mut [0; 4]));
            format!("'{}'", &quoted[1..quoted.len() - 1])
        }
    }
}

#[cfg(test)]
mod tests;
