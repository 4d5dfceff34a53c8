//! The encodings of native histograms: one layout of buckets for the whole chunk, then the samples,
//! with integer counts as deltas of deltas or float counts XORed. Layout: `docs/formats/chunks.md`.

mod spread;
mod writer;

use std::sync::Arc;

use model::Histogram;
use model::histogram::schema::CUSTOM_BUCKETS;
use model::histogram::{Buckets, CounterResetHint, Span};
use model::value::{STALE, is_stale};
use storage::SampleBuffer;

use super::bitstream::{BitReader, EndOfBits};
use super::start_timestamps::StartTimestamps;
use super::varbit::{read_signed, read_unsigned};
use super::xor::count_of;
use super::xor_state::XorState;
use super::{ChunkError, Stop};
pub use writer::HistogramAppender;
pub(crate) use writer::has_integers_only;

/// Decodes all samples of a chunk with integer counts, adding them to `buffer`. Stale markers
/// become floats.
///
/// # Errors
/// The bytes end before the last sample that they promise, or times do not rise. What was read
/// until then is in the buffer.
pub fn decode_integers(bytes: &[u8], buffer: &mut SampleBuffer) -> Result<(), ChunkError> {
    decode::<Integers>(bytes, Header::of(bytes), buffer)
}

/// The same for float counts.
///
/// # Errors
/// As there.
pub fn decode_floats(bytes: &[u8], buffer: &mut SampleBuffer) -> Result<(), ChunkError> {
    decode::<Floats>(bytes, Header::of(bytes), buffer)
}

/// The same for integer counts with start timestamps.
///
/// # Errors
/// As there.
pub fn decode_started_integers(bytes: &[u8], buffer: &mut SampleBuffer) -> Result<(), ChunkError> {
    decode::<Integers>(bytes, Header::of_started(bytes), buffer)
}

/// The same for float counts with start timestamps.
///
/// # Errors
/// As there.
pub fn decode_started_floats(bytes: &[u8], buffer: &mut SampleBuffer) -> Result<(), ChunkError> {
    decode::<Floats>(bytes, Header::of_started(bytes), buffer)
}

/// The first three bytes of a chunk. Where samples have start timestamps, the flags are in the highest
/// bits of the number of samples.
#[derive(Clone, Copy, Debug, Default)]
struct Header {
    count: u16,
    flags: u8,
    starts: StartTimestamps,
}

impl Header {
    fn of(bytes: &[u8]) -> Self {
        let flags = bytes.get(2).copied().unwrap_or_default();
        Self {
            count: count_of(bytes),
            flags,
            starts: StartTimestamps::default(),
        }
    }

    fn of_started(bytes: &[u8]) -> Self {
        let starts = bytes.get(2).copied().unwrap_or_default();
        Self {
            count: count_of(bytes) & STARTED_COUNT_MASK,
            flags: bytes.first().copied().unwrap_or_default(),
            starts: StartTimestamps::of_header(starts),
        }
    }
}

