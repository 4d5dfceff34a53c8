//! The targets of one job and their loops.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use config::server::ScrapeConfig;
use host::tasks::TaskGroup;
use model::{Labels, TargetGroup};
use tokio::sync::watch;

use crate::discovered::PoolDiscovery;
use crate::dry_run::DryRun;
use crate::ingest::TargetMemory;
use crate::job::Job;
use crate::metadata::{self, TargetMetadata};
use crate::run::{Order, ScrapeLoop, Shared, lock};
use crate::status::{DroppedTarget, PoolStatus, ScrapeStatus, TargetStatus};
use crate::target::labels::{Outcome, discovered, populate};
use crate::target::{Target, TargetId};

/// One job: its settings, its targets, and one running loop for each of them.
pub(crate) struct ScrapePool {
    job: Arc<Job>,
    /// What discovery found last.
    groups: Arc<[TargetGroup]>,
    /// By all labels of the target.
    loops: HashMap<Labels, RunningLoop>,
    dropped: Vec<Labels>,
    dropped_count: usize,
}

struct RunningLoop {
    target: Arc<Target>,
    memory: Arc<Mutex<TargetMemory>>,
    orders: watch::Sender<Order>,
}

/// What target groups come to under a configuration.
struct Wanted {
    targets: Vec<Target>,
    dropped: Vec<Labels>,
    failures: u64,
}

impl ScrapePool {
    pub(crate) fn new(config: Arc<ScrapeConfig>, shared: &Shared) -> Self {
        let instruments = &shared.ingest.instruments;
        instruments.pools.inc();
        // Labels share no table here.
        let symbols = instruments.symbol_table_items.with(&[&config.job_name]);
        symbols.set(0.0);
        Self {
            job: Arc::new(Job::new(config, None, shared.limits)),
            groups: Arc::from([]),
            loops: HashMap::new(),
            dropped: Vec::new(),
            dropped_count: 0,
        }
    }

    pub(crate) fn config(&self) -> &Arc<ScrapeConfig> {
        &self.job.config
    }

    /// Takes other settings. Targets that stay the same keep loop and connection, and what is
    /// remembered of their pages as long as it still holds.
    pub(crate) fn reload(
        &mut self,
        config: Arc<ScrapeConfig>,
        shared: &Arc<Shared>,
        tasks: &mut TaskGroup,
    ) {
        let started = shared.ingest.clock.monotonic();
        let forced_error = self.job.forced_error.clone();
        self.set_job(Job::new(config, forced_error, shared.limits));
        let groups = Arc::clone(&self.groups);
        self.synchronize(groups, shared, tasks);
        let length = shared.ingest.clock.monotonic().saturating_sub(started);
        let interval = model::duration::format(self.job.config.scrape_interval);
        let instruments = &shared.ingest.instruments;
        let summary = instruments.reload_length.with(&[&interval]);
        summary.observe(length.as_secs_f64());
        instruments.pool_reloads.inc();
    }

    /// Takes the groups that discovery found, if they are others than before.
    pub(crate) fn sync(
        &mut self,
        groups: &[TargetGroup],
        shared: &Arc<Shared>,
        tasks: &mut TaskGroup,
    ) {
        if *self.groups != *groups {
            self.synchronize(Arc::from(groups), shared, tasks);
        }
    }

    /// Ends all loops. With `end_series`, the job is gone and its series end.
    pub(crate) fn stop(&mut self, end_series: bool) {
        for (_, running) in self.loops.drain() {
            let order = if end_series {
                Order::EndSeries(Arc::clone(&self.job))
            } else {
                Order::End
            };
            running.orders.send_replace(order);
        }
    }

