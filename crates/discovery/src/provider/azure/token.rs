//! The clouds, and tokens for their APIs.

use config::discovery::{AzureAuthentication, AzureDiscovery};
use serde::Deserialize;

use crate::api::{Api, Ask, query};
use crate::refresh::RefreshError;
use crate::world::World;

/// Where a cloud is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cloud {
    /// The API for machines.
    pub(super) manager: String,
    authority: String,
}

/// Gets tokens, and keeps each until shortly before it ends.
#[derive(Debug)]
pub(super) struct Tokens {
    world: World,
    authentication: AzureAuthentication,
    tenant: String,
    client: String,
    secret: config::Secret,
    known: Option<(config::Secret, i64)>,
}

#[derive(Deserialize)]
struct Token {
    access_token: String,
    expires_in: Seconds,
}

/// Some services write the number as a text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Seconds {
    Number(i64),
    Text(String),
}

impl Cloud {
    /// The cloud with this name, in any letters.
    pub(super) fn named(name: &str, world: &World) -> Result<Self, String> {
        let upper = name.to_ascii_uppercase();
        let (manager, authority) = match upper.as_str() {
            "AZURECHINACLOUD" => (
                "https://management.chinacloudapi.cn",
                "https://login.chinacloudapi.cn",
            ),
            "AZURECLOUD" | "AZUREGERMANCLOUD" | "AZUREPUBLICCLOUD" => (
                "https://management.azure.com",
                "https://login.microsoftonline.com",
            ),
            "AZUREUSGOVERNMENT" | "AZUREUSGOVERNMENTCLOUD" => (
                "https://management.usgovcloudapi.net",
                "https://login.microsoftonline.us",
            ),
            _ => {
                return Err(format!(
                    "there is no cloud configuration matching the name {upper:?}"
                ));
            }
        };
        let authority = world
            .variable("AZURE_AUTHORITY_HOST")
            .unwrap_or_else(|| authority.to_owned());
        Ok(Self {
            manager: manager.to_owned(),
            authority: authority.trim_end_matches('/').to_owned(),
        })
    }

    fn token_url(&self, tenant: &str) -> String {
        let tenant = query::escaped(tenant);
        format!("{}/{tenant}/oauth2/v2.0/token", self.authority)
    }
}

impl Tokens {
    pub(super) fn new(discovery: &AzureDiscovery, world: World) -> Self {
        Self {
            world,
            authentication: discovery.authentication.clone(),
            tenant: discovery.tenant_id.clone(),
            client: discovery.client_id.clone(),
            secret: discovery.client_secret.clone(),
            known: None,
        }
    }

    /// The value of the header `Authorization`.
    pub(super) async fn authorization(
        &mut self,
        api: &Api,
        cloud: &Cloud,
    ) -> Result<String, RefreshError> {
        let now = self.world.clock.now_millis();
        if let Some((known, ends)) = &self.known
            && *ends > now + EARLY_MILLIS
        {
            return Ok(format!("Bearer {}", known.expose()));
        }
        let ask = self.ask(cloud).await?;
        let answer = api.ask(ask).await?.ok()?;
        let token: Token = serde_json::from_slice(&answer.body)?;
        let seconds = match token.expires_in {
            Seconds::Number(seconds) => seconds,
            Seconds::Text(text) => text.parse().unwrap_or(0),
        };
        let ends = now.saturating_add(seconds.saturating_mul(1000));
        let authorization = format!("Bearer {}", token.access_token);
        self.known = Some((config::Secret::new(token.access_token), ends));
        Ok(authorization)
    }

    async fn ask(&self, cloud: &Cloud) -> Result<Ask, RefreshError> {
        match self.authentication {
            AzureAuthentication::OAuth | AzureAuthentication::Unknown(_) => {
                let secret = self.secret.expose();
                Ok(of_client(cloud, &self.tenant, &self.client, secret))
            }
            AzureAuthentication::ManagedIdentity => Ok(self.of_machine(cloud, &self.client)),
            AzureAuthentication::WorkloadIdentity => self.of_workload(cloud).await,
            AzureAuthentication::Sdk => self.of_environment(cloud).await,
        }
    }

    /// Whatever the environment offers, in the order in which Microsoft's libraries look for it.
    async fn of_environment(&self, cloud: &Cloud) -> Result<Ask, RefreshError> {
        let variable = |name: &str| self.world.variable(name);
        let client = variable("AZURE_CLIENT_ID");
        if let (Some(client), Some(secret), Some(tenant)) =
            (&client, variable("AZURE_CLIENT_SECRET"), self.tenant())
        {
            return Ok(of_client(cloud, &tenant, client, &secret));
        }
        if variable("AZURE_FEDERATED_TOKEN_FILE").is_some() {
            return self.of_workload(cloud).await;
        }
        Ok(self.of_machine(cloud, client.as_deref().unwrap_or_default()))
    }

    fn tenant(&self) -> Option<String> {
        match self.tenant.as_str() {
            "" => self.world.variable("AZURE_TENANT_ID"),
            stated => Some(stated.to_owned()),
        }
    }

    /// With the token that the cluster leaves in a file.
    async fn of_workload(&self, cloud: &Cloud) -> Result<Ask, RefreshError> {
        let missing = |name: &str| RefreshError::answer(format!("{name} is not set"));
        let path = self.world.variable("AZURE_FEDERATED_TOKEN_FILE");
        let path = path.ok_or_else(|| missing("AZURE_FEDERATED_TOKEN_FILE"))?;
        let client = match self.client.as_str() {
            "" => self.world.variable("AZURE_CLIENT_ID"),
            stated => Some(stated.to_owned()),
        };
        let client = client.ok_or_else(|| missing("AZURE_CLIENT_ID"))?;
        let tenant = self.tenant().ok_or_else(|| missing("AZURE_TENANT_ID"))?;
        let token = self.world.read(&path).await.map_err(RefreshError::answer)?;
        let scope = format!("{}/.default", cloud.manager);
        let pairs = [
            ("grant_type", "client_credentials"),
            ("client_id", &client),
            ("client_assertion_type", JWT_BEARER),
            ("client_assertion", token.trim()),
            ("scope", &scope),
        ];
        Ok(form(&cloud.token_url(&tenant), &pairs))
    }

    /// As the machine that we run on.
    fn of_machine(&self, cloud: &Cloud, client: &str) -> Ask {
        let resource = format!("{}/", cloud.manager);
        let mut pairs = vec![("api-version", "2018-02-01"), ("resource", &resource)];
        if !client.is_empty() {
            pairs.push(("client_id", client));
        }
        let base = self.world.variable("AZURE_POD_IDENTITY_AUTHORITY_HOST");
        let base = base.as_deref().unwrap_or("http://169.254.169.254");
        let url = format!(
            "{}/metadata/identity/oauth2/token{}",
            base.trim_end_matches('/'),
            query::of(&pairs)
        );
        Ask::get(&url).header("metadata", "true")
    }
}

fn of_client(cloud: &Cloud, tenant: &str, client: &str, secret: &str) -> Ask {
    let scope = format!("{}/.default", cloud.manager);
    let pairs = [
        ("grant_type", "client_credentials"),
        ("client_id", client),
        ("client_secret", secret),
        ("scope", &scope),
    ];
    form(&cloud.token_url(tenant), &pairs)
}

fn form(url: &str, pairs: &[(&str, &str)]) -> Ask {
    Ask::post(url, query::joined(pairs)).header("content-type", "application/x-www-form-urlencoded")
}

const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// Tokens are renewed this long before they end.
const EARLY_MILLIS: i64 = 5 * 60_000;
