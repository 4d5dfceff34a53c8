//! The algebra of postings lists: sorted lists of series numbers without repetitions.

/// Numbers that are in both lists. Walks the shorter one and gallops through the longer.
pub(crate) fn intersect(a: &[u32], b: &[u32]) -> Vec<u32> {
    let (short, mut long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let mut both = Vec::with_capacity(short.len());
    for &number in short {
        long = skip_below(long, number);
        match long.first() {
            Some(&found) if found == number => both.push(number),
            Some(_) => {}
            None => break,
        }
    }
    both
}

/// Numbers of `a` that are not in `b`.
pub(crate) fn subtract(a: &[u32], mut b: &[u32]) -> Vec<u32> {
    let mut left = Vec::with_capacity(a.len());
    for &number in a {
        b = skip_below(b, number);
        if b.first() != Some(&number) {
            left.push(number);
        }
    }
    left
}

/// Numbers that are in any of the lists. `concatenated` holds the lists one after the other.
pub(crate) fn unite(mut concatenated: Vec<u32>) -> Vec<u32> {
    // The stable sort finds the sorted runs and merges them.
    concatenated.sort();
    concatenated.dedup();
    concatenated
}

/// The rest of a sorted list from the first number on that is not below `bound`.
fn skip_below(list: &[u32], bound: u32) -> &[u32] {
    let mut step = 1;
    while list.get(step).is_some_and(|&number| number < bound) {
        step *= 2;
    }
    let end = list.len().min(step + 1);
    let start = list
        .get(..end)
        .unwrap_or_default()
        .partition_point(|&number| number < bound);
    list.get(start..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn list(set: &BTreeSet<u32>) -> Vec<u32> {
        set.iter().copied().collect()
    }

    proptest! {
        #[test]
        fn the_algebra_is_that_of_sets(
            a in prop::collection::btree_set(0u32..400, 0..200),
            b in prop::collection::btree_set(0u32..400, 0..20),
        ) {
            for (a, b) in [(&a, &b), (&b, &a)] {
                let (la, lb) = (list(a), list(b));
                prop_assert_eq!(intersect(&la, &lb), list(&(a & b)));
                prop_assert_eq!(subtract(&la, &lb), list(&(a - b)));
                prop_assert_eq!(unite([la, lb].concat()), list(&(a | b)));
            }
        }
    }
}
