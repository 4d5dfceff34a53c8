//! What was acknowledged is there, however often the process is killed.
//!
//! A writer sends samples by remote write, a tenth of them out of order, and keeps a journal; targets are scraped; blocks are cut
//! and the log is folded all the time; the process is killed at moments of all kinds.
//! `NARTHEX_LEDGER_KILLS` says how often (default 20).

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::journal::Ledger;
use crate::pages;
use crate::program::{Program, free_address};

#[test]
fn nothing_acknowledged_is_lost_by_kills() {
    let kills = std::env::var("NARTHEX_LEDGER_KILLS").ok();
    let kills: usize = kills.map_or(20, |text| text.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let config = folder.path().join("prometheus.yml");
    std::fs::write(&config, configuration(pages::serve(page))).unwrap();

    let ledger = Ledger::default();
    ledger.mix();
    let writers = ledger.start();
    let mut moments = BTreeMap::new();
    let mut chance = 0x2545_f491_4f6c_dd1d_u64;
    for kill in 0..kills {
        let server = start(&config, &data);
        ledger.send_to(&server.address);
        chance ^= chance << 13;
        chance ^= chance >> 7;
        chance ^= chance << 17;
        let moment = wait_for_moment(kill, Duration::from_millis(300 + chance % 2_500), &data);
        server.kill();
        *moments.entry(moment).or_insert(0) += 1;
        ledger.send_to("");
    }
    ledger.stop(writers);

    let server = start(&config, &data);
    let comparison = ledger.compare(&server.address);
    let (acknowledged, found) = (comparison.acknowledged, comparison.found);
    println!("{acknowledged} acknowledged, {found} found, {kills} kills: {moments:?}");
    assert!(acknowledged > kills * 50, "{acknowledged} acknowledged");
    assert_eq!(ledger.refused(), 0);
    let lost = comparison.lost;
    assert!(
        lost.is_empty(),
        "{} lost: {:?}",
        lost.len(),
        &lost[..lost.len().min(5)]
    );
    for moment in ["while a block is written", "while the log is folded"] {
        let times = moments.get(moment).copied().unwrap_or_default();
        assert!(times * 10 >= kills, "{moment}: {times} of {kills} kills");
    }
}

/// The comparison would find a loss: here is one.
#[test]
fn a_log_that_was_cut_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let config = folder.path().join("prometheus.yml");
    std::fs::write(&config, "scrape_configs: []\n").unwrap();
    let ledger = Ledger::default();
    let writers = ledger.start();
    let server = start(&config, &data);
    ledger.send_to(&server.address);
    std::thread::sleep(Duration::from_millis(1_500));
    server.kill();
    ledger.stop(writers);
    let segments = std::fs::read_dir(data.join("wal")).unwrap().flatten();
    let segments = segments.filter(|entry| entry.file_type().unwrap().is_file());
    let longest = segments.max_by_key(|entry| entry.metadata().unwrap().len());
    let longest = std::fs::OpenOptions::new()
        .write(true)
        .open(longest.unwrap().path())
        .unwrap();
    longest
        .set_len(longest.metadata().unwrap().len() / 2)
        .unwrap();
    let server = start(&config, &data);
    let comparison = ledger.compare(&server.address);
    assert!(!comparison.lost.is_empty(), "{comparison:?}");
}

fn start(config: &Path, data: &Path) -> Program {
    let address = free_address();
    Program::ready(
        &address,
        &[
            "server",
            &format!("--config.file={}", config.display()),
            &format!("--storage.tsdb.path={}", data.display()),
            &format!("--web.listen-address={address}"),
            "--web.enable-remote-write-receiver",
            "--storage.tsdb.min-block-duration=4s",
            "--storage.tsdb.maintenance-interval=200ms",
            "--log.level=error",
        ],
    )
}

/// Waits for the moment of a kill: every third time until a block is being written, or until the log
/// is being folded, if that comes; else for `delay`.
fn wait_for_moment(kill: usize, delay: Duration, data: &Path) -> &'static str {
    let (what, is_there): (_, fn(&Path) -> bool) = match kill % 3 {
        0 => ("while a block is written", |data| {
            has(data, ".tmp-for-creation")
        }),
        1 => ("while the log is folded", |data| {
            has(&data.join("wal"), ".tmp")
        }),
        _ => {
            std::thread::sleep(delay);
            return "at random";
        }
    };
    let end = Instant::now() + Duration::from_secs(12);
    while Instant::now() < end {
        if is_there(data) {
            return what;
        }
        std::thread::sleep(Duration::from_micros(200));
    }
    "at random"
}

fn has(folder: &Path, ending: &str) -> bool {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names = entries.map(|entry| entry.file_name());
    names.any(|name| name.to_string_lossy().ends_with(ending))
}

fn configuration(port: u16) -> String {
    let mut text =
        "global:\n  scrape_interval: 1s\nstorage:\n  tsdb:\n    out_of_order_time_window: 1m\n\
                    scrape_configs:\n"
            .to_owned();
    for number in 0..TARGETS {
        text.push_str(&format!(
            "  - job_name: target-{number}\n    metrics_path: /{number}\n    static_configs:\n      \
             - targets: ['127.0.0.1:{port}']\n"
        ));
    }
    text
}

fn page() -> String {
    static SCRAPES: AtomicU64 = AtomicU64::new(0);
    let scrape = SCRAPES.fetch_add(1, Ordering::Relaxed);
    let lines = (0..PAGE_SERIES).map(|n| format!("scraped_total{{n=\"{n}\"}} {}\n", scrape + n));
    lines.collect()
}

const TARGETS: usize = 50;
const PAGE_SERIES: u64 = 100;
