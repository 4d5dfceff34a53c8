//! Which blocks are no longer to be kept: by age and by total size, whole blocks only.

use std::fmt;
use std::time::Duration;

/// How long samples are kept; zero means no limit. Whichever limit is reached first holds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Retention {
    /// Milliseconds that blocks are kept behind the newest.
    pub time: i64,
    /// Bytes that blocks and log may take together.
    pub size: u64,
    /// Share of the disk that they may take, in percent; goes before `size`.
    pub percentage: f64,
}

impl Retention {
    /// The limits on a disk of `disk_bytes`; `None` if that is not known.
    pub(crate) fn limits(&self, disk_bytes: Option<u64>) -> Limits {
        let share = disk_bytes.map(|bytes| (bytes as f64 * self.percentage / 100.0) as u64);
        let size = match share {
            Some(share) if self.percentage > 0.0 => share.max(1),
            _ => self.size,
        };
        Limits {
            time: self.time,
            size,
        }
    }
}

/// As `/api/v1/status/runtimeinfo` says it: `15d or 10GiB or 12.5%`.
impl fmt::Display for Retention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        if let Ok(millis @ 1..) = u64::try_from(self.time) {
            parts.push(model::duration::format(Duration::from_millis(millis)));
        }
        if self.size > 0 {
            parts.push(size_text(self.size));
        }
        if self.percentage > 0.0 {
            parts.push(format!("{}%", self.percentage));
        }
        f.write_str(&parts.join(" or "))
    }
}

fn size_text(bytes: u64) -> String {
    let units = ["EiB", "PiB", "TiB", "GiB", "MiB", "KiB", "B"];
    let scales = (0..=6).rev().map(|power| 1_u64 << (10 * power));
    let mut fitting = units
        .iter()
        .zip(scales)
        .filter(|(_, scale)| bytes.is_multiple_of(*scale));
    fitting.next().map_or_else(String::new, |(unit, scale)| {
        format!("{}{unit}", bytes / scale)
    })
}

/// What retention needs to know of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// First millisecond behind the block's end.
    pub(crate) max_time: i64,
    pub(crate) bytes: u64,
}

/// Limits; zero means none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Milliseconds that a block may end before the newest one.
    pub(crate) time: i64,
    /// Bytes of all blocks and the log.
    pub(crate) size: u64,
}

/// Why a block goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    Time,
    Size,
}

/// Places in `blocks` that are to be deleted. The newest block always stays, as upstream has it.
pub(crate) fn beyond(
    blocks: &[Candidate],
    other_bytes: u64,
    limits: Limits,
) -> Vec<(usize, Reason)> {
    let mut order: Vec<usize> = (0..blocks.len()).collect();
    let get = |index: usize| blocks.get(index).copied();
    order.sort_by_key(|&index| std::cmp::Reverse(get(index).map(|block| block.max_time)));
    let newest = order
        .first()
        .and_then(|&index| get(index))
        .map_or(0, |block| block.max_time);
    let mut total = other_bytes;
    let mut doomed = Vec::new();
    let mut reason = None;
    for (place, index) in order.into_iter().enumerate() {
        let Some(block) = get(index) else { continue };
        total += block.bytes;
        let too_old = limits.time > 0 && newest - block.max_time >= limits.time;
        let too_much = limits.size > 0 && total > limits.size;
        if place > 0 && reason.is_none() {
            reason = match (too_old, too_much) {
                (true, _) => Some(Reason::Time),
                (_, true) => Some(Reason::Size),
                _ => None,
            };
        }
        doomed.extend(reason.map(|reason| (index, reason)));
    }
    doomed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_the_disk_goes_before_bytes() {
        let retention = |size, percentage| Retention {
            time: 7,
            size,
            percentage,
        };
        let cases = [
            (retention(5, 0.0), Some(1_000), 5),
            (retention(5, 12.5), Some(1_000), 125),
            (retention(5, 12.5), None, 5),
            (retention(0, 12.5), None, 0),
            (retention(0, 1.0), Some(10), 1),
        ];
        for (retention, disk, size) in cases {
            assert_eq!(retention.limits(disk), Limits { time: 7, size });
        }
    }

    #[test]
    fn old_and_surplus_blocks_go_and_the_newest_stays() {
        let block = |max_time, bytes| Candidate { max_time, bytes };
        let blocks = [block(300, 10), block(100, 10), block(200, 10)];
        type Doomed = &'static [(usize, Reason)];
        let cases: [(i64, u64, Doomed); 6] = [
            (0, 0, &[]),
            (101, 0, &[(1, Reason::Time)]),
            (100, 0, &[(2, Reason::Time), (1, Reason::Time)]),
            (0, 35, &[]),
            (0, 34, &[(1, Reason::Size)]),
            (0, 1, &[(2, Reason::Size), (1, Reason::Size)]),
        ];
        for (time, size, want) in cases {
            assert_eq!(
                beyond(&blocks, 5, Limits { time, size }),
                want,
                "{time} {size}"
            );
        }
    }
}
