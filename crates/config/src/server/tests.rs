//! The whole file: what is effective, what is refused and where, and what is printed.

use std::time::Duration;

use super::*;

fn load_text(text: &str) -> Result<Config, Problems> {
    load(text, "prometheus.yml", |name| {
        (name == "REGION").then(|| "north".to_owned())
    })
}

fn only_job(text: &str) -> ScrapeConfig {
    let config = load_text(text).unwrap_or_else(|problems| panic!("{problems}"));
    config.scrape_configs.into_iter().next().unwrap()
}

#[test]
fn an_empty_file_gives_the_defaults() {
    for text in [
        "",
        "# only a comment\n",
        "global:\n",
        "scrape_configs: []\n",
    ] {
        assert_eq!(load_text(text), Ok(Config::default()), "{text:?}");
    }
}

#[test]
fn jobs_inherit_the_global_settings() {
    let job = only_job(
        "global:
  scrape_interval: 15s
  sample_limit: 1500
  label_limit: 30
  body_size_limit: 15MB
  scrape_failure_log_file: fail.log
scrape_configs:
  - job_name: node
    sample_limit: 0
    label_limit: 10
    target_limit: 0
",
    );
    assert_eq!(job.scrape_interval, Duration::from_secs(15));
    assert_eq!(job.scrape_timeout, Duration::from_secs(10));
    assert_eq!(job.limits.sample_limit, Limit::stated(1500));
    assert_eq!(job.limits.label_limit, Limit::stated(10));
    assert_eq!(job.limits.body_size_limit, Limit::stated(15 << 20));
    assert_eq!(job.limits.target_limit, Limit::Unlimited);
    assert_eq!(job.limits.label_name_length_limit, Limit::BuiltIn);
    assert_eq!(job.scrape_failure_log_file, "fail.log");
    assert_eq!(job.scrape_protocols, ScrapeProtocol::DEFAULT);
}

#[test]
fn a_timeout_that_is_not_stated_fits_the_interval() {
    let cases = [
        (
            "global: {scrape_interval: 5s}\nscrape_configs: [{job_name: a}]",
            5,
        ),
        ("scrape_configs: [{job_name: a, scrape_interval: 3s}]", 3),
        ("scrape_configs: [{job_name: a, scrape_interval: 30s}]", 10),
        ("scrape_configs: [{job_name: a, scrape_timeout: 30s}]", 30),
    ];
    for (text, seconds) in cases {
        assert_eq!(
            only_job(text).scrape_timeout,
            Duration::from_secs(seconds),
            "{text}"
        );
    }
}

