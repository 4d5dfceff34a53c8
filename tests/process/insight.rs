//! What the API tells of a query beside its value.

use crate::client;
use crate::program::encoded;

/// Of a server that has scraped itself.
pub(crate) fn is_given(address: &str) {
    parts_tell_what_they_did(address);
    empty_answers_are_explained(address);
}

fn parts_tell_what_they_did(address: &str) {
    let query = encoded("sum by (job) (rate(up[5m])) * 2");
    let instant = format!("/api/v1/query?query={query}&explain=1");
    let range = format!("/api/v1/query_range?query={query}&start=0&end=60&step=30&explain=1");
    for path in [instant, range] {
        let answer = client::get(address, &path).json();
        let tree = &answer["data"]["explain"];
        assert_eq!(tree["kind"], "binaryExpr", "{answer}");
        assert_eq!((&tree["start"], &tree["end"]), (&0.into(), &31.into()));
        assert!(
            tree["time"].is_number() && tree["bytes"].is_number(),
            "{answer}"
        );
        let rate = &tree["children"][0]["children"][0];
        assert_eq!(rate["name"], "rate", "{answer}");
        assert_eq!(rate["readWhileAggregating"], true, "{answer}");
        let selection = &rate["children"][0]["selection"];
        assert_eq!(selection["matchers"][0], "__name__=\"up\"", "{answer}");
        assert_eq!(selection["labels"]["only"][0], "job", "{answer}");
        assert!(selection["samplesRead"].is_u64(), "{answer}");
    }
    let plain = client::get(address, "/api/v1/query?query=up&explain=false").json();
    assert!(plain["data"]["explain"].is_null(), "{plain}");
}

fn empty_answers_are_explained(address: &str) {
    let ask = |query: &str, times: &str| {
        let query = encoded(query);
        let path = format!("/api/v1/explain_empty?query={query}{times}");
        client::get(address, &path).json()["data"]["selectors"].clone()
    };
    let found = ask("upp / up{job=\"sefl\"} + up", "");
    assert_eq!(found[0]["outcome"], "noSeries", "{found}");
    assert_eq!(found[0]["blame"]["nearValues"][0], "up", "{found}");
    let blame = &found[1]["blame"];
    assert_eq!(blame["left"][0]["series"], 1, "{found}");
    assert_eq!(blame["left"][1]["matcher"], "job=\"sefl\"", "{found}");
    assert_eq!(blame["without"][0]["series"], 1, "{found}");
    assert_eq!(blame["nearValues"], serde_json::json!(["self"]), "{found}");
    assert_eq!(found[2]["outcome"], "found", "{found}");
    assert_eq!(found[2]["text"], "up", "{found}");

    let early = ask("up", "&start=0&end=60");
    assert_eq!(early[0]["outcome"], "noSamples", "{early}");
    assert_eq!(early[0]["laterSamples"], true, "{early}");
    let late = ask("up", "&time=4000000000");
    assert_eq!(late[0]["outcome"], "noSamples", "{late}");
    assert!(late[0]["latestSample"].as_f64() > Some(1e9), "{late}");
}
