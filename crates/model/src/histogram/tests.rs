//! Operations on histograms, many cases each. Expected values follow from the definitions.

use super::*;

/// Buckets from `offset` on above and below zero; the count is that of all buckets.
fn exponential(schema: i32, positive: (i32, &[f64]), negative: (i32, &[f64])) -> Histogram {
    Histogram {
        schema,
        count: positive.1.iter().chain(negative.1).sum(),
        positive: Buckets::from_offset(positive.0, positive.1.to_vec()),
        negative: Buckets::from_offset(negative.0, negative.1.to_vec()),
        ..Histogram::default()
    }
}

fn positive(schema: i32, offset: i32, counts: &[f64]) -> Histogram {
    exponential(schema, (offset, counts), (0, &[]))
}

fn with_zero(mut histogram: Histogram, threshold: f64, count: f64) -> Histogram {
    histogram.zero_threshold = threshold;
    histogram.zero_count = count;
    histogram.count += count;
    histogram
}

fn custom(bounds: &[f64], counts: &[f64]) -> Histogram {
    Histogram {
        count: counts.iter().sum(),
        positive: Buckets::from_offset(0, counts.to_vec()),
        ..Histogram::with_custom_buckets(bounds)
    }
}

fn span(offset: i32, length: u32) -> Span {
    Span { offset, length }
}

fn compacted(mut histogram: Histogram) -> String {
    histogram.compact(0);
    histogram.notation()
}

#[test]
fn sums_have_the_buckets_of_both() {
    let cases = [
        (
            positive(0, 0, &[1.0, 2.0]),
            positive(0, 0, &[3.0, 4.0]),
            "{{count:10 buckets:[4 6]}}",
        ),
        (
            positive(0, 2, &[1.0]),
            positive(0, -1, &[3.0, 4.0]),
            "{{count:8 offset:-1 buckets:[3 4 0 1]}}",
        ),
        (
            positive(0, 0, &[1.0, 0.0, 0.0, 1.0]),
            positive(0, 1, &[5.0, 6.0, 7.0, 8.0]),
            "{{count:28 buckets:[1 5 6 8 8]}}",
        ),
        // A lower resolution wins: indexes 1 and 2 of schema 0 are index 1 of schema -1.
        (
            positive(-1, 1, &[1.0]),
            positive(0, 1, &[2.0, 2.0]),
            "{{schema:-1 count:5 offset:1 buckets:[5]}}",
        ),
        (
            positive(0, 1, &[2.0, 2.0]),
            positive(-1, 1, &[1.0]),
            "{{schema:-1 count:5 offset:1 buckets:[5]}}",
        ),
        // The wider zero bucket wins and swallows what is inside of it.
        (
            with_zero(positive(0, 1, &[2.0]), 1.0, 3.0),
            with_zero(
                exponential(0, (-1, &[4.0, 5.0, 6.0]), (0, &[7.0])),
                0.25,
                8.0,
            ),
            "{{count:35 z_bucket:27 z_bucket_w:1 offset:1 buckets:[8]}}",
        ),
        (
            with_zero(
                exponential(0, (-1, &[4.0, 5.0, 6.0]), (0, &[7.0])),
                0.25,
                8.0,
            ),
            with_zero(positive(0, 1, &[2.0]), 1.0, 3.0),
            "{{count:35 z_bucket:27 z_bucket_w:1 offset:1 buckets:[8]}}",
        ),
        // A zero bucket that would end inside of a populated bucket grows to the end of it.
        (
            with_zero(positive(0, 3, &[1.0]), 3.0, 1.0),
            with_zero(positive(0, 2, &[1.0]), 1.0, 1.0),
            "{{count:4 z_bucket:3 z_bucket_w:4 offset:3 buckets:[1]}}",
        ),
        (
            custom(&[1.0, 2.0], &[1.0, 2.0, 3.0]),
            custom(&[1.0, 2.0], &[1.0]),
            "{{schema:-53 count:7 custom_values:[1 2] buckets:[2 2 3]}}",
        ),
    ];
    for (mut a, b, want) in cases {
        let combined = a.add(&b).unwrap();
        assert_eq!(compacted(a), want);
        assert_eq!(combined, Combined::default());
    }
}

