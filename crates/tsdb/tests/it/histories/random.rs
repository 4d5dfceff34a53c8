//! Numbers that a seed gives.

pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        // Through the finalizer, or the stream of a seed would be that of the next one, moved on.
        Self(finalize(seed))
    }

    /// A counter, finalized.
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        finalize(self.0)
    }

    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    pub(super) fn index(&mut self, limit: usize) -> usize {
        self.below(limit as u64) as usize
    }

    /// Both ends inclusive.
    pub(super) fn between(&mut self, low: i64, high: i64) -> i64 {
        low + self
            .below((high - low + 1).max(1).cast_unsigned())
            .cast_signed()
    }

    /// True once in so many times.
    pub(super) fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }
}

/// The finalizer of `splitmix64`.
fn finalize(bits: u64) -> u64 {
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}
