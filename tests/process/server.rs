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

    methods_and_addresses(&address);
    errors_have_their_kind(&address);
    odd_requests_are_understood(&address);
    crate::insight::is_given(&address);
    selections_answer(&address);
    status_answers(&address);
    own_metrics_are_prometheus_own(&address);
}

fn own_metrics_are_prometheus_own(address: &str) {
    let page = client::get(address, "/metrics").text();
    for line in [
        "prometheus_build_info{version=\"3.",
        "prometheus_ready 1",
        "prometheus_engine_queries 0",
        "prometheus_engine_query_duration_seconds_count{slice=\"inner_eval\"} ",
        "prometheus_http_requests_total{handler=\"/api/v1/query\",code=\"200\"} ",
        "prometheus_http_requests_total{handler=\"/api/v1/query\",code=\"400\"} ",
        "prometheus_http_requests_total{handler=\"/api/v1/*path\",code=\"404\"} ",
        "prometheus_http_request_duration_seconds_bucket{handler=\"/graph\",le=\"0.1\"} ",
        "prometheus_http_response_size_bytes_count{handler=\"/api/v1/label/:name/values\"} ",
    ] {
        assert!(page.contains(line), "no {line} in {page}");
    }
}

/// Path, status, kind, words of the message.
const ERRORS: &[(&str, u16, &str, &str)] = &[
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
        "query?query=up&lookback_delta=x",
        400,
        "bad_data",
        "error parsing lookback delta duration: cannot parse",
    ),
    ("query?query=up&timeout=0", 503, "timeout", "timed out"),
    ("query?query=up&limit=-1", 400, "bad_data", "non-negative"),
    (
        "query_range?query=up%5B1m%5D&start=1&end=2&step=1",
        400,
        "bad_data",
        "invalid expression type \"range vector\"",
    ),
    ("series?start=x", 400, "bad_data", "no match[] parameter"),
    (
        "series?match[]=up&a=%zz",
        400,
        "bad_data",
        "error parsing form values: invalid URL escape \"%zz\"",
    ),
    ("labels?limit=x", 400, "bad_data", "invalid syntax"),
    ("label/%ff/values", 400, "bad_data", "invalid label name"),
    (
        "metadata?limit=x",
        400,
        "bad_data",
        "limit must be a number",
    ),
    ("status/tsdb?limit=0", 400, "bad_data", "a positive number"),
    (
        "status/tsdb?limit=10001",
        400,
        "bad_data",
        "must not exceed",
    ),
];

fn errors_have_their_kind(address: &str) {
    for (path, status, kind, words) in ERRORS {
        let answer = client::get(address, &format!("/api/v1/{path}"));
        assert_eq!(answer.status, *status, "{path}: {}", answer.text());
        let json = answer.json();
        assert_eq!(json["status"], "error", "{path}");
        assert_eq!(json["errorType"], *kind, "{path}");
        assert!(
            json["error"].as_str().unwrap().contains(words),
            "{path}: {json}"
        );
    }
}

fn methods_and_addresses(address: &str) {
    let cases = [
        ("GET", "/-/reload", 405, "Only POST or PUT requests allowed"),
        ("POST", "/-/reload", 403, "Lifecycle API is not enabled."),
        ("POST", "/-/quit", 403, "Lifecycle API is not enabled."),
        ("GET", "/-/healthy", 200, "Prometheus Server is Healthy.\n"),
        ("HEAD", "/-/ready", 200, ""),
        ("POST", "/api/v1/targets", 405, "Method Not Allowed\n"),
        ("PUT", "/api/v1/query", 405, "Method Not Allowed\n"),
        ("GET", "/nonsense", 404, "404 page not found\n"),
        ("GET", "//api/v1/query?query=1", 301, ""),
        ("GET", "/metrics/", 301, ""),
    ];
    for (method, path, status, text) in cases {
        let answer = request(address, method, path, &[], "").unwrap();
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.text());
        assert_eq!(answer.text(), text, "{method} {path}");
    }
    let version = client::get(address, "/version").json();
    assert!(version["version"].as_str().unwrap().contains("narthex"));
}

/// Requests at the edge of what is well-formed, which upstream answers.
fn odd_requests_are_understood(address: &str) {
    let cases = [
        // As `curl -g` sends what is typed.
        "series?match[]=up{job=\"self\"}",
        "series?match[]=up&start=-292273086-05-16T16:47:06Z&end=292277025-08-18T07:12:54.999999999Z",
        "series?match[]=up&start=-9223309901257974&end=9223309901257974.999",
        "query?query=up&a=%zz",
        "query?query=up&lookback_delta=-1",
        "query?query=up&limit=1&stats=all",
        "label/U__job/values",
        "targets?state=active",
        "labels?match[]=up&match[]=nothing",
    ];
    for path in cases {
        let answer = client::get(address, &format!("/api/v1/{path}"));
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        assert!(answer.text().contains("self") || path.contains("labels"));
    }
    let empty = [
        ("series?match[]=up&start=5&end=4", "[]"),
        ("labels?start=5&end=4", "[]"),
        ("label/job/values?start=5&end=4", "[]"),
        ("metadata?limit=0", "{}"),
    ];
    for (path, data) in empty {
        let answer = client::get(address, &format!("/api/v1/{path}"));
        let want = format!("{{\"status\":\"success\",\"data\":{data}}}");
        assert_eq!(answer.text(), want, "{path}");
    }
    let none = client::get(address, "/api/v1/targets?state=nonsense").json();
    assert_eq!(none["data"]["activeTargets"], serde_json::json!([]));
    let stats = client::get(address, "/api/v1/query?query=up&stats=all").json();
    let timings = &stats["data"]["stats"]["timings"];
    assert!(timings["execTotalTime"].is_number(), "{stats}");
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
