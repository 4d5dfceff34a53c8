//! Follows one service: asks again as soon as the agent has answered, from where it answered on.

use std::sync::Arc;

use model::{Labels, TargetGroup};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep, sleep_until};

use super::health::{self, Entry};
use super::{Answer, ConsulProvider, RETRY_INTERVAL, RefreshError, Told};
use crate::api::query;

/// How far the answers of a query have come.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Place {
    pub(super) index: u64,
}

impl Place {
    /// Takes over the index of an answer. False if it is the one that we had, so that nothing has
    /// changed.
    pub(super) fn moves_to(&mut self, answer: &Answer) -> bool {
        let index = answer.header("x-consul-index");
        let index = index.and_then(|index| index.parse().ok()).unwrap_or(0);
        if index != 0 && index == self.index {
            return false;
        }
        // One that goes back means that the server has begun anew.
        self.index = if index < self.index { 0 } else { index };
        true
    }
}

/// Follows one service.
#[derive(Debug)]
pub(super) struct ServiceWatch {
    provider: Arc<ConsulProvider>,
    name: String,
    labels: Labels,
}

impl ServiceWatch {
    pub(super) fn new(provider: &ConsulProvider, name: &str, datacenter: &str) -> Self {
        let provider = ConsulProvider {
            discovery: Arc::clone(&provider.discovery),
            api: provider.api.clone(),
            metrics: provider.metrics.clone(),
            clock: Arc::clone(&provider.clock),
        };
        Self {
            provider: Arc::new(provider),
            name: name.to_owned(),
            labels: Labels::from_pairs([
                ("__meta_consul_service", name),
                ("__meta_consul_dc", datacenter),
            ]),
        }
    }

    pub(super) async fn run(self, tell: mpsc::Sender<Told>, ended: oneshot::Receiver<()>) {
        tokio::select! {
            () = Box::pin(self.follow(tell)) => {}
            // The other end is never used, only dropped.
            _dropped = ended => {}
        }
    }

    async fn follow(&self, tell: mpsc::Sender<Told>) {
        let mut place = Place::default();
        loop {
            let next = Instant::now() + self.provider.discovery.refresh_interval;
            let group = match self.ask(&mut place).await {
                Ok(None) => None,
                Ok(Some(group)) => Some(Ok(group)),
                Err(error) => {
                    self.provider.metrics.failures.inc();
                    Some(Err(error.during("refreshing service")))
                }
            };
            let has_failed = matches!(group, Some(Err(_)));
            if let Some(group) = group {
                let service = self.name.clone();
                if tell.send(Told { service, group }).await.is_err() {
                    return;
                }
            }
            if has_failed {
                sleep(RETRY_INTERVAL).await;
            } else {
                sleep_until(next).await;
            }
        }
    }

    /// The group of the service, if it has changed.
    async fn ask(&self, place: &mut Place) -> Result<Option<TargetGroup>, RefreshError> {
        let provider = &self.provider;
        let mut pairs = provider.query_pairs(place);
        let tags = provider.discovery.tags.iter();
        pairs.extend(tags.map(|tag| ("tag", tag.clone())));
        if !provider.discovery.health_filter.is_empty() {
            pairs.push(("filter", provider.discovery.health_filter.clone()));
        }
        let path = format!("health/service/{}", query::escaped(&self.name));
        let started = provider.clock.monotonic();
        let ask = provider.ask(&provider.url(&path, &pairs));
        let answer = provider.api.ask(ask).await.and_then(Answer::ok);
        let took = provider.clock.monotonic().saturating_sub(started);
        provider.metrics.service_seconds.observe(took.as_secs_f64());
        let answer = answer?;
        if !place.moves_to(&answer) {
            return Ok(None);
        }
        let entries: Vec<Entry> = serde_json::from_slice(&answer.body)?;
        let separator = &provider.discovery.tag_separator;
        Ok(Some(TargetGroup {
            source: self.name.clone(),
            targets: entries
                .iter()
                .map(|entry| health::target(entry, separator))
                .collect(),
            labels: self.labels.clone(),
        }))
    }
}
