//! Reads the index file of a block by positional reads. Symbols are loaded when needed and let go
//! of when idle; of the postings offset table only a sample stays in memory.

use std::borrow::Cow;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use host::fs::File;

use super::first_version::FirstVersion;
use super::matchers::PostingsSource;
use super::offset_table::{Entry, OffsetTable, read_entry};
use super::writer::{CONTENTS_BYTES, ChunkMeta, Contents, MAGIC, SERIES_ALIGNMENT};
use crate::block::BlockError;
use crate::wire::{Cursor, Malformed};

/// An open index file.
#[derive(Debug)]
pub(crate) struct IndexReader {
    file: Box<dyn File>,
    path: PathBuf,
    len: u64,
    contents: Contents,
    table: OffsetTable,
    /// What version 1 has another way.
    first_version: Option<FirstVersion>,
    symbols: Mutex<Option<Arc<Symbols>>>,
    symbols_used: AtomicBool,
}

/// All symbols of an index.
#[derive(Debug)]
pub(crate) struct Symbols {
    texts: String,
    ends: Vec<u32>,
}

impl Symbols {
    fn parse(section: &[u8]) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(section);
        let count = cursor.u32()?;
        let mut symbols = Self {
            texts: String::with_capacity(section.len()),
            ends: Vec::new(),
        };
        for _ in 0..count {
            symbols.texts.push_str(cursor.text()?);
            symbols
                .ends
                .push(u32::try_from(symbols.texts.len()).map_err(|_| Malformed)?);
        }
        Ok(symbols)
    }

    /// Number of symbols.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The text with this number.
    pub(crate) fn text(&self, symbol: u64) -> Option<&str> {
        let index = usize::try_from(symbol).ok()?;
        let end = *self.ends.get(index)?;
        let start = index
            .checked_sub(1)
            .map_or(Some(0), |before| self.ends.get(before).copied())?;
        self.texts.get(start as usize..end as usize)
    }
}

/// One series of an index: labels as symbol numbers, and its chunks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SeriesEntry {
    pub(crate) labels: Vec<(u64, u64)>,
    pub(crate) chunks: Vec<ChunkMeta>,
}

impl IndexReader {
    /// Opens an index, checking contents, symbols and the postings offset table.
    pub(crate) fn open(file: Box<dyn File>, path: PathBuf) -> Result<Self, BlockError> {
        let len = file.len().map_err(BlockError::io(&path))?;
        let mut reader = Self {
            file,
            path,
            len,
            contents: Contents::default(),
            table: OffsetTable::default(),
            first_version: None,
            symbols: Mutex::default(),
            symbols_used: AtomicBool::new(false),
        };
        let is_first = reader.read_version()? == 1;
        reader.contents = reader.read_contents()?;
        let symbols = reader.section(reader.contents.symbols)?;
        Symbols::parse(&symbols).map_err(|_| reader.damaged("symbol table is malformed"))?;
        let offset = reader.contents.postings_offset_table;
        let table = reader.section(offset)?;
        let malformed = |_| reader.damaged("postings offset table is malformed");
        if is_first {
            let base = reader.contents.symbols;
            let first = FirstVersion::new(&symbols, base, &table).map_err(malformed)?;
            reader.table = OffsetTable::sample(first.table(), 0).map_err(malformed)?;
            reader.first_version = Some(first);
        } else {
            reader.table = OffsetTable::sample(&table, offset + 4).map_err(malformed)?;
        }
        Ok(reader)
    }

    fn read_version(&self) -> Result<u8, BlockError> {
        let header = self.bytes(0, 5)?;
        let mut cursor = Cursor::new(&header);
        if cursor.u32() != Ok(MAGIC) {
            return Err(self.damaged("not an index file"));
        }
        match cursor.u8() {
            Ok(version) if READ_VERSIONS.contains(&version) => Ok(version),
            version => Err(BlockError::Unsupported {
                path: self.path.clone(),
                reason: format!("index format version {}", version.unwrap_or_default()),
            }),
        }
    }

    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    pub(crate) fn damaged(&self, reason: &str) -> BlockError {
        BlockError::Damaged {
            path: self.path.clone(),
            reason: reason.to_owned(),
        }
    }

    fn bytes(&self, offset: u64, len: usize) -> Result<Vec<u8>, BlockError> {
        let end = offset.checked_add(len as u64);
        if end.is_none_or(|end| end > self.len) {
            return Err(self.damaged("file ends too early"));
        }
        let mut bytes = vec![0; len];
        let read = self
            .file
            .read_at(&mut bytes, offset)
            .map_err(BlockError::io(&self.path))?;
        if read < len {
            let error = io::Error::from(io::ErrorKind::UnexpectedEof);
            return Err(BlockError::io(&self.path)(error));
        }
        Ok(bytes)
    }

