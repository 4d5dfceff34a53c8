//! Deleting series and making snapshots over HTTP.

use serde_json::{Value, json};

use crate::client::{Answer, get, request};
use crate::program::{Program, free_address};

fn post(address: &str, call: &str) -> Answer {
    let path = format!("/api/v1/admin/tsdb/{call}");
    request(address, "POST", &path, &[], "").unwrap()
}

fn error(answer: &Answer) -> (u16, Value, Value) {
    let json = answer.json();
    (
        answer.status,
        json["errorType"].clone(),
        json["error"].clone(),
    )
}

#[test]
fn what_is_stored_is_changed_only_where_that_is_allowed() {
    for allowed in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let address = free_address();
        let config = folder.path().join("prometheus.yml");
        let text = format!(
            "scrape_configs: [{{job_name: own, scrape_interval: 1s, static_configs: [{{targets: ['{address}']}}]}}]\n"
        );
        std::fs::write(&config, text).unwrap();
        let data = folder.path().join("data");
        let (config, data_text) = (config.to_string_lossy(), data.to_string_lossy());
        let mut arguments = vec![
            "server",
            "--config.file",
            &config,
            "--storage.tsdb.path",
            &data_text,
            "--web.listen-address",
            &address,
        ];
        arguments.extend(allowed.then_some("--web.enable-admin-api"));
        let mut program = Program::ready(&address, &arguments);
        program.wait_series("up == 1", 1);
        let features = get(&address, "/api/v1/features").json();
        assert_eq!(features["data"]["api"]["admin"], json!(allowed));
        match allowed {
            true => is_changed(&address, &data),
            false => {
                for call in ["delete_series?match[]=up", "clean_tombstones", "snapshot"] {
                    let want = (500, json!("unavailable"), json!("admin APIs disabled"));
                    assert_eq!(error(&post(&address, call)), want);
                }
            }
        }
    }
}

fn is_changed(address: &str, data: &std::path::Path) {
    let refusals = [
        ("delete_series", "no match[] parameter provided"),
        (
            "delete_series?match[]=up&start=abc",
            "invalid parameter \"start\": invalid time value for 'start': cannot parse \"abc\" to a valid timestamp",
        ),
        (
            "delete_series?match[]=up%7B",
            "invalid parameter \"match[]\": 1:4: parse error: unexpected end of input inside braces",
        ),
        (
            "snapshot?skip_head=maybe",
            "invalid parameter \"skip_head\": unable to parse boolean: strconv.ParseBool: parsing \"maybe\": invalid syntax",
        ),
    ];
    for (call, reason) in refusals {
        let want = (400, json!("bad_data"), json!(reason));
        assert_eq!(error(&post(address, call)), want, "{call}");
    }
    assert_eq!(get(address, "/api/v1/admin/tsdb/snapshot").status, 405);
    let name = post(address, "snapshot").json()["data"]["name"].clone();
    let snapshot = data.join("snapshots").join(name.as_str().unwrap());
    let block = std::fs::read_dir(&snapshot)
        .unwrap()
        .next()
        .unwrap()
        .unwrap();
    assert!(block.path().join("chunks/000001").exists());
    let count = |query: &str| crate::program::instant(address, query).len();
    assert!(count("process_start_time_seconds") == 1);
    let gone = post(
        address,
        "delete_series?match[]=process_start_time_seconds&end=1",
    );
    assert_eq!((gone.status, gone.body.len()), (204, 0));
    assert!(count("count_over_time(process_start_time_seconds[1h])") == 1);
    let before = get(address, "/api/v1/query?query=count_over_time(up[1h])").json();
    let gone = post(address, "delete_series?match[]=up");
    assert_eq!(gone.status, 204);
    let samples = |answer: &Value| {
        let value = &answer["data"]["result"][0]["value"][1];
        value.as_str().map_or(0, |text| text.parse().unwrap())
    };
    let after = get(address, "/api/v1/query?query=count_over_time(up[1h])").json();
    assert!(
        samples(&after) < samples(&before).max(2),
        "{before} {after}"
    );
    let put = request(
        address,
        "PUT",
        "/api/v1/admin/tsdb/clean_tombstones",
        &[],
        "",
    )
    .unwrap();
    assert_eq!(put.status, 204);
    let replay = get(address, "/api/v1/status/walreplay").json();
    assert_eq!(replay["data"], json!({"min": 0, "max": 0, "current": 0}));
    let blocks = get(address, "/api/v1/status/tsdb/blocks").json();
    assert_eq!(blocks["data"], json!({"blocks": []}));
    let status = get(address, "/api/v1/status/tsdb").json();
    assert!(
        status["data"]["churn"]["newSeries"].as_u64() > Some(0),
        "{status}"
    );
}
