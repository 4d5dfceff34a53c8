//! How much may come in: from the flags or, where they say nothing, from the memory that the process
//! may use.

use scrape::limits::{DEFAULT_BODY_SIZE, DEFAULT_NEW_SERIES, DefaultLimits};

/// What the flags say about series.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SeriesFlags {
    /// Series in memory; 0: as many as come.
    pub(crate) in_head: Option<usize>,
    /// Series that one scrape may begin; 0: as many as come.
    pub(crate) at_once: Option<usize>,
}

/// Limits in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct IntakeLimits {
    /// Series in memory; 0: as many as come.
    pub(super) series: usize,
    pub(super) scraping: DefaultLimits,
}

impl IntakeLimits {
    /// For a process that may use `memory` bytes.
    pub(super) fn new(flags: SeriesFlags, memory: u64) -> Self {
        let by_memory = usize::try_from(memory / SHARE / SERIES_BYTES).unwrap_or(usize::MAX);
        let series = flags.in_head.unwrap_or(by_memory);
        let unstated = match series {
            0 => DEFAULT_NEW_SERIES,
            series => (series / SCRAPES).clamp(LEAST_AT_ONCE, DEFAULT_NEW_SERIES),
        };
        Self {
            series,
            scraping: DefaultLimits {
                body_size: (memory / PAGES).clamp(LEAST_BODY_SIZE, DEFAULT_BODY_SIZE),
                new_series: match flags.at_once.unwrap_or(unstated) {
                    0 => usize::MAX,
                    number => number,
                },
            },
        }
    }
}

/// Series may take one part in this many of the memory; a quarter is for queries.
const SHARE: u64 = 2;
/// Bytes that the process needs for a series of about eight labels, with its samples in memory and
/// what scraping remembers of it. Source: the section on ingestion in
/// `docs/operations/measurements.md`, RSS by series.
const SERIES_BYTES: u64 = 1 << 10;
/// Scrapes of nothing but new series that fill the memory.
const SCRAPES: usize = 10;
/// A target with fewer series is there after its first scrape, however small the machine.
const LEAST_AT_ONCE: usize = 1_000;
/// Pages of the largest size that fit into the memory.
const PAGES: u64 = 32;
/// A page up to this size is read, however small the machine.
const LEAST_BODY_SIZE: u64 = 4 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_go_before_what_the_memory_allows() {
        let flags = |in_head, at_once| SeriesFlags { in_head, at_once };
        let cases = [
            (flags(None, None), 2 << 30, (1 << 20, 100_000, 64 << 20)),
            (flags(None, None), 256 << 20, (1 << 17, 13_107, 8 << 20)),
            (flags(None, None), 1 << 20, (512, 1_000, 4 << 20)),
            (flags(Some(0), None), 2 << 30, (0, 100_000, 64 << 20)),
            (
                flags(Some(50_000), None),
                2 << 30,
                (50_000, 5_000, 64 << 20),
            ),
            (
                flags(Some(50_000), Some(0)),
                2 << 30,
                (50_000, usize::MAX, 64 << 20),
            ),
            (flags(None, Some(7)), 2 << 30, (1 << 20, 7, 64 << 20)),
        ];
        for (flags, memory, want) in cases {
            let limits = IntakeLimits::new(flags, memory);
            let scraping = limits.scraping;
            let have = (limits.series, scraping.new_series, scraping.body_size);
            assert_eq!(have, want, "{flags:?} {memory}");
        }
    }
}
