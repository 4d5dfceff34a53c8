//! All groups: follows the configuration, and runs one loop for each group.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use exposition::Registry;
use host::pool::Pool;
use host::tasks::{Shutdown, TaskGroup, Trigger};
use host::{Clock, Fs};
use storage::Appendable;
use tokio::sync::{oneshot, watch};

use crate::alerting::state::millis;
use crate::context::Context;
use crate::group::schedule::GroupLoop;
use crate::group::{Group, SharedGroup};
use crate::journal::{Journal, Live, RuleId};
use crate::query::QuerySource;
use crate::spec::{GroupKey, GroupSpec};
use crate::status::GroupStatus;
use crate::world::{Notify, World};

/// What rules need of the rest of the process.
#[derive(Clone)]
pub struct RulesOptions {
    /// Evaluates expressions.
    pub source: QuerySource,
    /// Where results go.
    pub appendable: Arc<dyn Appendable>,
    /// Threads for evaluation.
    pub pool: Arc<Pool>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Where our own numbers are shown.
    pub registry: Registry,
    /// Told of alerts.
    pub notify: Notify,
    /// How long people are not told again of an alert that still fires.
    pub resend_delay: Duration,
    /// How long a server may have been down for the state of its alerts to be restored from
    /// `ALERTS_FOR_STATE`.
    pub outage_tolerance: Duration,
    /// What is left at least of the hold duration of an alert that is restored so.
    pub grace_period: Duration,
    /// How many rules may be evaluated beside those that have their group's turn; none: the rules
    /// of a group are evaluated one by one.
    pub max_concurrent_evaluations: Option<usize>,
    /// Where the journal of alerts is, if there is to be one.
    pub journal: Option<JournalOptions>,
}

/// Where the journal of alerts is.
#[derive(Clone, Debug)]
pub struct JournalOptions {
    /// Files.
    pub fs: Arc<dyn Fs>,
    /// The file.
    pub path: PathBuf,
    /// When this server was alive last, in milliseconds since the Unix epoch: alerts are not taken
    /// as ended before as much time as it was down has passed again.
    pub last_alive: Option<i64>,
}

/// Everything that a configuration says about rules.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RulesConfig {
    /// All groups.
    pub groups: Vec<GroupSpec>,
    /// What all rules see of the server.
    pub context: Context,
}

/// Follows the configuration until it is told to end.
pub struct Manager {
    world: Arc<World>,
    configs: watch::Receiver<Arc<RulesConfig>>,
    handle: ManagerHandle,
    /// Alerts of before the start, until they have found their rules.
    before: Option<Before>,
    is_first: bool,
}

/// What was known before the start.
struct Before {
    live: Live,
    last_alive: Option<i64>,
}

/// Asks and tells a running [`Manager`]. Clones speak to the same one.
#[derive(Clone)]
pub struct ManagerHandle {
    groups: Arc<Mutex<BTreeMap<GroupKey, Running>>>,
    configs: watch::Sender<Arc<RulesConfig>>,
}

/// A group with its loop.
#[derive(Debug)]
struct Running {
    group: SharedGroup,
    stop: Trigger,
    ended: oneshot::Receiver<()>,
}

impl ManagerHandle {
    /// Takes another configuration.
    pub fn reload(&self, config: RulesConfig) {
        self.configs.send_replace(Arc::new(config));
    }

    /// How all groups stand, by file and name.
    pub fn status(&self) -> Vec<GroupStatus> {
        let groups = self.shared_groups();
        groups.iter().map(|group| GroupStatus::of(group)).collect()
    }

    fn shared_groups(&self) -> Vec<SharedGroup> {
        let groups = self.groups();
        groups
            .values()
            .map(|running| Arc::clone(&running.group))
            .collect()
    }

    fn groups(&self) -> MutexGuard<'_, BTreeMap<GroupKey, Running>> {
        self.groups.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Manager {
    /// A manager of these groups. Nothing is evaluated before [`run`](Self::run). Reads the journal
    /// of alerts, so it may block.
    pub fn new(options: RulesOptions, config: RulesConfig) -> Self {
        let opened = options.journal.clone().map(|journal| {
            let (file, live) = Journal::open(journal.fs, &journal.path, &options.registry);
            let last_alive = journal.last_alive;
            (file, live.map(|live| Before { live, last_alive }))
        });
        let (journal, before) = opened.unzip();
        let configs = watch::Sender::new(Arc::new(config));
        Self {
            world: Arc::new(World::new(options, journal)),
            configs: configs.subscribe(),
            handle: ManagerHandle {
                groups: Arc::default(),
                configs,
            },
            before: before.flatten(),
            is_first: true,
        }
    }

    /// The other end of this manager.
    pub fn handle(&self) -> ManagerHandle {
        self.handle.clone()
    }

    /// Evaluates the groups until it is time to end. Ends its loops before it returns.
    pub async fn run(mut self, mut shutdown: Shutdown) {
        let mut tasks = TaskGroup::new();
        let mut sync = tokio::time::interval(SYNC_INTERVAL);
        sync.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            if self.is_first || self.configs.has_changed().unwrap_or(false) {
                let config = Arc::clone(&self.configs.borrow_and_update());
                self.apply(&config, &mut tasks);
            }
            tokio::select! {
                biased;
                () = shutdown.wait() => break,
                changed = self.configs.changed() => if changed.is_err() {
                    break;
                } else {
                    self.configs.mark_changed();
                },
                _ = sync.tick() => self.sync_journal().await,
            }
        }
        for running in self.handle.groups().values() {
            running.stop.pull();
        }
        tasks.drain(PATIENCE).await;
        self.sync_journal().await;
    }

