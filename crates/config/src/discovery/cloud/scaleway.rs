//! `scaleway_sd_configs`: instances and bare metal of Scaleway.

use std::time::Duration;

use crate::Secret;
use crate::discovery::entry::{Check, Checked, Fault, FileName, MINUTE, ensure, entry};
use crate::document::Section;
use crate::http::HttpClientConfig;

entry! {
    /// One entry of `scaleway_sd_configs`, effective.
    ScalewayDiscovery is "scaleway.plain" {
        /// The project whose servers are targets.
        "project_id" => project_id: String = String::new(), Always;
        /// URL of the API: `https://api.scaleway.com`.
        "api_url" => api_url: String = "https://api.scaleway.com".to_owned(), Always;
        /// Zone to ask: `fr-par-1`.
        "zone" => zone: String = "fr-par-1".to_owned(), Always;
        /// Identifier of the access key.
        "access_key" => access_key: String = String::new(), Always;
        /// Secret of the access key.
        "secret_key" => secret_key: Secret = Secret::default(), Always;
        /// File that holds the secret.
        "secret_key_file" => secret_key_file: FileName = FileName::default(), Always;
        /// Only servers with this in their name.
        "name_filter" => name_filter: String = String::new(), IfSet;
        /// Only servers with these tags.
        "tags_filter" => tags_filter: Vec<String> = Vec::new(), IfSet;
        /// How the API is asked.
        "" => http: HttpClientConfig = HttpClientConfig::default(), Always;
        /// How often the API is asked: 1m.
        "refresh_interval" => refresh_interval: Duration = MINUTE, Always;
        /// The port of the targets: 80.
        "port" => port: i64 = 80, Always;
        /// `instance` or `baremetal`.
        "role" => role: String = String::new(), Always;
    }
}

impl Check for ScalewayDiscovery {
    fn check(&self, _section: &Section<'_>) -> Checked {
        match self.role.as_str() {
            "instance" | "baremetal" => {}
            "" => {
                let message = "role missing (one of: instance, baremetal)";
                return Err(Fault::new("role", message));
            }
            other => return Err(Fault::new("role", format_args!("unknown role {other:?}"))),
        }
        ensure(
            !self.project_id.is_empty(),
            "project_id",
            "project_id is mandatory",
        )?;
        let (inline, file) = (
            !self.secret_key.is_empty(),
            !self.secret_key_file.is_empty(),
        );
        let none = "one of secret_key & secret_key_file must be configured";
        ensure(inline || file, "secret_key", none)?;
        let both = "at most one of secret_key & secret_key_file must be configured";
        ensure(!(inline && file), "secret_key_file", both)?;
        ensure(
            !self.access_key.is_empty(),
            "access_key",
            "access_key is mandatory",
        )?;
        self.check_forms()
    }
}

impl ScalewayDiscovery {
    /// The forms that the API's own library asks for.
    fn check_forms(&self) -> Checked {
        let key = &self.access_key;
        let is_key = key.strip_prefix("SCW").is_some_and(|rest| {
            rest.len() == 17
                && rest
                    .bytes()
                    .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        });
        let message = format_args!(
            "scaleway-sdk-go: invalid access key format '{key}', expected SCWXXXXXXXXXXXXXXXXX format"
        );
        ensure(is_key, "access_key", message)?;
        let secret = self.secret_key.expose();
        let shown = self.secret_key.to_string();
        let message = format_args!("scaleway-sdk-go: invalid secret key format '{shown}', {UUID}");
        // A configuration that was written out reads again.
        let is_secret = secret.is_empty() || secret == shown || is_uuid(secret);
        ensure(is_secret, "secret_key", message)?;
        let project = &self.project_id;
        let message =
            format_args!("scaleway-sdk-go: invalid project ID format '{project}', {UUID}");
        ensure(is_uuid(project), "project_id", message)
    }
}

fn is_uuid(text: &str) -> bool {
    let lengths = text.split('-').map(str::len);
    lengths.eq([8, 4, 4, 4, 12]) && text.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit())
}

const UUID: &str = "expected a UUID: xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
