//! OpenMetrics 1.0 text.

use model::{Metric, MetricFamily, MetricType, MetricValue};

use super::writer::{Pair, Writer};

/// Appends the families as OpenMetrics, with `# EOF` at the end.
///
/// ```
/// use exposition::encode::encode_openmetrics;
/// use model::MetricFamily;
/// let mut page = Vec::new();
/// encode_openmetrics(&[MetricFamily::counter("a_total", "A.", 1.0)], &mut page);
/// assert_eq!(page, b"# HELP a A.\n# TYPE a counter\na_total 1.0\n# EOF\n");
/// ```
pub fn encode_openmetrics(families: &[MetricFamily], out: &mut Vec<u8>) {
    let mut writer = Writer::new(out, true);
    for family in families.iter().filter(|family| !family.metrics.is_empty()) {
        let name = family_name(family);
        writer.raw("# HELP ");
        writer.name(name, "");
        writer.raw(" ");
        writer.help(&family.help);
        writer.raw("\n");
        writer.raw("# TYPE ");
        writer.name(name, "");
        writer.raw(" ");
        writer.raw(type_word(family));
        writer.raw("\n");
        unit(&mut writer, family, name);
        for metric in &family.metrics {
            samples(&mut writer, family, metric);
            created(&mut writer, name, metric);
        }
    }
    writer.raw("# EOF\n");
}

/// The unit, if the family has one and its name says it too, as the format demands.
fn unit(writer: &mut Writer<'_>, family: &MetricFamily, name: &str) {
    let before = name.strip_suffix(&*family.unit).unwrap_or_default();
    if !family.unit.is_empty() && before.ends_with('_') {
        writer.raw("# UNIT ");
        writer.name(name, "");
        writer.raw(" ");
        writer.raw(&family.unit);
        writer.raw("\n");
    }
}

/// Since when the metric counts.
fn created(writer: &mut Writer<'_>, name: &str, metric: &Metric) {
    if let Some(created) = metric.created {
        series(writer, (name, "_created"), metric, None);
        writer.raw(&seconds(created));
        end(writer, metric);
    }
}

/// Name of the family: that of its samples without the suffix that its kind demands of them.
fn family_name(family: &MetricFamily) -> &str {
    let suffix = required_suffix(family.metric_type);
    family.name.strip_suffix(suffix).unwrap_or(&family.name)
}

const fn required_suffix(metric_type: MetricType) -> &'static str {
    match metric_type {
        MetricType::Counter => "_total",
        MetricType::Info => "_info",
        _ => "",
    }
}

/// A counter whose name lacks the suffix cannot be told as one without changing the series' name.
fn type_word(family: &MetricFamily) -> &'static str {
    let suffix = required_suffix(family.metric_type);
    if family.name.ends_with(suffix) {
        family.metric_type.as_str()
    } else {
        MetricType::Unknown.as_str()
    }
}

fn samples(writer: &mut Writer<'_>, family: &MetricFamily, metric: &Metric) {
    let name = &*family.name;
    let (sum_suffix, count_suffix) = match family.metric_type {
        MetricType::GaugeHistogram => ("_gsum", "_gcount"),
        _ => ("_sum", "_count"),
    };
    match &metric.value {
        MetricValue::Number(value) => {
            series(writer, (name, ""), metric, None);
            writer.number(*value);
            end_with_exemplar(writer, metric, None);
        }
        MetricValue::Histogram {
            buckets,
            sum,
            count,
        } => {
            bucket_lines(writer, metric, name, (buckets, *count));
            sum_line(writer, metric, (name, sum_suffix), *sum);
            count_line(writer, metric, (name, count_suffix), *count);
        }
        MetricValue::NativeHistogram { histogram, buckets } => {
            bucket_lines(writer, metric, name, (buckets, histogram.count));
            sum_line(writer, metric, (name, sum_suffix), histogram.sum);
            count_line(writer, metric, (name, count_suffix), histogram.count);
        }
        MetricValue::Summary {
            quantiles,
            sum,
            count,
        } => {
            for &(quantile, value) in quantiles {
                let quantile = writer.number_text(quantile);
                series(writer, (name, ""), metric, Some(("quantile", &quantile)));
                writer.number(value);
                end(writer, metric);
            }
            sum_line(writer, metric, (name, sum_suffix), *sum);
            count_line(writer, metric, (name, count_suffix), *count);
        }
    }
}

fn bucket_lines(
    writer: &mut Writer<'_>,
    metric: &Metric,
    name: &str,
    (buckets, count): (&[(f64, f64)], f64),
) {
    let finite = buckets.iter().filter(|(bound, _)| *bound < f64::INFINITY);
    for &(bound, bucket) in finite.chain([&(f64::INFINITY, count)]) {
        let le = writer.number_text(bound);
        series(writer, (name, "_bucket"), metric, Some(("le", &le)));
        writer.count(bucket);
        end_with_exemplar(writer, metric, Some(bound));
    }
}

fn sum_line(writer: &mut Writer<'_>, metric: &Metric, name: (&str, &str), sum: f64) {
    series(writer, name, metric, None);
    writer.number(sum);
    end(writer, metric);
}

fn count_line(writer: &mut Writer<'_>, metric: &Metric, name: (&str, &str), count: f64) {
    series(writer, name, metric, None);
    writer.count(count);
    end(writer, metric);
}

fn series(writer: &mut Writer<'_>, name: (&str, &str), metric: &Metric, extra: Option<Pair<'_>>) {
    writer.series(name, &metric.labels, extra);
    writer.raw(" ");
}

/// The timestamp in seconds, if there is one, and the end of the line.
fn end(writer: &mut Writer<'_>, metric: &Metric) {
    end_with_exemplar(writer, metric, Some(f64::NAN));
}

/// The same; before it the exemplar of the bucket, or of a counter.
fn end_with_exemplar(writer: &mut Writer<'_>, metric: &Metric, bucket: Option<f64>) {
    if let Some(timestamp) = metric.timestamp {
        writer.raw(" ");
        writer.raw(&seconds(timestamp));
    }
    let mut exemplars = metric.exemplars.iter();
    if let Some(exemplar) = exemplars.find(|exemplar| exemplar.bucket == bucket) {
        writer.raw(" # ");
        writer.series(("", ""), &exemplar.labels, None);
        writer.raw(" ");
        writer.number(exemplar.value);
        if let Some(timestamp) = exemplar.timestamp {
            writer.raw(" ");
            writer.raw(&seconds(timestamp));
        }
    }
    writer.raw("\n");
}

/// Milliseconds as seconds, with as many digits as there are.
fn seconds(millis: i64) -> String {
    let sign = if millis < 0 { "-" } else { "" };
    let millis = millis.unsigned_abs();
    match millis % 1000 {
        0 => format!("{sign}{}", millis / 1000),
        rest => format!("{sign}{}.{rest:03}", millis / 1000),
    }
}
