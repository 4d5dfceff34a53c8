//! Pages of each format, sample by sample, with what stands beside the values.

use model::{
    Histogram, Metric, MetricExemplar, MetricFamily, MetricType, MetricValue, histogram::Buckets,
};

use super::*;
use crate::encode::encode_protobuf;

const ALL: DetailOptions = DetailOptions {
    native_histograms: true,
    keeps_classic: true,
    converts_classic: false,
    start_timestamps: true,
};
const CONVERT: DetailOptions = DetailOptions {
    native_histograms: true,
    keeps_classic: false,
    converts_classic: true,
    start_timestamps: false,
};

/// All samples, one a line.
fn read(page: &[u8], format: Format, options: DetailOptions) -> Result<Vec<String>, ParseError> {
    let mut parser = DetailedParser::new(page, format, options)?;
    let mut lines = Vec::new();
    while let Some(sample) = parser.next_sample()? {
        let mut line = String::from_utf8_lossy(sample.series()).into_owned();
        match &sample.value {
            DetailValue::Float(value) => line += &format!(" {value}"),
            DetailValue::Histogram {
                histogram,
                is_whole,
            } => line += &format!(" {} whole={is_whole}", **histogram),
        }
        if let Some(timestamp) = sample.timestamp {
            line += &format!(" @{timestamp}");
        }
        if let Some(start) = sample.start_timestamp {
            line += &format!(" since {start}");
        }
        for exemplar in &sample.exemplars {
            let DetailExemplar {
                labels,
                value,
                timestamp,
            } = exemplar;
            line += &format!(" e.g. {labels} {value} {timestamp:?}");
        }
        lines.push(line);
    }
    Ok(lines)
}

fn text(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|line| (*line).to_owned()).collect()
}

fn exemplar(bucket: Option<f64>, id: &str, timestamp: Option<i64>) -> MetricExemplar {
    MetricExemplar {
        bucket,
        labels: vec![("id".into(), id.to_owned().into())],
        value: 0.5,
        timestamp,
    }
}

/// One family of each kind.
fn kinds() -> Vec<MetricFamily> {
    let mut counter = MetricFamily::new("c_s_total", "C \"c\".", MetricType::Counter);
    counter.unit = "s".into();
    counter.metrics.push(Metric {
        created: Some(1_500),
        exemplars: vec![exemplar(None, "a", None)],
        ..Metric::new(
            vec![("é.x".into(), "a\"b\n\\".into())],
            MetricValue::Number(3.0),
        )
    });
    let gauge = MetricFamily::gauge("g.x", "", f64::NAN);
    let mut untyped = MetricFamily::new("u", "U.", MetricType::Unknown).with(Vec::new(), -1.5);
    untyped
        .metrics
        .iter_mut()
        .for_each(|metric| metric.timestamp = Some(7));
    let mut summary = MetricFamily::new("s", "S.", MetricType::Summary);
    let quantiles = vec![(0.5, 1.0), (1.0, 2.0)];
    let value = MetricValue::Summary {
        quantiles,
        sum: 4.0,
        count: 2.0,
    };
    summary
        .metrics
        .push(Metric::new(vec![("a".into(), "b".into())], value));
    let (sum, count) = (0.0, 0.0);
    let empty = MetricValue::Summary {
        quantiles: Vec::new(),
        sum,
        count,
    };
    summary.metrics.push(Metric::new(Vec::new(), empty));
    let mut classic = MetricFamily::new("h", "H.", MetricType::Histogram);
    let buckets = vec![(1.0, 1.0), (2.5, 3.0)];
    let value = MetricValue::Histogram {
        buckets: buckets.clone(),
        sum: 6.5,
        count: 4.0,
    };
    classic.metrics.push(Metric {
        exemplars: vec![
            exemplar(Some(2.5), "b", Some(-1)),
            exemplar(Some(f64::INFINITY), "c", None),
        ],
        ..Metric::new(Vec::new(), value)
    });
    let mut native = MetricFamily::new("n", "N.", MetricType::Histogram);
    let histogram = Histogram {
        schema: 3,
        zero_threshold: 0.001,
        zero_count: 1.0,
        count: 4.0,
        sum: 6.5,
        positive: Buckets::from_offset(-2, vec![2.0, 1.0]),
        ..Histogram::default()
    };
    let value = MetricValue::NativeHistogram {
        histogram: Box::new(histogram.clone()),
        buckets,
    };
    native.metrics.push(Metric {
        exemplars: vec![exemplar(None, "d", Some(9_000)), exemplar(None, "e", None)],
        created: Some(2_000),
        ..Metric::new(Vec::new(), value)
    });
    let mut float = MetricFamily::new("f", "F.", MetricType::GaugeHistogram);
    let halves = Histogram {
        count: 4.5,
        negative: Buckets::from_offset(1, vec![3.5]),
        ..histogram
    };
    let value = MetricValue::NativeHistogram {
        histogram: Box::new(halves),
        buckets: Vec::new(),
    };
    float.metrics.push(Metric::new(Vec::new(), value));
    vec![counter, gauge, untyped, summary, classic, native, float]
}

