//! Exchanges with name servers: one datagram there and one back, or both over a stream.
#![allow(clippy::disallowed_types, reason = "this is where sockets come from")]

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

/// Sends a message in a datagram and waits for one that `accepts` takes, at most for `patience`.
///
/// # Errors
/// The server cannot be reached, or did not answer in time.
pub async fn ask_by_datagram(
    server: SocketAddr,
    message: &[u8],
    patience: Duration,
    accepts: impl Fn(&[u8]) -> bool,
) -> io::Result<Vec<u8>> {
    let exchange = async {
        let own: SocketAddr = match server {
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        let socket = UdpSocket::bind(own).await?;
        // Only datagrams of this server come in.
        socket.connect(server).await?;
        socket.send(message).await?;
        let mut buffer = vec![0; MAX_DATAGRAM];
        loop {
            let length = socket.recv(&mut buffer).await?;
            if let Some(answer) = buffer.get(..length).filter(|answer| accepts(answer)) {
                return Ok(answer.to_vec());
            }
        }
    };
    in_time(patience, exchange).await
}

/// Sends a message over a stream and reads the answer, at most for `patience`; both have their
/// length in front.
///
/// # Errors
/// The server cannot be reached, broke off, or did not answer in time.
pub async fn ask_by_stream(
    server: SocketAddr,
    message: &[u8],
    patience: Duration,
) -> io::Result<Vec<u8>> {
    let exchange = async {
        let length = u16::try_from(message.len()).map_err(io::Error::other)?;
        let mut stream = TcpStream::connect(server).await?;
        let mut framed = length.to_be_bytes().to_vec();
        framed.extend_from_slice(message);
        stream.write_all(&framed).await?;
        let length = stream.read_u16().await?;
        let mut answer = vec![0; usize::from(length)];
        stream.read_exact(&mut answer).await?;
        Ok(answer)
    };
    in_time(patience, exchange).await
}

async fn in_time<T>(
    patience: Duration,
    exchange: impl Future<Output = io::Result<T>>,
) -> io::Result<T> {
    match timeout(patience, exchange).await {
        Ok(answer) => answer,
        Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "i/o timeout")),
    }
}

/// More than any server sends in a datagram that we offered 4096 bytes for.
const MAX_DATAGRAM: usize = 65_535;
