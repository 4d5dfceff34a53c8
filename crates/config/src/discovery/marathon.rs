//! `marathon_sd_configs`: applications of Marathon.

use std::time::Duration;

use crate::Secret;
use crate::document::Section;
use crate::http::HttpClientConfig;

use super::entry::{Check, Checked, FileName, ensure, entry};

entry! {
    /// One entry of `marathon_sd_configs`, effective.
    MarathonDiscovery is "marathon.plain" {
        /// URLs of servers.
        "servers" => servers: Vec<String> = Vec::new(), IfSet;
        /// How often one of them is asked: 30s.
        "refresh_interval" => refresh_interval: Duration = Duration::from_secs(30), IfSet;
        /// Token of the platform.
        "auth_token" => auth_token: Secret = Secret::default(), IfSet;
        /// File that holds the token.
        "auth_token_file" => auth_token_file: FileName = FileName::default(), IfSet;
        /// How a server is asked.
        "" => http: HttpClientConfig = HttpClientConfig::default(), Always;
    }
}

impl Check for MarathonDiscovery {
    fn check(&self, section: &Section<'_>) -> Checked {
        let no_server = "marathon_sd: must contain at least one Marathon server";
        ensure(!self.servers.is_empty(), "servers", no_server)?;
        ensure(
            self.auth_token.is_empty() || self.auth_token_file.is_empty(),
            "auth_token_file",
            "marathon_sd: at most one of auth_token & auth_token_file must be configured",
        )?;
        if self.auth_token.is_empty() && self.auth_token_file.is_empty() {
            return Ok(());
        }
        let rivals: [(&[&'static str], &str); 3] = [
            (
                &["basic_auth"],
                "marathon_sd: at most one of basic_auth, auth_token & auth_token_file must be configured",
            ),
            (
                &["bearer_token", "bearer_token_file"],
                "marathon_sd: at most one of bearer_token, bearer_token_file, auth_token & auth_token_file must be configured",
            ),
            (
                &["authorization"],
                "marathon_sd: at most one of auth_token, auth_token_file & authorization must be configured",
            ),
        ];
        for (keys, message) in rivals {
            for key in keys {
                ensure(section.get(key).is_none(), key, message)?;
            }
        }
        Ok(())
    }
}