#[test]
fn protobuf_gives_what_text_would() {
    let mut page = Vec::new();
    encode_protobuf(&kinds(), &mut page);
    let found = read(&page, Format::Protobuf, ALL).unwrap();
    let want = text(&[
        r#"c_s_total{"é.x"="a\"b\n\\"} 3 since 1500 e.g. {id="a"} 0.5 None"#,
        r#"{"g.x"} NaN"#,
        "u -1.5 @7",
        r#"s_count{a="b"} 2"#,
        r#"s_sum{a="b"} 4"#,
        r#"s{a="b",quantile="0.5"} 1"#,
        r#"s{a="b",quantile="1.0"} 2"#,
        "s_count 0",
        "s_sum 0",
        "h_count 4",
        "h_sum 6.5",
        r#"h_bucket{le="1.0"} 1"#,
        r#"h_bucket{le="2.5"} 3 e.g. {id="b"} 0.5 Some(-1)"#,
        r#"h_bucket{le="+Inf"} 4 e.g. {id="c"} 0.5 None"#,
        "n {count:4, sum:6.5, [-0.001,0.001]:1, (0.7711054127039704,0.8408964152537144]:2, (0.8408964152537144,0.9170040432046711]:1} whole=true since 2000 e.g. {id=\"d\"} 0.5 Some(9000)",
        "n_count 4 since 2000",
        "n_sum 6.5 since 2000",
        r#"n_bucket{le="1.0"} 1 since 2000"#,
        r#"n_bucket{le="2.5"} 3 since 2000"#,
        r#"n_bucket{le="+Inf"} 4 since 2000"#,
    ]);
    assert_eq!(found[..20], want);
    assert!(
        found[20].contains("count:4.5") && found[20].contains("whole=false"),
        "{}",
        found[20]
    );
    assert_eq!(found.len(), 21);
    let mut classic = read(&page, Format::Protobuf, DetailOptions::default()).unwrap();
    assert_eq!(classic.pop().as_deref(), Some(r#"f_bucket{le="+Inf"} 4.5"#));
    assert!(!classic.iter().any(|line| line.contains("whole")));
}

#[test]
fn families_come_back_from_protobuf() {
    let mut page = Vec::new();
    let mut families = kinds();
    encode_protobuf(&families, &mut page);
    let found = super::families(&page, Format::Protobuf).unwrap();
    // An exemplar of a native histogram needs a time.
    families[5].metrics[0].exemplars.pop();
    // What is not a number is not equal to itself.
    assert!(matches!(found[1].metrics[0].value, MetricValue::Number(value) if value.is_nan()));
    for index in [0, 2, 3, 4, 5, 6] {
        let mut found = found[index].clone();
        if let MetricValue::NativeHistogram { buckets, .. } = &mut found.metrics[0].value {
            buckets.retain(|(bound, _)| *bound < f64::INFINITY);
        }
        if let MetricValue::Histogram { buckets, .. } = &mut found.metrics[0].value {
            buckets.retain(|(bound, _)| *bound < f64::INFINITY);
        }
        assert_eq!(found, families[index]);
    }
}

#[test]
fn a_page_that_lies_is_refused() {
    let mut page = Vec::new();
    encode_protobuf(&kinds(), &mut page);
    for cut in 1..page.len() {
        let cut = page.get(..cut).unwrap();
        if let Err(error) = read(cut, Format::Protobuf, ALL) {
            assert_eq!(error.line, 0);
        }
    }
    let cases: [(&[u8], &str); 7] = [
        (&[0xff], "clientpb: invalid varint encountered"),
        (
            &[0xff, 0xff, 0xff, 0xff, 0x0f, 1],
            "clientpb: insufficient length of buffer, expected at least 4294967300 bytes, got 6 bytes",
        ),
        (&[2, 0x22, 0], "invalid metric name: "),
        (&[2, 0x0a, 5], "unexpected EOF"),
        (&[2, 0x0f, 5], "proto: illegal wireType"),
        (
            &[7, 0x0a, 1, b'a', 0x18, 9, 0x22, 0],
            "unknown metric type for metric \"a\": 9",
        ),
        (
            &[9, 0x0a, 1, b'a', 0x22, 4, 0x0a, 2, 0x0a, 0],
            "invalid label name: ",
        ),
    ];
    for (page, want) in cases {
        let error = read(page, Format::Protobuf, ALL).unwrap_err();
        assert_eq!(error.to_string(), want);
    }
}

#[test]
fn classic_histograms_are_converted() {
    let page = "# HELP h H.\n# TYPE h histogram\nh_bucket{a=\"1\",le=\"1\"} 1\nh_bucket{le=\"+Inf\",a=\"1\"} 3 # {id=\"x\"} 2 1\n\
        h_sum{a=\"1\"} 5\nh_count{a=\"1\"} 3\nh_bucket{le=\"1\"} 4\nh_count 2\nother 1\n# TYPE g gauge\n\
        g_bucket{le=\"1\"} 1\n# TYPE i histogram\ni_count 0 3\n# EOF\n";
    let found = read(page.as_bytes(), Format::OpenMetrics, CONVERT).unwrap();
    let want = text(&[
        "h{a=\"1\"} {count:3, sum:5, [-Inf,1]:1, (1,+Inf]:2} whole=true e.g. {id=\"x\"} 2 Some(1000)",
        // The one without labels contradicts itself.
        "other 1",
        "g_bucket{le=\"1\"} 1",
        "i {count:0, sum:0} whole=true @3000",
    ]);
    assert_eq!(found, want);
    let mut parser = DetailedParser::new(page.as_bytes(), Format::OpenMetrics, CONVERT).unwrap();
    let first = parser.next_sample().unwrap().unwrap();
    assert_eq!(first.comments(), b"# HELP h H.\n# TYPE h histogram\n");
    let keep = DetailOptions {
        keeps_classic: true,
        ..CONVERT
    };
    let found = read(page.as_bytes(), Format::OpenMetrics, keep).unwrap();
    assert_eq!(found.len(), 4 + 1 + 2 + 2 + 2);
    assert_eq!(
        found[1], "h_bucket{le=\"+Inf\",a=\"1\"} 3",
        "the exemplar went to the native one"
    );
    assert_eq!(found[4], want[0]);
}

#[test]
fn what_is_native_already_is_not_converted() {
    let mut page = Vec::new();
    encode_protobuf(&kinds()[4..6], &mut page);
    let keep = DetailOptions {
        keeps_classic: true,
        ..CONVERT
    };
    let found = read(&page, Format::Protobuf, keep).unwrap();
    let names: Vec<_> = found
        .iter()
        .map(|line| line.split([' ', '{']).next().unwrap())
        .collect();
    let classic = ["_count", "_sum", "_bucket", "_bucket", "_bucket"];
    let all = |name: &str| {
        classic
            .iter()
            .map(|part| format!("{name}{part}"))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        names,
        [all("h"), vec!["h".into(), "n".into()], all("n")].concat()
    );
}

#[test]
fn created_lines_tell_since_when() {
    let page = "# TYPE a counter\na_total{x=\"1\"} 5\na_created{x=\"1\"} 1.5\na_total{x=\"2\"} 6\n\
        # TYPE h histogram\nh_bucket{le=\"+Inf\",x=\"1\"} 1\nh_count{x=\"1\"} 1\nh_created{x=\"1\"} 3\n\
        # TYPE g gauge\ng_created 4\n# EOF\n";
    let want = text(&[
        "a_total{x=\"1\"} 5 since 1500",
        "a_total{x=\"2\"} 6",
        "h_bucket{le=\"+Inf\",x=\"1\"} 1 since 3000",
        "h_count{x=\"1\"} 1 since 3000",
        "g_created 4",
    ]);
    assert_eq!(read(page.as_bytes(), Format::OpenMetrics, ALL), Ok(want));
    let plain = read(
        page.as_bytes(),
        Format::OpenMetrics,
        DetailOptions::default(),
    )
    .unwrap();
    assert_eq!(plain.len(), 7);
}
