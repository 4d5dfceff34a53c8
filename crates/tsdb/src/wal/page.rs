//! Pages and fragments: how records lie in a segment.

/// Bytes of a page.
pub(crate) const PAGE_BYTES: usize = 32 * 1024;
/// Bytes before each fragment: kind, length, checksum.
pub(crate) const HEADER_BYTES: usize = 7;

/// Bit of a fragment's first byte: the record is compressed with Snappy.
pub(crate) const SNAPPY: u8 = 1 << 3;
/// Bit of a fragment's first byte: the record is compressed with Zstandard.
pub(crate) const ZSTD: u8 = 1 << 4;

/// What part of a record a fragment is: the low three bits of its first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FragmentKind {
    /// Nothing more in this page.
    PageEnd,
    Full,
    First,
    Middle,
    Last,
}

impl FragmentKind {
    pub(crate) const fn from_byte(byte: u8) -> Option<Self> {
        match byte & 7 {
            0 => Some(Self::PageEnd),
            1 => Some(Self::Full),
            2 => Some(Self::First),
            3 => Some(Self::Middle),
            4 => Some(Self::Last),
            _ => None,
        }
    }

    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::PageEnd => 0,
            Self::Full => 1,
            Self::First => 2,
            Self::Middle => 3,
            Self::Last => 4,
        }
    }
}
