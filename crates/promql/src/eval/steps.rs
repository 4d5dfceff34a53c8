//! The times at which an expression is evaluated, and where a selector looks from there.

use crate::ast::AtModifier;

/// Times of equal distance, at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Steps {
    /// The first time, in milliseconds since the Unix epoch.
    pub(crate) start: i64,
    /// Milliseconds between two of them, positive.
    pub(crate) interval: i64,
    /// How many there are.
    pub(crate) count: usize,
    /// Where they were to end: less than one interval behind the last one.
    pub(crate) until: i64,
}

impl Steps {
    /// One step.
    pub(crate) const fn single(time: i64) -> Self {
        Self {
            start: time,
            interval: 1,
            count: 1,
            until: time,
        }
    }

    /// From `start` to at most `end`; none if `end` comes first.
    pub(crate) fn between(start: i64, end: i64, interval: i64) -> Option<Self> {
        let span = i128::from(end) - i128::from(start);
        let interval = interval.max(1);
        (span >= 0).then(|| Self {
            start,
            interval,
            count: usize::try_from(span / i128::from(interval) + 1).unwrap_or(usize::MAX),
            until: end,
        })
    }

    /// The time of a step.
    pub(crate) fn time(self, index: usize) -> i64 {
        let index = i64::try_from(index).unwrap_or(i64::MAX);
        self.start
            .saturating_add(self.interval.saturating_mul(index))
    }

    /// The last time.
    pub(crate) fn end(self) -> i64 {
        self.time(self.count - 1)
    }

    /// All times.
    pub(crate) fn times(self) -> impl Iterator<Item = i64> {
        (0..self.count).map(move |index| self.time(index))
    }
}

/// The moments that a selector or subquery looks at: each step, or the time of `@`, moved by
/// `offset`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moments {
    steps: Steps,
    offset: i64,
    at: Option<i64>,
}

impl Moments {
    /// Moments of a selector with these modifiers; `@ start()` and `@ end()` are resolved by now.
    pub(crate) fn new(steps: Steps, offset: i64, at: Option<AtModifier>) -> Self {
        let at = match at {
            Some(AtModifier::Timestamp(time)) => Some(time),
            Some(AtModifier::Start) => Some(steps.start),
            Some(AtModifier::End) => Some(steps.end()),
            None => None,
        };
        Self { steps, offset, at }
    }

    /// The moment of a step.
    #[inline]
    pub(crate) fn of(&self, index: usize) -> i64 {
        let time = self.at.unwrap_or_else(|| self.steps.time(index));
        time.saturating_sub(self.offset)
    }

    /// The earliest one.
    pub(crate) fn first(&self) -> i64 {
        self.of(0)
    }

    /// The latest one.
    pub(crate) fn last(&self) -> i64 {
        self.of(self.steps.count - 1)
    }

    /// Where a subquery ends: that of its steps which is seen from where the steps were to end.
    pub(crate) fn until(&self) -> i64 {
        let time = self.at.unwrap_or(self.steps.until);
        time.saturating_sub(self.offset)
    }

    /// The steps.
    pub(crate) fn steps(&self) -> Steps {
        self.steps
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_end_at_or_before_the_end() {
        let steps = Steps::between(0, 25, 10).unwrap();
        assert_eq!((steps.count, steps.end(), steps.until), (3, 20, 25));
        assert_eq!(Steps::between(1, 0, 10), None);
        assert_eq!(Steps::between(5, 5, 10).unwrap().count, 1);
    }

    #[test]
    fn moments_follow_the_steps_unless_pinned() {
        let steps = Steps::between(0, 20, 10).unwrap();
        let moving = Moments::new(steps, 5, None);
        assert_eq!((moving.first(), moving.of(1), moving.last()), (-5, 5, 15));
        let pinned = Moments::new(steps, 5, Some(AtModifier::Timestamp(100)));
        assert_eq!((pinned.first(), pinned.last()), (95, 95));
    }
}
