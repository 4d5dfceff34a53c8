//! What the first version of the format has another way than those after it: series and symbols are
//! named by their places in the file, and the postings offset table need not be sorted.

use crate::wire::{Cursor, Malformed, put_text, put_u32, put_uvarint};

use super::offset_table::{Entry, read_entry};

/// Kept in memory while the index is open.
#[derive(Debug)]
pub(crate) struct FirstVersion {
    /// Where each symbol lies in the file, in order of their numbers.
    places: Box<[u32]>,
    /// The postings offset table, sorted.
    table: Box<[u8]>,
}

impl FirstVersion {
    /// From the contents of the symbol table, which is at `offset` in the file, and of the postings
    /// offset table.
    pub(crate) fn new(symbols: &[u8], offset: u64, table: &[u8]) -> Result<Self, Malformed> {
        Ok(Self {
            places: places(symbols, offset)?,
            table: sorted(table)?,
        })
    }

    /// The sorted table, as a file of the second version would have it.
    pub(crate) fn table(&self) -> &[u8] {
        &self.table
    }

    /// Some of the sorted table.
    pub(crate) fn entries(&self, start: u64, len: usize) -> &[u8] {
        let start = usize::try_from(start).unwrap_or(usize::MAX);
        let rest = self.table.get(start..).unwrap_or_default();
        rest.get(..len).unwrap_or(rest)
    }

    /// Puts numbers where the places of symbols stand.
    pub(crate) fn number_symbols(&self, labels: &mut [(u64, u64)]) -> Result<(), Malformed> {
        let number = |place: u64| {
            let place = u32::try_from(place).map_err(|_| Malformed)?;
            let found = self.places.binary_search(&place).map_err(|_| Malformed)?;
            Ok(found as u64)
        };
        for (name, value) in labels {
            (*name, *value) = (number(*name)?, number(*value)?);
        }
        Ok(())
    }
}

fn places(symbols: &[u8], offset: u64) -> Result<Box<[u32]>, Malformed> {
    let mut cursor = Cursor::new(symbols);
    let count = cursor.u32()?;
    // In front of the contents is their length.
    let start = offset + 4;
    let place = |cursor: &mut Cursor<'_>| {
        let read = symbols.len() - cursor.rest().len();
        cursor.text()?;
        u32::try_from(start + read as u64).map_err(|_| Malformed)
    };
    (0..count).map(|_| place(&mut cursor)).collect()
}

fn sorted(table: &[u8]) -> Result<Box<[u8]>, Malformed> {
    let mut cursor = Cursor::new(table);
    let count = cursor.u32()?;
    let entries: Result<Vec<Entry<'_>>, Malformed> =
        (0..count).map(|_| read_entry(&mut cursor)).collect();
    let mut entries = entries?;
    entries.sort_by_key(|entry| (entry.name, entry.value));
    let mut out = Vec::with_capacity(table.len());
    put_u32(&mut out, count);
    for entry in entries {
        out.push(2);
        put_text(&mut out, entry.name);
        put_text(&mut out, entry.value);
        put_uvarint(&mut out, entry.postings);
    }
    Ok(out.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_become_numbers_and_the_table_is_sorted() {
        let mut symbols = Vec::new();
        put_u32(&mut symbols, 3);
        for text in ["a", "bcd", "e"] {
            put_text(&mut symbols, text);
        }
        let mut table = Vec::new();
        put_u32(&mut table, 3);
        for (name, value, postings) in [("n", "y", 30), ("m", "z", 20), ("n", "x", 10)] {
            table.push(2);
            put_text(&mut table, name);
            put_text(&mut table, value);
            put_uvarint(&mut table, postings);
        }
        let first = FirstVersion::new(&symbols, 5, &table).unwrap();
        let mut labels = [(13, 15), (19, 13)];
        first.number_symbols(&mut labels).unwrap();
        assert_eq!(labels, [(0, 1), (2, 0)]);
        assert_eq!(first.number_symbols(&mut [(14, 13)]), Err(Malformed));

        let mut cursor = Cursor::new(first.table());
        assert_eq!(cursor.u32(), Ok(3));
        let read = (0..3).map(|_| read_entry(&mut cursor).unwrap());
        let found: Vec<_> = read.map(|e| (e.name, e.value, e.postings)).collect();
        assert_eq!(found, [("m", "z", 20), ("n", "x", 10), ("n", "y", 30)]);
        assert_eq!(first.entries(4, 6), first.table().get(4..10).unwrap());
    }
}
