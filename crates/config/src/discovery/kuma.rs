//! `kuma_sd_configs`: targets that a Kuma control plane assigns.

use std::time::Duration;

use crate::document::Section;
use crate::http::HttpClientConfig;

use super::entry::{Check, Checked, Fault, ensure, entry};
use crate::url::Url;

entry! {
    /// One entry of `kuma_sd_configs`, effective.
    KumaDiscovery is "xds.plainKumaConf" {
        /// How the control plane is asked.
        "" => http: HttpClientConfig = HttpClientConfig::default(), Always;
        /// Pause between two requests: 30s.
        "refresh_interval" => refresh_interval: Duration = Duration::from_secs(30), IfSet;
        /// How long an answer may be waited for: 2m.
        "fetch_timeout" => fetch_timeout: Duration = Duration::from_secs(120), IfSet;
        /// URL of the control plane.
        "server" => server: String = String::new(), IfSet;
        /// Name under which it knows us; the machine's name unless stated.
        "client_id" => client_id: String = String::new(), IfSet;
    }
}

impl Check for KumaDiscovery {
    fn check(&self, _section: &Section<'_>) -> Checked {
        let server = &self.server;
        let no_server = format_args!("kuma SD server must not be empty: {server}");
        ensure(!server.is_empty(), "server", no_server)?;
        let url = Url::parse(server).map_err(|message| Fault::new("server", message))?;
        let message = format_args!("kuma SD server must not be empty and have a scheme: {server}");
        ensure(
            !url.scheme().is_empty() && !url.host().is_empty(),
            "server",
            message,
        )
    }
}
