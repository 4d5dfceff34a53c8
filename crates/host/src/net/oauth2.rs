//! Tokens of OAuth 2: asked for when needed, kept while they are valid.

mod assertion;

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use config::Url;
use config::http::{Credentials, GrantType, HttpClientConfig, OAuth2};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use hyper::{Method, StatusCode};
use tokio::sync::Mutex;

use super::client::{self, Client};
use super::credentials::header_value;
use super::files;
use crate::clock::{Clock as _, RealClock};

/// Gives out the header for requests.
#[derive(Debug)]
pub(super) struct Tokens {
    config: OAuth2,
    client: Client,
    clock: RealClock,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    token: Option<Token>,
    /// The server wants the client's secret in the form, not in a header.
    secret_in_form: bool,
}

#[derive(Debug)]
struct Token {
    header: HeaderValue,
    /// By this program's clock; `None` for a token without end.
    expires: Option<Duration>,
    /// With which secret it was asked for.
    secret: String,
}

impl Tokens {
    pub(super) fn new(config: &OAuth2) -> Self {
        let client = HttpClientConfig {
            credentials: Credentials::None,
            tls: config.tls.clone(),
            proxy: config.proxy.clone(),
            ..HttpClientConfig::default()
        };
        Self {
            config: config.clone(),
            client: Client::new(&client),
            clock: RealClock::default(),
            state: Mutex::default(),
        }
    }

    /// The header with a valid token.
    pub(super) async fn header(&self) -> Result<HeaderValue, String> {
        let secret = self.secret()?;
        // One asks, the others wait for what comes.
        let mut state = self.state.lock().await;
        let now = self.clock.monotonic();
        if let Some(token) = &state.token {
            let is_valid = token.expires.is_none_or(|end| now + EXPIRES_EARLIER < end);
            if is_valid && token.secret == secret {
                return Ok(token.header.clone());
            }
        }
        let (header, lifetime) = self.fetch(&secret, &mut state).await?;
        state.token = Some(Token {
            header: header.clone(),
            expires: lifetime.map(|lifetime| now + lifetime),
            secret,
        });
        Ok(header)
    }

    /// The secret of the client, or the key that signs.
    fn secret(&self) -> Result<String, String> {
        let source = match &self.config.grant {
            GrantType::ClientCredentials(secret) => secret,
            GrantType::JwtBearer(jwt) => &jwt.key,
        };
        files::read_text(source).map_err(|error| match error == files::NO_MANAGER {
            true => format!("error creating HTTP client: unable to use client secret: {error}"),
            false => format!("unable to read oauth2 client secret: {error}"),
        })
    }

    async fn fetch(
        &self,
        secret: &str,
        state: &mut State,
    ) -> Result<(HeaderValue, Option<Duration>), String> {
        if let GrantType::JwtBearer(jwt) = &self.config.grant {
            let assertion = assertion::sign(&self.config, jwt, secret)?;
            let form = [("grant_type", JWT_BEARER), ("assertion", &assertion)];
            let answer = self.ask(&form, None).await?;
            return read_token(&answer);
        }
        let mut answer = self.ask_with_secret(secret, state.secret_in_form).await?;
        if !answer.status.is_success() && !state.secret_in_form {
            let second = self.ask_with_secret(secret, true).await?;
            state.secret_in_form = second.status.is_success();
            answer = second;
        }
        read_token(&answer)
    }

    /// Some servers want the secret as Basic authentication, some in the form.
    async fn ask_with_secret(
        &self,
        secret: &str,
        in_form: bool,
    ) -> Result<client::Response, String> {
        let config = &self.config;
        let scope = config.scopes.join(" ");
        let mut form = vec![("grant_type", "client_credentials")];
        if !scope.is_empty() {
            form.push(("scope", &scope));
        }
        for (name, value) in &config.endpoint_params {
            form.retain(|(earlier, _)| earlier != name);
            form.push((name, value));
        }
        if in_form {
            form.push(("client_id", &config.client_id));
            if !secret.is_empty() {
                form.push(("client_secret", secret));
            }
            return self.ask(&form, None).await;
        }
        let encoded =
            |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let pair = format!("{}:{}", encoded(&config.client_id), encoded(secret));
        let header = header_value(&format!("Basic {}", BASE64_STANDARD.encode(pair)))?;
        self.ask(&form, Some(header)).await
    }

