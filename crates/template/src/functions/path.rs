//! Functions of addresses.

use std::net::IpAddr;

use super::Context;
use super::text::{query_escaped, text};
use crate::value::Value;

/// Where the server is reached from outside.
pub(super) fn external_url(context: &mut Context<'_>, _: &[Value]) -> Result<Value, String> {
    Ok(Value::from(context.environment.external_url))
}

/// The path of that address, decoded.
pub(super) fn path_prefix(context: &mut Context<'_>, _: &[Value]) -> Result<Value, String> {
    let url = context.environment.external_url;
    let after_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = after_scheme.find('/').and_then(|at| after_scheme.get(at..));
    let path = path.unwrap_or_default();
    let end = path.find(['?', '#']).unwrap_or(path.len());
    let path = path.get(..end).unwrap_or_default();
    Ok(Value::from(percent_decoded(path.as_bytes())))
}

fn percent_decoded(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, after)) = rest.split_first() {
        let digits = after.get(..2).filter(|_| first == b'%');
        let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                out.push(first);
                rest = after;
            }
        }
    }
    out
}

/// Path of the graph of an expression.
pub(super) fn graph_link(_: &mut Context<'_>, values: &[Value]) -> Result<Value, String> {
    let expression = query_escaped(&text(values, 0));
    Ok(Value::from(format!("/graph?g0.expr={expression}&g0.tab=0")))
}

/// Path of the table of an expression.
pub(super) fn table_link(_: &mut Context<'_>, values: &[Value]) -> Result<Value, String> {
    let expression = query_escaped(&text(values, 0));
    Ok(Value::from(format!("/graph?g0.expr={expression}&g0.tab=1")))
}

pub(super) fn url_query_escape(_: &mut Context<'_>, values: &[Value]) -> Result<Value, String> {
    Ok(Value::from(query_escaped(&text(values, 0))))
}

/// An address without its port.
pub(super) fn strip_port(_: &mut Context<'_>, values: &[Value]) -> Result<Value, String> {
    let address = text(values, 0);
    let address = address.to_str();
    let host = split_host_port(&address).map_or(&*address, |(host, _)| host);
    Ok(Value::from(host))
}

/// An address without its domain; one of numbers is left alone.
pub(super) fn strip_domain(_: &mut Context<'_>, values: &[Value]) -> Result<Value, String> {
    let address = text(values, 0);
    let address = address.to_str();
    let (host, port) = split_host_port(&address).unwrap_or((&*address, ""));
    if host.parse::<IpAddr>().is_ok() {
        return Ok(Value::from(&*address));
    }
    let host = host.split('.').next().unwrap_or_default();
    Ok(Value::from(match (port, host.contains(':')) {
        ("", _) => host.to_owned(),
        (port, true) => format!("[{host}]:{port}"),
        (port, false) => format!("{host}:{port}"),
    }))
}

/// Takes `host:port` and `[host]:port` apart. None for anything else.
fn split_host_port(address: &str) -> Option<(&str, &str)> {
    let (before, port) = address.rsplit_once(':')?;
    let host = match before.strip_prefix('[') {
        Some(inner) => inner.strip_suffix(']')?,
        None if before.contains(':') => return None,
        None => before,
    };
    let has_bracket = |text: &str| text.contains(['[', ']']);
    (!has_bracket(host) && !has_bracket(port)).then_some((host, port))
}
