//! Where targets come from, mechanism by mechanism.

mod file;
mod fixed;

pub use file::FileDiscovery;
pub use fixed::parse_target_file;
pub(crate) use fixed::read_labels;

use std::path::Path;

use model::TargetGroup;

use crate::document::{Section, YamlWriter};

/// All mechanisms of one job. Targets of all of them are the job's targets.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ServiceDiscovery {
    /// `static_configs`: groups written into the file; the source is the index of the group.
    pub static_configs: Vec<TargetGroup>,
    /// `file_sd_configs`: groups in files of their own.
    pub file_sd_configs: Vec<FileDiscovery>,
}

impl ServiceDiscovery {
    /// Makes relative paths start at `folder`.
    pub(crate) fn set_directory(&mut self, folder: &Path) {
        for path in self
            .file_sd_configs
            .iter_mut()
            .flat_map(|file| &mut file.files)
        {
            *path = folder.join(&*path).to_string_lossy().into_owned();
        }
    }
}

/// Keys that a section with service discovery has.
pub(crate) const KEYS: [&str; 2] = ["static_configs", "file_sd_configs"];

/// Reads the mechanisms of a job.
pub(crate) fn read(section: &Section<'_>) -> ServiceDiscovery {
    ServiceDiscovery {
        static_configs: fixed::read(section.reader, section.items("static_configs")),
        file_sd_configs: file::read(section.reader, section.items("file_sd_configs")),
    }
}

pub(crate) fn write(yaml: &mut YamlWriter, discovery: &ServiceDiscovery) {
    if !discovery.static_configs.is_empty() {
        yaml.mappings("static_configs", &discovery.static_configs, fixed::write);
    }
    if !discovery.file_sd_configs.is_empty() {
        yaml.mappings("file_sd_configs", &discovery.file_sd_configs, file::write);
    }
}
