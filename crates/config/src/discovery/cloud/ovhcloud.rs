//! `ovhcloud_sd_configs`: servers of OVHcloud.

use std::time::Duration;

use crate::Secret;
use crate::discovery::entry::{Check, Checked, Fault, MINUTE, ensure, entry};
use crate::document::Section;

entry! {
    /// One entry of `ovhcloud_sd_configs`, effective.
    OvhCloudDiscovery is "ovhcloud.plain" {
        /// Name or URL of the API: `ovh-eu`.
        "endpoint" => endpoint: String = "ovh-eu".to_owned(), Always;
        /// Key of the application.
        "application_key" => application_key: String = String::new(), Always;
        /// Secret of the application.
        "application_secret" => application_secret: Secret = Secret::default(), Always;
        /// Key of the one in whose name it asks.
        "consumer_key" => consumer_key: Secret = Secret::default(), Always;
        /// How often the API is asked: 1m.
        "refresh_interval" => refresh_interval: Duration = MINUTE, Always;
        /// `vps` or `dedicated_server`.
        "service" => service: String = String::new(), Always;
    }
}

impl Check for OvhCloudDiscovery {
    fn check(&self, _section: &Section<'_>) -> Checked {
        let required = [
            (self.endpoint.as_str(), "endpoint", "endpoint"),
            (&self.application_key, "application_key", "application key"),
            (
                self.application_secret.expose(),
                "application_secret",
                "application secret",
            ),
            (self.consumer_key.expose(), "consumer_key", "consumer key"),
        ];
        for (text, key, name) in required {
            ensure(
                !text.is_empty(),
                key,
                format_args!("{name} can not be empty"),
            )?;
        }
        match self.service.as_str() {
            "dedicated_server" | "vps" => Ok(()),
            other => Err(Fault::new(
                "service",
                format_args!("unknown service: {other}"),
            )),
        }
    }
}
