//! Runs the providers of all jobs, and publishes what they find.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use config::discovery::FileDiscovery;
use config::server::ScrapeConfig;
use exposition::Registry;
use host::pool::Pool;
use host::tasks::{Shutdown, TaskGroup};
use host::watch::FolderWatch;
use host::{Clock, Fs};
use model::{TargetGroup, TargetGroups};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};

use crate::metrics::{FileMetrics, ManagerMetrics};
use crate::provider::{FileProvider, Found, FoundGroups, Provider};

/// How the manager works.
#[derive(Clone, Debug)]
pub struct Options {
    /// Shortest time between two publications, so that a burst of changes is one: 5s, upstream's
    /// `discovery-reload-interval`. A new configuration does not wait.
    pub reload_interval: Duration,
    /// Whether to watch the folders of target files, beside reading them every refresh interval.
    pub watch_files: bool,
    /// Value of the label `name` of the manager's own metrics: `scrape`.
    pub name: &'static str,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            reload_interval: Duration::from_secs(5),
            watch_files: true,
            name: "scrape",
        }
    }
}

/// Takes configurations in and gives target groups out.
#[derive(Clone, Debug)]
pub struct Handle {
    jobs: Arc<watch::Sender<Jobs>>,
    groups: watch::Receiver<Arc<TargetGroups>>,
}

/// The providers of each job, by its name.
type Jobs = HashMap<String, Vec<Provider>>;

impl Handle {
    /// Makes these the jobs. Providers that stay the same go on with what they know.
    pub fn apply(&self, scrape_configs: &[ScrapeConfig]) {
        let providers = |job: &ScrapeConfig| {
            (
                job.job_name.clone(),
                Provider::of_job(&job.service_discovery),
            )
        };
        self.jobs
            .send_replace(scrape_configs.iter().map(providers).collect());
    }

    /// The groups as they are now, and a way to wait for new ones. Empty until the first
    /// configuration is applied and its providers have answered.
    pub fn target_groups(&self) -> watch::Receiver<Arc<TargetGroups>> {
        self.groups.clone()
    }
}

/// Runs the providers of all jobs.
#[derive(Debug)]
pub struct Manager {
    options: Options,
    fs: Arc<dyn Fs>,
    clock: Arc<dyn Clock>,
    pool: Arc<Pool>,
    metrics: ManagerMetrics,
    file_metrics: FileMetrics,
    configured: watch::Receiver<Jobs>,
    published: watch::Sender<Arc<TargetGroups>>,
    jobs: Jobs,
    running: HashMap<FileDiscovery, FoundGroups>,
    tasks: TaskGroup,
    /// Rung by providers that found something new.
    bell: mpsc::Receiver<()>,
    bell_rope: mpsc::Sender<()>,
}

/// What there is to publish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pending {
    /// Nothing.
    Nothing,
    /// Providers found something new: at this time, so that a burst is one publication.
    Findings(Instant),
    /// There is a new configuration: as soon as all its providers have answered, at this time at the
    /// latest. Until then its new targets would be missing from jobs that had others.
    Configuration(Instant),
}

impl Manager {
    /// A manager without jobs, and the handle to give it some. Files are read from `fs` on threads
    /// of `pool`.
    pub fn new(
        options: Options,
        fs: Arc<dyn Fs>,
        clock: Arc<dyn Clock>,
        pool: Arc<Pool>,
        registry: &Registry,
    ) -> (Self, Handle) {
        let (jobs_in, configured) = watch::channel(Jobs::new());
        let (published, groups) = watch::channel(Arc::default());
        let (bell_rope, bell) = mpsc::channel(1);
        let manager = Self {
            metrics: ManagerMetrics::new(registry, options.name),
            file_metrics: FileMetrics::new(registry),
            options,
            fs,
            clock,
            pool,
            configured,
            published,
            jobs: Jobs::new(),
            running: HashMap::new(),
            tasks: TaskGroup::new(),
            bell,
            bell_rope,
        };
        (
            manager,
            Handle {
                jobs: Arc::new(jobs_in),
                groups,
            },
        )
    }

