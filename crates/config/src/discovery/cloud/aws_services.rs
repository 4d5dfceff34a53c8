//! `ecs_sd_configs`, `elasticache_sd_configs`, `lightsail_sd_configs`, `msk_sd_configs` and
//! `rds_sd_configs`: Amazon's services other than its machines, which differ in a few keys only.

use std::time::Duration;

use crate::Secret;
use crate::discovery::entry::{Check, MINUTE, entry};
use crate::discovery::filter::Filter;
use crate::http::HttpClientConfig;

/// Makes the entry of a service with clusters: its concurrency and its further keys.
macro_rules! clusters {
    ($(#[$meta:meta])* $name:ident, $concurrency:literal $(, $filters:literal)?) => {
        entry! {
            $(#[$meta])*
            $name is "aws.plain" {
                /// Region to ask; that of the machine unless stated.
                "region" => region: String = String::new(), Always;
                /// URL of the API, for another one than the region's.
                "endpoint" => endpoint: String = String::new(), Always;
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
                /// Clusters to look into; all unless stated.
                "clusters" => clusters: Vec<String> = Vec::new(), IfSet;
                /// The port of the targets: 80.
                "port" => port: i64 = 80, Always;
                /// How often the API is asked: 1m.
                "refresh_interval" => refresh_interval: Duration = MINUTE, IfSet;
                $(
                    /// Filters that the API applies.
                    $filters => filters: Vec<Filter> = Vec::new(), Always;
                )?
                /// Most requests at a time.
                "request_concurrency" => request_concurrency: i64 = $concurrency, IfSet;
                /// How the API is asked.
                "" => http: HttpClientConfig = HttpClientConfig::default(), Always;
            }
        }

        impl Check for $name {}
    };
}

clusters!(
    /// One entry of `ecs_sd_configs`, effective.
    EcsDiscovery, 20
);
clusters!(
    /// One entry of `elasticache_sd_configs`, effective.
    ElasticacheDiscovery, 10
);
clusters!(
    /// One entry of `msk_sd_configs`, effective.
    MskDiscovery, 10
);
clusters!(
    /// One entry of `rds_sd_configs`, effective.
    RdsDiscovery, 10, "filters"
);

entry! {
    /// One entry of `lightsail_sd_configs`, effective.
    LightsailDiscovery is "aws.plain" {
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
        /// How the API is asked.
        "" => http: HttpClientConfig = HttpClientConfig::default(), Always;
    }
}

impl Check for LightsailDiscovery {}
