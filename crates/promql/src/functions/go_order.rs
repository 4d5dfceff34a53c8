//! Sorting that leaves equal items where Go's `sort.Sort` leaves them.
//!
//! `sort`, `topk` and their like do not say in which order equal values come, but users see it. It is
//! that of a pattern-defeating quicksort: short ranges are sorted by insertion, longer ones are split
//! at a guessed median, and what turns out to be sorted already is left alone.

/// Sorts `items`; `is_less` need not be an order, such as with NaN.
pub(crate) fn sort<T>(items: &mut [T], is_less: impl Fn(&T, &T) -> bool) {
    let limit = bits(items.len());
    let end = items.len();
    Sorter { items, is_less }.sort(0, end, limit);
}

struct Sorter<'a, T, F> {
    items: &'a mut [T],
    is_less: F,
}

/// What the choice of a pivot says of the items around it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hint {
    Unknown,
    Rising,
    Falling,
}

impl<T, F: Fn(&T, &T) -> bool> Sorter<'_, T, F> {
    fn less(&self, left: usize, right: usize) -> bool {
        (self.is_less)(&self.items[left], &self.items[right])
    }

    fn sort(&mut self, mut start: usize, mut end: usize, mut limit: u32) {
        let (mut was_balanced, mut was_partitioned) = (true, true);
        loop {
            let length = end - start;
            if length <= SHORT {
                return self.insert(start, end);
            }
            if limit == 0 {
                return self.sort_by_heap(start, end);
            }
            if !was_balanced {
                self.break_patterns(start, length);
                limit -= 1;
            }
            let (mut pivot, mut hint) = self.choose_pivot(start, length);
            if hint == Hint::Falling {
                self.items[start..end].reverse();
                pivot = end - 1 - (pivot - start);
                hint = Hint::Rising;
            }
            let looks_sorted = was_balanced && was_partitioned && hint == Hint::Rising;
            if looks_sorted && self.insert_few(start, end) {
                return;
            }
            // All items here are at least the one before them; if the pivot equals it, so do others.
            if start > 0 && !self.less(start - 1, pivot) {
                start = self.partition_equal(start, end, pivot);
                continue;
            }
            let (middle, partitioned) = self.partition(start, end, pivot);
            was_partitioned = partitioned;
            let (left, right) = (middle - start, end - middle);
            was_balanced = left.min(right) >= length / 8;
            if left < right {
                self.sort(start, middle, limit);
                start = middle + 1;
            } else {
                self.sort(middle + 1, end, limit);
                end = middle;
            }
        }
    }

    fn insert(&mut self, start: usize, end: usize) {
        for item in start + 1..end {
            self.sink(item, start);
        }
    }

    /// Swaps an item with those before it, down to `bottom`, as long as it is less.
    fn sink(&mut self, item: usize, bottom: usize) {
        let mut place = item;
        while place > bottom && self.less(place, place - 1) {
            self.items.swap(place, place - 1);
            place -= 1;
        }
    }

    /// Sorts a range in which few items are out of place. False if there are too many.
    fn insert_few(&mut self, start: usize, end: usize) -> bool {
        let mut place = start + 1;
        for _ in 0..FEW_STEPS {
            while place < end && !self.less(place, place - 1) {
                place += 1;
            }
            if place == end {
                return true;
            }
            if end - start < WORTH_SHIFTING {
                return false;
            }
            self.items.swap(place, place - 1);
            if place - start >= 2 {
                self.sink(place - 1, 0);
            }
            if end - place >= 2 {
                let mut next = place + 1;
                while next < end && self.less(next, next - 1) {
                    self.items.swap(next, next - 1);
                    next += 1;
                }
            }
        }
        false
    }

    /// Puts items that are less than the pivot before it, the others behind. Yields its place, and
    /// true if nothing had to be moved.
    fn partition(&mut self, start: usize, end: usize, pivot: usize) -> (usize, bool) {
        self.items.swap(start, pivot);
        let (mut left, mut right) = (start + 1, end - 1);
        let mut untouched = true;
        loop {
            while left <= right && self.less(left, start) {
                left += 1;
            }
            while left <= right && !self.less(right, start) {
                right -= 1;
            }
            if left > right {
                self.items.swap(right, start);
                return (right, untouched);
            }
            self.items.swap(left, right);
            untouched = false;
            left += 1;
            right -= 1;
        }
    }

    /// Puts items that equal the pivot before those that are greater. Yields where these begin.
    fn partition_equal(&mut self, start: usize, end: usize, pivot: usize) -> usize {
        self.items.swap(start, pivot);
        let (mut left, mut right) = (start + 1, end - 1);
        loop {
            while left <= right && !self.less(start, left) {
                left += 1;
            }
            while left <= right && self.less(start, right) {
                right -= 1;
            }
            if left > right {
                return left;
            }
            self.items.swap(left, right);
            left += 1;
            right -= 1;
        }
    }

    /// Moves some items about, so that no pattern makes each split as bad as the one before.
    fn break_patterns(&mut self, start: usize, length: usize) {
        let mut random = length as u64;
        let mask = (1_usize << bits(length)) - 1;
        let middle = start + length / 4 * 2 - 1;
        for offset in 0..3 {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let mut other = random as usize & mask;
            if other >= length {
                other -= length;
            }
            self.items.swap(middle + offset, start + other);
        }
    }

    fn choose_pivot(&self, start: usize, length: usize) -> (usize, Hint) {
        let quarter = length / 4;
        let mut places = [1, 2, 3].map(|part| start + quarter * part);
        let mut swaps = 0;
        if length >= LONG {
            places = places.map(|place| self.median([place - 1, place, place + 1], &mut swaps));
        }
        let pivot = self.median(places, &mut swaps);
        let hint = match swaps {
            0 => Hint::Rising,
            MOST_SWAPS => Hint::Falling,
            _ => Hint::Unknown,
        };
        (pivot, hint)
    }

    fn median(&self, [mut a, mut b, mut c]: [usize; 3], swaps: &mut u32) -> usize {
        let mut order = |left: &mut usize, right: &mut usize| {
            if self.less(*right, *left) {
                std::mem::swap(left, right);
                *swaps += 1;
            }
        };
        order(&mut a, &mut b);
        order(&mut b, &mut c);
        order(&mut a, &mut b);
        b
    }

    fn sort_by_heap(&mut self, start: usize, end: usize) {
        let length = end - start;
        for root in (0..=(length - 1) / 2).rev() {
            self.sift_down(root, length, start);
        }
        for last in (0..length).rev() {
            self.items.swap(start, start + last);
            self.sift_down(0, last, start);
        }
    }

    fn sift_down(&mut self, mut root: usize, length: usize, start: usize) {
        loop {
            let mut child = 2 * root + 1;
            if child >= length {
                return;
            }
            if child + 1 < length && self.less(start + child, start + child + 1) {
                child += 1;
            }
            if !self.less(start + root, start + child) {
                return;
            }
            self.items.swap(start + root, start + child);
            root = child;
        }
    }
}

