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
        for metric in &family.metrics {
            samples(&mut writer, family, metric);
        }
    }
    writer.raw("# EOF\n");
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
            end(writer, metric);
        }
        MetricValue::Histogram {
            buckets,
            sum,
            count,
        } => {
            let finite = buckets.iter().filter(|(bound, _)| *bound < f64::INFINITY);
            for &(bound, bucket) in finite.chain([&(f64::INFINITY, *count)]) {
                let bound = writer.number_text(bound);
                series(writer, (name, "_bucket"), metric, Some(("le", &bound)));
                writer.count(bucket);
                end(writer, metric);
            }
            sum_line(writer, metric, (name, sum_suffix), *sum);
            count_line(writer, metric, (name, count_suffix), *count);
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
    if let Some(timestamp) = metric.timestamp {
        let sign = if timestamp < 0 { "-" } else { "" };
        let millis = timestamp.unsigned_abs();
        writer.raw(&format!(" {sign}{}", millis / 1000));
        if !millis.is_multiple_of(1000) {
            writer.raw(&format!(".{:03}", millis % 1000));
        }
    }
    writer.raw("\n");
}
