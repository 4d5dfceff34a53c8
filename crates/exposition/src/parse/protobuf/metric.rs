//! One metric of a family: labels, and the value or values of its kind.

use model::histogram::{Buckets, CounterResetHint, Span};
use model::{Histogram, MetricType};

use super::super::error::Problem;
use super::super::wire::{Fields, Payload, unzigzag};
use super::MAX_PARTS;

/// A metric. Its lists keep their memory from one metric to the next.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Metric<'a> {
    /// True if the metric is the first of its family.
    pub(in super::super) is_first: bool,
    pub(in super::super) labels: Vec<(&'a str, &'a str)>,
    /// Milliseconds since the Unix epoch; 0 for none.
    pub(in super::super) timestamp: i64,
    /// Since when the metric counts, in milliseconds since the Unix epoch.
    pub(in super::super) created: Option<i64>,
    /// Value of a counter, a gauge, or of what has no kind.
    pub(in super::super) number: f64,
    /// Number of observations.
    pub(in super::super) count: f64,
    /// Sum of observations.
    pub(in super::super) sum: f64,
    /// Of a summary, as (quantile, value).
    pub(in super::super) quantiles: Vec<(f64, f64)>,
    pub(in super::super) buckets: Vec<Bucket<'a>>,
    /// Exemplar of a counter, or those of a native histogram.
    pub(in super::super) exemplars: Vec<ExemplarMessage<'a>>,
    native: Native,
}

/// A bucket of a classic histogram.
#[derive(Clone, Copy, Debug, Default)]
pub(in super::super) struct Bucket<'a> {
    pub(in super::super) bound: f64,
    /// Observations in it and in all before.
    pub(in super::super) count: f64,
    pub(in super::super) exemplar: Option<ExemplarMessage<'a>>,
}

/// An exemplar that is not taken apart yet.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct ExemplarMessage<'a>(pub(in super::super) &'a [u8]);

/// The native part of a histogram.
#[derive(Clone, Debug, Default)]
struct Native {
    schema: i32,
    zero_threshold: f64,
    zero_count: u64,
    whole_count: u64,
    float_count: f64,
    float_zero_count: f64,
    positive: Side,
    negative: Side,
}

#[derive(Clone, Debug, Default)]
struct Side {
    spans: Vec<Span>,
    deltas: Vec<i64>,
    counts: Vec<f64>,
}

