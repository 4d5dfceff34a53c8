//! One scraped thing: who it is, where it is, and how it did.

pub(crate) mod health;
pub(crate) mod labels;
pub(crate) mod offset;
pub(crate) mod url;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use model::Labels;

use health::LastScrape;
use labels::Kept;
use url::TargetUrl;

/// A target. Its loop reports to it, whoever asks for status reads it.
#[derive(Debug)]
pub(crate) struct Target {
    /// All labels that tell it from others of its job.
    pub(crate) identity: Labels,
    /// Labels that its series get.
    pub(crate) labels: Labels,
    pub(crate) url: TargetUrl,
    pub(crate) interval: Duration,
    pub(crate) timeout: Duration,
    discovered: Mutex<Labels>,
    last: Mutex<LastScrape>,
}

impl Target {
    pub(crate) fn new(
        discovered: Labels,
        kept: &Kept,
        params: &BTreeMap<String, Vec<String>>,
    ) -> Self {
        Self {
            identity: kept.identity.clone(),
            labels: kept.public(),
            url: TargetUrl::new(&kept.identity, params),
            interval: kept.interval,
            timeout: kept.timeout,
            discovered: Mutex::new(discovered),
            last: Mutex::default(),
        }
    }

    /// Labels before relabeling.
    pub(crate) fn discovered(&self) -> Labels {
        lock(&self.discovered).clone()
    }

    /// Discovery may find other labels for what stays the same target.
    pub(crate) fn set_discovered(&self, labels: Labels) {
        *lock(&self.discovered) = labels;
    }

    pub(crate) fn last_scrape(&self) -> LastScrape {
        lock(&self.last).clone()
    }

    pub(crate) fn report(&self, scrape: LastScrape) {
        *lock(&self.last) = scrape;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