fn bits(length: usize) -> u32 {
    usize::BITS - length.leading_zeros()
}

/// Ranges up to this length are sorted by insertion.
const SHORT: usize = 12;
/// From this length on the pivot is a median of medians.
const LONG: usize = 50;
/// Swaps that the choice of a pivot takes where everything falls.
const MOST_SWAPS: u32 = 12;
/// Items out of place after which a range does not count as nearly sorted.
const FEW_STEPS: usize = 5;
/// Below this length nothing is shifted to find out whether a range is nearly sorted.
const WORTH_SHIFTING: usize = 50;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_sorted() {
        for length in [0, 1, 2, 12, 13, 49, 50, 51, 200, 5_000] {
            let length = length as u64;
            let patterns: [fn(u64, u64) -> u64; 6] = [
                |at, _| at,
                |at, length| length - at,
                |_, _| 7,
                |at, _| at % 10,
                |at, _| at.wrapping_mul(6_364_136_223_846_793_005) >> 40,
                |at, length| if at > length / 2 { length - at } else { at },
            ];
            for pattern in patterns {
                let mut items: Vec<u64> = (0..length).map(|at| pattern(at, length)).collect();
                let mut want = items.clone();
                want.sort_unstable();
                sort(&mut items, |left, right| left < right);
                assert_eq!(items, want);
            }
        }
    }

    #[test]
    fn equal_items_come_as_in_go() {
        let patterns: [fn(u64, u64) -> u64; 4] = [
            |at, _| at * 7 % 5,
            |at, length| (length - at) / 3,
            |at, length| if at > length / 2 { length - at } else { at },
            |at, _| (at * 2_654_435_761) as u32 as u64 >> 28,
        ];
        // Of each length and pattern a number made of the order in which Go 1.26 has the places.
        let cases: [(u64, [u64; 4]); 4] = [
            (
                13,
                [
                    9_094_740_348_568_606_411,
                    14_640_403_340_024_315_521,
                    4_937_433_787_789_720_171,
                    5_037_425_269_522_908_541,
                ],
            ),
            (
                60,
                [
                    11_922_771_749_528_535_535,
                    7_688_841_238_050_083_053,
                    9_797_645_620_125_482_147,
                    2_794_789_490_335_137_237,
                ],
            ),
            (
                300,
                [
                    4_015_713_899_952_237_985,
                    4_430_132_745_693_750_683,
                    633_583_476_133_994_219,
                    2_045_744_896_105_202_901,
                ],
            ),
            (
                2_000,
                [
                    13_534_950_722_611_410_565,
                    13_566_699_261_497_384_889,
                    16_369_621_172_573_996_299,
                    14_564_516_688_380_973_685,
                ],
            ),
        ];
        for (length, want) in cases {
            for (pattern, want) in patterns.iter().zip(want) {
                let item = |at| (pattern(at, length), at);
                let mut items: Vec<(u64, u64)> = (0..length).map(item).collect();
                sort(&mut items, |left, right| left.0 < right.0);
                let places = items.iter().map(|&(_, at)| at);
                let got = places.fold(7_u64, |sum, at| sum.wrapping_mul(31).wrapping_add(at));
                assert_eq!(got, want, "{length}");
            }
        }
    }

    #[test]
    fn hostile_orders_come_to_an_end() {
        let mut items: Vec<usize> = (0..3_000).collect();
        sort(&mut items, |_, _| true);
        sort(&mut items, |_, _| false);
        items.sort_unstable();
        assert!(items.into_iter().eq(0..3_000));
    }
}
