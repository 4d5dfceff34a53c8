//! Classes of characters: in brackets, by the letters of Perl, and by the names of POSIX and
//! Unicode.

use regex_syntax::hir::{Class as HirClass, ClassUnicode, ClassUnicodeRange};

use super::{Flags, Parser, class_names, fault, text_between};

/// A class that is being put together.
pub(super) struct Class {
    ranges: ClassUnicode,
    folds_case: bool,
}

impl Class {
    pub(super) fn new(flags: Flags) -> Self {
        Self {
            ranges: ClassUnicode::empty(),
            folds_case: flags.folds_case,
        }
    }

    /// Adds the characters with numbers from `low` to `high`, surrogates left out.
    pub(super) fn add(&mut self, low: u32, high: u32) {
        // A border inside of the surrogates moves to their end.
        let low = char::from_u32(low).unwrap_or('\u{e000}');
        let high = char::from_u32(high).unwrap_or('\u{d7ff}');
        if low <= high {
            self.ranges.push(ClassUnicodeRange::new(low, high));
        }
    }

    /// Adds a named class or, if `negated`, all other characters. Case is folded before the class
    /// is turned around.
    fn add_named(&mut self, mut named: ClassUnicode, negated: bool) {
        self.fold(&mut named);
        if negated {
            named.negate();
        }
        self.ranges.union(&named);
    }

    fn fold(&self, ranges: &mut ClassUnicode) {
        if self.folds_case {
            ranges.case_fold_simple();
        }
    }

    /// The class as it stands, or all other characters.
    pub(super) fn finish(mut self, negated: bool) -> HirClass {
        let mut ranges = std::mem::replace(&mut self.ranges, ClassUnicode::empty());
        self.fold(&mut ranges);
        if negated {
            ranges.negate();
        }
        HirClass::Unicode(ranges)
    }
}

impl<'p> Parser<'p> {
    /// A class in brackets; the opening one, at `start`, is behind us.
    pub(super) fn bracketed(&mut self, start: &'p str) -> Result<(), String> {
        let negated = self.eat("^");
        let mut class = Class::new(self.flags);
        let mut is_first = true;
        while is_first || !self.eat("]") {
            is_first = false;
            self.class_item(start, &mut class)?;
        }
        let class = class.finish(negated);
        self.stack.push(regex_syntax::hir::Hir::class(class));
        Ok(())
    }

    fn class_item(&mut self, whole: &'p str, class: &mut Class) -> Result<(), String> {
        let start = self.rest;
        if let Some(behind) = self.rest.strip_prefix("[:")
            && let Some((name, rest)) = behind.split_once(":]")
        {
            let (name, negated) = match name.strip_prefix('^') {
                Some(name) => (name, true),
                None => (name, false),
            };
            let named = class_names::posix(name)
                .ok_or_else(|| fault(BAD_RANGE, text_between(start, rest)))?;
            class.add_named(named, negated);
            self.rest = rest;
            return Ok(());
        }
        if self.eat("\\") {
            if self.class_escape(start, class)? {
                return Ok(());
            }
            self.rest = start;
        }
        let low = self.class_character(whole)?;
        let is_range =
            self.rest.starts_with('-') && !self.rest.starts_with("-]") && self.rest != "-";
        let high = if is_range {
            self.next();
            self.class_character(whole)?
        } else {
            low
        };
        if high < low {
            return Err(fault(BAD_RANGE, text_between(start, self.rest)));
        }
        class.add(low, high);
        Ok(())
    }

    fn class_character(&mut self, whole: &'p str) -> Result<u32, String> {
        let start = self.rest;
        match self.next() {
            Some('\\') => self.escaped_code(start),
            Some(c) => Ok(u32::from(c)),
            None => Err(fault("missing closing ]", whole)),
        }
    }

    /// `d`, `w`, `s`, `pN`, `p{Greek}` and their opposites behind a backslash. False, and nothing
    /// read, if the escape is none of them.
    pub(super) fn class_escape(
        &mut self,
        start: &'p str,
        class: &mut Class,
    ) -> Result<bool, String> {
        let Some(letter) = self.rest.chars().next() else {
            return Ok(false);
        };
        let opposite = letter.is_ascii_uppercase();
        match letter.to_ascii_lowercase() {
            'd' | 'w' | 's' => {
                self.next();
                class.add_named(class_names::perl(letter.to_ascii_lowercase()), opposite);
                Ok(true)
            }
            'p' => {
                self.next();
                let name = self.unicode_name(start)?;
                let (name, negated) = match name.strip_prefix('^') {
                    Some(name) => (name, true),
                    None => (name, false),
                };
                let named = class_names::unicode(name)
                    .ok_or_else(|| fault(BAD_RANGE, text_between(start, self.rest)))?;
                class.add_named(named, negated != opposite);
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    fn unicode_name(&mut self, start: &'p str) -> Result<&'p str, String> {
        let name = self.rest;
        if self.next() != Some('{') {
            return Ok(text_between(name, self.rest));
        }
        let (name, rest) = self
            .rest
            .split_once('}')
            .ok_or_else(|| fault(BAD_RANGE, start))?;
        self.rest = rest;
        Ok(name)
    }
}

const BAD_RANGE: &str = "invalid character class range";
