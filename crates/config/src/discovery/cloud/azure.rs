//! `azure_sd_configs`: Microsoft's machines.

use std::time::Duration;

use crate::Secret;
use crate::discovery::entry::{Check, Checked, Fault, Setting, ensure, entry};
use crate::document::{Section, YamlWriter};
use crate::http::HttpClientConfig;

entry! {
    /// One entry of `azure_sd_configs`, effective.
    AzureDiscovery is "azure.plain" {
        /// The cloud: `AzurePublicCloud`.
        "environment" => environment: String = "AzurePublicCloud".to_owned(), IfSet;
        /// The port of the targets: 80.
        "port" => port: i64 = 80, Always;
        /// The subscription whose machines are targets.
        "subscription_id" => subscription_id: String = String::new(), Always;
        /// The directory that knows us.
        "tenant_id" => tenant_id: String = String::new(), IfSet;
        /// The name under which it knows us.
        "client_id" => client_id: String = String::new(), IfSet;
        /// What proves it.
        "client_secret" => client_secret: Secret = Secret::default(), IfSet;
        /// How often the API is asked: 5m.
        "refresh_interval" => refresh_interval: Duration = REFRESH_INTERVAL, IfSet;
        /// How we prove who we are: `OAuth`.
        "authentication_method" => authentication: AzureAuthentication = AzureAuthentication::OAuth, IfSet;
        /// Only machines of this resource group.
        "resource_group" => resource_group: String = String::new(), IfSet;
        /// How the API is asked.
        "" => http: HttpClientConfig = HttpClientConfig::default(), Always;
    }
}

/// A way to prove who we are.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum AzureAuthentication {
    /// With a client's secret.
    OAuth,
    /// As the machine that we run on.
    ManagedIdentity,
    /// With whatever the environment offers.
    Sdk,
    /// With a token that the cluster gives.
    WorkloadIdentity,
    /// None that there is.
    Unknown(String),
}

impl AzureAuthentication {
    /// The way as it is written.
    pub fn as_str(&self) -> &str {
        match self {
            Self::OAuth => "OAuth",
            Self::ManagedIdentity => "ManagedIdentity",
            Self::Sdk => "SDK",
            Self::WorkloadIdentity => "WorkloadIdentity",
            Self::Unknown(text) => text,
        }
    }
}

impl Setting for AzureAuthentication {
    fn read(section: &Section<'_>, key: &str, default: Self) -> Self {
        let Some(text) = section.text(key) else {
            return default;
        };
        let known = [
            Self::OAuth,
            Self::ManagedIdentity,
            Self::Sdk,
            Self::WorkloadIdentity,
        ];
        let mut known = known.into_iter();
        known
            .find(|way| way.as_str() == text)
            .unwrap_or(Self::Unknown(text))
    }

    fn write(&self, yaml: &mut YamlWriter, key: &str) {
        yaml.entry(key, self.as_str());
    }

    fn is_unset(&self) -> bool {
        self.as_str().is_empty()
    }
}

impl Check for AzureDiscovery {
    fn check(&self, _section: &Section<'_>) -> Checked {
        let require = |text: &str, key: &'static str| {
            let message = format_args!("azure SD configuration requires a {key}");
            ensure(!text.is_empty(), key, message)
        };
        require(&self.subscription_id, "subscription_id")?;
        match &self.authentication {
            AzureAuthentication::OAuth => {
                require(&self.tenant_id, "tenant_id")?;
                require(&self.client_id, "client_id")?;
                require(self.client_secret.expose(), "client_secret")
            }
            AzureAuthentication::ManagedIdentity
            | AzureAuthentication::Sdk
            | AzureAuthentication::WorkloadIdentity => Ok(()),
            AzureAuthentication::Unknown(text) => {
                let message = format_args!(
                    "unknown authentication_type {text:?}. Supported types are \"OAuth\", \
                     \"ManagedIdentity\", \"SDK\" or \"WorkloadIdentity\""
                );
                Err(Fault::new("authentication_method", message))
            }
        }
    }
}

const REFRESH_INTERVAL: Duration = Duration::from_secs(5 * 60);
