//! Going through a file of head chunks from front to back.

use std::io;
use std::ops::Range;

use host::fs::File;

use super::layout::{HEADER_BYTES, START_BYTES, StoredChunk, announced_bytes, is_header};

/// What a file was like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Scan {
    /// Where the last whole chunk ends; 0 if the file does not begin as it should.
    pub(crate) good_end: u64,
    /// What is behind that, if it is neither the end nor unused room.
    pub(crate) damage: Option<&'static str>,
}

/// Hands each chunk to `each`, with its place, until the end or the first damage.
pub(crate) fn scan(
    file: &dyn File,
    each: &mut dyn FnMut(Range<u64>, &StoredChunk<'_>),
) -> io::Result<Scan> {
    let mut window = Window {
        file,
        start: 0,
        bytes: Vec::new(),
        taken: 0,
    };
    window.fill(HEADER_BYTES)?;
    if !is_header(window.rest()) {
        let is_unused = window.rest().iter().all(|&byte| byte == 0);
        let damage = match window.rest().len() < HEADER_BYTES {
            // Begun and never written to.
            _ if is_unused => None,
            true => Some("header is cut off"),
            false => Some("not a file of chunks of version 1"),
        };
        return Ok(Scan {
            good_end: 0,
            damage,
        });
    }
    window.taken = HEADER_BYTES;
    loop {
        let good_end = window.start + window.taken as u64;
        if !window.next_chunk()? {
            return Ok(Scan {
                good_end,
                damage: None,
            });
        }
        let len = match StoredChunk::read(window.rest()) {
            Ok((chunk, len)) => {
                each(good_end..good_end + len as u64, &chunk);
                len
            }
            Err(damage) => {
                return Ok(Scan {
                    good_end,
                    damage: Some(damage.reason()),
                });
            }
        };
        window.taken += len;
    }
}

/// The part of the file that is in memory.
struct Window<'a> {
    file: &'a dyn File,
    /// Where `bytes` begin in the file.
    start: u64,
    bytes: Vec<u8>,
    taken: usize,
}

impl Window<'_> {
    /// Brings the next chunk wholly into memory; false if there is none.
    fn next_chunk(&mut self) -> io::Result<bool> {
        self.fill(START_BYTES)?;
        let start = self.rest().get(..START_BYTES).unwrap_or(self.rest());
        // No series has the number 0: the file was made with room for more.
        if start.iter().all(|&byte| byte == 0) {
            return Ok(false);
        }
        let announced = announced_bytes(start).unwrap_or(START_BYTES);
        self.fill(announced.min(LONGEST_CHUNK))?;
        Ok(true)
    }

    fn rest(&self) -> &[u8] {
        self.bytes.get(self.taken..).unwrap_or_default()
    }

    /// Brings at least so many bytes into the window, unless the file ends before.
    fn fill(&mut self, needed: usize) -> io::Result<()> {
        if self.rest().len() >= needed {
            return Ok(());
        }
        self.bytes.drain(..self.taken);
        self.start += self.taken as u64;
        self.taken = 0;
        let mut have = self.bytes.len();
        self.bytes.resize(needed.max(WINDOW_BYTES), 0);
        while have < self.bytes.len() {
            let room = self.bytes.get_mut(have..).unwrap_or_default();
            match self.file.read_at(room, self.start + have as u64)? {
                0 => break,
                count => have += count,
            }
        }
        self.bytes.truncate(have);
        Ok(())
    }
}

const WINDOW_BYTES: usize = 1 << 20;
/// What says that it is longer than this is damaged.
const LONGEST_CHUNK: usize = 64 << 20;
