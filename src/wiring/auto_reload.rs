//! `--config.auto-reload`: the configuration is taken anew when its files have changed.

use std::path::PathBuf;

use host::Fs;
use tokio::time::{Interval, MissedTickBehavior};

use super::configuration::fingerprint;
use super::{ConfigSource, Settings};

/// Looks at the files of the configuration, if it shall.
pub(super) struct AutoReload {
    watched: Option<Watched>,
}

struct Watched {
    path: PathBuf,
    ticks: Interval,
    /// What the files said when they were taken last.
    accepted: Option<u64>,
}

impl AutoReload {
    /// To be made before the configuration is read: the files as they are now count as taken.
    pub(super) fn new(settings: &Settings, fs: &dyn Fs) -> Self {
        let ConfigSource::File(path) = &settings.config else {
            return Self { watched: None };
        };
        let watched = settings.auto_reload_interval.map(|interval| {
            tracing::info!(?interval, "the configuration is taken anew when it changes");
            let mut ticks = tokio::time::interval(interval);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            Watched {
                path: path.clone(),
                ticks,
                accepted: fingerprint(fs, path).ok(),
            }
        });
        Self { watched }
    }

    /// Waits until the files say something else than what was taken last, or cannot be read. A
    /// change that was refused is tried again each time, since what was wrong may lie in a file that
    /// nobody looks at.
    pub(super) async fn changed(&mut self, fs: &dyn Fs) {
        let Some(watched) = &mut self.watched else {
            return std::future::pending().await;
        };
        loop {
            watched.ticks.tick().await;
            match fingerprint(fs, &watched.path) {
                Ok(now) if watched.accepted == Some(now) => {}
                Ok(_) => {
                    tracing::info!("the configuration has changed, it is taken anew");
                    return;
                }
                Err(error) => {
                    tracing::error!(error = %format!("{error:#}"), "the configuration cannot be looked at for changes");
                    return;
                }
            }
        }
    }

    /// What the files say now: to be asked before they are read.
    pub(super) fn look(&self, fs: &dyn Fs) -> Seen {
        let watched = self.watched.as_ref();
        Seen(watched.and_then(|watched| fingerprint(fs, &watched.path).ok()))
    }

    /// What was seen has been taken.
    pub(super) fn accept(&mut self, seen: Seen) {
        if let Some(watched) = &mut self.watched {
            watched.accepted = seen.0;
        }
    }
}

/// What the files said.
pub(super) struct Seen(Option<u64>);