/// The counts of the sample that was read last, and what the next is decoded against.
trait Counts: Default {
    /// Reads count and zero count.
    fn read_totals(&mut self, reader: &mut BitReader<'_>, index: usize) -> Result<(), EndOfBits>;
    /// Reads one count for each bucket.
    fn read_buckets(
        &mut self,
        reader: &mut BitReader<'_>,
        index: usize,
        buckets: usize,
    ) -> Result<(), EndOfBits>;
    /// Observations, and those in the zero bucket.
    fn totals(&self) -> (f64, f64);
    /// The counts of `buckets` buckets from the one at `from` on.
    fn buckets(&self, from: usize, buckets: usize) -> Vec<f64>;
}

fn decode<C: Counts>(
    bytes: &[u8],
    header: Header,
    buffer: &mut SampleBuffer,
) -> Result<(), ChunkError> {
    let promised = usize::from(header.count);
    if promised == 0 {
        return Ok(());
    }
    let before = buffer.len() + buffer.histograms().len();
    let outcome = bytes
        .get(3..)
        .ok_or(Stop::End)
        .and_then(|rest| run::<C>(rest, header, buffer));
    let read = buffer.len() + buffer.histograms().len() - before;
    outcome.map_err(|stop| stop.after(read, promised))
}

fn run<C: Counts>(bytes: &[u8], header: Header, buffer: &mut SampleBuffer) -> Result<(), Stop> {
    let mut reader = BitReader::new(bytes);
    let mut starts = header.starts;
    let layout = Layout::read(&mut reader, bytes.len())?;
    let buckets = layout.positive.1 + layout.negative.1;
    let mut counts = C::default();
    let mut sum = XorState::default();
    let (mut time, mut delta) = (0i64, 0i64);
    for index in 0..usize::from(header.count) {
        let before = time;
        let number = read_signed(&mut reader)?;
        match index {
            0 => time = number,
            1 => delta = number,
            _ => delta = delta.wrapping_add(number),
        }
        if index > 0 {
            let next = time.checked_add(delta).filter(|_| delta > 0);
            time = next.ok_or(Stop::Unordered)?;
        }
        counts.read_totals(&mut reader, index)?;
        match index {
            0 => sum = XorState::starting_at(reader.read(64)?),
            _ => sum.read(&mut reader)?,
        }
        let sum = f64::from_bits(sum.value);
        let stale = is_stale(sum);
        if index == 0 || !stale {
            counts.read_buckets(&mut reader, index, buckets)?;
        }
        match index {
            0 => starts.read_first(&mut reader, time)?,
            _ => starts.read_next(&mut reader, index, before)?,
        }
        if stale {
            // Not `push`: the buffer may hold later floats, of a block that overlaps.
            buffer.push_started(time, STALE, 0);
            continue;
        }
        let histogram = layout.histogram(&counts, sum, hint(header.flags, index));
        let histograms = buffer.histograms_mut();
        histograms.push(time, Arc::new(histogram), starts.current);
    }
    Ok(())
}

/// What the flags of a chunk without start timestamps say of it and the chunk before.
pub(crate) fn hint_in_front(bytes: &[u8]) -> CounterResetHint {
    match Header::of(bytes).flags >> 6 {
        0b01 => CounterResetHint::NotReset,
        0b10 => CounterResetHint::Reset,
        0b11 => CounterResetHint::Gauge,
        _ => CounterResetHint::Unknown,
    }
}

/// What the flags of a chunk say of one of its samples. Merging may have put another chunk in front,
/// so nothing is known of the first one.
fn hint(flags: u8, index: usize) -> CounterResetHint {
    match (flags >> 6, index) {
        (0b11, _) => CounterResetHint::Gauge,
        (_, 0) => CounterResetHint::Unknown,
        _ => CounterResetHint::NotReset,
    }
}

/// What all histograms of a chunk have in common.
#[derive(Clone, Debug)]
struct Layout {
    schema: i32,
    zero_threshold: f64,
    /// Spans, and how many buckets they have.
    positive: (Arc<[Span]>, usize),
    negative: (Arc<[Span]>, usize),
    custom_values: Arc<[f64]>,
}

impl Layout {
    fn read(reader: &mut BitReader<'_>, chunk_size: usize) -> Result<Self, Stop> {
        let zero_threshold = read_zero_threshold(reader)?;
        let schema = i32::try_from(read_signed(reader)?).map_err(|_| Stop::End)?;
        // A bucket takes a bit at least.
        let most = chunk_size * 8;
        let positive = read_spans(reader, most)?;
        let negative = read_spans(reader, most)?;
        let custom_values = match schema == CUSTOM_BUCKETS {
            true => read_custom_values(reader, most)?,
            false => Arc::default(),
        };
        Ok(Self {
            schema,
            zero_threshold,
            positive,
            negative,
            custom_values,
        })
    }

