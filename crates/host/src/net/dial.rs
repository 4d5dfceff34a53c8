//! Opening sockets, with Go's words when that fails.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpStream, UnixStream, lookup_host};

use super::reason::io_reason;
use super::stream::Stream;

/// Connects to `host:port`; a name is looked up, and its addresses are tried in turn.
pub(super) async fn tcp(address: &str) -> Result<Stream, String> {
    let addresses = addresses(address).await?;
    let mut first_failure = None;
    for (index, candidate) in addresses.iter().enumerate() {
        let is_last = index + 1 == addresses.len();
        match connect(*candidate, is_last).await {
            Ok(stream) => return Ok(Stream::Tcp(stream)),
            Err(reason) => {
                first_failure.get_or_insert_with(|| format!("dial tcp {candidate}: {reason}"));
            }
        }
    }
    Err(first_failure.unwrap_or_else(|| format!("dial tcp: lookup {address}: no such host")))
}

async fn addresses(address: &str) -> Result<Vec<SocketAddr>, String> {
    if let Ok(address) = address.parse::<SocketAddr>() {
        return Ok(vec![address]);
    }
    let (host, port) = address.rsplit_once(':').unwrap_or((address, ""));
    if port.parse::<u16>().is_err() {
        return Err(format!("dial tcp: address {port}: invalid port"));
    }
    match lookup_host(address).await {
        Ok(found) => Ok(found.collect()),
        Err(_) => Err(format!("dial tcp: lookup {host}: no such host")),
    }
}

async fn connect(address: SocketAddr, is_last: bool) -> Result<TcpStream, String> {
    let connecting = TcpStream::connect(address);
    // The whole request has its own timeout; this one is to reach the other addresses before it.
    let connected = match is_last {
        true => connecting.await,
        false => match tokio::time::timeout(PATIENCE, connecting).await {
            Ok(connected) => connected,
            Err(_) => return Err("i/o timeout".to_owned()),
        },
    };
    let prepared = connected.and_then(|stream| stream.set_nodelay(true).map(|()| stream));
    prepared.map_err(|error| format!("connect: {}", io_reason(&error)))
}

/// Connects to a Unix socket.
pub(super) async fn unix(path: &str) -> Result<Stream, String> {
    let failed = |error: io::Error| format!("dial unix {path}: connect: {}", io_reason(&error));
    UnixStream::connect(path)
        .await
        .map(Stream::Unix)
        .map_err(failed)
}

/// How long an address may take to answer while there are others to try. Source: Go's dialler gives
/// each at least two seconds.
const PATIENCE: Duration = Duration::from_secs(2);