    /// Contents of the section at `offset`, checked.
    fn section(&self, offset: u64) -> Result<Vec<u8>, BlockError> {
        let length = self.bytes(offset, 4)?;
        let length = Cursor::new(&length).u32().unwrap_or_default() as usize;
        let mut bytes = self.bytes(offset + 4, length + 4)?;
        let checksum = bytes.split_off(length);
        if checksum != crc32c::crc32c(&bytes).to_be_bytes() {
            return Err(self.damaged("checksum of a section does not match"));
        }
        Ok(bytes)
    }

    fn read_contents(&self) -> Result<Contents, BlockError> {
        let offset = self.len.saturating_sub(CONTENTS_BYTES as u64);
        let bytes = self.bytes(offset, CONTENTS_BYTES)?;
        let (offsets, checksum) = bytes.split_at(CONTENTS_BYTES - 4);
        if checksum != crc32c::crc32c(offsets).to_be_bytes() {
            return Err(self.damaged("checksum of the table of contents does not match"));
        }
        let mut cursor = Cursor::new(offsets);
        let mut next = || {
            cursor
                .u64()
                .map_err(|_| self.damaged("table of contents is too short"))
        };
        Ok(Contents {
            symbols: next()?,
            series: next()?,
            label_indices: next()?,
            label_offset_table: next()?,
            postings: next()?,
            postings_offset_table: next()?,
        })
    }

    /// All symbols, from memory if they were used lately.
    pub(crate) fn symbols(&self) -> Result<Arc<Symbols>, BlockError> {
        self.symbols_used.store(true, Ordering::Relaxed);
        let mut cached = self.symbols.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(symbols) = &*cached {
            return Ok(Arc::clone(symbols));
        }
        let section = self.section(self.contents.symbols)?;
        let symbols = Symbols::parse(&section).map_err(|_| self.damaged("symbol table"))?;
        let symbols = Arc::new(symbols);
        *cached = Some(Arc::clone(&symbols));
        Ok(symbols)
    }

    /// Bytes of memory that the symbols take now.
    pub(crate) fn symbol_bytes(&self) -> usize {
        let cached = self.symbols.lock().unwrap_or_else(PoisonError::into_inner);
        let of_texts = |symbols: &Arc<Symbols>| {
            symbols.texts.capacity() + symbols.ends.capacity() * size_of::<u32>()
        };
        cached.as_ref().map_or(0, of_texts)
    }

    /// Lets go of symbols that nobody asked for since the last call.
    pub(crate) fn release_idle(&self) {
        if !self.symbols_used.swap(false, Ordering::Relaxed) {
            self.symbols
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take();
        }
    }

    /// All label names, sorted.
    pub(crate) fn label_names(&self) -> impl Iterator<Item = &str> {
        self.table.names()
    }

    /// All values of a label, sorted.
    pub(crate) fn label_values(&self, name: &str) -> Result<Vec<String>, BlockError> {
        let mut values = Vec::new();
        if let Some(entries) = self.table.name(name) {
            self.entries(entries.all(), &mut |entry| {
                values.push(entry.value.to_owned());
                Ok(())
            })?;
        }
        Ok(values)
    }

    fn entries(
        &self,
        (start, end): (u64, u64),
        each: &mut dyn FnMut(Entry<'_>) -> Result<(), BlockError>,
    ) -> Result<(), BlockError> {
        let len = usize::try_from(end.saturating_sub(start)).unwrap_or(usize::MAX);
        let bytes = match &self.first_version {
            Some(first) => Cow::Borrowed(first.entries(start, len)),
            None => Cow::Owned(self.bytes(start, len)?),
        };
        let mut cursor = Cursor::new(&bytes);
        while !cursor.is_empty() {
            let entry = read_entry(&mut cursor);
            each(entry.map_err(|_| self.damaged("postings offset table is malformed"))?)?;
        }
        Ok(())
    }

    fn postings(&self, offset: u64, list: &mut Vec<u32>) -> Result<(), BlockError> {
        let section = self.section(offset)?;
        let (count, ids) = section.split_at_checked(4).unwrap_or_default();
        let count = Cursor::new(count).u32().unwrap_or_default() as usize;
        if ids.len() != count.saturating_mul(4) {
            return Err(self.damaged("postings list has the wrong length"));
        }
        let ids = ids.chunks_exact(4).filter_map(|id| id.first_chunk::<4>());
        list.extend(ids.map(|id| u32::from_be_bytes(*id)));
        Ok(())
    }

    /// Reads series one after the other; neighbours come from one read.
    pub(crate) fn series_reader(&self) -> SeriesReader<'_> {
        SeriesReader {
            index: self,
            window: Vec::new(),
            start: 0,
        }
    }
}

