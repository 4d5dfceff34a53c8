//! `narthex up` monitors this machine, survives a crash, holds its folder alone and evaluates the
//! rules that ship with it.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use crate::certificates::{Authority, ask};
use crate::client;
use crate::encrypted::HASH;
use crate::program::{BINARY, Program, encoded, free_address, instant, output};

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs()
}

#[test]
fn this_machine_is_monitored_behind_certificates_and_passwords() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let authority = Authority::new(folder.path(), "ours");
    authority.sign("server", "127.0.0.1");
    authority.sign("alice", "alice");
    let listener = format!(
        "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n  client_ca_file: ours.crt\n  client_auth_type: RequireAndVerifyClientCert\nbasic_auth_users: {{alice: '{HASH}'}}\n"
    );
    std::fs::write(path("web.yml"), listener).unwrap();
    let address = free_address();
    let arguments = [
        "up".to_owned(),
        format!("--data={}", path("data")),
        format!("--listen={address}"),
        format!("--web.config.file={}", path("web.yml")),
    ];
    let arguments: Vec<&OsStr> = arguments.iter().map(OsStr::new).collect();
    let url = format!("https://{address}/api/v1/query?query=sum(up)");
    let certificate =
        "tls_config: {ca_file: ours.crt, cert_file: alice.crt, key_file: alice.key}\n";
    let password = "basic_auth: {username: alice, password: secret}\n";
    // A second start finds the socket that the first one left.
    for _ in 0..2 {
        let mut program = Program::start_as(Path::new(BINARY), &address, &arguments);
        program.wait(Duration::from_secs(60), "both jobs to be up", || {
            let keys = format!("{certificate}{password}");
            let (status, body) = ask(folder.path(), &url, &keys).ok()?;
            (status == 200 && body.contains(",\"2\"]")).then_some(())
        });
        let (status, _) = ask(folder.path(), &url, certificate).unwrap();
        assert_eq!(status, 401);
        let refused = ask(folder.path(), &url, "tls_config: {ca_file: ours.crt}\n").unwrap_err();
        assert!(refused.contains("certificate required"), "{refused}");
        program.kill();
    }
}

#[test]
fn this_machine_is_monitored_and_a_crash_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data").to_string_lossy().into_owned();
    let address = free_address();
    let arguments = ["up", "--data", &data, "--listen", &address];

    let start = now();
    let mut program = Program::ready(&address, &arguments);
    program.wait_series("node_load1", 1);
    let up = program.wait_series("up == 1", 2);
    let jobs: Vec<&str> = up
        .iter()
        .filter_map(|s| s["metric"]["job"].as_str())
        .collect();
    assert!(
        jobs.contains(&"node") && jobs.contains(&"narthex"),
        "{jobs:?}"
    );
    assert_eq!(client::get(&address, "/").status, 302);
    assert!(client::get(&address, "/").has_header("location: /machine"));

    let refused = output(&arguments);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success(), "a second start must be refused");
    assert!(said.contains(&address) || said.contains(&data), "{said}");
    let elsewhere = free_address();
    let refused = output(&["up", "--data", &data, "--listen", &elsewhere]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        !refused.status.success(),
        "a second start on the folder must be refused"
    );
    assert!(
        said.contains(&data) && said.contains("in use by process"),
        "{said}"
    );

    program.wait_series("count_over_time(up{job=\"node\"}[5m]) >= 2", 1);
    let before = instant(&address, "count_over_time(node_load1[5m])");
    program.kill();

    let mut program = Program::ready(&address, &arguments);
    program.wait_series("up == 1", 2);
    let query = format!(
        "/api/v1/query_range?query={}&start={start}&end={}&step=1",
        encoded("count_over_time(node_load1[5m])"),
        // The last sample may be of this very second.
        now() + 1,
    );
    let json = client::get(&address, &query).json();
    let values = json["data"]["result"][0]["values"]
        .as_array()
        .unwrap()
        .clone();
    let counts: Vec<f64> = values
        .iter()
        .map(|v| v[1].as_str().unwrap().parse().unwrap())
        .collect();
    let kept: f64 = before[0]["value"][1].as_str().unwrap().parse().unwrap();
    assert!(
        counts.windows(2).all(|pair| pair[0] <= pair[1]),
        "samples vanished: {counts:?}"
    );
    assert!(
        counts.last().unwrap() >= &kept,
        "{counts:?}, before the crash {kept}"
    );
    assert!(program.terminate(), "a clean end has exit code 0");
}