impl<'a> Metric<'a> {
    /// Reads a metric of the given kind; values of other kinds are passed over.
    pub(super) fn read(
        &mut self,
        message: &'a [u8],
        metric_type: MetricType,
    ) -> Result<(), (Problem, String)> {
        self.clear();
        let wanted = value_field(metric_type);
        let mut fields = Fields::of(message);
        while let Some((number, payload)) = fields.next().map_err(plain)? {
            match number {
                field::LABEL => {
                    let label = label(payload)?;
                    push(&mut self.labels, label).map_err(plain)?;
                }
                field::TIMESTAMP => self.timestamp = payload.varint().map_err(plain)?.cast_signed(),
                number if number == wanted => {
                    let value = payload.bytes().map_err(plain)?;
                    self.value(value, metric_type).map_err(plain)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn clear(&mut self) {
        self.labels.clear();
        self.quantiles.clear();
        self.buckets.clear();
        self.exemplars.clear();
        (self.timestamp, self.created) = (0, None);
        (self.number, self.count, self.sum) = (0.0, 0.0, 0.0);
        self.native.clear();
    }

    fn value(&mut self, message: &'a [u8], metric_type: MetricType) -> Result<(), Problem> {
        match metric_type {
            MetricType::Summary => self.summary(message),
            MetricType::Histogram | MetricType::GaugeHistogram => self.histogram(message),
            _ => self.simple(message),
        }
    }

    fn simple(&mut self, message: &'a [u8]) -> Result<(), Problem> {
        let mut fields = Fields::of(message);
        while let Some((number, payload)) = fields.next()? {
            match number {
                1 => self.number = payload.double()?,
                2 => push(&mut self.exemplars, ExemplarMessage(payload.bytes()?))?,
                3 => self.created = Some(timestamp(payload.bytes()?)?),
                _ => {}
            }
        }
        Ok(())
    }

    fn summary(&mut self, message: &'a [u8]) -> Result<(), Problem> {
        let mut fields = Fields::of(message);
        while let Some((number, payload)) = fields.next()? {
            match number {
                1 => self.count = payload.varint()? as f64,
                2 => self.sum = payload.double()?,
                3 => push(&mut self.quantiles, quantile(payload.bytes()?)?)?,
                4 => self.created = Some(timestamp(payload.bytes()?)?),
                _ => {}
            }
        }
        Ok(())
    }

    fn histogram(&mut self, message: &'a [u8]) -> Result<(), Problem> {
        let native = &mut self.native;
        let mut fields = Fields::of(message);
        while let Some((number, payload)) = fields.next()? {
            match number {
                1 => native.whole_count = payload.varint()?,
                2 => self.sum = payload.double()?,
                3 => push(&mut self.buckets, bucket(payload.bytes()?)?)?,
                4 => native.float_count = payload.double()?,
                5 => native.schema = small(unzigzag(payload.varint()?))?,
                6 => native.zero_threshold = payload.double()?,
                7 => native.zero_count = payload.varint()?,
                8 => native.float_zero_count = payload.double()?,
                9 => push(&mut native.negative.spans, span(payload.bytes()?)?)?,
                10 => native.negative.push_deltas(payload)?,
                11 => native.negative.push_counts(payload)?,
                12 => push(&mut native.positive.spans, span(payload.bytes()?)?)?,
                13 => native.positive.push_deltas(payload)?,
                14 => native.positive.push_counts(payload)?,
                15 => self.created = Some(timestamp(payload.bytes()?)?),
                16 => push(&mut self.exemplars, ExemplarMessage(payload.bytes()?))?,
                _ => {}
            }
        }
        self.count = or_whole(native.float_count, native.whole_count);
        Ok(())
    }

    /// True if the histogram is a native one. One without observations and zero bucket has to say
    /// it by an empty span.
    pub(in super::super) fn is_native(&self) -> bool {
        let native = &self.native;
        !native.positive.spans.is_empty()
            || !native.negative.spans.is_empty()
            || native.zero_threshold > 0.0
            || native.zero_count > 0
    }

    /// The native histogram, without empty buckets at the ends of spans, and whether its counts came
    /// as whole numbers. Whether its parts go together is for [`Histogram::validate`] to say.
    pub(in super::super) fn native(&self, metric_type: MetricType) -> (Histogram, bool) {
        let native = &self.native;
        let is_float = native.float_count > 0.0 || native.float_zero_count > 0.0;
        let (count, zero_count) = match is_float {
            true => (native.float_count, native.float_zero_count),
            false => (native.whole_count as f64, native.zero_count as f64),
        };
        let mut histogram = Histogram {
            counter_reset_hint: match metric_type {
                MetricType::GaugeHistogram => CounterResetHint::Gauge,
                _ => CounterResetHint::Unknown,
            },
            schema: native.schema,
            zero_threshold: native.zero_threshold,
            zero_count,
            count,
            sum: self.sum,
            positive: native.positive.buckets(is_float),
            negative: native.negative.buckets(is_float),
            ..Histogram::default()
        };
        if histogram.validate().is_ok() {
            histogram.compact(0);
        }
        (histogram, !is_float)
    }
}

impl Native {
    fn clear(&mut self) {
        for side in [&mut self.positive, &mut self.negative] {
            side.spans.clear();
            side.deltas.clear();
            side.counts.clear();
        }
        (self.schema, self.zero_threshold, self.zero_count) = (0, 0.0, 0);
        (self.whole_count, self.float_count, self.float_zero_count) = (0, 0.0, 0.0);
    }
}

impl Side {
    fn push_deltas(&mut self, payload: Payload<'_>) -> Result<(), Problem> {
        payload.varints(|value| push(&mut self.deltas, unzigzag(value)))
    }

    fn push_counts(&mut self, payload: Payload<'_>) -> Result<(), Problem> {
        payload.doubles(|count| push(&mut self.counts, count))
    }

    fn buckets(&self, is_float: bool) -> Buckets {
        if is_float {
            return Buckets::new(self.spans.as_slice(), self.counts.clone());
        }
        let mut count = 0_i64;
        let counts = self.deltas.iter().map(|&delta| {
            count = count.wrapping_add(delta);
            count as f64
        });
        Buckets::new(self.spans.as_slice(), counts.collect())
    }
}

/// Which field holds the value of a metric of this kind.
const fn value_field(metric_type: MetricType) -> u64 {
    match metric_type {
        MetricType::Gauge => 2,
        MetricType::Counter => 3,
        MetricType::Summary => 4,
        MetricType::Histogram | MetricType::GaugeHistogram => 7,
        MetricType::Unknown | MetricType::Info | MetricType::StateSet => 5,
    }
}

fn label(payload: Payload<'_>) -> Result<(&str, &str), (Problem, String)> {
    let (mut name, mut value): (&[u8], &[u8]) = (b"", b"");
    let mut fields = Fields::of(payload.bytes().map_err(plain)?);
    while let Some((number, payload)) = fields.next().map_err(plain)? {
        match number {
            1 => name = payload.bytes().map_err(plain)?,
            2 => value = payload.bytes().map_err(plain)?,
            _ => {}
        }
    }
    let shown = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let name = match std::str::from_utf8(name) {
        Ok(name) if !name.is_empty() => name,
        _ => return Err((Problem::InvalidLabelName, format!(": {}", shown(name)))),
    };
    let value = std::str::from_utf8(value)
        .map_err(|_| (Problem::InvalidLabelValue, format!(": {}", shown(value))))?;
    Ok((name, value))
}

fn quantile(message: &[u8]) -> Result<(f64, f64), Problem> {
    let mut found = (0.0, 0.0);
    let mut fields = Fields::of(message);
    while let Some((number, payload)) = fields.next()? {
        match number {
            1 => found.0 = payload.double()?,
            2 => found.1 = payload.double()?,
            _ => {}
        }
    }
    Ok(found)
}

fn bucket(message: &[u8]) -> Result<Bucket<'_>, Problem> {
    let mut bucket = Bucket::default();
    let (mut whole, mut float) = (0, 0.0);
    let mut fields = Fields::of(message);
    while let Some((number, payload)) = fields.next()? {
        match number {
            1 => whole = payload.varint()?,
            2 => bucket.bound = payload.double()?,
            3 => bucket.exemplar = Some(ExemplarMessage(payload.bytes()?)),
            4 => float = payload.double()?,
            _ => {}
        }
    }
    bucket.count = or_whole(float, whole);
    Ok(bucket)
}

/// A count that may be told in two forms, of which one is 0.
fn or_whole(float: f64, whole: u64) -> f64 {
    if float == 0.0 { whole as f64 } else { float }
}

fn span(message: &[u8]) -> Result<Span, Problem> {
    let mut span = Span::default();
    let mut fields = Fields::of(message);
    while let Some((number, payload)) = fields.next()? {
        match number {
            1 => span.offset = small(unzigzag(payload.varint()?))?,
            2 => span.length = u32::try_from(payload.varint()?).map_err(|_| Problem::Malformed)?,
            _ => {}
        }
    }
    Ok(span)
}

impl<'a> ExemplarMessage<'a> {
    /// Calls `label` for each label; gives value and timestamp back.
    pub(in super::super) fn read(
        self,
        mut each_label: impl FnMut(&'a str, &'a str),
    ) -> Result<(f64, Option<i64>), Problem> {
        let (mut value, mut time) = (0.0, None);
        let mut fields = Fields::of(self.0);
        while let Some((number, payload)) = fields.next()? {
            match number {
                1 => {
                    let (name, value) = label(payload).map_err(|(problem, _)| problem)?;
                    each_label(name, value);
                }
                2 => value = payload.double()?,
                3 => time = Some(timestamp(payload.bytes()?)?),
                _ => {}
            }
        }
        Ok((value, time))
    }
}

/// A time as milliseconds since the Unix epoch.
fn timestamp(message: &[u8]) -> Result<i64, Problem> {
    let (mut seconds, mut nanos) = (0_i64, 0_i64);
    let mut fields = Fields::of(message);
    while let Some((number, payload)) = fields.next()? {
        match number {
            1 => seconds = payload.varint()?.cast_signed(),
            2 => nanos = payload.varint()?.cast_signed(),
            _ => {}
        }
    }
    let millis = seconds.saturating_mul(1000);
    Ok(millis.saturating_add(nanos / NANOS_PER_MILLI))
}

fn small(value: i64) -> Result<i32, Problem> {
    i32::try_from(value).map_err(|_| Problem::Malformed)
}

fn push<T>(list: &mut Vec<T>, part: T) -> Result<(), Problem> {
    if list.len() == MAX_PARTS {
        return Err(Problem::TooManyParts);
    }
    list.push(part);
    Ok(())
}

fn plain(problem: Problem) -> (Problem, String) {
    (problem, String::new())
}

const NANOS_PER_MILLI: i64 = 1_000_000;

/// Numbers of a metric's fields.
mod field {
    pub(super) const LABEL: u64 = 1;
    pub(super) const TIMESTAMP: u64 = 6;
}
