//! Prometheus' text format, version 0.0.4.

use model::{Metric, MetricFamily, MetricType, MetricValue};

use super::writer::{Pair, Writer};

/// Appends the families as text. Families without metrics are left out, as upstream does.
///
/// ```
/// use exposition::encode::encode_text;
/// use model::MetricFamily;
/// let mut page = Vec::new();
/// encode_text(&[MetricFamily::gauge("up", "Is it?", 1.0)], &mut page);
/// assert_eq!(page, b"# HELP up Is it?\n# TYPE up gauge\nup 1\n");
/// ```
pub fn encode_text(families: &[MetricFamily], out: &mut Vec<u8>) {
    let mut writer = Writer::new(out, false);
    for family in families.iter().filter(|family| !family.metrics.is_empty()) {
        header(&mut writer, family);
        for metric in &family.metrics {
            samples(&mut writer, &family.name, metric);
        }
    }
}

fn header(writer: &mut Writer<'_>, family: &MetricFamily) {
    writer.raw("# HELP ");
    writer.name(&family.name, "");
    writer.raw(" ");
    writer.help(&family.help);
    writer.raw("\n");
    writer.raw("# TYPE ");
    writer.name(&family.name, "");
    writer.raw(" ");
    writer.raw(type_word(family.metric_type));
    writer.raw("\n");
}

/// The format knows five kinds; the others are told as what they look like.
const fn type_word(metric_type: MetricType) -> &'static str {
    match metric_type {
        MetricType::Counter => "counter",
        MetricType::Gauge | MetricType::Info | MetricType::StateSet => "gauge",
        MetricType::Histogram | MetricType::GaugeHistogram => "histogram",
        MetricType::Summary => "summary",
        MetricType::Unknown => "untyped",
    }
}

fn samples(writer: &mut Writer<'_>, name: &str, metric: &Metric) {
    match &metric.value {
        MetricValue::Number(value) => sample(writer, (name, ""), metric, None, *value),
        MetricValue::Histogram {
            buckets,
            sum,
            count,
        } => classic_samples(writer, name, metric, (buckets, *sum, *count)),
        MetricValue::NativeHistogram { histogram, buckets } => {
            let (sum, count) = (histogram.sum, histogram.count);
            classic_samples(writer, name, metric, (buckets, sum, count));
        }
        MetricValue::Summary {
            quantiles,
            sum,
            count,
        } => {
            for &(quantile, value) in quantiles {
                let quantile = writer.number_text(quantile);
                let label = Some(("quantile", quantile.as_str()));
                sample(writer, (name, ""), metric, label, value);
            }
            sample(writer, (name, "_sum"), metric, None, *sum);
            sample(writer, (name, "_count"), metric, None, *count);
        }
    }
}

/// The samples of a histogram: buckets, sum, count.
fn classic_samples(
    writer: &mut Writer<'_>,
    name: &str,
    metric: &Metric,
    (buckets, sum, count): (&[(f64, f64)], f64, f64),
) {
    for &(bound, bucket) in buckets.iter().filter(|(bound, _)| *bound < f64::INFINITY) {
        let bound = writer.number_text(bound);
        let le = Some(("le", bound.as_str()));
        sample(writer, (name, "_bucket"), metric, le, bucket);
    }
    let le = Some(("le", "+Inf"));
    sample(writer, (name, "_bucket"), metric, le, count);
    sample(writer, (name, "_sum"), metric, None, sum);
    sample(writer, (name, "_count"), metric, None, count);
}

fn sample(
    writer: &mut Writer<'_>,
    name: (&str, &str),
    metric: &Metric,
    extra: Option<Pair<'_>>,
    value: f64,
) {
    writer.series(name, &metric.labels, extra);
    writer.raw(" ");
    writer.number(value);
    if let Some(timestamp) = metric.timestamp {
        writer.raw(" ");
        writer.raw(&timestamp.to_string());
    }
    writer.raw("\n");
}
