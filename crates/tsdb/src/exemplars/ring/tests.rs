//! Small rings, and a naive list beside them.

use proptest::prelude::*;

use super::*;
use crate::wal::record::put_labels;

fn labels(row: u32) -> Option<Labels> {
    Some(Labels::from_pairs([("__name__", format!("m{row}"))]))
}

fn text(id: &str) -> Vec<u8> {
    let mut out = Vec::new();
    put_labels(&mut out, [("id", id)]);
    out
}

fn arrive(time: i64, value: f64, labels: &[u8], has_time: bool) -> Arrival<'_> {
    Arrival {
        time,
        value,
        has_time,
        labels,
    }
}

/// Adds an exemplar if it is welcome.
fn offer(ring: &mut Ring, row: u32, time: i64, value: f64, window: i64) -> Verdict {
    let labels_text = text(&format!("{row}-{time}-{value}"));
    let arrival = arrive(time, value, &labels_text, true);
    let verdict = ring.check(row, arrival, window);
    if verdict == Verdict::Welcome {
        ring.add(row, || labels(row), arrival);
    }
    verdict
}

/// All series with their exemplars as `name time time …`.
fn shown(ring: &Ring) -> Vec<String> {
    let all = [vec![Matcher::equal("nothing", "")]];
    let found = ring.select(TimeRange::ALL, &all);
    let line = |series: &SeriesExemplars| {
        let times = series.exemplars.iter().map(|exemplar| {
            let id = exemplar.labels.get("id").unwrap();
            assert!(id.contains(&format!("-{}-", exemplar.timestamp)), "{id}");
            format!(" {}", exemplar.timestamp)
        });
        times.fold(series.labels.to_string(), |line, time| line + &time)
    };
    found.iter().map(line).collect()
}

#[test]
fn the_first_to_come_makes_room() {
    let mut ring = Ring::new(3);
    assert_eq!(ring.first_time(), None);
    for (row, time) in [(1, 10), (2, 5), (1, 20)] {
        assert_eq!(offer(&mut ring, row, time, 1.0, 0), Verdict::Welcome);
    }
    assert_eq!(shown(&ring), ["m1 10 20", "m2 5"]);
    offer(&mut ring, 2, 6, 1.0, 0);
    assert_eq!(shown(&ring), ["m1 20", "m2 5 6"]);
    offer(&mut ring, 3, 1, 1.0, 0);
    assert_eq!(shown(&ring), ["m1 20", "m2 6", "m3 1"]);
    offer(&mut ring, 3, 2, 1.0, 0);
    assert_eq!(shown(&ring), ["m2 6", "m3 1 2"]);
    assert_eq!((ring.series_count(), ring.len()), (2, 3));
    assert_eq!(ring.first_time(), Some(6));
    assert!(ring.texts.len() < 40, "{}", ring.texts.len());
    assert!(size_of::<Slot>() <= 40);
}

#[test]
fn repetitions_and_late_ones_are_known() {
    use Verdict::{OutOfOrder, Present, Welcome};
    // (time, value, id, has a time) each offered to a series that has (10, 2, "b", true).
    let cases = [
        ((10, 2.0, "b", true), Present),
        ((11, 2.0, "b", true), Welcome),
        ((10, 2.0, "b", false), Present),
        ((10, 2.0, "c", true), Welcome),
        ((10, 2.0, "a", true), OutOfOrder),
        ((10, 3.0, "a", true), Welcome),
        ((10, 1.0, "z", true), OutOfOrder),
        ((9, 9.0, "z", true), OutOfOrder),
    ];
    for ((time, value, id, has_time), want) in cases {
        let mut ring = Ring::new(4);
        ring.add(1, || labels(1), arrive(10, 2.0, &text("b"), true));
        let text = text(id);
        let arrival = arrive(time, value, &text, has_time);
        assert_eq!(ring.check(1, arrival, 0), want, "{time} {value} {id}");
        assert_eq!(ring.check(2, arrival, 0), Welcome);
    }
    // Without times of their own, equal ones are the same whenever they come.
    let mut ring = Ring::new(4);
    let text = text("b");
    ring.add(1, || labels(1), arrive(10, 2.0, &text, false));
    assert_eq!(ring.check(1, arrive(99, 2.0, &text, false), 0), Present);
    assert_eq!(ring.check(1, arrive(99, 2.0, &text, true), 0), Welcome);
}

#[test]
fn late_ones_within_the_window_find_their_place() {
    let mut ring = Ring::new(5);
    for (time, want) in [
        (100, Verdict::Welcome),
        (50, Verdict::OutOfOrder),
        (51, Verdict::Welcome),
        (80, Verdict::Welcome),
        (60, Verdict::Welcome),
    ] {
        assert_eq!(offer(&mut ring, 1, time, 1.0, 50), want, "{time}");
    }
    assert_eq!(shown(&ring), ["m1 51 60 80 100"]);
    // One of the same time amid the others is taken for the same.
    let same = text("1-60-2");
    assert!(!ring.add(1, || labels(1), arrive(60, 2.0, &same, true)));
    // 100 came first and goes first, then 51 makes room for one that would stand behind it.
    offer(&mut ring, 1, 90, 1.0, 50);
    offer(&mut ring, 1, 85, 1.0, 50);
    assert_eq!(shown(&ring), ["m1 51 60 80 85 90"]);
    offer(&mut ring, 1, 55, 1.0, 50);
    assert_eq!(shown(&ring), ["m1 55 60 80 85 90"]);
}

#[test]
fn a_ring_of_one_and_of_none() {
    let mut ring = Ring::new(1);
    for time in [1, 2, 3] {
        offer(&mut ring, 1, time, 1.0, 0);
        assert_eq!(shown(&ring), [format!("m1 {time}")]);
    }
    offer(&mut ring, 2, 1, 1.0, 0);
    assert_eq!(shown(&ring), ["m2 1"]);
    assert_eq!(ring.resize(0), 0);
    offer(&mut ring, 2, 2, 1.0, 0);
    assert!(shown(&ring).is_empty());
    assert!(ring.texts.is_empty());
}

proptest! {
    #[test]
    fn a_ring_is_the_end_of_a_list(
        capacity in 1usize..6,
        resized in 0usize..8,
        steps in prop::collection::vec((0u32..3, 0i64..30, 0i64..40), 1..60),
    ) {
        let mut ring = Ring::new(capacity);
        let mut list: Vec<(u32, i64)> = Vec::new();
        for (step, &(row, time, window)) in steps.iter().enumerate() {
            if step == steps.len() / 2 {
                ring.resize(resized);
                list.drain(..list.len().saturating_sub(resized));
            }
            let before = ring.len();
            let free = before < ring.capacity();
            let is_there = list.contains(&(row, time));
            if offer(&mut ring, row, time, 1.0, window) == Verdict::Welcome
                && !is_there
                && ring.capacity() > 0
            {
                if !free {
                    list.remove(0);
                }
                list.push((row, time));
            }
            let mut want: Vec<(u32, i64)> = list.clone();
            want.sort_unstable();
            let lines = want.chunk_by(|a, b| a.0 == b.0).map(|run| {
                let times = run.iter().map(|(_, time)| format!(" {time}"));
                times.fold(format!("m{}", run[0].0), |line, time| line + &time)
            });
            prop_assert_eq!(shown(&ring), lines.collect::<Vec<_>>());
        }
    }
}
