//! Targets that mean harm, among good ones: the good ones miss no scrape, memory stays bounded, no
//! credentials reach another host, and each bad one says what is wrong with it.
//!
//! `NARTHEX_HOSTILE_SECONDS` says how long (default 20; the promise is for 300),
//! `NARTHEX_HOSTILE_GOOD` among how many good targets (default 40; 500),
//! `NARTHEX_HOSTILE_BAD` how many bad ones there are (default one of each kind; 50). With a full run,
//! the good ones are asked on time, too: p99 of the jitter is at most 100 ms.

mod kinds;
mod server;

use std::path::Path;
use std::time::Duration;

use crate::client::get;
use crate::program::{Program, free_address, from_environment, instant, peak_kib};
use kinds::{KINDS, Kind};
use server::{Arrivals, Sink};

#[test]
fn bad_targets_harm_no_good_one() {
    let seconds = from_environment("NARTHEX_HOSTILE_SECONDS", 20);
    let good_count = from_environment("NARTHEX_HOSTILE_GOOD", 40);
    let bad_count = from_environment("NARTHEX_HOSTILE_BAD", KINDS.len() as u64);
    let (sink, arrivals) = (Sink::start(), Arrivals::default());
    let good = server::good(arrivals.clone());
    let bad: Vec<(String, &Kind, String)> = KINDS
        .iter()
        .cycle()
        .take(usize::try_from(bad_count).unwrap())
        .enumerate()
        .map(|(index, kind)| (format!("{}-{index}", kind.name), kind, kind.start(&sink)))
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let address = free_address();
    configure(folder.path(), &good, good_count, &bad);
    let config = folder.path().join("prometheus.yml");
    let mut server = Program::ready(
        &address,
        &[
            "server",
            &format!("--config.file={}", config.display()),
            &format!("--web.listen-address={address}"),
            &format!(
                "--storage.tsdb.path={}",
                folder.path().join("data").display()
            ),
        ],
    );
    server.wait(Duration::from_secs(60), "the good targets", || {
        (instant(&address, "up{job=\"good\"} == 1").len() as u64 == good_count).then_some(())
    });
    arrivals.begin();
    std::thread::sleep(Duration::from_secs(seconds));
    let jitter = arrivals.jitter(INTERVAL);
    let missed = instant(
        &address,
        &format!("min_over_time(up{{job=\"good\"}}[{seconds}s]) < 1"),
    );
    assert!(missed.is_empty(), "{missed:?}");
    let least = seconds / INTERVAL.as_secs() - 1;
    let query = format!("count_over_time(up{{job=\"good\"}}[{seconds}s]) < {least}");
    assert!(instant(&address, &query).is_empty(), "scrapes were missed");
    each_says_what_is_wrong(&mut server, &address, &bad);
    assert_eq!(
        sink.told(),
        Vec::<String>::new(),
        "credentials reached another host"
    );
    let peak = peak_kib(server.id());
    println!(
        "{good_count} good, {bad_count} bad, {seconds} s: at most {} MiB, p99 of the jitter {jitter:?}",
        peak >> 10
    );
    assert!(peak < LIMIT_KIB, "{peak} KiB");
    if seconds >= FULL_RUN_SECONDS {
        assert!(jitter <= Duration::from_millis(100), "{jitter:?}");
    }
}

fn configure(folder: &Path, good: &str, count: u64, bad: &[(String, &Kind, String)]) {
    let mut text = format!(
        "global: {{scrape_interval: {0}s, scrape_timeout: {0}s}}\nscrape_configs:\n- job_name: good\n  static_configs:\n",
        INTERVAL.as_secs()
    );
    for number in 0..count {
        text.push_str(&format!(
            "  - targets: ['{good}']\n    labels: {{instance: 'good-{number}', __param_number: '{number}'}}\n"
        ));
    }
    for (job, kind, address) in bad {
        text.push_str(&format!(
            "- job_name: {job}\n  authorization: {{credentials: {TOKEN}}}\n  http_headers: {{x-secret: {{secrets: [{TOKEN}]}}}}\n{}  static_configs: [{{targets: ['{address}']}}]\n",
            kind.settings
        ));
    }
    std::fs::write(folder.join("prometheus.yml"), text).unwrap();
}

fn each_says_what_is_wrong(server: &mut Program, address: &str, bad: &[(String, &Kind, String)]) {
    for (job, kind, _) in bad {
        let reason = || {
            let targets = get(address, "/api/v1/targets?state=active").json();
            let targets = targets["data"]["activeTargets"].as_array()?.clone();
            let target = targets
                .into_iter()
                .find(|target| target["scrapePool"] == **job)?;
            let error = target["lastError"].as_str()?.to_owned();
            let is_down = target["health"] == "down";
            (is_down && error.contains(kind.reason) && !error.is_empty()).then_some(())
        };
        server.wait(
            Duration::from_secs(30),
            &format!("{job} to say {:?}", kind.reason),
            reason,
        );
    }
}

/// What must reach nobody else.
const TOKEN: &str = "hunter2";
const INTERVAL: Duration = Duration::from_secs(2);
/// Memory of the process, in KiB: that of a server of this size, and room for the few bodies that
/// are read at once.
const LIMIT_KIB: u64 = 1 << 20;
/// From this length on a run is one of its own, on a machine that does nothing else.
const FULL_RUN_SECONDS: u64 = 300;
