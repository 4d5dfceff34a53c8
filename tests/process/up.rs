//! `narthex up` monitors this machine, survives a crash and holds its folder alone.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::client;
use crate::program::{Program, encoded, free_address, instant, output};

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs()
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
