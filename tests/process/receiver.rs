//! A receiver: keeps the JSON that is posted to it, in the order in which it comes.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;

/// Takes whatever is posted to it, until the test ends.
#[derive(Clone, Debug)]
pub(crate) struct Receiver {
    /// Where it listens.
    pub(crate) address: String,
    received: Arc<Mutex<Vec<Received>>>,
}

/// What was posted.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    /// When, in milliseconds since the Unix epoch.
    pub(crate) at: i64,
    /// The JSON.
    pub(crate) body: Value,
}

impl Receiver {
    /// Begins to listen.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let receiver = Self {
            address: listener.local_addr().unwrap().to_string(),
            received: Arc::default(),
        };
        let received = Arc::clone(&receiver.received);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let received = Arc::clone(&received);
                // One who is killed in the middle of a request has said nothing.
                std::thread::spawn(move || while take_one(&stream, &received).is_some() {});
            }
        });
        receiver
    }

    /// All that has come so far.
    pub(crate) fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }
}

/// Takes one request and thanks for it; `None` at the end of the connection.
fn take_one(stream: &TcpStream, received: &Mutex<Vec<Received>>) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line == "\r\n" {
            break;
        }
        let (name, value) = line.split_once(':').unwrap_or_default();
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let body = serde_json::from_slice(&body).ok()?;
    let at = now_millis();
    received.lock().unwrap().push(Received { at, body });
    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    (&mut &*stream).write_all(answer).ok()
}

/// Milliseconds since the Unix epoch.
pub(crate) fn now_millis() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since.as_millis()).unwrap()
}
