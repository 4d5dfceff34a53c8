//! Lists of a swarm.

use super::*;
use crate::labels::shown;

const NODES: &str = r#"[{"ID": "nd1", "Spec": {"Role": "manager", "Availability": "active", "Labels": {"a.b": "c"}},
 "Description": {"Hostname": "h1", "Platform": {"Architecture": "x86_64", "OS": "linux"}, "Engine": {"EngineVersion": "27"}},
 "Status": {"State": "ready", "Addr": "10.0.0.1"}, "ManagerStatus": {"Leader": true, "Reachability": "reachable", "Addr": "10.0.0.1:2377"}}]"#;
const SERVICES: &str = r#"[{"ID": "s1", "Spec": {"Name": "web", "Labels": {"k": "v"}, "Mode": {"Replicated": {"Replicas": 2}},
 "TaskTemplate": {"ContainerSpec": {"Image": "img", "Hostname": "hn"}}},
 "Endpoint": {"Ports": [{"Name": "http", "Protocol": "tcp", "PublishedPort": 8080, "PublishMode": "ingress"}, {"Protocol": "udp"}],
  "VirtualIPs": [{"NetworkID": "n1", "Addr": "10.0.1.2/24"}]}, "UpdateStatus": {"State": "completed"}},
 {"ID": "s2", "Spec": {"Name": "job", "Mode": {"Global": {}}}, "Endpoint": {"VirtualIPs": [{"NetworkID": "n1", "Addr": "10.0.1.3/24"}]}}]"#;
const TASKS: &str = r#"[{"ID": "t1", "ServiceID": "s1", "NodeID": "nd1", "Slot": 1, "DesiredState": "running",
 "Spec": {"ContainerSpec": {"Labels": {"x": "y"}}},
 "Status": {"State": "running", "ContainerStatus": {"ContainerID": "c1"},
  "PortStatus": {"Ports": [{"Protocol": "tcp", "PublishedPort": 9000, "PublishMode": "host"}]}},
 "NetworksAttachments": [{"Network": {"ID": "n1"}, "Addresses": ["10.0.1.7/24"]}]}]"#;
const NETWORKS: &str = r#"[{"Id": "n1", "Name": "ingress", "Scope": "swarm", "Internal": false, "Ingress": true, "Labels": {}}]"#;

fn lines(targets: Vec<Labels>) -> Vec<String> {
    let lines = shown(&[TargetGroup {
        targets,
        ..TargetGroup::default()
    }]);
    lines[1..].to_vec()
}

fn networks() -> Networks {
    Networks::of_list(serde_json::from_str(NETWORKS).unwrap(), PREFIX)
}

const NETWORK: &str = "dockerswarm_network_id=n1 dockerswarm_network_ingress=true \
    dockerswarm_network_internal=false dockerswarm_network_name=ingress dockerswarm_network_scope=swarm";
const NODE: &str = "dockerswarm_node_address=10.0.0.1 dockerswarm_node_availability=active";

#[test]
fn nodes_become_targets() {
    let nodes: Vec<Node> = serde_json::from_str(NODES).unwrap();
    assert_eq!(
        lines(nodes::targets(&nodes, 9323)),
        [format!(
            "__address__=10.0.0.1:9323 {NODE} dockerswarm_node_engine_version=27 \
             dockerswarm_node_hostname=h1 dockerswarm_node_id=nd1 dockerswarm_node_label_a_b=c \
             dockerswarm_node_manager_address=10.0.0.1:2377 dockerswarm_node_manager_leader=true \
             dockerswarm_node_manager_reachability=reachable \
             dockerswarm_node_platform_architecture=x86_64 dockerswarm_node_platform_os=linux \
             dockerswarm_node_role=manager dockerswarm_node_status=ready"
        )]
    );
}

#[test]
fn services_become_targets() {
    let services: Vec<Service> = serde_json::from_str(SERVICES).unwrap();
    assert_eq!(
        lines(services::targets(&services, &networks(), 80).unwrap()),
        [
            format!(
                "__address__=10.0.1.2:8080 {NETWORK} dockerswarm_service_endpoint_port_name=http \
                 dockerswarm_service_endpoint_port_publish_mode=ingress dockerswarm_service_id=s1 \
                 dockerswarm_service_label_k=v dockerswarm_service_mode=replicated \
                 dockerswarm_service_name=web dockerswarm_service_task_container_hostname=hn \
                 dockerswarm_service_task_container_image=img \
                 dockerswarm_service_updating_status=completed"
            ),
            format!(
                "__address__=10.0.1.3:80 {NETWORK} dockerswarm_service_id=s2 \
                 dockerswarm_service_mode=global dockerswarm_service_name=job"
            ),
        ]
    );
}

#[test]
fn tasks_become_targets() {
    let tasks: Vec<Task> = serde_json::from_str(TASKS).unwrap();
    let services: Vec<Service> = serde_json::from_str(SERVICES).unwrap();
    let nodes: Vec<Node> = serde_json::from_str(NODES).unwrap();
    let found = tasks::targets(&tasks, &services, &nodes, &networks(), 80).unwrap();
    let rest = |mode: &str| {
        format!(
            "dockerswarm_node_hostname=h1 dockerswarm_node_id=nd1 dockerswarm_node_label_a_b=c \
             dockerswarm_node_platform_architecture=x86_64 dockerswarm_node_platform_os=linux \
             dockerswarm_node_role=manager dockerswarm_node_status=ready dockerswarm_service_id=s1 \
             dockerswarm_service_label_k=v dockerswarm_service_mode=replicated \
             dockerswarm_service_name=web dockerswarm_task_container_id=c1 \
             dockerswarm_task_desired_state=running dockerswarm_task_id=t1 \
             dockerswarm_task_port_publish_mode={mode} dockerswarm_task_slot=1 \
             dockerswarm_task_state=running"
        )
    };
    assert_eq!(
        lines(found),
        [
            format!(
                "__address__=10.0.0.1:9000 dockerswarm_container_label_x=y {NODE} {}",
                rest("host")
            ),
            format!(
                "__address__=10.0.1.7:8080 dockerswarm_container_label_x=y {NETWORK} {NODE} {}",
                rest("ingress")
            ),
        ]
    );
}

#[test]
fn an_address_that_is_none_is_told() {
    assert_eq!(address_of("10.0.0.1/24").unwrap(), "10.0.0.1");
    let told = address_of("x/24").unwrap_err().to_string();
    assert_eq!(
        told,
        "error while parsing address x/24: invalid CIDR address: x/24"
    );
}
