//! Credentials that whoever runs containers gives to those inside (ECS, EKS).

use config::Url;
use config::http::HttpClientConfig;
use hyper::header::{AUTHORIZATION, HeaderMap, HeaderValue};

use super::chain::Credentials;
use super::machine::{TIMEOUT, read_credentials};
use super::surroundings::Surroundings;
use super::{MAX_ANSWER, ask_text};
use crate::net::client::{Client, Request};

/// The service that gives them.
#[derive(Debug)]
pub(super) struct Container {
    client: Client,
    url: String,
    surroundings: Surroundings,
}

impl Container {
    /// The service that the environment names, if it does. No proxy is on the way: it is on the machine
    /// itself.
    pub(super) fn find(surroundings: &Surroundings) -> Option<Self> {
        let full = || surroundings.variable("AWS_CONTAINER_CREDENTIALS_FULL_URI");
        let relative = || {
            let path = surroundings.variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")?;
            Some(format!("{SERVICE}{path}"))
        };
        Some(Self {
            client: Client::new(&HttpClientConfig::default()),
            url: full().or_else(relative)?,
            surroundings: surroundings.clone(),
        })
    }

    pub(super) async fn credentials(&self) -> Result<Credentials, String> {
        let url = Url::parse(&self.url)?;
        if url.scheme() != "https" && !is_near(url.host()) {
            let host = url.host();
            return Err(format!(
                "invalid endpoint host, \"{host}\", only loopback hosts are allowed"
            ));
        }
        let mut headers = HeaderMap::new();
        if let Some(token) = self.token()? {
            let token = HeaderValue::from_str(token.trim());
            let mut token = token.map_err(|_| "a token that is none".to_owned())?;
            token.set_sensitive(true);
            headers.insert(AUTHORIZATION, token);
        }
        let request = Request {
            headers,
            timeout: TIMEOUT,
            max_body: MAX_ANSWER,
            ..Request::get(url)
        };
        read_credentials(&ask_text(&self.client, request).await?)
    }

    /// What the service wants to be told, read again each time: it is replaced before it ends.
    fn token(&self) -> Result<Option<String>, String> {
        match self
            .surroundings
            .variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
        {
            Some(path) => self.surroundings.read(&path).map(Some),
            None => Ok(self
                .surroundings
                .variable("AWS_CONTAINER_AUTHORIZATION_TOKEN")),
        }
    }
}

/// True for this machine, and for the addresses on which containers find the service. Nobody else
/// shall be told a token in the clear.
fn is_near(host: &str) -> bool {
    let is_loopback = |host: &str| {
        let address = host.parse::<std::net::IpAddr>();
        address.is_ok_and(|address| address.is_loopback())
    };
    host == "localhost" || is_loopback(host) || NEAR.contains(&host)
}

const SERVICE: &str = "http://169.254.170.2";
const NEAR: [&str; 3] = ["169.254.170.2", "169.254.170.23", "fd00:ec2::23"];
