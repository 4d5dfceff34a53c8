//! Hands alerts over to Alertmanagers: each has a bounded queue and a loop of its own, so that a
//! slow or absent one holds up nobody.

mod addresses;
mod instruments;
mod queue;
mod send_loop;
mod wire;

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use config::server::{AlertingConfig, AlertmanagerConfig};
use exposition::Registry;
use host::Clock;
use host::net::Client;
use host::net::aws::{Signer, Surroundings};
use host::tasks::{Shutdown, TaskGroup, Trigger};
use model::{Alert, Labels, LabelsBuilder, RelabelRule, TargetGroup, TargetGroups, relabel};
use tokio::sync::watch;

use addresses::{Address, addresses};
use instruments::Instruments;
use queue::Queue;
use send_loop::SendLoop;

/// What handing over needs of the rest of the process.
#[derive(Clone)]
pub struct NotifierOptions {
    /// Alerts that may wait for one Alertmanager; more push the oldest out.
    pub queue_capacity: usize,
    /// Alerts in one request at most.
    pub batch_size: usize,
    /// Whether what waits is still sent at the end.
    pub drains_on_shutdown: bool,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Where credentials of those who want signed requests are looked for.
    pub surroundings: Surroundings,
    /// Where our own numbers are shown.
    pub registry: Registry,
}

/// What a configuration says about handing over.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NotifierConfig {
    /// Labels that alerts get, unless they have them.
    pub external_labels: Labels,
    /// Who gets alerts, and what becomes of them on the way.
    pub alerting: AlertingConfig,
}

/// Alertmanagers that are known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Alertmanagers {
    /// Addresses that alerts are sent to.
    pub active: Vec<String>,
    /// Addresses that relabeling has dropped.
    pub dropped: Vec<String>,
}

/// Follows the configuration and what discovery finds until it is told to end.
pub struct Notifier {
    shared: Arc<Shared>,
    configs: watch::Receiver<Arc<NotifierConfig>>,
}

/// Takes alerts. Clones speak to the same notifier.
#[derive(Clone)]
pub struct NotifierHandle {
    shared: Arc<Shared>,
    configs: watch::Sender<Arc<NotifierConfig>>,
}

struct Shared {
    options: NotifierOptions,
    instruments: Instruments,
    state: RwLock<State>,
}

#[derive(Default)]
struct State {
    external_labels: Labels,
    relabel: Vec<RelabelRule>,
    sets: BTreeMap<String, Set>,
}

/// One entry of `alertmanagers`, with those that it means.
struct Set {
    config: AlertmanagerConfig,
    client: Client,
    active: BTreeMap<String, Arc<Queue>>,
    dropped: Vec<String>,
    /// Alerts that came before discovery has said which Alertmanagers there are; none once it has.
    early: Mutex<Option<VecDeque<Arc<Alert>>>>,
}

impl Set {
    fn new(config: &AlertmanagerConfig, surroundings: &Surroundings) -> Self {
        let client = match &config.sigv4 {
            None => Client::new(&config.http),
            Some(signing) => {
                let signer = Signer::new(signing, surroundings.clone());
                Client::signed(&config.http, Arc::new(signer))
            }
        };
        Self {
            client,
            config: config.clone(),
            active: BTreeMap::new(),
            dropped: Vec::new(),
            early: Mutex::new(Some(VecDeque::new())),
        }
    }

    /// Queues alerts for each Alertmanager, or keeps the newest of them until it is known which there
    /// are: at a start nobody would be told again before the resend delay is over.
    fn push(&self, alerts: &[Arc<Alert>], capacity: usize) {
        for queue in self.active.values() {
            queue.push(alerts);
        }
        let mut early = self.early.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(early) = &mut *early else { return };
        early.extend(alerts.iter().cloned());
        let count = early.len().saturating_sub(capacity);
        if count > 0 {
            early.drain(..count);
            tracing::warn!(count, "no alertmanager is known yet, dropping alerts");
        }
    }

    /// Discovery has said which Alertmanagers there are: what has waited for that.
    fn take_early(&mut self) -> Vec<Arc<Alert>> {
        let early = self.early.get_mut().unwrap_or_else(PoisonError::into_inner);
        early.take().into_iter().flatten().collect()
    }
}

