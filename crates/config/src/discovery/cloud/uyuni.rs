//! `uyuni_sd_configs`: systems that Uyuni manages.

use std::time::Duration;

use crate::Secret;
use crate::discovery::entry::{Check, Checked, Fault, MINUTE, ensure, entry};
use crate::document::Section;
use crate::http::HttpClientConfig;
use crate::url::Url;

entry! {
    /// One entry of `uyuni_sd_configs`, effective.
    UyuniDiscovery is "uyuni.plain" {
        /// URL of the server.
        "server" => server: String = String::new(), Always;
        /// Name of the user.
        "username" => username: String = String::new(), Always;
        /// The user's password.
        "password" => password: Secret = Secret::default(), Always;
        /// How the server is asked.
        "" => http: HttpClientConfig = HttpClientConfig::default(), Always;
        /// Only systems with this entitlement: `monitoring_entitled`.
        "entitlement" => entitlement: String = "monitoring_entitled".to_owned(), IfSet;
        /// What stands between the groups in their label: `,`.
        "separator" => separator: String = ",".to_owned(), IfSet;
        /// How often the server is asked: 1m.
        "refresh_interval" => refresh_interval: Duration = MINUTE, IfSet;
    }
}

impl Check for UyuniDiscovery {
    fn check(&self, _section: &Section<'_>) -> Checked {
        let message = "Uyuni SD configuration requires server host";
        ensure(!self.server.is_empty(), "server", message)?;
        Url::parse(&self.server).map_err(|error| {
            Fault::new(
                "server",
                format_args!("Uyuni Server URL is not valid: {error}"),
            )
        })?;
        let message = "Uyuni SD configuration requires a username";
        ensure(!self.username.is_empty(), "username", message)?;
        let message = "Uyuni SD configuration requires a password";
        ensure(!self.password.is_empty(), "password", message)
    }
}
