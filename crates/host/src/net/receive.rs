//! What the kernel is told, and asked, about bytes that have come.

use std::os::fd::AsRawFd as _;

use tokio::net::TcpStream;

use super::stream::Stream;

/// From now on the kernel wakes whoever waits only when so many bytes are there, or the connection
/// ends. Nothing happens where the stream is not plain TCP.
pub(super) fn wake_at(stream: &Stream, bytes: usize) {
    if let Stream::Tcp(stream) = stream
        && !set_low_water_mark(stream, bytes)
    {
        tracing::debug!(bytes, "the kernel took no low-water mark");
    }
}

#[allow(
    unsafe_code,
    reason = "no safe interface of the libraries at hand has this option"
)]
fn set_low_water_mark(stream: &TcpStream, bytes: usize) -> bool {
    let Ok(value) = libc::c_int::try_from(bytes) else {
        return false;
    };
    let size = libc::socklen_t::try_from(size_of_val(&value)).expect("an integer is small");
    // SAFETY: the descriptor is open as long as `stream` is, and the pointer is to `value`, which
    // has `size` bytes and outlives the call.
    let status = unsafe {
        libc::setsockopt(
            stream.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_RCVLOWAT,
            (&raw const value).cast(),
            size,
        )
    };
    status == 0
}

/// True if nothing has come that nobody asked for, and the other side has not closed.
pub(super) fn is_quiet(stream: &Stream) -> bool {
    let mut byte = [0];
    let read = match stream {
        Stream::Tcp(stream) => stream.try_read(&mut byte),
        Stream::Unix(stream) => stream.try_read(&mut byte),
        // What is left of the TLS session says so at the next request.
        Stream::Tls(_) => return true,
    };
    matches!(read, Err(error) if error.kind() == std::io::ErrorKind::WouldBlock)
}
