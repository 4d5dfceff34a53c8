//! What the API tells of a query beside its value.

use crate::client;
use crate::program::encoded;

/// Of a server that has scraped itself.
pub(crate) fn is_given(address: &str) {
    parts_tell_what_they_did(address);
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