#[test]
fn a_job_is_read_with_all_it_states() {
    let job = only_job(
        "scrape_configs:
  - job_name: federate
    honor_labels: yes
    honor_timestamps: false
    scheme: https
    metrics_path: /federate
    params:
      'match[]': ['{job=\"a\"}', up]
    scrape_native_histograms: true
    fallback_scrape_protocol: PrometheusText0.0.4
    metric_name_validation_scheme: legacy
    enable_compression: false
    relabel_configs:
      - source_labels: [a, b]
        regex:
        target_label: c
      - {action: LabelDrop, regex: d}
    static_configs:
      - targets: ['a:1', 'b:2']
        labels: {zone: 1.10, on: no}
    file_sd_configs:
      - files: ['targets/*.yml']
",
    );
    assert!(job.honor_labels && !job.honor_timestamps && !job.enable_compression);
    assert_eq!(
        (job.scheme, job.metrics_path.as_str()),
        (Scheme::Https, "/federate")
    );
    assert_eq!(job.params["match[]"], ["{job=\"a\"}", "up"]);
    assert_eq!(
        job.scrape_protocols,
        ScrapeProtocol::DEFAULT_NATIVE_HISTOGRAMS
    );
    assert_eq!(
        job.fallback_scrape_protocol,
        Some(ScrapeProtocol::PrometheusText004)
    );
    assert_eq!(job.metric_name_escaping_scheme, EscapingScheme::Underscores);
    assert_eq!(job.relabel_configs.len(), 2);
    assert_eq!(job.relabel_configs[0].spec().regex, "");
    let group = &job.service_discovery.static_configs[0];
    assert_eq!(group.labels.to_string(), r#"{on="no", zone="1.10"}"#);
    assert_eq!(group.targets.len(), 2);
    assert_eq!(group.source, "0");
    let files = job.service_discovery.file_entries().next().unwrap();
    assert_eq!(files.refresh_interval, Duration::from_secs(300));
}

#[test]
fn external_labels_see_the_environment() {
    let config =
        load_text("global: {external_labels: {region: '${REGION}-$$1', gone: '$NOTHING'}}");
    let labels = config.unwrap().global.external_labels;
    assert_eq!(labels.to_string(), r#"{region="north-$1"}"#);
}

#[test]
fn relative_paths_start_at_the_given_folder() {
    let text = "scrape_configs: [{job_name: a, file_sd_configs: [{files: [a/*.yml, /b.json]}]}]";
    let mut config = load_text(text).unwrap();
    config.set_directory(Path::new("/etc/x"));
    let discovery = &config.scrape_configs[0].service_discovery;
    let files = &discovery.file_entries().next().unwrap().files;
    assert_eq!(files, &["/etc/x/a/*.yml", "/b.json"]);
    assert_eq!(config.global.query_log_file, "");
}

#[test]
fn retention_is_read() {
    let config =
        load_text("storage: {tsdb: {retention: {time: 1d, size: 1GB, percentage: 12.5}}}").unwrap();
    let want = RetentionConfig {
        time: Duration::from_secs(86_400),
        size: 1 << 30,
        percentage: 12.5,
    };
    assert_eq!(config.storage.retention, Some(want));
}

#[test]
fn exemplars_are_read() {
    let cases = [
        ("", None),
        ("storage: {exemplars: }", None),
        ("storage: {exemplars: {}}", Some(0)),
        ("storage: {exemplars: {max_exemplars: 7}}", Some(7)),
        ("storage: {exemplars: {max_exemplars: -1}}", Some(-1)),
    ];
    for (text, want) in cases {
        let config = load_text(text).unwrap();
        let stated = config.storage.exemplars.as_ref();
        assert_eq!(
            stated.map(|exemplars| exemplars.max_exemplars),
            want,
            "{text}"
        );
        let again = load_text(&config.to_yaml()).unwrap();
        assert_eq!(again.storage, config.storage, "{text}");
    }
}

#[test]
fn problems_have_place_words_and_hint() {
    let cases = [
        (
            "scrape_configs:\n  - job_name: a\n    scrape_intervall: 5s\n",
            "prometheus.yml:3:5: unknown key \"scrape_intervall\": did you mean \"scrape_interval\"? (field scrape_intervall not found in type config.ScrapeConfig)",
        ),
        (
            "nonsense: 1\n",
            "prometheus.yml:1:1: unknown key \"nonsense\" (field nonsense not found in type config.plain)",
        ),
        (
            "rule_file: []\n",
            "prometheus.yml:1:1: unknown key \"rule_file\": did you mean \"rule_files\"? (field rule_file not found in type config.plain)",
        ),
        (
            "storage: {tsdb: {retention: {percentage: 101}}}\n",
            "prometheus.yml:1:42: 'storage.tsdb.retention.percentage' must be in the range [0, 100]",
        ),
        (
            "scrape_configs: []\nscrape_configs: []\n",
            "prometheus.yml:2:1: duplicate key: field scrape_configs already set in type config.plain",
        ),
        (
            "global:\n  external_labels: {a: b, a: c}\n",
            "prometheus.yml:2:27: key \"a\" already set in map",
        ),
        (
            "global:\n  external_labels: {1: b, 1: c}\n",
            "prometheus.yml:2:27: yaml: key \"1\" already set in map",
        ),
        (
            "- a\n",
            "prometheus.yml:1:1: yaml: unmarshal errors: cannot unmarshal !!seq into config.plain",
        ),
        (
            "global: {scrape_interval: 15}\n",
            "prometheus.yml:1:27: not a valid duration string: \"15\"",
        ),
        (
            "scrape_configs: [{job_name: a, honor_labels: maybe}]\n",
            "prometheus.yml:1:46: yaml: unmarshal errors: cannot unmarshal !!str `maybe` into bool",
        ),
        (
            "scrape_configs: [{job_name: a, sample_limit: -1}]\n",
            "prometheus.yml:1:46: yaml: unmarshal errors: cannot unmarshal !!int `-1` into uint",
        ),
        (
            "scrape_configs: [{job_name: a, scheme: ftp}]\n",
            "prometheus.yml:1:40: invalid scheme \"ftp\": must be http or https",
        ),
        (
            "scrape_configs: [{job_name: a, file_sd_configs: [{}]}]\n",
            "prometheus.yml:1:50: file service discovery config must contain at least one path name",
        ),
        (
            "scrape_configs: [{job_name: a, file_sd_configs: [{files: [a.txt]}]}]\n",
            "prometheus.yml:1:59: path name \"a.txt\" is not valid for file discovery",
        ),
        (
            "scrape_configs: [{job_name: a, static_configs: [{targets: [ok, 'http://b/c']}]}]\n",
            "prometheus.yml:1:64: \"http://b/c\" is not a valid hostname",
        ),
        (
            "scrape_configs:\n  - job_name: a\n    relabel_configs:\n      - action: keepp\n",
            "prometheus.yml:4:17: unknown relabel action \"keepp\"",
        ),
    ];
    for (text, want) in cases {
        let told = load_text(text).unwrap_err().to_string();
        assert!(
            told.starts_with(want),
            "{text}\n  tells {told}\n  wants {want}"
        );
    }
}

#[test]
fn all_problems_are_told_in_the_order_of_the_file() {
    let problems = load_text(
        "scrape_configs:
  - job_name: a
    relabel_configs: [{action: hashmod}]
  - job_name: a
  - scrape_timeout: 2m
globe: {}
",
    );
    let lines: Vec<u64> = problems
        .unwrap_err()
        .0
        .iter()
        .map(|problem| problem.line)
        .collect();
    assert_eq!(lines, [3, 4, 5, 5, 6]);
}

#[test]
fn the_printed_configuration_has_all_defaults() {
    let config = load_text(
        "scrape_configs:
  - job_name: node
    metric_relabel_configs:
      - {source_labels: [__name__], regex: 'go_.*', action: drop}
    static_configs:
      - targets: ['localhost:9100']
        labels: {zone: '1'}
",
    );
    let want = "global:
  scrape_interval: 1m
  scrape_timeout: 10s
  evaluation_interval: 1m
  metric_name_validation_scheme: utf8
  metric_name_escaping_scheme: allow-utf-8
  scrape_native_histograms: false
  extra_scrape_metrics: false
runtime:
  gogc: 75
scrape_configs:
- job_name: node
  honor_timestamps: true
  track_timestamps_staleness: false
  scrape_interval: 1m
  scrape_timeout: 10s
  scrape_protocols:
  - OpenMetricsText1.0.0
  - OpenMetricsText0.0.1
  - PrometheusText1.0.0
  - PrometheusText0.0.4
  scrape_native_histograms: false
  always_scrape_classic_histograms: false
  convert_classic_histograms_to_nhcb: false
  metrics_path: /metrics
  scheme: http
  enable_compression: true
  metric_name_validation_scheme: utf8
  metric_name_escaping_scheme: allow-utf-8
  extra_scrape_metrics: false
  follow_redirects: true
  enable_http2: true
  metric_relabel_configs:
  - source_labels: [__name__]
    separator: ;
    regex: go_.*
    replacement: $1
    action: drop
  static_configs:
  - targets:
    - localhost:9100
    labels:
      zone: \"1\"
otlp:
  translation_strategy: UnderscoreEscapingWithSuffixes
  label_name_underscore_sanitization: true
  label_name_preserve_multiple_underscores: true
";
    assert_eq!(config.unwrap().to_yaml(), want);
}

/// A configuration that has `CANARY` wherever a secret can be.
const CANARIES: &str = "alerting:
  alertmanagers:
  - sigv4:
      access_key: a
      secret_key: CANARY
  - basic_auth:
      username: u
      password: |
        CANARY
        CANARY
remote_write:
- url: http://u:CANARY@h/
  azuread:
    oauth: {client_id: 00000000-0000-0000-0000-000000000000, client_secret: CANARY, tenant_id: t}
- url: http://h/
  azuread:
    certificate:
      client_id: 00000000-0000-0000-0000-000000000000
      tenant_id: t
      certificate_path: p
      certificate_password: CANARY
remote_read:
- url: http://u:CANARY@h/
  authorization:
    credentials: \"CANARY\"
scrape_configs:
- job_name: a
  oauth2:
    client_id: c
    client_secret: CANARY
    token_url: http://t
    tls_config:
      key: CANARY
      cert: c
  http_headers:
    X-A:
      secrets:
      - CANARY
      - CANARY
  proxy_url: http://u:CANARY@p/
  proxy_connect_header:
    X-B: [CANARY]
- job_name: b
  bearer_token: CANARY
  consul_sd_configs:
  - server: s
    token: CANARY
";

#[test]
fn secrets_are_never_seen() {
    let config = load_text(CANARIES).unwrap_or_else(|problems| panic!("{problems}"));
    for shown in [config.to_yaml(), format!("{config:?}")] {
        assert!(!shown.contains("CANARY"), "{shown}");
    }
    let lines: Vec<&str> = CANARIES.lines().collect();
    for (index, line) in lines.iter().enumerate() {
        let indent = line.len() - line.trim_start().len();
        let wrong = format!("{}zzz: 1", " ".repeat(indent));
        let mut with_wrong = lines.clone();
        with_wrong.insert(index, &wrong);
        let broken = line.replacen(':', " ]", 1);
        let mut with_broken = lines.clone();
        with_broken[index] = &broken;
        for lines in [with_wrong, with_broken] {
            if let Err(problems) = load_text(&lines.join("\n")) {
                let told = problems.explained();
                assert!(!told.contains("CANARY"), "{told}");
            }
        }
    }
}
