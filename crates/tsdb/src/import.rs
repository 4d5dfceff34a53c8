//! Blocks from a page of samples with timestamps, whatever its length.
//!
//! [`Import::read`] reads the page once, in pieces: it checks every line, counts the samples of each
//! block to come, and has those of the first blocks in memory afterwards, as chunks, as many as
//! there is room for. [`Import::write_next`] writes one block after the other, and reads again what
//! has not been in memory: only the pieces with samples of the blocks that are next. So a page
//! whose samples go by in order of time is read twice at most, and memory grows with the number of
//! series and with the samples of one block, not with the page.
//!
//! A [`BlockDraft`] is for samples of one block that are at hand, such as the answer to a query.

mod block;
mod draft;
mod known;
mod pieces;
mod row;
mod spans;
#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};

use exposition::parse::{Entry, OpenMetricsParser, ParseError};
use host::fs::Fs;
use model::MetricType;

use crate::block::{BlockError, BlockMeta};
pub use draft::BlockDraft;
use known::{Known, NONE};
use pieces::{Cutter, Input, Piece};
pub use row::Refusal;
use spans::Spans;

/// How a page becomes blocks.
#[derive(Clone, Debug)]
pub struct ImportOptions<'a> {
    /// Milliseconds of a block.
    pub span: i64,
    /// Labels that all series get, name and value.
    pub labels: Vec<(&'a str, &'a str)>,
    /// Bytes of memory for samples. One block may take more.
    pub room: usize,
    /// Bytes that are read at once.
    pub piece_bytes: usize,
}

impl ImportOptions<'_> {
    /// Blocks of `span` milliseconds.
    pub fn new(span: i64) -> Self {
        Self {
            span,
            labels: Vec::new(),
            room: 128 << 20,
            piece_bytes: 256 << 10,
        }
    }
}

