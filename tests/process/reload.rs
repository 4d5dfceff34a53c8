//! A new configuration is taken whole or not at all.

use std::time::Duration;

use crate::client::{self, request};
use crate::program::{Program, free_address, send_signal};

#[test]
fn reload_by_request_and_by_signal() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("prometheus.yml");
    let write = |text: &str| std::fs::write(&path, text).unwrap();
    let address = free_address();
    let job = |name: &str| {
        format!(
            "scrape_configs:\n  - job_name: {name}\n    scrape_interval: 1s\n    static_configs:\n      \
             - targets: ['{address}']\n"
        )
    };
    write(&job("one"));
    let data = folder.path().join("data").to_string_lossy().into_owned();
    let config = path.to_string_lossy().into_owned();
    let mut program = Program::ready(
        &address,
        &[
            "server",
            "--web.enable-lifecycle",
            "--config.file",
            &config,
            "--storage.tsdb.path",
            &data,
            "--web.listen-address",
            &address,
        ],
    );
    program.wait_series("up{job=\"one\"} == 1", 1);

    write("scrape_configs: 7\n");
    let refused = request(&address, "POST", "/-/reload", &[], "").unwrap();
    assert_eq!(refused.status, 500);
    assert!(
        refused.text().contains("prometheus.yml:1:"),
        "{}",
        refused.text()
    );
    let status = client::get(&address, "/api/v1/status/config").json();
    assert!(
        status["data"]["yaml"]
            .as_str()
            .unwrap()
            .contains("job_name: one"),
        "{status}"
    );

    write(&job("two"));
    assert_eq!(
        request(&address, "POST", "/-/reload", &[], "")
            .unwrap()
            .status,
        200
    );
    program.wait_series("up{job=\"two\"} == 1", 1);
    program.wait_series("up{job=\"one\"}", 0);

    write(&job("three"));
    send_signal(program.id(), "HUP");
    program.wait_series("up{job=\"three\"} == 1", 1);
    assert_eq!(client::get(&address, "/-/reload").status, 405);

    let quit = request(&address, "POST", "/-/quit", &[], "").unwrap();
    assert_eq!(quit.status, 200);
    let gone = || {
        request(&address, "GET", "/-/healthy", &[], "")
            .is_none()
            .then_some(())
    };
    let mut patience = 200;
    while gone().is_none() {
        patience -= 1;
        assert!(patience > 0, "the process still answers after /-/quit");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_changed_file_is_taken_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let write = |name: &str, text: &str| std::fs::write(file(name), text).unwrap();
    let address = free_address();
    let jobs = |name: &str| format!("scrape_configs: [{{job_name: {name}}}]\n");
    write(
        "prometheus.yml",
        "scrape_config_files: [jobs.yml]\nremote_write: [{url: 'http://x'}]\n",
    );
    write("jobs.yml", &jobs("one"));
    let mut program = Program::ready(
        &address,
        &[
            "server",
            "--config.auto-reload",
            "--config.auto-reload-interval=1s",
            "--config.file",
            &file("prometheus.yml"),
            "--storage.tsdb.path",
            &file("data"),
            "--web.listen-address",
            &address,
        ],
    );
    let notes = client::get(&address, "/api/v1/notifications").text();
    assert!(notes.contains("remote_write has no effect"), "{notes}");
    let wait_for = |program: &mut Program, path: &str, words: &str| {
        program.wait(Duration::from_secs(20), words, || {
            let text = client::get(&address, path).text();
            text.contains(words).then_some(())
        });
    };
    let pools = "/api/v1/scrape_pools";
    wait_for(&mut program, pools, "\"one\"");
    write("jobs.yml", &jobs("two"));
    wait_for(&mut program, pools, "\"two\"");
    write("jobs.yml", "scrape_configs: 7\n");
    let (metrics, gauge) = ("/metrics", "prometheus_config_last_reload_successful");
    wait_for(&mut program, metrics, &format!("{gauge} 0"));
    write("jobs.yml", &jobs("three"));
    wait_for(&mut program, metrics, &format!("{gauge} 1"));
    wait_for(&mut program, pools, "\"three\"");
}
