//! Where credentials and region come from: the entry, the environment, profile files, the machine.

use config::discovery::Ec2Discovery;
use serde::Deserialize;

use super::profile::setting;
use super::sign::{self, Scope};
use crate::api::{Api, Ask, query};
use crate::refresh::RefreshError;
use crate::world::World;
use crate::xml::{self, Element};

/// An access key.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Credentials {
    pub(super) access_key: String,
    pub(super) secret_key: String,
    pub(super) session_token: Option<String>,
    /// When they end to hold; never for those that somebody wrote down.
    expires_millis: Option<i64>,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").finish_non_exhaustive()
    }
}

/// Finds credentials, and keeps them until shortly before they end.
#[derive(Debug)]
pub(super) struct Chain {
    world: World,
    region: String,
    access_key: String,
    secret_key: String,
    profile: String,
    role_arn: String,
    external_id: String,
    known: Option<Credentials>,
}

/// What the machine's metadata service says of its role.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MachineCredentials {
    access_key_id: String,
    secret_access_key: String,
    token: String,
    expiration: String,
}

impl Chain {
    pub(super) fn new(discovery: &Ec2Discovery, world: World) -> Self {
        let profile = match discovery.profile.as_str() {
            "" => world.variable("AWS_PROFILE"),
            stated => Some(stated.to_owned()),
        };
        Self {
            region: discovery.region.clone(),
            access_key: discovery.access_key.clone(),
            secret_key: discovery.secret_key.expose().to_owned(),
            profile: profile.unwrap_or_else(|| "default".to_owned()),
            role_arn: discovery.role_arn.clone(),
            external_id: discovery.external_id.clone(),
            known: None,
            world,
        }
    }

    /// Credentials that were refused are not used again.
    pub(super) fn forget(&mut self) {
        self.known = None;
    }

    /// The region: of the entry, the environment, the profile, the machine.
    pub(super) async fn region(&mut self, api: &Api) -> Result<String, RefreshError> {
        if !self.region.is_empty() {
            return Ok(self.region.clone());
        }
        let variables = ["AWS_REGION", "AWS_DEFAULT_REGION"];
        let variable = variables.iter().find_map(|name| self.world.variable(name));
        let region = match variable {
            Some(region) => Some(region),
            None => self.profile_setting("region").await,
        };
        let region = match region {
            Some(region) => region,
            None => {
                let found = self.machine(api, "placement/region").await;
                found.map_err(|error| error.during("could not determine AWS region"))?
            }
        };
        self.region.clone_from(&region);
        Ok(region)
    }

    /// Credentials that still hold.
    pub(super) async fn get(
        &mut self,
        api: &Api,
        region: &str,
    ) -> Result<Credentials, RefreshError> {
        let soon = self.world.clock.now_millis() + EARLY_MILLIS;
        let holds = |known: &&Credentials| known.expires_millis.is_none_or(|end| end > soon);
        if let Some(known) = self.known.as_ref().filter(holds) {
            return Ok(known.clone());
        }
        let mut credentials = self.own(api).await?;
        if !self.role_arn.is_empty() {
            credentials = self.assume_role(api, region, &credentials).await?;
        }
        self.known = Some(credentials.clone());
        Ok(credentials)
    }

    async fn own(&self, api: &Api) -> Result<Credentials, RefreshError> {
        let written = |access_key: String, secret_key: String, session_token| Credentials {
            access_key,
            secret_key,
            session_token,
            expires_millis: None,
        };
        if !self.access_key.is_empty() && !self.secret_key.is_empty() {
            return Ok(written(
                self.access_key.clone(),
                self.secret_key.clone(),
                None,
            ));
        }
        let variable = |name: &str| self.world.variable(name);
        if let (Some(access_key), Some(secret_key)) = (
            variable("AWS_ACCESS_KEY_ID"),
            variable("AWS_SECRET_ACCESS_KEY"),
        ) {
            return Ok(written(
                access_key,
                secret_key,
                variable("AWS_SESSION_TOKEN"),
            ));
        }
        if let (Some(access_key), Some(secret_key)) = (
            self.profile_setting("aws_access_key_id").await,
            self.profile_setting("aws_secret_access_key").await,
        ) {
            let token = self.profile_setting("aws_session_token").await;
            return Ok(written(access_key, secret_key, token));
        }
        self.of_machine(api).await
    }