    fn synchronize(
        &mut self,
        groups: Arc<[TargetGroup]>,
        shared: &Arc<Shared>,
        tasks: &mut TaskGroup,
    ) {
        let started = shared.ingest.clock.monotonic();
        let wanted = wanted(&groups, &self.job.config);
        self.groups = groups;
        self.keep_dropped(wanted.dropped);
        self.enforce_target_limit(wanted.targets.len(), shared);
        let mut before = std::mem::take(&mut self.loops);
        let mut others = Vec::new();
        for target in wanted.targets {
            match before.remove(&target.identity) {
                Some(running) if running.target.url == target.url => {
                    running.target.set_discovered(target.discovered());
                    self.loops.insert(target.identity.clone(), running);
                }
                Some(running) => others.push((target, Some(running))),
                None => others.push((target, None)),
            }
        }
        let mut gone = Leftovers::of(before);
        for (target, same) in others {
            let same = same.or_else(|| gone.take_same_series(&target.labels));
            let memory = same.map_or_else(Arc::default, |running| {
                running.orders.send_replace(Order::End);
                running.memory
            });
            let running = self.start(target, memory, shared, tasks);
            self.loops.insert(running.target.identity.clone(), running);
        }
        for gone in gone.by_labels.into_values().flatten() {
            gone.orders
                .send_replace(Order::EndSeries(Arc::clone(&self.job)));
        }
        let name = &self.job.config.job_name;
        let instruments = &shared.ingest.instruments;
        let length = shared.ingest.clock.monotonic().saturating_sub(started);
        instruments.sync_failed.with(&[name]).add(wanted.failures);
        instruments.syncs.with(&[name]).inc();
        let targets = instruments.pool_targets.with(&[name]);
        targets.set(self.loops.len() as f64);
        let sync_length = instruments.sync_length.with(&[name]);
        sync_length.observe(length.as_secs_f64());
        let histogram = instruments.sync_length_histogram.with(&[name]);
        histogram.observe(length.as_secs_f64());
    }

    fn start(
        &self,
        target: Target,
        memory: Arc<Mutex<TargetMemory>>,
        shared: &Arc<Shared>,
        tasks: &mut TaskGroup,
    ) -> RunningLoop {
        let running = RunningLoop {
            target: Arc::new(target),
            memory,
            orders: watch::Sender::new(Order::Scrape(Arc::clone(&self.job))),
        };
        let scrape_loop = ScrapeLoop {
            shared: Arc::clone(shared),
            target: Arc::clone(&running.target),
            memory: Arc::clone(&running.memory),
            orders: running.orders.subscribe(),
        };
        let lane = shared
            .lanes
            .lane(shared.offset(&running.target).beat_hash());
        tasks.spawn_on(lane, scrape_loop.run());
        running
    }

    fn set_job(&mut self, mut job: Job) {
        job.keep_outbound(&self.job);
        self.job = Arc::new(job);
        for running in self.loops.values() {
            running
                .orders
                .send_replace(Order::Scrape(Arc::clone(&self.job)));
        }
    }

    fn keep_dropped(&mut self, mut dropped: Vec<Labels>) {
        self.dropped_count = dropped.len();
        let limit = self
            .job
            .config
            .limits
            .keep_dropped_targets
            .or_built_in(None);
        let limit = limit.map_or(usize::MAX, |limit| {
            usize::try_from(limit).unwrap_or(usize::MAX)
        });
        dropped.truncate(limit);
        self.dropped = dropped;
    }

    /// Too many targets fail every scrape of the job, so that nobody overlooks it.
    fn enforce_target_limit(&mut self, count: usize, shared: &Shared) {
        let instruments = &shared.ingest.instruments;
        let config = &self.job.config;
        let limit = config.limits.target_limit.or_built_in(None);
        let gauge = instruments.target_limit.with(&[&config.job_name]);
        gauge.set(limit.unwrap_or_default() as f64);
        let exceeded = limit.filter(|limit| u64::try_from(count).unwrap_or(u64::MAX) > *limit);
        let error = exceeded.map(|limit| {
            instruments.exceeded_target_limit.inc();
            format!("target_limit exceeded (number of targets: {count}, limit: {limit})")
        });
        if error != self.job.forced_error {
            let config = Arc::clone(&self.job.config);
            self.set_job(Job::new(config, error, shared.limits));
        }
    }

    /// Adds how the targets stand.
    pub(crate) fn push_status(&self, status: &mut ScrapeStatus) {
        let pool = &self.job.config.job_name;
        let mut active: Vec<TargetStatus> = self
            .loops
            .values()
            .map(|running| target_status(&running.target, pool))
            .collect();
        active.sort_by(|a, b| {
            a.scrape_url
                .cmp(&b.scrape_url)
                .then_with(|| a.labels.cmp(&b.labels))
        });
        status.active.append(&mut active);
        status
            .dropped
            .extend(self.dropped.iter().map(|labels| DroppedTarget {
                discovered_labels: labels.clone(),
                scrape_pool: pool.clone(),
            }));
        status
            .dropped_counts
            .insert(pool.clone(), self.dropped_count);
    }

