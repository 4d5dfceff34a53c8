//! Entries of all mechanisms: defaults, what is written back, what is refused.

use super::{Discovery, KEYS};

/// Reads one job with this discovery.
fn load(discovery: &str) -> Result<crate::server::Config, String> {
    let text = format!("scrape_configs:\n- job_name: job\n  {discovery}\n");
    crate::server::load(&text, "prometheus.yml", |_| None).map_err(|problems| problems.to_string())
}

/// The lines that follow `key` in the written job.
fn written(discovery: &str) -> String {
    let config = load(discovery).unwrap_or_else(|error| panic!("{discovery}: {error}"));
    let yaml = config.to_yaml();
    let start = yaml
        .find("_sd_configs:\n")
        .expect("the mechanism is written");
    let start = yaml[..start].rfind('\n').map_or(0, |end| end + 1);
    let end = yaml.find("otlp:\n").unwrap_or(yaml.len());
    yaml[start..end].to_owned()
}

/// What upstream writes for the shortest entry of each mechanism.
const SHORTEST: [(&str, &str); 31] = [
    (
        "dns_sd_configs: [{names: [a]}]",
        "names:\n- a\nrefresh_interval: 30s\ntype: SRV\nport: 0",
    ),
    (
        "docker_sd_configs: [{host: 'unix:///x'}]",
        "follow_redirects: true\nenable_http2: true\nhost: unix:///x\nport: 80\nfilters: []\nhost_networking_host: localhost\nrefresh_interval: 1m\nmatch_first_network: true",
    ),
    (
        "dockerswarm_sd_configs: [{host: 'unix:///x', role: nodes}]",
        "follow_redirects: true\nenable_http2: true\nhost: unix:///x\nrole: nodes\nport: 80\nfilters: []\nrefresh_interval: 1m",
    ),
    (
        "digitalocean_sd_configs: [{}]",
        "follow_redirects: true\nenable_http2: true\nrefresh_interval: 1m\nport: 80\nrole: droplets",
    ),
    (
        "ec2_sd_configs: [{region: a}]",
        "endpoint: \"\"\nregion: a\nrefresh_interval: 1m\nport: 80\nfilters: []\nfollow_redirects: true\nenable_http2: true",
    ),
    (
        "lightsail_sd_configs: [{region: a}]",
        "endpoint: \"\"\nregion: a\nrefresh_interval: 1m\nport: 80\nfollow_redirects: true\nenable_http2: true",
    ),
    (
        "eureka_sd_configs: [{server: 'http://a/'}]",
        "server: http://a/\nfollow_redirects: true\nenable_http2: true\nrefresh_interval: 30s",
    ),
    (
        "gce_sd_configs: [{project: a, zone: b}]",
        "project: a\nzone: b\nrefresh_interval: 1m\nport: 80\ntag_separator: ','",
    ),
    (
        "http_sd_configs: [{url: 'http://a/'}]",
        "follow_redirects: true\nenable_http2: true\nrefresh_interval: 1m\nurl: http://a/",
    ),
    (
        "marathon_sd_configs: [{servers: ['http://a/']}]",
        "servers:\n- http://a/\nrefresh_interval: 30s\nfollow_redirects: true\nenable_http2: true",
    ),
    (
        "nerve_sd_configs: [{servers: [a], paths: [/a]}]",
        "servers:\n- a\npaths:\n- /a\ntimeout: 10s",
    ),
    (
        "serverset_sd_configs: [{servers: [a], paths: [/a]}]",
        "servers:\n- a\npaths:\n- /a\ntimeout: 10s",
    ),
    (
        "openstack_sd_configs: [{role: instance, region: a}]",
        "identity_endpoint: \"\"\nusername: \"\"\nuserid: \"\"\npassword: null\nproject_name: \"\"\nproject_id: \"\"\ndomain_name: \"\"\ndomain_id: \"\"\napplication_credential_name: \"\"\napplication_credential_id: \"\"\napplication_credential_secret: null\nrole: instance\nregion: a\nrefresh_interval: 1m\nport: 80\navailability: public",
    ),
    (
        "puppetdb_sd_configs: [{url: 'http://a/', query: x}]",
        "follow_redirects: true\nenable_http2: true\nrefresh_interval: 1m\nurl: http://a/\nquery: x\ninclude_parameters: false\nport: 80",
    ),
    (
        "triton_sd_configs: [{account: a, dns_suffix: b, endpoint: c}]",
        "account: a\nrole: container\ndns_suffix: b\nendpoint: c\nport: 9163\nrefresh_interval: 1m\nversion: 1",
    ),
    (
        "azure_sd_configs: [{subscription_id: a, tenant_id: b, client_id: c, client_secret: d}]",
        "environment: AzurePublicCloud\nport: 80\nsubscription_id: a\ntenant_id: b\nclient_id: c\nclient_secret: <secret>\nrefresh_interval: 5m\nauthentication_method: OAuth\nfollow_redirects: true\nenable_http2: true",
    ),
    (
        "hetzner_sd_configs: [{role: robot}]",
        "follow_redirects: true\nenable_http2: true\nrefresh_interval: 1m\nport: 80\nrole: robot",
    ),
    (
        "vultr_sd_configs: [{}]",
        "follow_redirects: true\nenable_http2: true\nrefresh_interval: 1m\nport: 80",
    ),
    (
        "ionos_sd_configs: [{datacenter_id: a}]",
        "datacenter_id: a\nfollow_redirects: true\nenable_http2: true\nrefresh_interval: 1m\nport: 80",
    ),
    (
        "uyuni_sd_configs: [{server: 'http://a/', username: a, password: b}]",
        "server: http://a/\nusername: a\npassword: <secret>\nfollow_redirects: true\nenable_http2: true\nentitlement: monitoring_entitled\nseparator: ','\nrefresh_interval: 1m",
    ),
    (
        "ovhcloud_sd_configs: [{service: vps, application_key: a, application_secret: b, consumer_key: c}]",
        "endpoint: ovh-eu\napplication_key: a\napplication_secret: <secret>\nconsumer_key: <secret>\nrefresh_interval: 1m\nservice: vps",
    ),
    (
        "scaleway_sd_configs: [{role: instance, project_id: 1a111111-1111-1111-1111-111111111112, access_key: SCWXXXXXXXXXXXXXXXXX, secret_key: 11111111-1111-1111-1111-111111111111}]",
        "project_id: 1a111111-1111-1111-1111-111111111112\napi_url: https://api.scaleway.com\nzone: fr-par-1\naccess_key: SCWXXXXXXXXXXXXXXXXX\nsecret_key: <secret>\nsecret_key_file: \"\"\nfollow_redirects: true\nenable_http2: true\nrefresh_interval: 1m\nport: 80\nrole: instance",
    ),
    (
        "consul_sd_configs: [{}]",
        "server: localhost:8500\ntag_separator: ','\nscheme: http\nallow_stale: true\nrefresh_interval: 30s\nfollow_redirects: true\nenable_http2: true",
    ),
    (
        "nomad_sd_configs: [{}]",
        "allow_stale: true\nfollow_redirects: true\nenable_http2: true\nnamespace: default\nrefresh_interval: 1m\nregion: global\nserver: http://localhost:4646\ntag_separator: ','",
    ),
    (
        "kubernetes_sd_configs: [{role: pod, namespaces: {names: [a]}}]",
        "role: pod\nkubeconfig_file: \"\"\nfollow_redirects: true\nenable_http2: true\nnamespaces:\n  own_namespace: false\n  names:\n  - a",
    ),
    (
        "kuma_sd_configs: [{server: 'http://a/'}]",
        "follow_redirects: true\nenable_http2: true\nrefresh_interval: 30s\nfetch_timeout: 2m\nserver: http://a/",
    ),
    (
        "linode_sd_configs: [{}]",
        "follow_redirects: true\nenable_http2: true\nrefresh_interval: 1m\nport: 80\ntag_separator: ','",
    ),
    (
        "stackit_sd_configs: [{project: a}]",
        "follow_redirects: true\nenable_http2: true\nproject: a\nrefresh_interval: 1m\nport: 80\nregion: eu01",
    ),
    (
        "outscale_sd_configs: [{access_key: a, secret_key: b}]",
        "endpoint: https://api.eu-west-2.outscale.com/api/v1\nregion: eu-west-2\naccess_key: a\nsecret_key: <secret>\nsecret_key_file: \"\"\nrefresh_interval: 1m\nport: 80\nfollow_redirects: true\nenable_http2: true",
    ),
    (
        "oci_sd_configs: [{auth: instance_principal, region: a}]",
        "auth: instance_principal\nregion: a\nfollow_redirects: true\nenable_http2: true\nport: 80\nrefresh_interval: 1m",
    ),
    (
        "rds_sd_configs: [{}]",
        "region: \"\"\nendpoint: \"\"\nport: 80\nrefresh_interval: 1m\nfilters: []\nrequest_concurrency: 10\nfollow_redirects: true\nenable_http2: true",
    ),
];

