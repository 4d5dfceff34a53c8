//! A page in pieces of whole lines, so that its length does not matter.

use std::io;
use std::path::Path;

use host::fs::{File, Fs};

/// Where a page comes from.
#[derive(Debug)]
pub(super) enum Input {
    /// A file, read as it is needed.
    File(Box<dyn File>),
    /// What came through a pipe, which cannot be read twice.
    Memory(Vec<u8>),
}

impl Input {
    pub(super) fn open(fs: &dyn Fs, path: &Path) -> io::Result<Self> {
        let file = fs.open(path)?;
        match file.read_at(&mut [0], 0) {
            Ok(_) => Ok(Self::File(file)),
            Err(error) if error.kind() == io::ErrorKind::NotSeekable => {
                fs.read(path).map(Self::Memory)
            }
            Err(error) => Err(error),
        }
    }

    pub(super) fn len(&self) -> io::Result<u64> {
        match self {
            Self::File(file) => file.len(),
            Self::Memory(bytes) => Ok(bytes.len() as u64),
        }
    }

    /// Fills the buffer from `offset` on; fewer bytes than it holds are the last ones.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        match self {
            Self::File(file) => file.read_at(buffer, offset),
            Self::Memory(bytes) => {
                let start = usize::try_from(offset).unwrap_or(usize::MAX);
                let rest = bytes.get(start..).unwrap_or_default();
                let len = rest.len().min(buffer.len());
                for (to, from) in buffer.iter_mut().zip(rest) {
                    *to = *from;
                }
                Ok(len)
            }
        }
    }
}

/// Where a piece lies, and what is in it: enough to read it again, or to know that it need not be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) offset: u64,
    pub(super) len: usize,
    /// Lines of the page before it.
    pub(super) lines_before: usize,
    /// The page ends with it.
    pub(super) is_last: bool,
    /// The first and the last time of its samples; the other way around while it has none.
    pub(super) times: (i64, i64),
}

/// Cuts a page into pieces, front to back.
#[derive(Debug)]
pub(super) struct Cutter {
    piece_bytes: usize,
    buffer: Vec<u8>,
    /// Bytes of the buffer that are from the page.
    filled: usize,
    /// Bytes of the buffer that were given out.
    used: usize,
    offset: u64,
    lines: usize,
    is_over: bool,
}

impl Cutter {
    /// Pieces have `piece_bytes` at most, except where a line is longer.
    pub(super) fn new(piece_bytes: usize) -> Self {
        Self {
            piece_bytes,
            buffer: Vec::new(),
            filled: 0,
            used: 0,
            offset: 0,
            lines: 0,
            is_over: false,
        }
    }

    /// The next piece with its bytes; none after the last one, which may be empty.
    pub(super) fn next(&mut self, input: &Input) -> io::Result<Option<(Piece, &[u8])>> {
        if self.is_over {
            return Ok(None);
        }
        let given = self.buffer.get(..self.used).unwrap_or_default();
        self.lines += memchr::memchr_iter(b'\n', given).count();
        self.offset += self.used as u64;
        self.buffer.copy_within(self.used..self.filled, 0);
        self.filled -= self.used;
        self.used = loop {
            let wanted = self.piece_bytes.max(1);
            if self.buffer.len() < wanted {
                self.buffer.resize(wanted, 0);
            }
            let room = self.buffer.get_mut(self.filled..).unwrap_or_default();
            let missing = room.len();
            let read = input.read_at(room, self.offset + self.filled as u64)?;
            self.filled += read;
            if read < missing {
                self.is_over = true;
                break self.filled;
            }
            match end_of_lines(self.buffer.get(..self.filled).unwrap_or_default()) {
                0 if self.filled >= LONGEST_LINE => {
                    let number = self.lines + 1;
                    let text = format!("line {number} is longer than {LONGEST_LINE} bytes");
                    return Err(io::Error::new(io::ErrorKind::InvalidData, text));
                }
                0 => self.buffer.resize(self.buffer.len() * 2, 0),
                end => break end,
            }
        };
        let piece = Piece {
            offset: self.offset,
            len: self.used,
            lines_before: self.lines,
            is_last: self.is_over,
            times: (i64::MAX, i64::MIN),
        };
        let bytes = self.buffer.get(..self.used).unwrap_or_default();
        Ok(Some((piece, bytes)))
    }
}

/// Reads a piece once more.
pub(super) fn read_again<'b>(
    input: &'b Input,
    piece: &Piece,
    buffer: &'b mut Vec<u8>,
) -> io::Result<&'b [u8]> {
    buffer.resize(piece.len, 0);
    match input.read_at(buffer, piece.offset)? {
        read if read == piece.len => Ok(buffer),
        _ => Err(io::Error::other("the file was changed while it was read")),
    }
}

/// Where the last whole line ends. One that ends the page stays with what comes behind it, because
/// only then can be said whether something does.
fn end_of_lines(bytes: &[u8]) -> usize {
    let end = memchr::memrchr(b'\n', bytes).map_or(0, |at| at + 1);
    let lines = bytes.get(..end.saturating_sub(1)).unwrap_or_default();
    let last = memchr::memrchr(b'\n', lines).map_or(0, |at| at + 1);
    let is_eof = lines
        .get(last..)
        .is_some_and(|line| line.starts_with(b"# EOF"));
    if is_eof { last } else { end }
}

/// A page with a longer line is no page of text.
const LONGEST_LINE: usize = 64 << 20;
