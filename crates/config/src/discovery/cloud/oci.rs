//! `oci_sd_configs`: instances of Oracle's cloud.

use std::time::Duration;

use crate::Secret;
use crate::discovery::entry::{Check, Checked, Fault, FileName, MINUTE, ensure, entry};
use crate::document::Section;
use crate::http::HttpClientConfig;

entry! {
    /// One entry of `oci_sd_configs`, effective.
    OciDiscovery is "oci.plain" {
        /// `api_key` or `instance_principal`.
        "auth" => auth: String = API_KEY.to_owned(), IfSet;
        /// The tenancy, with `api_key`.
        "tenancy" => tenancy: String = String::new(), IfSet;
        /// The user of the key.
        "user" => user: String = String::new(), IfSet;
        /// The key's fingerprint.
        "fingerprint" => fingerprint: String = String::new(), IfSet;
        /// File that holds the key.
        "key_file" => key_file: FileName = FileName::default(), IfSet;
        /// What the key is encrypted with.
        "key_passphrase" => key_passphrase: Secret = Secret::default(), IfSet;
        /// File that holds what the key is encrypted with.
        "key_passphrase_file" => key_passphrase_file: FileName = FileName::default(), IfSet;
        /// Region to ask.
        "region" => region: String = String::new(), Always;
        /// Compartments to look into; all unless stated.
        "compartments" => compartments: Vec<String> = Vec::new(), IfSet;
        /// How the API is asked.
        "" => http: HttpClientConfig = HttpClientConfig::default(), Always;
        /// The port of the targets: 80.
        "port" => port: i64 = 80, Always;
        /// How often the API is asked: 1m.
        "refresh_interval" => refresh_interval: Duration = MINUTE, Always;
    }
}

impl Check for OciDiscovery {
    fn check(&self, section: &Section<'_>) -> Checked {
        ensure(
            !self.region.is_empty(),
            "region",
            "oci_sd: region is required",
        )?;
        match self.auth.as_str() {
            API_KEY => self.check_api_key()?,
            INSTANCE_PRINCIPAL => self.check_instance_principal()?,
            other => {
                let message = format_args!(
                    "oci_sd: unknown auth method {other:?}, expected {API_KEY:?} or {INSTANCE_PRINCIPAL:?}"
                );
                return Err(Fault::new("auth", message));
            }
        }
        for (index, compartment) in self.compartments.iter().enumerate() {
            let message = format_args!("oci_sd: compartments[{index}] must not be empty");
            ensure(!compartment.is_empty(), "compartments", message)?;
        }
        let is_zero = section.get("refresh_interval").is_some()
            && section.duration_above_zero("refresh_interval").is_none();
        let message = "oci_sd: refresh_interval must be positive, got 0s";
        ensure(!is_zero, "refresh_interval", message)
    }
}

impl OciDiscovery {
    fn check_api_key(&self) -> Checked {
        let required = [
            (self.tenancy.as_str(), "tenancy"),
            (&self.user, "user"),
            (&self.fingerprint, "fingerprint"),
            (self.key_file.as_str(), "key_file"),
        ];
        for (text, key) in required {
            let message = format_args!("oci_sd: api_key auth requires {key}");
            ensure(!text.is_empty(), key, message)?;
        }
        ensure(
            self.key_passphrase.is_empty() || self.key_passphrase_file.is_empty(),
            "key_passphrase_file",
            "oci_sd: at most one of key_passphrase and key_passphrase_file must be configured",
        )
    }

    fn check_instance_principal(&self) -> Checked {
        let unset = [
            self.tenancy.as_str(),
            &self.user,
            &self.fingerprint,
            self.key_file.as_str(),
            self.key_passphrase.expose(),
            self.key_passphrase_file.as_str(),
        ];
        ensure(
            unset.iter().all(|text| text.is_empty()),
            "auth",
            "oci_sd: instance_principal auth must not have tenancy, user, fingerprint, key_file, \
             key_passphrase, or key_passphrase_file set",
        )
    }
}

const API_KEY: &str = "api_key";
const INSTANCE_PRINCIPAL: &str = "instance_principal";
