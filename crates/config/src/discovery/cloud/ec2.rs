//! `ec2_sd_configs`: Amazon's machines.

use std::time::Duration;

use crate::Secret;
use crate::discovery::entry::{Check, Checked, MINUTE, ensure, entry};
use crate::discovery::filter::Filter;
use crate::document::Section;
use crate::http::HttpClientConfig;

entry! {
    /// One entry of `ec2_sd_configs`, effective.
    Ec2Discovery is "aws.plain" {
        /// URL of the API, for another one than the region's.
        "endpoint" => endpoint: String = String::new(), Always;
        /// Region to ask; that of the machine unless stated.
        "region" => region: String = String::new(), Always;
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
        /// The port of the targets: 80.
        "port" => port: i64 = 80, Always;
        /// Filters that the API applies.
        "filters" => filters: Vec<Filter> = Vec::new(), Always;
        /// How the API is asked.
        "" => http: HttpClientConfig = HttpClientConfig::default(), Always;
    }
}

impl Check for Ec2Discovery {
    fn check(&self, _section: &Section<'_>) -> Checked {
        let all_have_values = self.filters.iter().all(|filter| !filter.values.is_empty());
        let message = "EC2 SD configuration filter values cannot be empty";
        ensure(all_have_values, "filters", message)
    }
}
