//! Delimited protobuf messages: one `io.prometheus.client.MetricFamily` behind the other, each
//! behind its length.

use model::histogram::{Buckets, Span};
use model::{Histogram, Metric, MetricExemplar, MetricFamily, MetricType, MetricValue};

/// Appends the families. Those without metrics are left out.
///
/// ```
/// use exposition::{Format, encode, parse};
/// use model::MetricFamily;
/// let families = [MetricFamily::gauge("up", "Is it?", 1.0)];
/// let mut page = Vec::new();
/// encode::encode_protobuf(&families, &mut page);
/// assert_eq!(parse::families(&page, Format::Protobuf).unwrap(), families);
/// ```
pub fn encode_protobuf(families: &[MetricFamily], out: &mut Vec<u8>) {
    let mut message = Message::default();
    for family in families.iter().filter(|family| !family.metrics.is_empty()) {
        message.0.clear();
        write_family(&mut message, family);
        push_varint(out, message.0.len() as u64);
        out.extend_from_slice(&message.0);
    }
}

fn write_family(message: &mut Message, family: &MetricFamily) {
    message.text(1, &family.name);
    message.text(2, &family.help);
    message.varint(3, kind(family.metric_type));
    let metrics = family.metrics.iter();
    for metric in metrics.filter(|metric| has_place(family.metric_type, metric)) {
        message.message(4, |message| {
            write_metric(message, family.metric_type, metric)
        });
    }
    message.text(5, &family.unit);
}

/// False for a plain number among histograms or summaries, for which the format has no place; it
/// would be read as a histogram of nothing.
pub(crate) const fn has_place(metric_type: MetricType, metric: &Metric) -> bool {
    use MetricType::{GaugeHistogram, Histogram, Summary};
    !matches!(
        (&metric.value, metric_type),
        (MetricValue::Number(_), Histogram | GaugeHistogram | Summary)
    )
}

/// The number of the kind; what the format does not know is told as what it looks like.
const fn kind(metric_type: MetricType) -> u64 {
    match metric_type {
        MetricType::Counter => 0,
        MetricType::Gauge | MetricType::Info | MetricType::StateSet => 1,
        MetricType::Summary => 2,
        MetricType::Unknown => 3,
        MetricType::Histogram => 4,
        MetricType::GaugeHistogram => 5,
    }
}

fn write_metric(message: &mut Message, metric_type: MetricType, metric: &Metric) {
    for (name, value) in &metric.labels {
        message.message(1, |message| {
            message.text(1, name);
            message.text(2, value);
        });
    }
    match &metric.value {
        MetricValue::Number(value) => write_number(message, metric_type, metric, *value),
        MetricValue::Summary {
            quantiles,
            sum,
            count,
        } => message.message(4, |message| {
            message.varint(1, *count as u64);
            message.double(2, *sum);
            for &(quantile, value) in quantiles {
                message.message(3, |message| {
                    message.double(1, quantile);
                    message.double(2, value);
                });
            }
            write_time(message, 4, metric.created);
        }),
        MetricValue::Histogram {
            buckets,
            sum,
            count,
        } => message.message(7, |message| {
            write_count(message, (1, 4), *count);
            message.double(2, *sum);
            write_buckets(message, metric, buckets, *count);
            write_time(message, 15, metric.created);
        }),
        MetricValue::NativeHistogram { histogram, buckets } => message.message(7, |message| {
            if histogram.has_custom_buckets() {
                // The format has none: readers convert the classic form again.
                write_count(message, (1, 4), histogram.count);
                message.double(2, histogram.sum);
            } else {
                write_native(message, histogram);
            }
            if !buckets.is_empty() {
                write_buckets(message, metric, buckets, histogram.count);
            }
            write_time(message, 15, metric.created);
            for exemplar in metric.exemplars.iter().filter(|one| one.bucket.is_none()) {
                message.message(16, |message| write_exemplar(message, exemplar));
            }
        }),
    }
    if let Some(timestamp) = metric.timestamp {
        message.varint(6, timestamp.cast_unsigned());
    }
}

fn write_number(message: &mut Message, metric_type: MetricType, metric: &Metric, value: f64) {
    let field = match metric_type {
        MetricType::Counter => 3,
        MetricType::Gauge | MetricType::Info | MetricType::StateSet => 2,
        _ => 5,
    };
    message.message(field, |message| {
        message.double(1, value);
        if metric_type == MetricType::Counter {
            if let Some(exemplar) = metric.exemplars.first() {
                message.message(2, |message| write_exemplar(message, exemplar));
            }
            write_time(message, 3, metric.created);
        }
    });
}

/// The buckets; one without a bound is added only for its exemplar, for readers know its count.
fn write_buckets(message: &mut Message, metric: &Metric, buckets: &[(f64, f64)], count: f64) {
    let exemplar_of = |bound: f64| {
        let mut exemplars = metric.exemplars.iter();
        exemplars.find(move |exemplar| exemplar.bucket == Some(bound))
    };
    let finite = buckets.iter().filter(|(bound, _)| *bound < f64::INFINITY);
    let last = (f64::INFINITY, count);
    let infinite = exemplar_of(f64::INFINITY).map(|_| &last);
    for &(bound, count) in finite.chain(infinite) {
        message.message(3, |message| {
            write_count(message, (1, 4), count);
            message.double(2, bound);
            if let Some(exemplar) = exemplar_of(bound) {
                message.message(3, |message| write_exemplar(message, exemplar));
            }
        });
    }
}

