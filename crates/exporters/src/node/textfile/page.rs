//! A page that somebody wrote, as families: samples of histograms and summaries put together.

use std::collections::HashMap;

use exposition::parse::{Entry, Sample, TextParser, parse_series_labels, unescape};
use model::family::Text;
use model::label::{BUCKET, METRIC_NAME, QUANTILE};
use model::{LabelsBuilder, Metric, MetricFamily, MetricType, MetricValue};

/// A family of a page. The help text is beside it: whether there is one matters.
#[derive(Debug)]
pub(super) struct WrittenFamily {
    pub(super) family: MetricFamily,
    pub(super) help: Option<String>,
}

/// Reads a page. Upstream refuses it whole if one line is wrong or has a timestamp, or if one metric
/// has two types or help texts.
pub(super) fn parse(bytes: &[u8]) -> Result<Vec<WrittenFamily>, String> {
    let mut page = Page::default();
    let mut parser = TextParser::new(bytes);
    while let Some(entry) = parser.next_entry().map_err(|error| error.to_string())? {
        match entry {
            Entry::Type { name, metric_type } => page.set_type(&text(name), metric_type)?,
            Entry::Help { name, text: help } => page.set_help(&text(name), help)?,
            Entry::Series(sample) => page.add(&sample)?,
            Entry::Unit { .. } | Entry::Comment(_) => {}
        }
    }
    Ok(page.finish())
}

fn text(name: &[u8]) -> String {
    unescape(&String::from_utf8_lossy(name)).into_owned()
}

#[derive(Debug, Default)]
struct Page {
    families: Vec<WrittenFamily>,
    /// Places of the families by name.
    places: HashMap<String, usize>,
    /// Names whose type a line has told.
    typed: HashMap<String, MetricType>,
    builder: LabelsBuilder,
}

/// Labels of a sample, ascending, without the metric's name.
type Labels = Vec<(Text, Text)>;

impl Page {
    fn set_type(&mut self, name: &str, metric_type: MetricType) -> Result<(), String> {
        if self.typed.insert(name.to_owned(), metric_type).is_some() {
            return Err(format!("second TYPE line for metric name {name:?}"));
        }
        let family = &mut self.family(name).family;
        if !family.metrics.is_empty() {
            return Err(format!(
                "TYPE reported after samples for metric name {name:?}"
            ));
        }
        family.metric_type = metric_type;
        Ok(())
    }

    /// An empty help text is none.
    fn set_help(&mut self, name: &str, help: &str) -> Result<(), String> {
        if help.is_empty() {
            return Ok(());
        }
        let family = self.family(name);
        match family.help.replace(unescape(help).into_owned()) {
            None => Ok(()),
            Some(_) => Err(format!("second HELP line for metric name {name:?}")),
        }
    }

    fn add(&mut self, sample: &Sample<'_>) -> Result<(), String> {
        if sample.timestamp.is_some() {
            return Err("contains unsupported client-side timestamps, skipping entire file".into());
        }
        self.builder.clear();
        parse_series_labels(sample.series, MetricType::Unknown, &mut self.builder)
            .map_err(|error| error.to_string())?;
        if self.builder.has_duplicates() {
            return Err("a label name occurs twice".to_owned());
        }
        let mut labels: Labels = Vec::new();
        let mut name = String::new();
        for (label, value) in self.builder.iter() {
            match label {
                METRIC_NAME => value.clone_into(&mut name),
                _ => labels.push((label.to_owned().into(), value.to_owned().into())),
            }
        }
        match self.part_of(&name) {
            Some((base, part)) => self.add_part(&base, part, labels, sample.value),
            None => {
                let metric = Metric::new(labels, MetricValue::Number(sample.value));
                self.family(&name).family.metrics.push(metric);
                Ok(())
            }
        }
    }

