//! Metric families as delimited protobuf messages (`io.prometheus.client.MetricFamily`), read
//! metric by metric from the bytes of the page.
//!
//! A family's messages are not taken apart before they are asked for, texts are borrowed, and lists
//! have a limit ([`MAX_PARTS`]), so that a page takes little memory beside itself whatever it says.

mod metric;

use model::MetricType;
use model::quote::quoted;

use super::error::{ParseError, Problem};
use super::wire::{Fields, take_varint};

pub(super) use metric::{ExemplarMessage, Metric};

/// Reads a page metric by metric.
#[derive(Clone, Debug)]
pub(super) struct ProtobufReader<'a> {
    rest: &'a [u8],
    family: Family<'a>,
    /// What is left of the family's fields.
    fields: Fields<'a>,
}

/// What a family says of all its metrics.
#[derive(Clone, Copy, Debug)]
pub(super) struct Family<'a> {
    pub(super) name: &'a str,
    pub(super) help: &'a str,
    pub(super) unit: &'a str,
    pub(super) metric_type: MetricType,
}

impl<'a> ProtobufReader<'a> {
    pub(super) const fn new(page: &'a [u8]) -> Self {
        Self {
            rest: page,
            family: Family {
                name: "",
                help: "",
                unit: "",
                metric_type: MetricType::Unknown,
            },
            fields: Fields::of(&[]),
        }
    }

    /// Reads the next metric; false at the end of the page.
    pub(super) fn next_metric(&mut self, metric: &mut Metric<'a>) -> Result<bool, ParseError> {
        self.read(metric).map_err(|(problem, excerpt)| ParseError {
            line: 0,
            problem,
            excerpt,
        })
    }

    /// The family of the last metric.
    pub(super) const fn family(&self) -> &Family<'a> {
        &self.family
    }

    fn read(&mut self, metric: &mut Metric<'a>) -> Result<bool, (Problem, String)> {
        metric.is_first = false;
        loop {
            while let Some((number, payload)) = self.fields.next().map_err(plain)? {
                if number == family_field::METRIC {
                    let message = payload.bytes().map_err(plain)?;
                    metric.read(message, self.family.metric_type)?;
                    return Ok(true);
                }
            }
            let Some(message) = take_message(&mut self.rest).map_err(plain)? else {
                return Ok(false);
            };
            self.family = Family::read(message)?;
            self.fields = Fields::of(message);
            metric.is_first = true;
        }
    }
}

impl<'a> Family<'a> {
    /// Reads everything but the metrics. A family that has none is not checked, as upstream.
    fn read(message: &'a [u8]) -> Result<Self, (Problem, String)> {
        let (mut name, mut help, mut unit): (&[u8], &[u8], &[u8]) = (b"", b"", b"");
        let (mut kind, mut has_metrics) = (0, false);
        let mut fields = Fields::of(message);
        while let Some((number, payload)) = fields.next().map_err(plain)? {
            match number {
                family_field::NAME => name = payload.bytes().map_err(plain)?,
                family_field::HELP => help = payload.bytes().map_err(plain)?,
                family_field::UNIT => unit = payload.bytes().map_err(plain)?,
                family_field::TYPE => kind = payload.varint().map_err(plain)?,
                family_field::METRIC => has_metrics = true,
                _ => {}
            }
        }
        let shown = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let name = match std::str::from_utf8(name) {
            Ok(name) if !name.is_empty() || !has_metrics => name,
            _ => return Err((Problem::InvalidMetricName, format!(": {}", shown(name)))),
        };
        let help = std::str::from_utf8(help).map_err(|_| {
            let help = format!(" {}: {}", quoted(name), shown(help));
            (Problem::InvalidHelp, help)
        })?;
        // As upstream, the name need not say the unit.
        let unit = std::str::from_utf8(unit).unwrap_or_default();
        let Some(metric_type) = metric_type(kind) else {
            let kind = format!(" {}: {kind}", quoted(name));
            return Err((Problem::UnknownType, kind));
        };
        Ok(Self {
            name,
            help,
            unit,
            metric_type,
        })
    }
}

const fn metric_type(kind: u64) -> Option<MetricType> {
    Some(match kind {
        0 => MetricType::Counter,
        1 => MetricType::Gauge,
        2 => MetricType::Summary,
        3 => MetricType::Unknown,
        4 => MetricType::Histogram,
        5 => MetricType::GaugeHistogram,
        _ => return None,
    })
}

/// The next message of the page, which stands behind its length.
fn take_message<'a>(rest: &mut &'a [u8]) -> Result<Option<&'a [u8]>, Problem> {
    if rest.is_empty() {
        return Ok(None);
    }
    let got = rest.len();
    let mut after = *rest;
    let length = take_varint(&mut after).map_err(|_| Problem::InvalidLength)?;
    let header = got - after.len();
    if header > LENGTH_BYTES {
        return Err(Problem::InvalidLength);
    }
    let length = usize::try_from(length).map_err(|_| Problem::InvalidLength)?;
    let Some((message, behind)) = after.split_at_checked(length) else {
        let expected = header.saturating_add(length);
        return Err(Problem::MessageTruncated { expected, got });
    };
    *rest = behind;
    Ok(Some(message))
}

fn plain(problem: Problem) -> (Problem, String) {
    (problem, String::new())
}

/// Buckets, spans, quantiles, labels and exemplars that one metric may have, each: far more than any
/// has that is meant, and what a page of nothing else takes in memory stays within the page's size.
const MAX_PARTS: usize = 1 << 16;
/// Bytes that the length of a message may take: those of a number of 32 bits.
const LENGTH_BYTES: usize = 5;

/// Numbers of a family's fields.
mod family_field {
    pub(super) const NAME: u64 = 1;
    pub(super) const HELP: u64 = 2;
    pub(super) const TYPE: u64 = 3;
    pub(super) const METRIC: u64 = 4;
    pub(super) const UNIT: u64 = 5;
}
