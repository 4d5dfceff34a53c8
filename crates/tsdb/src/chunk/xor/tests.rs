//! Chunks against themselves and against bytes that Prometheus wrote.

use proptest::prelude::*;

use super::*;

fn encode(samples: &[(i64, f64)]) -> Box<[u8]> {
    let mut appender = XorAppender::new();
    for &(time, value) in samples {
        appender.append(time, value);
    }
    appender.take()
}

fn decoded(bytes: &[u8]) -> Vec<(i64, u64)> {
    let mut buffer = SampleBuffer::default();
    decode(bytes, &mut buffer).unwrap();
    let values = buffer.values().iter().map(|value| value.to_bits());
    buffer.timestamps().iter().copied().zip(values).collect()
}

fn bits(samples: &[(i64, f64)]) -> Vec<(i64, u64)> {
    samples
        .iter()
        .map(|&(time, value)| (time, value.to_bits()))
        .collect()
}

#[test]
fn every_bucket_of_deltas_comes_back() {
    let mut samples = vec![(-5_000, 1.5)];
    let mut delta = 1_000_000;
    for dod in [
        0,
        1,
        -1,
        0x1fff,
        0x2000,
        0x2001,
        -0x1fff,
        -0x2000,
        0xffff,
        0x1_0000,
        0x1_0001,
        -0xffff,
        -0x1_0000,
        0x7_ffff,
        0x8_0000,
        0x8_0001,
        -0x7_ffff,
        -0x8_0000,
        1 << 40,
        -(1 << 40),
        0,
    ] {
        delta += dod;
        let (time, value) = samples.last().copied().unwrap();
        samples.push((time + delta, value * -1.25));
    }
    assert_eq!(decoded(&encode(&samples)), bits(&samples));
}

#[test]
fn special_values_keep_their_bits() {
    let values = [
        model::value::STALE,
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        0.0,
        -0.0,
        f64::MIN_POSITIVE,
        f64::from_bits(1),
        f64::MAX,
    ];
    let samples: Vec<_> = values
        .iter()
        .zip(1..)
        .map(|(&value, time)| (time, value))
        .collect();
    assert_eq!(decoded(&encode(&samples)), bits(&samples));
}

#[test]
fn a_short_chunk_says_how_far_it_goes() {
    let samples: Vec<_> = (0..50).map(|i| (i * 15_000, (i as f64).sqrt())).collect();
    let bytes = encode(&samples);
    for len in 2..bytes.len() {
        let mut buffer = SampleBuffer::default();
        let error = decode(&bytes[..len], &mut buffer).unwrap_err();
        assert_eq!(
            error,
            ChunkError::Truncated {
                read: buffer.len(),
                promised: 50
            }
        );
        let read = buffer.timestamps().to_vec();
        assert!(
            samples
                .iter()
                .map(|sample| sample.0)
                .take(read.len())
                .eq(read)
        );
    }
}

proptest! {
    #[test]
    fn samples_come_back(
        start in -(1i64 << 50)..1 << 50,
        parts in prop::collection::vec((1i64..1 << 30, any::<u64>(), 0u8..4), 1..300),
    ) {
        let mut time = start;
        let mut value = 0u64;
        let samples: Vec<_> = parts.iter().map(|&(delta, random, kind)| {
            time += if kind == 0 { delta } else { 15_000 + delta % 7 };
            value = match kind { 0 => random, 1 => value, 2 => (random % 1_000) as f64 as u64, _ => (f64::from_bits(value) + 1.0).to_bits() };
            (time, f64::from_bits(value))
        }).collect();
        prop_assert_eq!(decoded(&encode(&samples)), bits(&samples));
    }

    /// A chunk that was finished and taken up again comes out as one that never was.
    #[test]
    fn a_finished_chunk_goes_on(
        parts in prop::collection::vec((1i64..1 << 22, any::<u64>(), 0u8..4), 1..60),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut time = 0;
        let samples: Vec<_> = parts.iter().map(|&(delta, random, kind)| {
            time += if kind == 0 { delta } else { 15_000 };
            let value = match kind { 0 => random, 1 => 0, _ => (random % 100) as f64 as u64 };
            (time, f64::from_bits(value))
        }).collect();
        let (before, after) = samples.split_at(cut.index(samples.len()));
        let mut found = SampleBuffer::default();
        let mut appender = XorAppender::resume(&encode(before), &mut found).unwrap();
        prop_assert_eq!(found.len(), before.len());
        after.iter().for_each(|&(time, value)| appender.append(time, value));
        prop_assert_eq!(appender.take(), encode(&samples));
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = decode(&bytes, &mut SampleBuffer::default());
        if let Ok(mut appender) = XorAppender::resume(&bytes, &mut SampleBuffer::default()) {
            appender.append(i64::MAX, 1.0);
        }
    }
}