/// A window that moves over the series of an index.
pub(crate) struct SeriesReader<'a> {
    index: &'a IndexReader,
    window: Vec<u8>,
    start: u64,
}

impl SeriesReader<'_> {
    /// Reads the series with this number into `entry`.
    pub(crate) fn read(&mut self, id: u32, entry: &mut SeriesEntry) -> Result<(), BlockError> {
        let index = self.index;
        let offset = match index.first_version {
            Some(_) => u64::from(id),
            None => u64::from(id) * SERIES_ALIGNMENT,
        };
        let malformed = |_| index.damaged("series entry is malformed");
        let header = self.at(offset, 10.min(index.len.saturating_sub(offset)))?;
        let mut cursor = Cursor::new(header);
        let len = cursor
            .size()
            .map_err(|_| index.damaged("series entry is malformed"))?;
        let skipped = header.len() - cursor.rest().len();
        let whole = self.at(offset + skipped as u64, len as u64 + 4)?;
        let (body, checksum) = whole.split_at_checked(len).unwrap_or_default();
        if checksum != crc32c::crc32c(body).to_be_bytes() {
            return Err(index.damaged("checksum of a series does not match"));
        }
        parse_series(body, entry).map_err(malformed)?;
        match &index.first_version {
            Some(first) => first.number_symbols(&mut entry.labels).map_err(malformed),
            None => Ok(()),
        }
    }

    fn at(&mut self, offset: u64, len: u64) -> Result<&[u8], BlockError> {
        let inside = offset >= self.start && offset + len <= self.start + self.window.len() as u64;
        if !inside {
            let left = self.index.len.saturating_sub(offset);
            let take = len.max(SERIES_WINDOW.min(left));
            self.window = self
                .index
                .bytes(offset, usize::try_from(take).unwrap_or(usize::MAX))?;
            self.start = offset;
        }
        let from = (offset - self.start) as usize;
        Ok(self
            .window
            .get(from..from + len as usize)
            .unwrap_or_default())
    }
}

fn parse_series(body: &[u8], entry: &mut SeriesEntry) -> Result<(), Malformed> {
    entry.labels.clear();
    entry.chunks.clear();
    let mut cursor = Cursor::new(body);
    for _ in 0..cursor.uvarint()? {
        entry.labels.push((cursor.uvarint()?, cursor.uvarint()?));
    }
    let mut before: Option<ChunkMeta> = None;
    for _ in 0..cursor.uvarint()? {
        let min_time = match before {
            None => cursor.varint()?,
            Some(last) => last.max_time.wrapping_add(cursor.uvarint()?.cast_signed()),
        };
        let max_time = min_time.wrapping_add(cursor.uvarint()?.cast_signed());
        let reference = match before {
            None => cursor.uvarint()?,
            Some(last) => last
                .reference
                .wrapping_add(cursor.varint()?.cast_unsigned()),
        };
        let chunk = ChunkMeta {
            min_time,
            max_time,
            reference,
        };
        entry.chunks.push(chunk);
        before = Some(chunk);
    }
    Ok(())
}

impl PostingsSource for IndexReader {
    type Error = BlockError;

    fn all(&self) -> Result<Vec<u32>, BlockError> {
        self.pair("", "").map(Cow::into_owned)
    }

    fn pair(&self, name: &str, value: &str) -> Result<Cow<'_, [u32]>, BlockError> {
        let mut list = Vec::new();
        let Some(entries) = self.table.name(name) else {
            return Ok(Cow::Owned(list));
        };
        let mut found = None;
        self.entries(entries.around(value), &mut |entry| {
            if entry.value == value {
                found = Some(entry.postings);
            }
            Ok(())
        })?;
        if let Some(offset) = found {
            self.postings(offset, &mut list)?;
        }
        Ok(Cow::Owned(list))
    }

    fn values(
        &self,
        name: &str,
        prefix: &str,
        keep: &mut dyn FnMut(&str) -> bool,
        list: &mut Vec<u32>,
    ) -> Result<(), BlockError> {
        let Some(entries) = self.table.name(name) else {
            return Ok(());
        };
        let range = if prefix.is_empty() {
            entries.all()
        } else {
            entries.starting_with(prefix)
        };
        self.entries(range, &mut |entry| {
            if entry.value.starts_with(prefix) && keep(entry.value) {
                self.postings(entry.postings, list)?;
            }
            Ok(())
        })
    }
}

/// Upstream's readers take these. The third is the second to them.
const READ_VERSIONS: [u8; 3] = [1, 2, 3];
/// Bytes that one read of series takes.
const SERIES_WINDOW: u64 = 64 << 10;
