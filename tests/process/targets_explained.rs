//! Targets over the API: what upstream's calls answer, and what ours explain beside them.

use serde_json::{Value, json};

use crate::client;
use crate::program::{Program, encoded, free_address};

const JOBS: &str = "
scrape_configs:
  - job_name: self
    scrape_interval: 1s
    static_configs:
      - targets: ['ADDRESS']
        labels: {zone: a}
    relabel_configs:
      - source_labels: [__address__]
        regex: '(.*):\\d+'
        target_label: host
      - regex: zo(.*)
        replacement: k_$1
        action: labelmap
      - source_labels: [host]
        target_label: shard
        modulus: 1
        action: hashmod
  - job_name: choosy
    keep_dropped_targets: 1
    static_configs:
      - targets: ['a:1', 'b:1', 'c:1']
        labels: {__meta_x: y}
    relabel_configs:
      - {source_labels: [__address__], regex: 'a.*', target_label: __address__, replacement: ''}
      - {source_labels: [__address__], regex: '[bc].*', action: drop}
";

#[test]
fn targets_are_explained() {
    let folder = tempfile::tempdir().unwrap();
    let address = free_address();
    let config = folder.path().join("prometheus.yml");
    std::fs::write(&config, JOBS.replace("ADDRESS", &address)).unwrap();
    let data = folder.path().join("data");
    let mut server = Program::ready(
        &address,
        &[
            "server",
            &format!("--config.file={}", config.display()),
            &format!("--storage.tsdb.path={}", data.display()),
            &format!("--web.listen-address={address}"),
        ],
    );
    server.wait_series("up == 1", 1);

    upstreams_lists(&address);
    upstreams_steps(&address);
    metadata_of_targets(&address);
    requests_are_refused(&address);
    fates_and_reasons(&address);
    numbers_and_page(&address);
}

fn data(address: &str, path: &str) -> Value {
    let answer = client::get(address, &format!("/api/v1/{path}"));
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.json()["data"].clone()
}

fn upstreams_lists(address: &str) {
    let pools = data(address, "scrape_pools");
    assert_eq!(pools, json!({"scrapePools": ["choosy", "self"]}));
    let config = data(address, "scrape_pools/config?scrapePool=choosy");
    let yaml = config["yaml"].as_str().unwrap();
    assert!(yaml.starts_with("job_name: choosy\n"), "{yaml}");

    let found = data(address, "targets?state=Active&scrapePool=self");
    let target = &found["activeTargets"][0];
    assert_eq!(
        target["discoveredLabels"]["__scrape_native_histograms__"],
        "false"
    );
    assert_eq!(target["labels"]["k_ne"], "a", "{found}");
    assert_eq!(found["droppedTargets"], json!([]));
    assert_eq!(found["droppedTargetCounts"], Value::Null);
    let dropped = data(address, "targets?state=dropped");
    let first = &dropped["droppedTargets"][0];
    assert_eq!(first["discoveredLabels"]["__address__"], "b:1");
    assert_eq!(first["scrapePool"], "choosy");
    assert_eq!(dropped["droppedTargets"].as_array().unwrap().len(), 1);
    assert_eq!(
        dropped["droppedTargetCounts"],
        json!({"choosy": 2, "self": 0})
    );
    let none = data(address, "targets?state=dropped&scrapePool=self");
    assert_eq!(none["droppedTargets"], json!([]));
    assert_eq!(none["droppedTargetCounts"], json!({"choosy": 2, "self": 0}));
}