    async fn ask(
        &self,
        form: &[(&str, &str)],
        authorization: Option<HeaderValue>,
    ) -> Result<client::Response, String> {
        let mut form = form.to_vec();
        form.sort_unstable();
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(FORM));
        if let Some(authorization) = authorization {
            headers.insert(AUTHORIZATION, authorization);
        }
        let request = client::Request {
            method: Method::POST,
            url: Url::parse(&self.config.token_url)?,
            headers,
            body: Bytes::from(body),
            timeout: TIMEOUT,
            max_body: MAX_BODY,
        };
        Box::pin(self.client.send(request))
            .await
            .map_err(|error| error.to_string())
    }
}

/// The header and the lifetime that an answer gives.
fn read_token(answer: &client::Response) -> Result<(HeaderValue, Option<Duration>), String> {
    let text = || String::from_utf8_lossy(&answer.body).into_owned();
    let json = serde_json::from_slice(&answer.body).unwrap_or_else(|_| read_form(answer));
    let field = |name: &str| {
        json.get(name)
            .and_then(|value| value.as_str())
            .unwrap_or_default()
    };
    if !field("error").is_empty() {
        return Err(told_error(
            field("error"),
            field("error_description"),
            field("error_uri"),
        ));
    }
    if !answer.status.is_success() {
        return Err(format!(
            "oauth2: cannot fetch token: {}\nResponse: {}",
            status_text(answer.status),
            text()
        ));
    }
    if json.is_null() {
        return Err("oauth2: cannot parse json: the answer is none".to_owned());
    }
    let token = field("access_token");
    if token.is_empty() {
        return Err("oauth2: server response missing access_token".to_owned());
    }
    let kind = match field("token_type").to_ascii_lowercase().as_str() {
        "" | "bearer" => "Bearer".to_owned(),
        "mac" => "MAC".to_owned(),
        "basic" => "Basic".to_owned(),
        _ => field("token_type").to_owned(),
    };
    let seconds = json.get("expires_in").and_then(|value| match value {
        serde_json::Value::String(text) => text.parse().ok(),
        number => number.as_u64(),
    });
    let lifetime = seconds
        .filter(|seconds| *seconds > 0)
        .map(Duration::from_secs);
    Ok((header_value(&format!("{kind} {token}"))?, lifetime))
}

/// Some servers answer with a form instead of JSON; nothing for anything else.
fn read_form(answer: &client::Response) -> serde_json::Value {
    let content_type = answer.headers.get(CONTENT_TYPE);
    let content_type = content_type
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    if !content_type.starts_with(FORM) && !content_type.starts_with("text/plain") {
        return serde_json::Value::Null;
    }
    let fields = form_urlencoded::parse(&answer.body);
    fields
        .map(|(name, value)| (name.into_owned(), value.into_owned().into()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

fn told_error(code: &str, description: &str, page: &str) -> String {
    let mut told = format!("oauth2: {code:?}");
    if !description.is_empty() {
        told.push_str(&format!(" {description:?}"));
    }
    if !page.is_empty() {
        told.push_str(&format!(" {page:?}"));
    }
    told
}

/// `404 Not Found`.
fn status_text(status: StatusCode) -> String {
    let words = status.canonical_reason().unwrap_or_default();
    format!("{} {words}", status.as_str())
}

const FORM: &str = "application/x-www-form-urlencoded";
const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// A token that is about to end is not used any more. Source: Go's oauth2 library.
const EXPIRES_EARLIER: Duration = Duration::from_secs(10);
/// How long a token may take, if what it is needed for leaves so much time.
const TIMEOUT: Duration = Duration::from_secs(60);
/// Longest answer of a token server. Source: Go's oauth2 library.
const MAX_BODY: usize = 1 << 20;
