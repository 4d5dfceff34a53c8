//! Target groups in files: read now and then, and when their folder changes.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use config::Problems;
use config::discovery::{FileDiscovery, parse_target_file};
use host::pool::Pool;
use host::watch::FolderWatch;
use host::{Clock, Fs};
use model::{LabelsBuilder, TargetGroup};
use tokio::time::{sleep, timeout};

use super::{Found, Refreshed};
use crate::glob;
use crate::metrics::FileMetrics;

/// Reads the files of one `file_sd_configs` entry, and remembers the last good contents of each.
#[derive(Debug)]
pub(crate) struct FileProvider {
    discovery: FileDiscovery,
    fs: Arc<dyn Fs>,
    clock: Arc<dyn Clock>,
    metrics: FileMetrics,
    files: BTreeMap<PathBuf, Vec<TargetGroup>>,
}

/// Why a file says nothing new.
#[derive(Debug, thiserror::Error)]
enum ReadError {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("the file is not UTF-8")]
    NotUtf8,
    #[error("{0}")]
    Contents(#[from] Problems),
}

impl FileProvider {
    pub(crate) fn new(
        discovery: FileDiscovery,
        fs: Arc<dyn Fs>,
        clock: Arc<dyn Clock>,
        metrics: FileMetrics,
    ) -> Self {
        Self {
            discovery,
            fs,
            clock,
            metrics,
            files: BTreeMap::new(),
        }
    }

    /// Reads the files, and tells what they say each time it differs from before, the first time in
    /// any case. Ends when nobody wants to know any more.
    pub(crate) async fn run(
        mut self,
        pool: Arc<Pool>,
        mut watch: Option<FolderWatch>,
        found: Found,
    ) {
        let refresh_interval = self.discovery.refresh_interval;
        if let Some(watch) = &mut watch {
            self.watch_folders(watch);
        }
        loop {
            let refreshed = pool.run(move || {
                let faults = self.refresh();
                (self, faults)
            });
            let faults = match refreshed.await {
                Ok((provider, faults)) => {
                    self = provider;
                    faults
                }
                // The panic is logged. The targets stay as they were told last.
                Err(_) => return found.unwanted().await,
            };
            found.tell(Refreshed {
                groups: self.groups(),
                faults,
            });
            tokio::select! {
                () = changed(watch.as_mut(), refresh_interval) => {}
                () = found.unwanted() => return,
            }
        }
    }

    /// Watches the folders of all patterns; where that fails the refresh interval has to do.
    fn watch_folders(&self, watch: &mut FolderWatch) {
        for pattern in &self.discovery.files {
            let folder = glob::folder(Path::new(pattern));
            if let Err(error) = watch.add(folder) {
                self.metrics.watcher_errors.inc();
                let refresh = self.discovery.refresh_interval;
                tracing::warn!(folder = %folder.display(), %error, ?refresh,
                    "target files cannot be watched, they are only read again now and then");
            }
        }
    }

    /// Looks at all files. One that cannot be read or understood keeps its last good contents; one
    /// that is gone takes its targets along. Returns what is wrong.
    fn refresh(&mut self) -> Vec<String> {
        let mut faults = Vec::new();
        let start = self.clock.monotonic();
        let before = std::mem::take(&mut self.files);
        for pattern in &self.discovery.files {
            match glob::list(&*self.fs, Path::new(pattern)) {
                Ok(paths) => {
                    for path in paths {
                        let old = before.get(&path);
                        if let Some(groups) = self.read_or_keep(&path, old, &mut faults) {
                            self.files.insert(path, groups);
                        }
                    }
                }
                Err(error) => {
                    self.metrics.read_errors.inc();
                    tracing::error!(pattern, %error, "target files cannot be listed, keeping the last ones");
                    faults.push(format!("{pattern}: {error}"));
                    let folder = glob::folder(Path::new(pattern));
                    let kept = before
                        .iter()
                        .filter(|(path, _)| glob::folder(path) == folder);
                    self.files
                        .extend(kept.map(|(path, groups)| (path.clone(), groups.clone())));
                }
            }
        }
        for gone in before.keys().filter(|path| !self.files.contains_key(*path)) {
            self.metrics.forget(&gone.to_string_lossy());
        }
        let seconds = self.clock.monotonic().saturating_sub(start).as_secs_f64();
        self.metrics.scan_seconds.observe(seconds);
        faults
    }

    fn read_or_keep(
        &self,
        path: &Path,
        old: Option<&Vec<TargetGroup>>,
        faults: &mut Vec<String>,
    ) -> Option<Vec<TargetGroup>> {
        match self.read(path) {
            Ok(groups) => Some(groups),
            Err(ReadError::Io(error)) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                self.metrics.read_errors.inc();
                let kept = old.map_or(0, Vec::len);
                tracing::error!(file = %path.display(), %error, groups_kept = kept,
                    "target file cannot be used, keeping what it said last");
                // Faults of the contents name the file and the place.
                faults.push(match error {
                    ReadError::Contents(problems) => problems.to_string(),
                    other => format!("{}: {other}", path.display()),
                });
                old.cloned()
            }
        }
    }

    fn read(&self, path: &Path) -> Result<Vec<TargetGroup>, ReadError> {
        let modified = self.fs.metadata(path)?.modified_millis;
        let text = String::from_utf8(self.fs.read(path)?).map_err(|_| ReadError::NotUtf8)?;
        let name = path.to_string_lossy();
        let mut groups = parse_target_file(&text, &name)?;
        for group in &mut groups {
            let mut labels = LabelsBuilder::from_labels(&group.labels);
            labels.set(FILE_PATH, &name);
            group.labels = labels.build();
        }
        self.metrics.modified(&name).set(modified as f64 / 1000.0);
        Ok(groups)
    }

    fn groups(&self) -> Vec<TargetGroup> {
        self.files.values().flatten().cloned().collect()
    }
}

/// Waits for a change in a watched folder, at most for the refresh interval.
async fn changed(watch: Option<&mut FolderWatch>, refresh_interval: Duration) {
    let Some(watch) = watch else {
        return sleep(refresh_interval).await;
    };
    if timeout(refresh_interval, watch.changed()).await.is_ok() {
        sleep(SETTLE).await;
    }
}

/// Pause between a change and the look at it: long enough for most writers to finish the file, and
/// a bound on how often a busy folder makes us look.
const SETTLE: Duration = Duration::from_millis(100);

/// Label that says which file a group came from.
const FILE_PATH: &str = "__meta_filepath";