    async fn sync_journal(&self) {
        if self.world.journal.is_none() {
            return;
        }
        let world = Arc::clone(&self.world);
        let sync = move || world.journal.as_ref().map(Journal::sync);
        // A panic is in the log already.
        let _panicked = self.world.pool.run(sync).await;
    }

    fn apply(&mut self, config: &RulesConfig, tasks: &mut TaskGroup) {
        self.world.set_context(Arc::new(config.context.clone()));
        let handle = self.handle.clone();
        let mut groups = handle.groups();
        let gone = |key: &GroupKey| config.groups.iter().all(|spec| spec.key != *key);
        let gone: Vec<GroupKey> = groups.keys().filter(|key| gone(key)).cloned().collect();
        for key in gone {
            if let Some(running) = groups.remove(&key) {
                self.end(running, tasks);
            }
        }
        for spec in &config.groups {
            if groups
                .get(&spec.key)
                .is_some_and(|running| running.group.spec == *spec)
            {
                continue;
            }
            let before = groups.remove(&spec.key);
            let running = self.begin(spec.clone(), before, tasks);
            groups.insert(spec.key.clone(), running);
        }
        if let Some(journal) = &self.world.journal {
            let groups = groups.values().map(|running| &running.group);
            let ids = groups.flat_map(|group| (0..group.rules.len()).map(|i| RuleId::of(group, i)));
            let ids: std::collections::BTreeSet<RuleId> = ids.collect();
            journal.retain(|rule| ids.contains(rule));
        }
        self.is_first = false;
        self.before = None;
    }

    /// Starts the loop of a group that is new or has changed.
    fn begin(&self, spec: GroupSpec, before: Option<Running>, tasks: &mut TaskGroup) -> Running {
        self.world.instruments.begin(&spec);
        let group = Arc::new(Group::new(spec));
        let restores = self.is_first && self.before.is_none();
        match &self.before {
            Some(known) => self.restore(&group, known),
            None if !restores => group.set_restored(),
            None => {}
        }
        let stop = Trigger::new();
        let (ended_sender, ended) = oneshot::channel();
        let looping = GroupLoop {
            group: Arc::clone(&group),
            world: Arc::clone(&self.world),
            stop: stop.shutdown(),
            restores,
        };
        tasks.spawn(async move {
            if let Some(before) = before {
                before.stop.pull();
                // An error means that its loop has ended otherwise.
                drop(before.ended.await);
                looping.group.take_over(&before.group);
            }
            looping.run().await;
            // Nobody may be waiting.
            let _told = ended_sender.send(());
        });
        Running { group, stop, ended }
    }

    /// Ends the loop of a group that is gone. Its series are marked as ended after two intervals, so
    /// that a rule which was only moved to another group can go on writing them.
    fn end(&self, running: Running, tasks: &mut TaskGroup) {
        running.stop.pull();
        self.world
            .instruments
            .forget(&running.group.spec.key.text());
        let world = Arc::clone(&self.world);
        tasks.spawn(async move {
            // An error means that the loop has ended otherwise.
            drop(running.ended.await);
            let time = world.clock.now_millis();
            tokio::time::sleep(2 * running.group.spec.interval).await;
            let pool = Arc::clone(&world.pool);
            let mark = move || running.group.mark_all_stale(&world, time);
            // A panic is in the log already.
            let _panicked = pool.run(mark).await;
        });
    }

    /// Gives a group the alerts that it had before the start.
    fn restore(&self, group: &Group, before: &Before) {
        let now = self.world.clock.now_millis();
        let down = before.last_alive.map_or(MAX_HOLD, |alive| now - alive);
        let interval = millis(group.spec.interval);
        let hold_until = now + down.clamp(0, MAX_HOLD) + 2 * interval;
        for (index, rule) in group.rules.iter().enumerate() {
            let mut alerts = rule.alerts();
            alerts.is_restored = true;
            let Some(entries) = before.live.get(&RuleId::of(group, index)) else {
                continue;
            };
            alerts.hold_until = hold_until;
            let known = entries.iter();
            alerts.active = known
                .map(|(labels, entry)| (labels.clone(), entry.to_alert()))
                .collect();
        }
    }
}

impl fmt::Debug for RulesOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RulesOptions").finish_non_exhaustive()
    }
}

impl fmt::Debug for Manager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Manager").finish_non_exhaustive()
    }
}

impl fmt::Debug for ManagerHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManagerHandle").finish_non_exhaustive()
    }
}

/// How long loops may take to end: an evaluation on its way is let through.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often the journal is made durable.
const SYNC_INTERVAL: Duration = Duration::from_secs(1);
/// Longest time, in milliseconds, that restored alerts are held because the server was down: what
/// instant selectors look back.
const MAX_HOLD: i64 = 5 * 60 * 1000;
