//! The API of a running server, as Prometheus answers it, errors included.

use std::ffi::OsStr;
use std::os::unix::fs::symlink;

use crate::client::{self, request};
use crate::program::{BINARY, Program, encoded, free_address};

#[test]
fn started_as_prometheus_it_answers_as_prometheus() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("prometheus");
    symlink(BINARY, &link).unwrap();
    let address = free_address();
    let config = folder.path().join("prometheus.yml");
    let text = format!(
        "scrape_configs:\n  - job_name: self\n    scrape_interval: 1s\n    static_configs:\n      - \
         targets: ['{address}']\n"
    );
    std::fs::write(&config, text).unwrap();
    let flags = [
        format!("--config.file={}", config.display()),
        format!(
            "--storage.tsdb.path={}",
            folder.path().join("data").display()
        ),
        format!("--web.listen-address={address}"),
    ];
    let arguments: Vec<&OsStr> = flags.iter().map(OsStr::new).collect();
    let mut program = Program::start_as(&link, &address, &arguments);
    program.wait_ready();
    program.wait_series("up == 1", 1);

    assert!(client::get(&address, "/").has_header("location: /query"));
    let moved = client::get(&address, "/graph?g0.expr=up");
    assert!(
        moved.has_header("location: /query?g0.expr=up"),
        "{}",
        moved.head
    );
    assert_eq!(client::get(&address, "/-/reload").status, 403);

    errors_have_their_kind(&address);
    selections_answer(&address);
    status_answers(&address);
}

fn errors_have_their_kind(address: &str) {
    let cases = [
        ("query?query=up%20%2B", 400, "bad_data", "parse error"),
        (
            "query?query=up&time=x",
            400,
            "bad_data",
            "invalid parameter \"time\"",
        ),
        (
            "query_range?query=up&start=2&end=1&step=1",
            400,
            "bad_data",
            "end timestamp must not",
        ),
        (
            "query_range?query=up&start=0&end=9&step=0",
            400,
            "bad_data",
            "zero or negative",
        ),
        (
            "query_range?query=up&start=0&end=99999&step=1",
            400,
            "bad_data",
            "11,000 points",
        ),
        ("series", 400, "bad_data", "no match[] parameter provided"),
        (
            "label/%20/values?match[]=%7B%7D",
            400,
            "bad_data",
            "match[]",
        ),
        ("nonsense", 404, "not_found", "no such API call"),
        (
            "query?query=up%20%2B%20on(job)%20count_values(%22x%22%2Cprometheus_tsdb_head_series%20or%20up)",
            200,
            "",
            "",
        ),
    ];
    for (path, status, kind, words) in cases {
        let answer = client::get(address, &format!("/api/v1/{path}"));
        assert_eq!(answer.status, status, "{path}: {}", answer.text());
        let json = answer.json();
        if status != 200 {
            assert_eq!(json["status"], "error", "{path}");
            assert_eq!(json["errorType"], kind, "{path}");
            assert!(
                json["error"].as_str().unwrap().contains(words),
                "{path}: {json}"
            );
        }
    }
}

fn selections_answer(address: &str) {
    let form = ["Content-Type: application/x-www-form-urlencoded"];
    let body = format!("query={}", encoded("1 + 1"));
    let posted = request(address, "POST", "/api/v1/query", &form, &body)
        .unwrap()
        .json();
    assert_eq!(posted["data"]["resultType"], "scalar");
    assert_eq!(posted["data"]["result"][1], "2");

    let names = client::get(address, "/api/v1/labels").json();
    assert!(
        names["data"]
            .as_array()
            .unwrap()
            .iter()
            .any(|name| name == "job"),
        "{names}"
    );
    let values = client::get(address, "/api/v1/label/job/values").json();
    assert_eq!(values["data"], serde_json::json!(["self"]));
    let series = client::get(address, "/api/v1/series?match[]=up").json();
    assert_eq!(series["data"][0]["__name__"], "up", "{series}");
    let metadata = client::get(address, "/api/v1/metadata?metric=process_open_fds").json();
    assert_eq!(
        metadata["data"]["process_open_fds"][0]["type"], "gauge",
        "{metadata}"
    );
    let targets = client::get(address, "/api/v1/targets").json();
    let target = &targets["data"]["activeTargets"][0];
    assert_eq!(target["health"], "up", "{targets}");
    assert_eq!(target["scrapePool"], "self", "{targets}");
    assert_eq!(target["scrapeInterval"], "1s", "{targets}");
}

fn status_answers(address: &str) {
    for name in ["buildinfo", "runtimeinfo", "flags", "config", "tsdb"] {
        let answer = client::get(address, &format!("/api/v1/status/{name}"));
        assert_eq!(answer.status, 200, "{name}: {}", answer.text());
    }
    let flags = client::get(address, "/api/v1/status/flags").json();
    assert_eq!(flags["data"]["query.lookback-delta"], "5m", "{flags}");
    let tsdb = client::get(address, "/api/v1/status/tsdb").json();
    assert!(
        tsdb["data"]["headStats"]["numSeries"].as_u64().unwrap() > 10,
        "{tsdb}"
    );
    let metrics = client::get(address, "/metrics");
    assert!(
        metrics.text().contains("\nnarthex_build_info{"),
        "{}",
        metrics.text()
    );
    assert!(metrics.text().contains("\nprocess_resident_memory_bytes "));
}
