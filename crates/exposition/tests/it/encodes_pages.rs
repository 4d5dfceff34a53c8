//! Families as pages of both formats, and the way back.

use exposition::Format;
use exposition::encode::encode;
use model::{Metric, MetricFamily, MetricType, MetricValue};

fn families() -> Vec<MetricFamily> {
    let labelled = MetricFamily::new("b_total", "Say \"x\\y\"\nand z.", MetricType::Counter)
        .with(vec![("l".into(), "a\\b\"c\nd".into())], 1.5)
        .with(
            vec![("l".into(), "m".into()), ("n".into(), String::new().into())],
            2e6,
        );
    let mut histogram = MetricFamily::new("h", "H.", MetricType::Histogram);
    let buckets = MetricValue::Histogram {
        buckets: vec![(0.5, 1.0), (2.0, 3.0)],
        sum: 4.5,
        count: 1_234_567.0,
    };
    histogram.metrics.push(Metric {
        timestamp: Some(1_500),
        ..Metric::new(vec![("l".into(), "v".into())], buckets)
    });
    let mut summary = MetricFamily::new("s", "", MetricType::Summary);
    let quantiles = MetricValue::Summary {
        quantiles: vec![(0.5, f64::NAN), (1.0, 7.0)],
        sum: 0.0,
        count: 0.0,
    };
    summary.metrics.push(Metric::new(Vec::new(), quantiles));
    vec![
        labelled,
        MetricFamily::gauge("g.x", "G.", f64::INFINITY),
        histogram,
        summary,
        MetricFamily::new("none", "Nothing.", MetricType::Gauge),
        MetricFamily::new("c", "C.", MetricType::Counter).with(Vec::new(), 3.0),
    ]
}

fn page(format: Format) -> String {
    let mut page = Vec::new();
    encode(format, &families(), &mut page);
    String::from_utf8(page).expect("pages are text")
}

#[test]
fn text_is_what_client_libraries_print() {
    let want = r##"# HELP b_total Say "x\\y"\nand z.
# TYPE b_total counter
b_total{l="a\\b\"c\nd"} 1.5
b_total{l="m",n=""} 2e+06
# HELP "g.x" G.
# TYPE "g.x" gauge
{"g.x"} +Inf
# HELP h H.
# TYPE h histogram
h_bucket{l="v",le="0.5"} 1 1500
h_bucket{l="v",le="2"} 3 1500
h_bucket{l="v",le="+Inf"} 1.234567e+06 1500
h_sum{l="v"} 4.5 1500
h_count{l="v"} 1.234567e+06 1500
# HELP s 
# TYPE s summary
s{quantile="0.5"} NaN
s{quantile="1"} 7
s_sum 0
s_count 0
# HELP c C.
# TYPE c counter
c 3
"##;
    assert_eq!(page(Format::Text), want);
}

#[test]
fn open_metrics_shows_floats_and_ends() {
    let want = r##"# HELP b Say \"x\\y\"\nand z.
# TYPE b counter
b_total{l="a\\b\"c\nd"} 1.5
b_total{l="m",n=""} 2e+06
# HELP "g.x" G.
# TYPE "g.x" gauge
{"g.x"} +Inf
# HELP h H.
# TYPE h histogram
h_bucket{l="v",le="0.5"} 1 1.500
h_bucket{l="v",le="2.0"} 3 1.500
h_bucket{l="v",le="+Inf"} 1234567 1.500
h_sum{l="v"} 4.5 1.500
h_count{l="v"} 1234567 1.500
# HELP s 
# TYPE s summary
s{quantile="0.5"} NaN
s{quantile="1.0"} 7.0
s_sum 0.0
s_count 0
# HELP c C.
# TYPE c unknown
c 3.0
# EOF
"##;
    assert_eq!(page(Format::OpenMetrics), want);
}

#[test]
fn both_pages_hold_the_same_series() {
    let text = crate::conforms::series(page(Format::Text).as_bytes(), Format::Text).unwrap();
    let page = page(Format::OpenMetrics);
    let open_metrics = crate::conforms::series(page.as_bytes(), Format::OpenMetrics).unwrap();
    assert_eq!(text, open_metrics);
}
