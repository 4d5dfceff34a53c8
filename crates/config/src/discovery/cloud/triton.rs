//! `triton_sd_configs`: containers and nodes of Triton.

use std::time::Duration;

use crate::discovery::entry::{Check, Checked, MINUTE, ensure, entry};
use crate::document::Section;
use crate::http::TlsConfig;

entry! {
    /// One entry of `triton_sd_configs`, effective.
    TritonDiscovery is "triton.plain" {
        /// The account whose containers are targets.
        "account" => account: String = String::new(), Always;
        /// `container` or `cn`.
        "role" => role: String = "container".to_owned(), Always;
        /// What stands behind the names of the targets.
        "dns_suffix" => dns_suffix: String = String::new(), Always;
        /// Host of the container monitor.
        "endpoint" => endpoint: String = String::new(), Always;
        /// Only containers of these groups.
        "groups" => groups: Vec<String> = Vec::new(), IfSet;
        /// The port of monitor and targets: 9163.
        "port" => port: i64 = 9163, Always;
        /// How often the monitor is asked: 1m.
        "refresh_interval" => refresh_interval: Duration = MINUTE, IfSet;
        /// How the monitor is checked.
        "tls_config" => tls_config: TlsConfig = TlsConfig::default(), IfSet;
        /// Version of the API: 1.
        "version" => version: i64 = 1, Always;
    }
}

impl Check for TritonDiscovery {
    fn check(&self, section: &Section<'_>) -> Checked {
        let role = self.role.as_str();
        let message = "triton SD configuration requires role to be 'container' or 'cn'";
        ensure(matches!(role, "container" | "cn"), "role", message)?;
        let message = "triton SD configuration requires an account";
        ensure(!self.account.is_empty(), "account", message)?;
        let message = "triton SD configuration requires a dns_suffix";
        ensure(!self.dns_suffix.is_empty(), "dns_suffix", message)?;
        let message = "triton SD configuration requires an endpoint";
        ensure(!self.endpoint.is_empty(), "endpoint", message)?;
        let is_zero = section.get("refresh_interval").is_some()
            && section.duration_above_zero("refresh_interval").is_none();
        let message = "triton SD configuration requires RefreshInterval to be a positive integer";
        ensure(!is_zero, "refresh_interval", message)
    }
}
