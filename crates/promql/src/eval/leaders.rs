//! `topk` and `bottomk`: at each step the places of the series with the largest or smallest values.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::functions::over_time::nan_last;

/// The leading series of a group at all steps.
#[derive(Debug)]
pub(crate) struct Leaders {
    steps: Vec<BinaryHeap<Leader>>,
    largest_first: bool,
}

/// A value and the place of its series. The greatest is the one that leads least.
#[derive(Clone, Copy, Debug)]
struct Leader {
    /// The value, negated if large ones lead, so that small keys lead.
    key: f64,
    place: usize,
}

impl PartialEq for Leader {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Leader {}

impl PartialOrd for Leader {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// By key, NaN last; of equal ones the series that came first leads.
impl Ord for Leader {
    fn cmp(&self, other: &Self) -> Ordering {
        nan_last(&self.key, &other.key).then_with(|| self.place.cmp(&other.place))
    }
}

impl Leaders {
    /// For `topk`.
    pub(crate) fn largest(steps: usize) -> Self {
        Self {
            steps: vec![BinaryHeap::new(); steps],
            largest_first: true,
        }
    }

    /// For `bottomk`.
    pub(crate) fn smallest(steps: usize) -> Self {
        Self {
            steps: vec![BinaryHeap::new(); steps],
            largest_first: false,
        }
    }

    /// Lets a value in if it is among the `wanted` first ones. True if there is now one more.
    #[inline]
    pub(crate) fn offer(&mut self, step: usize, value: f64, place: usize, wanted: usize) -> bool {
        let key = if self.largest_first { -value } else { value };
        self.push(step, Leader { key, place }, wanted)
    }

    /// Lets in what other threads found.
    pub(crate) fn merge(&mut self, other: Self, wanted: &[usize]) {
        for (step, (heap, &wanted)) in other.steps.into_iter().zip(wanted).enumerate() {
            for leader in heap {
                self.push(step, leader, wanted);
            }
        }
    }

    /// Places and values at a step, the leading one first.
    pub(crate) fn at(&self, step: usize) -> impl Iterator<Item = (usize, f64)> + '_ {
        let mut leaders: Vec<Leader> = self.steps[step].iter().copied().collect();
        leaders.sort_unstable();
        let sign = if self.largest_first { -1.0 } else { 1.0 };
        leaders
            .into_iter()
            .map(move |leader| (leader.place, leader.key * sign))
    }

    fn push(&mut self, step: usize, leader: Leader, wanted: usize) -> bool {
        let heap = &mut self.steps[step];
        if heap.len() < wanted {
            heap.push(leader);
            return true;
        }
        if let Some(mut last) = heap.peek_mut().filter(|last| leader < **last) {
            *last = leader;
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(leaders: &Leaders) -> Vec<usize> {
        leaders.at(0).map(|(place, _)| place).collect()
    }

    #[test]
    fn the_first_of_equal_values_leads_and_nan_comes_last() {
        let values = [3.0, f64::NAN, 5.0, 3.0, 1.0, 5.0];
        let cases: [(usize, &[usize], &[usize]); 4] = [
            (0, &[], &[]),
            (1, &[2], &[4]),
            (3, &[2, 5, 0], &[4, 0, 3]),
            (9, &[2, 5, 0, 3, 4, 1], &[4, 0, 3, 2, 5, 1]),
        ];
        for (wanted, largest, smallest) in cases {
            let mut top = Leaders::largest(1);
            let mut bottom = Leaders::smallest(1);
            for (place, &value) in values.iter().enumerate() {
                top.offer(0, value, place, wanted);
                bottom.offer(0, value, place, wanted);
            }
            assert_eq!(places(&top), largest);
            assert_eq!(places(&bottom), smallest);
            let mut merged = Leaders::largest(1);
            merged.merge(top, &[wanted]);
            assert_eq!(places(&merged), largest);
        }
    }

    #[test]
    fn values_come_back_as_they_were() {
        let mut top = Leaders::largest(1);
        top.offer(0, -2.5, 7, 1);
        assert_eq!(top.at(0).collect::<Vec<_>>(), [(7, -2.5)]);
    }
}
