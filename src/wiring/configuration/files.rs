//! The files of a configuration: the main one and those with further jobs.

use std::hash::{DefaultHasher, Hasher as _};
use std::path::Path;

use anyhow::{Context as _, anyhow};
use config::Problems;
use config::server::{Config, named_files};
use host::Fs;
use host::fs::folder_of;
use host::fs::glob::glob;

use super::environment;

/// How the text of the main file is read, for a server or an agent.
type Load = fn(&str, &str, fn(&str) -> Option<String>) -> Result<Config, Problems>;

/// Reads the main file. Relative paths in it start at its folder.
///
/// # Errors
/// It cannot be read, or is no valid configuration; every problem is named with its place.
pub(crate) fn read_file(fs: &dyn Fs, path: &Path, load: Load) -> anyhow::Result<Config> {
    let name = path.display().to_string();
    let text = read_text(fs, path)?;
    let mut config =
        load(&text, &name, environment).map_err(|problems| anyhow!(problems.explained()))?;
    config.set_directory(folder_of(path));
    Ok(config)
}

/// Reads the files that `scrape_config_files` means and adds their jobs.
///
/// # Errors
/// One cannot be read or is wrong, or a job's name is taken.
pub(crate) fn add_jobs(fs: &dyn Fs, config: &mut Config) -> anyhow::Result<()> {
    for pattern in config.scrape_config_files.clone() {
        let paths = glob(fs, &pattern)
            .with_context(|| format!("error retrieving scrape config files for {pattern:?}"))?;
        for path in paths {
            let text = read_text(fs, &path)?;
            config
                .add_jobs(&text, &path.display().to_string())
                .map_err(|problems| anyhow!(problems.explained()))?;
        }
    }
    Ok(())
}

/// A number that is another one when anything changed in the main file, in the files of rules and of
/// jobs that it names, or in which those are.
///
/// # Errors
/// A file cannot be read.
pub(in crate::wiring) fn fingerprint(fs: &dyn Fs, path: &Path) -> anyhow::Result<u64> {
    let mut hasher = DefaultHasher::new();
    let bytes = fs
        .read(path)
        .with_context(|| format!("reading {}", path.display()))?;
    hasher.write(&bytes);
    let text = String::from_utf8_lossy(&bytes);
    let named = named_files(&text, &path.display().to_string())?;
    for (mark, patterns) in [("r", named.rule_files), ("s", named.scrape_config_files)] {
        for pattern in patterns {
            let pattern = folder_of(path).join(pattern).display().to_string();
            for file in glob(fs, &pattern)? {
                add_file(&mut hasher, fs, mark, &file)?;
            }
        }
    }
    Ok(hasher.finish())
}

fn add_file(
    hasher: &mut DefaultHasher,
    fs: &dyn Fs,
    mark: &str,
    file: &Path,
) -> anyhow::Result<()> {
    let bytes = fs
        .read(file)
        .with_context(|| format!("reading {}", file.display()))?;
    for part in [mark.as_bytes(), file.as_os_str().as_encoded_bytes(), &bytes] {
        hasher.write_usize(part.len());
        hasher.write(part);
    }
    Ok(())
}

fn read_text(fs: &dyn Fs, path: &Path) -> anyhow::Result<String> {
    let bytes = fs
        .read(path)
        .with_context(|| format!("reading {}", path.display()))?;
    String::from_utf8(bytes).with_context(|| format!("{} is not UTF-8", path.display()))
}

#[cfg(test)]
mod tests {
    use config::discovery::Discovery;
    use host::fs::RealFs;

    use super::*;

    #[test]
    fn a_fingerprint_sees_all_files_that_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let fs = RealFs;
        let write = |name: &str, text: &str| {
            fs.write(&folder.path().join(name), text.as_bytes())
                .unwrap();
        };
        let main = folder.path().join("prometheus.yml");
        write(
            "prometheus.yml",
            "rule_files: [r*.yml]\nscrape_config_files: [s.yml]\nunknown: 1\n",
        );
        let mut seen = vec![fingerprint(&fs, &main).unwrap()];
        assert_eq!(fingerprint(&fs, &main).unwrap(), seen[0]);
        for (name, text) in [
            ("r1.yml", "groups: []"),
            ("r2.yml", ""),
            ("r2.yml", " "),
            ("s.yml", "scrape_configs: []"),
            ("prometheus.yml", "rule_files: [r*.yml]"),
        ] {
            write(name, text);
            let now = fingerprint(&fs, &main).unwrap();
            assert!(!seen.contains(&now), "{name} {text:?}");
            seen.push(now);
        }
        write("other.yml", "x");
        assert_eq!(fingerprint(&fs, &main).ok(), seen.last().copied());
        write("prometheus.yml", "a: [");
        assert!(fingerprint(&fs, &main).is_err());
    }

    #[test]
    fn jobs_of_further_files_start_at_their_folder() {
        let folder = tempfile::tempdir().unwrap();
        let fs = RealFs;
        let path = |name: &str| folder.path().join(name);
        fs.create_dir_all(&path("jobs")).unwrap();
        let text = "scrape_configs: [{job_name: b, file_sd_configs: [{files: [t.yml]}]}]";
        fs.write(&path("jobs/b.yml"), text.as_bytes()).unwrap();
        let main = "scrape_config_files: ['jobs/*.yml']\nscrape_configs: [{job_name: a}]";
        fs.write(&path("main.yml"), main.as_bytes()).unwrap();
        let mut config = read_file(&fs, &path("main.yml"), config::server::load).unwrap();
        add_jobs(&fs, &mut config).unwrap();
        let names: Vec<&str> = config.jobs().map(|job| job.job_name.as_str()).collect();
        assert_eq!(names, ["a", "b"]);
        let entries = &config.further_jobs[0].service_discovery.entries;
        let Discovery::File(entry) = &entries[0] else {
            panic!("{entries:?}")
        };
        assert_eq!(entry.files, [path("jobs/t.yml").display().to_string()]);
        let twice = add_jobs(&fs, &mut config).unwrap_err().to_string();
        assert!(
            twice.contains("found multiple scrape configs with job name \"b\", first found in \"")
        );
    }
}
