//! How servers are reached and addressed under one configuration.

use std::sync::Arc;

use config::http::HttpClientConfig;
use hyper::header::{AUTHORIZATION, HeaderMap, HeaderValue};

use super::credentials::Authorizer;
use super::headers::Headers;
use super::proxy::{self, ProxyRules};
use super::stream::Stream;
use super::tls::{Settings, Tls};
use super::{dial, socks5};

/// Where a request goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// `http` or `https`.
    pub scheme: &'a str,
    /// Name or address, an IPv6 address without brackets.
    pub host: &'a str,
    /// The port, that of the scheme if none is stated.
    pub port: u16,
    /// Path of the Unix socket that the server listens on, if it does.
    pub unix_socket: Option<&'a str>,
}

/// An open connection, and what it is.
#[derive(Debug)]
pub struct Dialled {
    /// The connection.
    pub stream: Stream,
    /// Both sides speak HTTP/2.
    pub http2: bool,
    /// Who is at the other end.
    pub via: Via,
    settings: Option<Settings>,
}

/// Who is at the other end of a connection.
#[derive(Clone, Debug, Default)]
pub enum Via {
    /// The server.
    #[default]
    Origin,
    /// A proxy that is told the whole URL, and this of us.
    Proxy {
        /// The value of `Proxy-Authorization`.
        authorization: Option<HeaderValue>,
    },
}

/// What tells whether a connection would be opened otherwise now.
#[derive(Clone, Debug, Default)]
pub struct Terms(Option<Settings>);

impl Dialled {
    /// Under which terms the connection was opened.
    pub fn terms(&self) -> Terms {
        Terms(self.settings.clone())
    }
}

/// Everything that is needed to ask servers under one configuration.
#[derive(Debug)]
pub struct Outbound {
    config: HttpClientConfig,
    tls: Tls,
    proxies: Result<ProxyRules, String>,
    authorizer: Authorizer,
    headers: Headers,
}

impl Outbound {
    /// Prepares to ask under this configuration. Nothing is read or opened yet: what is wrong with
    /// files is told, and may be mended, at each request.
    pub fn new(config: &HttpClientConfig) -> Self {
        Self {
            tls: Tls::new(config.tls.clone(), config.enable_http2),
            proxies: ProxyRules::new(&config.proxy, |name| std::env::var(name).ok()),
            authorizer: Authorizer::new(&config.credentials),
            headers: Headers::new(&config.http_headers),
            config: config.clone(),
        }
    }

    /// The configuration.
    pub fn config(&self) -> &HttpClientConfig {
        &self.config
    }

    /// True if a connection that was opened under these terms is as good as a new one: certificates
    /// have not changed.
    ///
    /// # Errors
    /// A file of certificates cannot be read any more.
    pub fn would_keep(&self, terms: &Terms) -> Result<bool, String> {
        match &terms.0 {
            None => Ok(true),
            Some(settings) => Ok(Arc::ptr_eq(settings, &self.settings()?)),
        }
    }

    /// True if [`authorize`](Self::authorize) adds the same to every request: nothing is read for it.
    pub fn adds_the_same(&self) -> bool {
        self.authorizer.is_fixed() && self.headers.are_fixed()
    }

    /// Adds what the configuration adds to requests. `trusted` is false for another host than the
    /// configuration is about, which gets no credentials.
    ///
    /// # Errors
    /// A file cannot be read, a header is invalid, or there is no token.
    pub async fn authorize(&self, headers: &mut HeaderMap, trusted: bool) -> Result<(), String> {
        self.headers.add_to(headers, trusted)?;
        if !trusted || headers.contains_key(AUTHORIZATION) {
            return Ok(());
        }
        if let Some(value) = self.authorizer.header().await? {
            headers.insert(AUTHORIZATION, value);
        }
        Ok(())
    }

    /// Opens a connection.
    ///
    /// # Errors
    /// Why not, in Go's words.
    pub async fn dial(&self, place: Place<'_>) -> Result<Dialled, String> {
        let settings = match place.scheme {
            "http" => None,
            "https" => Some(self.settings()?),
            other => return Err(format!("unsupported protocol scheme \"{other}\"")),
        };
        let (stream, via) = match place.unix_socket {
            Some(path) => (dial::unix(path).await?, Via::Origin),
            None => self.reach(place).await?,
        };
        let Some(settings) = settings else {
            return Ok(Dialled {
                stream,
                http2: false,
                via,
                settings: None,
            });
        };
        let stream = self.tls.connect(&settings, stream, place.host).await?;
        let http2 = match &stream {
            Stream::Tls(tls) => tls.get_ref().1.alpn_protocol() == Some(b"h2"),
            Stream::Tcp(_) | Stream::Unix(_) => false,
        };
        Ok(Dialled {
            stream,
            http2,
            via: Via::Origin,
            settings: Some(settings),
        })
    }

    /// The server, or a proxy that passes the connection or the request on.
    async fn reach(&self, place: Place<'_>) -> Result<(Stream, Via), String> {
        let rules = self.proxies.as_ref().map_err(Clone::clone)?;
        let target = joined(place.host, &place.port.to_string());
        let Some(proxy) = rules.choose(place.scheme, place.host, place.port) else {
            return Ok((dial::tcp(&target).await?, Via::Origin));
        };
        let is_socks = matches!(proxy.scheme(), "socks5" | "socks5h");
        let default_port = match proxy.scheme() {
            "https" => "443",
            _ if is_socks => "1080",
            _ => "80",
        };
        let port = proxy
            .port()
            .filter(|port| !port.is_empty())
            .unwrap_or(default_port);
        let dialled = dial::tcp(&joined(proxy.host(), port)).await;
        let mut stream = dialled.map_err(|reason| format!("proxyconnect tcp: {reason}"))?;
        if is_socks {
            socks5::tunnel(&mut stream, place.host, place.port, proxy).await?;
            return Ok((stream, Via::Origin));
        }
        if proxy.scheme() == "https" {
            let connected = self
                .tls
                .connect(&self.settings()?, stream, proxy.host())
                .await;
            stream = connected.map_err(|reason| format!("proxyconnect tcp: {reason}"))?;
        }
        if place.scheme == "https" {
            proxy::tunnel(&mut stream, &target, proxy, &self.config.proxy).await?;
            return Ok((stream, Via::Origin));
        }
        let authorization = proxy::authorization(proxy)
            .map(|text| super::credentials::header_value(&text))
            .transpose()?;
        Ok((stream, Via::Proxy { authorization }))
    }

    fn settings(&self) -> Result<Settings, String> {
        let settings = self.tls.settings();
        settings.map_err(|reason| match reason.starts_with("tls: ") {
            true => reason,
            false => format!("error creating HTTP client: {reason}"),
        })
    }
}

/// Host and port with a colon between them.
fn joined(host: &str, port: &str) -> String {
    match host.contains(':') {
        true => format!("[{host}]:{port}"),
        false => format!("{host}:{port}"),
    }
}