#[test]
fn differences_of_equal_histograms_are_empty() {
    for histogram in [
        exponential(3, (-4, &[1.0, 0.0, 3.0]), (2, &[0.5])),
        with_zero(positive(-4, 1, &[1.0]), 0.001, 5.0),
        custom(&[1.0, 2.0], &[1.0, 2.0, 3.0]),
    ] {
        let mut difference = histogram.clone();
        difference.sub(&histogram).unwrap();
        difference.compact(0);
        assert_eq!(difference.count, 0.0);
        assert!(difference.positive.is_empty() && difference.negative.is_empty());
    }
}

#[test]
fn different_custom_bounds_are_reconciled() {
    let cases = [
        (
            custom(&[1.0, 2.0, 3.0], &[1.0, 2.0, 3.0, 4.0]),
            custom(&[2.0, 3.0, 4.0], &[10.0, 20.0, 30.0, 40.0]),
            "{{schema:-53 count:110 custom_values:[2 3] buckets:[13 23 74]}}",
        ),
        (
            custom(&[1.0], &[1.0, 2.0]),
            custom(&[2.0], &[3.0, 4.0]),
            "{{schema:-53 count:10 custom_values:[] buckets:[10]}}",
        ),
        (
            custom(&[1.0, 5.0], &[0.0, 2.0]),
            custom(&[1.0], &[0.0, 4.0]),
            "{{schema:-53 count:6 custom_values:[1] offset:1 buckets:[6]}}",
        ),
    ];
    for (mut a, b, want) in cases {
        let mut sum = CompensatedHistogram::new(a.clone());
        assert!(sum.add(&b).unwrap().bounds_reconciled);
        assert_eq!(compacted(sum.into_sum()), want);
        assert!(a.add(&b).unwrap().bounds_reconciled);
        assert_eq!(compacted(a), want);
    }
    let mut exponential = positive(0, 0, &[1.0]);
    assert_eq!(exponential.add(&custom(&[1.0], &[1.0])), Err(MixedSchemas));
    assert_eq!(exponential, positive(0, 0, &[1.0]));
}

#[test]
fn hints_of_a_sum() {
    use CounterResetHint::{Gauge, NotReset, Reset, Unknown};
    let cases = [
        (Unknown, Unknown, Unknown, false),
        (Gauge, Reset, Gauge, false),
        (NotReset, Gauge, Gauge, false),
        (Unknown, NotReset, Unknown, false),
        (NotReset, Unknown, Unknown, false),
        (NotReset, NotReset, NotReset, false),
        (NotReset, Reset, Unknown, true),
        (Reset, NotReset, Unknown, true),
    ];
    for (a, b, want, collides) in cases {
        let mut sum = positive(0, 0, &[1.0]);
        let mut other = sum.clone();
        (sum.counter_reset_hint, other.counter_reset_hint) = (a, b);
        assert_eq!(sum.add(&other).unwrap().hints_collided, collides);
        assert_eq!(sum.counter_reset_hint, want, "{a:?} {b:?}");
    }
}

#[test]
fn scaling_by_a_negative_number_makes_a_gauge() {
    let mut histogram = with_zero(positive(1, 2, &[1.0, 2.0]), 0.5, 4.0);
    histogram.mul(2.0);
    assert_eq!(
        histogram.notation(),
        "{{schema:1 count:14 z_bucket:8 z_bucket_w:0.5 offset:2 buckets:[2 4]}}"
    );
    histogram.negate();
    assert_eq!(histogram.counter_reset_hint, CounterResetHint::Gauge);
    histogram.div(0.0);
    assert_eq!(histogram.count, f64::NEG_INFINITY);
    assert!(histogram.sum.is_nan() && histogram.positive.is_empty());
}

