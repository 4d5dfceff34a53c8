//! Targets that the name system knows.

mod lookup;
mod resolv;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use config::discovery::{DnsDiscovery, RecordType};
use exposition::Counter;
use hickory_proto::rr::{RData, RecordType as Asked};
use model::{Labels, TargetGroup};

use super::Refreshed;
use crate::labels::TargetLabels;
use crate::world::World;
use lookup::Lookup;

/// Looks up the names of one `dns_sd_configs` entry, and remembers what each had last.
#[derive(Debug)]
pub(crate) struct DnsProvider {
    discovery: DnsDiscovery,
    lookup: Lookup,
    lookups: Counter,
    failures: Counter,
    groups: HashMap<String, TargetGroup>,
}

impl DnsProvider {
    pub(crate) fn new(discovery: DnsDiscovery, world: &World) -> Self {
        Self {
            discovery,
            lookup: Lookup::new(world.clone()),
            lookups: world.metrics.dns_lookups.clone(),
            failures: world.metrics.dns_failures.clone(),
            groups: HashMap::new(),
        }
    }

    /// Looks up all names; one that cannot be looked up keeps what it had.
    pub(crate) async fn refresh(&mut self) -> Refreshed {
        let mut faults = Vec::new();
        for name in &self.discovery.names {
            self.lookups.inc();
            match self
                .lookup
                .find(name, asked(&self.discovery.record_type))
                .await
            {
                Ok(records) => {
                    let group = group(&self.discovery, name, &records);
                    self.groups.insert(name.clone(), group);
                }
                Err(error) => {
                    self.failures.inc();
                    tracing::error!(name, %error, "refreshing DNS targets failed");
                    faults.push(error.to_string());
                }
            }
        }
        let names = self.discovery.names.iter();
        let groups = names.filter_map(|name| self.groups.get(name).cloned());
        Refreshed {
            groups: groups.collect(),
            faults,
        }
    }
}

/// What the servers are asked for.
fn asked(record_type: &RecordType) -> Asked {
    match record_type {
        RecordType::A(_) => Asked::A,
        RecordType::Aaaa(_) => Asked::AAAA,
        RecordType::Mx(_) => Asked::MX,
        RecordType::Ns(_) => Asked::NS,
        // An unknown one is refused when the configuration is read.
        RecordType::Srv(_) | RecordType::Unknown(_) => Asked::SRV,
    }
}

fn group(discovery: &DnsDiscovery, name: &str, records: &[RData]) -> TargetGroup {
    TargetGroup {
        source: name.to_owned(),
        targets: records
            .iter()
            .filter_map(|record| target(discovery, name, record))
            .collect(),
        labels: Labels::empty(),
    }
}

/// The target of a record; aliases, and what was not asked for, are none.
fn target(discovery: &DnsDiscovery, name: &str, record: &RData) -> Option<Labels> {
    let mut labels = TargetLabels::new("__meta_dns_");
    labels.set("name", name);
    let port = discovery.port;
    match record {
        RData::SRV(record) => {
            let host = record.target.to_utf8();
            labels.set("srv_record_target", &host);
            labels.set("srv_record_port", record.port.to_string());
            labels.set_address(unrooted(&host), record.port);
        }
        RData::MX(record) => {
            let host = record.exchange.to_utf8();
            labels.set("mx_record_target", &host);
            labels.set_address(unrooted(&host), port);
        }
        RData::NS(record) => {
            let host = record.0.to_utf8();
            labels.set("ns_record_target", &host);
            labels.set_address(unrooted(&host), port);
        }
        RData::A(record) => labels.set_address(&record.0.to_string(), port),
        RData::AAAA(record) => labels.set_address(&record.0.to_string(), port),
        _ => return None,
    }
    Some(labels.build())
}

/// A name without the dot at its end.
fn unrooted(name: &str) -> &str {
    name.trim_end_matches('.')
}
