//! What may happen to a database. Each operation has a seed of its own, so that a history without
//! some of them is a history as well.

use super::random::Random;

#[derive(Clone, Debug)]
pub(super) enum Operation {
    /// Batches every quarter of a minute, the first after a pause.
    Scrape {
        seed: u64,
        rounds: i64,
        pause: i64,
        ending: Ending,
    },
    /// Two batches at once, the later one committed first.
    Interleave {
        seed: u64,
    },
    Delete {
        seed: u64,
    },
    /// Blocks cut, merged and deleted, perhaps while somebody reads.
    Maintain {
        seed: u64,
        is_read: bool,
    },
    CleanTombstones,
    Sync,
    /// The process ends, with or without having closed the database.
    Restart {
        is_closed: bool,
    },
    /// A snapshot is opened, and perhaps becomes the database.
    Snapshot {
        skips_head: bool,
        is_restored: bool,
    },
    Ask {
        seed: u64,
    },
    /// The power fails within an operation.
    Crash {
        seed: u64,
        during: Box<Operation>,
    },
}

/// How a batch ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Commit,
    Durably,
    Rollback,
}

impl Operation {
    /// The history of a seed.
    pub(super) fn history(seed: u64) -> Vec<Self> {
        let mut random = Random::new(seed);
        let count = 15 + random.index(50);
        (0..count).map(|_| Self::any(&mut random)).collect()
    }

    fn any(random: &mut Random) -> Self {
        match random.below(100) {
            0..8 => Self::Ask {
                seed: random.next(),
            },
            8..15 => Self::Crash {
                seed: random.next(),
                during: Box::new(Self::change(random)),
            },
            15..17 => Self::Snapshot {
                skips_head: random.once_in(4),
                is_restored: random.once_in(2),
            },
            _ => Self::change(random),
        }
    }

    /// One that may be broken off.
    fn change(random: &mut Random) -> Self {
        match random.below(100) {
            0..55 => Self::Scrape {
                seed: random.next(),
                rounds: random.between(1, 12),
                pause: match random.below(12) {
                    0 => random.between(0, 1_200_000),
                    1 => random.between(0, 10_000_000),
                    _ => 0,
                },
                ending: match random.below(10) {
                    0 => Ending::Rollback,
                    1..4 => Ending::Durably,
                    _ => Ending::Commit,
                },
            },
            55..60 => Self::Interleave {
                seed: random.next(),
            },
            60..69 => Self::Delete {
                seed: random.next(),
            },
            69..84 => Self::Maintain {
                seed: random.next(),
                is_read: random.once_in(3),
            },
            84..89 => Self::CleanTombstones,
            89..94 => Self::Sync,
            _ => Self::Restart {
                is_closed: random.once_in(2),
            },
        }
    }
}
