//! The postings offset table, kept in memory as every 32nd value of each name.

use std::collections::BTreeMap;

use crate::wire::{Cursor, Malformed};

/// Where the entries of each label name lie in the file.
#[derive(Debug, Default)]
pub(crate) struct OffsetTable {
    names: BTreeMap<Box<str>, NameEntries>,
}

/// The entries of one name, sorted by value.
#[derive(Debug, Default)]
pub(crate) struct NameEntries {
    /// Every [`SAMPLING`]th value with the file offset of its entry.
    samples: Vec<(Box<str>, u64)>,
    end: u64,
}

/// One entry: a label pair and where its postings list lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry<'a> {
    pub(crate) name: &'a str,
    pub(crate) value: &'a str,
    pub(crate) postings: u64,
}

/// Reads the entry at the cursor.
pub(crate) fn read_entry<'a>(cursor: &mut Cursor<'a>) -> Result<Entry<'a>, Malformed> {
    if cursor.u8()? != 2 {
        return Err(Malformed);
    }
    Ok(Entry {
        name: cursor.text()?,
        value: cursor.text()?,
        postings: cursor.uvarint()?,
    })
}

impl OffsetTable {
    /// From the table's contents behind their length; `offset` is where they lie in the file.
    pub(crate) fn sample(contents: &[u8], offset: u64) -> Result<Self, Malformed> {
        let mut table = Self::default();
        let mut cursor = Cursor::new(contents);
        let mut in_name = 0usize;
        for _ in 0..cursor.u32()? {
            let at = offset + (contents.len() - cursor.rest().len()) as u64;
            let entry = read_entry(&mut cursor)?;
            let end = offset + (contents.len() - cursor.rest().len()) as u64;
            let known = table.names.contains_key(entry.name);
            let entries = table.names.entry(entry.name.into()).or_default();
            in_name = if known { in_name + 1 } else { 0 };
            if in_name.is_multiple_of(SAMPLING) {
                entries.samples.push((entry.value.into(), at));
            }
            entries.end = end;
        }
        Ok(table)
    }

    /// The entries of a name.
    pub(crate) fn name(&self, name: &str) -> Option<&NameEntries> {
        self.names.get(name)
    }

    /// All label names, sorted.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.names
            .keys()
            .map(|name| &**name)
            .filter(|name| !name.is_empty())
    }
}

impl NameEntries {
    /// File range of all entries.
    pub(crate) fn all(&self) -> (u64, u64) {
        (
            self.samples.first().map_or(self.end, |sample| sample.1),
            self.end,
        )
    }

    /// File range in which the entries of values that start with `prefix` lie, and others.
    pub(crate) fn starting_with(&self, prefix: &str) -> (u64, u64) {
        let first = self.samples.partition_point(|(value, _)| **value < *prefix);
        let start = first.saturating_sub(1);
        let beyond = |(value, _): &(Box<str>, u64)| **value <= *prefix || value.starts_with(prefix);
        let last = self.samples.partition_point(beyond);
        let at = |index: usize| self.samples.get(index).map_or(self.end, |sample| sample.1);
        (at(start), at(last))
    }

    /// File range in which the entry of `value` lies, if it is there.
    pub(crate) fn around(&self, value: &str) -> (u64, u64) {
        let after = self
            .samples
            .partition_point(|(sampled, _)| **sampled <= *value);
        let at = |index: usize| self.samples.get(index).map_or(self.end, |sample| sample.1);
        match after.checked_sub(1) {
            Some(before) => (at(before), at(after)),
            None => (self.end, self.end),
        }
    }
}

/// One value in so many is kept in memory. Upstream's figure.
const SAMPLING: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{put_text, put_u32, put_uvarint};

    #[test]
    fn the_sampled_ranges_hold_every_entry() {
        let mut contents = Vec::new();
        put_u32(&mut contents, 101);
        let values: Vec<String> = (0..100).map(|i| format!("v{i:03}")).collect();
        for (name, value) in
            std::iter::once(("", "")).chain(values.iter().map(|value| ("n", value.as_str())))
        {
            contents.push(2);
            put_text(&mut contents, name);
            put_text(&mut contents, value);
            put_uvarint(&mut contents, 9);
        }
        let table = OffsetTable::sample(&contents, 1_000).unwrap();
        let entries = table.name("n").unwrap();
        let read = |(start, end): (u64, u64)| {
            let slice = &contents[start as usize - 1_000..end as usize - 1_000];
            let mut cursor = Cursor::new(slice);
            let mut found = Vec::new();
            while !cursor.is_empty() {
                found.push(read_entry(&mut cursor).unwrap().value);
            }
            found
        };
        assert_eq!(read(entries.all()), values);
        for value in &values {
            assert!(read(entries.around(value)).contains(&value.as_str()));
            let found = read(entries.starting_with(&value[..3]));
            let want = values.iter().filter(|v| v.starts_with(&value[..3]));
            assert!(
                want.clone().all(|v| found.contains(&v.as_str())),
                "{value}: {found:?}"
            );
            assert!(found.len() <= 3 * SAMPLING);
        }
        assert_eq!(read(entries.around("a")), [""; 0]);
        assert_eq!(table.names().collect::<Vec<_>>(), ["n"]);
    }
}
