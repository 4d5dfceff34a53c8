//! Time bounds. A timestamp is `i64` milliseconds since the Unix epoch everywhere in Narthex.

/// A span of time, both ends inclusive, in milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeRange {
    /// First millisecond inside.
    pub min_time: i64,
    /// Last millisecond inside.
    pub max_time: i64,
}

impl TimeRange {
    /// Everything that a timestamp can say.
    pub const ALL: Self = Self {
        min_time: i64::MIN,
        max_time: i64::MAX,
    };

    /// From `min_time` to `max_time`, both inside.
    pub const fn new(min_time: i64, max_time: i64) -> Self {
        Self { min_time, max_time }
    }

    /// True if `timestamp` is inside.
    pub const fn contains(&self, timestamp: i64) -> bool {
        self.min_time <= timestamp && timestamp <= self.max_time
    }

    /// True if any millisecond is in both.
    pub const fn overlaps(&self, other: &Self) -> bool {
        self.min_time <= other.max_time && other.min_time <= self.max_time
    }
}
