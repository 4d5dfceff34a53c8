//! What it costs to decode chunks, per sample.
#![allow(missing_docs, reason = "criterion's macros write functions")]
#![allow(
    clippy::disallowed_methods,
    reason = "a measurement reads /proc itself"
)]

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use storage::SampleBuffer;
use tsdb::chunk::xor::{self, XorAppender};

const SAMPLES: u64 = 120;

type Sample = fn(u64) -> (i64, f64);

/// Named shapes of series, as a scraped fleet has them.
fn shapes() -> [(&'static str, Sample); 4] {
    [
        ("idle", |i| (15_000 * i as i64, 42.0)),
        ("counter", |i| {
            (15_000 * i as i64 + jitter(i), (i * 37 + i % 11) as f64)
        }),
        ("gauge", |i| {
            (
                15_000 * i as i64 + jitter(i),
                1e9 + ((i * 7919) % 4096) as f64 * 4096.0,
            )
        }),
        ("random", |i| {
            (
                15_000 * i as i64,
                f64::from_bits(i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 4),
            )
        }),
    ]
}

fn jitter(i: u64) -> i64 {
    (i.wrapping_mul(2_654_435_761) >> 13) as i64 % 3 - 1
}

/// Time that this thread has had the processor: the machine may be busy with other things.
fn cpu_time() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux has it");
    let nanos = text.split(' ').next().and_then(|word| word.parse().ok());
    Duration::from_nanos(nanos.expect("the first word is a number"))
}

fn decode(c: &mut Criterion) {
    let mut group = c.benchmark_group("decode");
    for (name, sample) in shapes() {
        let mut appender = XorAppender::new();
        for i in 0..SAMPLES {
            let (time, value) = sample(i);
            appender.append(1_700_000_000_000 + time, value);
        }
        let bytes = appender.take();
        let mut buffer = SampleBuffer::default();
        group.throughput(Throughput::Elements(SAMPLES));
        group.bench_function(format!("{name} {} bytes", bytes.len()), |b| {
            b.iter_custom(|rounds| {
                let before = cpu_time();
                for _ in 0..rounds {
                    buffer.clear();
                    xor::decode(black_box(&bytes), &mut buffer).expect("the chunk is whole");
                }
                cpu_time() - before
            });
        });
    }
    group.finish();
}

criterion_group!(benches, decode);
criterion_main!(benches);
