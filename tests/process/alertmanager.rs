//! A real Alertmanager hears from us what another one hears from a real Prometheus that has the same
//! rules and scrapes the same page: labels, annotations, links and times of alerts that wait, fire,
//! linger and end.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use model::date::parse_rfc3339;
use serde_json::Value;

use crate::both_ways::{is_there, latest};
use crate::client::get;
use crate::pages;
use crate::program::{BINARY, Program, free_address};
use crate::receiver::{Received, Receiver, now_millis};
use crate::side_by_side::major_version;

#[test]
fn an_alertmanager_hears_the_same_from_us_and_from_debians_prometheus() {
    compare_with(Path::new("prometheus"));
}

#[test]
fn an_alertmanager_hears_the_same_from_us_and_from_the_latest_prometheus() {
    compare_with(&latest());
}

fn compare_with(peer: &Path) {
    if !is_there(peer) || !is_there(Path::new("prometheus-alertmanager")) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let is_on = Arc::new(AtomicBool::new(false));
    let shown = Arc::clone(&is_on);
    let port = pages::serve(move || page(shown.load(Ordering::Relaxed)));
    let is_old = major_version(peer) == Some(2);
    let rules = match is_old {
        // The error says what templates see, and values were not histograms then.
        true => RULES.replace("{{ .Nope }}", "{{ .Labels.x.Nope }}"),
        false => RULES.to_owned(),
    };
    std::fs::write(folder.path().join("rules.yml"), rules).unwrap();
    let start = |name, program: &[&OsStr]| Side::start(folder.path(), name, port, is_old, program);
    let mut ours = start("ours", &[OsStr::new(BINARY), OsStr::new("server")]);
    let mut theirs = start("theirs", &[peer.as_os_str()]);

    // Both have looked at the page before anything fires.
    for side in [&mut ours, &mut theirs] {
        side.server.wait_series("test:sum == 0", 1);
    }
    let on_at = now_millis();
    is_on.store(true, Ordering::Relaxed);
    let firing = [&mut ours, &mut theirs].map(|side| side.wait_heard("firing"));
    must_be_active(&[&ours, &theirs], &firing);
    let off_at = now_millis();
    is_on.store(false, Ordering::Relaxed);
    let resolved = [&mut ours, &mut theirs].map(|side| side.wait_heard("resolved"));

    for (is_end, [ours, theirs]) in [(false, &firing), (true, &resolved)] {
        assert!(ours.keys().eq(theirs.keys()), "{ours:#?}\n{theirs:#?}");
        for (labels, our) in ours {
            let their = &theirs[labels];
            assert_eq!(our.texts, their.texts, "{labels}");
            must_be_near(labels, our.starts_at, their.starts_at);
            if is_end {
                must_be_near(labels, our.ends_at, their.ends_at);
            }
        }
    }
    for (firing, resolved) in firing.iter().zip(&resolved) {
        must_keep_their_times(firing, resolved, on_at, off_at);
    }
    println!(
        "{}: {} alerts fire and end as its own do",
        peer.display(),
        firing[0].len()
    );
}

/// A server, the Alertmanager that it tells, and what that one tells people.
struct Side {
    server: Program,
    alertmanager: Program,
    people: Receiver,
}

/// What people hear of an alert.
#[derive(Debug)]
struct Told {
    /// Annotations and link.
    texts: (Value, Value),
    starts_at: i64,
    ends_at: i64,
}

/// Alerts by their labels.
type Heard = BTreeMap<String, Told>;

impl Side {
    fn start(folder: &Path, name: &str, port: u16, is_old: bool, program: &[&OsStr]) -> Self {
        let people = Receiver::start();
        let folder = folder.join(name);
        std::fs::create_dir(&folder).unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.join(name);
            std::fs::write(&path, text).unwrap();
            path.display().to_string()
        };
        let config = ALERTMANAGER.replace("{people}", &people.address);
        let address = free_address();
        let flags = [
            format!("--config.file={}", write("alertmanager.yml", &config)),
            format!("--storage.path={}", folder.join("alertmanager").display()),
            format!("--web.listen-address={address}"),
            "--cluster.listen-address=".to_owned(),
        ];
        let flags: Vec<&OsStr> = flags.iter().map(OsStr::new).collect();
        let program_of_alertmanager = Path::new("prometheus-alertmanager");
        let mut alertmanager = Program::start_as(program_of_alertmanager, &address, &flags);
        alertmanager.wait_ready();

