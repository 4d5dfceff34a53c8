//! Rules: read with the configuration, evaluated beside everything else.

mod shipped;

use std::sync::Arc;
use std::time::Duration;

use anyhow::anyhow;
use config::discovery::ServiceDiscovery;
use config::server::Config;
use exposition::Registry;
use host::pool::Pool;
use host::tasks::{TaskGroup, Trigger};
use host::{Clock, Fs};
use promql::Engine;
use rules::load::{self, LoadOptions};
use rules::notifier::{self, Notifier, NotifierConfig, NotifierHandle, NotifierOptions};
use rules::{
    Context, GroupDefaults, JournalOptions, Manager, ManagerHandle, QuerySource, RulesConfig,
    RulesOptions,
};
use tsdb::Db;

use super::Settings;
use super::configuration::environment;

/// What flags say about rules.
#[derive(Clone, Debug)]
pub(crate) struct RuleSettings {
    /// How long a server may have been down for pending alerts to be restored from their series.
    pub(crate) outage_tolerance: Duration,
    /// What is left at least of the hold duration of an alert that is restored so.
    pub(crate) grace_period: Duration,
    /// How long people are not told again of an alert that still fires.
    pub(crate) resend_delay: Duration,
    /// How many rules may be evaluated beside those that have their group's turn, if any.
    pub(crate) max_concurrent_evaluations: Option<usize>,
    /// Alerts that may wait for one Alertmanager.
    pub(crate) queue_capacity: usize,
    /// Alerts in one request at most.
    pub(crate) batch_size: usize,
    /// Whether alerts that wait are still sent at the end.
    pub(crate) drains_on_shutdown: bool,
    /// Where people reach this server; empty: under its host name and port.
    pub(crate) external_url: String,
    /// Whether the rules that ship inside the program are evaluated.
    pub(crate) with_shipped: bool,
}

impl Default for RuleSettings {
    /// Upstream's figures; no rules but those of the configuration.
    fn default() -> Self {
        Self {
            outage_tolerance: Duration::from_secs(60 * 60),
            grace_period: Duration::from_secs(10 * 60),
            resend_delay: Duration::from_secs(60),
            max_concurrent_evaluations: None,
            queue_capacity: 10_000,
            batch_size: 256,
            drains_on_shutdown: true,
            external_url: String::new(),
            with_shipped: false,
        }
    }
}

/// Running rules, and the notifier that hands their alerts over.
#[derive(Clone)]
pub(super) struct Alerting {
    pub(super) rules: ManagerHandle,
    pub(super) notifier: NotifierHandle,
    discovery: discovery::Handle,
}

impl Alerting {
    /// Takes another configuration and the rules that were read for it.
    pub(super) fn apply(&self, config: &Config, rules: RulesConfig) {
        self.notifier.reload(notifier_config(config));
        self.discovery.apply(alertmanagers(config));
        self.rules.reload(rules);
    }
}

fn notifier_config(config: &Config) -> NotifierConfig {
    NotifierConfig {
        external_labels: config.global.external_labels.clone(),
        alerting: config.alerting.clone(),
    }
}

/// Where the Alertmanagers of each entry are to be looked for.
fn alertmanagers(config: &Config) -> impl Iterator<Item = (String, &ServiceDiscovery)> {
    let entries = notifier::jobs(&config.alerting);
    entries.map(|(name, entry)| (name, &entry.service_discovery))
}

/// What rules need of the rest.
pub(super) struct Beside<'a> {
    pub(super) settings: &'a Settings,
    pub(super) engine: &'a Arc<Engine>,
    pub(super) db: &'a Arc<Db>,
    pub(super) fs: &'a Arc<dyn Fs>,
    pub(super) clock: &'a Arc<dyn Clock>,
    pub(super) registry: &'a Registry,
    pub(super) stop: &'a Trigger,
}

