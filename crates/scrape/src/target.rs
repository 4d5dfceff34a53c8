//! One scraped thing: who it is, where it is, and how it did.

pub(crate) mod health;
pub(crate) mod labels;
pub(crate) mod offset;
pub(crate) mod url;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use model::Labels;

use health::LastScrape;
use labels::{HistogramLabels, Kept};
use url::TargetUrl;

/// Tells a target from the others of its job, as long as the process lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TargetId(u64);

impl fmt::Display for TargetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// From its own form, 16 digits.
impl FromStr for TargetId {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        u64::from_str_radix(text, 16).map(Self)
    }
}

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
    /// What the target's labels say of its histograms.
    pub(crate) histograms: HistogramLabels,
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
            histograms: kept.histograms,
            discovered: Mutex::new(discovered),
            last: Mutex::default(),
        }
    }

    pub(crate) fn id(&self) -> TargetId {
        TargetId(self.identity.fingerprint().get())
    }

    /// The Unix socket that it listens on, if a label names one.
    pub(crate) fn unix_socket(&self) -> Option<&str> {
        self.identity
            .get(UNIX_SOCKET)
            .filter(|path| !path.is_empty())
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

/// The label that names a Unix socket. Source: Prometheus.
const UNIX_SOCKET: &str = "__unix_socket__";

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
