//! `io.prometheus.write.v2.Request`, the message of remote write 2.0: texts stand in one table, and
//! everything else has their numbers.

use model::{Metadata, MetricType};

use crate::wire::{Fields, Malformed, Payload, take_varint};
use crate::write_v1::{HistogramSample, histogram, sample};

/// The texts of a request.
#[derive(Debug)]
pub(crate) struct Symbols<'a> {
    /// `None` for one that is not UTF-8.
    texts: Vec<Option<&'a str>>,
}

/// Why numbers of texts lead nowhere. The words are upstream's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SymbolError {
    #[error("invalid labelRefs length {0}")]
    Odd(usize),
    #[error("labelRefs {0} (name) = {1} (value) outside of symbols table (size {2})")]
    Label(u32, u32, usize),
    #[error("metadata {0} {1} outside of symbols table (size {2})")]
    Metadata(&'static str, u32, usize),
    #[error("a text is not UTF-8")]
    NotUtf8,
}

impl<'a> Symbols<'a> {
    /// All texts of a request, wherever in it they stand.
    pub(crate) fn of(request: &'a [u8]) -> Result<Self, Malformed> {
        let mut texts = Vec::new();
        let mut fields = Fields::of(request);
        while let Some((number, payload)) = fields.next()? {
            if number == 4 {
                texts.push(std::str::from_utf8(payload.bytes()?).ok());
            }
        }
        Ok(Self { texts })
    }

    /// Puts the labels of these numbers, names and values in turn, into `pairs`.
    pub(crate) fn labels(
        &self,
        refs: &[u32],
        pairs: &mut Vec<(&'a str, &'a str)>,
    ) -> Result<(), SymbolError> {
        pairs.clear();
        let (label_refs, rest) = refs.as_chunks::<2>();
        if !rest.is_empty() {
            return Err(SymbolError::Odd(refs.len()));
        }
        for &[name, value] in label_refs {
            let outside = || SymbolError::Label(name, value, self.texts.len());
            let texts = (self.get(name), self.get(value));
            let (Some(name), Some(value)) = texts else {
                return Err(outside());
            };
            pairs.push((
                name.ok_or(SymbolError::NotUtf8)?,
                value.ok_or(SymbolError::NotUtf8)?,
            ));
        }
        Ok(())
    }

    pub(crate) fn metadata(&self, refs: MetadataRefs) -> Result<Metadata, SymbolError> {
        let text = |field, number| {
            let outside = SymbolError::Metadata(field, number, self.texts.len());
            let text = self.get(number).ok_or(outside)?;
            text.map(str::to_owned).ok_or(SymbolError::NotUtf8)
        };
        // The table begins with the empty text; a request without metadata may lack the table.
        Ok(match refs == MetadataRefs::default() {
            true => Metadata::default(),
            false => Metadata {
                metric_type: metric_type(refs.kind),
                help: text("help_ref", refs.help)?,
                unit: text("unit_ref", refs.unit)?,
            },
        })
    }

    fn get(&self, number: u32) -> Option<Option<&'a str>> {
        self.texts.get(usize::try_from(number).ok()?).copied()
    }
}

fn metric_type(kind: u64) -> MetricType {
    match kind {
        1 => MetricType::Counter,
        2 => MetricType::Gauge,
        3 => MetricType::Histogram,
        4 => MetricType::GaugeHistogram,
        5 => MetricType::Summary,
        6 => MetricType::Info,
        7 => MetricType::StateSet,
        _ => MetricType::Unknown,
    }
}

/// The series of a request, one after the other.
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
    pub(crate) fn next(&mut self, series: &mut TimeSeries) -> Result<bool, Malformed> {
        while let Some((number, payload)) = self.fields.next()? {
            if number == 5 {
                series.read(payload.bytes()?)?;
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// A series with its samples. One is used for all series of a request, for the sake of its memory.
#[derive(Debug, Default)]
pub(crate) struct TimeSeries {
    pub(crate) label_refs: Vec<u32>,
    /// Times in milliseconds, and values.
    pub(crate) samples: Vec<(i64, f64)>,
    pub(crate) histograms: Vec<HistogramSample>,
    pub(crate) exemplars: Vec<ExemplarRefs>,
    pub(crate) metadata: MetadataRefs,
}

#[derive(Debug, Default)]
pub(crate) struct ExemplarRefs {
    pub(crate) label_refs: Vec<u32>,
    pub(crate) value: f64,
    /// 0 if it has none.
    pub(crate) time: i64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct MetadataRefs {
    kind: u64,
    help: u32,
    unit: u32,
}

impl TimeSeries {
    fn read(&mut self, message: &[u8]) -> Result<(), Malformed> {
        self.label_refs.clear();
        self.samples.clear();
        self.histograms.clear();
        self.exemplars.clear();
        self.metadata = MetadataRefs::default();
        let mut fields = Fields::of(message);
        while let Some((number, payload)) = fields.next()? {
            match number {
                1 => push_refs(&mut self.label_refs, payload)?,
                2 => self.samples.push(sample(payload.bytes()?)?),
                3 => self.histograms.push(histogram(payload.bytes()?)?),
                4 => self.exemplars.push(exemplar(payload.bytes()?)?),
                5 => self.metadata = metadata(payload.bytes()?)?,
                _ => {}
            }
        }
        Ok(())
    }
}

fn exemplar(message: &[u8]) -> Result<ExemplarRefs, Malformed> {
    let mut exemplar = ExemplarRefs::default();
    let mut fields = Fields::of(message);
    while let Some((number, payload)) = fields.next()? {
        match number {
            1 => push_refs(&mut exemplar.label_refs, payload)?,
            2 => exemplar.value = payload.double()?,
            3 => exemplar.time = payload.varint()?.cast_signed(),
            _ => {}
        }
    }
    Ok(exemplar)
}

fn metadata(message: &[u8]) -> Result<MetadataRefs, Malformed> {
    let mut metadata = MetadataRefs::default();
    let mut fields = Fields::of(message);
    while let Some((number, payload)) = fields.next()? {
        match number {
            1 => metadata.kind = payload.varint()?,
            3 => metadata.help = symbol(payload.varint()?)?,
            4 => metadata.unit = symbol(payload.varint()?)?,
            _ => {}
        }
    }
    Ok(metadata)
}

/// Numbers of texts, packed or one by one.
fn push_refs(refs: &mut Vec<u32>, payload: Payload<'_>) -> Result<(), Malformed> {
    if let Payload::Varint(one) = payload {
        refs.push(symbol(one)?);
        return Ok(());
    }
    let mut packed = payload.bytes()?;
    while !packed.is_empty() {
        refs.push(symbol(take_varint(&mut packed)?)?);
    }
    Ok(())
}

fn symbol(number: u64) -> Result<u32, Malformed> {
    u32::try_from(number).map_err(|_| Malformed::because("the number of a text is out of range"))
}
