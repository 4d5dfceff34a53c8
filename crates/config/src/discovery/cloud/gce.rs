//! `gce_sd_configs`: Google's machines.

use std::time::Duration;

use crate::discovery::entry::{Check, Checked, MINUTE, ensure, entry};
use crate::document::Section;

entry! {
    /// One entry of `gce_sd_configs`, effective.
    GceDiscovery is "gce.plain" {
        /// The project whose machines are targets.
        "project" => project: String = String::new(), Always;
        /// The zone of the machines.
        "zone" => zone: String = String::new(), Always;
        /// Expression that the API filters the machines with.
        "filter" => filter: String = String::new(), IfSet;
        /// How often the API is asked: 1m.
        "refresh_interval" => refresh_interval: Duration = MINUTE, IfSet;
        /// The port of the targets: 80.
        "port" => port: i64 = 80, Always;
        /// What stands between the tags in their label: `,`.
        "tag_separator" => tag_separator: String = ",".to_owned(), IfSet;
    }
}

impl Check for GceDiscovery {
    fn check(&self, _section: &Section<'_>) -> Checked {
        let no_project = "GCE SD configuration requires a project";
        ensure(!self.project.is_empty(), "project", no_project)?;
        let no_zone = "GCE SD configuration requires a zone";
        ensure(!self.zone.is_empty(), "zone", no_zone)
    }
}
