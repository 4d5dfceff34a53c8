//! A writer of native histograms and floats by remote write 1.0.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::client::request;

/// Sends the steps from `from` on, one each 50 ms at the time of sending, until it is stopped.
#[derive(Debug)]
pub(crate) struct Writer {
    stop: Arc<AtomicBool>,
    thread: std::thread::JoinHandle<u64>,
}

impl Writer {
    pub(crate) fn start(address: &str, from: u64, now: fn() -> i64) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (stopped, address) = (Arc::clone(&stop), address.to_owned());
        let thread = std::thread::spawn(move || {
            let mut step = from;
            while !stopped.load(Ordering::Relaxed) {
                send(&address, step..step + 1, &|_| now());
                step += 1;
                std::thread::sleep(Duration::from_millis(50));
            }
            step
        });
        Self { stop, thread }
    }

    /// Ends it; returns the next step.
    pub(crate) fn stop(self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

/// Sends these steps of all series in one request. Whether it was taken is not looked at unless the
/// receiver finds fault with it.
pub(crate) fn send(address: &str, steps: std::ops::Range<u64>, time: &dyn Fn(u64) -> i64) {
    let mut message = Vec::new();
    for number in 0..SERIES {
        let samples = |sample: &dyn Fn(u64, i64) -> Vec<u8>, field: u8| -> Vec<u8> {
            let each = steps.clone();
            each.flat_map(|step| bytes(field, &sample(step, time(step))))
                .collect()
        };
        let float = |step: u64, time: i64| {
            let value = (step * (number + 1)) as f64 * 0.25;
            [double(1, value), varint(2, time.cast_unsigned())].concat()
        };
        let integers = |step: u64, time: i64| histogram(step + number, time, false);
        let floats = |step: u64, time: i64| histogram(step + number, time, true);
        for (name, samples) in [
            ("native_float", samples(&float, 2)),
            ("native_integers", samples(&integers, 4)),
            ("native_floats", samples(&floats, 4)),
        ] {
            let labels = [("__name__", name.to_owned()), ("n", number.to_string())];
            let labels = labels.iter().flat_map(|(name, value)| {
                let pair = [bytes(1, name.as_bytes()), bytes(2, value.as_bytes())];
                bytes(1, &pair.concat())
            });
            let series: Vec<u8> = labels.chain(samples).collect();
            message.extend(bytes(1, &series));
        }
    }
    let headers = [
        "Content-Type: application/x-protobuf",
        "Content-Encoding: snappy",
        "X-Prometheus-Remote-Write-Version: 0.1.0",
    ];
    let body = snap::raw::Encoder::new().compress_vec(&message).unwrap();
    let answer = request(address, "POST", "/api/v1/write", &headers, body);
    if let Some(answer) = answer {
        let taken = answer.status == 204 || answer.status >= 500;
        assert!(taken, "{}: {}", answer.status, answer.text());
    }
}

/// A histogram whose counts grow by the step and start anew every 90 steps; with a bucket more from
/// the 45th on.
fn histogram(step: u64, time: i64, floats: bool) -> Vec<u8> {
    let step = step % 90;
    let mut counts = vec![10 + step * 2, 4 + step, 1 + step / 3];
    if step >= 45 {
        counts.push(step);
    }
    let zero_count = step / 5;
    let total = counts.iter().sum::<u64>() + zero_count;
    let whole = |number: u8, value: u64| match floats {
        true => double(number + 1, value as f64 + 0.5),
        false => varint(number, value),
    };
    let span = |offset: i64, length: usize| {
        let parts = [varint(1, zigzag(offset)), varint(2, length as u64)];
        bytes(11, &parts.concat())
    };
    let mut before = 0;
    let deltas = counts.iter().flat_map(|&count| {
        let count = count.cast_signed();
        let delta = count - std::mem::replace(&mut before, count);
        leb128(zigzag(delta))
    });
    let buckets = match floats {
        true => bytes(
            13,
            &counts
                .iter()
                .flat_map(|&c| (c as f64).to_le_bytes())
                .collect::<Vec<_>>(),
        ),
        false => bytes(12, &deltas.collect::<Vec<_>>()),
    };
    [
        whole(1, total),
        double(3, step as f64 * 1.5),
        varint(4, zigzag(1)),
        double(5, 0.001),
        whole(6, zero_count),
        span(0, 2),
        span(3, counts.len() - 2),
        buckets,
        varint(15, time.cast_unsigned()),
    ]
    .concat()
}

fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)).cast_unsigned()
}

fn leb128(mut value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
    out
}

fn varint(number: u8, value: u64) -> Vec<u8> {
    [vec![number << 3], leb128(value)].concat()
}

fn double(number: u8, value: f64) -> Vec<u8> {
    [&[number << 3 | 1][..], &value.to_le_bytes()].concat()
}

fn bytes(number: u8, contents: &[u8]) -> Vec<u8> {
    let len = leb128(contents.len() as u64);
    [vec![number << 3 | 2], len, contents.to_vec()].concat()
}

const SERIES: u64 = 4;
