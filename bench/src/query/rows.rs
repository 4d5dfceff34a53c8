//! The rows of the table: what is asked, and the most that a request is to cost.

use crate::http::connection::push_parameter;
use crate::query::load::{self, INTERVAL, Load, SAMPLES};

/// A row of the table.
pub(super) struct Row {
    pub(super) name: String,
    /// Path and parameters.
    pub(super) target: String,
    /// CPU milliseconds that the project aims at.
    pub(super) bar: f64,
    /// Part of the mixed load: how many of 64 requests.
    pub(super) share: usize,
}

/// An expression that is asked at one time and over a range.
struct Expression {
    name: &'static str,
    text: String,
    /// Bars of the instant and of the range query.
    bars: [f64; 2],
    share: usize,
}

/// All rows, for servers that hold `load`.
pub(super) fn all(load: &Load) -> Vec<Row> {
    let mut rows = Vec::new();
    let expressions = expressions();
    for expression in &expressions {
        rows.push(instant(expression, load));
    }
    for expression in &expressions {
        rows.push(range(expression, load));
    }
    rows.extend(labels(load));
    rows
}

fn expressions() -> Vec<Expression> {
    let cpu = "container_cpu_usage_seconds_total";
    let (namespace, instance) = (load::namespace(1), load::instance(25));
    let pod = load::pod_name(255);
    let expression = |name, text: String, bars, share| Expression {
        name,
        text,
        bars,
        share,
    };
    vec![
        expression(
            "sum by (namespace) of rates",
            "sum by (namespace) (rate(http_requests_total[2m]))".to_owned(),
            [150.0, 200.0],
            4,
        ),
        expression(
            "topk of sums by pod of rates",
            format!("topk(10, sum by (pod) (rate({cpu}[2m])))"),
            [115.0, 160.0],
            0,
        ),
        expression(
            "quantile of sums by le and namespace",
            "histogram_quantile(0.99, sum by (le, namespace) \
             (rate(http_request_duration_seconds_bucket[2m])))"
                .to_owned(),
            [90.0, 130.0],
            0,
        ),
        expression(
            "count of all",
            "count({__name__=~\".+\"})".to_owned(),
            [100.0, 400.0],
            0,
        ),
        expression(
            "one namespace",
            format!("sum by (pod) (rate({cpu}{{namespace=\"{namespace}\"}}[2m]))"),
            [6.0, 7.0],
            7,
        ),
        expression(
            "one target",
            format!("sum by (pod) (rate({cpu}{{instance=\"{instance}\"}}[2m]))"),
            [0.5, 0.6],
            8,
        ),
        expression(
            "one series",
            format!("rate({cpu}{{pod=\"{pod}\",container=\"main\",cpu=\"0\"}}[2m])"),
            [0.2, 0.2],
            8,
        ),
    ]
}

fn instant(expression: &Expression, load: &Load) -> Row {
    let mut target = String::new();
    push_parameter(&mut target, "query", &expression.text);
    push_parameter(&mut target, "time", &load.end.to_string());
    Row {
        name: format!("instant: {}", expression.name),
        target: format!("/api/v1/query?{target}"),
        bar: expression.bars[0],
        share: expression.share,
    }
}

fn range(expression: &Expression, load: &Load) -> Row {
    let start = load.end - (SAMPLES - 1) * INTERVAL;
    let mut target = String::new();
    push_parameter(&mut target, "query", &expression.text);
    for (name, value) in [("start", start), ("end", load.end), ("step", INTERVAL)] {
        push_parameter(&mut target, name, &value.to_string());
    }
    // Heavy ones are mixed in at one time only.
    let share = if expression.share < 7 {
        0
    } else {
        expression.share
    };
    Row {
        name: format!("range: {}", expression.name),
        target: format!("/api/v1/query_range?{target}"),
        bar: expression.bars[1],
        share,
    }
}

fn labels(load: &Load) -> [Row; 3] {
    let start = load.end - (SAMPLES - 1) * INTERVAL;
    let row = |name: &str, path: &str, matcher: Option<&str>, bar, share| {
        let mut target = String::new();
        push_parameter(&mut target, "start", &start.to_string());
        push_parameter(&mut target, "end", &load.end.to_string());
        if let Some(matcher) = matcher {
            push_parameter(&mut target, "match[]", matcher);
        }
        Row {
            name: name.to_owned(),
            target: format!("/api/v1/{path}?{target}"),
            bar,
            share,
        }
    };
    let within = format!("{{namespace=\"{}\"}}", load::namespace(1));
    [
        row(
            "series of one metric",
            "series",
            Some("http_requests_total"),
            100.0,
            0,
        ),
        row("values of pod", "label/pod/values", None, 1.5, 7),
        row(
            "values of pod within a namespace",
            "label/pod/values",
            Some(&within),
            10.0,
            7,
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::all;
    use crate::query::load::Load;

    #[test]
    fn shares_of_the_mixed_load_are_as_described() {
        let rows = all(&Load {
            pods: 5_000,
            end: 1_000_000_000,
        });
        assert_eq!(rows.len(), 17);
        assert_eq!(rows.iter().map(|row| row.share).sum::<usize>(), 64);
    }
}