/// A histogram of whole counts, if they are; otherwise one of floats.
fn write_native(message: &mut Message, histogram: &Histogram) {
    let sides = [&histogram.positive, &histogram.negative];
    let counts = sides.iter().flat_map(|side| &side.counts);
    let own = [&histogram.count, &histogram.zero_count];
    let is_whole = counts.chain(own).all(|count| is_whole(*count));
    let (count, zero_count) = match is_whole {
        true => {
            message.varint(1, histogram.count as u64);
            message.varint(7, histogram.zero_count as u64);
            (None, None)
        }
        false => (Some(histogram.count), Some(histogram.zero_count)),
    };
    message.double(2, histogram.sum);
    for (field, count) in [(4, count), (8, zero_count)] {
        if let Some(count) = count {
            message.double(field, count);
        }
    }
    message.varint(5, zigzag(i64::from(histogram.schema)));
    message.double(6, histogram.zero_threshold);
    write_side(message, (9, 10, 11), &histogram.negative, is_whole);
    write_side(message, (12, 13, 14), &histogram.positive, is_whole);
    // By these readers know it; a count of zeros that is no whole number says nothing to them.
    let is_known = sides.iter().any(|side| !side.spans.is_empty())
        || histogram.zero_threshold > 0.0
        || (is_whole && histogram.zero_count > 0.0);
    if !is_known {
        // Without an empty span, readers would take it for a classic one.
        write_span(message, 12, Span::default());
    }
}

/// Fields are those of spans, of differences of whole counts, and of counts.
fn write_side(message: &mut Message, fields: (u64, u64, u64), side: &Buckets, is_whole: bool) {
    for &span in side.spans.iter() {
        write_span(message, fields.0, span);
    }
    if side.counts.is_empty() {
        return;
    }
    if is_whole {
        message.message(fields.1, |message| {
            let mut before = 0_i64;
            for &count in &side.counts {
                let count = count as i64;
                push_varint(&mut message.0, zigzag(count.wrapping_sub(before)));
                before = count;
            }
        });
    } else {
        message.message(fields.2, |message| {
            for count in &side.counts {
                message.0.extend_from_slice(&count.to_le_bytes());
            }
        });
    }
}

fn write_span(message: &mut Message, field: u64, span: Span) {
    message.message(field, |message| {
        message.varint(1, zigzag(i64::from(span.offset)));
        message.varint(2, u64::from(span.length));
    });
}

/// A count in the first field if it is whole, otherwise in the second.
fn write_count(message: &mut Message, (whole, float): (u64, u64), count: f64) {
    if is_whole(count) {
        message.varint(whole, count as u64);
    } else {
        message.double(float, count);
    }
}

fn is_whole(count: f64) -> bool {
    (0.0..WHOLE).contains(&count) && count.fract() == 0.0
}

fn write_exemplar(message: &mut Message, exemplar: &MetricExemplar) {
    for (name, value) in &exemplar.labels {
        message.message(1, |message| {
            message.text(1, name);
            message.text(2, value);
        });
    }
    message.double(2, exemplar.value);
    write_time(message, 3, exemplar.timestamp);
}

fn write_time(message: &mut Message, field: u64, millis: Option<i64>) {
    if let Some(millis) = millis {
        message.message(field, |message| {
            let nanos = millis.rem_euclid(1000) * NANOS_PER_MILLI;
            message.varint(1, millis.div_euclid(1000).cast_unsigned());
            message.varint(2, nanos.cast_unsigned());
        });
    }
}

/// A message on its way.
#[derive(Default)]
struct Message(Vec<u8>);

impl Message {
    fn varint(&mut self, field: u64, value: u64) {
        push_varint(&mut self.0, field << 3);
        push_varint(&mut self.0, value);
    }

    fn double(&mut self, field: u64, value: f64) {
        push_varint(&mut self.0, field << 3 | 1);
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    fn text(&mut self, field: u64, text: &str) {
        if !text.is_empty() {
            push_varint(&mut self.0, field << 3 | 2);
            push_varint(&mut self.0, text.len() as u64);
            self.0.extend_from_slice(text.as_bytes());
        }
    }

    /// A message inside: its length is known only behind it, and put in front then.
    fn message(&mut self, field: u64, write: impl FnOnce(&mut Self)) {
        push_varint(&mut self.0, field << 3 | 2);
        let start = self.0.len();
        write(self);
        let mut length = Vec::with_capacity(5);
        push_varint(&mut length, (self.0.len() - start) as u64);
        self.0.splice(start..start, length);
    }
}

fn push_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// A signed number with its sign in the last bit.
const fn zigzag(value: i64) -> u64 {
    (value << 1 ^ value >> 63).cast_unsigned()
}

const NANOS_PER_MILLI: i64 = 1_000_000;
/// Whole numbers below this are exact in a double: 2^53.
const WHOLE: f64 = 9_007_199_254_740_992.0;
