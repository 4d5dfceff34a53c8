//! Services of a Consul catalog: queries that the agent answers when something has changed.

mod health;
#[cfg(test)]
mod tests;
mod watch;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use config::Secret;
use config::discovery::ConsulDiscovery;
use config::http::{BasicAuth, Credentials, Source};
use host::Clock;
use host::tasks::TaskGroup;
use model::TargetGroup;
use serde::Deserialize;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep, sleep_until};

use super::Found;
use crate::api::{Answer, Api, Ask, query};
use crate::metrics::ConsulMetrics;
use crate::refresh::RefreshError;
use watch::{Place, ServiceWatch};

/// Follows the services of one `consul_sd_configs` entry.
#[derive(Debug)]
pub(crate) struct ConsulProvider {
    discovery: Arc<ConsulDiscovery>,
    api: Api,
    metrics: ConsulMetrics,
    clock: Arc<dyn Clock>,
}

/// What a watched service tells.
#[derive(Debug)]
struct Told {
    service: String,
    group: Result<TargetGroup, RefreshError>,
}

/// A service that is watched; dropping it ends the watch.
#[derive(Debug)]
struct Watched {
    group: Option<TargetGroup>,
    _end: oneshot::Sender<()>,
}

#[derive(Deserialize)]
struct Agent {
    #[serde(rename = "Config")]
    config: AgentConfig,
}

#[derive(Deserialize)]
struct AgentConfig {
    #[serde(rename = "Datacenter")]
    datacenter: String,
}

