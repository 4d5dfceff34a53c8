//! Which blocks are no longer to be kept: by age and by total size, whole blocks only.

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
