//! The series of a page, known by their text.

use exposition::parse::{OpenMetricsParser, ParseError, Sample, parse_series_labels};
use hashbrown::HashTable;
use model::{Labels, LabelsBuilder, MetricType};

/// Every series that the page has named so far. Its number is its place.
#[derive(Debug, Default)]
pub(super) struct Known {
    series: Vec<Series>,
    /// Texts by their hash, each with the number of its series: one series may be spelt in several
    /// ways.
    texts: Vec<Text>,
    by_text: HashTable<u32>,
    by_labels: HashTable<u32>,
    builder: LabelsBuilder,
}

#[derive(Debug)]
struct Text {
    bytes: Box<[u8]>,
    series: u32,
    /// The text that followed when this one was met last. Pages repeat themselves: it mostly
    /// follows again.
    next: u32,
}

/// A series, and where its latest sample went.
#[derive(Debug)]
pub(super) struct Series {
    pub(super) labels: Labels,
    /// Why its samples are refused.
    pub(super) problem: Option<Box<str>>,
    /// Number of the span that got its latest sample, and the row there.
    pub(super) place: (u32, u32),
}

impl Known {
    pub(super) fn get(&self, series: u32) -> Option<&Series> {
        self.series.get(series as usize)
    }

    pub(super) fn get_mut(&mut self, series: u32) -> Option<&mut Series> {
        self.series.get_mut(series as usize)
    }

    /// Reads a sample of the series that followed the text `last` before, if it does again.
    /// Returns the text and its series.
    #[inline]
    pub(super) fn take_expected<'p>(
        &self,
        last: u32,
        parser: &mut OpenMetricsParser<'p>,
    ) -> Result<Option<(u32, u32, Sample<'p>)>, ParseError> {
        let next = self.texts.get(last as usize).map_or(NONE, |text| text.next);
        let Some(text) = self.texts.get(next as usize) else {
            return Ok(None);
        };
        let sample = parser.take_expected(&text.bytes)?;
        Ok(sample.map(|sample| (next, text.series, sample)))
    }

    /// The text `bytes`, which follows the text `last`, and its series. Both may be new.
    pub(super) fn find(
        &mut self,
        bytes: &[u8],
        metric_type: MetricType,
        extra: &[(&str, &str)],
        last: u32,
    ) -> (u32, u32) {
        let hash = rapidhash::v3::rapidhash_v3(bytes);
        let is_it = |&number: &u32| {
            let text = self.texts.get(number as usize);
            text.is_some_and(|text| *text.bytes == *bytes)
        };
        let text = match self.by_text.find(hash, is_it) {
            Some(&number) => number,
            None => self.insert(bytes, hash, metric_type, extra),
        };
        if let Some(before) = self.texts.get_mut(last as usize) {
            before.next = text;
        }
        let series = self
            .texts
            .get(text as usize)
            .map_or(NONE, |text| text.series);
        (text, series)
    }

    fn insert(
        &mut self,
        bytes: &[u8],
        hash: u64,
        metric_type: MetricType,
        extra: &[(&str, &str)],
    ) -> u32 {
        let (labels, problem) = self.read(bytes, metric_type, extra);
        let labels_hash = labels.fingerprint().get();
        let is_it = |&number: &u32| {
            let series = self.series.get(number as usize);
            series.is_some_and(|one| one.labels == labels && one.problem == problem)
        };
        let series = match self.by_labels.find(labels_hash, is_it) {
            Some(&number) => number,
            None => {
                let number = number_of(self.series.len());
                self.series.push(Series {
                    labels,
                    problem,
                    place: (NONE, 0),
                });
                let series = &self.series;
                let rehash = |&number: &u32| {
                    let series = series.get(number as usize);
                    series.map_or(0, |series| series.labels.fingerprint().get())
                };
                self.by_labels.insert_unique(labels_hash, number, rehash);
                number
            }
        };
        let number = number_of(self.texts.len());
        self.texts.push(Text {
            bytes: bytes.into(),
            series,
            next: NONE,
        });
        let texts = &self.texts;
        let rehash = |&number: &u32| {
            let text = texts.get(number as usize);
            text.map_or(0, |text| rapidhash::v3::rapidhash_v3(&text.bytes))
        };
        self.by_text.insert_unique(hash, number, rehash);
        number
    }

    fn read(
        &mut self,
        bytes: &[u8],
        metric_type: MetricType,
        extra: &[(&str, &str)],
    ) -> (Labels, Option<Box<str>>) {
        let builder = &mut self.builder;
        builder.clear();
        if let Err(error) = parse_series_labels(bytes, metric_type, builder) {
            return (Labels::empty(), Some(error.to_string().into()));
        }
        for (name, value) in extra {
            builder.set(name, value);
        }
        let mut problem = None;
        if builder.has_duplicates() {
            // They are sorted by now.
            let names: Vec<&str> = builder.iter().map(|(name, _)| name).collect();
            let twice = names.windows(2).find(|pair| pair.first() == pair.last());
            let name = twice.and_then(|pair| pair.first()).unwrap_or(&"");
            problem = Some(format!("label name \"{name}\" is not unique: invalid sample").into());
        }
        (builder.build(), problem)
    }
}

fn number_of(place: usize) -> u32 {
    u32::try_from(place).expect("memory ends before four billion series")
}

/// The number of no text, no series and no span.
pub(super) const NONE: u32 = u32::MAX;
