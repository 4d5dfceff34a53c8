//! Where credentials and region come from: the configuration, the environment, profile files, whoever
//! runs the container, the machine.

use std::sync::Arc;

use config::server::SigV4Config;

use super::container::Container;
use super::machine::Machine;
use super::profile::Profiles;
use super::roles::Roles;
use super::surroundings::Surroundings;
use crate::Clock;
use crate::net::client::Client;

/// An access key.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Credentials {
    pub(super) access_key: String,
    pub(super) secret_key: String,
    pub(super) session_token: Option<String>,
    /// When they end to hold; never for those that somebody wrote down.
    pub(super) expires_millis: Option<i64>,
}

impl Credentials {
    /// Those of an answer whose fields `text` gives; `token` is what it calls the token of the session.
    pub(super) fn of_answer(
        text: impl Fn(&str) -> Option<String>,
        token: &str,
    ) -> Result<Self, String> {
        let text = |name: &str| text(name).ok_or_else(|| format!("credentials without {name}"));
        Ok(Self {
            access_key: text("AccessKeyId")?,
            secret_key: text("SecretAccessKey")?,
            session_token: Some(text(token)?),
            expires_millis: model::date::parse_rfc3339(&text("Expiration")?),
        })
    }
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").finish_non_exhaustive()
    }
}

/// Finds credentials, and keeps them until shortly before they end.
#[derive(Debug)]
pub(super) struct Chain {
    config: SigV4Config,
    machine: Machine,
    roles: Roles,
    clock: Arc<dyn Clock>,
    surroundings: Surroundings,
    region: Option<String>,
    known: Option<Credentials>,
}

impl Chain {
    /// A chain that asks for roles through this client.
    pub(super) fn new(config: &SigV4Config, client: Client, surroundings: Surroundings) -> Self {
        Self {
            machine: Machine::new(&surroundings),
            roles: Roles::new(config, client, &surroundings),
            clock: surroundings.clock(),
            region: Some(config.region.clone()).filter(|region| !region.is_empty()),
            config: config.clone(),
            surroundings,
            known: None,
        }
    }

    /// Credentials that were refused are not used again.
    pub(super) fn forget(&mut self) {
        self.known = None;
    }

    /// The region: of the configuration, the environment, the profile, the machine.
    pub(super) async fn region(&mut self) -> Result<String, String> {
        if let Some(region) = &self.region {
            return Ok(region.clone());
        }
        let variables = ["AWS_REGION", "AWS_DEFAULT_REGION"];
        let of_variables = || {
            let mut variables = variables.iter();
            variables.find_map(|name| self.surroundings.variable(name))
        };
        let of_profile = || Profiles::read(&self.surroundings).setting(&self.profile(), "region");
        let region = match of_variables().or_else(of_profile) {
            Some(region) => region,
            None => self.machine.region().await.map_err(|error| {
                format!(
                    "no region in configuration, environment and profile files, and none of the machine: {error}"
                )
            })?,
        };
        self.region = Some(region.clone());
        Ok(region)
    }

    /// Credentials that still hold.
    pub(super) async fn credentials(&mut self, region: &str) -> Result<Credentials, String> {
        let now = self.clock.now_millis();
        let holds = |known: &&Credentials| {
            known
                .expires_millis
                .is_none_or(|end| end > now + EARLY_MILLIS)
        };
        if let Some(known) = self.known.as_ref().filter(holds) {
            return Ok(known.clone());
        }
        let mut credentials = self.own(region).await?;
        if !self.config.role_arn.is_empty() {
            credentials = self.roles.assume(region, &credentials).await?;
        }
        self.known = Some(credentials.clone());
        Ok(credentials)
    }

    async fn own(&self, region: &str) -> Result<Credentials, String> {
        let config = &self.config;
        if !config.access_key.is_empty() && !config.secret_key.is_empty() {
            return Ok(Credentials {
                access_key: config.access_key.clone(),
                secret_key: config.secret_key.expose().to_owned(),
                session_token: None,
                expires_millis: None,
            });
        }
        let (profiles, profile) = (Profiles::read(&self.surroundings), self.profile());
        // A profile that is stated goes before variables: nobody shall sign as somebody else.
        if config.profile.is_empty() {
            if let Some(found) = self.of_variables() {
                return Ok(found);
            }
            if let Some(path) = self.surroundings.variable("AWS_WEB_IDENTITY_TOKEN_FILE") {
                return self.of_web_identity(region, &path).await;
            }
        } else if !profiles.has(&profile) {
            return Err(format!("failed to get shared config profile, {profile}"));
        }
        if let Some(found) = profiles.credentials(&profile) {
            return Ok(found);
        }
        if let Some(container) = Container::find(&self.surroundings) {
            return container.credentials().await;
        }
        let found = self.machine.credentials().await;
        found.map_err(|error| {
            format!(
                "no credentials in configuration, environment and profile files, and none of the machine: {error}"
            )
        })
    }

    fn of_variables(&self) -> Option<Credentials> {
        let variable = |name: &str| self.surroundings.variable(name);
        Some(Credentials {
            access_key: variable("AWS_ACCESS_KEY_ID")?,
            secret_key: variable("AWS_SECRET_ACCESS_KEY")?,
            session_token: variable("AWS_SESSION_TOKEN"),
            expires_millis: None,
        })
    }

    /// The credentials of the role that a token of the cluster stands for (EKS).
    async fn of_web_identity(&self, region: &str, path: &str) -> Result<Credentials, String> {
        let role = self.surroundings.variable("AWS_ROLE_ARN");
        let role = role.ok_or_else(|| "role ARN is not set".to_owned())?;
        let session = self.surroundings.variable("AWS_ROLE_SESSION_NAME");
        // Read again each time: it is replaced before it ends.
        let token = self.surroundings.read(path)?;
        self.roles
            .assume_with_token(region, &role, session, token.trim())
            .await
    }

    /// The name of the profile.
    fn profile(&self) -> String {
        if !self.config.profile.is_empty() {
            return self.config.profile.clone();
        }
        let variable = self.surroundings.variable("AWS_PROFILE");
        variable.unwrap_or_else(|| "default".to_owned())
    }
}

/// Credentials are renewed this long before they end.
const EARLY_MILLIS: i64 = 5 * 60_000;
