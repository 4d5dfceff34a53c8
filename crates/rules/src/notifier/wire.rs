//! Alerts as version 2 of Alertmanager's API has them.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::Alert;
use model::date::format_rfc3339;
use serde::Serialize;

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PostableAlert<'a> {
    annotations: &'a BTreeMap<String, String>,
    ends_at: String,
    starts_at: String,
    #[serde(rename = "generatorURL")]
    generator_url: &'a str,
    labels: BTreeMap<&'a str, &'a str>,
}

/// The body of a request.
pub(super) fn encode(alerts: &[Arc<Alert>]) -> Vec<u8> {
    let postable: Vec<PostableAlert<'_>> = alerts
        .iter()
        .map(|alert| PostableAlert {
            annotations: &alert.annotations,
            ends_at: format_rfc3339(alert.ends_at),
            starts_at: format_rfc3339(alert.starts_at),
            generator_url: &alert.generator_url,
            labels: alert.labels.iter().collect(),
        })
        .collect();
    serde_json::to_vec(&postable).expect("alerts have only texts")
}

#[cfg(test)]
mod tests {
    use model::Labels;

    use super::*;

    #[test]
    fn alerts_are_written_as_upstream_writes_them() {
        let alert = Alert {
            labels: Labels::from_pairs([("alertname", "A"), ("b", "\"")]),
            annotations: BTreeMap::from([("s".to_owned(), "t\n".to_owned())]),
            starts_at: 1_000,
            ends_at: 61_500,
            generator_url: "http://a/graph".to_owned(),
        };
        let text = String::from_utf8(encode(&[Arc::new(alert)])).unwrap();
        let want = r#"[{"annotations":{"s":"t\n"},"endsAt":"1970-01-01T00:01:01.500Z","startsAt":"1970-01-01T00:00:01.000Z","generatorURL":"http://a/graph","labels":{"alertname":"A","b":"\""}}]"#;
        assert_eq!(text, want);
    }
}