#[test]
fn compensated_sums_keep_what_rounding_cuts_off() {
    let sum_of = |values: &[f64]| {
        let histogram = |value: f64| {
            let mut histogram = exponential(0, (0, &[value, 1.0]), (3, &[value]));
            histogram.sum = value;
            histogram
        };
        let mut sum = CompensatedHistogram::new(histogram(values[0]));
        let mut mean = HistogramMean::new(histogram(values[0]));
        for &value in &values[1..] {
            sum.add(&histogram(value)).unwrap();
            mean.add(&histogram(value)).unwrap();
        }
        (sum.into_sum(), mean.into_mean())
    };
    let (sum, mean) = sum_of(&[1.0, 1e100, 1.0, -1e100]);
    assert_eq!(sum.sum, 2.0);
    assert_eq!(sum.positive.counts, [2.0, 4.0]);
    assert_eq!(sum.negative.counts, [2.0]);
    assert_eq!(mean.sum, 0.5);
    assert_eq!(mean.positive.counts, [0.5, 1.0]);
    let (_, mean) = sum_of(&[f64::MAX, f64::MAX, f64::MAX]);
    assert!((mean.sum / f64::MAX - 1.0).abs() < 1e-15);
}

#[test]
fn compensated_sums_follow_layouts() {
    let parts = [
        with_zero(positive(2, 5, &[1.0, 2.0, 3.0]), 0.001, 1.0),
        with_zero(
            exponential(1, (1, &[1.0, 0.0, 5.0]), (0, &[2.0])),
            0.001,
            2.0,
        ),
        with_zero(positive(1, 0, &[]), 0.5, 1.0),
    ];
    let mut plain = parts[0].clone();
    let mut sum = CompensatedHistogram::new(parts[0].clone());
    for part in &parts[1..] {
        plain.add(part).unwrap();
        sum.add(part).unwrap();
    }
    let want =
        "{{schema:1 count:18 z_bucket:4 z_bucket_w:0.5 offset:1 buckets:[1 0 8 3] n_buckets:[2]}}";
    assert_eq!(compacted(plain), want);
    assert_eq!(compacted(sum.into_sum()), want);
}

#[test]
fn compaction_leaves_few_empty_buckets() {
    let cases = [
        (0, "[2,1][1,2][2,1]", vec![1.0, 2.0, 3.0, 4.0]),
        (1, "[2,4][2,1]", vec![1.0, 0.0, 2.0, 3.0, 4.0]),
        (2, "[2,7]", vec![1.0, 0.0, 2.0, 3.0, 0.0, 0.0, 4.0]),
    ];
    for (max_empty, spans, counts) in cases {
        let mut histogram = Histogram {
            positive: Buckets::new(
                [span(0, 4), span(0, 0), span(0, 3), span(1, 2)],
                vec![0.0, 0.0, 1.0, 0.0, 2.0, 3.0, 0.0, 4.0, 0.0],
            ),
            ..Histogram::default()
        };
        histogram.compact(max_empty);
        let text = histogram.positive.spans.iter();
        let text: String = text
            .map(|span| format!("[{},{}]", span.offset, span.length))
            .collect();
        assert_eq!(text, spans);
        assert_eq!(histogram.positive.counts, counts);
    }
}

