//! Mechanisms that ask APIs, over HTTP on loopback: what they ask, what they find, and that what was
//! found stays when the API fails.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use discovery::{Handle, Manager, Options, World};
use exposition::Registry;
use host::Fs as _;
use host::clock::RealClock;
use host::fs::SimulatedFs;
use host::pool::Pool;
use host::tasks::{TaskGroup, Trigger};

use crate::server::{Answer, Asked, Server};

struct Running {
    handle: Handle,
    _trigger: Trigger,
    _tasks: TaskGroup,
}

/// A manager of one job with this discovery.
fn run(discovery: &str, variables: &[(&str, String)]) -> Running {
    let text = format!("scrape_configs:\n- job_name: job\n  {discovery}\n");
    let config = config::server::load(&text, "prometheus.yml", |_| None).unwrap();
    let fs = SimulatedFs::default();
    fs.create_dir_all("/home".as_ref()).unwrap();
    let variables: Vec<(String, String)> = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect();
    let world = World::new(
        Arc::new(fs),
        Arc::new(RealClock::default()),
        Arc::new(Pool::new("discovery-test", 1).unwrap()),
        &Registry::new(),
        move |name| {
            let found = variables.iter().find(|(own, _)| own == name);
            found.map(|(_, value)| value.clone())
        },
    );
    let options = Options {
        reload_interval: Duration::from_millis(1),
        ..Options::default()
    };
    let (manager, handle) = Manager::new(options, world);
    let (trigger, mut tasks) = (Trigger::new(), TaskGroup::new());
    tasks.spawn(manager.run(trigger.shutdown()));
    let jobs = config.scrape_configs.iter();
    handle.apply(jobs.map(|job| (job.job_name.clone(), &job.service_discovery)));
    Running {
        handle,
        _trigger: trigger,
        _tasks: tasks,
    }
}

impl Running {
    /// Waits until these addresses are published. The patience is a bound for a broken machine.
    async fn wait_for(&self, want: &[&str]) {
        let mut groups = self.handle.target_groups();
        let has_come = groups.wait_for(|groups| {
            let groups = groups.values().flat_map(|groups| groups.iter());
            let targets = groups.flat_map(|group| &group.targets);
            targets
                .filter_map(|target| target.get("__address__"))
                .eq(want.iter().copied())
        });
        let outcome = tokio::time::timeout(Duration::from_secs(30), has_come).await;
        let failed = outcome.is_err();
        drop(outcome);
        assert!(!failed, "{want:?} never came: {:?}", self.handle.status());
    }

