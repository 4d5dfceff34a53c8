//! Writes chunks of native histograms. A histogram with buckets that the chunk lacks has the chunk
//! encoded anew with the buckets of both; one that cannot follow the last one is for another chunk.

use std::sync::Arc;

use model::Histogram;
use model::histogram::CounterResetHint;
use model::histogram::schema::same_bounds;
use storage::SampleBuffer;

use super::Layout;
use super::spread::{covers, spread, union};
use crate::chunk::bitstream::BitWriter;
use crate::chunk::varbit::{write_signed, write_unsigned};
use crate::chunk::xor::set_count;
use crate::chunk::xor_state::XorWriter;
use crate::chunk::{ChunkEncoding, ChunkError};

/// An open chunk of histograms: the bytes so far, and what the next sample is encoded against.
#[derive(Clone, Debug)]
pub struct HistogramAppender {
    encoding: ChunkEncoding,
    /// What the first histogram is against the one before the chunk.
    hint: CounterResetHint,
    layout: Layout,
    writer: BitWriter,
    count: u16,
    time: i64,
    delta: i64,
    /// Observations, and those in the zero bucket.
    totals: [Number; 2],
    sum: XorWriter,
    buckets: Vec<Number>,
    /// Counts of the last histogram, in the order of the layout.
    counts: Vec<f64>,
    latest: Arc<Histogram>,
    /// Whether it was estimated where the chunk should end.
    pub(crate) has_end: bool,
}

/// A number that is encoded against its predecessor.
#[derive(Clone, Copy, Debug)]
enum Number {
    Integer { value: i64, delta: i64 },
    Float(XorWriter),
}

impl HistogramAppender {
    /// A chunk that begins with this histogram, which must not be a stale marker. The hint is what
    /// [`check`](Self::check) of the chunk before said.
    pub fn begin(time: i64, histogram: &Arc<Histogram>, hint: CounterResetHint) -> Self {
        let hint = match histogram.counter_reset_hint {
            known @ (CounterResetHint::Gauge | CounterResetHint::Reset) => known,
            _ => hint,
        };
        let encoding = match has_integers_only(histogram) {
            true => ChunkEncoding::Histogram,
            false => ChunkEncoding::FloatHistogram,
        };
        let side = |side: &model::histogram::Buckets| (Arc::clone(&side.spans), side.counts.len());
        let layout = Layout {
            schema: histogram.schema,
            zero_threshold: histogram.zero_threshold,
            positive: side(&histogram.positive),
            negative: side(&histogram.negative),
            custom_values: Arc::clone(&histogram.custom_values),
        };
        let mut appender = Self::empty(encoding, hint, layout, Arc::clone(histogram));
        appender.write(time, histogram);
        appender
    }

    fn empty(
        encoding: ChunkEncoding,
        hint: CounterResetHint,
        layout: Layout,
        latest: Arc<Histogram>,
    ) -> Self {
        let mut writer = BitWriter::from_bytes(&[0, 0, header(hint)]);
        layout.write(&mut writer);
        Self {
            encoding,
            hint,
            layout,
            writer,
            count: 0,
            time: 0,
            delta: 0,
            totals: [Number::Integer { value: 0, delta: 0 }; 2],
            sum: XorWriter::starting_at(0),
            buckets: Vec::new(),
            counts: Vec::new(),
            latest,
            has_end: false,
        }
    }

    /// Number of samples.
    pub fn count(&self) -> u16 {
        self.count
    }

    /// Time of the last sample.
    pub fn last_time(&self) -> i64 {
        self.time
    }

    /// The last sample.
    pub fn latest(&self) -> &Arc<Histogram> {
        &self.latest
    }

    /// How the bytes are encoded.
    pub fn encoding(&self) -> ChunkEncoding {
        self.encoding
    }

    /// The samples as bytes, at any time a whole chunk.
    pub fn bytes(&self) -> &[u8] {
        self.writer.bytes()
    }

    /// The finished chunk.
    pub fn into_bytes(self) -> Box<[u8]> {
        self.writer.into_bytes()
    }

