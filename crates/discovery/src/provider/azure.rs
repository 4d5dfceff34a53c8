//! Microsoft's machines: those that stand alone, and those of scale sets.

mod machine;
#[cfg(test)]
mod tests;
mod token;

use std::collections::HashMap;

use config::discovery::AzureDiscovery;
use exposition::Counter;
use model::{Labels, TargetGroup};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::api::{Api, Ask};
use crate::refresh::RefreshError;
use crate::world::World;
use machine::{Interface, Machine, Outcome, resource_group};
use token::{Cloud, Tokens};

/// Asks the API for the machines of one `azure_sd_configs` entry.
#[derive(Debug)]
pub(crate) struct AzureProvider {
    discovery: AzureDiscovery,
    cloud: Cloud,
    tokens: Tokens,
    world: World,
    interfaces: HashMap<String, Kept>,
    failures: Counter,
    hits: Counter,
}

/// An interface that need not be asked for again for a while.
#[derive(Debug)]
struct Kept {
    interface: Interface,
    ends_millis: i64,
}

#[derive(Deserialize)]
struct Page<T> {
    #[serde(default = "Vec::new")]
    value: Vec<T>,
    #[serde(rename = "nextLink")]
    next: Option<String>,
}

#[derive(Deserialize)]
struct ScaleSet {
    id: String,
    name: String,
}

impl AzureProvider {
    /// # Errors
    /// There is no such cloud.
    pub(crate) fn new(discovery: AzureDiscovery, world: &World) -> Result<Self, String> {
        let cloud = Cloud::named(&discovery.environment, world)?;
        Ok(Self {
            tokens: Tokens::new(&discovery, world.clone()),
            cloud,
            world: world.clone(),
            interfaces: HashMap::new(),
            failures: world.metrics.azure_failures.clone(),
            hits: world.metrics.azure_cache_hits.clone(),
            discovery,
        })
    }

    pub(crate) async fn refresh(&mut self, api: &Api) -> Result<Vec<TargetGroup>, RefreshError> {
        let found = self.find(api).await;
        if found.is_err() {
            self.failures.inc();
        }
        found
    }

    async fn find(&mut self, api: &Api) -> Result<Vec<TargetGroup>, RefreshError> {
        let authorization = self.tokens.authorization(api, &self.cloud).await;
        let authorization =
            authorization.map_err(|error| error.during("could not create Azure client"))?;
        let machines = self.machines(api, &authorization).await?;
        let now = self.world.clock.now_millis();
        self.interfaces.retain(|_, kept| kept.ends_millis > now);
        let mut targets = Vec::new();
        for machine in &machines {
            let target = self.target(api, &authorization, machine).await;
            let step = "unable to complete Azure service discovery";
            targets.extend(target.map_err(|error| error.during(step))?);
        }
        Ok(vec![TargetGroup {
            source: String::new(),
            targets,
            labels: Labels::empty(),
        }])
    }

    async fn machines(&self, api: &Api, authorization: &str) -> Result<Vec<Machine>, RefreshError> {
        let subscription = &self.discovery.subscription_id;
        let base = format!("{}/subscriptions/{subscription}", self.cloud.manager);
        let within = match self.discovery.resource_group.as_str() {
            "" => base.clone(),
            group => format!("{base}/resourceGroups/{group}"),
        };
        let compute = |path: &str| {
            format!("{within}/providers/Microsoft.Compute/{path}?api-version={COMPUTE}")
        };
        let url = compute("virtualMachines");
        let step = "could not get virtual machines";
        let machines = all(api, authorization, url).await;
        let mut machines: Vec<Machine> = machines.map_err(|error| error.during(step))?;
        let url = compute("virtualMachineScaleSets");
        let step = "could not get virtual machine scale sets";
        let sets = all(api, authorization, url).await;
        let sets: Vec<ScaleSet> = sets.map_err(|error| error.during(step))?;
        for set in sets {
            let group = resource_group(&set.id)?;
            let name = &set.name;
            let url = format!(
                "{base}/resourceGroups/{group}/providers/Microsoft.Compute/\
                 virtualMachineScaleSets/{name}/virtualMachines?api-version={COMPUTE}"
            );
            let step = "could not get virtual machine scale set vms";
            let found = all(api, authorization, url).await;
            let found: Vec<Machine> = found.map_err(|error| error.during(step))?;
            machines.extend(found.into_iter().map(|machine| machine.of_scale_set(name)));
        }
        Ok(machines)
    }

    /// The target of a machine; none for one that does not run or is just being removed.
    async fn target(
        &mut self,
        api: &Api,
        authorization: &str,
        machine: &Machine,
    ) -> Result<Option<Labels>, RefreshError> {
        let mut labels = machine.labels(&self.discovery)?;
        for id in machine.interfaces() {
            let interface = match self.interfaces.get(id) {
                Some(kept) => {
                    self.hits.inc();
                    kept.interface.clone()
                }
                None => {
                    let Some(found) = self.interface(api, authorization, machine, id).await? else {
                        tracing::warn!(interface = id, "network interface does not exist");
                        return Ok(None);
                    };
                    self.keep(id, &found);
                    found
                }
            };
            match interface.add_to(&mut labels, &machine.name, self.discovery.port)? {
                Outcome::Complete => return Ok(Some(labels.build())),
                Outcome::Deallocated => return Ok(None),
                Outcome::Secondary => {}
            }
        }
        Ok(None)
    }

    async fn interface(
        &self,
        api: &Api,
        authorization: &str,
        machine: &Machine,
        id: &str,
    ) -> Result<Option<Interface>, RefreshError> {
        let path = machine.interface_path(&self.discovery.subscription_id, id)?;
        let url = format!(
            "{}{path}?api-version={}&%24expand=IPConfigurations%2FPublicIPAddress",
            self.cloud.manager,
            machine.interface_version()
        );
        let ask = Ask::get(&url).header("authorization", authorization);
        let answer = api.ask(ask).await?;
        if answer.status == 404 {
            return Ok(None);
        }
        Ok(Some(serde_json::from_slice(&answer.ok()?.body)?))
    }

    /// Keeps an interface for ten refreshes, and a while more that differs from one to the other, so
    /// that not all are asked for again at once.
    fn keep(&mut self, id: &str, interface: &Interface) {
        let refresh = self.discovery.refresh_interval.as_millis();
        let refresh = i64::try_from(refresh).unwrap_or(i64::MAX / 100);
        let spread = id
            .bytes()
            .fold(0_i64, |sum, byte| sum.wrapping_mul(31) + i64::from(byte));
        let more = spread.rem_euclid(refresh.max(1) * 3);
        let kept = Kept {
            interface: interface.clone(),
            ends_millis: self.world.clock.now_millis() + refresh * 10 + more,
        };
        self.interfaces.insert(id.to_owned(), kept);
    }
}

/// All pages of a list.
async fn all<T: DeserializeOwned>(
    api: &Api,
    authorization: &str,
    url: String,
) -> Result<Vec<T>, RefreshError> {
    let mut items = Vec::new();
    let mut next = Some(url);
    while let Some(url) = next {
        let ask = Ask::get(&url).header("authorization", authorization);
        let body = api.ask(ask).await?.ok()?.body;
        let page: Page<T> = serde_json::from_slice(&body)?;
        items.extend(page.value);
        next = page.next.filter(|url| !url.is_empty());
    }
    Ok(items)
}

const COMPUTE: &str = "2023-09-01";