#[test]
fn resolution_falls_by_merging_buckets() {
    let fine = positive(1, -3, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    assert_eq!(
        fine.copy_to_schema(0).notation(),
        "{{count:21 offset:-1 buckets:[3 7 11]}}"
    );
    assert_eq!(fine.copy_to_schema(8), fine);
    let wide = custom(&[1.0], &[1.0]);
    assert_eq!(wide.copy_to_schema(-4), wide);
}

#[test]
fn buckets_come_in_order() {
    let histogram = with_zero(
        exponential(0, (0, &[1.0, 2.0]), (0, &[3.0, 4.0])),
        0.75,
        5.0,
    );
    let want = "[-2,-1):4 [-1,-0.75):3 [-0.75,0.75]:5 (0.75,1]:1 (1,2]:2";
    let text = |buckets: Vec<Bucket>| {
        let texts: Vec<String> = buckets.iter().map(Bucket::to_string).collect();
        texts.join(" ")
    };
    assert_eq!(text(histogram.all_buckets().collect()), want);
    let mut backwards: Vec<Bucket> = histogram.all_buckets_backwards().collect();
    backwards.reverse();
    assert_eq!(text(backwards), want);
    let rules: Vec<u8> = histogram
        .populated_buckets()
        .map(|bucket| bucket.boundary_rule())
        .collect();
    assert_eq!(rules, [1, 1, 3, 0, 0]);
    assert_eq!(
        histogram.to_string(),
        "{count:15, sum:0, [-2,-1):4, [-1,-0.5):3, [-0.75,0.75]:5, (0.5,1]:1, (1,2]:2}"
    );
    assert_eq!(
        custom(&[1.0, 2.0], &[1.0, 0.0, 3.0]).to_string(),
        "{count:4, sum:0, [-Inf,1]:1, (2,+Inf]:3}"
    );
    let gaps = Buckets::new([span(-2, 1), span(3, 0), span(1, 2)], vec![1.0, 2.0, 3.0]);
    let mut indexed: Vec<(i32, f64)> = gaps.indexed_backwards().collect();
    indexed.reverse();
    assert_eq!(indexed, [(-2, 1.0), (3, 2.0), (4, 3.0)]);
    assert_eq!(gaps.indexed().collect::<Vec<_>>(), indexed);
}

#[test]
fn counter_resets_are_found() {
    let cases = [
        (
            positive(0, 0, &[1.0, 2.0]),
            positive(0, 0, &[1.0, 2.0]),
            false,
        ),
        (
            positive(0, 0, &[1.0, 2.0]),
            positive(0, 0, &[2.0, 2.0]),
            true,
        ),
        (
            positive(0, 0, &[1.0, 2.0]),
            positive(0, 0, &[2.0, 1.0]),
            true,
        ),
        (
            positive(0, 0, &[3.0, 0.0, 2.0]),
            positive(0, 0, &[2.0, 1.0]),
            true,
        ),
        (positive(0, 1, &[5.0]), positive(0, 0, &[1.0, 2.0]), true),
        (positive(0, 0, &[5.0]), positive(0, 0, &[1.0, 0.0]), false),
        // Resolution rises after a reset only.
        (positive(1, 0, &[5.0]), positive(0, 0, &[1.0]), true),
        (positive(0, 1, &[5.0]), positive(1, 1, &[2.0, 3.0]), false),
        (
            positive(0, 1, &[4.0, 9.0]),
            positive(1, 1, &[2.0, 3.0]),
            true,
        ),
        // The zero bucket shrinks after a reset only.
        (
            with_zero(positive(0, 1, &[1.0]), 1.0, 4.0),
            with_zero(positive(0, 0, &[1.0, 1.0]), 0.5, 3.0),
            false,
        ),
        (
            with_zero(positive(0, 1, &[1.0]), 1.0, 3.0),
            with_zero(positive(0, 0, &[1.0]), 0.5, 3.0),
            true,
        ),
        (
            with_zero(positive(0, 1, &[9.0]), 0.75, 9.0),
            with_zero(positive(0, 0, &[1.0]), 0.5, 3.0),
            true,
        ),
        (
            custom(&[1.0, 2.0], &[1.0, 2.0, 3.0]),
            custom(&[2.0, 3.0], &[3.0, 1.0, 1.0]),
            false,
        ),
        (
            custom(&[1.0, 2.0], &[1.0, 1.0, 9.0]),
            custom(&[2.0, 3.0], &[3.0, 1.0, 1.0]),
            true,
        ),
        (custom(&[1.0], &[9.0]), positive(0, 0, &[1.0]), true),
    ];
    for (mut own, previous, want) in cases {
        assert_eq!(own.detect_reset(&previous), want, "{previous} then {own}");
        own.counter_reset_hint = CounterResetHint::NotReset;
        assert!(!own.detect_reset(&previous));
        own.counter_reset_hint = CounterResetHint::Reset;
        assert!(own.detect_reset(&previous));
    }
}

#[test]
fn quantiles_interpolate() {
    let root = std::f64::consts::SQRT_2.next_down();
    let nan = |mut histogram: Histogram, more: f64| {
        histogram.sum = f64::NAN;
        histogram.count += more;
        histogram
    };
    let plain = positive(0, 0, &[1.0, 2.0, 1.0]);
    let cases = [
        (plain.clone(), 0.5, root, NanEffect::None),
        (plain.clone(), 0.0, 0.5, NanEffect::None),
        (plain.clone(), 1.0, 4.0, NanEffect::None),
        (plain.clone(), -1.0, f64::NEG_INFINITY, NanEffect::None),
        (plain.clone(), 2.0, f64::INFINITY, NanEffect::None),
        (
            exponential(0, (0, &[]), (0, &[1.0, 2.0, 1.0])),
            0.5,
            -root,
            NanEffect::None,
        ),
        (
            with_zero(Histogram::default(), 0.5, 1.0),
            0.5,
            0.0,
            NanEffect::None,
        ),
        (
            with_zero(positive(0, 5, &[1.0]), 0.5, 3.0),
            0.5,
            1.0 / 3.0,
            NanEffect::None,
        ),
        (
            custom(&[5.0, 10.0], &[1.0, 1.0]),
            0.75,
            7.5,
            NanEffect::None,
        ),
        (
            custom(&[5.0, 10.0], &[0.0, 0.0, 1.0]),
            0.5,
            10.0,
            NanEffect::None,
        ),
        (custom(&[-5.0], &[1.0, 1.0]), 0.25, -5.0, NanEffect::None),
        (nan(plain.clone(), 0.0), 0.5, root, NanEffect::None),
        (nan(plain.clone(), 1.0), 0.4, root, NanEffect::Skew),
        (nan(plain.clone(), 1.0), 0.9, f64::NAN, NanEffect::Result),
        (Histogram::default(), 0.5, f64::NAN, NanEffect::None),
    ];
    for (histogram, q, want, effect) in cases {
        let got = histogram.quantile(q);
        let close = (got.value - want).abs() < 1e-14 || got.value == want;
        assert!(
            close || got.value.is_nan() && want.is_nan(),
            "{q} of {histogram}: {got:?}"
        );
        assert_eq!(got.nan_effect, effect, "{q} of {histogram}");
    }
}

#[test]
fn fractions_interpolate() {
    let infinite = f64::INFINITY;
    let plain = positive(0, 0, &[1.0, 2.0, 1.0]);
    let cases = [
        (plain.clone(), 1.0, 2.0, 0.5),
        (plain.clone(), 0.0, 8.0, 1.0),
        (plain.clone(), 1.0, 2_f64.sqrt(), 0.25),
        (plain.clone(), -infinite, infinite, 1.0),
        (plain.clone(), 2.0, 1.0, 0.0),
        (
            exponential(0, (0, &[]), (0, &[1.0, 2.0, 1.0])),
            -2.0,
            -1.0,
            0.5,
        ),
        (with_zero(Histogram::default(), 0.5, 4.0), 0.0, 0.25, 0.25),
        (with_zero(positive(0, 3, &[4.0]), 0.5, 4.0), 0.0, 0.25, 0.25),
        (custom(&[5.0, 10.0], &[1.0, 1.0, 2.0]), 5.0, 7.5, 0.125),
        (custom(&[5.0, 10.0], &[1.0, 1.0, 2.0]), -infinite, 20.0, 0.5),
        (Histogram::default(), 0.0, 1.0, f64::NAN),
    ];
    for (histogram, lower, upper, want) in cases {
        let got = histogram.fraction(lower, upper).value;
        let is_same = (got - want).abs() < 1e-15 || got.is_nan() && want.is_nan();
        assert!(is_same, "{lower} to {upper} of {histogram}: {got}");
    }
    let mut with_nan = plain;
    with_nan.sum = f64::NAN;
    with_nan.count += 1.0;
    let got = with_nan.fraction(-infinite, infinite);
    assert_eq!((got.value, got.has_nan), (0.8, true));
}

#[test]
fn moments_are_estimated_from_buckets() {
    // {1, 2, 3, 4} in a low resolution.
    let mut histogram = positive(2, 0, &[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 1.0]);
    histogram.sum = 10.0;
    assert_eq!(histogram.average(), 2.5);
    assert!((histogram.variance() - 1.163_807_968_526_718).abs() < 1e-12);
    assert!((histogram.standard_deviation() - 1.078_799_318_004_381_1).abs() < 1e-12);
    let mut custom = custom(&[1.0, 3.0], &[0.0, 4.0]);
    custom.sum = 8.0;
    assert_eq!(custom.variance(), 0.0);
    assert!(Histogram::default().variance().is_nan());
}

#[test]
fn trimming_splits_a_bucket() {
    use Trim::{Lower, Upper};
    let plain = positive(0, 1, &[4.0, 4.0]);
    let custom_buckets = custom(&[5.0, 10.0], &[2.0, 4.0, 6.0]);
    let cases = [
        (
            &plain,
            Upper,
            2.0,
            "{{count:4 sum:5.656854249492381 offset:1 buckets:[4]}}",
        ),
        (
            &plain,
            Lower,
            2.0,
            "{{count:4 sum:11.313708498984761 offset:2 buckets:[4]}}",
        ),
        (&plain, Upper, 4.0, "{{count:8 offset:1 buckets:[4 4]}}"),
        (&plain, Lower, 9.0, "{{}}"),
        (
            &custom_buckets,
            Upper,
            7.5,
            "{{schema:-53 count:4 sum:17.5 custom_values:[5 10] buckets:[2 2]}}",
        ),
        (
            &custom_buckets,
            Lower,
            7.5,
            "{{schema:-53 count:8 sum:77.5 custom_values:[5 10] offset:1 buckets:[2 6]}}",
        ),
        (
            &custom_buckets,
            Upper,
            2.5,
            "{{schema:-53 count:1 sum:1.25 custom_values:[5 10] buckets:[1]}}",
        ),
        (
            &custom_buckets,
            Lower,
            20.0,
            "{{schema:-53 count:6 sum:120 custom_values:[5 10] offset:2 buckets:[6]}}",
        ),
    ];
    for (histogram, trim, value, want) in cases {
        assert_eq!(
            histogram.trimmed(trim, value).notation(),
            want,
            "{trim:?} {value}"
        );
    }
    let zero = with_zero(Histogram::default(), 2.0, 4.0);
    assert_eq!(
        zero.trimmed(Upper, 1.0).notation(),
        "{{count:3 sum:-1.5 z_bucket:3 z_bucket_w:2}}"
    );
    let zero = with_zero(plain, 2.0, 4.0);
    assert_eq!(zero.trimmed(Upper, 1.0).zero_count, 2.0);
}

#[test]
fn faults_are_named_as_upstream_names_them() {
    let nan = f64::NAN;
    let bounded = |bounds: &[f64]| Histogram::with_custom_buckets(bounds);
    let spans = |spans: &[Span], counts: &[f64]| Histogram {
        positive: Buckets::new(spans, counts.to_vec()),
        ..Histogram::default()
    };
    let cases = [
        (positive(0, 0, &[1.0]), ""),
        (
            positive(9, 0, &[1.0]),
            "or -53 for custom buckets, got schema 9",
        ),
        (
            positive(0, 0, &[1.0, -2.5]),
            "positive side: bucket number 2 has observation count of -2.5: histogram has a bucket \
             whose observation count is negative",
        ),
        (
            spans(&[span(0, 1), span(-1, 1)], &[1.0, 1.0]),
            "positive side: span number 2 with offset -1: histogram has a span whose offset is \
             negative",
        ),
        (
            spans(&[span(0, 3)], &[1.0]),
            "spans need 3 buckets, have 1 buckets: histogram spans specify different number of \
             buckets than provided",
        ),
        (
            bounded(&[nan]),
            "custom buckets: histogram custom bounds must not be NaN",
        ),
        (
            bounded(&[1.0, 1.0]),
            "previous bound is 1.000000 and current is 1.000000: histogram custom bounds must be \
             in strictly increasing order",
        ),
        (
            bounded(&[f64::INFINITY]),
            "last +Inf bound must not be explicitly defined: histogram custom bounds must be finite",
        ),
        (
            custom(&[1.0], &[1.0, 1.0, 1.0]),
            "only 1 custom bounds defined which is insufficient to cover total span length of 3: \
             histogram custom bounds are too few",
        ),
        (
            with_zero(bounded(&[1.0]), 0.0, 1.0),
            "custom buckets: must have zero count of 0",
        ),
    ];
    for (histogram, want) in cases {
        let got = histogram.validate().err().map(|error| error.to_string());
        let got = got.unwrap_or_default();
        assert!(
            got.ends_with(want) && got.is_empty() == want.is_empty(),
            "{got}"
        );
    }
}

#[test]
fn whole_counts_add_up() {
    let with = |count: f64, sum: f64| Histogram {
        count,
        sum,
        zero_count: 1.0,
        ..positive(0, 0, &[2.0, 3.0])
    };
    let cases = [
        (6.0, 1.5, None),
        (7.0, f64::NAN, None),
        (
            7.0,
            1.5,
            Some(
                "6 observations found in buckets, but the Count field is 7: histogram's observation \
                 count should equal the number of observations found in the buckets (in absence of NaN)",
            ),
        ),
        (
            5.0,
            f64::NAN,
            Some(
                "6 observations found in buckets, but the Count field is 5: histogram's observation \
                 count should be at least the number of observations found in the buckets",
            ),
        ),
    ];
    for (count, sum, want) in cases {
        let got = with(count, sum).validate_whole_counts().err();
        assert_eq!(got.map(|error| error.to_string()).as_deref(), want);
    }
}

#[test]
fn nothing_panics_on_impossible_layouts() {
    let odd = |spans: &[Span], counts: usize| Histogram {
        positive: Buckets::new(spans, vec![1.0; counts]),
        negative: Buckets::new(spans, vec![1.0; counts]),
        zero_threshold: 0.5,
        count: 1.0,
        ..Histogram::default()
    };
    let all = [
        odd(&[span(i32::MAX, 2), span(i32::MAX, 2)], 1),
        odd(&[span(0, 2), span(-5, 3), span(i32::MIN, 1)], 9),
        odd(&[span(0, u32::MAX)], 2),
        odd(&[], 4),
        positive(0, 0, &[1.0]),
    ];
    for a in &all {
        let _ = (
            a.to_string(),
            a.quantile(0.5),
            a.fraction(0.0, 1.0),
            a.variance(),
        );
        let _ = (
            a.trimmed(Trim::Upper, 1.0),
            a.copy_to_schema(-4),
            a.validate(),
        );
        for b in &all {
            let huge = |histogram: &Histogram| {
                histogram
                    .positive
                    .spans
                    .iter()
                    .any(|span| span.length > 1000)
            };
            if !huge(a) && !huge(b) {
                let _ = (a.clone().add(b), a.detect_reset(b));
            }
        }
    }
}

/// The numbers are those of Prometheus 3.14's statistics.
#[test]
fn histograms_count_as_several_samples() {
    let two_sides = Histogram {
        positive: Buckets::from_offset(0, vec![10.0, 20.0]),
        negative: Buckets::from_offset(0, vec![10.0]),
        ..Histogram::default()
    };
    let custom = Histogram {
        positive: Buckets::from_offset(0, vec![10.0, 20.0, 30.0]),
        ..Histogram::with_custom_buckets([1.0, 5.0, 10.0])
    };
    let sizes = [Histogram::default(), two_sides, custom].map(|it| it.sample_size());
    assert_eq!(sizes, [11, 13, 14]);
}