/// Reads the files of rules that a configuration names, and those that ship inside the program if
/// they are wanted.
///
/// # Errors
/// A file cannot be read or is wrong; every problem is named with its place.
pub(super) fn read(
    settings: &Settings,
    fs: &dyn Fs,
    config: &Config,
) -> anyhow::Result<RulesConfig> {
    let global = &config.global;
    let options = LoadOptions {
        parse: settings.engine.parse.clone(),
        scheme: global.metric_name_validation_scheme,
        ignore_unknown_keys: false,
    };
    let mut files = match settings.rules.with_shipped {
        true => shipped::files()?,
        false => Vec::new(),
    };
    let named = load::files(fs, &config.rule_files, &options);
    files.extend(named.map_err(|error| anyhow!("{error}"))?);
    let defaults = GroupDefaults {
        interval: global.evaluation_interval,
        query_offset: global.rule_query_offset,
        parse: settings.engine.parse.clone(),
    };
    Ok(RulesConfig {
        groups: rules::spec::groups(&files, &defaults),
        context: Context {
            external_labels: global.external_labels.clone(),
            external_url: external_url(settings),
        },
    })
}

/// Starts to evaluate. Reads the journal of alerts, which may take a moment.
///
/// # Errors
/// The operating system gives no threads.
pub(super) fn start(
    beside: &Beside<'_>,
    config: &Config,
    rules: RulesConfig,
    tasks: &mut TaskGroup,
) -> anyhow::Result<Alerting> {
    let settings = beside.settings;
    let flags = &settings.rules;
    let (notifier, discovery) = start_notifier(beside, config, tasks)?;
    let sender = notifier.clone();
    let manager = Manager::new(
        RulesOptions {
            source: QuerySource {
                engine: Arc::clone(beside.engine),
                storage: Arc::clone(beside.db) as Arc<dyn storage::Queryable>,
            },
            appendable: Arc::clone(beside.db) as Arc<dyn storage::Appendable>,
            pool: Arc::new(Pool::new("rules", settings.max_concurrency)?),
            clock: Arc::clone(beside.clock),
            registry: beside.registry.clone(),
            notify: Arc::new(move |alerts| sender.send(alerts)),
            resend_delay: flags.resend_delay,
            outage_tolerance: flags.outage_tolerance,
            grace_period: flags.grace_period,
            max_concurrent_evaluations: flags.max_concurrent_evaluations,
            journal: Some(JournalOptions {
                fs: Arc::clone(beside.fs),
                path: settings.storage.path.join("alerts.journal"),
                last_alive: last_sample(beside.db),
            }),
        },
        rules,
    );
    let handle = manager.handle();
    tasks.spawn(manager.run(beside.stop.shutdown()));
    Ok(Alerting {
        rules: handle,
        notifier,
        discovery,
    })
}

/// Starts to find Alertmanagers and to hand alerts over to them.
fn start_notifier(
    beside: &Beside<'_>,
    config: &Config,
    tasks: &mut TaskGroup,
) -> anyhow::Result<(NotifierHandle, discovery::Handle)> {
    let flags = &beside.settings.rules;
    let finding = discovery::World::new(
        Arc::clone(beside.fs),
        Arc::clone(beside.clock),
        Arc::new(Pool::new("notify", 1)?),
        beside.registry,
        environment,
    );
    let surroundings = finding.surroundings();
    let options = discovery::Options {
        name: "notify",
        ..discovery::Options::default()
    };
    let (finder, discovery) = discovery::Manager::new(options, finding);
    let options = NotifierOptions {
        queue_capacity: flags.queue_capacity,
        batch_size: flags.batch_size,
        drains_on_shutdown: flags.drains_on_shutdown,
        clock: Arc::clone(beside.clock),
        surroundings,
        registry: beside.registry.clone(),
    };
    let (notifier, handle) = Notifier::new(options, notifier_config(config));
    discovery.apply(alertmanagers(config));
    let targets = discovery.target_groups();
    tasks.spawn(finder.run(beside.stop.shutdown()));
    tasks.spawn(notifier.run(targets, beside.stop.shutdown()));
    Ok((handle, discovery))
}

/// Time of the latest sample, if there is one.
fn last_sample(db: &Db) -> Option<i64> {
    db.time_range().map(|range| range.max_time)
}

/// Where people reach this server, without a slash at the end.
fn external_url(settings: &Settings) -> String {
    let stated = settings.rules.external_url.trim_end_matches('/');
    if !stated.is_empty() {
        return stated.to_owned();
    }
    let address = settings.listen_addresses.first();
    let port = address.and_then(|address| address.rsplit(':').next());
    let hostname = host::kernel::kernel_name().node;
    format!("http://{hostname}:{}", port.unwrap_or_default())
}