        let mut config = SERVER
            .replace("{port}", &port.to_string())
            .replace("{alertmanager}", &address);
        if !is_old {
            config.push_str(RELABEL_OF_ONE);
        }
        let address = free_address();
        let flags = [
            format!("--config.file={}", write("server.yml", &config)),
            format!("--storage.tsdb.path={}", folder.join("data").display()),
            format!("--web.listen-address={address}"),
            // The same for both, so that links are the same, too.
            "--web.external-url=http://watch.example:9090".to_owned(),
        ];
        let command = program.iter().copied().skip(1);
        let flags: Vec<&OsStr> = command.chain(flags.iter().map(OsStr::new)).collect();
        let mut server = Program::start_as(Path::new(program[0]), &address, &flags);
        server.wait_ready();
        Self {
            server,
            alertmanager,
            people,
        }
    }

    /// Waits until people have heard of all alerts in this state.
    fn wait_heard(&mut self, status: &str) -> Heard {
        let people = self.people.clone();
        let what = format!("{ALERTS} alerts to be {status}");
        self.server.wait(Duration::from_secs(60), &what, || {
            let received = people.received();
            let alerts = received
                .iter()
                .flat_map(|Received { body, .. }| body["alerts"].as_array().unwrap());
            let alerts = alerts.filter(|alert| alert["status"] == status);
            let heard: Heard = alerts.map(read).collect();
            assert!(heard.len() <= ALERTS, "{:#?}", heard.keys());
            (heard.len() == ALERTS).then_some(heard)
        })
    }
}

fn read(alert: &Value) -> (String, Told) {
    let time = |field: &str| {
        let text = alert[field].as_str().unwrap();
        parse_rfc3339(text).unwrap_or_else(|| panic!("{text}"))
    };
    let told = Told {
        texts: (alert["annotations"].clone(), alert["generatorURL"].clone()),
        starts_at: time("startsAt"),
        ends_at: time("endsAt"),
    };
    (alert["labels"].to_string(), told)
}

/// The Alertmanagers have what people have heard of, and take it as firing for as long.
fn must_be_active(sides: &[&Side; 2], firing: &[Heard; 2]) {
    for (side, heard) in sides.iter().zip(firing) {
        let active = get(&side.alertmanager.address, "/api/v2/alerts").json();
        let active: Heard = active.as_array().unwrap().iter().map(read).collect();
        let labels = |heard: &Heard| heard.keys().cloned().collect::<BTreeSet<_>>();
        assert_eq!(labels(&active), labels(heard));
        for (labels, alert) in active {
            assert_eq!(alert.texts, heard[&labels].texts);
            // One that was told again is valid for longer.
            let valid = alert.ends_at - alert.starts_at;
            assert!(
                valid == VALID_FOR || valid > VALID_FOR + RESEND_DELAY,
                "{labels} is valid for {valid} ms"
            );
        }
    }
}

fn must_be_near(labels: &str, ours: i64, theirs: i64) {
    let apart = ours - theirs;
    assert!(apart.abs() <= NEAR, "{labels}: {apart} ms apart");
}

/// Alerts begin after they have waited, end after they have lingered, and keep their begin.
fn must_keep_their_times(firing: &Heard, resolved: &Heard, on_at: i64, off_at: i64) {
    for (labels, alert) in resolved {
        assert_eq!(alert.starts_at, firing[labels].starts_at, "{labels}");
        let waits = if labels.contains("\"Waits\"") {
            HOLD
        } else {
            0
        };
        assert!(alert.starts_at - on_at >= waits, "{labels}");
        let lingers = if labels.contains("\"Lingers\"") {
            HOLD
        } else {
            0
        };
        assert!(alert.ends_at - off_at >= lingers, "{labels}");
    }
}

fn page(is_on: bool) -> String {
    let mut page = String::from("# TYPE test_value gauge\n");
    for (labels, value) in VALUES {
        let value = if is_on { value } else { "0" };
        page.push_str(&format!("test_value{{{labels}}} {value}\n"));
    }
    page
}

