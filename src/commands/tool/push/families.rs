//! A page in the text format as series to send.

use std::collections::BTreeMap;

use exposition::parse::{Entry, TextParser, parse_series_labels, unescape};
use model::{Labels, LabelsBuilder, MetricType};

/// A series with one sample.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Series {
    pub(super) labels: Labels,
    pub(super) value: f64,
    /// In milliseconds since the Unix epoch.
    pub(super) timestamp: i64,
    /// The family that it belongs to, by its place in the list.
    pub(super) family: Option<usize>,
}

/// What is known of a family.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Family {
    pub(super) name: String,
    pub(super) metric_type: MetricType,
    pub(super) help: String,
}

/// All of a page.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Page {
    pub(super) families: Vec<Family>,
    pub(super) series: Vec<Series>,
}

/// Reads a page. Samples without a time are of `now`; further labels win over those of the page.
pub(super) fn read(page: &[u8], further: &[(String, String)], now: i64) -> Result<Page, String> {
    let mut out = Page::default();
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    let mut parser = TextParser::new(page);
    let mut labels = LabelsBuilder::default();
    loop {
        let entry = parser.next_entry().map_err(|error| error.to_string())?;
        match entry {
            None => return Ok(out),
            Some(Entry::Type { name, metric_type }) => {
                let family = out.family(&mut known, name);
                if let Some(family) = out.families.get_mut(family) {
                    family.metric_type = metric_type;
                }
            }
            Some(Entry::Help { name, text }) => {
                let family = out.family(&mut known, name);
                if let Some(family) = out.families.get_mut(family) {
                    family.help = unescape(text).into_owned();
                }
            }
            Some(Entry::Series(sample)) => {
                labels.clear();
                // Bounds and quantiles are sent as they are written.
                parse_series_labels(sample.series, MetricType::Unknown, &mut labels)
                    .map_err(|error| error.to_string())?;
                let labels = labels.build();
                let name = labels.metric_name().unwrap_or_default();
                let family = family_of(&known, &out.families, name);
                out.series.push(Series {
                    labels: with(&labels, further),
                    value: sample.value,
                    timestamp: sample.timestamp.unwrap_or(now),
                    family,
                });
            }
            Some(Entry::Unit { .. } | Entry::Comment(_)) => {}
        }
    }
}

impl Page {
    fn family(&mut self, known: &mut BTreeMap<String, usize>, name: &[u8]) -> usize {
        let name = String::from_utf8_lossy(name).into_owned();
        *known.entry(name.clone()).or_insert_with(|| {
            self.families.push(Family {
                name,
                metric_type: MetricType::Unknown,
                help: String::new(),
            });
            self.families.len() - 1
        })
    }
}

/// The family that a series belongs to, by its name or by that without its suffix.
fn family_of(known: &BTreeMap<String, usize>, families: &[Family], name: &str) -> Option<usize> {
    if let Some(family) = known.get(name) {
        return Some(*family);
    }
    let base = ["_bucket", "_count", "_sum"]
        .iter()
        .find_map(|suffix| name.strip_suffix(suffix))?;
    let family = known.get(base).copied()?;
    let metric_type = families.get(family)?.metric_type;
    matches!(metric_type, MetricType::Histogram | MetricType::Summary).then_some(family)
}

fn with(labels: &Labels, further: &[(String, String)]) -> Labels {
    let own = labels.iter();
    let kept = own.filter(|(name, _)| !further.iter().any(|(other, _)| other == name));
    let further = further
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    Labels::from_pairs(kept.chain(further).collect::<Vec<_>>())
}
