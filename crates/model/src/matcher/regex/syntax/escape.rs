//! Escapes: what a backslash makes of the characters behind it.

use regex_syntax::hir::{Hir, Look};

use super::class::Class;
use super::{Parser, fault, text_between};

impl<'p> Parser<'p> {
    /// An escape outside of classes; the backslash, at `start`, is behind us.
    pub(super) fn escape(&mut self, start: &'p str) -> Result<(), String> {
        let looks = [
            ("A", Look::Start),
            ("z", Look::End),
            ("b", Look::WordAscii),
            ("B", Look::WordAsciiNegate),
        ];
        for (name, look) in looks {
            if self.eat(name) {
                self.stack.push(Hir::look(look));
                return Ok(());
            }
        }
        if self.eat("Q") {
            let (quoted, rest) = self.rest.split_once("\\E").unwrap_or((self.rest, ""));
            self.rest = rest;
            quoted.chars().for_each(|c| self.literal(c));
            return Ok(());
        }
        let mut class = Class::new(self.flags);
        if self.class_escape(start, &mut class)? {
            self.stack.push(Hir::class(class.finish(false)));
            return Ok(());
        }
        let code = self.escaped_code(start)?;
        self.code_point(code);
        Ok(())
    }

    /// The number of the character that an escape stands for; the backslash is behind us.
    pub(super) fn escaped_code(&mut self, start: &'p str) -> Result<u32, String> {
        let Some(c) = self.next() else {
            return Err(fault("trailing backslash at end of expression", ""));
        };
        let found = match c {
            'a' => Some(0x7),
            'f' => Some(0xc),
            'n' => Some(0xa),
            'r' => Some(0xd),
            't' => Some(0x9),
            'v' => Some(0xb),
            'x' => self.hexadecimal(),
            '0' => Some(self.octal(0)),
            // One digit alone would be a reference back, which there is not.
            '1'..='7' if self.rest.starts_with(|c: char| c.is_digit(8)) => {
                Some(self.octal(c.to_digit(8).unwrap_or_default()))
            }
            c if c.is_ascii() && !c.is_ascii_alphanumeric() => Some(u32::from(c)),
            _ => None,
        };
        found.ok_or_else(|| fault("invalid escape sequence", text_between(start, self.rest)))
    }

    fn octal(&mut self, first: u32) -> u32 {
        let mut code = first;
        for _ in 0..2 {
            let Some(digit) = self.rest.chars().next().and_then(|c| c.to_digit(8)) else {
                break;
            };
            self.next();
            code = code * 8 + digit;
        }
        code
    }

    /// `41` or `{1F600}`. What is no such number is read up to where that is seen.
    fn hexadecimal(&mut self) -> Option<u32> {
        let first = self.next()?;
        if first != '{' {
            let second = self.next()?;
            return Some(first.to_digit(16)? * 16 + second.to_digit(16)?);
        }
        let mut code = None;
        loop {
            let c = self.next()?;
            if c == '}' {
                return code;
            }
            let larger = code.unwrap_or(0) * 16 + c.to_digit(16)?;
            code = (larger <= u32::from(char::MAX)).then_some(larger);
            code?;
        }
    }
}
