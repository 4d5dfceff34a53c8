//! Containers and networks as an engine lists them.

use super::*;
use crate::labels::shown;
use config::discovery::Discovery;

const NETWORKS: &str = r#"[{"Id": "n1", "Name": "app_default", "Scope": "local", "Internal": false,
  "Ingress": false, "Labels": {"com.docker.compose.project": "app"}},
  {"Id": "n2", "Name": "other", "Scope": "local", "Internal": true, "Ingress": false, "Labels": null}]"#;

const CONTAINERS: &str = r#"[
 {"Id": "c1", "Names": ["/web"], "Labels": {"com.x/y": "z"}, "HostConfig": {"NetworkMode": "app_default"},
  "Ports": [{"IP": "0.0.0.0", "PrivatePort": 9100, "PublicPort": 19100, "Type": "tcp"},
            {"PrivatePort": 53, "Type": "udp"}],
  "NetworkSettings": {"Networks": {"app_default": {"NetworkID": "n1", "IPAddress": "172.20.0.2"},
                                   "zzz": {"NetworkID": "n2", "IPAddress": "172.21.0.2"}, "none": null}}},
 {"Id": "c2", "Names": ["/side"], "HostConfig": {"NetworkMode": "container:c1"}, "NetworkSettings": {"Networks": {}}},
 {"Id": "c3", "Names": ["/host"], "HostConfig": {"NetworkMode": "host"},
  "NetworkSettings": {"Networks": {"host": {"NetworkID": "n9", "IPAddress": ""}}}},
 {"Id": "c4", "Names": [], "HostConfig": {}, "NetworkSettings": {}},
 {"Id": "c5", "Names": ["/circle"], "HostConfig": {"NetworkMode": "container:c5"}, "NetworkSettings": {"Networks": null}}
]"#;

fn found(entry: &str) -> Vec<String> {
    let Discovery::Docker(discovery) =
        crate::provider::tests::entry(&format!("docker_sd_configs: [{entry}]"))
    else {
        panic!("{entry}");
    };
    let networks = serde_json::from_str(NETWORKS).unwrap();
    let networks = Networks::of_list(networks, "__meta_docker_");
    let containers: Vec<Container> = serde_json::from_str(CONTAINERS).unwrap();
    shown(&DockerProvider::new(discovery).groups(&containers, &networks))
}

const WEB: &str = "docker_container_id=c1 docker_container_label_com_x_y=z \
    docker_container_name=/web docker_container_network_mode=app_default";
const DEFAULT: &str = "docker_network_id=n1 docker_network_ingress=false docker_network_internal=false \
    docker_network_ip=172.20.0.2 docker_network_label_com_docker_compose_project=app \
    docker_network_name=app_default docker_network_scope=local";
const OTHER: &str = "docker_network_id=n2 docker_network_ingress=false docker_network_internal=true \
    docker_network_ip=172.21.0.2 docker_network_name=other docker_network_scope=local";
const PORTS: &str =
    "docker_port_private=9100 docker_port_public=19100 docker_port_public_ip=0.0.0.0";
const SIDE: &str =
    "docker_container_id=c2 docker_container_name=/side docker_container_network_mode=container:c1";
const HOST: &str = "__address__=localhost docker_container_id=c3 docker_container_name=/host \
    docker_container_network_mode=host";

#[test]
fn containers_become_targets() {
    assert_eq!(
        found("{host: 'unix:///x'}"),
        [
            "[Docker]".to_owned(),
            format!("__address__=172.20.0.2:9100 {WEB} {DEFAULT} {PORTS}"),
            format!("__address__=172.20.0.2:80 {SIDE} {DEFAULT}"),
            HOST.to_owned(),
        ]
    );
}

#[test]
fn all_networks_give_targets_when_asked_for() {
    assert_eq!(
        found("{host: 'unix:///x', match_first_network: false, port: 8080}"),
        [
            "[Docker]".to_owned(),
            format!("__address__=172.20.0.2:9100 {WEB} {DEFAULT} {PORTS}"),
            format!("__address__=172.21.0.2:9100 {WEB} {OTHER} {PORTS}"),
            format!("__address__=172.20.0.2:8080 {SIDE} {DEFAULT}"),
            format!("__address__=172.21.0.2:8080 {SIDE} {OTHER}"),
            HOST.to_owned(),
        ]
    );
}

#[test]
fn the_engine_is_asked_where_it_is() {
    let cases = [
        ("unix:///var/run/docker.sock", "http://docker"),
        ("tcp://a:2375", "http://a:2375"),
        ("https://a:2376/", "https://a:2376"),
    ];
    for (host, want) in cases {
        assert_eq!(base_url(host), want);
    }
    let filter = Filter {
        name: "label".to_owned(),
        values: vec!["a".to_owned(), "b".to_owned()],
    };
    assert_eq!(
        filters(&[filter]),
        "?filters=%7B%22label%22%3A%7B%22a%22%3Atrue%2C%22b%22%3Atrue%7D%7D"
    );
}
