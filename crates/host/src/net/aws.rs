//! Requests to Amazon's services: signed in the fourth version of their scheme, with credentials from
//! where Amazon's tools look for them.

mod chain;
mod container;
mod machine;
mod profile;
mod roles;
mod sign;
mod surroundings;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use config::Url;
use config::http::{HttpClientConfig, ProxyConfig};
use config::server::SigV4Config;
use hyper::StatusCode;
use hyper::header::HeaderMap;
use tokio::sync::Mutex;

use super::client::{Client, Request, Response, method_text};
use crate::Clock;
use chain::Chain;
use sign::Scope;

pub use surroundings::Surroundings;

/// Signs requests to one service. A [`Client`] that has one signs what it sends.
#[derive(Debug)]
pub struct Signer {
    service: String,
    clock: Arc<dyn Clock>,
    chain: Mutex<Chain>,
}

impl Signer {
    /// A signer that asks for roles itself, through the proxies that the environment names. Nothing is
    /// read or asked for yet.
    pub fn new(config: &SigV4Config, surroundings: Surroundings) -> Self {
        let http = HttpClientConfig {
            proxy: ProxyConfig {
                from_environment: true,
                ..ProxyConfig::default()
            },
            ..HttpClientConfig::default()
        };
        Self::asking_under(&http, config, surroundings)
    }

    /// A signer that asks for roles under this configuration of a client.
    pub fn asking_under(
        http: &HttpClientConfig,
        config: &SigV4Config,
        surroundings: Surroundings,
    ) -> Self {
        Self {
            service: match config.service_name.as_str() {
                "" => DEFAULT_SERVICE.to_owned(),
                stated => stated.to_owned(),
            },
            clock: surroundings.clock(),
            chain: Mutex::new(Chain::new(config, Client::new(http), surroundings)),
        }
    }

    /// The region of the service.
    ///
    /// # Errors
    /// Nobody says which.
    pub async fn region(&self) -> Result<String, String> {
        self.chain.lock().await.region().await
    }

    /// Credentials that were refused are not used again.
    pub async fn forget(&self) {
        self.chain.lock().await.forget();
    }

    /// The headers that make the request a signed one. Those that it has are signed with it, except
    /// what others may change on the way.
    ///
    /// # Errors
    /// There are no credentials, or no region.
    pub async fn sign(&self, request: &Request) -> Result<HeaderMap, String> {
        // One asks, the others wait for what comes.
        let mut chain = self.chain.lock().await;
        let region = chain.region().await?;
        let credentials = chain.credentials(&region).await;
        drop(chain);
        let credentials =
            credentials.map_err(|error| format!("error retrieving credentials: {error}"))?;
        let scope = Scope {
            region: &region,
            service: &self.service,
            millis: self.clock.now_millis(),
        };
        sign::headers(request, &scope, &credentials)
    }
}

/// The URL with the path that signatures are made for: no empty segments, no dots, no slash at its end.
///
/// # Errors
/// What is left is no URL.
pub fn cleaned(url: &Url) -> Result<Url, String> {
    let path = format!("/{}", sign::segments(url.path()).join("/"));
    match url.query() {
        Some(query) => url.join(&format!("{path}?{query}")),
        None => url.join(&path),
    }
}

/// The domain of a region's services.
pub fn domain(region: &str) -> &'static str {
    if region.starts_with("cn-") {
        "amazonaws.com.cn"
    } else {
        "amazonaws.com"
    }
}

/// Asks, and gives the answer whatever its status, with what to say before what is wrong with it.
async fn ask(client: &Client, request: Request) -> Result<(Response, String), String> {
    let place = format!("{} \"{}\"", method_text(&request.method), request.url);
    let response = Box::pin(client.send(request)).await;
    Ok((response.map_err(|error| error.to_string())?, place))
}

/// The text of an answer that must be one.
async fn ask_text(client: &Client, request: Request) -> Result<String, String> {
    let (response, place) = ask(client, request).await?;
    match response.status {
        StatusCode::OK => Ok(String::from_utf8_lossy(&response.body).into_owned()),
        status => Err(format!("{place}: server returned HTTP status {status}")),
    }
}

/// What signatures are for if nothing else is stated: Amazon's Prometheus. Source: Prometheus.
const DEFAULT_SERVICE: &str = "aps";
/// Longest answer that has credentials.
const MAX_ANSWER: usize = 1 << 20;