    /// The settings of the pool itself, and its numbers.
    pub(crate) fn pool_status(&self) -> PoolStatus {
        PoolStatus {
            config: Arc::clone(&self.job.config),
            targets: self.loops.len(),
            dropped: self.dropped_count,
            body_size_limit: self.job.limits.body_size,
            sample_limit: self.job.limits.samples,
        }
    }

    /// What discovery found, to be explained.
    pub(crate) fn discovery(&self) -> PoolDiscovery {
        PoolDiscovery::new(Arc::clone(&self.job.config), Arc::clone(&self.groups))
    }

    /// A fetch of the page of one target, if it is there.
    pub(crate) fn dry_run(&self, id: TargetId) -> Option<DryRun> {
        let mut loops = self.loops.values();
        let running = loops.find(|running| running.target.id() == id)?;
        Some(DryRun::new(Arc::clone(&running.target), &self.job))
    }

    /// Adds what the targets say about their metrics.
    pub(crate) fn push_metadata(&self, found: &mut Vec<TargetMetadata>) {
        found.extend(self.loops.values().map(|running| {
            let memory = lock(&running.memory);
            TargetMetadata {
                target: running.target.labels.clone(),
                metrics: metadata::of_page(&memory.cache, memory.format),
            }
        }));
    }

    /// Families that the targets tell about, and the bytes of what they say.
    pub(crate) fn metadata_size(&self) -> (usize, usize) {
        let sizes = self.loops.values();
        let sizes = sizes.map(|running| lock(&running.memory).cache.metadata_size());
        sizes.fold((0, 0), |sum, size| (sum.0 + size.0, sum.1 + size.1))
    }

    /// Bytes that the page caches take.
    pub(crate) fn cache_bytes(&self) -> usize {
        let bytes = |running: &RunningLoop| lock(&running.memory).cache.heap_bytes();
        self.loops.values().map(bytes).sum()
    }
}

/// Loops whose targets are not wanted any more.
struct Leftovers {
    /// By the labels that their series get.
    by_labels: HashMap<Labels, Vec<RunningLoop>>,
}

impl Leftovers {
    fn of(loops: HashMap<Labels, RunningLoop>) -> Self {
        let mut by_labels: HashMap<_, Vec<_>> = HashMap::new();
        for running in loops.into_values() {
            let labels = running.target.labels.clone();
            by_labels.entry(labels).or_default().push(running);
        }
        Self { by_labels }
    }

    /// A loop whose series have these labels: its target has another interval, timeout or path now.
    /// All that was remembered holds, and what the new target does not have ends with its first page.
    fn take_same_series(&mut self, labels: &Labels) -> Option<RunningLoop> {
        self.by_labels.get_mut(labels)?.pop()
    }
}

fn target_status(target: &Target, pool: &str) -> TargetStatus {
    let last = target.last_scrape();
    TargetStatus {
        id: target.id(),
        discovered_labels: target.discovered(),
        labels: target.labels.clone(),
        scrape_pool: pool.to_owned(),
        scrape_url: target.url.to_string(),
        last_error: last.error,
        last_warning: last.warning,
        last_scrape: last.started,
        last_scrape_duration: last.duration,
        last_size: last.size,
        health: last.health,
        scrape_interval: target.interval,
        scrape_timeout: target.timeout,
    }
}

/// Targets without repetitions, in the order found.
fn wanted(groups: &[TargetGroup], config: &ScrapeConfig) -> Wanted {
    let mut wanted = Wanted {
        targets: Vec::new(),
        dropped: Vec::new(),
        failures: 0,
    };
    for group in groups {
        for (index, found) in discovered(group).enumerate() {
            let populated = populate(&found, config);
            match populated.outcome {
                Ok(Outcome::Kept(kept)) => {
                    let target = Target::new(populated.discovered, &kept, &config.params);
                    wanted.targets.push(target);
                }
                Ok(Outcome::Dropped(_)) => wanted.dropped.push(populated.discovered),
                Err(error) => {
                    wanted.failures += 1;
                    let (job, source) = (&config.job_name, &group.source);
                    tracing::error!(job, source, index, %error, "creating target failed");
                }
            }
        }
    }
    let mut seen = std::collections::HashSet::new();
    wanted
        .targets
        .retain(|target| seen.insert(target.identity.clone()));
    wanted
}
