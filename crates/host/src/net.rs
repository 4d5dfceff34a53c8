//! Sockets: dialling and listening.
#![allow(clippy::disallowed_types, reason = "this is where sockets come from")]

use std::io;

use tokio::net::{TcpListener, TcpStream};

/// A connection as hyper and axum take it.
pub type Stream = TcpStream;

/// A listening socket as axum takes it.
pub type Listener = TcpListener;

/// Connects to `host:port`; a name is looked up, and its addresses are tried in turn.
///
/// # Errors
/// The name is unknown, or no address answers.
pub async fn dial(address: &str) -> io::Result<Stream> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Listens on `address` (`127.0.0.1:9090`, `:9090` for all addresses).
///
/// # Errors
/// The address is taken, not ours, or not an address.
pub async fn listen(address: &str) -> io::Result<Listener> {
    match address.strip_prefix(':') {
        // As in Go: no host means every address, of both families where the machine has both.
        Some(port) => match TcpListener::bind(format!("[::]:{port}")).await {
            Err(error) if error.kind() != io::ErrorKind::AddrInUse => {
                TcpListener::bind(format!("0.0.0.0:{port}")).await
            }
            bound => bound,
        },
        None => TcpListener::bind(address).await,
    }
}
