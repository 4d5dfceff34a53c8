//! `topk` and `bottomk`: at each step the places of the series with the largest or smallest values.
//!
//! Which of several equal values is in depends on the order of the series and on how upstream's
//! binary heap moves them about. Users see that, so this is the same heap.

use crate::functions::go_order;

/// The leading series of a group at all steps.
#[derive(Debug)]
pub(crate) struct Leaders {
    order: Order,
    steps: Vec<Heap>,
}

/// Whose heads stand first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    LargestFirst,
    SmallestFirst,
}

/// A value and the place of its series.
#[derive(Clone, Copy, Debug)]
struct Leader {
    value: f64,
    place: usize,
}

/// The leaders of one step, the one that would have to go first at the root.
#[derive(Clone, Debug, Default)]
struct Heap {
    leaders: Vec<Leader>,
    /// All that were ever let in, in order. Whoever was not let in here, where less had been seen,
    /// would not be let in behind the series of another thread either.
    let_in: Vec<Leader>,
}

impl Order {
    /// True if `left` has to go before `right`; NaN goes before all.
    fn goes_first(self, left: f64, right: f64) -> bool {
        left.is_nan()
            || match self {
                Self::LargestFirst => left < right,
                Self::SmallestFirst => left > right,
            }
    }
}

impl Heap {
    /// Lets a leader in if it is among the `wanted` first ones.
    fn offer(&mut self, leader: Leader, wanted: usize, order: Order) -> bool {
        if self.leaders.len() < wanted {
            self.leaders.push(leader);
            self.rise(order);
            return true;
        }
        let Some(root) = self.leaders.first_mut() else {
            return false;
        };
        let is_better = match order {
            Order::LargestFirst => root.value < leader.value,
            Order::SmallestFirst => root.value > leader.value,
        };
        let is_number_for_nan = root.value.is_nan() && !leader.value.is_nan();
        if !(is_better || is_number_for_nan) {
            return false;
        }
        *root = leader;
        self.sink(order);
        true
    }

    /// Moves the last one up to where it belongs.
    fn rise(&mut self, order: Order) {
        let goes_first = |left: &Leader, right: &Leader| order.goes_first(left.value, right.value);
        rise(&mut self.leaders, goes_first);
    }

    /// Moves the root down to where it belongs.
    fn sink(&mut self, order: Order) {
        let mut parent = 0;
        loop {
            let left = 2 * parent + 1;
            if left >= self.leaders.len() {
                return;
            }
            let right = left + 1;
            let has_right = right < self.leaders.len();
            let child = match has_right && self.goes_first(right, left, order) {
                true => right,
                false => left,
            };
            if !self.goes_first(child, parent, order) {
                return;
            }
            self.leaders.swap(parent, child);
            parent = child;
        }
    }

    fn goes_first(&self, left: usize, right: usize, order: Order) -> bool {
        order.goes_first(self.leaders[left].value, self.leaders[right].value)
    }
}

impl Leaders {
    /// For `topk`.
    pub(crate) fn largest(steps: usize) -> Self {
        Self::new(Order::LargestFirst, steps)
    }

    /// For `bottomk`.
    pub(crate) fn smallest(steps: usize) -> Self {
        Self::new(Order::SmallestFirst, steps)
    }

    fn new(order: Order, steps: usize) -> Self {
        Self {
            order,
            steps: vec![Heap::default(); steps],
        }
    }

    /// Lets a value in if it is among the `wanted` first ones. True if it is.
    #[inline]
    pub(crate) fn offer(&mut self, step: usize, value: f64, place: usize, wanted: usize) -> bool {
        let heap = &mut self.steps[step];
        let leader = Leader { value, place };
        let is_in = heap.offer(leader, wanted, self.order);
        if is_in {
            heap.let_in.push(leader);
        }
        is_in
    }

