//! All jobs: follows configuration and discovery, and runs one pool for each job.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use config::server::ScrapeConfig;
use exposition::Registry;
use host::lanes::Lanes;
use host::pool::Pool;
use host::tasks::{Shutdown, TaskGroup};
use host::{Clock, Fs};
use model::TargetGroups;
use storage::Appendable;
use tokio::sync::watch;

use crate::discovered::PoolDiscovery;
use crate::dry_run::DryRun;
use crate::failure_log::FailureLogs;
use crate::ingest::Ingest;
use crate::instruments::Instruments;
use crate::limits::DefaultLimits;
use crate::metadata::{MetadataSizes, TargetMetadata};
use crate::pool::ScrapePool;
use crate::run::{Shared, lock};
use crate::status::{PoolStatus, ScrapeStatus};
use crate::target::TargetId;
use crate::workspace::Workspaces;

/// What scraping needs of the rest of the process.
#[derive(Clone)]
pub struct ScrapeOptions {
    /// Where samples go.
    pub store: Arc<dyn Appendable>,
    /// Event loops on which targets are asked and pages of common size are stored.
    pub lanes: Arc<Lanes>,
    /// Threads on which large pages are stored.
    pub pool: Arc<Pool>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Where failed scrapes are logged.
    pub fs: Arc<dyn Fs>,
    /// Where our own numbers are shown.
    pub registry: Registry,
    /// Spreads scrapes differently on each server: a hash of what tells this server from others.
    pub offset_seed: u64,
    /// Limits where the configuration says nothing.
    pub limits: DefaultLimits,
    /// Whether the store is told of type, help and unit of each series when they are new.
    pub sends_metadata: bool,
    /// Whether series begin with a zero at the time since when they count, if targets say it.
    pub adds_zeros: bool,
}

impl fmt::Debug for ScrapeOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScrapeOptions")
            .field("offset_seed", &self.offset_seed)
            .finish_non_exhaustive()
    }
}

/// Follows configuration and discovery until it is told to end.
pub struct Manager {
    shared: Arc<Shared>,
    configs: watch::Receiver<Vec<Arc<ScrapeConfig>>>,
    handle: ManagerHandle,
}

/// Asks and tells a running [`Manager`]. Clones speak to the same one.
#[derive(Clone)]
pub struct ManagerHandle {
    pools: Arc<Mutex<BTreeMap<String, ScrapePool>>>,
    configs: watch::Sender<Vec<Arc<ScrapeConfig>>>,
}

impl ManagerHandle {
    /// Takes another configuration: all jobs that are to be scraped from now on.
    pub fn reload(&self, configs: Vec<Arc<ScrapeConfig>>) {
        self.configs.send_replace(configs);
    }

    /// How all targets stand.
    pub fn status(&self) -> ScrapeStatus {
        let mut status = ScrapeStatus::default();
        for pool in lock(&self.pools).values() {
            pool.push_status(&mut status);
        }
        status
    }

    /// Names of all jobs, sorted.
    pub fn pools(&self) -> Vec<String> {
        lock(&self.pools).keys().cloned().collect()
    }

    /// How each job stands, in the order of their names.
    pub fn pool_statuses(&self) -> Vec<PoolStatus> {
        let pools = lock(&self.pools);
        pools.values().map(ScrapePool::pool_status).collect()
    }

    /// What was discovered for a job, if there is such a job.
    pub fn discovery(&self, pool: &str) -> Option<PoolDiscovery> {
        lock(&self.pools).get(pool).map(ScrapePool::discovery)
    }

    /// A fetch of the page of a target, if there is such a target.
    pub fn dry_run(&self, pool: &str, target: TargetId) -> Option<DryRun> {
        lock(&self.pools).get(pool)?.dry_run(target)
    }

    /// What all targets say about their metrics.
    pub fn metadata(&self) -> Vec<TargetMetadata> {
        let mut found = Vec::new();
        for pool in lock(&self.pools).values() {
            pool.push_metadata(&mut found);
        }
        found
    }

