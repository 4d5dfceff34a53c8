//! Layouts: bringing the buckets of two sides onto the same spans.

use std::sync::Arc;

use super::Span;

/// Neighbouring buckets with their place among all counts.
#[derive(Clone, Copy)]
struct Run {
    /// Index of the first bucket.
    start: i64,
    /// Index behind the last bucket.
    end: i64,
    /// Place of the first count.
    place: usize,
}

fn runs(spans: &[Span]) -> impl Iterator<Item = Run> + '_ {
    let mut index = 0_i64;
    let mut place = 0;
    spans.iter().filter_map(move |span| {
        let start = index + i64::from(span.offset);
        let run = Run {
            start,
            end: start + i64::from(span.length),
            place,
        };
        index = run.end;
        place += span.length as usize;
        (span.length > 0).then_some(run)
    })
}

/// Spans that have the buckets of `a` and those of `b` from its place `skipped` on; none if those
/// of `a` do.
pub(super) fn union(a: &[Span], b: &[Span], skipped: usize) -> Option<Arc<[Span]>> {
    let mut left = runs(a).peekable();
    let mut right = runs(b)
        .filter_map(|run| {
            let cut = skipped.saturating_sub(run.place) as i64;
            let start = run.start.saturating_add(cut);
            (start < run.end).then_some(Run { start, ..run })
        })
        .peekable();
    let mut builder = SpanBuilder::default();
    loop {
        let run = match (left.peek(), right.peek()) {
            (Some(a), Some(b)) if b.start < a.start => right.next(),
            (Some(_), _) => left.next(),
            (None, _) => right.next(),
        };
        let Some(run) = run else { break };
        builder.extend(run.start, run.end);
    }
    let buckets = |spans: &[Span]| spans.iter().map(|span| u64::from(span.length)).sum::<u64>();
    (buckets(&builder.spans) != buckets(a)).then(|| builder.finish())
}

/// Counts of `from` as they stand in the wider layout `to`.
pub(super) fn spread(counts: &[f64], from: &[Span], to: &[Span]) -> Vec<f64> {
    let buckets: usize = to.iter().map(|span| span.length as usize).sum();
    let mut wide = vec![0.0; buckets];
    walk(to, from, |place, from| {
        if let (Some(slot), Some(&count)) = (wide.get_mut(place), counts.get(from)) {
            *slot = count;
        }
    });
    wide
}

/// Calls `visit` with the places in `to` and in `from` of each bucket that both have.
pub(super) fn walk(to: &[Span], from: &[Span], mut visit: impl FnMut(usize, usize)) {
    let mut targets = runs(to).peekable();
    for run in runs(from) {
        let mut index = run.start;
        while index < run.end {
            let Some(&target) = targets.peek() else {
                return;
            };
            if target.end <= index {
                targets.next();
                continue;
            }
            index = index.max(target.start);
            let end = target.end.min(run.end);
            for index in index..end {
                visit(
                    target.place + (index - target.start) as usize,
                    run.place + (index - run.start) as usize,
                );
            }
            index = index.max(end);
        }
    }
}

/// Builds spans from buckets in rising order.
#[derive(Default)]
pub(super) struct SpanBuilder {
    spans: Vec<Span>,
    end: i64,
}

impl SpanBuilder {
    /// Adds the bucket of an index; one that is there already is not added again.
    pub(super) fn push(&mut self, index: i32) {
        self.extend(i64::from(index), i64::from(index) + 1);
    }

    fn extend(&mut self, start: i64, end: i64) {
        let start = if self.spans.is_empty() {
            start
        } else {
            start.max(self.end)
        };
        let Ok(length) = u32::try_from(end - start) else {
            return;
        };
        match self.spans.last_mut() {
            Some(last) if start == self.end => last.length = last.length.saturating_add(length),
            _ => self.spans.push(Span {
                offset: i32::try_from(start - self.end).unwrap_or(i32::MAX),
                length,
            }),
        }
        self.end = end;
    }

    pub(super) fn finish(self) -> Arc<[Span]> {
        self.spans.into()
    }
}
