//! Instances as a server lists them, and what it is asked.

use super::*;
use crate::labels::shown;
use config::discovery::Discovery;

fn provider(entry: &str) -> NomadProvider {
    let entry = crate::provider::tests::entry(&format!("nomad_sd_configs: [{entry}]"));
    let Discovery::Nomad(discovery) = entry else {
        panic!("{entry:?}");
    };
    NomadProvider::new(discovery, Counter::default())
}

#[test]
fn instances_become_targets() {
    let body = r#"[{"Address": "127.0.0.1", "AllocID": "2e54", "Datacenter": "dc1", "ID": "_nomad-task-1",
        "JobID": "example", "Namespace": "default", "NodeID": "5411", "Port": 30456,
        "ServiceName": "hello-world", "Tags": ["a", "b"]}]"#;
    let instances: Vec<Instance> = serde_json::from_str(body).unwrap();
    let provider = provider("{}");
    let group = TargetGroup {
        targets: instances
            .iter()
            .map(|instance| provider.target(instance))
            .collect(),
        ..TargetGroup::default()
    };
    assert_eq!(
        shown(&[group])[1],
        "__address__=127.0.0.1:30456 nomad_address=127.0.0.1 nomad_dc=dc1 nomad_namespace=default \
         nomad_node_id=5411 nomad_service=hello-world nomad_service_address=127.0.0.1 \
         nomad_service_id=_nomad-task-1 nomad_service_port=30456 nomad_tags=,a,b,"
    );
}

#[test]
fn the_server_is_asked_for_what_is_wanted() {
    assert_eq!(
        provider("{}").url("services"),
        "http://localhost:4646/v1/services?region=global&namespace=default&stale="
    );
    assert_eq!(
        provider("{server: 'https://n/', region: '', namespace: a b, allow_stale: false}")
            .url("services"),
        "https://n/v1/services?namespace=a%20b"
    );
}
