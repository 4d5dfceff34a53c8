//! What is wrong with discovery can be seen: mechanisms that this version lacks, files that are
//! broken; and the jobs stay.

use std::time::Duration;

use serde_json::{Value, json};

use crate::client::get;
use crate::program::{Program, free_address};

const JOBS: &str = "
scrape_configs:
- job_name: broken
  file_sd_configs: [{files: [broken.yml], refresh_interval: 1s}]
- job_name: lacking
  kubernetes_sd_configs: [{role: node}]
- job_name: mixed
  scrape_interval: 1s
  static_configs: [{targets: ['ADDRESS']}]
  hetzner_sd_configs: [{role: robot}]
";

#[test]
fn sources_say_what_is_wrong_with_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let address = free_address();
    std::fs::write(path("prometheus.yml"), JOBS.replace("ADDRESS", &address)).unwrap();
    std::fs::write(path("broken.yml"), "- 1\n").unwrap();
    let mut server = Program::ready(
        &address,
        &[
            "server",
            &format!("--config.file={}", path("prometheus.yml").display()),
            &format!("--storage.tsdb.path={}", path("data").display()),
            &format!("--web.listen-address={address}"),
        ],
    );
    server.wait_series("up{job=\"mixed\"} == 1", 1);
    let pools = get(&address, "/api/v1/scrape_pools").json();
    let all = json!({"scrapePools": ["broken", "lacking", "mixed"]});
    assert_eq!(pools["data"], all);

    let lacking = |mechanism: &str| {
        format!("service discovery by {mechanism} is not supported by this version")
    };
    let never = "0001-01-01T00:00:00Z";
    let found = sources(&address, "?scrapePool=mixed");
    let source = |pool: &str, mechanism: &str, health: &str, targets: u64| {
        json!({
            "scrapePool": pool, "mechanism": mechanism, "health": health, "targets": targets,
            "lastRefresh": never,
        })
    };
    let mut hetzner = source("mixed", "hetzner", "lacking", 0);
    hetzner["lastError"] = json!(lacking("hetzner"));
    assert_eq!(found, [source("mixed", "static", "good", 1), hetzner]);

    let found = sources(&address, "");
    assert_eq!(found.len(), 4, "{found:?}");
    assert_eq!(found[1]["lastError"], lacking("kubernetes"));
    let broken = &found[0];
    assert_eq!(
        (&broken["mechanism"], &broken["health"], &broken["targets"]),
        (&json!("file"), &json!("failing"), &json!(0))
    );
    assert_ne!(broken["lastRefresh"], never);
    let error = broken["lastError"].as_str().unwrap();
    assert!(error.contains("broken.yml:1:"), "{error}");

    std::fs::write(path("broken.yml"), "- targets: [x]\n").unwrap();
    server.wait(Duration::from_secs(30), "the file to be mended", || {
        let now = sources(&address, "?scrapePool=broken").remove(0);
        let is_well = now["health"] == "good" && now["targets"] == 1;
        (is_well && now.get("lastError").is_none()).then_some(())
    });
}

fn sources(address: &str, query: &str) -> Vec<Value> {
    let answer = get(address, &format!("/api/v1/scrape_pools/discovery{query}")).json();
    answer["data"]["sources"].as_array().unwrap().clone()
}
