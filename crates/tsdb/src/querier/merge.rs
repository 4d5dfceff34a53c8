//! Joins the samples of several parts of one series.

use model::TimeRange;
use storage::SampleBuffer;

/// Brings the samples from `border` on together with those before: both runs rise, and mostly one
/// is wholly behind the other. Of two samples at one time the earlier run's stays.
pub(crate) fn join(buffer: &mut SampleBuffer, border: usize) {
    buffer.histograms_mut().sort();
    let (times, values) = buffer.columns_mut();
    let last = border.checked_sub(1).and_then(|last| times.get(last));
    let rises = match (last, times.get(border)) {
        (Some(last), Some(first)) => last < first,
        _ => true,
    };
    if rises {
        return;
    }
    let new: Vec<(i64, f64)> = times.drain(border..).zip(values.drain(border..)).collect();
    let old: Vec<(i64, f64)> = times.drain(..).zip(values.drain(..)).collect();
    let mut old = old.into_iter().peekable();
    let mut new = new.into_iter().peekable();
    while let Some((time, value)) = match (old.peek(), new.peek()) {
        (Some(a), Some(b)) if a.0 == b.0 => {
            new.next();
            old.next()
        }
        (Some(a), Some(b)) if a.0 > b.0 => new.next(),
        (Some(_), _) => old.next(),
        (None, _) => new.next(),
    } {
        times.push(time);
        values.push(value);
    }
}

/// Drops samples outside `range`.
pub(crate) fn trim(buffer: &mut SampleBuffer, range: TimeRange) {
    if !buffer.histograms().is_empty() {
        let histograms = buffer.histograms_mut();
        histograms.retain_from(0, |time| range.contains(time));
    }
    let (times, values) = buffer.columns_mut();
    if times.last().is_some_and(|&last| last > range.max_time) {
        let end = times.partition_point(|&time| time <= range.max_time);
        times.truncate(end);
        values.truncate(end);
    }
    if times.first().is_some_and(|&first| first < range.min_time) {
        let start = times.partition_point(|&time| time < range.min_time);
        times.drain(..start);
        values.drain(..start);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_joined_in_order_of_time() {
        let cases: [(&[i64], &[i64], &[i64]); 4] = [
            (&[1, 2], &[3, 4], &[1, 2, 3, 4]),
            (&[1, 3, 5], &[2, 3, 6], &[1, 2, 3, 5, 6]),
            (&[5, 6], &[1, 2], &[1, 2, 5, 6]),
            (&[], &[1], &[1]),
        ];
        for (old, new, want) in cases {
            let mut buffer = SampleBuffer::default();
            let (times, values) = buffer.columns_mut();
            times.extend_from_slice(old);
            times.extend_from_slice(new);
            values.extend(old.iter().map(|_| 1.0).chain(new.iter().map(|_| 2.0)));
            join(&mut buffer, old.len());
            assert_eq!(buffer.timestamps(), want);
            assert_eq!(buffer.values().len(), want.len());
            for (time, value) in buffer.timestamps().iter().zip(buffer.values()) {
                assert_eq!(*value, if old.contains(time) { 1.0 } else { 2.0 });
            }
        }
    }

    #[test]
    fn both_ends_are_inclusive() {
        let mut buffer = SampleBuffer::default();
        (0..10).for_each(|time| buffer.push(time, 0.0));
        trim(&mut buffer, TimeRange::new(3, 5));
        assert_eq!(buffer.timestamps(), [3, 4, 5]);
        assert_eq!(buffer.values().len(), 3);
    }
}
