//! `prometheus.WriteRequest`, the message of remote write 1.0.

use model::histogram::{Buckets, CounterResetHint, Span};
use model::{Exemplar, Histogram, LabelsBuilder};

use storage::AppendError;

use crate::wire::{Fields, Malformed, Payload, take_varint, unzigzag};

/// The series of a request, one after the other. Metadata and what is unknown are passed over.
pub(crate) struct TimeSeriesList<'a> {
    fields: Fields<'a>,
}

impl<'a> TimeSeriesList<'a> {
    pub(crate) const fn of(request: &'a [u8]) -> Self {
        Self {
            fields: Fields::of(request),
        }
    }

    /// Reads the next series into `series`. False at the end.
    pub(crate) fn next(&mut self, series: &mut TimeSeries<'a>) -> Result<bool, Malformed> {
        while let Some((number, payload)) = self.fields.next()? {
            if number == 1 {
                series.read(payload.bytes()?)?;
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// A series with its samples. One is used for all series of a request, for the sake of its memory.
#[derive(Default)]
pub(crate) struct TimeSeries<'a> {
    /// Names and values as they came.
    pub(crate) labels: Vec<(&'a str, &'a str)>,
    /// Times in milliseconds, and values.
    pub(crate) samples: Vec<(i64, f64)>,
    pub(crate) histograms: Vec<HistogramSample>,
    /// Exemplars, in any order.
    pub(crate) exemplars: Vec<Exemplar>,
}

impl<'a> TimeSeries<'a> {
    fn read(&mut self, message: &'a [u8]) -> Result<(), Malformed> {
        self.labels.clear();
        self.samples.clear();
        self.histograms.clear();
        self.exemplars.clear();
        let mut fields = Fields::of(message);
        while let Some((number, payload)) = fields.next()? {
            match number {
                1 => self.labels.push(label(payload.bytes()?)?),
                2 => self.samples.push(sample(payload.bytes()?)?),
                3 => self.exemplars.push(exemplar(payload.bytes()?)?),
                4 => self.histograms.push(histogram(payload.bytes()?)?),
                _ => {}
            }
        }
        Ok(())
    }
}

/// A native histogram at a time.
#[derive(Debug)]
pub(crate) struct HistogramSample {
    /// Milliseconds since the Unix epoch.
    pub(crate) time: i64,
    pub(crate) histogram: Histogram,
    /// The counts came as whole numbers, so that they must add up.
    pub(crate) is_whole: bool,
}

impl HistogramSample {
    /// Checks what can be seen only here: whether whole counts add up.
    pub(crate) fn validate(&self) -> Result<(), AppendError> {
        match self.is_whole {
            true => Ok(self.histogram.validate_whole_counts()?),
            false => Ok(()),
        }
    }
}

fn label(message: &[u8]) -> Result<(&str, &str), Malformed> {
    let (mut name, mut value) = ("", "");
    let mut fields = Fields::of(message);
    while let Some((number, payload)) = fields.next()? {
        match number {
            1 => name = payload.text()?,
            2 => value = payload.text()?,
            _ => {}
        }
    }
    Ok((name, value))
}

pub(crate) fn sample(message: &[u8]) -> Result<(i64, f64), Malformed> {
    let (mut time, mut value) = (0, 0.0);
    let mut fields = Fields::of(message);
    while let Some((number, payload)) = fields.next()? {
        match number {
            1 => value = payload.double()?,
            2 => time = payload.varint()?.cast_signed(),
            _ => {}
        }
    }
    Ok((time, value))
}

fn exemplar(message: &[u8]) -> Result<Exemplar, Malformed> {
    let mut labels = LabelsBuilder::new();
    let (mut value, mut timestamp) = (0.0, 0);
    let mut fields = Fields::of(message);
    while let Some((number, payload)) = fields.next()? {
        match number {
            1 => {
                let (name, value) = label(payload.bytes()?)?;
                labels.set(name, value);
            }
            2 => value = payload.double()?,
            3 => timestamp = payload.varint()?.cast_signed(),
            _ => {}
        }
    }
    Ok(Exemplar {
        labels: labels.build(),
        value,
        timestamp,
        has_timestamp: timestamp != 0,
    })
}

/// A native histogram. Whether its parts go together the store decides.
pub(crate) fn histogram(message: &[u8]) -> Result<HistogramSample, Malformed> {
    let mut time = 0;
    // As upstream: what is not said to be of floats is of whole numbers.
    let mut is_whole = true;
    let mut histogram = Histogram::default();
    let (mut positive, mut negative) = (Side::default(), Side::default());
    let mut custom_values = Vec::new();
    let mut fields = Fields::of(message);
    while let Some((number, payload)) = fields.next()? {
        match number {
            1 => histogram.count = payload.varint()? as f64,
            2 => {
                histogram.count = payload.double()?;
                is_whole = false;
            }
            3 => histogram.sum = payload.double()?,
            4 => histogram.schema = small(unzigzag(payload.varint()?))?,
            5 => histogram.zero_threshold = payload.double()?,
            6 => histogram.zero_count = payload.varint()? as f64,
            7 => histogram.zero_count = payload.double()?,
            8 => negative.spans.push(span(payload.bytes()?)?),
            9 => negative.push_deltas(payload)?,
            10 => push_doubles(&mut negative.counts, payload)?,
            11 => positive.spans.push(span(payload.bytes()?)?),
            12 => positive.push_deltas(payload)?,
            13 => push_doubles(&mut positive.counts, payload)?,
            14 => histogram.counter_reset_hint = reset_hint(payload.varint()?),
            15 => time = payload.varint()?.cast_signed(),
            16 => push_doubles(&mut custom_values, payload)?,
            _ => {}
        }
    }
    histogram.positive = positive.finish();
    histogram.negative = negative.finish();
    if !custom_values.is_empty() {
        histogram.custom_values = custom_values.into();
    }
    Ok(HistogramSample {
        time,
        histogram,
        is_whole,
    })
}

/// Buckets of one side, on their way in.
#[derive(Default)]
struct Side {
    spans: Vec<Span>,
    counts: Vec<f64>,
    /// The last count that came as a difference.
    last: i64,
}

impl Side {
    /// Counts as differences, each to the one before.
    fn push_deltas(&mut self, payload: Payload<'_>) -> Result<(), Malformed> {
        let mut push = |delta: u64| {
            self.last = self.last.wrapping_add(unzigzag(delta));
            self.counts.push(self.last as f64);
        };
        match payload {
            Payload::Varint(delta) => push(delta),
            _ => {
                let mut packed = payload.bytes()?;
                while !packed.is_empty() {
                    push(take_varint(&mut packed)?);
                }
            }
        }
        Ok(())
    }

    fn finish(self) -> Buckets {
        match self.spans.is_empty() && self.counts.is_empty() {
            true => Buckets::default(),
            false => Buckets::new(self.spans, self.counts),
        }
    }
}

fn push_doubles(list: &mut Vec<f64>, payload: Payload<'_>) -> Result<(), Malformed> {
    if let Payload::Fixed64(bits) = payload {
        list.push(f64::from_bits(bits));
        return Ok(());
    }
    let (doubles, rest) = payload.bytes()?.as_chunks::<8>();
    if !rest.is_empty() {
        return Err(Malformed::because(
            "a list of floating-point numbers is cut off",
        ));
    }
    list.extend(doubles.iter().map(|bytes| f64::from_le_bytes(*bytes)));
    Ok(())
}

fn span(message: &[u8]) -> Result<Span, Malformed> {
    let mut span = Span {
        offset: 0,
        length: 0,
    };
    let mut fields = Fields::of(message);
    while let Some((number, payload)) = fields.next()? {
        match number {
            1 => span.offset = small(unzigzag(payload.varint()?))?,
            2 => {
                let length = payload.varint()?;
                span.length = u32::try_from(length).map_err(|_| OUT_OF_RANGE)?;
            }
            _ => {}
        }
    }
    Ok(span)
}

fn small(number: i64) -> Result<i32, Malformed> {
    i32::try_from(number).map_err(|_| OUT_OF_RANGE)
}

fn reset_hint(number: u64) -> CounterResetHint {
    match number {
        1 => CounterResetHint::Reset,
        2 => CounterResetHint::NotReset,
        3 => CounterResetHint::Gauge,
        _ => CounterResetHint::Unknown,
    }
}

const OUT_OF_RANGE: Malformed =
    Malformed::because("a number of a native histogram is out of range");
