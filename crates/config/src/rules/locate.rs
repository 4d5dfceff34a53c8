//! The place in the file of a byte of a scalar that stands there in one of YAML's forms.

use crate::document::Place;

/// The place of the byte at `offset` of `scalar`, which the file writes at `start`. Where the file
/// has it in a form that cannot be followed (an alias, escapes), it is the start.
pub(super) fn locate(file: &str, start: Place, scalar: &str, offset: usize) -> Place {
    walk(file, start, scalar, offset).unwrap_or(start)
}

fn walk(file: &str, start: Place, scalar: &str, offset: usize) -> Option<Place> {
    let mut cursor = Cursor::at(file, start)?;
    let is_single_quoted = cursor.peek() == Some('\'');
    match cursor.peek()? {
        '\'' | '"' => cursor.step(),
        '|' | '>' => {
            while cursor.peek()? != '\n' {
                cursor.step();
            }
        }
        _ => {}
    }
    let before = scalar.get(..offset)?;
    for wanted in before.chars() {
        if wanted.is_whitespace() {
            cursor.pass_blanks();
            continue;
        }
        cursor.find(wanted)?;
        if is_single_quoted && wanted == '\'' {
            cursor.step();
        }
    }
    let next = scalar.get(offset..)?.chars().next();
    if next.is_none_or(|next| !next.is_whitespace()) && !before.is_empty() {
        cursor.pass_line_ends();
    }
    if let Some(next) = next.filter(|next| !next.is_whitespace()) {
        cursor.pass_blanks();
        (cursor.peek()? == next).then_some(())?;
    }
    Some(cursor.place)
}

/// A position in a text.
struct Cursor<'a> {
    rest: &'a str,
    place: Place,
}

impl<'a> Cursor<'a> {
    fn at(file: &'a str, start: Place) -> Option<Self> {
        let line_index = usize::try_from(start.line.checked_sub(1)?).ok()?;
        let line_start: usize = file
            .split_inclusive('\n')
            .take(line_index)
            .map(str::len)
            .sum();
        let line = file.get(line_start..)?;
        let columns = usize::try_from(start.column.checked_sub(1)?).ok()?;
        let (column_start, _) = line.char_indices().nth(columns)?;
        Some(Self {
            rest: line.get(column_start..)?,
            place: start,
        })
    }

    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn step(&mut self) {
        let mut rest = self.rest.chars();
        match rest.next() {
            Some('\n') => {
                self.place.line += 1;
                self.place.column = 1;
            }
            Some(_) => self.place.column += 1,
            None => {}
        }
        self.rest = rest.as_str();
    }

    fn pass_blanks(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.step();
        }
    }

    /// Goes over the end of the line and the indentation of the next one, if nothing else is left
    /// on this one.
    fn pass_line_ends(&mut self) {
        let line = self.rest.split('\n').next().unwrap_or_default();
        if line.trim().is_empty() && !line.is_empty() {
            self.pass_blanks();
        }
    }

    /// Goes behind `wanted`, which may stand behind blanks only.
    fn find(&mut self, wanted: char) -> Option<()> {
        self.pass_blanks();
        (self.peek()? == wanted).then(|| self.step())
    }
}
