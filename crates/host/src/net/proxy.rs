//! Which proxy a server is reached by, and how one is asked to pass a connection on.

use std::net::IpAddr;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use config::Url;
use config::http::ProxyConfig;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::USER_AGENT;
use super::stream::Stream;

/// Says which proxy to use.
#[derive(Debug)]
pub(super) struct ProxyRules {
    http: Option<Url>,
    https: Option<Url>,
    exceptions: Option<Exceptions>,
}

impl ProxyRules {
    /// The rules of a configuration. `environment` gives the values of variables.
    ///
    /// # Errors
    /// A variable holds no URL.
    pub(super) fn new(
        config: &ProxyConfig,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, String> {
        if !config.from_environment {
            let exceptions =
                (!config.no_proxy.is_empty()).then(|| Exceptions::parse(&config.no_proxy));
            return Ok(Self {
                http: config.proxy_url.clone(),
                https: config.proxy_url.clone(),
                exceptions,
            });
        }
        let variable = |name: &str| {
            let found = environment(name).filter(|value| !value.is_empty());
            found.or_else(|| environment(&name.to_ascii_lowercase()))
        };
        let proxy = |name: &str| match variable(name).filter(|value| !value.is_empty()) {
            None => Ok(None),
            Some(text) if text.contains("://") => Url::parse(&text).map(Some),
            // As Go has it: `proxy:3128` is a host.
            Some(text) => Url::parse(&format!("http://{text}")).map(Some),
        };
        Ok(Self {
            http: proxy("HTTP_PROXY")?,
            https: proxy("HTTPS_PROXY")?,
            exceptions: Some(Exceptions::parse(&variable("NO_PROXY").unwrap_or_default())),
        })
    }

    /// The proxy for a server.
    pub(super) fn choose(&self, scheme: &str, host: &str, port: u16) -> Option<&Url> {
        let proxy = match scheme {
            "https" => self.https.as_ref(),
            _ => self.http.as_ref(),
        }?;
        let is_exempt = self
            .exceptions
            .as_ref()
            .is_some_and(|rules| rules.apply_to(host, port));
        (!is_exempt).then_some(proxy)
    }
}

/// Servers that are reached without a proxy: `no_proxy`. This machine itself always is.
#[derive(Debug, Default)]
struct Exceptions {
    everything: bool,
    networks: Vec<(IpAddr, u8)>,
    addresses: Vec<(IpAddr, Option<u16>)>,
    domains: Vec<Domain>,
}

#[derive(Debug)]
struct Domain {
    /// With a dot before it.
    suffix: String,
    itself_too: bool,
    port: Option<u16>,
}

impl Exceptions {
    fn parse(list: &str) -> Self {
        let mut rules = Self::default();
        for entry in list.split(',') {
            let entry = entry.trim().to_ascii_lowercase();
            if entry == "*" {
                rules.everything = true;
            } else if !entry.is_empty() {
                rules.add(&entry);
            }
        }
        rules
    }

