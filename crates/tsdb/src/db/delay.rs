//! The first block that is due is cut a little later, by a time that differs from process to process:
//! many that share a machine or a store do not all write at the full hour.

use std::time::Duration;

use super::maintain::random_number;

/// How long blocks of the head wait, and since when they do. Of several blocks that are due only
/// the first waits.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Delay {
    length: Duration,
    begun: Option<Duration>,
}

impl Delay {
    /// A delay between nothing and `longest`.
    pub(super) fn up_to(longest: Duration) -> Self {
        let millis = u64::try_from(longest.as_millis()).unwrap_or(u64::MAX);
        let length = random_number().checked_rem(millis).unwrap_or_default();
        Self {
            length: Duration::from_millis(length),
            begun: None,
        }
    }

    /// A block is due: whether it has to wait yet.
    pub(super) fn is_running(&mut self, now: Duration) -> bool {
        let begun = *self.begun.get_or_insert(now);
        now.saturating_sub(begun) < self.length
    }

    /// No block is due.
    pub(super) fn end(&mut self) {
        self.begun = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_of_several_blocks_waits() {
        let minutes = |count: u64| Duration::from_secs(count * 60);
        let mut delay = Delay {
            length: minutes(5),
            begun: None,
        };
        let answers = [10, 14, 15, 15].map(|now| delay.is_running(minutes(now)));
        assert_eq!(answers, [true, true, false, false]);
        delay.end();
        assert!(delay.is_running(minutes(130)));

        assert!(!Delay::up_to(Duration::ZERO).is_running(minutes(1)));
        let lengths = (0..200).map(|_| Delay::up_to(minutes(12)).length);
        let lengths: Vec<Duration> = lengths.collect();
        assert!(lengths.iter().all(|&length| length < minutes(12)));
        assert!(lengths.iter().any(|&length| length > minutes(6)));
    }
}
