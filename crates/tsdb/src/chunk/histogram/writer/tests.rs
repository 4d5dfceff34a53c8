//! Chunks of native histograms, byte for byte and sample for sample.

use model::histogram::Buckets;
use model::value::{STALE, is_stale};

use super::*;

fn exponential(offset: i32, counts: &[f64], negative: &[f64]) -> Arc<Histogram> {
    let total: f64 = counts.iter().chain(negative).sum();
    Arc::new(Histogram {
        schema: 3,
        zero_threshold: 1e-128,
        zero_count: 2.0,
        count: total + 2.0,
        sum: total * 1.5,
        positive: Buckets::from_offset(offset, counts.to_vec()),
        negative: Buckets::from_offset(-3, negative.to_vec()),
        ..Histogram::default()
    })
}

fn custom(bounds: &[f64], counts: &[f64]) -> Arc<Histogram> {
    Arc::new(Histogram {
        count: counts.iter().sum(),
        sum: 17.25,
        positive: Buckets::from_offset(0, counts.to_vec()),
        ..Histogram::with_custom_buckets(bounds.to_vec())
    })
}

fn gauge(histogram: &Arc<Histogram>) -> Arc<Histogram> {
    let mut gauge = Histogram::clone(histogram);
    gauge.counter_reset_hint = CounterResetHint::Gauge;
    Arc::new(gauge)
}

/// All observations that are not in an empty bucket.
fn populated(histogram: &Histogram) -> Vec<(f64, f64, f64)> {
    let buckets = histogram.all_buckets().filter(|bucket| bucket.count != 0.0);
    let buckets = buckets.map(|bucket| (bucket.lower, bucket.upper, bucket.count));
    buckets
        .chain([(histogram.sum, histogram.count, histogram.zero_count)])
        .collect()
}

/// Writes the histograms a minute apart into one chunk and reads them back.
fn check_one_chunk(encoding: ChunkEncoding, histograms: &[Arc<Histogram>]) {
    let mut appender = HistogramAppender::begin(-5, &histograms[0], CounterResetHint::Unknown);
    for (histogram, minute) in histograms[1..].iter().zip(1..) {
        appender.check(histogram).unwrap();
        appender
            .append(minute * 60_000 - 5 + minute % 2, histogram)
            .unwrap();
    }
    assert_eq!(appender.encoding(), encoding);
    assert_eq!(usize::from(appender.count()), histograms.len());
    let mut samples = SampleBuffer::default();
    let bytes = appender.into_bytes();
    encoding.decode(&bytes, &mut samples).unwrap();
    let mut floats = samples.timestamps().iter().zip(samples.values());
    let found = samples.histograms();
    let mut found = found.timestamps().iter().zip(found.values());
    for (histogram, minute) in histograms.iter().zip(0..) {
        let time = minute * 60_000 - 5 + minute % 2;
        if histogram.is_stale() {
            let (&at, &value) = floats.next().unwrap();
            assert!(at == time && is_stale(value));
        } else {
            let (&at, read) = found.next().unwrap();
            assert_eq!((at, populated(read)), (time, populated(histogram)));
        }
    }
    assert!(floats.next().is_none() && found.next().is_none());
}