    /// Lets in what another thread found, whose series come later.
    pub(crate) fn merge(&mut self, other: Self, wanted: &[usize]) {
        let heaps = self.steps.iter_mut().zip(other.steps).zip(wanted);
        for ((heap, other), &wanted) in heaps {
            for leader in other.let_in {
                heap.offer(leader, wanted, self.order);
                heap.let_in.push(leader);
            }
        }
    }

    /// Places and values at a step, the leading one first.
    pub(crate) fn at(&self, step: usize) -> impl Iterator<Item = (usize, f64)> + '_ {
        let mut leaders = self.steps[step].leaders.clone();
        let order = self.order;
        go_order::sort(&mut leaders, |left, right| {
            order.goes_first(right.value, left.value)
        });
        leaders
            .into_iter()
            .map(|leader| (leader.place, leader.value))
    }
}

/// Puts `items` into the order in which a heap has them that took them in one by one, the smallest
/// value at its root: that of `limitk` and `limit_ratio` at one time.
pub(crate) fn heap_order<T>(items: Vec<T>, value: impl Fn(&T) -> f64) -> Vec<T> {
    let mut heap = Vec::with_capacity(items.len());
    for item in items {
        heap.push(item);
        rise(&mut heap, |left, right| {
            Order::LargestFirst.goes_first(value(left), value(right))
        });
    }
    heap
}

/// Moves the last one up to where it belongs.
fn rise<T>(heap: &mut [T], goes_first: impl Fn(&T, &T) -> bool) {
    let mut child = heap.len().saturating_sub(1);
    while child > 0 {
        let parent = (child - 1) / 2;
        if !goes_first(&heap[child], &heap[parent]) {
            return;
        }
        heap.swap(child, parent);
        child = parent;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(leaders: &Leaders) -> Vec<usize> {
        leaders.at(0).map(|(place, _)| place).collect()
    }

    fn fed(mut leaders: Leaders, values: &[f64], first_place: usize, wanted: usize) -> Leaders {
        for (place, &value) in values.iter().enumerate() {
            leaders.offer(0, value, first_place + place, wanted);
        }
        leaders
    }

    #[test]
    fn the_heap_decides_between_equals_and_nan_comes_last() {
        let values = [3.0, f64::NAN, 5.0, 3.0, 1.0, 5.0];
        let cases: [(usize, &[usize], &[usize]); 4] = [
            (0, &[], &[]),
            (1, &[2], &[4]),
            (2, &[5, 2], &[4, 0]),
            (9, &[2, 5, 3, 0, 4, 1], &[4, 0, 3, 2, 5, 1]),
        ];
        for (wanted, largest, smallest) in cases {
            let top = fed(Leaders::largest(1), &values, 0, wanted);
            let bottom = fed(Leaders::smallest(1), &values, 0, wanted);
            assert_eq!(places(&top), largest, "top {wanted}");
            assert_eq!(places(&bottom), smallest, "bottom {wanted}");
        }
    }

    #[test]
    fn threads_find_what_one_alone_would() {
        let mut state = 1_u64;
        let mut next = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 60) as f64
        };
        for wanted in [1, 2, 3, 7] {
            for border in [0, 1, 5, 30, 59] {
                let values: Vec<f64> = (0..60).map(|_| next()).collect();
                let alone = fed(Leaders::largest(1), &values, 0, wanted);
                let mut first = fed(Leaders::largest(1), &values[..border], 0, wanted);
                let second = fed(Leaders::largest(1), &values[border..], border, wanted);
                first.merge(second, &[wanted]);
                assert_eq!(places(&first), places(&alone), "{values:?}");
            }
        }
    }

    #[test]
    fn a_heap_has_its_smallest_at_the_root() {
        let values = vec![5.0, 3.0, 4.0, 1.0, f64::NAN];
        let order = heap_order(values, |value| *value);
        assert_eq!(format!("{order:?}"), "[NaN, 1.0, 4.0, 5.0, 3.0]");
    }

    #[test]
    fn values_come_back_as_they_were() {
        let top = fed(Leaders::largest(1), &[-2.5], 7, 1);
        assert_eq!(top.at(0).collect::<Vec<_>>(), [(7, -2.5)]);
    }
}
