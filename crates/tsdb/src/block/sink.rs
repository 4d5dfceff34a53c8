//! A file that is written front to back through a buffer, with its position known.

use std::io;

use host::fs::File;

/// Collects writes until they are worth a call.
pub(crate) struct Sink {
    file: Box<dyn File>,
    buffer: Vec<u8>,
    flushed: u64,
}

impl Sink {
    pub(crate) fn new(file: Box<dyn File>) -> Self {
        Self {
            file,
            buffer: Vec::with_capacity(BUFFER_BYTES),
            flushed: 0,
        }
    }

    /// Where the next byte goes.
    pub(crate) fn position(&self) -> u64 {
        self.flushed + self.buffer.len() as u64
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= BUFFER_BYTES {
            self.flush()
        } else {
            Ok(())
        }
    }

    /// Fills with zeros up to a multiple of `alignment`.
    pub(crate) fn align(&mut self, alignment: u64) -> io::Result<()> {
        let past = self.position() % alignment;
        if past == 0 {
            return Ok(());
        }
        const ZEROS: [u8; 16] = [0; 16];
        let missing = usize::try_from(alignment - past).unwrap_or_default();
        self.write(ZEROS.get(..missing).unwrap_or_default())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.write_all(&self.buffer)?;
        self.flushed += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    /// Writes what is left and makes the file durable; returns its length.
    pub(crate) fn finish(mut self) -> io::Result<u64> {
        self.flush()?;
        self.file.sync()?;
        Ok(self.flushed)
    }
}

const BUFFER_BYTES: usize = 256 << 10;
