//! Takes addresses with raw quotes and angle brackets, as people type selectors on a command line.
//!
//! RFC 3986 wants `"`, `<` and `>` percent-encoded, and the HTTP library refuses requests that have
//! them raw; Go's takes them, so `curl -g '…/series?match[]=up{job="node"}'` works with upstream.
//! [`Encoding`] stands between socket and library and encodes the three in the first line of a
//! connection. Requests after the first pass as they are: to find where they begin would take a
//! second reading of HTTP beside the library's own, and whoever keeps a connection encodes.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A connection whose first line leaves encoded.
#[derive(Debug)]
pub(crate) struct Encoding<S> {
    stream: S,
    in_first_line: bool,
    /// Encoded bytes, those before `given` handed out already.
    encoded: Vec<u8>,
    given: usize,
}

impl<S> Encoding<S> {
    /// A connection from which nothing has been read.
    pub(crate) fn new(stream: S) -> Self {
        Self {
            stream,
            in_first_line: true,
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
            if !this.in_first_line {
                return Pin::new(&mut this.stream).poll_read(context, buffer);
            }
            let mut bytes = [0; READ_BYTES];
            let mut read = ReadBuf::new(&mut bytes);
            ready!(Pin::new(&mut this.stream).poll_read(context, &mut read))?;
            this.encoded.clear();
            this.given = 0;
            this.in_first_line = !encode(read.filled(), &mut this.encoded);
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

/// Appends `bytes` to `out`, encoded up to the end of the line; true if that is among them.
fn encode(bytes: &[u8], out: &mut Vec<u8>) -> bool {
    let end = bytes.iter().position(|byte| *byte == b'\n');
    let (line, rest) = bytes.split_at(end.unwrap_or(bytes.len()));
    for byte in line {
        match byte {
            b'"' => out.extend_from_slice(b"%22"),
            b'<' => out.extend_from_slice(b"%3C"),
            b'>' => out.extend_from_slice(b"%3E"),
            byte => out.push(*byte),
        }
    }
    out.extend_from_slice(rest);
    end.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_is_encoded_and_nothing_else() {
        let mut out = Vec::new();
        assert!(!encode(b"GET /?a=\"<", &mut out));
        assert!(encode(b">\" HTTP/1.1\r\nHost: \"x\"\r\n\r\n", &mut out));
        let want = "GET /?a=%22%3C%3E%22 HTTP/1.1\r\nHost: \"x\"\r\n\r\n";
        assert_eq!(String::from_utf8(out).unwrap(), want);
    }
}
