//! What a server answered, in the parts that are compared.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use crate::http;

/// A time as its server wrote it, and a number or histogram likewise.
pub(super) type Point = (String, Json);

/// A series of an answer.
pub(super) struct Series {
    pub(super) labels: String,
    pub(super) points: Vec<Point>,
}

/// An answer taken apart.
pub(super) struct Answer {
    pub(super) http_status: u16,
    /// `status`, `errorType`, `error` of the envelope.
    pub(super) status: String,
    pub(super) error_type: String,
    pub(super) error: String,
    pub(super) warnings: BTreeSet<String>,
    pub(super) infos: BTreeSet<String>,
    pub(super) result_type: String,
    /// In the order of the answer; a scalar or text is one series without labels.
    pub(super) series: Vec<Series>,
    /// Data that is no result of an expression: a tree, a text.
    pub(super) other: Json,
}

impl Answer {
    /// Reads an answer of the query API.
    pub(super) fn read(answer: &http::connection::Answer) -> Self {
        // A failure to answer at all is said in plain text.
        let body: Json = serde_json::from_slice(&answer.body)
            .unwrap_or_else(|_| json!({ "error": String::from_utf8_lossy(&answer.body) }));
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        let texts = |name: &str| {
            let list = body[name].as_array().into_iter().flatten();
            list.filter_map(|text| Some(text.as_str()?.to_owned()))
                .collect()
        };
        let data = &body["data"];
        let is_result = data["resultType"].is_string();
        Self {
            http_status: answer.status,
            status: text("status"),
            error_type: text("errorType"),
            error: text("error"),
            warnings: texts("warnings"),
            infos: texts("infos"),
            result_type: data["resultType"].as_str().unwrap_or_default().to_owned(),
            series: if is_result { series(data) } else { Vec::new() },
            other: if is_result { Json::Null } else { data.clone() },
        }
    }
}

fn series(data: &Json) -> Vec<Series> {
    let result = &data["result"];
    if !matches!(data["resultType"].as_str(), Some("vector" | "matrix")) {
        return vec![Series {
            labels: String::new(),
            points: point(result).into_iter().collect(),
        }];
    }
    let one = |series: &Json| {
        let list = |name: &str| series[name].as_array().into_iter().flatten();
        let single = [&series["value"], &series["histogram"]];
        let many = list("values").chain(list("histograms"));
        let mut points: Vec<Point> = many.chain(single).filter_map(point).collect();
        points.sort_by(|(left, _), (right, _)| time(left).total_cmp(&time(right)));
        Series {
            labels: series["metric"].to_string(),
            points,
        }
    };
    result.as_array().into_iter().flatten().map(one).collect()
}

fn time(text: &str) -> f64 {
    text.parse().unwrap_or(f64::NAN)
}

/// `[time, "value"]` or `[time, {histogram}]`.
fn point(json: &Json) -> Option<Point> {
    let pair = json.as_array()?;
    Some((pair.first()?.to_string(), pair.get(1)?.clone()))
}
