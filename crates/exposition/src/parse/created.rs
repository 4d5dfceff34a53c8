//! Since when series count, as an OpenMetrics page says it: by `_created` samples beside them.

use std::collections::HashMap;

use model::label::{BUCKET, METRIC_NAME, QUANTILE};
use model::{LabelsBuilder, MetricType};

use super::error::ParseError;
use super::series_text::push_series;
use super::{Entry, OpenMetricsParser, parse_series_labels, unescape};

/// Times of a page by family and labels.
#[derive(Clone, Debug, Default)]
pub(super) struct CreatedTimes {
    /// Milliseconds since the Unix epoch, by the series that the family's metric would have without
    /// suffix, bound and quantile.
    times: HashMap<Vec<u8>, i64>,
    labels: LabelsBuilder,
    key: Vec<u8>,
}

impl CreatedTimes {
    /// Reads all times of a page.
    ///
    /// # Errors
    /// A line is not in order.
    pub(super) fn of_page(page: &[u8]) -> Result<Self, ParseError> {
        let mut created = Self::default();
        let mut parser = OpenMetricsParser::new(page);
        let mut metric_type = MetricType::Unknown;
        while let Some(entry) = parser.next_entry()? {
            match entry {
                Entry::Type {
                    metric_type: told, ..
                } => metric_type = told,
                Entry::Series(sample)
                    if is_created(sample.series, metric_type)
                        && created.find_key(sample.series, metric_type) =>
                {
                    let millis = (sample.value * 1000.0) as i64;
                    created.times.insert(created.key.clone(), millis);
                }
                _ => {}
            }
        }
        Ok(created)
    }

    /// Since when a series of a counter, histogram or summary counts.
    pub(super) fn of(&mut self, series: &[u8], metric_type: MetricType) -> Option<i64> {
        if self.times.is_empty() || suffixes(metric_type).is_empty() {
            return None;
        }
        let found = self.find_key(series, metric_type);
        found.then(|| self.times.get(&self.key).copied()).flatten()
    }

    /// Makes the key of a series; false if it is none.
    fn find_key(&mut self, series: &[u8], metric_type: MetricType) -> bool {
        self.labels.clear();
        if parse_series_labels(series, metric_type, &mut self.labels).is_err() {
            return false;
        }
        // Sorted, so that the order of labels on the page does not matter.
        self.labels.has_duplicates();
        let name = self.labels.get(METRIC_NAME).unwrap_or_default();
        let suffixes = suffixes(metric_type).iter().chain([&CREATED]);
        let base = suffixes
            .filter_map(|suffix| name.strip_suffix(suffix))
            .next()
            .unwrap_or(name);
        let own = |name: &str| !matches!(name, METRIC_NAME | BUCKET | QUANTILE);
        let labels = self.labels.iter().filter(|(name, _)| own(name));
        self.key.clear();
        push_series(&mut self.key, (base, ""), labels, None);
        true
    }
}

/// True if the series says since when others count.
pub(super) fn is_created(series: &[u8], metric_type: MetricType) -> bool {
    if suffixes(metric_type).is_empty() {
        return false;
    }
    let bare = series
        .split(|&byte| byte == b'{')
        .next()
        .unwrap_or_default();
    match bare {
        // A name in quotes stands first between the braces, as far as anybody writes it.
        b"" => {
            let inside = series.get(2..).unwrap_or_default();
            let name = inside
                .split(|&byte| byte == b'"')
                .next()
                .unwrap_or_default();
            std::str::from_utf8(name).is_ok_and(|name| unescape(name).ends_with(CREATED))
        }
        name => name.ends_with(CREATED.as_bytes()),
    }
}

/// What the names of series end with that have a start, by kind.
const fn suffixes(metric_type: MetricType) -> &'static [&'static str] {
    match metric_type {
        MetricType::Counter => &["_total"],
        MetricType::Histogram => &["_bucket", "_count", "_sum"],
        MetricType::Summary => &["_count", "_sum"],
        _ => &[],
    }
}

const CREATED: &str = "_created";
