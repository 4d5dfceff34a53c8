//! Chunks: compressed runs of samples of one series, bit for bit as Prometheus writes them.

pub(crate) mod bitstream;
pub mod xor;

use storage::SampleBuffer;

/// How the bytes of a chunk are to be read; the number stands in every file that holds chunks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChunkEncoding {
    /// Floats: delta-of-delta times, XORed values. Number 1.
    Xor,
}

impl ChunkEncoding {
    /// The encoding with this number, if we read it.
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Xor),
            _ => None,
        }
    }

    /// The number in files.
    pub const fn number(self) -> u8 {
        match self {
            Self::Xor => 1,
        }
    }

    /// Decodes a whole chunk, adding its samples to `buffer`.
    ///
    /// # Errors
    /// The bytes end before the last sample that they promise.
    pub fn decode(self, bytes: &[u8], buffer: &mut SampleBuffer) -> Result<(), ChunkError> {
        match self {
            Self::Xor => xor::decode(bytes, buffer),
        }
    }
}

/// Why a chunk cannot be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChunkError {
    /// The bytes end before the last promised sample.
    #[error("chunk ends after {read} of {promised} samples")]
    Truncated {
        /// Samples that could be read.
        read: usize,
        /// Samples that the chunk says it holds.
        promised: usize,
    },
    /// Two samples are not in rising order of time.
    #[error("chunk times do not rise after {read} samples")]
    Unordered {
        /// Samples that could be read.
        read: usize,
    },
}