    /// Runs until it is time to end.
    pub async fn run(mut self, mut shutdown: Shutdown) {
        let mut pending = Pending::Nothing;
        let mut last_published = Instant::now();
        loop {
            let due = self.due(pending);
            tokio::select! {
                () = shutdown.wait() => break,
                () = changed(&mut self.configured) => {
                    self.reconfigure();
                    pending = Pending::Configuration(Instant::now() + self.options.reload_interval);
                }
                Some(()) = self.bell.recv() => {
                    self.metrics.received_updates.inc();
                    if pending == Pending::Nothing {
                        pending = self.schedule(last_published);
                    }
                }
                () = wait_until(due) => {
                    self.publish();
                    last_published = Instant::now();
                    pending = Pending::Nothing;
                }
            }
        }
        self.running.clear();
        self.tasks.drain(DRAIN_PATIENCE).await;
    }

    /// When to publish what providers found just now.
    fn schedule(&self, last_published: Instant) -> Pending {
        let at = last_published + self.options.reload_interval;
        if at > Instant::now() {
            self.metrics.delayed_updates.inc();
        }
        Pending::Findings(at)
    }

    /// When to publish what is pending.
    fn due(&self, pending: Pending) -> Option<Instant> {
        match pending {
            Pending::Nothing => None,
            Pending::Configuration(_) if self.all_answered() => Some(Instant::now()),
            Pending::Findings(at) | Pending::Configuration(at) => Some(at),
        }
    }

    fn all_answered(&self) -> bool {
        self.running
            .values()
            .all(|groups| groups.borrow().is_some())
    }

    /// Takes over the newest jobs: ends providers that no job names any more, starts new ones.
    fn reconfigure(&mut self) {
        let jobs = self.configured.borrow_and_update().clone();
        let wanted = |jobs: &Jobs| -> Vec<FileDiscovery> {
            let providers = jobs.values().flatten();
            providers
                .filter_map(|provider| provider.as_file().cloned())
                .collect()
        };
        let wanted = wanted(&jobs);
        self.running
            .retain(|discovery, _| wanted.contains(discovery));
        for discovery in wanted {
            if !self.running.contains_key(&discovery) {
                self.start(discovery);
            }
        }
        for gone in self.jobs.keys().filter(|job| !jobs.contains_key(*job)) {
            self.metrics.forget(gone);
        }
        self.jobs = jobs;
    }

    fn start(&mut self, discovery: FileDiscovery) {
        let (found, groups) = Found::new(self.bell_rope.clone());
        let provider = FileProvider::new(
            discovery.clone(),
            Arc::clone(&self.fs),
            Arc::clone(&self.clock),
            self.file_metrics.clone(),
        );
        let watch = self
            .options
            .watch_files
            .then(|| self.folder_watch())
            .flatten();
        self.tasks
            .spawn(provider.run(Arc::clone(&self.pool), watch, found));
        self.running.insert(discovery, groups);
    }

    fn folder_watch(&self) -> Option<FolderWatch> {
        FolderWatch::new()
            .inspect_err(|error| {
                self.file_metrics.watcher_errors.inc();
                tracing::warn!(%error, "no file notifications, target files are only read now and then");
            })
            .ok()
    }

    /// Publishes the groups of all jobs, if they differ from those before.
    fn publish(&self) {
        let groups: TargetGroups = self
            .jobs
            .iter()
            .map(|(job, providers)| (job.clone(), self.groups(providers)))
            .collect();
        for (job, groups) in &groups {
            self.metrics
                .set_discovered(job, groups.iter().map(|group| group.targets.len()).sum());
        }
        let differs = self.published.send_if_modified(|before| {
            let differs = **before != groups;
            if differs {
                *before = Arc::new(groups);
            }
            differs
        });
        if differs {
            self.metrics.updates.inc();
        }
    }

    fn groups(&self, providers: &[Provider]) -> Vec<TargetGroup> {
        let mut all = Vec::new();
        for provider in providers {
            match provider {
                Provider::Fixed(groups) => all.extend_from_slice(groups),
                Provider::File(discovery) => {
                    let found = self.running.get(discovery).map(|groups| groups.borrow());
                    all.extend(
                        found
                            .iter()
                            .flat_map(|groups| groups.iter().flatten())
                            .cloned(),
                    );
                }
            }
        }
        all
    }
}

/// Waits for a new configuration; forever when nobody is left to give one.
async fn changed(configured: &mut watch::Receiver<Jobs>) {
    if configured.changed().await.is_err() {
        std::future::pending().await
    }
}

/// Waits until this moment; forever without one.
async fn wait_until(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

/// How long providers may take to end; none of them does anything that must be finished.
const DRAIN_PATIENCE: Duration = Duration::from_secs(1);
