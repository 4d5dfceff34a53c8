//! A server on loopback that answers as an API does.

use std::sync::{Arc, Mutex};

use host::net::listen;
use host::tasks::TaskGroup;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// A request as it came: its first line, its headers in lower case, its body.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) line: String,
    pub(crate) headers: String,
    pub(crate) body: String,
}

/// Status, further headers, body.
pub(crate) type Answer = (u16, String, String);

/// A running server.
pub(crate) struct Server {
    pub(crate) address: String,
    pub(crate) asked: Arc<Mutex<Vec<Asked>>>,
    _tasks: TaskGroup,
}

impl Server {
    /// Starts a server that answers so.
    pub(crate) async fn start(answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        let listener = listen("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let asked = Arc::<Mutex<Vec<Asked>>>::default();
        let mut tasks = TaskGroup::new();
        let seen = Arc::clone(&asked);
        tasks.spawn(async move {
            let answer = Arc::new(answer);
            let mut connections = TaskGroup::new();
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let (answer, seen) = (Arc::clone(&answer), Arc::clone(&seen));
                connections.spawn(async move {
                    let mut bytes = Vec::new();
                    let asked = loop {
                        let mut part = [0; 4096];
                        let length = stream.read(&mut part).await.unwrap_or(0);
                        if length == 0 {
                            return;
                        }
                        bytes.extend_from_slice(&part[..length]);
                        if let Some(asked) = whole(&bytes) {
                            break asked;
                        }
                    };
                    seen.lock().unwrap().push(asked.clone());
                    let (status, headers, body) = answer(&asked);
                    let text = format!(
                        "HTTP/1.1 {status} x\r\ncontent-length: {}\r\nconnection: close\r\n{headers}\r\n{body}",
                        body.len()
                    );
                    stream.write_all(text.as_bytes()).await.unwrap_or_default();
                });
            }
        });
        Self {
            address,
            asked,
            _tasks: tasks,
        }
    }
}

/// The request, once all of it is there.
fn whole(bytes: &[u8]) -> Option<Asked> {
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text.split_once("\r\n\r\n")?;
    let (line, headers) = head.split_once("\r\n").unwrap_or((head, ""));
    let headers = headers.to_ascii_lowercase();
    let length = headers
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = length.map_or(0, |length| length.parse().unwrap());
    (body.len() >= length).then(|| Asked {
        line: line.to_owned(),
        headers,
        body: body.to_owned(),
    })
}
