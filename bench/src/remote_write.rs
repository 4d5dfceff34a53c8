//! Remote write 1.0 by hand: how a server under test is given series without being scraped.

use std::net::SocketAddr;

use anyhow::{Result, bail};

use crate::http::connection::Connection;

/// Label names and values, sorted by name.
pub(crate) type Labels = Vec<(String, String)>;

/// One sample of a series.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sample {
    /// Milliseconds since the Unix epoch.
    pub(crate) timestamp: i64,
    pub(crate) value: Value,
}

/// What a sample holds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    /// A number; staleness markers are numbers too.
    Float(f64),
    /// A native histogram.
    Histogram(Histogram),
}

/// A native histogram as it is sent.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Histogram {
    /// Resolution, or -53 for custom bounds.
    pub(crate) schema: i32,
    pub(crate) sum: f64,
    pub(crate) zero_threshold: f64,
    pub(crate) zero_count: u64,
    pub(crate) positive: Vec<Bucket>,
    pub(crate) negative: Vec<Bucket>,
    /// Upper bounds of schema -53.
    pub(crate) custom_bounds: Vec<f64>,
    /// Counts are sent as floats.
    pub(crate) is_float: bool,
    /// 0 unknown, 1 yes, 2 no, 3 a gauge.
    pub(crate) reset_hint: u64,
    /// A staleness marker instead of a histogram.
    pub(crate) is_stale: bool,
}

/// One populated bucket.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Bucket {
    pub(crate) index: i32,
    pub(crate) count: u64,
}

/// The value that ends a series.
pub(crate) const STALE: f64 = f64::from_bits(0x7ff0_0000_0000_0002);

/// A batch of series on its way to a server.
pub(crate) struct Writer {
    connection: Connection,
    message: Vec<u8>,
    /// Samples in the message and in all before.
    pub(crate) samples: usize,
}

/// Bytes from which on a message is sent.
const FULL: usize = 1 << 20;

impl Writer {
    /// A writer to the server at `address`.
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self {
            connection: Connection::new(address),
            message: Vec::new(),
            samples: 0,
        }
    }

    /// Adds samples of one series, in order of time.
    ///
    /// # Errors
    /// A full message was sent and refused.
    pub(crate) fn write(&mut self, labels: &Labels, samples: &[Sample]) -> Result<()> {
        if samples.is_empty() {
            return Ok(());
        }
        let mut series = encode_labels(labels);
        for sample in samples {
            match &sample.value {
                Value::Float(value) => put_float(&mut series, sample.timestamp, *value),
                Value::Histogram(histogram) => {
                    put_bytes(&mut series, 4, &histogram.message(sample.timestamp));
                }
            }
        }
        put_bytes(&mut self.message, 1, &series);
        self.samples += samples.len();
        if self.message.len() >= FULL {
            self.flush()?;
        }
        Ok(())
    }

    /// Sends what has gathered.
    ///
    /// # Errors
    /// The server cannot be reached or refuses it.
    pub(crate) fn flush(&mut self) -> Result<()> {
        let body = compress(&self.message)?;
        self.message.clear();
        send(&mut self.connection, &body)
    }
}

/// The part of a series' message that all its samples share.
pub(crate) fn encode_labels(labels: &Labels) -> Vec<u8> {
    let mut series = Vec::new();
    for (name, value) in labels {
        let mut label = Vec::new();
        put_bytes(&mut label, 1, name.as_bytes());
        put_bytes(&mut label, 2, value.as_bytes());
        put_bytes(&mut series, 1, &label);
    }
    series
}

/// Adds a series with one float sample to a request's message.
pub(crate) fn put_float_series(message: &mut Vec<u8>, labels: &[u8], timestamp: i64, value: f64) {
    let mut series = labels.to_vec();
    put_float(&mut series, timestamp, value);
    put_bytes(message, 1, &series);
}

/// The body of a request with this message.
///
/// # Errors
/// The message is larger than snappy allows.
pub(crate) fn compress(message: &[u8]) -> Result<Vec<u8>> {
    Ok(snap::raw::Encoder::new().compress_vec(message)?)
}

/// Sends one request and waits until it is acknowledged.
///
/// # Errors
/// The server cannot be reached or refuses it.
pub(crate) fn send(connection: &mut Connection, body: &[u8]) -> Result<()> {
    let headers = "Content-Type: application/x-protobuf\r\nContent-Encoding: snappy\r\n\
                   X-Prometheus-Remote-Write-Version: 0.1.0\r\n";
    let answer = connection.post("/api/v1/write", headers, body)?;
    if !matches!(answer.status, 200 | 204) {
        let said = String::from_utf8_lossy(&answer.body).into_owned();
        bail!("remote write was answered {}: {said}", answer.status);
    }
    Ok(())
}

