//! While the log is read the process says that it lives and how far it is, and ends when asked to.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::client::{get, request};
use crate::program::{BINARY, Program, free_address};

#[test]
fn a_long_replay_can_be_watched_and_ended() {
    let folder = tempfile::tempdir().unwrap();
    let (data, config) = (folder.path().join("data"), folder.path().join("c.yml"));
    std::fs::create_dir_all(data.join("wal")).unwrap();
    std::fs::write(&config, "scrape_configs: []\n").unwrap();
    // A segment that takes for ever: opening a pipe waits for somebody who writes to it.
    let pipe = data.join("wal/00000007");
    assert!(Command::new("mkfifo").arg(pipe).status().unwrap().success());

    let address = free_address();
    let arguments = [
        "server".to_owned(),
        format!("--config.file={}", config.display()),
        format!("--storage.tsdb.path={}", data.display()),
        format!("--web.listen-address={address}"),
    ];
    let arguments: Vec<&OsStr> = arguments.iter().map(OsStr::new).collect();
    let mut server = Program::start_as(Path::new(BINARY), &address, &arguments);
    server.wait(Duration::from_secs(20), "an answer", || {
        request(&address, "GET", "/-/healthy", &[], "").filter(|answer| answer.status == 200)
    });
    let replay = server.wait(Duration::from_secs(20), "the replay", || {
        let answer = get(&address, "/api/v1/status/walreplay").json();
        (answer["data"]["max"] == 7).then_some(answer)
    });
    assert_eq!(replay["data"]["current"], 7);
    for path in ["/-/ready", "/api/v1/query?query=1", "/"] {
        let answer = get(&address, path);
        assert_eq!(answer.status, 503, "{path}");
        assert!(answer.has_header("retry-after: 1"));
        assert!(answer.text().contains("0 of 1 log segments are read"));
    }
    assert!(
        get(&address, "/metrics")
            .text()
            .contains("process_start_time_seconds")
    );
    assert!(server.terminate(), "the process ends when it is asked to");
}