/// Why there are not all blocks of a page. Texts around ours are promtool's.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The page cannot be read.
    #[error("reading {path}: {source}", path = path.display())]
    Input {
        /// The page.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A line is not in order. No block was written.
    #[error("getting min and max timestamp: next: {0}")]
    Page(#[from] ParseError),
    /// A sample has no timestamp. No block was written.
    #[error("getting min and max timestamp: expected timestamp for series got none (line {line})")]
    TimestampMissing {
        /// Number of the line, from 1.
        line: usize,
    },
    /// A sample does not fit to those before it. Blocks of earlier times were written.
    #[error("block creation: process blocks: add sample: {reason} (line {line})")]
    Refused {
        /// What is wrong with it.
        reason: String,
        /// Number of the line, from 1.
        line: usize,
    },
    /// A block cannot be written.
    #[error("block creation: process blocks: {0}")]
    Block(#[from] BlockError),
}

/// A page that becomes blocks.
#[derive(Debug)]
pub struct Import<'a> {
    fs: &'a dyn Fs,
    path: PathBuf,
    input: Input,
    labels: Vec<(&'a str, &'a str)>,
    known: Known,
    spans: Spans,
    pieces: Vec<Piece>,
}

impl<'a> Import<'a> {
    /// Reads the page at `path` from its first line to its last. `progress` is told how many bytes
    /// of how many are done.
    ///
    /// # Errors
    /// The page cannot be read, or is not in order.
    pub fn read(
        fs: &'a dyn Fs,
        path: &Path,
        options: ImportOptions<'a>,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Self, ImportError> {
        let fails = |source| ImportError::Input {
            path: path.to_owned(),
            source,
        };
        let mut cutter = Cutter::new(options.piece_bytes);
        let mut import = Self {
            fs,
            path: path.to_owned(),
            input: Input::open(fs, path).map_err(fails)?,
            labels: options.labels,
            known: Known::default(),
            spans: Spans::new(options.span.max(1), options.room),
            pieces: Vec::new(),
        };
        let total = import.input.len().map_err(fails)?;
        let mut metric_type = MetricType::Unknown;
        while let Some((mut piece, bytes)) = cutter.next(&import.input).map_err(fails)? {
            let mut reading = Reading {
                known: &mut import.known,
                spans: &mut import.spans,
                labels: &import.labels,
                metric_type,
                last: NONE,
                is_first_pass: true,
            };
            piece.times = reading.read(&piece, bytes)?;
            metric_type = reading.metric_type;
            progress(piece.offset + piece.len as u64, total);
            import.pieces.push(piece);
        }
        Ok(import)
    }

    /// Number of blocks that are still to be written.
    pub fn remaining(&self) -> usize {
        self.spans.len()
    }

    /// Writes the next block, in order of time, below `dir`, named after the time `now`. `None` if
    /// there are no more.
    ///
    /// # Errors
    /// A sample of the block is refused, the page cannot be read again, or the disk refused. Nothing
    /// of the block is left behind; those before it stay.
    pub fn write_next(&mut self, dir: &Path, now: i64) -> Result<Option<BlockMeta>, ImportError> {
        loop {
            let Some(taken) = self.spans.take_first(&mut self.known) else {
                return Ok(None);
            };
            let collected = match taken {
                Ok(collected) => collected,
                Err(times) => {
                    self.read_again(times)?;
                    continue;
                }
            };
            if let Some((line, reason)) = collected.failure {
                return Err(ImportError::Refused { reason, line });
            }
            let rows = collected.rows.into_iter().filter_map(|row| {
                let series = self.known.get(row.series);
                series.map(|series| (&series.labels, row))
            });
            let written = block::write(self.fs, dir, rows.collect(), now)?;
            if written.is_some() {
                return Ok(written);
            }
        }
    }

    /// Reads what has samples from `from` until before `end` once more.
    fn read_again(&mut self, (from, end): (i64, i64)) -> Result<(), ImportError> {
        let mut buffer = Vec::new();
        let mut reading = Reading {
            known: &mut self.known,
            spans: &mut self.spans,
            labels: &self.labels,
            metric_type: MetricType::Unknown,
            last: NONE,
            is_first_pass: false,
        };
        let has_some = |piece: &&Piece| piece.times.1 >= from && piece.times.0 < end;
        for piece in self.pieces.iter().filter(has_some) {
            let bytes = pieces::read_again(&self.input, piece, &mut buffer);
            let bytes = bytes.map_err(|source| ImportError::Input {
                path: self.path.clone(),
                source,
            })?;
            reading.read(piece, bytes)?;
        }
        Ok(())
    }
}

/// One pass over pieces of a page.
struct Reading<'r> {
    known: &'r mut Known,
    spans: &'r mut Spans,
    labels: &'r [(&'r str, &'r str)],
    /// What the page last told.
    metric_type: MetricType,
    /// The text of the latest sample's series.
    last: u32,
    is_first_pass: bool,
}

impl Reading<'_> {
    /// Reads a piece; returns the first and the last time in it.
    fn read(&mut self, piece: &Piece, bytes: &[u8]) -> Result<(i64, i64), ImportError> {
        let mut times = (i64::MAX, i64::MIN);
        let mut parser = OpenMetricsParser::new(bytes);
        // Only the last piece says whether the page ends as it has to.
        while piece.is_last || parser.position() < bytes.len() {
            let start = parser.position();
            let line = || piece.lines_before + line_at(bytes, start);
            let in_page = |mut error: ParseError| {
                error.line += piece.lines_before;
                error
            };
            let expected = self.known.take_expected(self.last, &mut parser);
            let (text, series, sample) = match expected.map_err(in_page)? {
                Some(found) => found,
                None => match parser.next_entry().map_err(in_page)? {
                    None => break,
                    Some(Entry::Series(sample)) => {
                        let text = sample.series;
                        let found = self
                            .known
                            .find(text, self.metric_type, self.labels, self.last);
                        (found.0, found.1, sample)
                    }
                    Some(Entry::Type { metric_type, .. }) => {
                        self.metric_type = metric_type;
                        continue;
                    }
                    Some(_) => continue,
                },
            };
            self.last = text;
            let Some(time) = sample.timestamp else {
                return Err(ImportError::TimestampMissing { line: line() });
            };
            times = (times.0.min(time), times.1.max(time));
            let sample = (time, sample.value);
            self.spans
                .push(self.known, series, sample, self.is_first_pass, line);
        }
        Ok(times)
    }
}

/// The number of the line at `start`, from 1.
fn line_at(bytes: &[u8], start: usize) -> usize {
    let before = bytes.get(..start).unwrap_or_default();
    1 + memchr::memchr_iter(b'\n', before).count()
}
