//! Runs the entries of all sets, and publishes what they find.

mod sets;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use config::discovery::{Discovery, ServiceDiscovery};
use host::tasks::{Shutdown, TaskGroup};
use host::watch::FolderWatch;
use model::TargetGroups;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};

use crate::metrics::ManagerMetrics;
use crate::provider::{ConsulProvider, FileProvider, Found, Plan};
use crate::refresh;
use crate::status::DiscoveryStatus;
use crate::world::World;
use sets::{Running, Set};

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
    wanted: Arc<watch::Sender<Wanted>>,
    groups: watch::Receiver<Arc<TargetGroups>>,
    sets: Arc<Mutex<Sets>>,
}

/// The discovery of each set, by its name.
type Wanted = BTreeMap<String, ServiceDiscovery>;

/// The sets that run, by name.
type Sets = BTreeMap<String, Set>;

impl Handle {
    /// Makes these the sets: jobs, or groups of Alertmanagers. Entries that stay the same go on with
    /// what they know.
    pub fn apply<'a>(&self, sets: impl IntoIterator<Item = (String, &'a ServiceDiscovery)>) {
        let sets = sets.into_iter();
        self.wanted
            .send_replace(sets.map(|(name, own)| (name, own.clone())).collect());
    }

    /// The groups as they are now, and a way to wait for new ones. Empty until the first
    /// configuration is applied and its entries have answered.
    pub fn target_groups(&self) -> watch::Receiver<Arc<TargetGroups>> {
        self.groups.clone()
    }

    /// How the entries of all sets stand, sets in the order of their names.
    pub fn status(&self) -> Vec<DiscoveryStatus> {
        let sets = lock(&self.sets);
        sets.iter()
            .flat_map(|(name, set)| set.status(name))
            .collect()
    }
}

/// Runs the entries of all sets.
#[derive(Debug)]
pub struct Manager {
    options: Options,
    world: World,
    metrics: ManagerMetrics,
    wanted: watch::Receiver<Wanted>,
    published: watch::Sender<Arc<TargetGroups>>,
    sets: Arc<Mutex<Sets>>,
    tasks: TaskGroup,
    /// Rung by entries that found something new.
    bell: mpsc::Receiver<()>,
    bell_rope: mpsc::Sender<()>,
}

/// What there is to publish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pending {
    /// Nothing.
    Nothing,
    /// Entries found something new: at this time, so that a burst is one publication.
    Findings(Instant),
    /// There is a new configuration: as soon as all its entries have answered, at this time at the
    /// latest. Until then its new targets would be missing from sets that had others.
    Configuration(Instant),
}

impl Manager {
    /// A manager without sets, and the handle to give it some.
    pub fn new(options: Options, world: World) -> (Self, Handle) {
        let (wanted_in, wanted) = watch::channel(Wanted::new());
        let (published, groups) = watch::channel(Arc::default());
        let (bell_rope, bell) = mpsc::channel(1);
        let sets = Arc::<Mutex<Sets>>::default();
        let manager = Self {
            metrics: world.metrics.manager(options.name),
            options,
            world,
            wanted,
            published,
            sets: Arc::clone(&sets),
            tasks: TaskGroup::new(),
            bell,
            bell_rope,
        };
        let handle = Handle {
            wanted: Arc::new(wanted_in),
            groups,
            sets,
        };
        (manager, handle)
    }

