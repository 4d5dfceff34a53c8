//! Results as `promtool` prints them.

use std::cmp::Ordering;

use model::quote::quoted;
use serde_json::{Map, Value as Json};

use super::{Format, histogram};

/// The result of a query, with a line end.
pub(super) fn value(data: &Json, format: Format) -> Result<String, String> {
    let result = data.get("result").unwrap_or(&Json::Null);
    if matches!(format, Format::Json) {
        return Ok(format!("{result}\n"));
    }
    let kind = data.get("resultType").and_then(Json::as_str);
    let list = || result.as_array().map_or(&[][..], Vec::as_slice);
    let text = match kind.unwrap_or_default() {
        "scalar" => {
            let (time, value) = sample(result);
            format!("scalar: {value} @[{time}]")
        }
        "string" => result
            .get(1)
            .and_then(Json::as_str)
            .unwrap_or_default()
            .to_owned(),
        "vector" => {
            let lines = list().iter().map(|series| {
                let shown = match series.get("histogram") {
                    Some(histogram) => histogram::at_time(histogram),
                    None => pair(series.get("value").unwrap_or(&Json::Null)),
                };
                format!("{} => {shown}", metric(series))
            });
            lines.collect::<Vec<_>>().join("\n")
        }
        "matrix" => matrix(list()),
        other => return Err(format!("unexpected value type {}", quoted(other))),
    };
    Ok(format!("{text}\n"))
}

fn matrix(list: &[Json]) -> String {
    let mut list: Vec<&Json> = list.iter().collect();
    list.sort_by(|a, b| order(&pairs(a), &pairs(b)));
    let series: Vec<(String, String)> = list
        .into_iter()
        .map(|series| {
            let samples = |key: &str| series.get(key).and_then(Json::as_array);
            let floats = samples("values").into_iter().flatten().map(pair);
            let histograms = samples("histograms").into_iter().flatten();
            let lines: Vec<String> = floats.chain(histograms.map(histogram::at_time)).collect();
            (metric(series), lines.join("\n"))
        })
        .collect();
    let texts = series
        .iter()
        .map(|(name, lines)| format!("{name} =>\n{lines}"));
    texts.collect::<Vec<_>>().join("\n")
}

/// Names and values of a series' labels, sorted.
fn pairs(series: &Json) -> Vec<(&str, &str)> {
    let labels = series.get("metric").and_then(Json::as_object);
    let labels = labels.into_iter().flatten();
    let mut pairs: Vec<(&str, &str)> = labels
        .map(|(name, value)| (name.as_str(), value.as_str().unwrap_or_default()))
        .collect();
    pairs.sort_unstable();
    pairs
}

/// The order of upstream's printed series: those with fewer labels first, then those that lack the
/// first name that not both have, then by value.
fn order(a: &[(&str, &str)], b: &[(&str, &str)]) -> Ordering {
    let labels = a.iter().zip(b);
    let mut differences = labels.map(|(a, b)| b.0.cmp(a.0).then(a.1.cmp(b.1)));
    let first = differences.find(|order| order.is_ne());
    let by_labels = first.unwrap_or(Ordering::Equal);
    a.len().cmp(&b.len()).then(by_labels)
}

/// Label sets, one on a line.
pub(super) fn series(data: &Json, format: Format) -> Result<String, String> {
    if matches!(format, Format::Json) {
        return Ok(format!("{data}\n"));
    }
    let sets = data.as_array().into_iter().flatten();
    Ok(sets
        .map(|set| format!("{{{}}}\n", labels(set.as_object(), None)))
        .collect())
}

/// Texts, one on a line.
pub(super) fn texts(data: &Json, format: Format) -> Result<String, String> {
    if matches!(format, Format::Json) {
        return Ok(format!("{data}\n"));
    }
    let texts = data.as_array().into_iter().flatten();
    Ok(texts
        .filter_map(Json::as_str)
        .map(|text| format!("{text}\n"))
        .collect())
}

