//! Roles that are taken on: the service that gives credentials for them (STS).

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
use crate::net::client::{Client, Request};
use crate::net::xml::{self, Element};

/// Asks for the credentials of a role.
#[derive(Debug)]
pub(super) struct Roles {
    client: Client,
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
            endpoint: surroundings.variable("AWS_ENDPOINT_URL_STS"),
            wants_fips: config.use_fips_sts_endpoint,
            role_arn: config.role_arn.clone(),
            external_id: config.external_id.clone(),
        }
    }

    /// Credentials of the role, for whom these are.
    pub(super) async fn assume(
        &self,
        region: &str,
        own: &Credentials,
        now_millis: i64,
    ) -> Result<Credentials, String> {
        let asked = self.ask(region, own, now_millis).await;
        asked.map_err(|error| format!("could not assume the role {}: {error}", self.role_arn))
    }

    async fn ask(
        &self,
        region: &str,
        own: &Credentials,
        now_millis: i64,
    ) -> Result<Credentials, String> {
        let request = self.request(region, own, now_millis)?;
        let (response, place) = ask(&self.client, request).await?;
        let text = String::from_utf8_lossy(&response.body);
        let root = xml::parse(&text);
        if response.status != StatusCode::OK {
            let told = root.ok().as_ref().and_then(told_error);
            let told =
                told.unwrap_or_else(|| format!("server returned HTTP status {}", response.status));
            return Err(format!("{place}: {told}"));
        }
        let read = root.map_err(|error| error.to_string());
        read.and_then(|root| read_credentials(&root))
            .map_err(|error| format!("{place}: {error}"))
    }

    fn request(&self, region: &str, own: &Credentials, now_millis: i64) -> Result<Request, String> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("Action", "AssumeRole")
            .append_pair("Version", "2011-06-15")
            .append_pair("RoleArn", &self.role_arn)
            .append_pair("RoleSessionName", &format!("narthex-{now_millis}"));
        if !self.external_id.is_empty() {
            form.append_pair("ExternalId", &self.external_id);
        }
        let mut request = Request {
            method: Method::POST,
            headers: HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(FORM))]),
            body: Bytes::from(form.finish()),
            timeout: TIMEOUT,
            max_body: MAX_ANSWER,
            ..Request::get(Url::parse(&self.endpoint(region))?)
        };
        let scope = Scope {
            region,
            service: "sts",
            millis: now_millis,
        };
        let signed = sign::headers(&request, &scope, own)?;
        request.headers.extend(signed);
        Ok(request)
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

fn read_credentials(root: &Element) -> Result<Credentials, String> {
    let result = root.child("AssumeRoleResult");
    let found = result.and_then(|result| result.child("Credentials"));
    let found = found.ok_or_else(|| "an answer without credentials".to_owned())?;
    let text = |name: &str| {
        let text = found.text_of(name).map(str::to_owned);
        text.ok_or_else(|| format!("credentials without {name}"))
    };
    Ok(Credentials {
        access_key: text("AccessKeyId")?,
        secret_key: text("SecretAccessKey")?,
        session_token: Some(text("SessionToken")?),
        expires_millis: model::date::parse_rfc3339(&text("Expiration")?),
    })
}

const FORM: &str = "application/x-www-form-urlencoded; charset=utf-8";
/// Shorter than the time that a request waits which needs the credentials, so that it can tell why
/// there are none.
const TIMEOUT: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use std::sync::Arc;

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