    /// Whether a histogram may follow the last one in this chunk.
    ///
    /// # Errors
    /// It must begin another chunk; what it is there is returned.
    pub fn check(&self, histogram: &Histogram) -> Result<(), CounterResetHint> {
        let is_gauge = histogram.counter_reset_hint == CounterResetHint::Gauge;
        let else_hint = match is_gauge {
            true => CounterResetHint::Gauge,
            false => CounterResetHint::Unknown,
        };
        if histogram.is_stale() {
            return Ok(());
        }
        if histogram.counter_reset_hint == CounterResetHint::Reset {
            return Err(CounterResetHint::Reset);
        }
        let same_kind = is_gauge == (self.hint == CounterResetHint::Gauge)
            && (self.encoding == ChunkEncoding::FloatHistogram || has_integers_only(histogram));
        let same_layout = histogram.schema == self.layout.schema
            && histogram.zero_threshold == self.layout.zero_threshold
            && same_bounds(&histogram.custom_values, &self.layout.custom_values);
        if self.latest.is_stale() || !same_kind || !same_layout {
            return Err(else_hint);
        }
        if !is_gauge && self.is_reset_by(histogram) {
            return Err(CounterResetHint::Reset);
        }
        Ok(())
    }

    /// True if a count is less than that of the last histogram.
    fn is_reset_by(&self, histogram: &Histogram) -> bool {
        let mut counts = Vec::with_capacity(self.counts.len());
        self.spread(histogram, &mut counts);
        histogram.count < self.latest.count
            || histogram.zero_count < self.latest.zero_count
            || counts.iter().zip(&self.counts).any(|(now, was)| now < was)
    }

    fn spread(&self, histogram: &Histogram, counts: &mut Vec<f64>) {
        spread(&self.layout.positive.0, &histogram.positive, counts);
        spread(&self.layout.negative.0, &histogram.negative, counts);
    }

    /// Adds a histogram later than the last one, for which [`check`](Self::check) holds.
    ///
    /// # Errors
    /// The chunk had to be encoded anew and could not be read; it is as it was.
    pub fn append(&mut self, time: i64, histogram: &Arc<Histogram>) -> Result<(), ChunkError> {
        let covered = covers(&self.layout.positive.0, &histogram.positive.spans)
            && covers(&self.layout.negative.0, &histogram.negative.spans);
        if !covered {
            self.widen(histogram)?;
        }
        self.write(time, histogram);
        self.latest = Arc::clone(histogram);
        Ok(())
    }

    /// Encodes the chunk anew with room for the buckets of a histogram.
    fn widen(&mut self, histogram: &Histogram) -> Result<(), ChunkError> {
        let mut samples = SampleBuffer::default();
        self.encoding.decode(self.bytes(), &mut samples)?;
        let mut layout = self.layout.clone();
        for (side, buckets) in [
            (&mut layout.positive, &histogram.positive),
            (&mut layout.negative, &histogram.negative),
        ] {
            let spans = union(&side.0, &buckets.spans);
            let number = spans.iter().map(|span| span.length as usize).sum();
            *side = (spans.into(), number);
        }
        let latest = Arc::clone(&self.latest);
        let mut wide = Self::empty(self.encoding, self.hint, layout, latest);
        let histograms = samples.histograms();
        for (&time, histogram) in histograms.timestamps().iter().zip(histograms.values()) {
            wide.write(time, histogram);
        }
        wide.has_end = self.has_end;
        *self = wide;
        Ok(())
    }

    /// Writes a histogram whose buckets the layout has.
    fn write(&mut self, time: i64, histogram: &Histogram) {
        let is_first = self.count == 0;
        let delta = time.wrapping_sub(self.time);
        match is_first {
            true => write_signed(&mut self.writer, time),
            false => {
                write_signed(&mut self.writer, delta.wrapping_sub(self.delta));
                self.delta = delta;
            }
        }
        self.time = time;
        self.count = self.count.wrapping_add(1);
        set_count(self.writer.bytes_mut(), self.count);
        let is_stale = histogram.is_stale();
        let totals = [histogram.count, histogram.zero_count];
        for (number, value) in self.totals.iter_mut().zip(totals) {
            match (is_first, self.encoding) {
                (true, ChunkEncoding::FloatHistogram) => {
                    *number = Number::first_float(&mut self.writer, value);
                }
                (true, _) => {
                    let value = value as i64;
                    write_unsigned(&mut self.writer, value.cast_unsigned());
                    *number = Number::Integer { value, delta: 0 };
                }
                // Whoever reads a stale marker looks at the sum alone.
                (false, ChunkEncoding::Histogram) if is_stale => write_signed(&mut self.writer, 0),
                (false, _) => number.write(&mut self.writer, value),
            }
        }
        let sum = histogram.sum.to_bits();
        match is_first {
            true => {
                self.writer.write(sum, 64);
                self.sum = XorWriter::starting_at(sum);
            }
            false => self.sum.write(&mut self.writer, sum),
        }
        if !is_stale {
            self.write_buckets(histogram, is_first);
        }
    }