#[test]
fn histograms_come_back() {
    let stale = Arc::new(Histogram::stale());
    let integers = ChunkEncoding::Histogram;
    let floats = ChunkEncoding::FloatHistogram;
    let e = exponential;
    check_one_chunk(integers, &[e(0, &[], &[])]);
    check_one_chunk(
        integers,
        &[
            e(2, &[1.0, 0.0, 3.0], &[5.0]),
            e(2, &[1.0, 1.0, 9.0], &[5.0]),
        ],
    );
    // The layout grows to both sides, and a histogram without a known bucket follows.
    let grows = [
        e(2, &[1.0, 0.0, 3.0], &[5.0]),
        e(1, &[1.0, 1.0, 0.0, 4.0, 2.0], &[5.0, 7.0]),
        e(1, &[1.0, 1.0, 0.0, 4.0, 2.0], &[5.0, 7.0]),
    ];
    check_one_chunk(integers, &grows);
    let same_sides = |offset, counts: &[f64]| e(offset, counts, &[]);
    check_one_chunk(
        integers,
        &[
            same_sides(0, &[4.0]),
            same_sides(-3, &[1.0, 0.0, 0.0, 9.0]),
            same_sides(-3, &[2.0, 1.0, 0.0, 11.0, 0.0, 0.0, 1e9]),
            stale.clone(),
            stale.clone(),
        ],
    );
    check_one_chunk(
        floats,
        &[
            same_sides(0, &[4.5]),
            same_sides(-3, &[1.0, 0.0, 0.0, 9.0]),
            same_sides(-3, &[2.0, 1.25, 0.0, 11.0, 0.0, 0.0, 1e9]),
            stale.clone(),
        ],
    );
    // Gauges go down, too.
    let gauges = [
        gauge(&same_sides(0, &[4.0, 7.0])),
        gauge(&same_sides(1, &[3.0])),
        gauge(&same_sides(-1, &[1.0, 0.0])),
    ];
    check_one_chunk(integers, &gauges);
    let bounds = [0.005, 1.0, 1.000_5, 3e9, -4.0];
    let bounds = [&bounds[4..], &bounds[..4]].concat();
    check_one_chunk(
        integers,
        &[
            custom(&bounds, &[1.0, 2.0]),
            custom(&bounds, &[1.0, 3.0, 0.0, 5.0]),
        ],
    );
    check_one_chunk(
        floats,
        &[custom(&bounds, &[1.5, 2.0]), custom(&bounds, &[1.5, 3.0])],
    );
}

#[test]
fn what_cannot_follow_begins_another_chunk() {
    use CounterResetHint::{Gauge, Reset, Unknown};
    let base = exponential(0, &[4.0, 7.0], &[]);
    let changed = |change: &dyn Fn(&mut Histogram)| {
        let mut histogram = Histogram::clone(&base);
        change(&mut histogram);
        Arc::new(histogram)
    };
    let cases = [
        (exponential(0, &[4.0, 7.0], &[]), Ok(())),
        (exponential(0, &[4.0, 7.0], &[1.0]), Ok(())),
        (exponential(0, &[3.0, 9.0], &[]), Err(Reset)),
        (exponential(1, &[70.0], &[]), Err(Reset)),
        (exponential(0, &[4.0, 7.5], &[]), Err(Unknown)),
        (changed(&|h| h.schema = 2), Err(Unknown)),
        (changed(&|h| h.zero_threshold = 1e-5), Err(Unknown)),
        (changed(&|h| h.counter_reset_hint = Reset), Err(Reset)),
        (gauge(&base), Err(Gauge)),
        (custom(&[1.0], &[1.0]), Err(Unknown)),
        (Arc::new(Histogram::stale()), Ok(())),
    ];
    for (next, want) in cases {
        let mut chunk = HistogramAppender::begin(1, &base, Unknown);
        assert_eq!(chunk.check(&next), want, "{next:?}");
        if next.is_stale() {
            chunk.append(2, &next).unwrap();
            assert_eq!(chunk.check(&base), Err(Unknown));
        }
    }
    assert!(is_stale(STALE));
}

#[test]
fn zero_thresholds_take_a_byte_if_they_are_powers() {
    for (threshold, size) in [
        (0.0, 8),
        (f64::powi(2.0, -128), 8),
        (f64::powi(2.0, -243), 8),
        (f64::powi(2.0, -244), 72),
        (f64::powi(2.0, 10), 8),
        (f64::powi(2.0, 11), 72),
        (1e-128, 72),
        (1.0, 8),
    ] {
        let mut writer = BitWriter::default();
        write_zero_threshold(&mut writer, threshold);
        assert_eq!(writer.bytes().len() * 8, size, "{threshold}");
        let mut reader = crate::chunk::bitstream::BitReader::new(writer.bytes());
        assert_eq!(
            super::super::read_zero_threshold(&mut reader),
            Ok(threshold)
        );
    }
}