/// The metric of a series: `up{job="web"}`.
pub(super) fn metric(series: &Json) -> String {
    let all = series.get("metric").and_then(Json::as_object);
    let name = all
        .and_then(|all| all.get("__name__"))
        .and_then(Json::as_str);
    let labels = labels(all, Some("__name__"));
    match (name, labels.is_empty()) {
        (Some(name), true) => name.to_owned(),
        (Some(name), false) => format!("{name}{{{labels}}}"),
        (None, _) => format!("{{{labels}}}"),
    }
}

/// Labels in order, but one.
fn labels(all: Option<&Map<String, Json>>, without: Option<&str>) -> String {
    let all = all.into_iter().flatten();
    let mut labels: Vec<String> = all
        .filter(|(name, _)| Some(name.as_str()) != without)
        .map(|(name, value)| format!("{name}={}", quoted(value.as_str().unwrap_or_default())))
        .collect();
    labels.sort();
    labels.join(", ")
}

/// A sample: `1 @[1435781451.781]`.
fn pair(sample_of: &Json) -> String {
    let (time, value) = sample(sample_of);
    format!("{value} @[{time}]")
}

fn sample(sample: &Json) -> (String, String) {
    let value = sample.get(1).and_then(Json::as_str).unwrap_or_default();
    (timestamp(sample), plain(value))
}

/// The time of a sample in seconds.
pub(super) fn timestamp(sample: &Json) -> String {
    let seconds = sample.get(0).and_then(Json::as_f64).unwrap_or_default();
    model::number::plain(seconds)
}

/// A number of the API without an exponent.
pub(super) fn plain(text: &str) -> String {
    match text.parse::<f64>() {
        Ok(number) => model::number::plain(number),
        Err(_) => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_printed_as_upstream_prints_them() {
        let series = r#"{"metric":{"__name__":"up","job":"w\"eb","a":"b"}"#;
        let cases = [
            (r#"{"resultType":"scalar","result":[1.5,"1e+21"]}"#.to_owned(),
             "scalar: 1000000000000000000000 @[1.5]\n".to_owned()),
            (r#"{"resultType":"string","result":[1,"text"]}"#.to_owned(), "text\n".to_owned()),
            (format!(r#"{{"resultType":"vector","result":[{series},"value":[1435781451.781,"1"]}},{{"metric":{{}},"value":[2,"NaN"]}}]}}"#),
             "up{a=\"b\", job=\"w\\\"eb\"} => 1 @[1435781451.781]\n{} => NaN @[2]\n".to_owned()),
            (format!(r#"{{"resultType":"matrix","result":[{series},"values":[[1,"1"],[2,"+Inf"]]}}]}}"#),
             "up{a=\"b\", job=\"w\\\"eb\"} =>\n1 @[1]\n+Inf @[2]\n".to_owned()),
            (r#"{"resultType":"vector","result":[{"metric":{"__name__":"h"},"histogram":[3,{"count":"4","sum":"5.5","buckets":[[0,"0.5","1","3"],[3,"1","2","1"]]}]}]}"#.to_owned(),
             "h => Count: 4.000000, Sum: 5.500000, Buckets: [(0.5,1]:3 [1,2]:1] @[3]\n".to_owned()),
            (r#"{"resultType":"vector","result":[]}"#.to_owned(), "\n".to_owned()),
        ];
        for (data, want) in cases {
            let data = serde_json::from_str(&data).unwrap();
            assert_eq!(value(&data, Format::Promql), Ok(want));
        }
        let sets = serde_json::from_str(r#"[{"job":"x","__name__":"up"}]"#).unwrap();
        let shown = series_of(&sets);
        assert_eq!(shown, "{__name__=\"up\", job=\"x\"}\n");
    }

    #[test]
    fn series_are_printed_in_upstreams_order() {
        let want: [&[(&str, &str)]; 6] = [
            &[],
            &[("b", "9")],
            &[("a", "1")],
            &[("a", "x\"1")],
            &[("a", "x0")],
            &[("a", "0"), ("b", "0")],
        ];
        let mut got = want;
        got.reverse();
        got.sort_by(|a, b| order(a, b));
        assert_eq!(got, want);
    }

    fn series_of(sets: &Json) -> String {
        super::series(sets, Format::Promql).unwrap()
    }
}
