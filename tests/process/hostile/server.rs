//! Small servers: good ones that note when they are asked, bad ones, and one that must not be told
//! any secret.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Serves connections from threads until the test ends; returns host and port.
pub(super) fn serve(answer: impl Fn(&mut TcpStream, &str) + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let answer = Arc::new(answer);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            let answer = Arc::clone(&answer);
            std::thread::spawn(move || {
                let mut bytes = [0; 8192];
                while let Ok(count) = stream.read(&mut bytes) {
                    if count == 0 {
                        return;
                    }
                    answer(&mut stream, &String::from_utf8_lossy(&bytes[..count]));
                }
            });
        }
    });
    address
}

/// Sends a whole answer; that the other side has gone is its own affair.
pub(super) fn send(stream: &mut TcpStream, status: &str, headers: &str, body: &[u8]) {
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\n\r\n");
    drop(
        stream
            .write_all(head.as_bytes())
            .and_then(|()| stream.write_all(body)),
    );
}

/// When good targets were asked.
#[derive(Clone, Default)]
pub(super) struct Arrivals(Arc<Mutex<HashMap<String, Vec<Instant>>>>);

impl Arrivals {
    /// Forgets what was before.
    pub(super) fn begin(&self) {
        self.0.lock().unwrap().clear();
    }

    /// How far from the interval the times between two scrapes of a target are, 99 of 100.
    pub(super) fn jitter(&self, interval: Duration) -> Duration {
        let all = self.0.lock().unwrap();
        let gaps = all.values().flat_map(|times| times.windows(2));
        let mut off: Vec<Duration> = gaps
            .map(|pair| (pair[1] - pair[0]).abs_diff(interval))
            .collect();
        off.sort_unstable();
        off.get(off.len() * 99 / 100).copied().unwrap_or_default()
    }
}

/// A server whose targets are told apart by their query.
pub(super) fn good(arrivals: Arrivals) -> String {
    serve(move |stream, head| {
        let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
        arrivals
            .0
            .lock()
            .unwrap()
            .entry(path)
            .or_default()
            .push(Instant::now());
        let page: String = (0..100)
            .map(|n| format!("good{{n=\"{n}\"}} {n}\n"))
            .collect();
        send(
            stream,
            "200 OK",
            "Content-Type: text/plain; version=0.0.4\r\n",
            page.as_bytes(),
        );
    })
}

/// Another host, to which targets redirect.
#[derive(Clone)]
pub(super) struct Sink {
    /// Its address by another name than the targets have.
    pub(super) address: String,
    told: Arc<Mutex<Vec<String>>>,
}

impl Sink {
    pub(super) fn start() -> Self {
        let told = Arc::<Mutex<Vec<String>>>::default();
        let heard = Arc::clone(&told);
        let address = serve(move |stream, head| {
            if head.contains(super::TOKEN) {
                heard.lock().unwrap().push(head.to_owned());
            }
            send(stream, "403 Forbidden", "", b"");
        });
        Self {
            address: address.replace("127.0.0.1", "localhost"),
            told,
        }
    }

    /// Requests that carried a secret.
    pub(super) fn told(&self) -> Vec<String> {
        self.told.lock().unwrap().clone()
    }
}
