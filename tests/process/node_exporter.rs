//! `narthex node-exporter` serves its page in both formats, compressed when asked.

use std::ffi::OsStr;
use std::os::unix::fs::symlink;
use std::time::Duration;

use crate::client::{self, request};
use crate::program::{BINARY, Program, free_address};

#[test]
fn started_as_node_exporter_it_serves_the_page() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("node_exporter");
    symlink(BINARY, &link).unwrap();
    let address = free_address();
    let flags = [
        format!("--web.listen-address={address}"),
        "--no-collector.vmstat".to_owned(),
    ];
    let arguments: Vec<&OsStr> = flags.iter().map(OsStr::new).collect();
    let mut program = Program::start_as(&link, &address, &arguments);
    let plain = program.wait(Duration::from_secs(20), "a page", || {
        request(&address, "GET", "/metrics", &[], "")
    });
    assert_eq!(plain.status, 200);
    assert!(
        plain.head.contains("text/plain; version=0.0.4"),
        "{}",
        plain.head
    );
    let text = plain.text();
    assert!(text.contains("\nnode_load1 "), "{text}");
    assert!(
        text.contains("node_scrape_collector_success{collector=\"cpu\"} 1\n"),
        "{text}"
    );
    assert!(
        !text.contains("collector=\"vmstat\""),
        "a collector that is switched off ran"
    );

    let accept = "Accept: application/openmetrics-text;version=1.0.0";
    let open = request(&address, "GET", "/metrics", &[accept], "").unwrap();
    assert!(
        open.head.contains("application/openmetrics-text"),
        "{}",
        open.head
    );
    assert!(open.text().ends_with("# EOF\n"));

    let gzip = request(&address, "GET", "/metrics", &["Accept-Encoding: gzip"], "").unwrap();
    assert!(gzip.has_header("content-encoding: gzip"), "{}", gzip.head);
    assert!(gzip.body.starts_with(&[0x1f, 0x8b]) && gzip.body.len() * 3 < plain.body.len());

    let one = client::get(&address, "/metrics?collect[]=loadavg").text();
    assert!(
        one.contains("node_load1 ") && !one.contains("node_memory_"),
        "{one}"
    );
    let both = client::get(&address, "/metrics?collect[]=loadavg&exclude[]=cpu");
    assert_eq!(both.status, 400, "{}", both.text());
    assert!(client::get(&address, "/").text().contains("/metrics"));
}