impl NotifierHandle {
    /// Queues alerts for all Alertmanagers. Does not block.
    pub fn send(&self, alerts: Vec<Alert>) {
        let state = self.shared.state();
        let alerts = relabelled(alerts, &state.external_labels, &state.relabel);
        let alerts: Vec<Arc<Alert>> = alerts.map(Arc::new).collect();
        for set in state.sets.values() {
            let rules = &set.config.alert_relabel_configs;
            let of_set: Vec<Arc<Alert>> = match rules.is_empty() {
                true => alerts.clone(),
                false => {
                    let alerts = alerts.iter().map(|alert| Alert::clone(alert)).collect();
                    relabelled(alerts, &Labels::empty(), rules)
                        .map(Arc::new)
                        .collect()
                }
            };
            set.push(&of_set, self.shared.options.queue_capacity);
        }
    }

    /// Takes another configuration.
    pub fn reload(&self, config: NotifierConfig) {
        self.configs.send_replace(Arc::new(config));
    }

    /// The Alertmanagers that are known.
    pub fn alertmanagers(&self) -> Alertmanagers {
        let state = self.shared.state();
        let mut known = Alertmanagers::default();
        for set in state.sets.values() {
            known.active.extend(set.active.keys().cloned());
            known.dropped.extend(set.dropped.iter().cloned());
        }
        known
    }
}

/// The alerts that the rules keep, with the external labels that they have not.
fn relabelled<'a>(
    alerts: Vec<Alert>,
    external_labels: &'a Labels,
    rules: &'a [RelabelRule],
) -> impl Iterator<Item = Alert> + 'a {
    let mut builder = LabelsBuilder::new();
    alerts.into_iter().filter_map(move |mut alert| {
        builder.reset(&alert.labels);
        for (name, value) in external_labels {
            if alert.labels.get(name).is_none() {
                builder.set(name, value);
            }
        }
        if !relabel::apply(rules, &mut builder) {
            return None;
        }
        alert.labels = builder.build();
        Some(alert)
    })
}

impl Notifier {
    /// A notifier under this configuration, and the handle that takes alerts. They wait until
    /// [`run`](Self::run) is told which Alertmanagers there are.
    pub fn new(options: NotifierOptions, config: NotifierConfig) -> (Self, NotifierHandle) {
        let instruments = Instruments::new(&options.registry);
        let capacity = options.queue_capacity as f64;
        instruments.queue_capacity.set(capacity);
        let shared = Arc::new(Shared {
            options,
            instruments,
            state: RwLock::default(),
        });
        shared.configure(&config);
        let configs = watch::Sender::new(Arc::new(config));
        let notifier = Self {
            shared: Arc::clone(&shared),
            configs: configs.subscribe(),
        };
        (notifier, NotifierHandle { shared, configs })
    }

    /// Sends alerts to the Alertmanagers in `targets`, under the names that
    /// [`jobs`] gives their entries, until it is time to end.
    pub async fn run(
        mut self,
        mut targets: watch::Receiver<Arc<TargetGroups>>,
        mut shutdown: Shutdown,
    ) {
        let stop = Trigger::new();
        let mut tasks = TaskGroup::new();
        let mut discovery_runs = true;
        loop {
            let config = Arc::clone(&self.configs.borrow_and_update());
            let groups = Arc::clone(&targets.borrow_and_update());
            self.shared.configure(&config);
            self.shared.sync(&groups, &stop, &mut tasks);
            tokio::select! {
                biased;
                () = shutdown.wait() => break,
                changed = self.configs.changed() => if changed.is_err() {
                    break;
                },
                changed = targets.changed(), if discovery_runs => {
                    // What was found last stays when discovery is gone.
                    discovery_runs = changed.is_ok();
                }
            }
        }
        // Rules that are being evaluated may still bring alerts.
        tokio::time::sleep(LAST_ALERTS).await;
        stop.pull();
        tasks.drain(PATIENCE).await;
    }
}

/// The entries of `alertmanagers` under the names by which their targets are found.
pub fn jobs(alerting: &AlertingConfig) -> impl Iterator<Item = (String, &AlertmanagerConfig)> {
    let entries = alerting.alertmanagers.iter().enumerate();
    entries.map(|(index, config)| (format!("config-{index}"), config))
}

