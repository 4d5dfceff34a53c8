//! Where targets come from, mechanism by mechanism.

mod file;

pub use file::FileDiscovery;

use model::TargetGroup;

/// All mechanisms of one job. Targets of all of them are the job's targets.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ServiceDiscovery {
    /// `static_configs`: groups written into the file; the source is the index of the group.
    pub static_configs: Vec<TargetGroup>,
    /// `file_sd_configs`: groups in files of their own.
    pub file_sd_configs: Vec<FileDiscovery>,
}
