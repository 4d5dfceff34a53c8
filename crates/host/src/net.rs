//! Sockets: dialling and listening, and asking others over HTTP.
//!
//! [`Client`] asks and gives the whole answer. It is made of parts that a scrape, which keeps one
//! connection for each target, uses by itself: [`Outbound`] knows how to reach and address servers
//! under one configuration, an [`Exchange`] is one open HTTP connection.
#![allow(clippy::disallowed_types, reason = "this is where sockets come from")]

pub mod aws;
pub mod client;
mod credentials;
mod dial;
mod exchange;
mod files;
mod headers;
mod http1;
mod listener;
pub mod name_server;
mod oauth2;
mod outbound;
mod private;
mod proxy;
mod reason;
mod receive;
mod socks5;
mod stream;
mod tls;
mod x509;
pub mod xml;

use std::io;

use tokio::net::{TcpListener, TcpStream};

pub use client::{Client, ClientError};
pub use exchange::{Exchange, ExchangeError};
pub use http1::Http1Error;
pub use listener::TlsServer;
pub use outbound::{Dialled, Outbound, Place, Terms, Via};
pub use private::PrivateSocket;
pub use reason::{body_reason, head_reason};
pub use stream::Stream;

/// How this program presents itself.
pub const USER_AGENT: &str = concat!("Narthex/", env!("CARGO_PKG_VERSION"));

/// A connection that somebody else opened.
pub type Accepted = TcpStream;

/// A listening socket as axum takes it.
pub type Listener = TcpListener;

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