#[test]
fn entries_are_written_with_all_defaults() {
    for (discovery, want) in SHORTEST {
        let key = discovery.split(':').next().unwrap_or_default();
        let lines: Vec<String> = want
            .lines()
            .enumerate()
            .map(|(index, line)| format!("  {}{line}\n", if index == 0 { "- " } else { "  " }))
            .collect();
        let want = format!("  {key}:\n{}", lines.concat());
        assert_eq!(written(discovery), want, "{discovery}");
    }
}

#[test]
fn what_is_written_reads_as_the_same() {
    for (discovery, _) in SHORTEST {
        let config = load(discovery).unwrap();
        let yaml = config.to_yaml();
        let again = crate::server::load(&yaml, "prometheus.yml", |_| None);
        assert_eq!(again.unwrap().to_yaml(), yaml, "{discovery}");
    }
}

#[test]
fn mechanisms_are_written_in_the_order_of_their_keys() {
    let config = load(
        "vultr_sd_configs: [{}]\n  static_configs: [{targets: [a]}]\n  file_sd_configs: [{files: [b.yml]}]\n  digitalocean_sd_configs: [{}, {port: 1}]",
    );
    let yaml = config.unwrap().to_yaml();
    let keys: Vec<&str> = yaml
        .lines()
        .filter_map(|line| line.trim().strip_suffix("_configs:"))
        .skip(1)
        .collect();
    assert_eq!(keys, ["digitalocean_sd", "file_sd", "static", "vultr_sd"]);
    let mut sorted = KEYS[..KEYS.len() - 1].to_vec();
    sorted.sort_unstable();
    assert_eq!(sorted, KEYS[..KEYS.len() - 1]);
}