impl Shared {
    fn state(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn state_mut(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a configuration over. Entries that stay the same keep their Alertmanagers.
    fn configure(&self, config: &NotifierConfig) {
        let mut state = self.state_mut();
        state.external_labels = config.external_labels.clone();
        state
            .relabel
            .clone_from(&config.alerting.alert_relabel_configs);
        let mut before: Vec<Set> = std::mem::take(&mut state.sets).into_values().collect();
        for (job, wanted) in jobs(&config.alerting) {
            let same = before.iter().position(|set| set.config == *wanted);
            let set = match same {
                Some(index) => before.swap_remove(index),
                None => Set::new(wanted, &self.options.surroundings),
            };
            state.sets.insert(job, set);
        }
        before
            .iter()
            .flat_map(|set| set.active.values())
            .for_each(|queue| queue.close());
        self.count(&state);
    }

    /// Takes over what discovery has found.
    fn sync(&self, groups: &TargetGroups, stop: &Trigger, tasks: &mut TaskGroup) {
        let mut state = self.state_mut();
        for (job, set) in &mut state.sets {
            let Some(found) = groups.get(job) else {
                continue;
            };
            self.sync_set(set, found, stop, tasks);
        }
        self.count(&state);
    }

    fn sync_set(
        &self,
        set: &mut Set,
        found: &[TargetGroup],
        stop: &Trigger,
        tasks: &mut TaskGroup,
    ) {
        let found = addresses(found, &set.config);
        set.dropped = found.dropped;
        set.active.retain(|url, queue| {
            let stays = found.active.iter().any(|address| address.url == *url);
            if !stays {
                queue.close();
            }
            stays
        });
        let early = set.take_early();
        for Address { url, target } in found.active {
            if set.active.contains_key(&url) {
                continue;
            }
            let queue = Arc::new(Queue::new(
                &url,
                self.options.queue_capacity,
                &self.instruments,
            ));
            let looping = SendLoop {
                queue: Arc::clone(&queue),
                client: set.client.clone(),
                target,
                timeout: set.config.timeout,
                batch_size: self.options.batch_size.max(1),
                drains: self.options.drains_on_shutdown,
                clock: Arc::clone(&self.options.clock),
                instruments: self.instruments.of(&url),
            };
            queue.push(&early);
            tasks.spawn(looping.run(stop.shutdown()));
            set.active.insert(url, queue);
        }
    }

    fn count(&self, state: &State) {
        let known = state
            .sets
            .values()
            .map(|set| set.active.len())
            .sum::<usize>();
        self.instruments.discovered.set(known as f64);
    }
}

impl fmt::Debug for NotifierOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NotifierOptions").finish_non_exhaustive()
    }
}

impl fmt::Debug for Notifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notifier").finish_non_exhaustive()
    }
}

impl fmt::Debug for NotifierHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NotifierHandle").finish_non_exhaustive()
    }
}

/// How long the last evaluations may still bring alerts at the end.
const LAST_ALERTS: Duration = Duration::from_millis(100);
/// How long what waits may take to be sent at the end.
const PATIENCE: Duration = Duration::from_secs(8);

#[cfg(test)]
mod tests {
    use model::RelabelSpec;
    use model::label::NameValidationScheme;

    use super::*;

    #[test]
    fn alerts_get_external_labels_and_are_relabelled() {
        let alert = |pairs: &[(&str, &str)]| Alert {
            labels: Labels::from_pairs(pairs.iter().copied()),
            ..Alert::default()
        };
        let drop = RelabelSpec {
            source_labels: vec!["alertname".to_owned()],
            regex: "Quiet".to_owned(),
            action: "drop".parse().unwrap(),
            ..RelabelSpec::default()
        };
        let rules = [RelabelRule::new(drop, NameValidationScheme::Utf8).unwrap()];
        let external = Labels::from_pairs([("dc", "north"), ("team", "a")]);
        let alerts = vec![
            alert(&[("alertname", "Loud"), ("team", "b")]),
            alert(&[("alertname", "Quiet")]),
        ];
        let got: Vec<Alert> = relabelled(alerts, &external, &rules).collect();
        let want = alert(&[("alertname", "Loud"), ("dc", "north"), ("team", "b")]);
        assert_eq!(got, [want]);
    }
}
