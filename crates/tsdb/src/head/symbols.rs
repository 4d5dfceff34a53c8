//! Every label name and value that the head knows, once.

use hashbrown::HashTable;

/// Number of a text in a [`SymbolTable`].
pub(crate) type Symbol = u32;

/// Texts in one arena, numbered in order of arrival.
#[derive(Debug, Default)]
pub(crate) struct SymbolTable {
    arena: String,
    /// End of each text in the arena; it starts where the one before ends.
    ends: Vec<u32>,
    numbers: HashTable<Symbol>,
}

/// The arena is full: 4 GiB of distinct label text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ArenaFull;

impl SymbolTable {
    /// The text with this number; empty for a number that was never given out.
    #[inline]
    pub(crate) fn text(&self, symbol: Symbol) -> &str {
        text(&self.arena, &self.ends, symbol)
    }

    /// The number of a text, if it is known.
    pub(crate) fn find(&self, wanted: &str) -> Option<Symbol> {
        self.numbers
            .find(hash(wanted), |&symbol| self.text(symbol) == wanted)
            .copied()
    }

    /// The number of a text, new if need be; `guess` is looked at first.
    pub(crate) fn intern_near(
        &mut self,
        wanted: &str,
        guess: Option<Symbol>,
    ) -> Result<Symbol, ArenaFull> {
        match guess.filter(|&symbol| self.text(symbol) == wanted) {
            Some(symbol) => Ok(symbol),
            None => self.intern(wanted),
        }
    }

    /// The number of a text, new if need be.
    pub(crate) fn intern(&mut self, wanted: &str) -> Result<Symbol, ArenaFull> {
        if let Some(symbol) = self.find(wanted) {
            return Ok(symbol);
        }
        let end = u32::try_from(self.arena.len() + wanted.len()).map_err(|_| ArenaFull)?;
        let symbol = u32::try_from(self.ends.len()).map_err(|_| ArenaFull)?;
        self.arena.push_str(wanted);
        self.ends.push(end);
        let (arena, ends) = (&self.arena, &self.ends);
        self.numbers.insert_unique(hash(wanted), symbol, |&other| {
            hash(text(arena, ends, other))
        });
        Ok(symbol)
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }
}

fn text<'a>(arena: &'a str, ends: &[u32], symbol: Symbol) -> &'a str {
    let index = symbol as usize;
    let start = index
        .checked_sub(1)
        .and_then(|before| ends.get(before))
        .map_or(0, |&end| end);
    let end = ends.get(index).copied().unwrap_or(start);
    arena.get(start as usize..end as usize).unwrap_or_default()
}

fn hash(text: &str) -> u64 {
    rapidhash::v3::rapidhash_v3(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_kept_once() {
        let mut table = SymbolTable::default();
        let numbers: Vec<_> = ["a", "", "bc", "a", "bc"]
            .iter()
            .map(|text| table.intern(text).unwrap())
            .collect();
        assert_eq!(numbers, [0, 1, 2, 0, 2]);
        assert_eq!(
            (table.text(2), table.text(1), table.text(9)),
            ("bc", "", "")
        );
        assert_eq!(
            (table.find("bc"), table.find("x"), table.len()),
            (Some(2), None, 3)
        );
    }
}