    /// The histogram or summary that a sample is part of, and which part.
    fn part_of(&self, name: &str) -> Option<(String, Part)> {
        let is = |base: &str, wanted: MetricType| self.typed.get(base) == Some(&wanted);
        if is(name, MetricType::Summary) {
            return Some((name.to_owned(), Part::Quantile));
        }
        for (suffix, part) in [("_sum", Part::Sum), ("_count", Part::Count)] {
            let base = name.strip_suffix(suffix).unwrap_or_default();
            if is(base, MetricType::Summary) || is(base, MetricType::Histogram) {
                return Some((base.to_owned(), part));
            }
        }
        let base = name.strip_suffix("_bucket")?;
        is(base, MetricType::Histogram).then(|| (base.to_owned(), Part::Bucket))
    }

    fn add_part(
        &mut self,
        base: &str,
        part: Part,
        mut labels: Labels,
        value: f64,
    ) -> Result<(), String> {
        let bound = match part {
            Part::Bucket => Some(take_number(&mut labels, BUCKET)?),
            Part::Quantile => Some(take_number(&mut labels, QUANTILE)?),
            Part::Sum | Part::Count => None,
        };
        let family = &mut self.family(base).family;
        let empty = match family.metric_type {
            MetricType::Summary => empty_summary(),
            _ => empty_histogram(),
        };
        let known = family
            .metrics
            .iter()
            .position(|metric| metric.labels == labels);
        let at = known.unwrap_or_else(|| {
            family.metrics.push(Metric::new(labels, empty));
            family.metrics.len() - 1
        });
        if let Some(metric) = family.metrics.get_mut(at) {
            set_part(&mut metric.value, part, bound.unwrap_or_default(), value);
        }
        Ok(())
    }

    fn family(&mut self, name: &str) -> &mut WrittenFamily {
        let at = *self.places.entry(name.to_owned()).or_insert_with(|| {
            let family = MetricFamily::new(name.to_owned(), "", MetricType::Unknown);
            self.families.push(WrittenFamily { family, help: None });
            self.families.len() - 1
        });
        self.families
            .get_mut(at)
            .expect("places are of families that were pushed")
    }

    /// Families that have metrics, each of whose metrics has all labels of the family.
    fn finish(mut self) -> Vec<WrittenFamily> {
        self.families
            .retain(|written| !written.family.metrics.is_empty());
        for written in &mut self.families {
            complete_labels(&mut written.family);
            written.family.metrics.iter_mut().for_each(sort_bounds);
        }
        self.families
    }
}

/// A sample's part in a histogram or summary.
#[derive(Clone, Copy, Debug)]
enum Part {
    Bucket,
    Quantile,
    Sum,
    Count,
}

fn empty_summary() -> MetricValue {
    MetricValue::Summary {
        quantiles: Vec::new(),
        sum: 0.0,
        count: 0.0,
    }
}

fn empty_histogram() -> MetricValue {
    MetricValue::Histogram {
        buckets: Vec::new(),
        sum: 0.0,
        count: 0.0,
    }
}

fn set_part(metric: &mut MetricValue, part: Part, bound: f64, value: f64) {
    let (bounds, sum, count) = match metric {
        MetricValue::Number(_) | MetricValue::NativeHistogram { .. } => return,
        MetricValue::Histogram {
            buckets: bounds,
            sum,
            count,
        } => (bounds, sum, count),
        MetricValue::Summary {
            quantiles: bounds,
            sum,
            count,
        } => (bounds, sum, count),
    };
    match part {
        Part::Bucket | Part::Quantile => bounds.push((bound, value)),
        Part::Sum => *sum = value,
        Part::Count => *count = value,
    }
}

fn sort_bounds(metric: &mut Metric) {
    match &mut metric.value {
        MetricValue::Number(_) | MetricValue::NativeHistogram { .. } => {}
        MetricValue::Histogram {
            buckets: bounds, ..
        }
        | MetricValue::Summary {
            quantiles: bounds, ..
        } => {
            bounds.sort_by(|a, b| a.0.total_cmp(&b.0));
        }
    }
}

