//! `consul_sd_configs`: services of a Consul catalog.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::Secret;
use crate::document::Section;
use crate::http::HttpClientConfig;

use super::entry::{Check, Checked, ensure, entry};

entry! {
    /// One entry of `consul_sd_configs`, effective.
    ConsulDiscovery is "consul.plain" {
        /// Host and port of an agent: `localhost:8500`.
        "server" => server: String = "localhost:8500".to_owned(), IfSet;
        /// What stands before the paths of the API, behind a gateway.
        "path_prefix" => path_prefix: String = String::new(), IfSet;
        /// Token that the API asks for.
        "token" => token: Secret = Secret::default(), IfSet;
        /// Datacenter to ask; that of the agent unless stated.
        "datacenter" => datacenter: String = String::new(), IfSet;
        /// Namespace to ask.
        "namespace" => namespace: String = String::new(), IfSet;
        /// Admin partition to ask.
        "partition" => partition: String = String::new(), IfSet;
        /// What stands between the tags in their label: `,`.
        "tag_separator" => tag_separator: String = ",".to_owned(), IfSet;
        /// `http` or `https`.
        "scheme" => scheme: String = "http".to_owned(), IfSet;
        /// User of basic authentication; `basic_auth` says the same.
        "username" => username: String = String::new(), IfSet;
        /// Password of basic authentication.
        "password" => password: Secret = Secret::default(), IfSet;
        /// Answers may be a little old, which any server can give.
        "allow_stale" => allow_stale: bool = true, Always;
        /// Shortest time between two answers of a query: 30s.
        "refresh_interval" => refresh_interval: Duration = Duration::from_secs(30), IfSet;
        /// Names of services to discover; all unless stated.
        "services" => services: Vec<String> = Vec::new(), IfSet;
        /// Tags that a service must have, all of them.
        "tags" => tags: Vec<String> = Vec::new(), IfSet;
        /// Metadata that a node must have.
        "node_meta" => node_meta: BTreeMap<String, String> = BTreeMap::new(), IfSet;
        /// Expression that filters the services of the catalog.
        "filter" => filter: String = String::new(), IfSet;
        /// Expression that filters the instances of a service.
        "health_filter" => health_filter: String = String::new(), IfSet;
        /// How the agent is asked.
        "" => http: HttpClientConfig = HttpClientConfig::default(), Always;
    }
}

impl Check for ConsulDiscovery {
    fn check(&self, section: &Section<'_>) -> Checked {
        let no_server = "consul SD configuration requires a server address";
        ensure(!self.server.trim().is_empty(), "server", no_server)?;
        let has_user = !self.username.is_empty() || !self.password.is_empty();
        ensure(
            !has_user || section.get("basic_auth").is_none(),
            "username",
            "at most one of consul SD configuration username and password and basic auth can be configured",
        )?;
        let other_token = section.get("authorization").is_some() || section.get("oauth2").is_some();
        ensure(
            self.token.is_empty() || !other_token,
            "token",
            "at most one of consul SD token, authorization, or oauth2 can be configured",
        )
    }
}
