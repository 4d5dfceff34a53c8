//! Tokens for Google's APIs: of a service account's key, of a user, or of the machine.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::Deserialize;

use crate::api::{Api, Ask, query};
use crate::refresh::RefreshError;
use crate::world::World;

/// Gets tokens, and keeps each until shortly before it ends.
#[derive(Debug)]
pub(super) struct Tokens {
    world: World,
    known: Option<Known>,
}

#[derive(Clone)]
struct Known {
    authorization: String,
    ends_millis: i64,
}

impl std::fmt::Debug for Known {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Known").finish_non_exhaustive()
    }
}

/// A file of credentials.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum File {
    ServiceAccount {
        client_email: String,
        private_key: String,
        private_key_id: Option<String>,
        token_uri: Option<String>,
    },
    AuthorizedUser {
        client_id: String,
        client_secret: String,
        refresh_token: String,
        token_uri: Option<String>,
    },
}

#[derive(Deserialize)]
struct Token {
    access_token: String,
    expires_in: i64,
}

impl Tokens {
    pub(super) fn new(world: World) -> Self {
        Self { world, known: None }
    }

    /// The value of the header `Authorization`.
    pub(super) async fn authorization(&mut self, api: &Api) -> Result<String, RefreshError> {
        let now = self.world.clock.now_millis();
        if let Some(known) = &self.known
            && known.ends_millis > now + EARLY_MILLIS
        {
            return Ok(known.authorization.clone());
        }
        let step = "error setting up communication with GCE service";
        let token = self
            .token(api, now)
            .await
            .map_err(|error| error.during(step))?;
        let known = Known {
            authorization: format!("Bearer {}", token.access_token),
            ends_millis: now.saturating_add(token.expires_in.saturating_mul(1000)),
        };
        let authorization = known.authorization.clone();
        self.known = Some(known);
        Ok(authorization)
    }

    async fn token(&self, api: &Api, now: i64) -> Result<Token, RefreshError> {
        let ask = match self.file().await? {
            Some(File::ServiceAccount {
                client_email,
                private_key,
                private_key_id,
                token_uri,
            }) => {
                let uri = token_uri.unwrap_or_else(|| TOKEN_URI.to_owned());
                let claims = serde_json::json!({
                    "iss": client_email, "scope": SCOPE, "aud": uri,
                    "iat": now / 1000, "exp": now / 1000 + 3600,
                });
                let assertion = signed(&claims, private_key_id.as_deref(), &private_key)?;
                form(
                    &uri,
                    &[("grant_type", JWT_BEARER), ("assertion", &assertion)],
                )
            }
            Some(File::AuthorizedUser {
                client_id,
                client_secret,
                refresh_token,
                token_uri,
            }) => {
                let uri = token_uri.unwrap_or_else(|| TOKEN_URI.to_owned());
                let pairs = [
                    ("grant_type", "refresh_token"),
                    ("client_id", &client_id),
                    ("client_secret", &client_secret),
                    ("refresh_token", &refresh_token),
                ];
                form(&uri, &pairs)
            }
            None => {
                let host = self.world.variable("GCE_METADATA_HOST");
                let host = host.as_deref().unwrap_or("169.254.169.254");
                let path = "computeMetadata/v1/instance/service-accounts/default/token";
                Ask::get(&format!("http://{host}/{path}")).header("metadata-flavor", "Google")
            }
        };
        let answer = api.ask(ask).await?.ok()?;
        Ok(serde_json::from_slice(&answer.body)?)
    }

    /// The file that the environment names, else the one that Google's tools leave.
    async fn file(&self) -> Result<Option<File>, RefreshError> {
        if let Some(path) = self.world.variable("GOOGLE_APPLICATION_CREDENTIALS") {
            let text = self.world.read(&path).await.map_err(RefreshError::answer)?;
            return Ok(Some(serde_json::from_str(&text)?));
        }
        let Some(home) = self.world.variable("HOME") else {
            return Ok(None);
        };
        let path = format!("{home}/.config/gcloud/application_default_credentials.json");
        match self.world.read(&path).await {
            Ok(text) => Ok(Some(serde_json::from_str(&text)?)),
            // Mostly there is none.
            Err(_) => Ok(None),
        }
    }
}

fn form(uri: &str, pairs: &[(&str, &str)]) -> Ask {
    Ask::post(uri, query::joined(pairs)).header("content-type", "application/x-www-form-urlencoded")
}

/// Claims with a signature that says who makes them.
fn signed(
    claims: &serde_json::Value,
    key_id: Option<&str>,
    private_key: &str,
) -> Result<String, RefreshError> {
    let bad_key = || RefreshError::answer("the private key of the service account is none");
    let lines = private_key
        .lines()
        .filter(|line| !line.starts_with("-----"));
    let der = STANDARD
        .decode(lines.map(str::trim).collect::<String>())
        .map_err(|_| bad_key())?;
    let key = RsaKeyPair::from_pkcs8(&der).map_err(|_| bad_key())?;
    let header = serde_json::json!({ "alg": "RS256", "typ": "JWT", "kid": key_id });
    let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(&header), part(claims));
    let mut signature = vec![0; key.public_modulus_len()];
    let random = SystemRandom::new();
    key.sign(
        &RSA_PKCS1_SHA256,
        &random,
        message.as_bytes(),
        &mut signature,
    )
    .map_err(|_| bad_key())?;
    Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

const SCOPE: &str = "https://www.googleapis.com/auth/compute.readonly";
const TOKEN_URI: &str = "https://oauth2.googleapis.com/token";
const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// Tokens are renewed this long before they end.
const EARLY_MILLIS: i64 = 60_000;
