//! Which samples are taken, and what the others are told.

use model::{Labels, SeriesRef};
use storage::{Append, AppendError, Appendable, Commit};

use crate::fixture::{HOUR, START, labels, open, open_with, options};

#[test]
fn order_duplicates_and_age_are_told_apart() {
    let f = open(&Default::default());
    f.append(&[(labels(1), START, 1.0)]).unwrap();
    let cases = [
        (START, 1.0, Ok(())),
        (START, 2.0, Err("duplicate sample for timestamp")),
        (START - 1, 1.0, Err("out of order sample")),
        (START - HOUR, 1.0, Err("out of order sample")),
        (START - HOUR - 1, 1.0, Err("out of bounds")),
        (START + 1, 1.0, Ok(())),
    ];
    for (time, value, want) in cases {
        let outcome = f.append(&[(labels(1), time, value)]);
        assert_eq!(
            outcome
                .map(|_| ())
                .map_err(|error| error.to_string())
                .as_ref(),
            want.map_err(str::to_owned).as_ref().map(|()| &()),
            "{time}"
        );
    }
    assert_eq!(f.metric("prometheus_tsdb_out_of_order_samples_total"), 2.0);
    assert_eq!(f.metric("prometheus_tsdb_out_of_bound_samples_total"), 1.0);
    assert_eq!(f.all()[0].1, [(START, 1.0), (START + 1, 1.0)]);
}

#[test]
fn a_batch_drops_what_it_contradicts_itself() {
    let f = open(&Default::default());
    let (a, b) = (labels(1), labels(2));
    let commit = f
        .append(&[
            (a.clone(), START, 1.0),
            (b.clone(), START, 1.0),
            (a.clone(), START, 1.0),
            (a.clone(), START, 2.0),
            (a, START - 5, 2.0),
            (b, START + 5, 2.0),
        ])
        .unwrap();
    assert_eq!(
        commit,
        Commit {
            samples: 4,
            dropped: 2
        }
    );
}

#[test]
fn labels_that_name_no_series_are_refused() {
    let f = open(&Default::default());
    let twice = Labels::from_sorted([("a", "1"), ("a", "2")]);
    for (labels, want) in [
        (Labels::empty(), "empty labelset"),
        (twice, "\"a\" is not unique"),
    ] {
        let error = f.append(&[(labels, START, 1.0)]).unwrap_err();
        assert!(matches!(error, AppendError::InvalidLabels(_)));
        assert!(error.to_string().contains(want), "{error}");
    }
}

#[test]
fn references_are_looked_at_before_labels() {
    let f = open(&Default::default());
    let mut appender = f.db.appender();
    let reference = appender
        .append(Append::new(&labels(1), START, 1.0))
        .unwrap();
    appender.commit().unwrap();
    let mut appender = f.db.appender();
    let other = labels(2);
    let by_reference = Append::new(&other, START + 1, 1.0).with_series(reference);
    assert_eq!(appender.append(by_reference).unwrap(), reference);
    let unknown = Append::new(&other, START, 1.0).with_series(SeriesRef::new(1 << 40 | 1));
    assert_ne!(appender.append(unknown).unwrap(), reference);
    appender.commit().unwrap();
    let counts: Vec<_> = f.all().iter().map(|(_, samples)| samples.len()).collect();
    assert_eq!(counts, [2, 1]);
}

#[test]
fn nothing_is_visible_before_commit_or_after_rollback() {
    let f = open(&Default::default());
    let mut appender = f.db.appender();
    appender
        .append(Append::new(&labels(1), START, 1.0))
        .unwrap();
    assert!(f.all().is_empty());
    appender.rollback();
    assert!(f.all().is_empty());
    f.append(&[(labels(1), START, 2.0)]).unwrap();
    assert_eq!(f.all()[0].1, [(START, 2.0)]);
}

#[test]
fn new_series_over_the_limit_are_refused() {
    let mut limited = options();
    limited.series_limit = 2;
    let f = open_with(&Default::default(), limited).unwrap();
    f.fill(2, START, START + 30_000, 15_000);
    let error = f.append(&[(labels(5), START, 1.0)]).unwrap_err();
    assert_eq!(error.to_string(), "too many series: the limit is 2");
    f.fill(2, START + 30_000, START + 60_000, 15_000);
}

#[test]
fn series_beyond_the_limit_are_read_again_from_the_log() {
    let fs = Default::default();
    open(&fs).fill(5, START, START + 30_000, 15_000);
    let mut limited = options();
    limited.series_limit = 2;
    let f = open_with(&fs, limited).unwrap();
    assert_eq!(f.all().len(), 5);
    f.fill(5, START + 30_000, START + 60_000, 15_000);
    let error = f.append(&[(labels(6), START, 1.0)]).unwrap_err();
    assert_eq!(error.to_string(), "too many series: the limit is 2");
    f.db.tell_refusals();
    let limits = f.db.series_limits();
    let job = &limits.limited_jobs[0];
    assert_eq!((limits.series_limit, &*job.job, job.series), (2, "", 5));
    assert_eq!(f.metric("narthex_tsdb_head_series_limited"), 1.0);
}

#[test]
fn numbers_in_a_batch_fare_as_each_alone() {
    const SERIES: usize = 1_200;
    let [together, alone] = [open(&Default::default()), open(&Default::default())];
    let mut known = Vec::new();
    for f in [&together, &alone] {
        let mut appender = f.db.appender();
        known = (0..SERIES)
            .map(|number| {
                // Some begin late: what comes is behind them.
                let time = START + if number % 7 == 3 { 20 } else { 10 };
                let labels = labels(number);
                appender.append(Append::new(&labels, time, 1.0)).unwrap()
            })
            .collect();
        appender.commit().unwrap();
    }
    let none = Labels::empty();
    let unknown = SeriesRef::new(u64::MAX - 5);
    let mut samples: Vec<(SeriesRef, f64)> = known.iter().map(|&series| (series, 1.5)).collect();
    samples.insert(0, (unknown, 1.0));
    samples.insert(700, (unknown, 1.0));
    // Not in order, and twice the same.
    samples.swap(40, 1_100);
    samples.push((known[5], 1.5));
    samples.push((known[5], 2.5));
    for time in [START - HOUR, START + 15, START + 20, START + 30] {
        let mut refused = Vec::new();
        let mut appender = together.db.appender();
        appender.append_floats(time, &samples, &mut refused);
        let refused: Vec<_> = refused
            .into_iter()
            .map(|(place, error)| (place, error.to_string()))
            .collect();
        let committed = appender.commit().unwrap();

        let mut appender = alone.db.appender();
        let mut wanted = Vec::new();
        for (place, &(series, value)) in samples.iter().enumerate() {
            let append = Append::new(&none, time, value).with_series(series);
            let outcome = appender.append(append);
            wanted.extend(outcome.err().map(|error| (place, error.to_string())));
        }
        assert_eq!(refused, wanted, "{time}");
        assert_eq!(committed, appender.commit().unwrap(), "{time}");
    }
    assert_eq!(together.all(), alone.all());
    for metric in [
        "prometheus_tsdb_out_of_order_samples_total",
        "prometheus_tsdb_out_of_bound_samples_total",
        "prometheus_tsdb_head_samples_appended_total",
    ] {
        assert_eq!(together.metric(metric), alone.metric(metric), "{metric}");
    }
}
