//! A disk that is full, on a real mount: queries go on, nothing acknowledged is lost, and once there
//! is room samples are taken again, without a restart.
//!
//! `NARTHEX_FULL_DISK_SECONDS` says how long it stays full (default 10). Mounting takes rights: where
//! they are missing, the test says so and ends.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::client::get;
use crate::journal::Ledger;
use crate::program::{Program, free_address, instant};

#[test]
fn a_full_disk_is_survived() {
    let seconds = std::env::var("NARTHEX_FULL_DISK_SECONDS").ok();
    let seconds: u64 = seconds.map_or(10, |text| text.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = SmallDisk::mount(folder.path()) else {
        println!("skipped: a file system of its own cannot be mounted here");
        return;
    };
    let config = folder.path().join("prometheus.yml");
    std::fs::write(&config, "scrape_configs: []\n").unwrap();
    let ledger = Ledger::default();
    let mut server = start(&config, &disk.path);
    let writers = ledger.start();
    ledger.send_to(&server.address);
    wait("samples to be taken", || ledger.acknowledged() > 50);

    disk.fill();
    wait("samples to be refused", || ledger.refused() > 0);
    let end = Instant::now() + Duration::from_secs(seconds);
    while Instant::now() < end {
        assert!(server.is_running());
        assert_eq!(instant(&server.address, "count(ledger_0)").len(), 1);
        std::thread::sleep(Duration::from_millis(500));
    }

    disk.free();
    let before = ledger.acknowledged();
    wait("samples to be taken again", || {
        ledger.acknowledged() > before + 20
    });
    ledger.send_to("");
    std::thread::sleep(Duration::from_millis(500));
    assert!(ledger.compare(&server.address).lost.is_empty());

    // A start while the disk is full: what is there can be read.
    disk.fill();
    server.kill();
    let server = start(&config, &disk.path);
    assert!(ledger.compare(&server.address).lost.is_empty());
    disk.free();
    let before = ledger.acknowledged();
    ledger.send_to(&server.address);
    wait("samples to be taken again", || {
        ledger.acknowledged() > before + 20
    });
    ledger.stop(writers);
    let comparison = ledger.compare(&server.address);
    assert!(comparison.lost.is_empty(), "{comparison:?}");
    assert_eq!(get(&server.address, "/-/healthy").status, 200);
    drop(server);
}

fn start(config: &Path, disk: &Path) -> Program {
    let address = free_address();
    Program::ready(
        &address,
        &[
            "server",
            &format!("--config.file={}", config.display()),
            &format!("--storage.tsdb.path={}", disk.join("data").display()),
            &format!("--web.listen-address={address}"),
            "--web.enable-remote-write-receiver",
            "--storage.tsdb.maintenance-interval=1s",
            "--log.level=warn",
        ],
    )
}

/// Within the 30 seconds that are promised.
fn wait(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(30);
    while !is_so() {
        assert!(Instant::now() < end, "waited for {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A file system in memory; gone when dropped.
struct SmallDisk {
    path: PathBuf,
}

impl SmallDisk {
    fn mount(folder: &Path) -> Option<Self> {
        let path = folder.join("disk");
        std::fs::create_dir(&path).unwrap();
        let mut mount = Command::new("mount");
        mount
            .args(["-t", "tmpfs", "-o", "size=24m", "tmpfs"])
            .arg(&path);
        let is_mounted = mount.output().is_ok_and(|output| output.status.success());
        is_mounted.then_some(Self { path })
    }

    /// Takes all the room that is left.
    fn fill(&self) {
        use std::io::Write as _;
        let mut filler = std::fs::File::create(self.path.join("filler")).unwrap();
        let mut size = 1 << 20;
        while size > 0 {
            match filler.write(&vec![1; size]) {
                Ok(1..) => {}
                _ => size /= 2,
            }
        }
    }

    fn free(&self) {
        std::fs::remove_file(self.path.join("filler")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Whatever still holds it lets go when it ends.
        drop(Command::new("umount").arg("-l").arg(&self.path).output());
    }
}
