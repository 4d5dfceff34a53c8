//! The client's side of HTTP/1.1 over one connection, which reads bodies straight to where they are
//! wanted.
//!
//! A page of 200 kB comes in many pieces. Where each is read into a buffer of the HTTP layer, that
//! took a dozen system calls, wake-ups and copies a page. Here the kernel is asked to wake us when
//! the rest of a body of known length is there, and writes it where it stays. An idle connection
//! holds no buffer.

mod chunks;
mod head;

use std::io;

use bytes::Bytes;
use hyper::{Request, Response};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::receive;
use super::stream::Stream;
use chunks::Chunks;

/// A connection, for one request at a time.
#[derive(Debug)]
pub(super) struct Http1 {
    stream: Stream,
    framing: Framing,
    /// Another request may be sent once the body has been read.
    persists: bool,
}

/// How the rest of the response at hand ends.
#[derive(Debug)]
enum Framing {
    /// There is no response, or nothing of it is left.
    Done,
    /// Bytes of the body, those at hand included.
    Length(u64),
    /// It says so itself.
    Chunks(Chunks),
    /// The connection ends with it.
    Close,
    /// The connection is of no more use.
    Broken,
}

/// Why there is no response, or not all of it.
#[derive(Debug, thiserror::Error)]
pub enum Http1Error {
    /// The connection failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The connection ended before a head.
    #[error("EOF")]
    End,
    /// The connection ended within a head or a body.
    #[error("unexpected EOF")]
    UnexpectedEnd,
    /// The head is not HTTP.
    #[error("net/http: HTTP/1.x transport connection broken: malformed HTTP response {0}")]
    Malformed(String),
    /// The head has no end.
    #[error("net/http: server response headers exceeded the limit; aborted")]
    HeadTooLarge,
    /// The body says in a wrong way where it ends.
    #[error("http: {0}")]
    Chunk(&'static str),
    /// The body has more bytes than are wanted.
    #[error("the body has more bytes than wanted")]
    TooLarge,
}

impl Http1 {
    pub(super) fn new(stream: Stream) -> Self {
        Self {
            stream,
            framing: Framing::Done,
            persists: true,
        }
    }

    /// Sends a request and waits for the head of its response. `buffer` is emptied; what came of
    /// the body is in it then.
    ///
    /// # Errors
    /// No response came; the connection is of no more use.
    pub(super) async fn send(
        &mut self,
        request: &Request<Bytes>,
        buffer: &mut Vec<u8>,
    ) -> Result<Response<()>, Http1Error> {
        // Whatever goes wrong, or is given up, from here on: the state is unknown.
        self.framing = Framing::Broken;
        head::write(request, buffer);
        self.stream.write_all(buffer).await?;
        self.stream.flush().await?;
        buffer.clear();
        let mut searched = 0;
        loop {
            if fill(&mut self.stream, buffer, HEAD_BYTES).await? == 0 {
                return Err(match buffer.is_empty() {
                    true => Http1Error::End,
                    false => Http1Error::UnexpectedEnd,
                });
            }
            head::check_start(buffer)?;
            while let Some(end) = head::end(buffer, &mut searched) {
                let (response, framing) = head::parse(buffer.get(..end).unwrap_or_default())?;
                buffer.drain(..end);
                searched = 0;
                // What is told on the way to the response is of no interest.
                if response.status().is_informational() && response.status() != 101 {
                    continue;
                }
                self.persists = framing.persists;
                self.framing = match framing.body {
                    _ if !head::has_body(request.method(), response.status()) => Framing::Length(0),
                    head::Body::Length(length) => Framing::Length(length),
                    head::Body::Chunks => Framing::Chunks(Chunks::default()),
                    head::Body::Close => Framing::Close,
                };
                return Ok(response);
            }
            if buffer.len() > MAX_HEAD_BYTES {
                return Err(Http1Error::HeadTooLarge);
            }
        }
    }

