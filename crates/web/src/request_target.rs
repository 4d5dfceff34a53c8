//! Takes addresses with raw quotes and angle brackets, as people type selectors on a command line.
//!
//! RFC 3986 wants `"`, `<` and `>` percent-encoded, and the HTTP library refuses requests that have
//! them raw; Go's takes them, so `…/series?match[]=up{job="node"}` works with upstream. [`Encoding`]
//! stands between socket and library and encodes the three in the first line of every request.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A connection whose requests leave encoded.
#[derive(Debug)]
pub(crate) struct Encoding<S> {
    stream: S,
    requests: Requests,
    /// Encoded bytes, those before `given` handed out already.
    encoded: Vec<u8>,
    given: usize,
}

impl<S> Encoding<S> {
    /// A connection at whose beginning a request begins.
    pub(crate) fn new(stream: S) -> Self {
        Self {
            stream,
            requests: Requests::default(),
            encoded: Vec::new(),
            given: 0,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Encoding<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.given == this.encoded.len() {
            let mut bytes = [0; READ_BYTES];
            let mut read = ReadBuf::new(&mut bytes);
            ready!(Pin::new(&mut this.stream).poll_read(context, &mut read))?;
            this.encoded.clear();
            this.given = 0;
            this.requests.encode(read.filled(), &mut this.encoded);
        }
        let (_, rest) = this.encoded.split_at(this.given);
        let (now, _) = rest.split_at(rest.len().min(buffer.remaining()));
        buffer.put_slice(now);
        this.given += now.len();
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Encoding<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

/// Bytes taken from the socket at once: more than nearly all requests have.
const READ_BYTES: usize = 8 << 10;
/// Bytes of a header line that are looked at: more than a length needs.
const LOOKED_AT: usize = 128;

/// Where in the stream of requests the next byte stands.
#[derive(Debug, Default)]
struct Requests {
    place: Place,
    /// Beginning of the current line of the head.
    line: Vec<u8>,
    /// Bytes of body that the head announces; `None`: not told in a way that is understood here.
    body: Option<u64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    /// In a request's first line, which begins where the request before it ends.
    #[default]
    FirstLine,
    /// In the lines after it, until an empty one.
    Headers,
    /// In a body with this many bytes to come.
    Body(u64),
    /// Behind a head that does not say in plain digits where its body ends: all bytes pass as they
    /// are, to the end of the connection, since a changed byte of a body would move its end.
    Unknown,
}

impl Requests {
    /// Appends `bytes` to `out`, encoded where they stand in a first line.
    fn encode(&mut self, mut bytes: &[u8], out: &mut Vec<u8>) {
        while !bytes.is_empty() {
            let taken = match self.place {
                Place::FirstLine | Place::Headers => self.line_part(bytes, out),
                Place::Body(left) => {
                    let len = usize::try_from(left).map_or(bytes.len(), |n| n.min(bytes.len()));
                    self.place = match left - len as u64 {
                        0 => Place::FirstLine,
                        left => Place::Body(left),
                    };
                    out.extend(bytes.iter().take(len));
                    len
                }
                Place::Unknown => {
                    out.extend_from_slice(bytes);
                    bytes.len()
                }
            };
            bytes = bytes.split_at(taken).1;
        }
    }

    /// Takes bytes up to the end of the line, and returns how many those are.
    fn line_part(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> usize {
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let (part, _) = bytes.split_at(end.map_or(bytes.len(), |end| end + 1));
        for byte in part {
            match byte {
                b'"' if self.place == Place::FirstLine => out.extend_from_slice(b"%22"),
                b'<' if self.place == Place::FirstLine => out.extend_from_slice(b"%3C"),
                b'>' if self.place == Place::FirstLine => out.extend_from_slice(b"%3E"),
                byte => out.push(*byte),
            }
        }
        let room = LOOKED_AT.saturating_sub(self.line.len());
        self.line.extend(part.iter().take(room));
        if end.is_some() {
            self.end_line();
        }
        part.len()
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        let empty = line.trim_ascii().is_empty();
        self.place = match self.place {
            // Empty lines before a request are not part of it.
            Place::FirstLine if empty => Place::FirstLine,
            Place::FirstLine => {
                self.body = Some(0);
                Place::Headers
            }
            Place::Headers if empty => match self.body {
                Some(0) => Place::FirstLine,
                Some(len) => Place::Body(len),
                None => Place::Unknown,
            },
            place => {
                self.read_header(&line);
                place
            }
        };
    }

    fn read_header(&mut self, line: &[u8]) {
        let colon = line.iter().position(|byte| *byte == b':');
        let (name, value) = line.split_at(colon.unwrap_or(line.len()));
        let name = name.trim_ascii();
        if name.eq_ignore_ascii_case(b"content-length") {
            let digits = value.strip_prefix(b":").unwrap_or_default().trim_ascii();
            self.body = std::str::from_utf8(digits)
                .ok()
                .filter(|_| line.len() < LOOKED_AT)
                .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
                .and_then(|digits| digits.parse().ok());
        } else if [&b"transfer-encoding"[..], b"upgrade"]
            .iter()
            .any(|other| name.eq_ignore_ascii_case(other))
        {
            self.body = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Encodes `text` in pieces of `len` bytes.
    fn encoded(text: &str, len: usize) -> String {
        let mut requests = Requests::default();
        let mut out = Vec::new();
        for piece in text.as_bytes().chunks(len) {
            requests.encode(piece, &mut out);
        }
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn first_lines_are_encoded_and_nothing_else() {
        let get = "GET /?a=\"<>\" HTTP/1.1\r\nHost: \"x\"\r\n\r\n";
        let got = "GET /?a=%22%3C%3E%22 HTTP/1.1\r\nHost: \"x\"\r\n\r\n";
        let post = "POST / HTTP/1.1\r\ncontent-Length: 4\r\nX: y\r\n\r\n\"\n\"\"";
        let chunked = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n\"\r\n0\r\n\r\n";
        let odd = "POST / HTTP/1.1\r\nContent-Length: +4\r\n\r\n\"\"\"\"";
        let long = format!("POST / HTTP/1.1\nContent-Length:{}4\n\n\"", " ".repeat(300));
        let cases = [
            (get.to_owned(), got.to_owned()),
            (format!("{get}\r\n{get}"), format!("{got}\r\n{got}")),
            (format!("{post}{get}"), format!("{post}{got}")),
            (format!("{chunked}{get}"), format!("{chunked}{get}")),
            (format!("{odd}{get}"), format!("{odd}{get}")),
            (format!("{long}{get}"), format!("{long}{get}")),
        ];
        for (text, want) in cases {
            for len in [1, 3, 1_000] {
                assert_eq!(encoded(&text, len), want);
            }
        }
    }
}
