//! Identifiers of a series: inside one store, and everywhere.

/// A store's own number for a series. Never reused while the process lives; other stores know
/// nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SeriesRef(u64);

impl SeriesRef {
    /// Wraps the number that a store gave out.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number, as it stands in write-ahead log records.
    pub const fn get(self) -> u64 {
        self.0
    }
}

/// A 64-bit hash of a label set. Equal sets have equal fingerprints; the reverse must be checked.
/// Valid inside one process only: the hash may change between releases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint(u64);

impl Fingerprint {
    /// Wraps a hash.
    pub const fn new(hash: u64) -> Self {
        Self(hash)
    }

    /// The hash.
    pub const fn get(self) -> u64 {
        self.0
    }
}
