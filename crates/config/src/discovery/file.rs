//! `file_sd_configs`: target groups in JSON or YAML files that may change at any time.

use std::path::Path;
use std::time::Duration;

use model::duration;

use crate::document::{Node, Reader, Schema, Section, YamlWriter};

use super::entry::Entry;

/// One entry of `file_sd_configs`, effective.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FileDiscovery {
    /// Paths ending in `.json`, `.yml` or `.yaml`; the last part may hold `*`. Relative paths start
    /// at the configuration file's folder, see [`set_directory`](crate::server::Config::set_directory).
    pub files: Vec<String>,
    /// How often the files are read again even if nobody reported a change: 5m.
    pub refresh_interval: Duration,
}

const SCHEMA: Schema = Schema {
    type_name: "file.plain",
    keys: &["files", "refresh_interval"],
};

const REFRESH_INTERVAL: Duration = Duration::from_secs(5 * 60);

impl Entry for FileDiscovery {
    fn read(reader: &Reader, item: &Node) -> Option<Self> {
        let section = Section::open(reader, item, &SCHEMA)?;
        let files = section.texts("files");
        if files.is_empty() {
            let message = "file service discovery config must contain at least one path name";
            return reader.reject(section.blame("files"), message);
        }
        for path in files.iter().filter(|path| !is_target_path(path)) {
            let node = item.find_text(path).unwrap_or(item);
            reader.invalid(
                node.place,
                format_args!("path name {path:?} is not valid for file discovery"),
            );
        }
        let refresh_interval = section.duration_above_zero("refresh_interval");
        Some(Self {
            files,
            refresh_interval: refresh_interval.unwrap_or(REFRESH_INTERVAL),
        })
    }

    fn write(&self, yaml: &mut YamlWriter) {
        yaml.list("files", self.files.iter().map(String::as_str));
        yaml.bare("refresh_interval", duration::format(self.refresh_interval));
    }

    fn set_directory(&mut self, folder: &Path) {
        for path in self.files.iter_mut().filter(|path| !path.is_empty()) {
            *path = folder.join(&*path).to_string_lossy().into_owned();
        }
    }
}

/// True for a path to JSON or YAML that has `*` at most in its last part.
fn is_target_path(path: &str) -> bool {
    let endings = [".json", ".yml", ".yaml", ".JSON", ".YML", ".YAML"];
    let Some(stem) = endings.iter().find_map(|ending| path.strip_suffix(ending)) else {
        return false;
    };
    stem.split_once('*')
        .is_none_or(|(_, after)| !after.contains('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_to_target_files_are_accepted() {
        let good = [
            "a.json",
            "dir/a.yml",
            "dir/*.yaml",
            "dir/a*b.YML",
            "*.json",
            "a*b*.json",
            "/x/.json",
        ];
        let bad = ["a.txt", "*/a.json", "a*/*.json", "json", "a.Json", ""];
        for (paths, want) in [(good.as_slice(), true), (bad.as_slice(), false)] {
            for path in paths {
                assert_eq!(is_target_path(path), want, "{path}");
            }
        }
    }
}
