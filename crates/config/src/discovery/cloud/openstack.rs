//! `openstack_sd_configs`: instances, hypervisors or load balancers of an OpenStack cloud.

use std::time::Duration;

use crate::Secret;
use crate::discovery::entry::{Check, Checked, Fault, MINUTE, ensure, entry};
use crate::document::Section;
use crate::http::TlsConfig;

entry! {
    /// One entry of `openstack_sd_configs`, effective.
    OpenStackDiscovery is "openstack.plain" {
        /// URL of the identity service.
        "identity_endpoint" => identity_endpoint: String = String::new(), Always;
        /// Name of the user.
        "username" => username: String = String::new(), Always;
        /// Identifier of the user.
        "userid" => userid: String = String::new(), Always;
        /// The user's password.
        "password" => password: Secret = Secret::default(), Always;
        /// Name of the project.
        "project_name" => project_name: String = String::new(), Always;
        /// Identifier of the project.
        "project_id" => project_id: String = String::new(), Always;
        /// Name of the domain.
        "domain_name" => domain_name: String = String::new(), Always;
        /// Identifier of the domain.
        "domain_id" => domain_id: String = String::new(), Always;
        /// Name of an application credential.
        "application_credential_name" => application_credential_name: String = String::new(), Always;
        /// Identifier of an application credential.
        "application_credential_id" => application_credential_id: String = String::new(), Always;
        /// Secret of the application credential.
        "application_credential_secret" => application_credential_secret: Secret = Secret::default(), Always;
        /// `instance`, `hypervisor` or `loadbalancer`.
        "role" => role: String = String::new(), Always;
        /// Region to ask.
        "region" => region: String = String::new(), Always;
        /// How often the API is asked: 1m.
        "refresh_interval" => refresh_interval: Duration = MINUTE, Always;
        /// The port of the targets: 80.
        "port" => port: i64 = 80, Always;
        /// Instances of all projects, which an administrator may see.
        "all_tenants" => all_tenants: bool = false, IfSet;
        /// How the servers of the API are checked.
        "tls_config" => tls_config: TlsConfig = TlsConfig::default(), IfSet;
        /// Which of the API's addresses to take: `public`.
        "availability" => availability: String = "public".to_owned(), IfSet;
    }
}

impl Check for OpenStackDiscovery {
    fn check(&self, _section: &Section<'_>) -> Checked {
        let role = self.role.as_str();
        let is_known = matches!(role, "" | "instance" | "hypervisor" | "loadbalancer");
        let message = format_args!("unknown OpenStack SD role {role:?}");
        ensure(is_known, "role", message)?;
        if !matches!(self.availability.as_str(), "public" | "internal" | "admin") {
            let message = format_args!(
                "unknown availability {}, must be one of admin, internal or public",
                self.availability
            );
            return Err(Fault::new("availability", message));
        }
        let message = "role missing (one of: instance, hypervisor, loadbalancer)";
        ensure(!role.is_empty(), "role", message)?;
        let message = "openstack SD configuration requires a region";
        ensure(!self.region.is_empty(), "region", message)
    }
}
