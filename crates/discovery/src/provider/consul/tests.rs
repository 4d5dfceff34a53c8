//! Answers of an agent, and what it is asked.

use super::health::{Entry, target};
use super::*;
use crate::labels::shown;
use config::discovery::Discovery;
use exposition::Registry;
use host::clock::SimulatedClock;

const SERVICE: &str = r#"[{
  "Node": {"Node": "node-1", "Address": "1.1.1.1", "Datacenter": "dc1",
    "TaggedAddresses": {"lan": "192.168.10.10"}, "Meta": {"rack-name": "2304"}},
  "Service": {"ID": "test:9100", "Service": "test", "Tags": ["tag1", "v1"], "Address": "",
    "Meta": {"version": "1.0.0", "environment": "staging"}, "Port": 3341, "Namespace": "ns", "Partition": "default"},
  "Checks": [{"CheckID": "serfHealth", "Status": "passing"}, {"CheckID": "x", "Status": "warning"}]
 },
 {"Node": {"Node": "node-2", "Address": "1.1.1.2"},
  "Service": {"ID": "b", "Address": "fe80::1", "Port": 1, "Tags": null},
  "Checks": [{"CheckID": "_service_maintenance:b", "Status": "critical"}]}]"#;

#[test]
fn instances_become_targets() {
    let entries: Vec<Entry> = serde_json::from_str(SERVICE).unwrap();
    let group = TargetGroup {
        targets: entries.iter().map(|entry| target(entry, ",")).collect(),
        ..TargetGroup::default()
    };
    assert_eq!(
        shown(&[group])[1..],
        [
            "__address__=1.1.1.1:3341 consul_address=1.1.1.1 consul_health=warning \
             consul_metadata_rack_name=2304 consul_namespace=ns consul_node=node-1 \
             consul_partition=default consul_service_id=test:9100 \
             consul_service_metadata_environment=staging consul_service_metadata_version=1.0.0 \
             consul_service_port=3341 consul_tagged_address_lan=192.168.10.10 consul_tags=,tag1,v1,",
            "__address__=[fe80::1]:1 consul_address=1.1.1.2 consul_health=maintenance \
             consul_node=node-2 consul_service_address=fe80::1 consul_service_id=b \
             consul_service_port=1 consul_tags=,,",
        ]
    );
}

fn provider(entry: &str) -> ConsulProvider {
    let entry = crate::provider::tests::entry(&format!("consul_sd_configs: [{entry}]"));
    let Discovery::Consul(discovery) = entry else {
        panic!("{entry:?}");
    };
    let metrics = crate::metrics::Metrics::new(&Registry::new()).consul;
    let api = ConsulProvider::api(&discovery);
    ConsulProvider::new(discovery, api, metrics, Arc::new(SimulatedClock::at(0)))
}

#[test]
fn queries_say_what_is_wanted() {
    let bare = provider("{}");
    let place = Place::default();
    assert_eq!(
        bare.url("catalog/services", &bare.query_pairs(&place)),
        "http://localhost:8500/v1/catalog/services?stale=&wait=120000ms"
    );
    let full = provider(
        "{server: 'https://c:8501', path_prefix: /x/, datacenter: dc, namespace: n, partition: p, \
         allow_stale: false, node_meta: {rack: '1 2'}}",
    );
    let place = Place { index: 7 };
    assert_eq!(
        full.url("health/service/a", &full.query_pairs(&place)),
        "https://c:8501/x/v1/health/service/a?ns=n&partition=p&dc=dc&index=7&wait=120000ms&node-meta=rack%3A1%202"
    );
}

#[test]
fn only_wanted_services_are_watched() {
    let tags = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let all = provider("{}");
    assert!(all.wants("a", &[]));
    let tagged = provider("{tags: [x, y]}");
    assert!(tagged.wants("a", &tags("y z x")));
    assert!(!tagged.wants("a", &tags("x")));
    let named = provider("{services: [a], tags: [x]}");
    assert!(named.wants("a", &tags("x")));
    assert!(!named.wants("b", &tags("x")));
}