/// Labels of the series, and their values while everything is on; otherwise they are 0.
const VALUES: [(&str, &str); 15] = [
    (r#"kind="plain""#, "1"),
    (
        r#"kind="many",owner="anna",map_floor="2""#,
        "0.30000000000000004",
    ),
    (r#"kind="many",owner="bob",map_floor="3""#, "12345.678"),
    (
        r#"kind="many",owner="c<&>\"\\\n{{.}}é",map_floor="""#,
        "1e21",
    ),
    (r#"kind="many",owner="dora",severity="own""#, "+Inf"),
    (r#"kind="many",owner="emil",__odd="x""#, "-4.5e-7"),
    (r#"kind="waits""#, "1"),
    (r#"kind="waits",n="2""#, "100"),
    (r#"kind="lingers""#, "1"),
    (r#"kind="never""#, "1"),
    (r#"kind="dropped""#, "1"),
    (r#"kind="broken""#, "1"),
    (r#"kind="od\"d",text="a b""#, "7"),
    (r#"kind="od\"d",text="a/b""#, "8"),
    (r#"kind="renamed",replica="x",zone="North-1""#, "1"),
];
/// Alerts that people hear of: of all series but the two that wait for an hour or are dropped.
const ALERTS: usize = VALUES.len() - 2;

const RULES: &str = r#"
groups:
  - name: watched & <odd> name
    rules:
      - record: test:sum
        expr: sum(test_value)
      - alert: Plain
        expr: test_value{kind="plain"} > 0
        labels: {severity: page, team: web}
        annotations:
          summary: '{{ $labels.instance }} of {{ .Labels.job }} is {{ $value }}'
          empty: ''
          gone: '{{ $labels.nowhere }}'
      - alert: Many
        expr: test_value{kind="many"} != 0
        labels:
          severity: '{{ if gt $value 2.0 }}page{{ else }}ticket{{ end }}'
          owner: '{{ $labels.owner | toUpper }}'
          gone: '{{ $labels.nowhere }}'
          alertname: Other
        annotations:
          summary: '{{ $labels.owner }}: {{ $value }} {{ $value | humanize }} {{ $value | humanize1024 }} {{ printf "%.2f|%5.1e|%v" $value $value $value }}'
          share: '{{ $value | humanizePercentage }} {{ $value | humanizeDuration }}'
          place: '{{ $externalLabels.dc }} {{ .ExternalURL }} {{ externalURL }} {{ pathPrefix }} {{ tableLink "up" }}'
          query: '{{ range query "test_value{owner!~\"c(?s:.*)\",kind=\"many\"}" | sortByLabel "owner" }}{{ .Labels.owner }}={{ .Value }} {{ end }}{{ with query "test:sum" }}{{ . | first | value }}{{ end }}'
          text: '{{ title "one two" }} {{ reReplaceAll "(a)(.)" "$2$1" "abac" }} {{ match "^a" "abc" }} {{ $labels.owner | safeHtml }} {{ stripPort "host:80" }}'
      - alert: Waits
        expr: test_value{kind="waits"} >= 1
        for: 3s
        labels: {dc: south}
      - alert: Lingers
        expr: test_value{kind="lingers"} == 1
        keep_firing_for: 3s
      - alert: Never
        expr: test_value{kind="never"} == 1
        for: 1h
      - alert: Dropped
        expr: test_value{kind="dropped"} == 1
      - alert: Broken
        expr: test_value{kind="broken"} == 1
        labels: {wrong: '{{ query "sum(" }}'}
        annotations:
          field: 'a {{ .Nope }}'
          deep: '{{ $labels.x.y }}'
          arguments: '{{ 1 | humanize | first }}'
          missing: '{{ template "nope" }}'
      - alert: Odd
        expr: |
          max  by(kind,text) (test_value{text!="",kind="od\"d"})
            # why not
            / on (kind) group_left() (count without(text,job,instance)(test_value{kind='od"d'}  > 0)) * 1e3 >bool -0.5 > 0
        annotations: {summary: 'ünï{{ "\u00e9" }} {{ $value }}'}
      - alert: Renamed
        expr: test_value{kind="renamed"} == 1 unless absent(up)
"#;

const SERVER: &str = "
global:
  scrape_interval: 1s
  evaluation_interval: 1s
  external_labels: {dc: north, replica: r1, team: nobody}
rule_files: [../rules.yml]
scrape_configs:
  - job_name: watched
    static_configs: [{targets: ['127.0.0.1:{port}'], labels: {instance: page}}]
alerting:
  alert_relabel_configs:
    - {regex: replica, action: labeldrop}
    - {source_labels: [alertname], regex: Dropped, action: drop}
    - {source_labels: [alertname, severity], separator: /, regex: (.+)/(.+), target_label: route, replacement: $2-$1}
    - {regex: map_(.+), action: labelmap, replacement: mapped_$1}
    - {source_labels: [zone], target_label: zone, action: lowercase}
    - {source_labels: [alertname, kind], target_label: shard, modulus: 7, action: hashmod}
  alertmanagers:
    - static_configs: [{targets: ['{alertmanager}']}]
";
/// What only one Alertmanager's alerts get; Prometheus 2.42 does not know it.
const RELABEL_OF_ONE: &str = "      alert_relabel_configs:
        - {source_labels: [alertname], target_label: told, replacement: 'by $1'}
";
const ALERTMANAGER: &str = "
route: {receiver: people, group_by: ['...'], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}
receivers:
  - name: people
    webhook_configs: [{url: 'http://{people}/', send_resolved: true}]
";

/// Milliseconds that alerts wait or linger.
const HOLD: i64 = 3_000;
/// Milliseconds after which people are told again, upstream's default.
const RESEND_DELAY: i64 = 60_000;
/// Milliseconds that an alert is valid after it was told of.
const VALID_FOR: i64 = 4 * RESEND_DELAY;
/// Milliseconds between the moments of two servers: an interval of scrapes, one of evaluations, and what
/// a busy machine makes of them.
const NEAR: i64 = 5_000;