    fn write_buckets(&mut self, histogram: &Histogram, is_first: bool) {
        let mut counts = std::mem::take(&mut self.counts);
        counts.clear();
        self.spread(histogram, &mut counts);
        let positive = self.layout.positive.1;
        let has_floats = self.encoding == ChunkEncoding::FloatHistogram;
        let mut before = 0.0;
        for (index, &count) in counts.iter().enumerate() {
            // Integers are differences to the bucket before, on each side.
            let value = match (has_floats, index == positive) {
                (true, _) | (false, true) => count,
                (false, false) => count - before,
            };
            before = count;
            match self.buckets.get_mut(index).filter(|_| !is_first) {
                Some(number) => number.write(&mut self.writer, value),
                None if has_floats => {
                    let number = Number::first_float(&mut self.writer, value);
                    self.buckets.push(number);
                }
                None => {
                    let value = value as i64;
                    write_signed(&mut self.writer, value);
                    self.buckets.push(Number::Integer { value, delta: 0 });
                }
            }
        }
        self.counts = counts;
    }
}

impl Number {
    fn first_float(writer: &mut BitWriter, value: f64) -> Self {
        writer.write(value.to_bits(), 64);
        Self::Float(XorWriter::starting_at(value.to_bits()))
    }

    /// Writes the next value.
    fn write(&mut self, writer: &mut BitWriter, next: f64) {
        match self {
            Self::Float(state) => state.write(writer, next.to_bits()),
            Self::Integer { value, delta } => {
                let next = next as i64;
                let change = next.wrapping_sub(*value);
                write_signed(writer, change.wrapping_sub(*delta));
                (*value, *delta) = (next, change);
            }
        }
    }
}

impl Layout {
    fn write(&self, writer: &mut BitWriter) {
        write_zero_threshold(writer, self.zero_threshold);
        write_signed(writer, i64::from(self.schema));
        for (spans, _) in [&self.positive, &self.negative] {
            write_unsigned(writer, spans.len() as u64);
            for span in spans.iter() {
                write_unsigned(writer, u64::from(span.length));
                write_signed(writer, i64::from(span.offset));
            }
        }
        if self.schema == model::histogram::schema::CUSTOM_BUCKETS {
            write_unsigned(writer, self.custom_values.len() as u64);
            for &value in self.custom_values.iter() {
                write_custom_value(writer, value);
            }
        }
    }
}

fn write_zero_threshold(writer: &mut BitWriter, threshold: f64) {
    if threshold == 0.0 {
        writer.write(0, 8);
        return;
    }
    let bits = threshold.to_bits();
    let exponent = bits >> 52;
    // Biased by 1,023 in the float and by 244 in the byte. A sign makes it too large.
    let power = exponent.checked_sub(1_023 - 244);
    match power.filter(|power| (1..255).contains(power) && bits << 12 == 0) {
        Some(power) => writer.write(power, 8),
        None => {
            writer.write(255, 8);
            writer.write(bits, 64);
        }
    }
}

/// Thousandths if there are not too many, else a whole float behind a zero bit.
fn write_custom_value(writer: &mut BitWriter, value: f64) {
    let thousandths = value * 1_000.0;
    if (0.0..=MOST_THOUSANDTHS).contains(&thousandths) && thousandths.floor() == thousandths {
        write_unsigned(writer, thousandths as u64 + 1);
    } else {
        writer.write(0, 1);
        writer.write(value.to_bits(), 64);
    }
}

fn header(hint: CounterResetHint) -> u8 {
    match hint {
        CounterResetHint::Unknown => 0,
        CounterResetHint::NotReset => 0b0100_0000,
        CounterResetHint::Reset => 0b1000_0000,
        CounterResetHint::Gauge => 0b1100_0000,
    }
}

/// True if all counts are whole numbers that no float rounds.
pub(crate) fn has_integers_only(histogram: &Histogram) -> bool {
    let is_integer = |count: &f64| (0.0..MOST_INTEGER).contains(count) && count.fract() == 0.0;
    is_integer(&histogram.count)
        && is_integer(&histogram.zero_count)
        && histogram.positive.counts.iter().all(is_integer)
        && histogram.negative.counts.iter().all(is_integer)
}

/// What 25 bits hold, less one.
const MOST_THOUSANDTHS: f64 = 33_554_430.0;
/// From here on floats are further apart than integers.
const MOST_INTEGER: f64 = 9_007_199_254_740_992.0;

#[cfg(test)]
mod tests;