fn put_float(series: &mut Vec<u8>, timestamp: i64, value: f64) {
    let mut message = Vec::new();
    put_double(&mut message, 1, value);
    put_varint(&mut message, 2, timestamp.cast_unsigned());
    put_bytes(series, 2, &message);
}

impl Histogram {
    fn message(&self, timestamp: i64) -> Vec<u8> {
        let buckets = self.positive.iter().chain(&self.negative);
        let count = self.zero_count + buckets.map(|bucket| bucket.count).sum::<u64>();
        let sum = if self.is_stale { STALE } else { self.sum };
        let mut message = Vec::new();
        if self.is_float {
            put_double(&mut message, 2, count as f64);
        } else {
            put_varint(&mut message, 1, count);
        }
        put_double(&mut message, 3, sum);
        put_varint(&mut message, 4, zigzag(i64::from(self.schema)));
        put_double(&mut message, 5, self.zero_threshold);
        if self.is_float {
            put_double(&mut message, 7, self.zero_count as f64);
        } else {
            put_varint(&mut message, 6, self.zero_count);
        }
        self.put_side(&mut message, &self.negative, [8, 9, 10]);
        self.put_side(&mut message, &self.positive, [11, 12, 13]);
        put_varint(&mut message, 14, self.reset_hint);
        put_varint(&mut message, 15, timestamp.cast_unsigned());
        let bounds: Vec<u8> = self
            .custom_bounds
            .iter()
            .flat_map(|v| v.to_le_bytes())
            .collect();
        put_bytes(&mut message, 16, &bounds);
        message
    }

    /// Spans, then counts: whole ones as differences, floats as they are.
    fn put_side(&self, message: &mut Vec<u8>, buckets: &[Bucket], fields: [u32; 3]) {
        let [spans, deltas, counts] = fields;
        let mut next = 0;
        for run in buckets.chunk_by(|left, right| left.index + 1 == right.index) {
            let mut span = Vec::new();
            put_varint(&mut span, 1, zigzag(i64::from(run[0].index - next)));
            put_varint(&mut span, 2, run.len() as u64);
            put_bytes(message, spans, &span);
            next = run[0].index + i32::try_from(run.len()).unwrap_or(i32::MAX);
        }
        let mut packed = Vec::new();
        let mut before = 0;
        for bucket in buckets {
            if self.is_float {
                packed.extend((bucket.count as f64).to_le_bytes());
            } else {
                let count = bucket.count.cast_signed();
                push_varint(&mut packed, zigzag(count - before));
                before = count;
            }
        }
        put_bytes(
            message,
            if self.is_float { counts } else { deltas },
            &packed,
        );
    }
}

const fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)).cast_unsigned()
}

fn put_bytes(message: &mut Vec<u8>, field: u32, bytes: &[u8]) {
    push_varint(message, u64::from(field) << 3 | 2);
    push_varint(message, bytes.len() as u64);
    message.extend_from_slice(bytes);
}

fn put_varint(message: &mut Vec<u8>, field: u32, value: u64) {
    push_varint(message, u64::from(field) << 3);
    push_varint(message, value);
}

fn put_double(message: &mut Vec<u8>, field: u32, value: f64) {
    push_varint(message, u64::from(field) << 3 | 1);
    message.extend(value.to_le_bytes());
}

fn push_varint(message: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        message.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    message.push(value as u8);
}

#[cfg(test)]
mod tests {
    use super::{Bucket, Histogram, push_varint, zigzag};

    #[test]
    fn whole_numbers_are_written_in_sevens() {
        let cases: [(u64, &[u8]); 3] = [(0, &[0]), (300, &[0xac, 2]), (zigzag(-1), &[1])];
        for (value, bytes) in cases {
            let mut written = Vec::new();
            push_varint(&mut written, value);
            assert_eq!(written, bytes);
        }
    }

    #[test]
    fn buckets_become_spans_and_differences() {
        let bucket = |index, count| Bucket { index, count };
        let histogram = Histogram {
            positive: vec![bucket(-1, 3), bucket(0, 2), bucket(4, 7)],
            ..Histogram::default()
        };
        let mut message = Vec::new();
        histogram.put_side(&mut message, &histogram.positive, [11, 12, 13]);
        let spans = [90, 4, 8, 1, 16, 2, 90, 4, 8, 6, 16, 1];
        let deltas = [98, 3, 6, 1, 10];
        assert_eq!(message, [&spans[..], &deltas[..]].concat());
    }
}
