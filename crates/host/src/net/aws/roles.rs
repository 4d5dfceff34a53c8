//! Roles that are taken on: the service that gives credentials for them (STS).

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use config::Url;
use config::server::SigV4Config;
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use hyper::{Method, StatusCode};

use super::chain::Credentials;
use super::sign::{self, Scope};
use super::surroundings::Surroundings;
use super::{MAX_ANSWER, ask, domain};
use crate::Clock;
use crate::net::client::{Client, Request};
use crate::net::xml::{self, Element};

/// Asks for the credentials of a role.
#[derive(Debug)]
pub(super) struct Roles {
    client: Client,
    clock: Arc<dyn Clock>,
    /// The endpoint that the environment names.
    endpoint: Option<String>,
    wants_fips: bool,
    role_arn: String,
    external_id: String,
}

impl Roles {
    pub(super) fn new(config: &SigV4Config, client: Client, surroundings: &Surroundings) -> Self {
        Self {
            client,
            clock: surroundings.clock(),
            endpoint: surroundings.variable("AWS_ENDPOINT_URL_STS"),
            wants_fips: config.use_fips_sts_endpoint,
            role_arn: config.role_arn.clone(),
            external_id: config.external_id.clone(),
        }
    }

    /// Credentials of the role that is stated, for whom these are.
    pub(super) async fn assume(
        &self,
        region: &str,
        own: &Credentials,
    ) -> Result<Credentials, String> {
        let session = self.session_name();
        let mut pairs = vec![
            ("RoleArn", self.role_arn.as_str()),
            ("RoleSessionName", &session),
        ];
        if !self.external_id.is_empty() {
            pairs.push(("ExternalId", &self.external_id));
        }
        let mut request = self.request(region, "AssumeRole", &pairs)?;
        let scope = Scope {
            region,
            service: "sts",
            millis: self.clock.now_millis(),
        };
        let signed = sign::headers(&request, &scope, own)?;
        request.headers.extend(signed);
        self.ask(request, "AssumeRoleResult", &self.role_arn).await
    }

    /// Credentials of a role, for whom a token stands.
    pub(super) async fn assume_with_token(
        &self,
        region: &str,
        role_arn: &str,
        session: Option<String>,
        token: &str,
    ) -> Result<Credentials, String> {
        let session = session.unwrap_or_else(|| self.session_name());
        let pairs = [
            ("RoleArn", role_arn),
            ("RoleSessionName", &session),
            ("WebIdentityToken", token),
        ];
        let request = self.request(region, "AssumeRoleWithWebIdentity", &pairs)?;
        let result = "AssumeRoleWithWebIdentityResult";
        self.ask(request, result, role_arn).await
    }

    fn session_name(&self) -> String {
        format!("narthex-{}", self.clock.now_millis())
    }

    fn request(
        &self,
        region: &str,
        action: &str,
        pairs: &[(&str, &str)],
    ) -> Result<Request, String> {
        let body = form_urlencoded::Serializer::new(String::new())
            .append_pair("Action", action)
            .append_pair("Version", "2011-06-15")
            .extend_pairs(pairs)
            .finish();
        Ok(Request {
            method: Method::POST,
            headers: HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(FORM))]),
            body: Bytes::from(body),
            timeout: TIMEOUT,
            max_body: MAX_ANSWER,
            ..Request::get(Url::parse(&self.endpoint(region))?)
        })
    }

    async fn ask(
        &self,
        request: Request,
        result: &str,
        role_arn: &str,
    ) -> Result<Credentials, String> {
        let failed = |error: String| format!("could not assume the role {role_arn}: {error}");
        let (response, place) = ask(&self.client, request).await.map_err(failed)?;
        let text = String::from_utf8_lossy(&response.body);
        let root = xml::parse(&text);
        if response.status != StatusCode::OK {
            let told = root.ok().as_ref().and_then(told_error);
            let told =
                told.unwrap_or_else(|| format!("server returned HTTP status {}", response.status));
            return Err(failed(format!("{place}: {told}")));
        }
        let read = root.map_err(|error| error.to_string());
        read.and_then(|root| read_credentials(&root, result))
            .map_err(|error| failed(format!("{place}: {error}")))
    }

    fn endpoint(&self, region: &str) -> String {
        if let Some(endpoint) = &self.endpoint {
            return endpoint.clone();
        }
        // The endpoints of the government's regions all fulfil FIPS 140, and have no other name.
        let host = match self.wants_fips && !region.starts_with("us-gov-") {
            true => "sts-fips",
            false => "sts",
        };
        format!("https://{host}.{region}.{}/", domain(region))
    }
}

/// What an answer says is wrong.
fn told_error(root: &Element) -> Option<String> {
    let error = root.child("Error")?;
    let text = |name: &str| error.text_of(name).unwrap_or_default().to_owned();
    Some(format!("api error {}: {}", text("Code"), text("Message")))
}

fn read_credentials(root: &Element, result: &str) -> Result<Credentials, String> {
    let result = root.child(result);
    let found = result.and_then(|result| result.child("Credentials"));
    let found = found.ok_or_else(|| "an answer without credentials".to_owned())?;
    Credentials::of_answer(
        |name| found.text_of(name).map(str::to_owned),
        "SessionToken",
    )
}

const FORM: &str = "application/x-www-form-urlencoded; charset=utf-8";
/// Shorter than the time that a request waits which needs the credentials, so that it can tell why
/// there are none.
const TIMEOUT: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use config::http::HttpClientConfig;

    use super::*;
    use crate::clock::SimulatedClock;
    use crate::fs::SimulatedFs;

    #[test]
    fn endpoints_are_those_of_the_region() {
        let cases = [
            (
                false,
                None,
                "eu-west-1",
                "https://sts.eu-west-1.amazonaws.com/",
            ),
            (
                true,
                None,
                "us-east-1",
                "https://sts-fips.us-east-1.amazonaws.com/",
            ),
            (
                true,
                None,
                "us-gov-west-1",
                "https://sts.us-gov-west-1.amazonaws.com/",
            ),
            (
                false,
                None,
                "cn-north-1",
                "https://sts.cn-north-1.amazonaws.com.cn/",
            ),
            (true, Some("http://sts:1"), "eu-west-1", "http://sts:1"),
        ];
        for (use_fips_sts_endpoint, endpoint, region, want) in cases {
            let config = SigV4Config {
                use_fips_sts_endpoint,
                ..SigV4Config::default()
            };
            let surroundings = Surroundings::new(
                Arc::new(SimulatedFs::default()),
                Arc::new(SimulatedClock::at(0)),
                move |_| endpoint.map(str::to_owned),
            );
            let client = Client::new(&HttpClientConfig::default());
            let roles = Roles::new(&config, client, &surroundings);
            assert_eq!(roles.endpoint(region), want);
        }
    }
}