    /// Waits until the entry tells this error.
    async fn wait_for_error(&self, want: &str) {
        let until = async {
            loop {
                let status = self.handle.status();
                let error = status.first().and_then(|one| one.last_error.clone());
                if error.is_some_and(|error| error.contains(want)) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let outcome = tokio::time::timeout(Duration::from_secs(30), until).await;
        assert!(
            outcome.is_ok(),
            "{want} never came: {:?}",
            self.handle.status()
        );
    }
}

fn json(body: &str) -> Answer {
    (
        200,
        "content-type: application/json\r\n".to_owned(),
        body.to_owned(),
    )
}

fn plain(body: &str) -> Answer {
    (200, String::new(), body.to_owned())
}

fn not_found() -> Answer {
    (404, String::new(), String::new())
}

fn path(asked: &Asked) -> &str {
    asked.line.split(' ').nth(1).unwrap_or_default()
}

#[tokio::test]
async fn http_keeps_its_targets_when_the_server_fails() {
    let fails = Arc::new(AtomicBool::new(false));
    let switch = Arc::clone(&fails);
    let server = Server::start(move |_| {
        if switch.load(Ordering::Relaxed) {
            return (503, String::new(), String::new());
        }
        json(r#"[{"targets": ["a:1", "b:2"], "labels": {"zone": "x"}}]"#)
    })
    .await;
    let running = run(
        &format!(
            "http_sd_configs: [{{url: 'http://{}/sd', refresh_interval: 10ms, basic_auth: {{username: u, password: p}}}}]",
            server.address
        ),
        &[],
    );
    running.wait_for(&["a:1", "b:2"]).await;
    let asked = server.asked.lock().unwrap()[0].clone();
    for want in [
        "authorization: basic dtpw",
        "accept: application/json",
        "x-prometheus-refresh-interval-seconds: 0.01",
    ] {
        assert!(asked.headers.contains(want), "{}", asked.headers);
    }
    fails.store(true, Ordering::Relaxed);
    running
        .wait_for_error("server returned HTTP status 503")
        .await;
    running.wait_for(&["a:1", "b:2"]).await;
}

#[tokio::test]
async fn consul_follows_catalog_and_services() {
    let round = Arc::new(AtomicUsize::new(1));
    let now = Arc::clone(&round);
    let server = Server::start(move |asked| {
        let round = now.load(Ordering::Relaxed);
        let index = format!("x-consul-index: {round}\r\n");
        let body = match path(asked).split('?').next().unwrap_or_default() {
            "/v1/agent/self" => r#"{"Config": {"Datacenter": "dc9"}}"#.to_owned(),
            "/v1/catalog/services" if round == 1 => r#"{"a": [], "b": []}"#.to_owned(),
            "/v1/catalog/services" => r#"{"b": []}"#.to_owned(),
            "/v1/health/service/a" => service("a", 1),
            "/v1/health/service/b" => service("b", round),
            _ => return not_found(),
        };
        (200, index, body)
    })
    .await;
    let running = run(
        &format!(
            "consul_sd_configs: [{{server: '{}', token: t, refresh_interval: 10ms}}]",
            server.address
        ),
        &[],
    );
    running.wait_for(&["a:1", "b:1"]).await;
    let labels = running.handle.target_groups().borrow()["job"][0]
        .labels
        .clone();
    assert_eq!(
        labels.to_string(),
        r#"{__meta_consul_dc="dc9", __meta_consul_service="a"}"#
    );
    assert!(
        server.asked.lock().unwrap()[0]
            .headers
            .contains("x-consul-token: t")
    );
    round.store(2, Ordering::Relaxed);
    running.wait_for(&["b:2"]).await;
    let asked = server.asked.lock().unwrap();
    assert!(asked.iter().any(|asked| path(asked).contains("index=1")));
}

fn service(name: &str, port: usize) -> String {
    format!(
        r#"[{{"Node": {{"Node": "n", "Address": "{name}"}}, "Service": {{"ID": "i", "Port": {port}}}, "Checks": []}}]"#
    )
}

#[tokio::test]
async fn nomad_lists_services_and_their_instances() {
    let server = Server::start(|asked| match path(asked) {
        "/v1/services?region=global&namespace=default&stale=" => plain(
            r#"[{"Namespace": "default", "Services": [{"ServiceName": "web x", "Tags": []}]}]"#,
        ),
        "/v1/service/web%20x?region=global&namespace=default&stale=" => {
            plain(r#"[{"Address": "10.0.0.1", "Port": 80, "ServiceName": "web x", "ID": "i"}]"#)
        }
        _ => not_found(),
    })
    .await;
    let entry = format!(
        "nomad_sd_configs: [{{server: 'http://{}'}}]",
        server.address
    );
    run(&entry, &[]).wait_for(&["10.0.0.1:80"]).await;
}

#[tokio::test]
async fn eureka_and_puppetdb_are_asked() {
    let server = Server::start(|asked| match asked.line.as_str() {
        "GET /eureka/apps HTTP/1.1" => plain(
            "<applications><application><name>A</name><instance><hostName>h</hostName>\
             <port enabled=\"true\">1</port></instance></application></applications>",
        ),
        "POST /pdb/query/v4 HTTP/1.1" if asked.body == r#"{"query":"nodes {}"}"# => {
            json(r#"[{"certname": "c", "exported": true, "tags": null}]"#)
        }
        _ => not_found(),
    })
    .await;
    let address = &server.address;
    let entry = format!("eureka_sd_configs: [{{server: 'http://{address}/eureka'}}]");
    run(&entry, &[]).wait_for(&["h:1"]).await;
    let entry = format!("puppetdb_sd_configs: [{{url: 'http://{address}', query: 'nodes {{}}'}}]");
    run(&entry, &[]).wait_for(&["c:80"]).await;
}

#[tokio::test]
async fn docker_engines_are_asked() {
    let server = Server::start(|asked| match path(asked) {
        "/containers/json" => plain(
            r#"[{"Id": "c", "Names": ["/web"], "Ports": [{"PrivatePort": 80, "Type": "tcp"}], "HostConfig": {"NetworkMode": "n"},
                "NetworkSettings": {"Networks": {"n": {"NetworkID": "1", "IPAddress": "172.17.0.2"}}}}]"#,
        ),
        "/networks" => plain("[]"),
        "/nodes" => plain(r#"[{"ID": "n", "Status": {"Addr": "10.0.0.1"}}]"#),
        _ => not_found(),
    })
    .await;
    let address = &server.address;
    let entry = format!("docker_sd_configs: [{{host: 'tcp://{address}'}}]");
    run(&entry, &[]).wait_for(&["172.17.0.2:80"]).await;
    let entry = format!("dockerswarm_sd_configs: [{{host: 'http://{address}', role: nodes}}]");
    run(&entry, &[]).wait_for(&["10.0.0.1:80"]).await;
    let entry = format!("dockerswarm_sd_configs: [{{host: 'http://{address}', role: services}}]");
    let error = "error while listing swarm services: server returned HTTP status 404 Not Found";
    run(&entry, &[]).wait_for_error(error).await;
}

#[tokio::test]
async fn ec2_is_asked_in_pages_with_the_machines_credentials() {
    let server = Server::start(|asked| {
        let is_machines = asked.headers.contains("x-aws-ec2-metadata-token: tok");
        match path(asked) {
            "/latest/api/token" if asked.line.starts_with("PUT") => plain("tok"),
            "/latest/meta-data/placement/region" if is_machines => plain("eu-west-1"),
            "/latest/meta-data/iam/security-credentials/" if is_machines => plain("role\n"),
            "/latest/meta-data/iam/security-credentials/role" if is_machines => plain(
                r#"{"AccessKeyId": "A", "SecretAccessKey": "S", "Token": "T", "Expiration": "2100-01-01T00:00:00Z"}"#,
            ),
            "/" if asked.body.starts_with("Action=DescribeAvailabilityZones") => {
                (403, String::new(), "<Response><Errors><Error><Code>X</Code></Error></Errors></Response>".to_owned())
            }
            "/" if asked.body.contains("NextToken=more") => plain(&reservations("10.0.0.2", "")),
            "/" => plain(&reservations("10.0.0.1", "<nextToken>more</nextToken>")),
            _ => not_found(),
        }
    })
    .await;
    let base = format!("http://{}", server.address);
    let running = run(
        &format!("ec2_sd_configs: [{{endpoint: '{base}/'}}]"),
        &[("AWS_EC2_METADATA_SERVICE_ENDPOINT", base.clone())],
    );
    running.wait_for(&["10.0.0.1:80", "10.0.0.2:80"]).await;
    let asked = server.asked.lock().unwrap();
    let signed = asked
        .iter()
        .find(|asked| asked.body.contains("DescribeInstances"))
        .unwrap();
    for want in [
        "authorization: aws4-hmac-sha256 credential=a/",
        "/eu-west-1/ec2/aws4_request, signedheaders=content-type;host;x-amz-date;x-amz-security-token, signature=",
        "x-amz-security-token: t",
    ] {
        assert!(signed.headers.contains(want), "{}", signed.headers);
    }
}

fn reservations(address: &str, more: &str) -> String {
    format!(
        "<R><reservationSet><item><instancesSet><item><instanceId>i</instanceId>\
         <privateIpAddress>{address}</privateIpAddress></item></instancesSet></item></reservationSet>{more}</R>"
    )
}

#[tokio::test]
async fn gce_is_asked_with_the_machines_token() {
    let server = Server::start(|asked| match path(asked) {
        "/computeMetadata/v1/instance/service-accounts/default/token"
            if asked.headers.contains("metadata-flavor: google") =>
        {
            plain(r#"{"access_token": "tok", "expires_in": 3600, "token_type": "Bearer"}"#)
        }
        "/compute/v1/projects/p/zones/z/instances"
            if asked.headers.contains("authorization: bearer tok") =>
        {
            plain(r#"{"items": [{"id": "1", "networkInterfaces": [{"name": "nic0", "networkIP": "10.0.0.3"}]}]}"#)
        }
        _ => not_found(),
    })
    .await;
    let running = run(
        "gce_sd_configs: [{project: p, zone: z}]",
        &[
            ("GCE_METADATA_HOST", server.address.clone()),
            ("GCE_API_ENDPOINT", format!("http://{}", server.address)),
        ],
    );
    running.wait_for(&["10.0.0.3:80"]).await;
}