#[test]
fn the_rules_that_ship_are_evaluated_unless_switched_off() {
    let folder = tempfile::tempdir().unwrap();
    let data = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let address = free_address();
    let arguments = ["up", "--data", &data("without"), "--listen", &address];
    let without = Program::ready(
        &address,
        &[&arguments[..], &["--no-shipped-rules"]].concat(),
    );
    assert!(groups(&address).is_empty());
    drop(without);

    let address = free_address();
    let arguments = ["up", "--data", &data("with"), "--listen", &address];
    let mut program = Program::ready(&address, &arguments);
    let groups = program.wait(PATIENCE, "every rule to be evaluated", || {
        let groups = groups(&address);
        let is_unknown = |rule: &Value| rule["health"] == "unknown";
        let is_done = !rules(&groups).any(is_unknown);
        is_done.then_some(groups)
    });
    let names: Vec<(&str, &str)> = groups
        .iter()
        .filter_map(|group| Some((group["file"].as_str()?, group["name"].as_str()?)))
        .collect();
    let want = [
        ("machine.yml", "machine"),
        ("machine.yml", "machine-recording"),
        ("narthex.yml", "narthex"),
    ];
    assert_eq!(names, want);
    for rule in rules(&groups) {
        assert_eq!(rule["health"], "ok", "{rule}");
    }
    let alerts = rules(&groups).filter(|rule| rule["type"] == "alerting");
    assert_eq!(alerts.count(), 19);
    program.wait_series("ALERTS{alertname=\"Watchdog\",alertstate=\"firing\"}", 1);

    let mut used = BTreeSet::new();
    for rule in rules(&groups) {
        let query = encoded(rule["query"].as_str().unwrap());
        let tree = client::get(&address, &format!("/api/v1/parse_query?query={query}")).json();
        selected_names(&tree["data"], &mut used);
    }
    assert!(used.len() > 15, "{used:?}");
    // What rules record may need a file system that a machine does not have.
    let is_scraped = |name: &&String| !name.contains(':') && !COME_LATER.contains(&name.as_str());
    for name in used.iter().filter(is_scraped) {
        program.wait_series(&format!("count({name})"), 1);
    }
}

fn groups(address: &str) -> Vec<Value> {
    let answer = client::get(address, "/api/v1/rules").json();
    answer["data"]["groups"].as_array().unwrap().clone()
}

fn rules(groups: &[Value]) -> impl Iterator<Item = &Value> {
    groups
        .iter()
        .flat_map(|group| group["rules"].as_array().unwrap())
}

/// The names of all metrics that a parsed expression selects.
fn selected_names(tree: &Value, names: &mut BTreeSet<String>) {
    match tree {
        Value::Object(node) => {
            let is_selector = node.get("type").and_then(Value::as_str);
            let is_selector = matches!(is_selector, Some("vectorSelector" | "matrixSelector"));
            if let (true, Some(name)) = (is_selector, node.get("name").and_then(Value::as_str)) {
                names.insert(name.to_owned());
            }
            node.values().for_each(|part| selected_names(part, names));
        }
        Value::Array(parts) => parts.iter().for_each(|part| selected_names(part, names)),
        _ => {}
    }
}

/// Metrics that are there once an Alertmanager is known, and once a job is refused series.
const COME_LATER: [&str; 3] = [
    "prometheus_notifications_errors_total",
    "prometheus_notifications_sent_total",
    "narthex_tsdb_head_series_limited",
];
/// Long enough for a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);
