//! What follows an opening parenthesis: groups, names and flags.

use super::{Flags, Parser, fault, text_between};

impl<'p> Parser<'p> {
    /// Opens a group, whose parenthesis is behind us, or sets flags.
    pub(super) fn open_group(&mut self, start: &'p str) -> Result<(), String> {
        if !self.eat("?") {
            self.stack.open_capture(self.flags, None);
            return Ok(());
        }
        for opening in ["P<", "<"] {
            // Something must follow; else it is no name but a wrong flag.
            if self.rest.len() > opening.len() && self.eat(opening) {
                return self.name_group(start);
            }
        }
        match self.take_flags() {
            Some((flags, opens)) => {
                if opens {
                    self.stack.open(self.flags);
                }
                self.flags = flags;
                Ok(())
            }
            None => Err(fault(
                "invalid or unsupported Perl syntax",
                text_between(start, self.rest),
            )),
        }
    }

    fn name_group(&mut self, start: &'p str) -> Result<(), String> {
        const WHAT: &str = "invalid named capture";
        let Some((name, rest)) = self.rest.split_once('>') else {
            return Err(fault(WHAT, start));
        };
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if name.is_empty() || !name.chars().all(is_word) {
            return Err(fault(WHAT, text_between(start, rest)));
        }
        self.rest = rest;
        self.stack.open_capture(self.flags, Some(name));
        Ok(())
    }

    /// Reads flags up to `:` or `)`: the flags from there on, and whether a group begins. None
    /// behind what is no flag.
    fn take_flags(&mut self) -> Option<(Flags, bool)> {
        let mut flags = self.flags;
        let (mut negative, mut seen) = (false, false);
        loop {
            let c = self.next()?;
            let flag = match c {
                'i' => &mut flags.folds_case,
                'm' => &mut flags.multi_line,
                's' => &mut flags.dot_all,
                'U' => &mut flags.swaps_greed,
                '-' if !negative => {
                    (negative, seen) = (true, false);
                    continue;
                }
                ':' | ')' if seen || !negative => return Some((flags, c == ':')),
                _ => return None,
            };
            *flag = !negative;
            seen = true;
        }
    }
}
