//! The mechanisms that find targets: a closed set.

mod file;

use config::discovery::{FileDiscovery, ServiceDiscovery};
use model::TargetGroup;
use tokio::sync::{mpsc, watch};

pub(crate) use file::FileProvider;

/// One source of target groups, as configured. Equal ones are run once, however many jobs use them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Provider {
    /// Groups that stand in the configuration.
    Fixed(Vec<TargetGroup>),
    /// Groups in files.
    File(FileDiscovery),
}

impl Provider {
    /// The providers of a job.
    pub(crate) fn of_job(discovery: &ServiceDiscovery) -> Vec<Self> {
        let files = discovery.file_entries().cloned().map(Self::File);
        let fixed = (!discovery.static_configs.is_empty())
            .then(|| Self::Fixed(discovery.static_configs.clone()));
        fixed.into_iter().chain(files).collect()
    }

    /// The settings of a file provider.
    pub(crate) fn as_file(&self) -> Option<&FileDiscovery> {
        match self {
            Self::Fixed(_) => None,
            Self::File(discovery) => Some(discovery),
        }
    }
}

/// Where a running provider tells what it found.
#[derive(Debug)]
pub(crate) struct Found {
    groups: watch::Sender<Option<Vec<TargetGroup>>>,
    /// Rung when the groups have changed.
    bell: mpsc::Sender<()>,
}

/// What a running provider has found so far; `None` before its first answer. Dropping it ends the
/// provider.
pub(crate) type FoundGroups = watch::Receiver<Option<Vec<TargetGroup>>>;

impl Found {
    /// A place to tell, and the place to read it. One waiting ring of the bell is enough.
    pub(crate) fn new(bell: mpsc::Sender<()>) -> (Self, FoundGroups) {
        let (groups, receiver) = watch::channel(None);
        (Self { groups, bell }, receiver)
    }

    /// Makes these the groups; those who listen are told if they differ from before.
    pub(crate) fn tell(&self, groups: Vec<TargetGroup>) {
        let groups = Some(groups);
        let differs = self.groups.send_if_modified(|before| {
            let differs = *before != groups;
            if differs {
                *before = groups;
            }
            differs
        });
        if differs {
            let _already_ringing = self.bell.try_send(());
        }
    }

    /// Waits until nobody wants to know any more.
    pub(crate) async fn unwanted(&self) {
        self.groups.closed().await;
    }
}
