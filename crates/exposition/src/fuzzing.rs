//! What must hold of any page whatever: the entry points of `fuzz/`, and of the replay of its corpus.
//!
//! Each function panics where something does not hold.

use model::{Labels, LabelsBuilder, MetricValue};

use crate::Format;
use crate::encode;
use crate::parse::{
    self, DetailOptions, DetailValue, DetailedParser, Entry, OpenMetricsParser, PageParser,
    TextParser, parse_series_labels,
};

/// Reads a page of Prometheus' text format in every way that there is.
pub fn text(page: &[u8]) {
    lines(PageParser::Text(TextParser::new(page)), page);
    details(page, Format::Text);
}

/// The same of an OpenMetrics page.
pub fn openmetrics(page: &[u8]) {
    lines(PageParser::OpenMetrics(OpenMetricsParser::new(page)), page);
    details(page, Format::OpenMetrics);
}

/// The same of protobuf.
pub fn protobuf(page: &[u8]) {
    details(page, Format::Protobuf);
}

/// Entries stand one behind the other, and a page that is expected to be as it is, is.
fn lines(mut parser: PageParser<'_>, page: &[u8]) {
    let mut again = parser.clone();
    let mut segment_start = 0;
    loop {
        let before = parser.position();
        let entry = match parser.next_entry() {
            Ok(Some(entry)) => entry,
            Ok(None) | Err(_) => return,
        };
        assert!(before < parser.position(), "an entry takes at least a byte");
        let Entry::Series(sample) = entry else {
            continue;
        };
        let mut labels = LabelsBuilder::new();
        let read = parse_series_labels(sample.series, model::MetricType::Histogram, &mut labels);
        assert_eq!(read, Ok(()), "a series that was parsed has labels");
        let segment = page
            .get(segment_start..sample.series_end)
            .unwrap_or_default();
        segment_start = parser.position();
        if let Some(number) = again.clone().take_number(segment.len()) {
            assert_eq!(number.to_bits(), sample.value.to_bits());
            assert_eq!((sample.timestamp, sample.exemplar), (None, None));
        }
        let expected = again.take_expected(segment).expect("the same line again");
        match expected {
            Some(expected) => {
                assert_eq!(expected.value.to_bits(), sample.value.to_bits());
                assert_eq!(expected.timestamp, sample.timestamp);
                assert_eq!(again.position(), parser.position());
            }
            // A tab in place of the blank, say: the long way finds the same.
            None => again = parser.clone(),
        }
    }
}

/// Whatever is wanted of a page, its samples are series; and all that families of it say comes back
/// from protobuf.
fn details(page: &[u8], format: Format) {
    for bits in 0..16 {
        let options = DetailOptions {
            native_histograms: bits & 1 > 0,
            keeps_classic: bits & 2 > 0,
            converts_classic: bits & 4 > 0,
            start_timestamps: bits & 8 > 0,
        };
        let Ok(mut parser) = DetailedParser::new(page, format, options) else {
            continue;
        };
        while let Ok(Some(sample)) = parser.next_sample() {
            let mut labels = LabelsBuilder::new();
            let read = parse_series_labels(sample.series(), sample.metric_type, &mut labels);
            assert_eq!(read, Ok(()), "a sample has a series");
            if let DetailValue::Histogram { histogram, .. } = &sample.value
                && histogram.validate().is_ok()
            {
                let mut coarse = (**histogram).clone();
                coarse.reduce_resolution(histogram.schema.saturating_sub(1));
            }
        }
    }
    if let Ok(families) = parse::families(page, format) {
        drop(crate::lint::lint(&families));
        // The text format has no times before 1970.
        let is_old = |metric: &model::Metric| metric.timestamp.is_some_and(|time| time < 0);
        let has_old = families
            .iter()
            .any(|family| family.metrics.iter().any(is_old));
        let formats = [Format::OpenMetrics, Format::Protobuf, Format::Text];
        for format in formats.into_iter().take(if has_old { 2 } else { 3 }) {
            let mut encoded = Vec::new();
            encode::encode(format, &families, &mut encoded);
            let again = parse::families(&encoded, format);
            let again = again.expect("what we write can be read");
            if format == Format::Protobuf {
                assert_eq!(names(&again), names(&families));
            }
        }
    }
}

/// Names and labels of all metrics that have a value in protobuf, too.
fn names(families: &[model::MetricFamily]) -> Vec<(String, Labels)> {
    let metrics = families.iter().flat_map(|family| {
        let plain = family.metrics.iter().filter(|metric| match &metric.value {
            MetricValue::Number(_) => encode::protobuf::has_place(family.metric_type, metric),
            MetricValue::Histogram { .. } | MetricValue::Summary { .. } => true,
            MetricValue::NativeHistogram { .. } => false,
        });
        plain.map(|metric| {
            let labels = metric
                .labels
                .iter()
                .map(|(name, value)| (&**name, &**value));
            (family.name.clone().into_owned(), Labels::from_pairs(labels))
        })
    });
    let mut names: Vec<_> = metrics.collect();
    names.sort();
    names.dedup();
    names
}

#[cfg(test)]
#[allow(
    clippy::disallowed_methods,
    reason = "the corpus is read as it lies in the repository"
)]
mod tests {
    use std::path::Path;

    type Check = fn(&[u8]);

    #[test]
    fn the_corpus_holds() {
        let targets: [(&str, Check); 3] = [
            ("text", super::text),
            ("openmetrics", super::openmetrics),
            ("protobuf", super::protobuf),
        ];
        for (target, check) in targets {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
            let mut inputs = 0;
            for entry in std::fs::read_dir(folder.join(target)).unwrap() {
                check(&std::fs::read(entry.unwrap().path()).unwrap());
                inputs += 1;
            }
            assert!(inputs >= 3, "{target} has {inputs} inputs");
        }
    }
}
