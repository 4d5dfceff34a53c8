//! What start timestamps tell of counter resets. 0 stands for an unknown one.

/// Two neighbouring samples, as far as their times are concerned.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Neighbours {
    /// Start and time of the earlier one.
    pub(crate) before: (i64, i64),
    /// Start and time of the later one.
    pub(crate) after: (i64, i64),
}

impl Neighbours {
    /// The pair that ends at `index`; none if there are no starts.
    #[inline]
    pub(crate) fn at(starts: &[i64], times: &[i64], index: usize) -> Option<Self> {
        let after = (*starts.get(index)?, *times.get(index)?);
        let before = (*starts.get(index - 1)?, *times.get(index - 1)?);
        Some(Self { before, after })
    }

    /// True if the counter began again between the two.
    pub(crate) fn is_reset(self) -> bool {
        let ((before_start, before), (start, time)) = (self.before, self.after);
        // Unknown, or no start at all.
        if start == 0 || start >= time || start < before {
            return false;
        }
        // From here on a start at the sample before is that of a delta, unless that one's is unknown.
        start > before || (before_start < before && before_start != 0)
    }

    /// True if the later one began to count before the earlier one had ended.
    pub(crate) fn overlap(self) -> bool {
        let ((before_start, before), (start, _)) = (self.before, self.after);
        start != 0 && start < before && start != before_start
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_behind_the_sample_before_is_a_reset() {
        let cases = [
            ((0, 10), (0, 20), false, false),
            ((1, 10), (1, 20), false, false),
            ((1, 10), (15, 20), true, false),
            ((1, 10), (25, 20), false, false),
            ((1, 10), (20, 20), false, false),
            ((1, 10), (10, 20), true, false),
            ((0, 10), (10, 20), false, false),
            ((10, 10), (10, 20), false, false),
            ((12, 10), (10, 20), false, false),
            ((1, 10), (5, 20), false, true),
        ];
        for (before, after, reset, overlap) in cases {
            let pair = Neighbours { before, after };
            assert_eq!(pair.is_reset(), reset, "{pair:?}");
            assert_eq!(pair.overlap(), overlap, "{pair:?}");
        }
    }
}