    fn histogram(&self, counts: &impl Counts, sum: f64, hint: CounterResetHint) -> Histogram {
        let (count, zero_count) = counts.totals();
        let side = |(spans, buckets): &(Arc<[Span]>, usize), from: usize| Buckets {
            spans: Arc::clone(spans),
            counts: counts.buckets(from, *buckets),
        };
        Histogram {
            counter_reset_hint: hint,
            schema: self.schema,
            zero_threshold: self.zero_threshold,
            zero_count,
            count,
            sum,
            positive: side(&self.positive, 0),
            negative: side(&self.negative, self.positive.1),
            custom_values: Arc::clone(&self.custom_values),
        }
    }
}

fn read_zero_threshold(reader: &mut BitReader<'_>) -> Result<f64, EndOfBits> {
    match reader.read(8)? {
        0 => Ok(0.0),
        255 => reader.read(64).map(f64::from_bits),
        // Powers of two from 2^-243 on: the byte is their exponent plus 244.
        power => Ok(f64::powi(2.0, power as i32 - 244)),
    }
}

fn read_spans(reader: &mut BitReader<'_>, most: usize) -> Result<(Arc<[Span]>, usize), Stop> {
    let number = size(read_unsigned(reader)?, most)?;
    let mut spans = Vec::with_capacity(number);
    let mut buckets = 0;
    for _ in 0..number {
        let length = size(read_unsigned(reader)?, most)?;
        let offset = i32::try_from(read_signed(reader)?).map_err(|_| Stop::End)?;
        buckets += length;
        spans.push(Span {
            offset,
            length: u32::try_from(length).map_err(|_| Stop::End)?,
        });
    }
    size(buckets as u64, most)?;
    Ok((spans.into(), buckets))
}

fn read_custom_values(reader: &mut BitReader<'_>, most: usize) -> Result<Arc<[f64]>, Stop> {
    let number = size(read_unsigned(reader)?, most)?;
    let values: Result<Vec<f64>, Stop> = (0..number)
        .map(|_| Ok(read_custom_value(reader)?))
        .collect();
    Ok(values?.into())
}

/// Thousandths, or a whole float behind a zero bit.
fn read_custom_value(reader: &mut BitReader<'_>) -> Result<f64, EndOfBits> {
    match read_unsigned(reader)? {
        0 => reader.read(64).map(f64::from_bits),
        thousandths => Ok((thousandths - 1) as f64 / 1_000.0),
    }
}

/// A number of things of which there cannot be more than `most`.
fn size(number: u64, most: usize) -> Result<usize, Stop> {
    let number = usize::try_from(number).ok();
    number.filter(|&number| number <= most).ok_or(Stop::End)
}

/// An integer that is encoded as delta of deltas.
#[derive(Clone, Copy, Debug, Default)]
struct Integer {
    value: i64,
    delta: i64,
}

impl Integer {
    fn read(&mut self, reader: &mut BitReader<'_>, index: usize) -> Result<(), EndOfBits> {
        let number = read_signed(reader)?;
        match index {
            0 => self.value = number,
            1 => self.delta = number,
            _ => self.delta = self.delta.wrapping_add(number),
        }
        if index > 0 {
            self.value = self.value.wrapping_add(self.delta);
        }
        Ok(())
    }
}

/// Integer counts. That of a bucket is the difference to the bucket before it.
#[derive(Default)]
struct Integers {
    count: Integer,
    zero_count: Integer,
    buckets: Vec<Integer>,
}

impl Counts for Integers {
    fn read_totals(&mut self, reader: &mut BitReader<'_>, index: usize) -> Result<(), EndOfBits> {
        for total in [&mut self.count, &mut self.zero_count] {
            match index {
                0 => total.value = read_unsigned(reader)?.cast_signed(),
                _ => total.read(reader, index)?,
            }
        }
        Ok(())
    }

    fn read_buckets(
        &mut self,
        reader: &mut BitReader<'_>,
        index: usize,
        buckets: usize,
    ) -> Result<(), EndOfBits> {
        self.buckets.resize(buckets, Integer::default());
        self.buckets
            .iter_mut()
            .try_for_each(|bucket| bucket.read(reader, index))
    }

    fn totals(&self) -> (f64, f64) {
        let float = |total: Integer| total.value.cast_unsigned() as f64;
        (float(self.count), float(self.zero_count))
    }

    fn buckets(&self, from: usize, buckets: usize) -> Vec<f64> {
        let side = self.buckets.get(from..from + buckets).unwrap_or_default();
        let mut count = 0i64;
        let counts = side.iter().map(|bucket| {
            count = count.wrapping_add(bucket.value);
            count as f64
        });
        counts.collect()
    }
}

/// Float counts, each XORed with its predecessor.
#[derive(Default)]
struct Floats {
    count: XorState,
    zero_count: XorState,
    buckets: Vec<XorState>,
}

impl Counts for Floats {
    fn read_totals(&mut self, reader: &mut BitReader<'_>, index: usize) -> Result<(), EndOfBits> {
        read_float(&mut self.count, reader, index)?;
        read_float(&mut self.zero_count, reader, index)
    }

    fn read_buckets(
        &mut self,
        reader: &mut BitReader<'_>,
        index: usize,
        buckets: usize,
    ) -> Result<(), EndOfBits> {
        self.buckets.resize(buckets, XorState::default());
        self.buckets
            .iter_mut()
            .try_for_each(|bucket| read_float(bucket, reader, index))
    }

    fn totals(&self) -> (f64, f64) {
        (
            f64::from_bits(self.count.value),
            f64::from_bits(self.zero_count.value),
        )
    }

    fn buckets(&self, from: usize, buckets: usize) -> Vec<f64> {
        let side = self.buckets.get(from..from + buckets).unwrap_or_default();
        side.iter()
            .map(|bucket| f64::from_bits(bucket.value))
            .collect()
    }
}

fn read_float(
    state: &mut XorState,
    reader: &mut BitReader<'_>,
    index: usize,
) -> Result<(), EndOfBits> {
    if index > 0 {
        return state.read(reader);
    }
    *state = XorState::starting_at(reader.read(64)?);
    Ok(())
}

/// Bits of the number of samples in chunks with start timestamps.
pub(super) const STARTED_COUNT_MASK: u16 = 0x3fff;