impl ConsulProvider {
    pub(crate) fn new(
        discovery: ConsulDiscovery,
        api: Api,
        metrics: ConsulMetrics,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            discovery: Arc::new(discovery),
            api,
            metrics,
            clock,
        }
    }

    /// The client of an entry: an answer may take as long as the agent is asked to wait.
    pub(crate) fn api(discovery: &ConsulDiscovery) -> Api {
        let mut http = discovery.http.clone();
        let has_user = !discovery.username.is_empty() || !discovery.password.is_empty();
        if has_user && http.credentials == Credentials::None {
            http.credentials = Credentials::Basic(BasicAuth {
                username: Source::Inline(Secret::new(&discovery.username)),
                password: Source::Inline(discovery.password.clone()),
            });
        }
        Api::new(&http, WATCH_TIMEOUT + Duration::from_secs(15))
    }

    /// Follows the catalog, and tells what its services are each time it differs from before.
    pub(crate) async fn run(self, found: Found) {
        tokio::select! {
            () = Box::pin(self.follow(&found)) => {}
            () = found.unwanted() => {}
        }
    }

    async fn follow(&self, found: &Found) {
        let datacenter = self.datacenter(found).await;
        let (tell, mut told) = mpsc::channel(TOLD_AT_ONCE);
        let mut watched: HashMap<String, Watched> = HashMap::new();
        let mut tasks = TaskGroup::new();
        let mut start = |watched: &mut HashMap<String, Watched>, name: &str| {
            let (end, ended) = oneshot::channel();
            let watch = ServiceWatch::new(self, name, &datacenter);
            tasks.spawn(watch.run(tell.clone(), ended));
            let fresh = Watched {
                group: None,
                _end: end,
            };
            watched.insert(name.to_owned(), fresh);
        };
        let names_are_known = !self.discovery.services.is_empty() && self.discovery.tags.is_empty();
        if names_are_known {
            for name in &self.discovery.services {
                start(&mut watched, name);
            }
        }
        let mut place = Place::default();
        let mut next = Instant::now();
        loop {
            tokio::select! {
                Some(told) = told.recv() => {
                    match told.group {
                        Ok(group) => {
                            if let Some(service) = watched.get_mut(&told.service) {
                                service.group = Some(group);
                                tell_all(found, &watched);
                            }
                        }
                        Err(error) => found.fail(&error),
                    }
                }
                services = self.wait_for_services(next, &mut place), if !names_are_known => {
                    next = Instant::now() + self.discovery.refresh_interval;
                    match services {
                        Ok(None) => {}
                        Ok(Some(services)) => {
                            watched.retain(|name, _| services.contains_key(name));
                            for (name, tags) in &services {
                                if self.wants(name, tags) && !watched.contains_key(name) {
                                    start(&mut watched, name);
                                }
                            }
                            tell_all(found, &watched);
                        }
                        Err(error) => {
                            found.fail(&error);
                            next = Instant::now() + RETRY_INTERVAL;
                        }
                    }
                }
            }
        }
    }

    /// The datacenter of the entry, else that of the agent.
    async fn datacenter(&self, found: &Found) -> String {
        loop {
            if !self.discovery.datacenter.is_empty() {
                return self.discovery.datacenter.clone();
            }
            let ask = self.ask(&self.url("agent/self", &[]));
            let answer = self.api.ask(ask).await.and_then(Answer::ok);
            let agent =
                answer.and_then(|answer| Ok(serde_json::from_slice::<Agent>(&answer.body)?));
            match agent {
                Ok(agent) => return agent.config.datacenter,
                Err(error) => {
                    self.metrics.failures.inc();
                    found.fail(&error.during("retrieving datacenter name"));
                    sleep(RETRY_INTERVAL).await;
                }
            }
        }
    }

    /// From `next` on, waits until the catalog has changed; nothing if it has not for a long time.
    async fn wait_for_services(
        &self,
        next: Instant,
        place: &mut Place,
    ) -> Result<Option<BTreeMap<String, Vec<String>>>, RefreshError> {
        sleep_until(next).await;
        let mut pairs = self.query_pairs(place);
        if !self.discovery.filter.is_empty() {
            pairs.push(("filter", self.discovery.filter.clone()));
        }
        let started = self.clock.monotonic();
        let ask = self.ask(&self.url("catalog/services", &pairs));
        let answer = self.api.ask(ask).await.and_then(Answer::ok);
        let took = self.clock.monotonic().saturating_sub(started);
        self.metrics.services_seconds.observe(took.as_secs_f64());
        let answer = answer.inspect_err(|_| self.metrics.failures.inc())?;
        if !place.moves_to(&answer) {
            return Ok(None);
        }
        Ok(Some(serde_json::from_slice(&answer.body)?))
    }

    fn wants(&self, name: &str, tags: &[String]) -> bool {
        let services = &self.discovery.services;
        let wanted_tags = &self.discovery.tags;
        (services.is_empty() || services.iter().any(|service| service == name))
            && wanted_tags.iter().all(|tag| tags.contains(tag))
    }

    /// What every query says: how long to wait, from where on, and where to look.
    fn query_pairs(&self, place: &Place) -> Vec<(&'static str, String)> {
        let discovery = &self.discovery;
        let mut pairs = Vec::new();
        let texts = [
            ("ns", &discovery.namespace),
            ("partition", &discovery.partition),
            ("dc", &discovery.datacenter),
        ];
        for (name, value) in texts {
            if !value.is_empty() {
                pairs.push((name, value.clone()));
            }
        }
        if discovery.allow_stale {
            pairs.push(("stale", String::new()));
        }
        if place.index > 0 {
            pairs.push(("index", place.index.to_string()));
        }
        pairs.push(("wait", format!("{}ms", WATCH_TIMEOUT.as_millis())));
        for (key, value) in &discovery.node_meta {
            pairs.push(("node-meta", format!("{key}:{value}")));
        }
        pairs
    }

    fn url(&self, path: &str, pairs: &[(&'static str, String)]) -> String {
        let ConsulDiscovery {
            scheme,
            server,
            path_prefix,
            ..
        } = &*self.discovery;
        // A server may be written with its scheme, too.
        let base = if server.contains("://") {
            server.clone()
        } else {
            format!("{scheme}://{server}")
        };
        let prefix = path_prefix.trim_matches('/');
        let slash = if prefix.is_empty() { "" } else { "/" };
        format!(
            "{}{slash}{prefix}/v1/{path}{}",
            base.trim_end_matches('/'),
            query::of(pairs)
        )
    }

    fn ask(&self, url: &str) -> Ask {
        let ask = Ask::get(url);
        if self.discovery.token.is_empty() {
            return ask;
        }
        ask.header("x-consul-token", self.discovery.token.expose())
    }
}

/// Tells the groups of all services, in the order of their names.
fn tell_all(found: &Found, watched: &HashMap<String, Watched>) {
    let mut groups: Vec<TargetGroup> = watched
        .values()
        .filter_map(|service| service.group.clone())
        .collect();
    groups.sort_by(|one, other| one.source.cmp(&other.source));
    found.tell(groups);
}

/// How long the agent is asked to wait for a change.
const WATCH_TIMEOUT: Duration = Duration::from_secs(120);
/// Pause after an error.
const RETRY_INTERVAL: Duration = Duration::from_secs(15);
/// Services that may tell something while the provider is busy; the others wait for a moment.
const TOLD_AT_ONCE: usize = 64;