#[test]
fn faults_are_told_in_upstreams_words() {
    let cases = [
        (
            "dns_sd_configs: [{}]",
            "DNS-SD config must contain at least one SRV record name",
        ),
        (
            "dns_sd_configs: [{names: [a], type: A}]",
            "a port is required in DNS-SD configs for all record types except SRV",
        ),
        (
            "dns_sd_configs: [{names: [a], type: X}]",
            "invalid DNS-SD records type X",
        ),
        ("docker_sd_configs: [{}]", "host missing"),
        (
            "docker_sd_configs: [{host: ':a'}]",
            "parse \":a\": missing protocol scheme",
        ),
        (
            "dockerswarm_sd_configs: [{host: a}]",
            "role missing (one of: tasks, services, nodes)",
        ),
        (
            "dockerswarm_sd_configs: [{host: a, role: b}]",
            "invalid role b, expected tasks, services, or nodes",
        ),
        (
            "gce_sd_configs: [{project: a}]",
            "GCE SD configuration requires a zone",
        ),
        ("http_sd_configs: [{}]", "URL is missing"),
        (
            "http_sd_configs: [null]",
            "empty or null section in http_sd_configs",
        ),
        (
            "http_sd_configs: [{foo: 1}]",
            "field foo not found in type http.plain",
        ),
        (
            "openstack_sd_configs: [{role: instance}]",
            "openstack SD configuration requires a region",
        ),
        (
            "triton_sd_configs: [{account: a, dns_suffix: a, endpoint: b, refresh_interval: 0s}]",
            "triton SD configuration requires RefreshInterval to be a positive integer",
        ),
        (
            "nerve_sd_configs: [{servers: [a], paths: [a]}]",
            "nerve SD config paths must begin with '/': a",
        ),
        (
            "hetzner_sd_configs: [{}]",
            "role missing (one of: robot, hcloud)",
        ),
        (
            "ovhcloud_sd_configs: [{endpoint: ''}]",
            "endpoint can not be empty",
        ),
        ("aws_sd_configs: [{role: s3}]", "unknown AWS SD role \"s3\""),
        (
            "consul_sd_configs: [{token: a, authorization: {credentials: b}}]",
            "at most one of consul SD token, authorization, or oauth2 can be configured",
        ),
        (
            "scaleway_sd_configs: [{role: instance, project_id: a, access_key: b, secret_key: c}]",
            "scaleway-sdk-go: invalid access key format 'b', expected SCWXXXXXXXXXXXXXXXXX format",
        ),
        (
            "oci_sd_configs: [{region: a}]",
            "oci_sd: api_key auth requires tenancy",
        ),
    ];
    for (discovery, want) in cases {
        let told = load(discovery).unwrap_err();
        assert!(
            told.contains(want),
            "{discovery}\n  tells {told}\n  wants {want}"
        );
    }
}

#[test]
fn relative_paths_start_at_the_folder_of_the_configuration() {
    let mut config = load(
        "kubernetes_sd_configs: [{role: pod, kubeconfig_file: kube/config}]\n  http_sd_configs: [{url: 'http://a', authorization: {credentials_file: token}}]",
    )
    .unwrap();
    config.set_directory(std::path::Path::new("/etc/prometheus"));
    let entries = &config.scrape_configs[0].service_discovery.entries;
    let Discovery::Kubernetes(kubernetes) = &entries[1] else {
        panic!("{entries:?}");
    };
    assert_eq!(
        kubernetes.kubeconfig_file.as_str(),
        "/etc/prometheus/kube/config"
    );
    assert!(
        config
            .to_yaml()
            .contains("credentials_file: /etc/prometheus/token")
    );
}
