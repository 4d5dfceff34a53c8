//! Amazon's machines.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;

use config::discovery::Ec2Discovery;
use config::server::SigV4Config;
use host::net::aws::{Signer, domain};
use host::net::xml::{self, Element};
use model::{Labels, TargetGroup};

use crate::api::{Api, Ask, query};
use crate::labels::{TargetLabels, surrounded};
use crate::refresh::RefreshError;
use crate::world::World;

/// Asks the API for the machines of one `ec2_sd_configs` entry.
#[derive(Debug)]
pub(crate) struct Ec2Provider {
    discovery: Ec2Discovery,
    signer: Arc<Signer>,
    /// Identifiers of the account's zones, asked for until they are known.
    zones: Option<HashMap<String, String>>,
}

impl Ec2Provider {
    pub(crate) fn new(discovery: Ec2Discovery, world: &World) -> Self {
        let signing = SigV4Config {
            region: discovery.region.clone(),
            access_key: discovery.access_key.clone(),
            secret_key: discovery.secret_key.clone(),
            profile: discovery.profile.clone(),
            role_arn: discovery.role_arn.clone(),
            external_id: discovery.external_id.clone(),
            use_fips_sts_endpoint: false,
            service_name: "ec2".to_owned(),
        };
        let signer = Signer::asking_under(&discovery.http, &signing, world.surroundings());
        Self {
            signer: Arc::new(signer),
            discovery,
            zones: None,
        }
    }

    /// What [`refresh`](Self::refresh) asks through.
    pub(crate) fn api(&self) -> Api {
        let timeout = self.discovery.refresh_interval;
        Api::signed(&self.discovery.http, timeout, Arc::clone(&self.signer))
    }

    pub(crate) async fn refresh(&mut self, api: &Api) -> Result<Vec<TargetGroup>, RefreshError> {
        let region = self.signer.region().await;
        let region = region.map_err(|error| {
            RefreshError::answer(error).during("could not determine AWS region")
        })?;
        if self.zones.is_none() {
            match self.zones(api, &region).await {
                Ok(zones) => self.zones = Some(zones),
                Err(error) => tracing::debug!(%error, "unable to describe availability zones"),
            }
        }
        let mut targets = Vec::new();
        let mut next = None;
        loop {
            let mut parameters = self.filters();
            parameters.extend(next.map(|token| ("NextToken".to_owned(), token)));
            let page = self
                .ask(api, &region, "DescribeInstances", parameters)
                .await;
            let page = page.map_err(|error| error.during("could not describe instances"))?;
            for reservation in page.items("reservationSet") {
                let owner = reservation.text_of("ownerId");
                let instances = reservation.items("instancesSet");
                targets.extend(instances.filter_map(|one| self.target(one, owner, &region)));
            }
            next = page
                .text_of("nextToken")
                .filter(|token| !token.is_empty())
                .map(str::to_owned);
            if next.is_none() {
                break;
            }
        }
        Ok(vec![TargetGroup {
            source: region,
            targets,
            labels: Labels::empty(),
        }])
    }

    async fn zones(
        &mut self,
        api: &Api,
        region: &str,
    ) -> Result<HashMap<String, String>, RefreshError> {
        let answer = self
            .ask(api, region, "DescribeAvailabilityZones", Vec::new())
            .await?;
        let zone = |item: &Element| {
            Some((
                item.text_of("zoneName")?.to_owned(),
                item.text_of("zoneId")?.to_owned(),
            ))
        };
        Ok(answer
            .items("availabilityZoneInfo")
            .filter_map(zone)
            .collect())
    }

    fn filters(&self) -> Vec<(String, String)> {
        let mut parameters = Vec::new();
        for (index, filter) in self.discovery.filters.iter().enumerate() {
            let prefix = format!("Filter.{}", index + 1);
            parameters.push((format!("{prefix}.Name"), filter.name.clone()));
            for (index, value) in filter.values.iter().enumerate() {
                parameters.push((format!("{prefix}.Value.{}", index + 1), value.clone()));
            }
        }
        parameters
    }

    /// Asks for an action of the API.
    async fn ask(
        &mut self,
        api: &Api,
        region: &str,
        action: &str,
        parameters: Vec<(String, String)>,
    ) -> Result<Element, RefreshError> {
        let mut pairs = vec![
            ("Action".to_owned(), action.to_owned()),
            ("Version".to_owned(), VERSION.to_owned()),
        ];
        pairs.extend(parameters);
        let body = query::joined(&pairs);
        let endpoint = match self.discovery.endpoint.as_str() {
            "" => format!("https://ec2.{region}.{}/", domain(region)),
            stated if stated.contains("://") => stated.to_owned(),
            stated => format!("https://{stated}/"),
        };
        let ask = Ask::post(&endpoint, body).header("content-type", FORM);
        let answer = api.ask(ask).await?;
        let root = xml::parse(answer.text()?);
        if answer.status == 200 {
            return Ok(root?);
        }
        let error = root.ok().as_ref().and_then(api_error);
        if error
            .as_ref()
            .is_some_and(|(code, _)| is_about_credentials(code))
        {
            self.signer.forget().await;
        }
        Err(match error {
            Some((code, message)) => RefreshError::answer(format!("api error {code}: {message}")),
            None => match answer.ok() {
                Ok(_) => RefreshError::answer("the answer is none"),
                Err(error) => error,
            },
        })
    }

