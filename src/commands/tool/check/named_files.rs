//! The files that a configuration names: are they there, and do they say what they should?

use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, bail};
use config::discovery::{Discovery, ServiceDiscovery, parse_target_file};
use config::http::{Credentials, Source, TlsConfig};
use config::server::{AlertmanagerConfig, Config, ScrapeConfig};
use host::Fs;
use host::fs::glob::glob;
use model::TargetGroup;
use model::label::ADDRESS;

/// The rule files that the patterns mean. One that is named without a pattern must be there.
pub(super) fn rule_files(fs: &dyn Fs, config: &Config) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for pattern in &config.rule_files {
        let paths = glob(fs, pattern)?;
        if !pattern.contains('*') {
            let Some(path) = paths.first() else {
                bail!("{pattern:?} does not point to an existing file");
            };
            is_there(fs, path)
                .with_context(|| format!("error checking rule file {:?}", path.display()))?;
        }
        found.extend(paths);
    }
    Ok(found)
}

/// Checks the files of a job, and its targets as far as they are known.
pub(super) fn check_job(fs: &dyn Fs, job: &ScrapeConfig, syntax_only: bool) -> anyhow::Result<()> {
    if !syntax_only {
        check_credentials(fs, &job.http.credentials)?;
        check_tls(fs, &job.http.tls)?;
    }
    let check = |group: &TargetGroup| check_targets(group, job);
    let place = format!("scrape job {:?}", job.job_name);
    check_groups(fs, &job.service_discovery, &place, syntax_only, &check)
}

/// Checks the targets of Alertmanagers as far as they are known.
pub(super) fn check_alertmanager(
    fs: &dyn Fs,
    alertmanager: &AlertmanagerConfig,
    syntax_only: bool,
) -> anyhow::Result<()> {
    let check = |group: &TargetGroup| {
        let mut addresses = group
            .targets
            .iter()
            .filter_map(|target| target.get(ADDRESS));
        match addresses.find(|address| address.contains('/')) {
            Some(address) if alertmanager.relabel_configs.is_empty() => {
                bail!("{address:?} is not a valid hostname")
            }
            _ => Ok(()),
        }
    };
    let discovery = &alertmanager.service_discovery;
    check_groups(fs, discovery, "alertmanager config", syntax_only, &check)
}

#[allow(clippy::print_stdout, reason = "this is the command's output")]
fn check_groups(
    fs: &dyn Fs,
    discovery: &ServiceDiscovery,
    place: &str,
    syntax_only: bool,
    check: &dyn Fn(&TargetGroup) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    discovery.static_configs.iter().try_for_each(check)?;
    let patterns = discovery.entries.iter().flat_map(|entry| match entry {
        Discovery::File(file) if !syntax_only => file.files.as_slice(),
        _ => &[],
    });
    for pattern in patterns {
        let paths = glob(fs, pattern)?;
        if paths.is_empty() {
            println!("  WARNING: file {pattern:?} for file_sd in {place} does not exist");
        }
        for path in paths {
            let groups = read_targets(fs, &path);
            let groups = groups.with_context(|| format!("checking SD file {pattern:?}"))?;
            groups.iter().try_for_each(check)?;
        }
    }
    Ok(())
}

fn read_targets(fs: &dyn Fs, path: &Path) -> anyhow::Result<Vec<TargetGroup>> {
    let bytes = fs
        .read(path)
        .map_err(|error| refusal("open", path, &error))?;
    let text = String::from_utf8(bytes).context("not UTF-8")?;
    let name = path.display().to_string();
    parse_target_file(&text, &name).map_err(|problems| anyhow!("{problems}"))
}

fn check_targets(group: &TargetGroup, job: &ScrapeConfig) -> anyhow::Result<()> {
    scrape::check_group(group, job)
        .map_err(|(index, error)| anyhow!("instance {index} in group {}: {error}", group.source))
}

fn check_credentials(fs: &dyn Fs, credentials: &Credentials) -> anyhow::Result<()> {
    if let Credentials::Authorization(authorization) = credentials
        && let Source::File(path) = &authorization.credentials
    {
        let what = "error checking authorization credentials or bearer token file";
        is_there(fs, Path::new(path)).with_context(|| format!("{what} {path:?}"))?;
    }
    Ok(())
}

fn check_tls(fs: &dyn Fs, tls: &TlsConfig) -> anyhow::Result<()> {
    for (what, source) in [("cert", &tls.cert), ("key", &tls.key)] {
        if let Source::File(path) = source {
            is_there(fs, Path::new(path))
                .with_context(|| format!("error checking client {what} file {path:?}"))?;
        }
    }
    Ok(())
}

fn is_there(fs: &dyn Fs, path: &Path) -> anyhow::Result<()> {
    match fs.metadata(path) {
        Ok(_) => Ok(()),
        Err(error) => Err(refusal("stat", path, &error)),
    }
}

/// The error in the words of Go: `stat a/b: no such file or directory`.
fn refusal(act: &str, path: &Path, error: &io::Error) -> anyhow::Error {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    anyhow!("{act} {}: {}", path.display(), text.to_lowercase())
}