    /// Reads the rest of the body behind what `buffer` has of it.
    ///
    /// # Errors
    /// The body broke off or has more than `limit` bytes; the connection is of no more use.
    pub(super) async fn read_body(
        &mut self,
        buffer: &mut Vec<u8>,
        limit: usize,
    ) -> Result<(), Http1Error> {
        let framing = std::mem::replace(&mut self.framing, Framing::Broken);
        match framing {
            Framing::Broken => return Err(Http1Error::UnexpectedEnd),
            Framing::Done => {}
            Framing::Length(length) => self.read_length(length, buffer, limit).await?,
            Framing::Chunks(chunks) => self.read_chunks(chunks, buffer, limit).await?,
            Framing::Close => {
                check(buffer.len(), limit)?;
                while fill(&mut self.stream, buffer, PIECE_BYTES).await? > 0 {
                    check(buffer.len(), limit)?;
                }
                self.persists = false;
            }
        }
        self.framing = Framing::Done;
        Ok(())
    }

    async fn read_length(
        &mut self,
        length: u64,
        buffer: &mut Vec<u8>,
        limit: usize,
    ) -> Result<(), Http1Error> {
        let length = usize::try_from(length).map_err(|_| Http1Error::TooLarge)?;
        check(length, limit)?;
        let mut waits_for = 1;
        while buffer.len() < length {
            let missing = length - buffer.len();
            let wanted = missing.min(MOST_WAITED_FOR);
            // A short rest must not wait for as many bytes as were missing before.
            let waits_next = match wanted < LEAST_WAITED_FOR {
                true => 1,
                false => wanted,
            };
            if waits_next != waits_for {
                receive::wake_at(&self.stream, waits_next);
                waits_for = waits_next;
            }
            // Room is made as bytes come, for the length may be a lie; and for one byte too many, so
            // that nothing is left to be read when the body is there.
            if fill(&mut self.stream, buffer, wanted + 1).await? == 0 {
                return Err(Http1Error::UnexpectedEnd);
            }
        }
        if buffer.len() > length {
            // What nobody asked for would be taken for the next response.
            buffer.truncate(length);
            self.persists = false;
        }
        if waits_for != 1 {
            receive::wake_at(&self.stream, 1);
        }
        Ok(())
    }

    async fn read_chunks(
        &mut self,
        mut chunks: Chunks,
        buffer: &mut Vec<u8>,
        limit: usize,
    ) -> Result<(), Http1Error> {
        loop {
            let is_whole = chunks.decode(buffer)?;
            check(chunks.decoded(), limit)?;
            if is_whole {
                self.persists &= !chunks.has_more(buffer);
                buffer.truncate(chunks.decoded());
                return Ok(());
            }
            if fill(&mut self.stream, buffer, PIECE_BYTES).await? == 0 {
                return Err(Http1Error::UnexpectedEnd);
            }
        }
    }

    /// True if another request may be sent.
    pub(super) fn is_open(&self) -> bool {
        self.persists && matches!(self.framing, Framing::Done) && receive::is_quiet(&self.stream)
    }
}

fn check(bytes: usize, limit: usize) -> Result<(), Http1Error> {
    match bytes > limit {
        true => Err(Http1Error::TooLarge),
        false => Ok(()),
    }
}

/// Reads once, to the end of `buffer`, which gets room for at least `room` bytes.
async fn fill(stream: &mut Stream, buffer: &mut Vec<u8>, room: usize) -> io::Result<usize> {
    buffer.reserve(room);
    stream.read_buf(buffer).await
}

/// Room for the first read: most heads, and short bodies with them.
const HEAD_BYTES: usize = 16 << 10;
/// Room for each further read where nothing is known.
const PIECE_BYTES: usize = 64 << 10;
/// A longer head is refused. Source: Go's HTTP client takes 10 MB, of which nobody has made use.
const MAX_HEAD_BYTES: usize = 256 << 10;
/// For less than this, two system calls to wait for it would cost more than they save.
const LEAST_WAITED_FOR: usize = 32 << 10;
/// The kernel holds at most so much of a body for us.
const MOST_WAITED_FOR: usize = 512 << 10;

#[cfg(test)]
mod tests;
