//! What the metadata service of a machine says of it.

use std::time::Duration;

use config::Url;
use config::http::HttpClientConfig;
use hyper::Method;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};

use super::chain::Credentials;
use super::surroundings::Surroundings;
use super::{MAX_ANSWER, ask_text};
use crate::net::client::{Client, Request};

/// The metadata service.
#[derive(Debug)]
pub(super) struct Machine {
    client: Client,
    base: String,
    is_disabled: bool,
}

impl Machine {
    /// The service that the environment names. No proxy is on the way: it is on the machine itself.
    pub(super) fn new(surroundings: &Surroundings) -> Self {
        let base = surroundings.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT");
        let base = base.unwrap_or_else(|| METADATA.to_owned());
        let disabled = surroundings.variable(DISABLED);
        Self {
            client: Client::new(&HttpClientConfig::default()),
            base: base.trim_end_matches('/').to_owned(),
            is_disabled: disabled.is_some_and(|value| value.eq_ignore_ascii_case("true")),
        }
    }

    pub(super) async fn region(&self) -> Result<String, String> {
        self.ask("placement/region").await
    }

    /// The credentials of the role that the machine has.
    pub(super) async fn credentials(&self) -> Result<Credentials, String> {
        let path = "iam/security-credentials/";
        let roles = self.ask(path).await?;
        let role = roles.lines().next().unwrap_or_default();
        let text = self.ask(&format!("{path}{role}")).await?;
        read_credentials(&text)
    }

    /// What the service says, which gives a token first.
    async fn ask(&self, path: &str) -> Result<String, String> {
        if self.is_disabled {
            return Err(format!("{DISABLED} is set"));
        }
        let lifetime = HeaderValue::from_static("21600");
        let token = self
            .request(Method::PUT, "api/token", LIFETIME, lifetime)
            .await?;
        let token = HeaderValue::from_str(&token);
        let token = token.map_err(|_| "a token that is none".to_owned())?;
        let path = format!("meta-data/{path}");
        self.request(Method::GET, &path, TOKEN, token).await
    }

    async fn request(
        &self,
        method: Method,
        path: &str,
        name: HeaderName,
        value: HeaderValue,
    ) -> Result<String, String> {
        let url = Url::parse(&format!("{}/latest/{path}", self.base))?;
        let request = Request {
            method,
            headers: HeaderMap::from_iter([(name, value)]),
            timeout: TIMEOUT,
            max_body: MAX_ANSWER,
            ..Request::get(url)
        };
        let text = ask_text(&self.client, request).await?;
        Ok(text.trim().to_owned())
    }
}

/// Credentials as services of machines give them.
pub(super) fn read_credentials(text: &str) -> Result<Credentials, String> {
    let json: serde_json::Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    Credentials::of_answer(|name| Some(json.get(name)?.as_str()?.to_owned()), "Token")
}

const METADATA: &str = "http://169.254.169.254";
const DISABLED: &str = "AWS_EC2_METADATA_DISABLED";
const LIFETIME: HeaderName = HeaderName::from_static("x-aws-ec2-metadata-token-ttl-seconds");
const TOKEN: HeaderName = HeaderName::from_static("x-aws-ec2-metadata-token");
/// A service on the machine itself answers soon or is not there: no request waits long to hear so.
pub(super) const TIMEOUT: Duration = Duration::from_secs(2);