    /// A setting of the profile, in the file of credentials or that of settings.
    async fn profile_setting(&self, name: &str) -> Option<String> {
        let home = self.world.variable("HOME");
        let files = [
            ("AWS_SHARED_CREDENTIALS_FILE", "credentials"),
            ("AWS_CONFIG_FILE", "config"),
        ];
        for (variable, file) in files {
            let path = self.world.variable(variable);
            let path = path.or_else(|| Some(format!("{}/.aws/{file}", home.as_ref()?)));
            let Some(path) = path else {
                continue;
            };
            // A file that is not there says nothing.
            if let Ok(text) = self.world.read(&path).await
                && let Some(value) = setting(&text, &self.profile, name)
            {
                return Some(value);
            }
        }
        None
    }

    /// The credentials of the role that the machine has.
    async fn of_machine(&self, api: &Api) -> Result<Credentials, RefreshError> {
        let path = "iam/security-credentials/";
        let step =
            "no credentials in entry, environment and profile files, and none of the machine";
        let roles = self
            .machine(api, path)
            .await
            .map_err(|error| error.during(step))?;
        let role = roles.lines().next().unwrap_or_default();
        let text = self.machine(api, &format!("{path}{role}")).await;
        let text = text.map_err(|error| error.during(step))?;
        let found: MachineCredentials = serde_json::from_str(&text)?;
        Ok(Credentials {
            access_key: found.access_key_id,
            secret_key: found.secret_access_key,
            session_token: Some(found.token),
            expires_millis: model::date::parse_rfc3339(&found.expiration),
        })
    }

    /// What the machine's metadata service says, which gives a token first.
    async fn machine(&self, api: &Api, path: &str) -> Result<String, RefreshError> {
        let base = self.world.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT");
        let base = base.unwrap_or_else(|| METADATA.to_owned());
        let base = base.trim_end_matches('/');
        let ask = Ask::put(&format!("{base}/latest/api/token"))
            .header("x-aws-ec2-metadata-token-ttl-seconds", "21600");
        let token = api.ask(ask).await?.ok()?;
        let ask = Ask::get(&format!("{base}/latest/meta-data/{path}"))
            .header("x-aws-ec2-metadata-token", token.text()?);
        let answer = api.ask(ask).await?.ok()?;
        Ok(answer.text()?.trim().to_owned())
    }

    async fn assume_role(
        &self,
        api: &Api,
        region: &str,
        own: &Credentials,
    ) -> Result<Credentials, RefreshError> {
        let now = self.world.clock.now_millis();
        let mut pairs = vec![
            ("Action", "AssumeRole".to_owned()),
            ("Version", "2011-06-15".to_owned()),
            ("RoleArn", self.role_arn.clone()),
            ("RoleSessionName", format!("narthex-{now}")),
        ];
        if !self.external_id.is_empty() {
            pairs.push(("ExternalId", self.external_id.clone()));
        }
        let endpoint = self.world.variable("AWS_ENDPOINT_URL_STS");
        let endpoint =
            endpoint.unwrap_or_else(|| format!("https://sts.{region}.{}/", super::domain(region)));
        let scope = Scope {
            region,
            service: "sts",
            millis: now,
        };
        let ask = sign::signed(&endpoint, &query::joined(&pairs), &scope, own)?;
        let step = "could not assume the role";
        let answer = api.ask(ask).await.and_then(|answer| answer.ok());
        let answer = answer.map_err(|error| error.during(step))?;
        let root = xml::parse(answer.text()?)?;
        let found = root
            .child("AssumeRoleResult")
            .and_then(|result| result.child("Credentials"));
        let found = found.ok_or_else(|| RefreshError::answer("an answer without credentials"));
        role_credentials(found.map_err(|error| error.during(step))?)
    }
}

fn role_credentials(element: &Element) -> Result<Credentials, RefreshError> {
    let text = |name: &str| match element.text_of(name) {
        Some(text) => Ok(text.to_owned()),
        None => Err(RefreshError::answer(format!("credentials without {name}"))),
    };
    Ok(Credentials {
        access_key: text("AccessKeyId")?,
        secret_key: text("SecretAccessKey")?,
        session_token: Some(text("SessionToken")?),
        expires_millis: model::date::parse_rfc3339(&text("Expiration")?),
    })
}

const METADATA: &str = "http://169.254.169.254";
/// Credentials are renewed this long before they end.
const EARLY_MILLIS: i64 = 5 * 60_000;
