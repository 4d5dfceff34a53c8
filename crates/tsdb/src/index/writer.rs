//! Writes the index file of a block, version 2. Layout: `docs/formats/index.md`.

use std::collections::BTreeMap;
use std::io;

use crate::block::sink::Sink;
use crate::wire::{put_checksum, put_text, put_u32, put_u64, put_uvarint, put_varint};

/// Where a chunk of a series lies, and from when to when it goes, both ends inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ChunkMeta {
    pub(crate) min_time: i64,
    pub(crate) max_time: i64,
    /// Number of the chunk file in the high half, offset in the low one.
    pub(crate) reference: u64,
}

/// An index on its way to disk: symbols first, then series sorted by labels, then the rest.
pub(crate) struct IndexWriter {
    sink: Sink,
    contents: Contents,
    /// Series by label pair; both halves are symbol numbers, which sort as their texts do.
    postings: BTreeMap<(u32, u32), Vec<u32>>,
    all: Vec<u32>,
    entry: Vec<u8>,
}

/// The table of contents: where each part begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Contents {
    pub(crate) symbols: u64,
    pub(crate) series: u64,
    pub(crate) label_indices: u64,
    pub(crate) label_offset_table: u64,
    pub(crate) postings: u64,
    pub(crate) postings_offset_table: u64,
}

impl IndexWriter {
    /// Writes header and symbols. `symbols` are sorted and distinct; a symbol's number is its
    /// place among them.
    pub(crate) fn begin<'a>(
        mut sink: Sink,
        symbols: impl ExactSizeIterator<Item = &'a str>,
    ) -> io::Result<Self> {
        let mut bytes = Vec::new();
        put_u32(&mut bytes, MAGIC);
        bytes.push(VERSION);
        sink.write(&bytes)?;
        let mut contents = Contents {
            symbols: sink.position(),
            ..Contents::default()
        };
        let mut section = Vec::new();
        put_u32(&mut section, u32_of(symbols.len())?);
        symbols.for_each(|symbol| put_text(&mut section, symbol));
        write_section(&mut sink, section)?;
        sink.align(SERIES_ALIGNMENT)?;
        contents.series = sink.position();
        let (postings, all, entry) = Default::default();
        Ok(Self {
            sink,
            contents,
            postings,
            all,
            entry,
        })
    }

    /// Adds a series. Series come sorted by labels; `labels` are symbol numbers, sorted by name.
    pub(crate) fn add_series(
        &mut self,
        labels: &[(u32, u32)],
        chunks: &[ChunkMeta],
    ) -> io::Result<()> {
        self.sink.align(SERIES_ALIGNMENT)?;
        let id = u32_of_u64(self.sink.position() / SERIES_ALIGNMENT)?;
        self.entry.clear();
        put_uvarint(&mut self.entry, labels.len() as u64);
        for &(name, value) in labels {
            put_uvarint(&mut self.entry, u64::from(name));
            put_uvarint(&mut self.entry, u64::from(value));
            self.postings.entry((name, value)).or_default().push(id);
        }
        put_chunks(&mut self.entry, chunks);
        let mut length = Vec::with_capacity(5);
        put_uvarint(&mut length, self.entry.len() as u64);
        put_checksum(&mut self.entry, 0);
        self.sink.write(&length)?;
        self.sink.write(&self.entry)?;
        self.all.push(id);
        Ok(())
    }

    /// Writes postings, tables and contents, and makes the file durable. `symbols` are those of
    /// the beginning.
    pub(crate) fn finish(mut self, symbols: &[&str]) -> io::Result<u64> {
        self.contents.label_indices = self.sink.position();
        let postings = std::mem::take(&mut self.postings);
        let mut table = Vec::new();
        put_u32(&mut table, u32_of(postings.len() + 1)?);
        self.contents.postings = self.sink.position();
        let all = std::mem::take(&mut self.all);
        self.add_postings(("", ""), &all, &mut table)?;
        for ((name, value), list) in &postings {
            let text = |symbol: &u32| symbols.get(*symbol as usize).copied().unwrap_or_default();
            self.add_postings((text(name), text(value)), list, &mut table)?;
        }
        // No reader since Prometheus 2.15 looks at label indices; their table stays empty.
        self.contents.label_offset_table = self.sink.position();
        write_section(&mut self.sink, vec![0; 4])?;
        self.contents.postings_offset_table = self.sink.position();
        write_section(&mut self.sink, table)?;
        self.sink.write(&self.contents.encode())?;
        self.sink.finish()
    }

    fn add_postings(
        &mut self,
        (name, value): (&str, &str),
        list: &[u32],
        table: &mut Vec<u8>,
    ) -> io::Result<()> {
        self.sink.align(4)?;
        table.push(2);
        put_text(table, name);
        put_text(table, value);
        put_uvarint(table, self.sink.position());
        let mut section = Vec::with_capacity(4 * list.len() + 8);
        put_u32(&mut section, u32_of(list.len())?);
        list.iter().for_each(|&id| put_u32(&mut section, id));
        write_section(&mut self.sink, section)
    }
}

impl Contents {
    fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(CONTENTS_BYTES);
        for offset in [
            self.symbols,
            self.series,
            self.label_indices,
            self.label_offset_table,
            self.postings,
            self.postings_offset_table,
        ] {
            put_u64(&mut bytes, offset);
        }
        put_checksum(&mut bytes, 0);
        bytes
    }
}

fn put_chunks(out: &mut Vec<u8>, chunks: &[ChunkMeta]) {
    put_uvarint(out, chunks.len() as u64);
    let mut before: Option<&ChunkMeta> = None;
    for chunk in chunks {
        match before {
            None => {
                put_varint(out, chunk.min_time);
                put_uvarint(out, (chunk.max_time - chunk.min_time).cast_unsigned());
                put_uvarint(out, chunk.reference);
            }
            Some(last) => {
                put_uvarint(out, (chunk.min_time - last.max_time).cast_unsigned());
                put_uvarint(out, (chunk.max_time - chunk.min_time).cast_unsigned());
                put_varint(
                    out,
                    chunk.reference.wrapping_sub(last.reference).cast_signed(),
                );
            }
        }
        before = Some(chunk);
    }
}

/// Length, contents, checksum of the contents.
fn write_section(sink: &mut Sink, mut section: Vec<u8>) -> io::Result<()> {
    sink.write(&u32_of(section.len())?.to_be_bytes())?;
    put_checksum(&mut section, 0);
    sink.write(&section)
}

fn u32_of(number: usize) -> io::Result<u32> {
    u32::try_from(number).map_err(|_| io::Error::from(io::ErrorKind::FileTooLarge))
}

fn u32_of_u64(number: u64) -> io::Result<u32> {
    u32::try_from(number).map_err(|_| io::Error::from(io::ErrorKind::FileTooLarge))
}

pub(crate) const MAGIC: u32 = 0xBAAA_D700;
pub(crate) const VERSION: u8 = 2;
/// Bytes of the table of contents.
pub(crate) const CONTENTS_BYTES: usize = 52;
/// A series' number is its offset divided by this.
pub(crate) const SERIES_ALIGNMENT: u64 = 16;
