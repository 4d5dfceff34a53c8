//! Answers that send the scraper elsewhere.

use config::Url;
use host::net::client::is_within_domain;
use hyper::header::LOCATION;
use hyper::{Response, StatusCode};

use super::FetchError;
use crate::target::url::TargetUrl;

/// Where the response sends us, if it does.
pub(super) fn location<B>(response: &Response<B>) -> Option<&str> {
    let redirects = matches!(
        response.status(),
        StatusCode::MOVED_PERMANENTLY
            | StatusCode::FOUND
            | StatusCode::SEE_OTHER
            | StatusCode::TEMPORARY_REDIRECT
            | StatusCode::PERMANENT_REDIRECT
    );
    let location = response.headers().get(LOCATION).filter(|_| redirects)?;
    location.to_str().ok()
}

impl TargetUrl {
    /// The place that `location` names, seen from here.
    pub(super) fn resolve(&self, location: &str) -> Result<Self, FetchError> {
        let here = Url::parse(&self.to_string());
        let next = here.and_then(|here| here.join(location)).map_err(|error| {
            self.failed(format!(
                "failed to parse Location header {location:?}: {error}"
            ))
        })?;
        Ok(Self {
            scheme: next.scheme().to_owned(),
            address: next.authority().to_owned(),
            path_and_query: next.path_and_query(),
        })
    }

    /// True if this place may know what `home` knows.
    pub(super) fn is_within_domain_of(&self, home: &Self) -> bool {
        let host = |url: &Self| Url::parse(&url.to_string()).map(|url| url.host().to_owned());
        match (host(self), host(home)) {
            (Ok(host), Ok(home)) => is_within_domain(&host, &home),
            _ => false,
        }
    }

    /// Name or address without brackets, and the port, that of the scheme if none is stated.
    pub(super) fn host_and_port(&self) -> Result<(&str, u16), FetchError> {
        let address = self.address.as_str();
        let after_brackets = address.rsplit(']').next().unwrap_or_default();
        let (host, port) = match after_brackets.rsplit_once(':') {
            Some((_, port)) => {
                let host = address.get(..address.len() - port.len() - 1);
                (host.unwrap_or_default(), Some(port))
            }
            None => (address, None),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let default = if self.scheme == "https" { 443 } else { 80 };
        match port {
            None | Some("") => Ok((host, default)),
            Some(port) => match port.parse() {
                Ok(port) => Ok((host, port)),
                Err(_) => Err(self.failed(format!("dial tcp: address {port}: invalid port"))),
            },
        }
    }

    /// What went wrong there, as an error.
    pub(super) fn failed(&self, reason: String) -> FetchError {
        FetchError::Transport {
            url: self.to_string(),
            reason,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(scheme: &str, address: &str) -> TargetUrl {
        TargetUrl {
            scheme: scheme.to_owned(),
            address: address.to_owned(),
            path_and_query: "/a/b?c=d".to_owned(),
        }
    }

    #[test]
    fn locations_are_seen_from_where_we_are() {
        let here = url("http", "web:80");
        let cases = [
            ("http://other:1/x?y=z#part", "http://other:1/x?y=z"),
            ("HTTPS://other", "https://other/"),
            ("http://other?y", "http://other/?y"),
            ("/x", "http://web:80/x"),
            ("x", "http://web:80/a/x"),
            ("?x=y", "http://web:80/a/b?x=y"),
        ];
        for (location, want) in cases {
            assert_eq!(here.resolve(location).unwrap().to_string(), want);
        }
        let error = here.resolve("http://a b:%zz/").unwrap_err().to_string();
        assert_eq!(
            error,
            "Get \"http://web:80/a/b?c=d\": failed to parse Location header \
             \"http://a b:%zz/\": parse \"http://a b:%zz/\": invalid port \":%zz\" after host"
        );
    }

    #[test]
    fn only_the_same_host_and_what_is_below_it_is_trusted() {
        let cases = [
            ("web:80", "web:81", true),
            ("web", "a.web", true),
            ("web", "aweb", false),
            ("a.web", "web", false),
            ("10.0.0.1:1", "10.0.0.1:2", true),
            ("0.0.0.1", "10.0.0.0.1", false),
            ("[::1]:1", "[::1]:2", true),
        ];
        for (home, other, want) in cases {
            let is_trusted = url("http", other).is_within_domain_of(&url("https", home));
            assert_eq!(is_trusted, want, "{other} seen from {home}");
        }
    }

    #[test]
    fn the_port_defaults_by_scheme() {
        let cases = [
            ("http", "web", ("web", 80)),
            ("https", "web", ("web", 443)),
            ("http", "[::1]", ("::1", 80)),
            ("http", "[::1]:9090", ("::1", 9090)),
            ("http", "web:9100", ("web", 9100)),
        ];
        for (scheme, address, want) in cases {
            assert_eq!(url(scheme, address).host_and_port().unwrap(), want);
        }
        let error = url("http", "web:99999").host_and_port().unwrap_err();
        assert_eq!(
            error.to_string(),
            "Get \"http://web:99999/a/b?c=d\": dial tcp: address 99999: invalid port"
        );
    }
}