    /// Bytes that are used to remember pages.
    pub fn cache_bytes(&self) -> usize {
        lock(&self.pools)
            .values()
            .map(ScrapePool::cache_bytes)
            .sum()
    }
}

impl fmt::Debug for ManagerHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManagerHandle").finish_non_exhaustive()
    }
}

impl fmt::Debug for Manager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Manager").finish_non_exhaustive()
    }
}

impl Manager {
    /// A manager of these jobs. Nothing is scraped before [`run`](Self::run).
    pub fn new(options: ScrapeOptions, configs: Vec<Arc<ScrapeConfig>>) -> Self {
        let instruments = Instruments::new(&options.registry);
        let sender = watch::Sender::new(configs);
        let pools = Arc::default();
        let sizes = MetadataSizes(Arc::clone(&pools));
        options.registry.add(Arc::new(sizes));
        Self {
            shared: Arc::new(Shared {
                ingest: Ingest {
                    store: options.store,
                    clock: options.clock,
                    instruments: Arc::new(instruments),
                    failures: Arc::new(FailureLogs::new(options.fs)),
                    sends_metadata: options.sends_metadata,
                    adds_zeros: options.adds_zeros,
                },
                lanes: options.lanes,
                pool: options.pool,
                workspaces: Workspaces::default(),
                limits: options.limits,
                offset_seed: options.offset_seed,
            }),
            configs: sender.subscribe(),
            handle: ManagerHandle {
                pools,
                configs: sender,
            },
        }
    }

    /// The other end of this manager.
    pub fn handle(&self) -> ManagerHandle {
        self.handle.clone()
    }

    /// Scrapes what `targets` says, until it is time to end. Ends its loops before it returns.
    pub async fn run(
        mut self,
        mut targets: watch::Receiver<Arc<TargetGroups>>,
        mut shutdown: Shutdown,
    ) {
        let mut tasks = TaskGroup::new();
        let mut discovery_runs = true;
        loop {
            let configs = self.configs.borrow_and_update().clone();
            let groups = targets.borrow_and_update().clone();
            self.apply(&configs, &groups, &mut tasks);
            tokio::select! {
                biased;
                () = shutdown.wait() => break,
                changed = self.configs.changed() => {
                    if changed.is_err() {
                        break;
                    }
                    self.shared.ingest.failures.reopen();
                }
                changed = targets.changed(), if discovery_runs => {
                    // What was found last stays when discovery is gone.
                    discovery_runs = changed.is_ok();
                }
            }
        }
        for pool in lock(&self.handle.pools).values_mut() {
            pool.stop(false);
        }
        tasks.drain(PATIENCE).await;
    }

    fn apply(&self, configs: &[Arc<ScrapeConfig>], groups: &TargetGroups, tasks: &mut TaskGroup) {
        let mut pools = lock(&self.handle.pools);
        pools.retain(|name, pool| {
            let stays = configs.iter().any(|config| config.job_name == *name);
            if !stays {
                pool.stop(true);
                self.forget_job(name);
            }
            stays
        });
        for config in configs {
            let pool = pools
                .entry(config.job_name.clone())
                .or_insert_with(|| ScrapePool::new(Arc::clone(config), &self.shared));
            if pool.config() != config {
                pool.reload(Arc::clone(config), &self.shared, tasks);
            }
            let found = groups
                .get(&config.job_name)
                .map_or(&[][..], |groups| groups);
            pool.sync(found, &self.shared, tasks);
        }
    }

    fn forget_job(&self, name: &str) {
        let instruments = &self.shared.ingest.instruments;
        instruments.pool_targets.remove(&[name]);
        instruments.target_limit.remove(&[name]);
        instruments.no_room.remove(&[name]);
        instruments.symbol_table_items.remove(&[name]);
        instruments.syncs.remove(&[name]);
        instruments.sync_failed.remove(&[name]);
        instruments.sync_length.remove(&[name]);
        instruments.sync_length_histogram.remove(&[name]);
    }
}

/// How long loops may take to end: a batch on its way into the store is let in.
const PATIENCE: Duration = Duration::from_secs(5);
