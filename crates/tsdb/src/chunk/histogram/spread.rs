//! Buckets of one histogram in the layout of another.

use model::histogram::{Buckets, Span};

/// Indexes of the buckets of spans, rising.
fn indexes(spans: &[Span]) -> impl Iterator<Item = i64> + '_ {
    let mut next = 0i64;
    spans.iter().flat_map(move |span| {
        let first = next + i64::from(span.offset);
        next = first + i64::from(span.length);
        first..next
    })
}

/// Adds a count for each bucket of `layout` to `out`: that of `buckets`, or zero.
pub(super) fn spread(layout: &[Span], buckets: &Buckets, out: &mut Vec<f64>) {
    if *layout == *buckets.spans {
        out.extend_from_slice(&buckets.counts);
        return;
    }
    let mut counted = indexes(&buckets.spans).zip(&buckets.counts).peekable();
    for index in indexes(layout) {
        while counted.next_if(|&(other, _)| other < index).is_some() {}
        let found = counted.next_if(|&(other, _)| other == index);
        out.push(found.map_or(0.0, |(_, &count)| count));
    }
}

/// True if `layout` has each bucket of `spans`.
pub(super) fn covers(layout: &[Span], spans: &[Span]) -> bool {
    if layout == spans {
        return true;
    }
    let mut has = indexes(layout);
    indexes(spans).all(|index| has.any(|other| other == index))
}

/// Spans with the buckets of both.
pub(super) fn union(a: &[Span], b: &[Span]) -> Vec<Span> {
    let mut all: Vec<i64> = indexes(a).chain(indexes(b)).collect();
    all.sort_unstable();
    all.dedup();
    let mut spans: Vec<Span> = Vec::new();
    let mut end = 0;
    for index in all {
        match spans.last_mut().filter(|_| index == end) {
            Some(span) => span.length += 1,
            None => spans.push(Span {
                offset: i32::try_from(index - end).unwrap_or(i32::MAX),
                length: 1,
            }),
        }
        end = index + 1;
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spans(parts: &[(i32, u32)]) -> Vec<Span> {
        let span = |&(offset, length)| Span { offset, length };
        parts.iter().map(span).collect()
    }

    #[test]
    fn layouts_are_joined_and_counts_go_to_their_buckets() {
        // (one, other, both)
        type Parts<'a> = &'a [(i32, u32)];
        let cases: [(Parts<'_>, Parts<'_>, Parts<'_>); 5] = [
            (&[], &[], &[]),
            (&[(0, 2)], &[(0, 2)], &[(0, 2)]),
            (&[(0, 2)], &[(3, 1)], &[(0, 2), (1, 1)]),
            (&[(-2, 1), (2, 1)], &[(-1, 2)], &[(-2, 4)]),
            (&[(5, 1)], &[(1, 1), (0, 1), (2, 1)], &[(1, 2), (2, 1)]),
        ];
        for (a, b, want) in cases {
            let (a, b, want) = (spans(a), spans(b), spans(want));
            let both = union(&a, &b);
            assert_eq!(both, want);
            assert!(covers(&both, &a) && covers(&both, &b));
            assert_eq!(covers(&a, &b), union(&a, &b) == union(&a, &[]));
            let counts: Vec<f64> = indexes(&b).map(|index| index as f64 + 10.0).collect();
            let mut spread_out = Vec::new();
            spread(&both, &Buckets::new(b.clone(), counts), &mut spread_out);
            for (index, count) in indexes(&both).zip(spread_out) {
                let has = indexes(&b).any(|other| other == index);
                assert_eq!(count, if has { index as f64 + 10.0 } else { 0.0 });
            }
        }
    }
}
