//! Rules applied to the past: at which moments a group would have been evaluated.

use crate::group::schedule::Slots;
use crate::spec::GroupSpec;

/// The moments of a group within one block: from `start` on, an interval apart, up to `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// The first, in nanoseconds since the Unix epoch.
    pub start: i64,
    /// None is later than this, in seconds since the Unix epoch.
    pub end: i64,
}

/// The moments of a group from `start` to `end`, both in seconds since the Unix epoch, by blocks of
/// `span` milliseconds. They are those that a running server evaluates the group at.
pub fn stretches(
    group: &GroupSpec,
    start: i64,
    end: i64,
    span: i64,
) -> impl Iterator<Item = Stretch> + use<> {
    let slots = Slots::new(group);
    let span = span.max(1);
    let first = start.saturating_mul(1_000) / span * span;
    let last = end.saturating_mul(1_000);
    let next = move |&begin: &i64| begin.checked_add(span);
    std::iter::successors(Some(first), next)
        .take_while(move |&begin| begin <= last)
        .filter_map(move |begin| {
            let end = end.min(begin.saturating_add(span - 1) / 1_000);
            let start = slots.first_from(start.max(begin / 1_000).saturating_mul(NANOS));
            (start <= end.saturating_mul(NANOS)).then_some(Stretch { start, end })
        })
}

const NANOS: i64 = 1_000_000_000;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::spec::GroupKey;

    fn group(interval: u64) -> GroupSpec {
        GroupSpec {
            key: GroupKey {
                file: "r.yml".to_owned(),
                name: "first".to_owned(),
            },
            interval: Duration::from_secs(interval),
            query_offset: Duration::ZERO,
            limit: 0,
            rules: Vec::new(),
        }
    }

    /// In milliseconds as a server takes them.
    fn found(interval: u64, start: i64, end: i64) -> Vec<(i64, i64)> {
        let found = stretches(&group(interval), start, end, 7_200_000);
        found
            .map(|stretch| (stretch.start / 1_000_000, stretch.end))
            .collect()
    }

    #[test]
    fn moments_are_those_of_upstream_block_by_block() {
        // A Prometheus 3.14 evaluates a group of this name in a file of this name 52.701 s past.
        let want = [
            (1_600_000_132_701, 1_600_005_599),
            (1_600_005_652_701, 1_600_012_799),
            (1_600_012_852_701, 1_600_019_999),
        ];
        let got = found(60, 1_600_000_100, 1_600_020_000);
        assert_eq!(got[..3], want);
        assert_eq!(got.len(), 3);
        assert_eq!(found(60, 1_600_000_100, 1_600_000_101), []);
    }

    #[test]
    fn blocks_without_a_moment_are_passed_over() {
        let got = found(4 * 3_600, 1_600_000_000, 1_600_060_000);
        let starts: Vec<i64> = got.iter().map(|&(start, _)| start).collect();
        assert!(
            starts
                .windows(2)
                .all(|pair| pair[1] - pair[0] == 4 * 3_600_000)
        );
        assert!((3..=5).contains(&starts.len()), "{starts:?}");
    }
}
