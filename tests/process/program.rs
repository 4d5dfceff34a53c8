//! A running binary that a test started, and waiting for what it does.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::client;

/// The binary under test.
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_narthex");

/// A process of ours; killed when dropped.
#[derive(Debug)]
pub(crate) struct Program {
    child: Child,
    /// What it writes to its standard error: a file, because nobody reads on the way, and whoever
    /// writes to a full pipe waits.
    log: File,
    pub(crate) address: String,
}

impl Program {
    /// Starts `program` with these arguments; it is to listen on `address`.
    pub(crate) fn start_as(program: &Path, address: &str, arguments: &[&OsStr]) -> Self {
        let log = tempfile::tempfile().unwrap();
        let child = Command::new(program)
            .args(arguments)
            .stdout(Stdio::null())
            .stderr(log.try_clone().unwrap())
            .spawn()
            .unwrap();
        Self {
            child,
            log,
            address: address.to_owned(),
        }
    }

    /// Starts `narthex` with these arguments and waits until it is ready.
    pub(crate) fn ready(address: &str, arguments: &[&str]) -> Self {
        let arguments: Vec<&OsStr> = arguments.iter().map(OsStr::new).collect();
        let mut program = Self::start_as(Path::new(BINARY), address, &arguments);
        program.wait_ready();
        program
    }

    /// Waits until `/-/ready` says so.
    pub(crate) fn wait_ready(&mut self) {
        let address = self.address.clone();
        self.wait(Duration::from_secs(20), "the process to be ready", || {
            client::request(&address, "GET", "/-/ready", &[], "").filter(|a| a.status == 200)
        });
    }

    /// Asks again and again until there is an answer.
    pub(crate) fn wait<T>(
        &mut self,
        patience: Duration,
        what: &str,
        mut ask: impl FnMut() -> Option<T>,
    ) -> T {
        let end = Instant::now() + patience;
        loop {
            if let Some(answer) = ask() {
                return answer;
            }
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!(
                    "waiting for {what}: it ended with {status}: {}",
                    self.said()
                );
            }
            assert!(Instant::now() < end, "waited {patience:?} for {what}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Waits until the instant query has this many series, and returns them.
    pub(crate) fn wait_series(&mut self, query: &str, count: usize) -> Vec<Value> {
        let address = self.address.clone();
        self.wait(Duration::from_secs(30), query, || {
            let series = instant(&address, query);
            (series.len() == count).then_some(series)
        })
    }

    /// True unless the process has ended.
    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// What an ended process has written to its standard error.
    pub(crate) fn last_words(&mut self) -> String {
        drop(self.child.kill());
        self.said()
    }

    /// The process number.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends the process as a crash would.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks the process to end, and waits for that.
    pub(crate) fn terminate(mut self) -> bool {
        send_signal(self.id(), "TERM");
        let end = Instant::now() + Duration::from_secs(20);
        while Instant::now() < end {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.success();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("the process did not end within 20 s of SIGTERM");
    }

    fn said(&mut self) -> String {
        let mut bytes = Vec::new();
        self.log.seek(SeekFrom::Start(0)).unwrap();
        self.log.read_to_end(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Ended already, most likely.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Runs `narthex` to its end.
pub(crate) fn output(arguments: &[&str]) -> Output {
    Command::new(BINARY).args(arguments).output().unwrap()
}

/// Sends a signal by name.
pub(crate) fn send_signal(id: u32, name: &str) {
    let status = Command::new("kill")
        .arg(format!("-{name}"))
        .arg(id.to_string())
        .status()
        .unwrap();
    assert!(status.success());
}

/// An address on loopback where nobody listens.
pub(crate) fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

/// The series of an instant query.
pub(crate) fn instant(address: &str, query: &str) -> Vec<Value> {
    let answer = client::get(address, &format!("/api/v1/query?query={}", encoded(query)));
    let json = answer.json();
    json["data"]["result"]
        .as_array()
        .cloned()
        .unwrap_or_else(|| panic!("{json}"))
}

/// Percent-encodes a parameter.
pub(crate) fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' | b'.' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

/// A number that whoever runs the tests may set.
pub(crate) fn from_environment(name: &str, default: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(default)
}

/// The most memory that the process had.
pub(crate) fn peak_kib(id: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let words = line.unwrap().split_whitespace().next();
    words.unwrap().parse().unwrap()
}
