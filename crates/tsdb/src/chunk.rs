//! Chunks: compressed runs of samples of one series, bit for bit as Prometheus writes them.

pub(crate) mod bitstream;
pub(crate) mod encode;
pub mod histogram;
mod start_timestamps;
mod varbit;
pub mod xor;
pub mod xor2;
mod xor_state;

use storage::SampleBuffer;

/// How the bytes of a chunk are to be read; the number stands in every file that holds chunks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChunkEncoding {
    /// Floats: delta-of-delta times, XORed values. Number 1.
    Xor,
    /// Native histograms with integer counts. Number 2.
    Histogram,
    /// Native histograms with float counts. Number 3.
    FloatHistogram,
    /// Floats, with start timestamps. Number 4.
    Xor2,
    /// Native histograms with integer counts, with start timestamps. Number 5.
    StartedHistogram,
    /// Native histograms with float counts, with start timestamps. Number 6.
    StartedFloatHistogram,
}

impl ChunkEncoding {
    /// The encoding with this number, if we read it.
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Xor),
            2 => Some(Self::Histogram),
            3 => Some(Self::FloatHistogram),
            4 => Some(Self::Xor2),
            5 => Some(Self::StartedHistogram),
            6 => Some(Self::StartedFloatHistogram),
            _ => None,
        }
    }

    /// The number in files.
    pub const fn number(self) -> u8 {
        match self {
            Self::Xor => 1,
            Self::Histogram => 2,
            Self::FloatHistogram => 3,
            Self::Xor2 => 4,
            Self::StartedHistogram => 5,
            Self::StartedFloatHistogram => 6,
        }
    }

    /// True if the samples are floats.
    pub const fn has_floats(self) -> bool {
        matches!(self, Self::Xor | Self::Xor2)
    }

    /// Number of samples in a finished chunk.
    pub fn count(self, bytes: &[u8]) -> u16 {
        match self {
            Self::StartedHistogram | Self::StartedFloatHistogram => {
                xor::count_of(bytes) & histogram::STARTED_COUNT_MASK
            }
            _ => xor::count_of(bytes),
        }
    }

    /// Decodes a whole chunk, adding its samples to `buffer`.
    ///
    /// # Errors
    /// The bytes end before the last sample that they promise.
    pub fn decode(self, bytes: &[u8], buffer: &mut SampleBuffer) -> Result<(), ChunkError> {
        match self {
            Self::Xor => xor::decode(bytes, buffer),
            Self::Histogram => histogram::decode_integers(bytes, buffer),
            Self::FloatHistogram => histogram::decode_floats(bytes, buffer),
            Self::Xor2 => xor2::decode(bytes, buffer),
            Self::StartedHistogram => histogram::decode_started_integers(bytes, buffer),
            Self::StartedFloatHistogram => histogram::decode_started_floats(bytes, buffer),
        }
    }
}

/// Number of samples in a finished chunk, whether its encoding is read or not.
pub(crate) fn count_in(encoding: u8, bytes: &[u8]) -> u16 {
    match ChunkEncoding::from_number(encoding) {
        Some(encoding) => encoding.count(bytes),
        // Every encoding so far begins with it.
        None => xor::count_of(bytes),
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

/// Why decoding stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    /// The bytes ended, or cannot be what they promise.
    End,
    /// A time is not behind the one before.
    Unordered,
}

impl From<bitstream::EndOfBits> for Stop {
    fn from(_: bitstream::EndOfBits) -> Self {
        Self::End
    }
}

impl Stop {
    /// The error of a chunk of which `read` of `promised` samples could be read.
    fn after(self, read: usize, promised: usize) -> ChunkError {
        match self {
            Self::End => ChunkError::Truncated { read, promised },
            Self::Unordered => ChunkError::Unordered { read },
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever the bytes are: no more samples than promised, in rising order, and no panic.
        #[test]
        fn any_bytes_are_decoded_or_refused(
            number in 1u8..=6,
            count in 0u8..40,
            header in any::<u8>(),
            rest in prop::collection::vec(any::<u8>(), 0..300),
        ) {
            let encoding = ChunkEncoding::from_number(number).unwrap();
            prop_assert_eq!(encoding.number(), number);
            let bytes = [&[0, count, header], &rest[..]].concat();
            let mut buffer = SampleBuffer::default();
            let outcome = encoding.decode(&bytes, &mut buffer);
            let read = buffer.len() + buffer.histograms().len();
            prop_assert!(read <= usize::from(encoding.count(&bytes)));
            prop_assert_eq!(outcome.is_ok(), read == usize::from(count));
            prop_assert!(buffer.timestamps().is_sorted_by(|a, b| a < b));
            let times = buffer.histograms().timestamps();
            prop_assert!(times.is_sorted_by(|a, b| a < b));
        }
    }
}
