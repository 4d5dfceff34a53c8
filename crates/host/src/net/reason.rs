//! Why something failed, in the words that users of Prometheus know: those of Go's libraries.

use std::error::Error;
use std::io;

use hyper::Error as HyperError;
use tokio_rustls::rustls;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{AlertDescription, CertificateError, InvalidMessage};

use super::exchange::ExchangeError;
use super::http1::Http1Error;

/// Why no head of a response came.
pub fn head_reason(error: &ExchangeError) -> String {
    match error {
        ExchangeError::Http1(error) => http1_reason(error),
        ExchangeError::Http2(error) => http2_reason(error).unwrap_or_else(|| {
            match error.is_incomplete_message() || error.is_canceled() || error.is_closed() {
                true => "EOF".to_owned(),
                false => described(error),
            }
        }),
        ExchangeError::TooLarge => error.to_string(),
    }
}

/// Why a body ended early.
pub fn body_reason(error: &ExchangeError) -> String {
    match error {
        ExchangeError::Http1(error) => http1_reason(error),
        ExchangeError::Http2(error) if error.is_incomplete_message() => "unexpected EOF".to_owned(),
        ExchangeError::Http2(error) => http2_reason(error).unwrap_or_else(|| described(error)),
        ExchangeError::TooLarge => error.to_string(),
    }
}

fn http1_reason(error: &Http1Error) -> String {
    match error {
        Http1Error::Io(error) => stream_reason(error),
        told => told.to_string(),
    }
}

/// What the connection below says.
fn http2_reason(error: &HyperError) -> Option<String> {
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(error) = cause.downcast_ref::<io::Error>() {
            return Some(stream_reason(error));
        }
        source = cause.source();
    }
    None
}

fn stream_reason(error: &io::Error) -> String {
    match tls_error(error) {
        Some(tls) => tls_reason(tls),
        None if error.kind() == io::ErrorKind::UnexpectedEof => "unexpected EOF".to_owned(),
        None => match alert_in(error) {
            Some(alert) => tls_reason(&rustls::Error::AlertReceived(alert)),
            None => format!("read: {}", io_reason(error)),
        },
    }
}

/// The alert that an error speaks of: HTTP/2 hands on nothing but the words of the connection below.
fn alert_in(error: &io::Error) -> Option<AlertDescription> {
    let words = error.to_string();
    (0..=u8::MAX)
        .map(AlertDescription::from)
        .find(|alert| rustls::Error::AlertReceived(*alert).to_string() == words)
}

/// An error of the HTTP layer with what caused it.
fn described(error: &HyperError) -> String {
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

fn tls_error(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

/// The operating system's words as Go has them: in lower case, without a number.
pub(super) fn io_reason(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_ascii_lowercase().to_string() + chars.as_str(),
        None => String::new(),
    }
}

/// Why a handshake failed.
pub(super) fn handshake_reason(error: &io::Error) -> String {
    match tls_error(error) {
        Some(tls) => tls_reason(tls),
        None if error.kind() == io::ErrorKind::UnexpectedEof => "EOF".to_owned(),
        None => format!("read: {}", io_reason(error)),
    }
}

fn tls_reason(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InvalidCertificate(fault) => {
            format!(
                "tls: failed to verify certificate: x509: {}",
                certificate_reason(fault)
            )
        }
        rustls::Error::AlertReceived(alert) => format!("remote error: tls: {}", alert_text(*alert)),
        rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
            "http: server gave HTTP response to HTTPS client".to_owned()
        }
        other => format!("tls: {other}"),
    }
}

fn certificate_reason(fault: &CertificateError) -> String {
    match fault {
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "certificate signed by unknown authority".to_owned()
        }
        CertificateError::NotValidForNameContext {
            expected,
            presented,
        } => name_reason(expected, presented),
        CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => {
            format!("certificate has expired or is not yet valid: {fault}")
        }
        other => other.to_string(),
    }
}

/// As Go says it: of the kind of name that was wanted, which ones the certificate has.
fn name_reason(expected: &ServerName<'_>, presented: &[String]) -> String {
    let wanted = expected.to_str();
    let kind = match expected {
        ServerName::IpAddress(_) => "IpAddress(",
        _ => "DnsName(",
    };
    let names: Vec<&str> = presented
        .iter()
        .filter_map(|name| name.strip_prefix(kind)?.strip_suffix(')'))
        .map(|name| name.trim_matches('"'))
        .collect();
    match (names.is_empty(), expected) {
        (false, _) => format!(
            "certificate is valid for {}, not {wanted}",
            names.join(", ")
        ),
        (true, ServerName::IpAddress(_)) => format!(
            "cannot validate certificate for {wanted} because it doesn't contain any IP SANs"
        ),
        (true, _) => {
            format!("certificate is not valid for any names, but wanted to match {wanted}")
        }
    }
}

fn alert_text(alert: AlertDescription) -> String {
    let known = match alert {
        AlertDescription::HandshakeFailure => "handshake failure",
        AlertDescription::BadCertificate => "bad certificate",
        AlertDescription::UnsupportedCertificate => "unsupported certificate",
        AlertDescription::CertificateRevoked => "revoked certificate",
        AlertDescription::CertificateExpired => "expired certificate",
        AlertDescription::CertificateUnknown => "unknown certificate",
        AlertDescription::UnknownCA => "unknown certificate authority",
        AlertDescription::AccessDenied => "access denied",
        AlertDescription::DecryptError => "error decrypting message",
        AlertDescription::ProtocolVersion => "protocol version not supported",
        AlertDescription::InternalError => "internal error",
        AlertDescription::UnrecognisedName => "unrecognized name",
        AlertDescription::CertificateRequired => "certificate required",
        AlertDescription::NoApplicationProtocol => "no application protocol",
        other => return format!("{other:?}"),
    };
    known.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alerts_are_told_as_go_does_also_where_only_their_words_are_left() {
        let alert = rustls::Error::AlertReceived(AlertDescription::CertificateRequired);
        let words = io::Error::other(alert.to_string());
        let whole = io::Error::new(io::ErrorKind::InvalidData, alert);
        for error in [words, whole] {
            assert_eq!(
                stream_reason(&error),
                "remote error: tls: certificate required"
            );
        }
        let other = io::Error::from(io::ErrorKind::ConnectionReset);
        assert_eq!(stream_reason(&other), "read: connection reset");
    }
}