    /// The target of a machine; one without a private address is none.
    fn target(&self, instance: &Element, owner: Option<&str>, region: &str) -> Option<Labels> {
        let address = instance
            .text_of("privateIpAddress")
            .filter(|text| !text.is_empty())?;
        let mut labels = TargetLabels::new("__meta_ec2_");
        labels.set_address(address, self.discovery.port);
        labels.set("region", region);
        labels.set("private_ip", address);
        labels.set_some("owner_id", owner);
        let texts = [
            ("instance_id", "instanceId"),
            ("private_dns_name", "privateDnsName"),
            ("platform", "platform"),
            ("ami", "imageId"),
            ("instance_type", "instanceType"),
            ("instance_lifecycle", "instanceLifecycle"),
            ("architecture", "architecture"),
        ];
        for (name, element) in texts {
            labels.set_some(name, instance.text_of(element));
        }
        if let Some(public) = instance
            .text_of("ipAddress")
            .filter(|text| !text.is_empty())
        {
            labels.set("public_ip", public);
            labels.set_some("public_dns_name", instance.text_of("dnsName"));
        }
        let placement = instance.child("placement");
        if let Some(zone) = placement.and_then(|placement| placement.text_of("availabilityZone")) {
            labels.set("availability_zone", zone);
            let id = self.zones.as_ref().and_then(|zones| zones.get(zone));
            labels.set_some("availability_zone_id", id);
        }
        let state = instance.child("instanceState");
        labels.set_some(
            "instance_state",
            state.and_then(|state| state.text_of("name")),
        );
        if let Some(vpc) = instance.text_of("vpcId").filter(|text| !text.is_empty()) {
            labels.set("vpc_id", vpc);
            labels.set_some("primary_subnet_id", instance.text_of("subnetId"));
            set_networks(&mut labels, instance);
        }
        for tag in instance.items("tagSet") {
            if let (Some(key), Some(value)) = (tag.text_of("key"), tag.text_of("value")) {
                labels.set_named("tag_", key, value);
            }
        }
        Some(labels.build())
    }
}

/// Subnets and addresses of IPv6 of all interfaces.
fn set_networks(labels: &mut TargetLabels, instance: &Element) {
    let (mut subnets, mut addresses, mut primary) = (Vec::new(), Vec::new(), Vec::new());
    for interface in instance.items("networkInterfaceSet") {
        let Some(subnet) = interface.text_of("subnetId") else {
            continue;
        };
        if !subnets.iter().any(|known| known == subnet) {
            subnets.push(subnet.to_owned());
        }
        for item in interface.items("ipv6AddressesSet") {
            let Some(address) = item.text_of("ipv6Address") else {
                continue;
            };
            addresses.push(address.to_owned());
            if item.text_of("isPrimaryIpv6") == Some("true") {
                let attachment = interface.child("attachment");
                let index = attachment.and_then(|one| one.text_of("deviceIndex")?.parse().ok());
                // A machine has a few dozen interfaces at most.
                let index: usize = index.filter(|index| *index < 1024).unwrap_or(0);
                // The place in the list is the interface's; those without such an address are empty.
                if primary.len() <= index {
                    primary.resize(index + 1, String::new());
                }
                if let Some(place) = primary.get_mut(index) {
                    address.clone_into(place);
                }
            }
        }
    }
    labels.set("subnet_id", surrounded(&subnets, SEPARATOR));
    for (name, list) in [
        ("ipv6_addresses", addresses),
        ("primary_ipv6_addresses", primary),
    ] {
        if !list.is_empty() {
            labels.set(name, surrounded(&list, SEPARATOR));
        }
    }
}

/// Code and message of an error as the API tells it.
fn api_error(root: &Element) -> Option<(String, String)> {
    let error = root.child("Errors")?.child("Error")?;
    let text = |name: &str| error.text_of(name).unwrap_or_default().to_owned();
    Some((text("Code"), text("Message")))
}

fn is_about_credentials(code: &str) -> bool {
    matches!(
        code,
        "AuthFailure" | "UnauthorizedOperation" | "RequestExpired" | "ExpiredToken"
    )
}

const VERSION: &str = "2016-11-15";
const FORM: &str = "application/x-www-form-urlencoded; charset=utf-8";
const SEPARATOR: &str = ",";
