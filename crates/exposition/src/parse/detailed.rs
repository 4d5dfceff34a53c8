//! Pages of any format with everything that a sample may have beside its value: native histograms,
//! all exemplars, since when it counts; and classic histograms as native ones, where that is wanted.
//!
//! Where a page has no text of a series (protobuf, converted histograms), one is made, so that who
//! remembers pages by their texts need not know. [`PageParser`] is the faster one for pages of plain
//! numbers.

mod convert;
mod families;
mod source;

use std::sync::Arc;

use model::{Histogram, Labels, MetricType};

use super::error::ParseError;
use crate::Format;
use convert::Converter;
use source::Source;

pub use families::families;

/// Reads a page sample by sample.
///
/// ```
/// use exposition::Format;
/// use exposition::parse::{DetailOptions, DetailedParser};
/// let mut parser = DetailedParser::new(b"a 1\n", Format::Text, DetailOptions::default()).unwrap();
/// let sample = parser.next_sample().unwrap().unwrap();
/// assert_eq!(sample.series(), b"a");
/// assert_eq!(parser.next_sample().unwrap(), None);
/// ```
#[derive(Debug)]
pub struct DetailedParser<'a> {
    source: Source<'a>,
    converter: Option<Converter>,
    sample: Detail,
}

/// What is wanted of a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DetailOptions {
    /// Native histograms are read; without it, their classic part is.
    pub native_histograms: bool,
    /// The classic part is read beside the native one, and what is converted is there as it was, too.
    pub keeps_classic: bool,
    /// Classic histograms become native ones with custom buckets.
    pub converts_classic: bool,
    /// Samples are told since when they count; the series `_created` of OpenMetrics end there.
    pub start_timestamps: bool,
}

/// A sample with all that stands beside it.
#[derive(Clone, Debug, PartialEq)]
pub struct Detail {
    /// Comments, the series, a blank.
    text: Vec<u8>,
    series_start: usize,
    /// The kind that the page told of the sample's family.
    pub metric_type: MetricType,
    /// The value.
    pub value: DetailValue,
    /// Explicit timestamp in milliseconds since the Unix epoch.
    pub timestamp: Option<i64>,
    /// Since when the series counts, in milliseconds since the Unix epoch.
    pub start_timestamp: Option<i64>,
    /// Examples of what was counted.
    pub exemplars: Vec<DetailExemplar>,
}

/// What a sample holds.
#[derive(Clone, Debug, PartialEq)]
pub enum DetailValue {
    /// A number; every undefined number but the stale marker has the one set of bits.
    Float(f64),
    /// A native histogram.
    Histogram {
        /// The histogram. Whether its parts go together nobody has checked.
        histogram: Arc<Histogram>,
        /// The counts came as whole numbers, so that they must add up.
        is_whole: bool,
    },
}

/// An example of what was counted.
#[derive(Clone, Debug, PartialEq)]
pub struct DetailExemplar {
    /// What identifies the observation.
    pub labels: Labels,
    /// The value observed.
    pub value: f64,
    /// Milliseconds since the Unix epoch.
    pub timestamp: Option<i64>,
}

impl<'a> DetailedParser<'a> {
    /// A parser at the start of the page.
    ///
    /// # Errors
    /// The page was looked through for start timestamps, and a line is not in order.
    pub fn new(page: &'a [u8], format: Format, options: DetailOptions) -> Result<Self, ParseError> {
        Ok(Self {
            source: Source::new(page, format, options)?,
            converter: options
                .converts_classic
                .then(|| Converter::new(options.keeps_classic)),
            sample: Detail::default(),
        })
    }

    /// Reads the next sample; none at the end of the page.
    ///
    /// # Errors
    /// The page is not in order. It ends there.
    pub fn next_sample(&mut self) -> Result<Option<&Detail>, ParseError> {
        let sample = &mut self.sample;
        let found = match &mut self.converter {
            None => self.source.read(sample)?,
            Some(converter) => converter.read(&mut self.source, sample)?,
        };
        Ok(found.then_some(&self.sample))
    }

    /// Comments behind the last sample, at the end of the page.
    pub fn tail(&self) -> &[u8] {
        self.source.tail()
    }
}

impl Detail {
    /// Comments and series, with a blank behind them.
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// Comments in front of the series: metadata, as OpenMetrics writes it.
    pub fn comments(&self) -> &[u8] {
        self.text.get(..self.series_start).unwrap_or_default()
    }

    /// Name and labels.
    pub fn series(&self) -> &[u8] {
        let end = self.text.len().saturating_sub(1);
        self.text.get(self.series_start..end).unwrap_or_default()
    }

    fn clear(&mut self) {
        self.text.clear();
        self.series_start = 0;
        self.timestamp = None;
        self.start_timestamp = None;
        self.exemplars.clear();
    }
}

impl Default for Detail {
    fn default() -> Self {
        Self {
            text: Vec::new(),
            series_start: 0,
            metric_type: MetricType::Unknown,
            value: DetailValue::Float(0.0),
            timestamp: None,
            start_timestamp: None,
            exemplars: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests;
