//! The mechanisms that find targets: a closed set.

mod azure;
mod consul;
mod dns;
mod docker;
mod dockerswarm;
mod ec2;
mod eureka;
mod file;
mod gce;
mod http;
mod nomad;
mod puppetdb;
#[cfg(test)]
pub(crate) mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use config::discovery::{Discovery, Ec2Discovery};
use config::http::HttpClientConfig;
use host::Clock;
use model::TargetGroup;
use tokio::sync::{mpsc, watch};

use crate::api::Api;
use crate::refresh::RefreshError;
use crate::world::World;

pub(crate) use consul::ConsulProvider;
pub(crate) use file::FileProvider;

/// A mechanism that is asked from time to time.
#[derive(Debug)]
pub(crate) enum Refresher {
    Azure(Box<azure::AzureProvider>),
    Dns(dns::DnsProvider),
    Docker(docker::DockerProvider),
    DockerSwarm(dockerswarm::DockerSwarmProvider),
    Ec2(ec2::Ec2Provider),
    Eureka(eureka::EurekaProvider),
    Gce(gce::GceProvider),
    Http(http::HttpProvider),
    Nomad(nomad::NomadProvider),
    PuppetDb(puppetdb::PuppetDbProvider),
}

impl Refresher {
    /// Asks for the groups as they are now.
    ///
    /// # Errors
    /// There is no answer, or it cannot be understood; what was found before still counts.
    pub(crate) async fn refresh(&mut self, api: &Api) -> Result<Refreshed, RefreshError> {
        let groups = match self {
            Self::Dns(provider) => return Ok(provider.refresh().await),
            Self::Azure(provider) => provider.refresh(api).await,
            Self::Docker(provider) => provider.refresh(api).await,
            Self::DockerSwarm(provider) => provider.refresh(api).await,
            Self::Ec2(provider) => provider.refresh(api).await,
            Self::Eureka(provider) => provider.refresh(api).await,
            Self::Gce(provider) => provider.refresh(api).await,
            Self::Http(provider) => provider.refresh(api).await,
            Self::Nomad(provider) => provider.refresh(api).await,
            Self::PuppetDb(provider) => provider.refresh(api).await,
        };
        groups.map(Refreshed::from)
    }
}

/// What a provider found, as a whole or in part.
#[derive(Debug, Default)]
pub(crate) struct Refreshed {
    pub(crate) groups: Vec<TargetGroup>,
    /// What went wrong with parts of it, which keep what was found before: files, names.
    pub(crate) faults: Vec<String>,
}

impl From<Vec<TargetGroup>> for Refreshed {
    fn from(groups: Vec<TargetGroup>) -> Self {
        Self {
            groups,
            faults: Vec::new(),
        }
    }
}

/// How an entry is run.
#[derive(Debug)]
pub(crate) enum Plan {
    /// Files are watched.
    File(config::discovery::FileDiscovery),
    /// Answers are waited for.
    Consul(Box<config::discovery::ConsulDiscovery>, Api),
    /// Asked from time to time.
    Refresh(Box<Refresher>, Api, Duration),
    /// This program lacks the mechanism.
    Lacking(String),
}

impl Plan {
    /// How this entry is run.
    pub(crate) fn of(discovery: &Discovery, world: &World) -> Self {
        let api = |http: &HttpClientConfig, interval: Duration| Api::new(http, interval);
        let metrics = &world.metrics;
        match discovery.clone() {
            Discovery::File(entry) => Self::File(entry),
            Discovery::Consul(entry) => {
                let api = ConsulProvider::api(&entry);
                Self::Consul(Box::new(entry), api)
            }
            Discovery::Dns(entry) => {
                let interval = entry.refresh_interval;
                let api = api(&HttpClientConfig::default(), interval);
                Self::Refresh(
                    Box::new(Refresher::Dns(dns::DnsProvider::new(entry, world))),
                    api,
                    interval,
                )
            }
            Discovery::Http(entry) => {
                let interval = entry.refresh_interval;
                let api = api(&entry.http, interval);
                let failures = metrics.http_failures.clone();
                let provider = http::HttpProvider::new(entry, failures);
                Self::Refresh(Box::new(Refresher::Http(provider)), api, interval)
            }
            Discovery::Docker(entry) => {
                let interval = entry.refresh_interval;
                let api = docker::api(&entry.http, &entry.host, interval);
                let provider = docker::DockerProvider::new(entry);
                Self::Refresh(Box::new(Refresher::Docker(provider)), api, interval)
            }
            Discovery::DockerSwarm(entry) => {
                let interval = entry.refresh_interval;
                let api = docker::api(&entry.http, &entry.host, interval);
                let provider = dockerswarm::DockerSwarmProvider::new(entry);
                Self::Refresh(Box::new(Refresher::DockerSwarm(provider)), api, interval)
            }
            Discovery::Nomad(entry) => {
                let interval = entry.refresh_interval;
                let api = api(&entry.http, interval);
                let failures = metrics.nomad_failures.clone();
                let provider = nomad::NomadProvider::new(entry, failures);
                Self::Refresh(Box::new(Refresher::Nomad(provider)), api, interval)
            }
            Discovery::Eureka(entry) => {
                let interval = entry.refresh_interval;
                let api = api(&entry.http, interval);
                let provider = eureka::EurekaProvider::new(&entry);
                Self::Refresh(Box::new(Refresher::Eureka(provider)), api, interval)
            }
            Discovery::PuppetDb(entry) => {
                let interval = entry.refresh_interval;
                let api = api(&entry.http, interval);
                let provider = puppetdb::PuppetDbProvider::new(entry);
                Self::Refresh(Box::new(Refresher::PuppetDb(provider)), api, interval)
            }
            Discovery::Gce(entry) => {
                let interval = entry.refresh_interval;
                let api = api(&HttpClientConfig::default(), interval);
                let provider = gce::GceProvider::new(entry, world);
                Self::Refresh(Box::new(Refresher::Gce(provider)), api, interval)
            }
            Discovery::Azure(entry) => {
                let interval = entry.refresh_interval;
                let api = api(&entry.http, interval);
                match azure::AzureProvider::new(entry, world) {
                    Ok(provider) => Self::Refresh(
                        Box::new(Refresher::Azure(Box::new(provider))),
                        api,
                        interval,
                    ),
                    Err(error) => Self::Lacking(error),
                }
            }
            Discovery::Ec2(entry) => Self::ec2(entry, world),
            Discovery::Aws(entry) if entry.role == "ec2" => {
                let port = if entry.port == 0 { 80 } else { entry.port };
                let entry = Ec2Discovery {
                    endpoint: entry.endpoint,
                    region: entry.region,
                    access_key: entry.access_key,
                    secret_key: entry.secret_key,
                    profile: entry.profile,
                    role_arn: entry.role_arn,
                    external_id: entry.external_id,
                    refresh_interval: entry.refresh_interval,
                    port,
                    filters: entry.filters,
                    http: entry.http,
                };
                Self::ec2(entry, world)
            }
            Discovery::Aws(entry) => Self::lacking(&format!("aws with the role {}", entry.role)),
            Discovery::DigitalOcean(_)
            | Discovery::Ecs(_)
            | Discovery::Elasticache(_)
            | Discovery::Hetzner(_)
            | Discovery::Ionos(_)
            | Discovery::Kubernetes(_)
            | Discovery::Kuma(_)
            | Discovery::Lightsail(_)
            | Discovery::Linode(_)
            | Discovery::Marathon(_)
            | Discovery::Msk(_)
            | Discovery::Nerve(_)
            | Discovery::Oci(_)
            | Discovery::OpenStack(_)
            | Discovery::Outscale(_)
            | Discovery::OvhCloud(_)
            | Discovery::Rds(_)
            | Discovery::Scaleway(_)
            | Discovery::Serverset(_)
            | Discovery::Stackit(_)
            | Discovery::Triton(_)
            | Discovery::Uyuni(_)
            | Discovery::Vultr(_) => Self::lacking(discovery.mechanism()),
        }
    }