    /// Runs until it is time to end.
    pub async fn run(mut self, mut shutdown: Shutdown) {
        let mut pending = Pending::Nothing;
        let mut last_published = Instant::now();
        loop {
            let due = self.due(pending);
            tokio::select! {
                () = shutdown.wait() => break,
                () = changed(&mut self.wanted) => {
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
        lock(&self.sets).clear();
        self.tasks.drain(DRAIN_PATIENCE).await;
    }

    /// When to publish what entries found just now.
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
            Pending::Configuration(_) if lock(&self.sets).values().all(Set::has_answered) => {
                Some(Instant::now())
            }
            Pending::Findings(at) | Pending::Configuration(at) => Some(at),
        }
    }

    /// Takes over the newest sets: entries that no set has any more end, new ones start. Equal
    /// entries are run once, however many sets have them.
    fn reconfigure(&mut self) {
        let wanted = self.wanted.borrow_and_update().clone();
        let mut before = std::mem::take(&mut *lock(&self.sets));
        let mut running: Vec<Arc<Running>> = Vec::new();
        for entry in before.values().flat_map(Set::entries) {
            if !running.iter().any(|known| Arc::ptr_eq(known, entry)) {
                running.push(Arc::clone(entry));
            }
        }
        let mut sets = Sets::new();
        for (name, discovery) in wanted {
            let mut entries = Vec::with_capacity(discovery.entries.len());
            for entry in discovery.entries {
                let known = running.iter().find(|known| known.discovery == entry);
                let known = known.map(Arc::clone);
                let known = known.unwrap_or_else(|| {
                    let started = Arc::new(self.start(entry, &name));
                    running.push(Arc::clone(&started));
                    started
                });
                entries.push(known);
            }
            let old = before.remove(&name);
            sets.insert(name, Set::new(discovery.static_configs, entries, old));
        }
        for gone in before.keys() {
            self.metrics.forget(gone);
        }
        let in_use = |entry: &&Arc<Running>| {
            entry.lacks()
                && sets
                    .values()
                    .flat_map(Set::entries)
                    .any(|own| Arc::ptr_eq(own, entry))
        };
        let failed = running.iter().filter(in_use).count();
        self.metrics.failed_configs.set(failed as f64);
        *lock(&self.sets) = sets;
    }

    fn start(&mut self, discovery: Discovery, set: &str) -> Running {
        let clock = Arc::clone(&self.world.clock);
        let (found, groups) = Found::new(self.bell_rope.clone(), Arc::clone(&clock));
        match Plan::of(&discovery, &self.world) {
            Plan::Lacking(reason) => {
                tracing::error!(set, %reason, "a part of the set's discovery finds nothing");
                return Running::lacking(discovery, groups, reason);
            }
            Plan::File(entry) => {
                let metrics = self.world.metrics.file.clone();
                let watch = self
                    .options
                    .watch_files
                    .then(|| self.folder_watch())
                    .flatten();
                let provider = FileProvider::new(entry, Arc::clone(&self.world.fs), clock, metrics);
                let pool = Arc::clone(&self.world.pool);
                self.tasks.spawn(provider.run(pool, watch, found));
            }
            Plan::Consul(entry, api) => {
                let metrics = self.world.metrics.consul.clone();
                let provider = ConsulProvider::new(*entry, api, metrics, clock);
                self.tasks.spawn(provider.run(found));
            }
            Plan::Refresh(refresher, api, interval) => {
                let metrics = self.world.metrics.refresh(discovery.mechanism(), set);
                let run = refresh::run(refresher, api, interval, metrics, clock, found);
                self.tasks.spawn(run);
            }
        }
        Running::new(discovery, groups)
    }

    fn folder_watch(&self) -> Option<FolderWatch> {
        FolderWatch::new()
            .inspect_err(|error| {
                self.world.metrics.file.watcher_errors.inc();
                tracing::warn!(%error, "no file notifications, target files are only read now and then");
            })
            .ok()
    }

    /// Publishes the groups of all sets, if they differ from those before. Sets of which nothing
    /// changed are handed on as they are.
    fn publish(&self) {
        let mut sets = lock(&self.sets);
        let mut differs = sets.len() != self.published.borrow().len();
        let mut groups = TargetGroups::with_capacity(sets.len());
        let now = self.world.clock.now_millis();
        for (name, set) in sets.iter_mut() {
            let (own, has_changed) = set.merge();
            if has_changed {
                let targets = own.iter().map(|group| group.targets.len()).sum();
                self.metrics.set_discovered(name, targets);
                self.metrics.set_updated(name, now);
                differs = true;
            }
            groups.insert(name.clone(), own);
        }
        drop(sets);
        let differs = differs
            || self
                .published
                .borrow()
                .keys()
                .any(|name| !groups.contains_key(name));
        if differs {
            self.published.send_replace(Arc::new(groups));
            self.metrics.updates.inc();
        }
    }
}

/// Waits for new sets; forever when nobody is left to give some.
async fn changed(wanted: &mut watch::Receiver<Wanted>) {
    if wanted.changed().await.is_err() {
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

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How long providers may take to end; none of them does anything that must be finished.
const DRAIN_PATIENCE: Duration = Duration::from_secs(1);