fn upstreams_steps(address: &str) {
    let ask = |pool: &str, labels: &str| {
        let labels = encoded(labels);
        let path = format!("targets/relabel_steps?scrapePool={pool}&labels={labels}");
        data(address, &path)["steps"].clone()
    };
    let steps = ask("self", r#"{"__address__":"h:80","zone":"q"}"#);
    let first = json!({
        "rule": {
            "source_labels": ["__address__"], "separator": ";", "regex": "(.*):\\d+",
            "target_label": "host", "replacement": "$1", "action": "replace",
        },
        "output": {"__address__": "h:80", "host": "h", "zone": "q"},
        "keep": true,
    });
    assert_eq!(steps[0], first);
    let mapped = json!({
        "separator": ";", "regex": "zo(.*)", "replacement": "k_$1", "action": "labelmap",
    });
    assert_eq!(steps[1]["rule"], mapped);
    assert_eq!(steps[2]["rule"]["modulus"], 1);
    assert_eq!(steps[2]["output"]["shard"], "0");
    let gone = ask("choosy", r#"{"__address__":"b:80"}"#);
    assert_eq!(
        (&gone[0]["keep"], &gone[1]["keep"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(gone[1]["output"], json!({}));
}

fn metadata_of_targets(address: &str) {
    let matching = encoded("{job=\"self\",k_ne=~\"a|b\"}");
    let path = format!("targets/metadata?metric=process_open_fds&match_target={matching}");
    let one = data(address, &path);
    assert_eq!(one[0]["type"], "gauge", "{one}");
    assert_eq!(one[0]["target"]["job"], "self");
    assert!(one[0].get("metric").is_none(), "{one}");
    let all = data(address, "targets/metadata?limit=1");
    assert!(all.as_array().unwrap().len() > 10, "a target is told whole");
    assert!(all[0]["metric"].is_string());
    assert_eq!(data(address, "targets/metadata?limit=0"), json!([]));
    assert_eq!(data(address, "targets/metadata?match_target=up"), json!([]));
}

fn requests_are_refused(address: &str) {
    let cases = [
        (
            "targets/relabel_steps",
            400,
            "no scrapePool parameter provided",
        ),
        (
            "targets/relabel_steps?scrapePool=self",
            400,
            "no labels parameter provided",
        ),
        (
            "targets/relabel_steps?scrapePool=no&labels=%7B%7D",
            400,
            "error retrieving scrape config: scrape pool \"no\" not found",
        ),
        (
            "targets/relabel_steps?scrapePool=self&labels=%5B%5D",
            400,
            "error parsing labels: json: cannot unmarshal array into Go value of type map[string]string",
        ),
        ("targets/metadata?limit=x", 400, "limit must be a number"),
        (
            "targets/metadata?match_target=%7B",
            400,
            "invalid parameter \"match_target\": 1:2: parse error: unexpected end of input inside braces",
        ),
        (
            "scrape_pools/config",
            400,
            "no scrapePool parameter provided",
        ),
        (
            "targets/page?scrapePool=self&target=0",
            404,
            "no such target in this scrape pool",
        ),
        (
            "targets/discovered?scrapePool=self&limit=-1",
            400,
            "limit must be a number up to 10000",
        ),
    ];
    for (path, status, reason) in cases {
        let answer = client::get(address, &format!("/api/v1/{path}"));
        assert_eq!(answer.status, status, "{path}: {}", answer.text());
        assert_eq!(answer.json()["error"], reason, "{path}");
    }
}

fn fates_and_reasons(address: &str) {
    let all = data(address, "targets/discovered?scrapePool=choosy");
    let counts = json!({"target": 0, "duplicate": 0, "dropped": 2, "failed": 1});
    assert_eq!(all["counts"], counts);
    assert_eq!(all["rules"][1]["action"], "drop");
    let failed = data(
        address,
        "targets/discovered?scrapePool=choosy&outcome=failed",
    );
    assert_eq!(
        (&failed["matching"], &failed["targets"][0]["error"]),
        (&json!(1), &json!("no address"))
    );
    let found = data(address, "targets/discovered?scrapePool=choosy&search=C:1");
    assert_eq!(found["targets"][0]["droppedBy"], 1, "{found}");
    assert_eq!(found["targets"].as_array().unwrap().len(), 1);

    let labels = encoded(r#"{"__address__":"b:1"}"#);
    let why = data(
        address,
        &format!("targets/explain?scrapePool=choosy&labels={labels}"),
    );
    assert_eq!(
        (&why["outcome"], &why["droppedBy"]),
        (&json!("dropped"), &json!(1))
    );
    assert_eq!(why["steps"][0]["value"], "b:1");
    assert_eq!(why["steps"][0]["applied"], false);
    assert_eq!(why["steps"][1]["applied"], true);
    assert_eq!(why["discoveredLabels"]["job"], "choosy");
}

fn numbers_and_page(address: &str) {
    let overview = data(address, "targets/overview");
    let target = &overview["targets"][0];
    assert!(target["samples"].as_u64().unwrap() > 100, "{overview}");
    assert!(target["bodyBytes"].as_u64().unwrap() > 1000, "{overview}");
    assert_eq!(overview["pools"][0]["dropped"], 2, "{overview}");
    assert!(
        overview["pools"][1]["sampleLimit"].as_u64() > Some(0),
        "{overview}"
    );
    let id = target["id"].as_str().unwrap();
    let page = data(
        address,
        &format!("targets/page?scrapePool=self&target={id}"),
    );
    assert!(
        page["text"]
            .as_str()
            .unwrap()
            .contains("\nprocess_open_fds ")
    );
    assert!(page["samples"].as_u64().unwrap() > 100);
    assert_eq!(
        (&page["isCut"], &page["error"]),
        (&json!(false), &Value::Null)
    );
}