/// Takes out the label that is a number: the bound of a bucket, or the quantile. Upstream takes a
/// sample without one as of 0.
fn take_number(labels: &mut Labels, name: &str) -> Result<f64, String> {
    let Some(at) = labels.iter().position(|(label, _)| label == name) else {
        return Ok(0.0);
    };
    let (_, value) = labels.remove(at);
    let number = value.parse();
    number.map_err(|_| format!("expected float as value for {name:?} label, got {value:?}"))
}

/// Gives each metric all labels that any of them has, so that the family is of one shape.
fn complete_labels(family: &mut MetricFamily) {
    let labels = family.metrics.iter().flat_map(|metric| &metric.labels);
    let mut names: Vec<Text> = labels.map(|(name, _)| name.clone()).collect();
    names.sort_unstable();
    names.dedup();
    for metric in &mut family.metrics {
        if metric.labels.len() < names.len() {
            for name in &names {
                if !metric.labels.iter().any(|(known, _)| known == name) {
                    metric.labels.push((name.clone(), Text::Borrowed("")));
                }
            }
            metric.labels.sort_unstable();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(page: &str) -> String {
        let families: Vec<_> = match parse(page.as_bytes()) {
            Ok(families) => families.into_iter().map(|written| written.family).collect(),
            Err(problem) => return format!("! {problem}"),
        };
        let mut out = Vec::new();
        exposition::encode::encode_text(&crate::gather::merge(families), &mut out);
        let text = String::from_utf8(out).unwrap();
        let is_sample = |line: &&str| !line.starts_with('#');
        text.lines()
            .filter(is_sample)
            .map(|line| line.to_owned() + "\n")
            .collect()
    }

    #[test]
    fn parts_of_histograms_and_summaries_come_together() {
        let histogram = "# TYPE h histogram\nh_bucket{a=\"1\",le=\"+Inf\"} 3\n\
                         h_bucket{le=\"0.5\",a=\"1\"} 2\nh_sum{a=\"1\"} 1.5\nh_count{a=\"1\"} 3\n";
        assert_eq!(
            rendered(histogram),
            "h_bucket{a=\"1\",le=\"0.5\"} 2\nh_bucket{a=\"1\",le=\"+Inf\"} 3\n\
             h_sum{a=\"1\"} 1.5\nh_count{a=\"1\"} 3\n"
        );
        let summary = "# TYPE s summary\ns{quantile=\"0.9\"} 2\ns_sum 5\ns_count 4\n";
        assert_eq!(
            rendered(summary),
            "s{quantile=\"0.9\"} 2\ns_sum 5\ns_count 4\n"
        );
        // Without their type they are numbers of their own.
        assert_eq!(rendered("h_sum 1\nh_count 2\n"), "h_count 2\nh_sum 1\n");
    }

    #[test]
    fn all_metrics_of_a_family_have_the_same_labels() {
        assert_eq!(
            rendered("m{b=\"2\"} 1\nm{a=\"1\"} 2\nm 3\n"),
            "m{a=\"\",b=\"\"} 3\nm{a=\"\",b=\"2\"} 1\nm{a=\"1\",b=\"\"} 2\n"
        );
    }

    #[test]
    fn pages_that_are_wrong_say_why() {
        for (page, problem) in [
            ("m{a=\"1\",a=\"2\"} 1\n", "! a label name occurs twice"),
            (
                "# TYPE h histogram\nh_bucket{le=\"x\"} 1\n",
                "! expected float as value for \"le\" label, got \"x\"",
            ),
            (
                "m 1\n# TYPE m gauge\n",
                "! TYPE reported after samples for metric name \"m\"",
            ),
        ] {
            assert_eq!(rendered(page), problem);
        }
        assert!(rendered("m one\n").starts_with("! line 1: "));
    }
}
