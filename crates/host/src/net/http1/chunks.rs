//! Bodies in chunks, decoded where they lie.

use std::ops::Range;

use super::Http1Error;

/// How far a body in chunks has been decoded.
#[derive(Debug, Default)]
pub(super) struct Chunks {
    /// Bytes of the body at the start of the buffer.
    decoded: usize,
    /// Bytes of the buffer that have been looked at; what follows is as it came.
    taken: usize,
    state: State,
}

#[derive(Debug, Default)]
enum State {
    /// A line with the size of a chunk follows.
    #[default]
    Size,
    /// So many bytes of a chunk follow.
    Data(usize),
    /// The end of the line behind a chunk follows.
    DataEnd,
    /// Lines follow, of which the empty one is the end.
    Trailers,
    Done,
}

impl Chunks {
    /// Bytes of the body so far.
    pub(super) fn decoded(&self) -> usize {
        self.decoded
    }

    /// True if something follows the body.
    pub(super) fn has_more(&self, buffer: &[u8]) -> bool {
        buffer.len() > self.taken
    }

    /// Decodes what there is. True if that was the end; else there is no more than the beginning of
    /// a line behind the body.
    pub(super) fn decode(&mut self, buffer: &mut Vec<u8>) -> Result<bool, Http1Error> {
        loop {
            match self.state {
                State::Size => {
                    let Some(line) = self.line(buffer)? else {
                        break;
                    };
                    let size = size(buffer.get(line).unwrap_or_default())?;
                    self.state = match size {
                        0 => State::Trailers,
                        size => State::Data(size),
                    };
                }
                State::Data(0) => self.state = State::DataEnd,
                State::Data(left) => {
                    let there = (buffer.len() - self.taken).min(left);
                    if there == 0 {
                        break;
                    }
                    buffer.copy_within(self.taken..self.taken + there, self.decoded);
                    self.decoded += there;
                    self.taken += there;
                    self.state = State::Data(left - there);
                }
                State::DataEnd => {
                    let Some(line) = self.line(buffer)? else {
                        break;
                    };
                    if !line.is_empty() {
                        return Err(Http1Error::Chunk("malformed chunked encoding"));
                    }
                    self.state = State::Size;
                }
                State::Trailers => {
                    let Some(line) = self.line(buffer)? else {
                        break;
                    };
                    if line.is_empty() {
                        self.state = State::Done;
                    }
                }
                State::Done => return Ok(true),
            }
        }
        // The rest of the buffer follows the body at once: it does not grow by what was framing.
        buffer.drain(self.decoded..self.taken);
        self.taken = self.decoded;
        Ok(false)
    }

    /// Where the next line is, without its end, if all of it is there.
    fn line(&mut self, buffer: &[u8]) -> Result<Option<Range<usize>>, Http1Error> {
        let rest = buffer.get(self.taken..).unwrap_or_default();
        let Some(length) = memchr::memchr(b'\n', rest) else {
            return match rest.len() > MAX_LINE_BYTES {
                true => Err(Http1Error::Chunk("chunk header line too long")),
                false => Ok(None),
            };
        };
        let line = rest.get(..length).unwrap_or_default();
        let from = self.taken;
        self.taken += length + 1;
        let length = line.strip_suffix(b"\r").unwrap_or(line).len();
        Ok(Some(from..from + length))
    }
}

/// The size at the start of a line; what follows a semicolon is of no interest.
fn size(line: &[u8]) -> Result<usize, Http1Error> {
    let digits = line.split(|&byte| byte == b';').next().unwrap_or_default();
    let text = std::str::from_utf8(digits.trim_ascii()).unwrap_or_default();
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let size = usize::from_str_radix(text, 16).ok().filter(|_| is_number);
    size.ok_or(Http1Error::Chunk("invalid byte in chunk length"))
}

/// Longest line of framing. Source: Go's reader of chunks.
const MAX_LINE_BYTES: usize = 4096;
