//! `aws_sd_configs`: one of Amazon's services, by role.

use std::time::Duration;

use crate::Secret;
use crate::discovery::entry::{Check, Checked, MINUTE, ensure, entry};
use crate::discovery::filter::Filter;
use crate::document::Section;
use crate::http::HttpClientConfig;

entry! {
    /// One entry of `aws_sd_configs`, effective.
    AwsDiscovery is "aws.plain" {
        /// `ec2`, `ecs`, `elasticache`, `lightsail`, `msk` or `rds`.
        "role" => role: String = String::new(), Always;
        /// Region to ask; that of the machine unless stated.
        "region" => region: String = String::new(), IfSet;
        /// URL of the API, for another one than the region's.
        "endpoint" => endpoint: String = String::new(), IfSet;
        /// Identifier of the access key.
        "access_key" => access_key: String = String::new(), IfSet;
        /// Secret of the access key.
        "secret_key" => secret_key: Secret = Secret::default(), IfSet;
        /// Section of the profile files to take credentials from.
        "profile" => profile: String = String::new(), IfSet;
        /// Role to take on.
        "role_arn" => role_arn: String = String::new(), IfSet;
        /// Identifier that the role's owner asks for.
        "external_id" => external_id: String = String::new(), IfSet;
        /// How often the API is asked: 1m.
        "refresh_interval" => refresh_interval: Duration = MINUTE, IfSet;
        /// The port of the targets; that of the role unless stated.
        "port" => port: i64 = 0, IfSet;
        /// How the API is asked.
        "" => http: HttpClientConfig = HttpClientConfig::default(), Always;
        /// Filters that the API applies, with `ec2` and `rds`.
        "filters" => filters: Vec<Filter> = Vec::new(), IfSet;
        /// Clusters to look into, with `ecs`, `elasticache`, `msk` and `rds`; all unless stated.
        "clusters" => clusters: Vec<String> = Vec::new(), IfSet;
    }
}

impl Check for AwsDiscovery {
    fn check(&self, _section: &Section<'_>) -> Checked {
        let role = &self.role;
        let message = format_args!("unknown AWS SD role {role:?}");
        ensure(ROLES.contains(&role.as_str()), "role", message)
    }
}

const ROLES: [&str; 6] = ["ec2", "ecs", "elasticache", "lightsail", "msk", "rds"];
