//! The few steps by which a SOCKS 5 proxy passes a connection on (RFC 1928, RFC 1929).

use config::Url;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::reason::handshake_reason;
use super::stream::Stream;

/// Asks the proxy at the other end of `stream` to connect us to `host:port`. Names are looked up by
/// the proxy, as Go does it for `socks5` and `socks5h`.
pub(super) async fn tunnel(
    stream: &mut Stream,
    host: &str,
    port: u16,
    proxy: &Url,
) -> Result<(), String> {
    steps(stream, host, port, proxy).await.map_err(|reason| {
        format!(
            "socks connect tcp {}->{host}:{port}: {reason}",
            proxy.authority()
        )
    })
}

async fn steps(stream: &mut Stream, host: &str, port: u16, proxy: &Url) -> Result<(), String> {
    let methods: &[u8] = match proxy.user() {
        Some(_) => &[VERSION, 2, NO_AUTHENTICATION, PASSWORD],
        None => &[VERSION, 1, NO_AUTHENTICATION],
    };
    let [version, method] = ask(stream, methods).await?;
    if version != VERSION {
        return Err(format!("unexpected protocol version {version}"));
    }
    match method {
        NO_AUTHENTICATION => {}
        PASSWORD => authenticate(stream, proxy).await?,
        _ => return Err("no acceptable authentication methods".to_owned()),
    }
    let mut request = vec![VERSION, CONNECT, 0];
    match host.parse::<std::net::IpAddr>() {
        Ok(std::net::IpAddr::V4(address)) => {
            request.push(IPV4);
            request.extend_from_slice(&address.octets());
        }
        Ok(std::net::IpAddr::V6(address)) => {
            request.push(IPV6);
            request.extend_from_slice(&address.octets());
        }
        Err(_) => {
            request.push(NAME);
            push_text(&mut request, host, "FQDN too long")?;
        }
    }
    request.extend_from_slice(&port.to_be_bytes());
    let [version, reply, _, kind] = ask(stream, &request).await?;
    if version != VERSION {
        return Err(format!("unexpected protocol version {version}"));
    }
    if reply != 0 {
        return Err(format!("unknown error {}", reply_text(reply)));
    }
    // The address that the proxy uses, which is of no use to us.
    let length = match kind {
        IPV4 => 4,
        IPV6 => 16,
        NAME => usize::from(read_byte(stream).await?),
        _ => return Err(format!("unknown address type {kind}")),
    };
    for _ in 0..length + 2 {
        read_byte(stream).await?;
    }
    Ok(())
}

async fn authenticate(stream: &mut Stream, proxy: &Url) -> Result<(), String> {
    let user = proxy.user().ok_or("invalid username/password")?;
    let password = user
        .password
        .as_ref()
        .map_or("", |password| password.expose());
    let mut request = vec![1];
    push_text(&mut request, &user.name, "invalid username/password")?;
    push_text(&mut request, password, "invalid username/password")?;
    match ask(stream, &request).await? {
        [1, 0] => Ok(()),
        _ => Err("username/password authentication failed".to_owned()),
    }
}

fn push_text(request: &mut Vec<u8>, text: &str, too_long: &str) -> Result<(), String> {
    let length = u8::try_from(text.len()).map_err(|_| too_long.to_owned())?;
    request.push(length);
    request.extend_from_slice(text.as_bytes());
    Ok(())
}

async fn ask<const N: usize>(stream: &mut Stream, request: &[u8]) -> Result<[u8; N], String> {
    let failed = |error: std::io::Error| handshake_reason(&error);
    stream.write_all(request).await.map_err(failed)?;
    stream.flush().await.map_err(failed)?;
    let mut answer = [0; N];
    stream.read_exact(&mut answer).await.map_err(failed)?;
    Ok(answer)
}

async fn read_byte(stream: &mut Stream) -> Result<u8, String> {
    stream
        .read_u8()
        .await
        .map_err(|error| handshake_reason(&error))
}

fn reply_text(reply: u8) -> &'static str {
    match reply {
        1 => "general SOCKS server failure",
        2 => "connection not allowed by ruleset",
        3 => "network unreachable",
        4 => "host unreachable",
        5 => "connection refused",
        6 => "TTL expired",
        7 => "command not supported",
        8 => "address type not supported",
        _ => "unknown code",
    }
}

const VERSION: u8 = 5;
const NO_AUTHENTICATION: u8 = 0;
const PASSWORD: u8 = 2;
const CONNECT: u8 = 1;
const IPV4: u8 = 1;
const NAME: u8 = 3;
const IPV6: u8 = 4;