    fn ec2(entry: Ec2Discovery, world: &World) -> Self {
        let interval = entry.refresh_interval;
        let provider = ec2::Ec2Provider::new(entry, world);
        let api = provider.api();
        Self::Refresh(Box::new(Refresher::Ec2(provider)), api, interval)
    }

    fn lacking(mechanism: &str) -> Self {
        Self::Lacking(format!(
            "service discovery by {mechanism} is not supported by this version"
        ))
    }
}

/// Where a running provider tells what it found.
#[derive(Debug)]
pub(crate) struct Found {
    groups: watch::Sender<Option<Groups>>,
    state: Arc<Mutex<ProviderState>>,
    clock: Arc<dyn Clock>,
    /// Rung when the groups have changed.
    bell: mpsc::Sender<()>,
}

/// Groups as they are handed on.
pub(crate) type Groups = Arc<[TargetGroup]>;

/// How a provider stands.
#[derive(Clone, Debug, Default)]
pub(crate) struct ProviderState {
    pub(crate) last_refresh_millis: Option<i64>,
    pub(crate) last_error: Option<String>,
}

/// What a running provider has found so far: no groups before its first answer. Dropping it ends the
/// provider.
#[derive(Debug)]
pub(crate) struct FoundGroups {
    groups: watch::Receiver<Option<Groups>>,
    state: Arc<Mutex<ProviderState>>,
}

impl FoundGroups {
    /// The groups found last; `None` before the first answer.
    pub(crate) fn groups(&self) -> Option<Groups> {
        self.groups.borrow().clone()
    }

    /// How the provider stands.
    pub(crate) fn state(&self) -> ProviderState {
        lock(&self.state).clone()
    }
}

impl Found {
    /// A place to tell, and the place to read it. One waiting ring of the bell is enough.
    pub(crate) fn new(bell: mpsc::Sender<()>, clock: Arc<dyn Clock>) -> (Self, FoundGroups) {
        let (groups, receiver) = watch::channel(None);
        let state = Arc::<Mutex<ProviderState>>::default();
        let found = Self {
            groups,
            state: Arc::clone(&state),
            clock,
            bell,
        };
        let groups = FoundGroups {
            groups: receiver,
            state,
        };
        (found, groups)
    }

    /// Makes these the groups; those who listen are told if they differ from before.
    pub(crate) fn tell(&self, refreshed: impl Into<Refreshed>) {
        let Refreshed { groups, faults } = refreshed.into();
        {
            let mut state = lock(&self.state);
            state.last_refresh_millis = Some(self.clock.now_millis());
            state.last_error = (!faults.is_empty()).then(|| faults.join("\n"));
        }
        let differs = self.groups.send_if_modified(|before| {
            let differs = before.as_deref() != Some(&groups[..]);
            if differs {
                *before = Some(groups.into());
            }
            differs
        });
        if differs {
            let _already_ringing = self.bell.try_send(());
        }
    }

    /// Notes that nothing new was found; the groups stay. What goes wrong again and again is logged
    /// once.
    pub(crate) fn fail(&self, error: &dyn std::fmt::Display) {
        let error = error.to_string();
        let mut state = lock(&self.state);
        if state.last_error.as_deref() != Some(&error) {
            tracing::error!(%error, "refreshing targets failed, keeping those found before");
        }
        state.last_error = Some(error);
    }

    /// Waits until nobody wants to know any more.
    pub(crate) async fn unwanted(&self) {
        self.groups.closed().await;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