    fn add(&mut self, entry: &str) {
        if let Some((address, length)) = entry.split_once('/') {
            if let (Ok(address), Ok(length)) = (address.parse(), length.parse()) {
                self.networks.push((address, length));
            }
            return;
        }
        let (host, port) = match entry.rsplit_once(':') {
            Some((host, port)) if !host.contains(':') || host.ends_with(']') => {
                (host, port.parse().ok())
            }
            _ => (entry, None),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        if let Ok(address) = host.parse() {
            self.addresses.push((address, port));
            return;
        }
        let host = host
            .strip_prefix('*')
            .filter(|rest| rest.starts_with('.'))
            .unwrap_or(host);
        let (suffix, itself_too) = match host.starts_with('.') {
            true => (host.to_owned(), false),
            false => (format!(".{host}"), true),
        };
        self.domains.push(Domain {
            suffix,
            itself_too,
            port,
        });
    }

    fn apply_to(&self, host: &str, port: u16) -> bool {
        let host = host.to_ascii_lowercase();
        if self.everything || host == "localhost" {
            return true;
        }
        let fits = |stated: Option<u16>| stated.is_none_or(|stated| stated == port);
        if let Ok(address) = host.parse::<IpAddr>() {
            return address.is_loopback()
                || self
                    .networks
                    .iter()
                    .any(|network| is_within(address, *network))
                || self
                    .addresses
                    .iter()
                    .any(|(own, port)| *own == address && fits(*port));
        }
        self.domains.iter().any(|domain| {
            let is_itself = domain.itself_too && domain.suffix.strip_prefix('.') == Some(&*host);
            (is_itself || host.ends_with(&domain.suffix)) && fits(domain.port)
        })
    }
}

fn is_within(address: IpAddr, (network, length): (IpAddr, u8)) -> bool {
    let (bits, own, width) = match (address, network) {
        (IpAddr::V4(a), IpAddr::V4(b)) => {
            (u128::from(a.to_bits()), u128::from(b.to_bits()), 32_u32)
        }
        (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits(), b.to_bits(), 128),
        _ => return false,
    };
    let beyond = width.saturating_sub(u32::from(length));
    (bits ^ own).checked_shr(beyond).unwrap_or(0) == 0
}

/// The value of `Proxy-Authorization` that a proxy's URL asks for.
pub(super) fn authorization(proxy: &Url) -> Option<String> {
    let user = proxy.user()?;
    let password = user
        .password
        .as_ref()
        .map_or("", |password| password.expose());
    let pair = format!("{}:{password}", user.name);
    Some(format!("Basic {}", BASE64_STANDARD.encode(pair)))
}

/// Asks an HTTP proxy at the other end of `stream` to connect us to `target` (host and port).
pub(super) async fn tunnel(
    stream: &mut Stream,
    target: &str,
    proxy: &Url,
    config: &ProxyConfig,
) -> Result<(), String> {
    let mut request =
        format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\nUser-Agent: {USER_AGENT}\r\n");
    let names = config.connect_header.keys();
    let own_authorization = names
        .into_iter()
        .any(|n| n.eq_ignore_ascii_case("Proxy-Authorization"));
    for (name, values) in &config.connect_header {
        for value in values {
            request.push_str(&format!("{name}: {}\r\n", value.expose()));
        }
    }
    if let Some(value) = authorization(proxy).filter(|_| !own_authorization) {
        request.push_str(&format!("Proxy-Authorization: {value}\r\n"));
    }
    request.push_str("\r\n");
    let failed = |error: std::io::Error| super::reason::io_reason(&error);
    stream.write_all(request.as_bytes()).await.map_err(failed)?;
    stream.flush().await.map_err(failed)?;
    let head = read_head(stream).await?;
    let status = head.lines().next().unwrap_or_default();
    let mut words = status.splitn(3, ' ');
    let is_http = words
        .next()
        .is_some_and(|protocol| protocol.starts_with("HTTP/1."));
    match (is_http, words.next(), words.next()) {
        (true, Some("200"), _) => Ok(()),
        (true, Some(_), Some(text)) if !text.trim().is_empty() => Err(text.trim().to_owned()),
        (true, Some(code), _) => Err(format!("unknown status code {code}")),
        _ => Err(format!("malformed HTTP response {status:?}")),
    }
}

/// Reads up to the empty line and not a byte further: what follows is the tunnel's.
async fn read_head(stream: &mut Stream) -> Result<String, String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() >= MAX_HEAD {
            return Err("the proxy's answer is too long".to_owned());
        }
        let byte = stream
            .read_u8()
            .await
            .map_err(|error| super::reason::handshake_reason(&error))?;
        head.push(byte);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

/// Longest head of an answer to CONNECT.
const MAX_HEAD: usize = 16 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    fn config(proxy_url: &str, no_proxy: &str) -> ProxyConfig {
        ProxyConfig {
            proxy_url: Some(Url::parse(proxy_url).unwrap()),
            no_proxy: no_proxy.to_owned(),
            ..ProxyConfig::default()
        }
    }

    #[test]
    fn exceptions_are_those_of_go() {
        let list = "10.0.0.0/8, 192.168.1.1, 192.168.1.2:80, [2001:db8::1]:90, fe80::/10, foo.com, \
                    .bar.com, *.baz.com, qux.com:443";
        let rules = ProxyRules::new(&config("http://p:1", list), |_| None).unwrap();
        let cases = [
            ("localhost", 1, true),
            ("127.0.0.1", 1, true),
            ("::1", 1, true),
            ("10.9.9.9", 1, true),
            ("11.0.0.1", 1, false),
            ("192.168.1.1", 7, true),
            ("192.168.1.2", 80, true),
            ("192.168.1.2", 81, false),
            ("2001:db8::1", 90, true),
            ("2001:db8::1", 91, false),
            ("fe80::5", 1, true),
            ("foo.com", 1, true),
            ("FOO.com", 1, true),
            ("a.foo.com", 1, true),
            ("afoo.com", 1, false),
            ("bar.com", 1, false),
            ("a.bar.com", 1, true),
            ("baz.com", 1, false),
            ("a.baz.com", 1, true),
            ("qux.com", 443, true),
            ("qux.com", 80, false),
        ];
        for (host, port, exempt) in cases {
            assert_eq!(
                rules.choose("http", host, port).is_none(),
                exempt,
                "{host}:{port}"
            );
        }
        // Without a list, not even this machine is exempt.
        let rules = ProxyRules::new(&config("http://p:1", ""), |_| None).unwrap();
        assert!(rules.choose("http", "127.0.0.1", 1).is_some());
    }

    #[test]
    fn the_environment_says_it_by_scheme() {
        let environment = |name: &str| match name {
            "HTTP_PROXY" => Some("plain:1".to_owned()),
            "https_proxy" => Some("https://u:p@secure:2".to_owned()),
            "NO_PROXY" => Some("a.org".to_owned()),
            _ => None,
        };
        let config = ProxyConfig {
            from_environment: true,
            ..ProxyConfig::default()
        };
        let rules = ProxyRules::new(&config, environment).unwrap();
        let shown = |scheme, host| rules.choose(scheme, host, 80).map(|url| url.to_string());
        assert_eq!(shown("http", "b.org").as_deref(), Some("http://plain:1"));
        assert_eq!(
            shown("https", "b.org").as_deref(),
            Some("https://u:xxxxx@secure:2")
        );
        assert_eq!(shown("http", "a.org"), None);
        let proxy = rules.choose("https", "b.org", 80).unwrap();
        assert_eq!(authorization(proxy).as_deref(), Some("Basic dTpw"));
    }
}
