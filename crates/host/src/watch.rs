//! Notices changes in folders, so that nobody has to wait for the next look.

use std::path::Path;

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc;

/// Watches folders for names that come, go or change. Changes that happen close together count once.
#[derive(Debug)]
pub struct FolderWatch {
    watcher: RecommendedWatcher,
    changes: mpsc::Receiver<()>,
}

/// The operating system cannot watch; looking again from time to time still works.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct WatchError(#[from] notify::Error);

impl FolderWatch {
    /// A watch of nothing yet.
    ///
    /// # Errors
    /// The operating system has no notifications, or no more of them for this user.
    pub fn new() -> Result<Self, WatchError> {
        // One waiting change is enough to make somebody look at all of them.
        let (sender, changes) = mpsc::channel(1);
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            let is_change = event.is_ok_and(|event| !matches!(event.kind, EventKind::Access(_)));
            if is_change {
                // Full means that a change is waiting already; closed, that nobody looks any more.
                let _told = sender.try_send(());
            }
        })?;
        Ok(Self { watcher, changes })
    }

    /// Also watches this folder, but not those inside it.
    ///
    /// # Errors
    /// The folder is not there or may not be read, or there are no more watches for this user.
    pub fn add(&mut self, folder: &Path) -> Result<(), WatchError> {
        Ok(self.watcher.watch(folder, RecursiveMode::NonRecursive)?)
    }

    /// Waits until something has changed since the last call. Safe to give up and call again.
    pub async fn changed(&mut self) {
        // The sender lives in the watcher, so this cannot end before the watch does.
        let _waiting: Option<()> = self.changes.recv().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_is_not_there_is_refused() {
        let mut watch = FolderWatch::new().unwrap();
        assert!(watch.add(Path::new("/no/such/folder")).is_err());
    }
}
