//! The ways in which a target can be bad.

use std::io::Write as _;
use std::net::TcpStream;
use std::time::Duration;

use super::server::{Sink, send, serve};

/// One way.
pub(super) struct Kind {
    pub(super) name: &'static str,
    /// Part of what the target says of itself.
    pub(super) reason: &'static str,
    /// Further lines of the job.
    pub(super) settings: &'static str,
    behaviour: Behaviour,
}

enum Behaviour {
    /// Nobody listens.
    Nobody,
    /// Does this with each request.
    Answers(fn(&mut TcpStream)),
    /// Sends a page of text.
    Page(fn() -> Vec<u8>),
    /// Sends a page under these headers.
    Headed(&'static str, fn() -> Vec<u8>),
    /// Sends the asker to another host.
    Elsewhere,
}

impl Kind {
    /// Starts a target of this kind; returns its address.
    pub(super) fn start(&self, sink: &Sink) -> String {
        match self.behaviour {
            Behaviour::Nobody => "127.0.0.1:1".to_owned(),
            Behaviour::Answers(answer) => serve(move |stream, _| answer(stream)),
            Behaviour::Page(page) => serve_page("Content-Type: text/plain\r\n", page()),
            Behaviour::Headed(headers, page) => serve_page(headers, page()),
            Behaviour::Elsewhere => {
                let location = format!("Location: http://{}/\r\n", sink.address);
                serve(move |stream, _| send(stream, "302 Found", &location, b""))
            }
        }
    }
}

fn serve_page(headers: &'static str, body: Vec<u8>) -> String {
    serve(move |stream, _| send(stream, "200 OK", headers, &body))
}

const fn kind(name: &'static str, reason: &'static str, behaviour: Behaviour) -> Kind {
    Kind {
        name,
        reason,
        settings: "",
        behaviour,
    }
}

const PROTOBUF: &str = "Content-Type: application/vnd.google.protobuf; \
                        proto=io.prometheus.client.MetricFamily; encoding=delimited\r\n";

/// An empty reason stands for any.
pub(super) const KINDS: [Kind; 22] = [
    kind("nobody", "connection refused", Behaviour::Nobody),
    kind(
        "closes",
        "EOF",
        Behaviour::Answers(|stream| {
            drop(stream.shutdown(std::net::Shutdown::Both));
        }),
    ),
    kind(
        "silence",
        "context deadline exceeded",
        Behaviour::Answers(|_| rest()),
    ),
    kind(
        "slow-head",
        "context deadline exceeded",
        Behaviour::Answers(|stream| {
            drip(stream, b"HTTP/1.1 200 OK\r\n", b"x: y\r\n");
        }),
    ),
    kind(
        "slow-body",
        "context deadline exceeded",
        Behaviour::Answers(|stream| {
            drip(
                stream,
                b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n",
                b"#\n",
            );
        }),
    ),
    kind(
        "long-head",
        "server response headers exceeded the limit",
        Behaviour::Answers(|stream| {
            drop(stream.write_all(b"HTTP/1.1 200 OK\r\n"));
            flood(
                stream,
                b"x-long: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n",
                1 << 20,
            );
        }),
    ),
    kind(
        "no-http",
        "malformed HTTP",
        Behaviour::Answers(|stream| {
            drop(stream.write_all(b"hello world\r\n\r\n"));
        }),
    ),
    kind(
        "gigabyte",
        "body size limit exceeded",
        Behaviour::Answers(|stream| {
            let head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 1073741824\r\n\r\n";
            drop(stream.write_all(head));
            flood(stream, &[b'#'; 65536], 1 << 30);
        }),
    ),
    Kind {
        settings: "  body_size_limit: 4MB\n",
        ..kind(
            "endless",
            "body size limit exceeded",
            Behaviour::Answers(|stream| {
                let head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n";
                drop(stream.write_all(head));
                let mut chunk = b"10000\r\n".to_vec();
                chunk.extend_from_slice(&[b'#'; 65536]);
                chunk.extend_from_slice(b"\r\n");
                flood(stream, &chunk, usize::MAX);
            }),
        )
    },
    kind(
        "gzip-bomb",
        "grows to more than 100 times",
        Behaviour::Headed(
            "Content-Type: text/plain\r\nContent-Encoding: gzip\r\n",
            || {
                let mut encoder =
                    flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
                for _ in 0..32 {
                    encoder.write_all(&vec![b'#'; 1 << 20]).unwrap();
                }
                encoder.finish().unwrap()
            },
        ),
    ),
    kind(
        "zstd-bomb",
        "grows to more than 100 times",
        Behaviour::Headed(
            "Content-Type: text/plain\r\nContent-Encoding: zstd\r\n",
            || zstd::stream::encode_all(&vec![b'#'; 32 << 20][..], 1).unwrap(),
        ),
    ),
    kind(
        "half-gzip",
        "unexpected EOF",
        Behaviour::Headed(
            "Content-Type: text/plain\r\nContent-Encoding: gzip\r\n",
            || vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0x4b],
        ),
    ),
    kind(
        "ring",
        "stopped after 10 redirects",
        Behaviour::Answers(|stream| {
            send(stream, "302 Found", "Location: /again\r\n", b"");
        }),
    ),
    kind(
        "elsewhere",
        "server returned HTTP status 403 Forbidden",
        Behaviour::Elsewhere,
    ),
    kind(
        "deep",
        "unexpected EOF",
        Behaviour::Headed(PROTOBUF, || {
            let mut message = Vec::new();
            for _ in 0..100_000 {
                message.extend_from_slice(&[0x23, 0x1b]);
            }
            let mut page = vec![0xc0, 0x9a, 0x0c];
            page.extend_from_slice(&message);
            page
        }),
    ),
    kind(
        "half-protobuf",
        "insufficient length of buffer",
        Behaviour::Headed(PROTOBUF, || b"\x20abc".to_vec()),
    ),
    kind(
        "many-labels",
        "label_limit exceeded",
        Behaviour::Page(|| {
            let labels: Vec<String> = (0..1_000_000)
                .map(|number| format!("l{number}=\"1\""))
                .collect();
            format!("a{{{}}} 1\n", labels.join(",")).into_bytes()
        }),
    ),
    kind(
        "long-value",
        "label_value_length_limit exceeded",
        Behaviour::Page(|| format!("a{{b=\"{}\"}} 1\n", "x".repeat(10 << 20)).into_bytes()),
    ),
    kind(
        "no-text",
        "invalid UTF-8 in label name or value",
        Behaviour::Page(|| b"a{b=\"\xff\"} 1\n".to_vec()),
    ),
    kind(
        "twice",
        "is not unique",
        Behaviour::Page(|| b"a{b=\"1\",b=\"2\"} 1\n".to_vec()),
    ),
    kind(
        "wrong-type",
        "invalid metric type",
        Behaviour::Page(|| b"# TYPE a nonsense\na 1\n".to_vec()),
    ),
    kind(
        "untyped",
        "non-compliant scrape target sending blank Content-Type",
        Behaviour::Headed("", || b"a 1\n".to_vec()),
    ),
];

/// Longer than anybody waits.
fn rest() {
    std::thread::sleep(Duration::from_secs(60));
}

/// Says `first`, and then a little again and again.
fn drip(stream: &mut TcpStream, first: &[u8], again: &[u8]) {
    let mut alive = stream.write_all(first).is_ok();
    while alive {
        std::thread::sleep(Duration::from_millis(200));
        alive = stream.write_all(again).is_ok();
    }
}

/// Sends `piece` until so many bytes have gone, or nobody takes them.
fn flood(stream: &mut TcpStream, piece: &[u8], bytes: usize) {
    let mut sent = 0;
    while sent < bytes && stream.write_all(piece).is_ok() {
        sent = sent.saturating_add(piece.len());
    }
}
