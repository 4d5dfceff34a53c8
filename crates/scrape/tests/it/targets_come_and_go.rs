//! Targets keep what they have while they stay, and end cleanly when they go.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use model::label::NameValidationScheme;
use model::relabel::{RelabelAction, RelabelRule, RelabelSpec};
use scrape::Health;

use crate::fleet::{Fleet, group, job};

fn is_up(targets: &[scrape::TargetStatus]) -> bool {
    !targets.is_empty() && targets.iter().all(|target| target.health == Health::Up)
}

#[tokio::test]
async fn every_way_to_send_a_good_page_works() {
    let paths = ["/metrics", "/gzip", "/open", "/closing", "/moved"];
    let fleet = Fleet::start(paths.map(|path| job(path, path)).to_vec()).await;
    fleet.wait("all are up", is_up).await;
    fleet.wait_requests(12).await;
    for path in paths {
        let ups = fleet.values("up", path);
        assert!(
            ups.len() > 1 && ups.iter().all(|up| *up == Some(1.0)),
            "{path}: {ups:?}"
        );
        let added = fleet.values("scrape_series_added", path);
        assert_eq!(added.first(), Some(&Some(1.0)), "{path}");
        assert_eq!(added.get(1), Some(&Some(0.0)), "{path}");
    }
    let metadata = fleet.handle.metadata();
    assert_eq!(metadata.len(), paths.len());
    for target in metadata {
        let good = target.metrics.get("good").expect("each page tells of it");
        assert_eq!(
            (good.help.as_str(), good.metric_type.as_str()),
            ("It is.", "gauge")
        );
    }
    let request = fleet.seen.last_request.lock().expect("no panic").clone();
    for header in [
        "user-agent: Narthex/",
        "accept: application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,",
        "accept-encoding: gzip\r\n",
        "x-prometheus-scrape-timeout-seconds: 0.1\r\n",
        &format!("host: {}\r\n", fleet.address),
    ] {
        let found = request
            .to_ascii_lowercase()
            .contains(&header.to_ascii_lowercase());
        assert!(found, "{header} in {request}");
    }
    fleet.stop().await;
}

#[tokio::test]
async fn a_target_that_stays_keeps_its_connection() {
    let config = job("a", "/metrics");
    let fleet = Fleet::start(vec![config.clone()]).await;
    fleet.wait("up", is_up).await;
    let mut changed = config.clone();
    changed.enable_compression = false;
    fleet.handle.reload(vec![Arc::new(changed)]);
    let twice = HashMap::from([(
        "a".to_owned(),
        vec![group(&fleet.address), group(&fleet.address)],
    )]);
    fleet.discover(twice);
    fleet.wait_requests(3).await;
    assert_eq!(fleet.handle.status().active.len(), 1);
    assert_eq!(fleet.seen.connections.load(Ordering::SeqCst), 1);
    let request = fleet.seen.last_request.lock().expect("no panic").clone();
    assert!(request.contains("accept-encoding: identity"), "{request}");
    fleet.stop().await;
}

#[tokio::test]
async fn series_end_with_their_target_and_with_their_job() {
    let jobs = ["a", "b", "c"].map(|name| job(name, "/metrics"));
    let fleet = Fleet::start(jobs.to_vec()).await;
    fleet
        .wait("up", |targets| targets.len() == 3 && is_up(targets))
        .await;
    fleet.discover(HashMap::from([
        ("b".to_owned(), vec![group(&fleet.address)]),
        ("c".to_owned(), vec![group(&fleet.address)]),
    ]));
    fleet
        .handle
        .reload(vec![Arc::new(jobs[0].clone()), Arc::new(jobs[2].clone())]);
    let ended = |job: &str| {
        ["good", "up"]
            .iter()
            .all(|name| fleet.values(name, job).last() == Some(&None))
    };
    fleet
        .wait("a and b end", |_| ended("a") && ended("b"))
        .await;
    assert_eq!(fleet.handle.status().active.len(), 1);
    assert!(!fleet.values("good", "c").contains(&None));
    fleet.stop().await;
}

#[tokio::test]
async fn dropped_targets_are_told() {
    let mut config = job("a", "/metrics");
    let spec = RelabelSpec {
        source_labels: vec!["__meta_from".into()],
        regex: "test".into(),
        action: RelabelAction::Drop,
        ..RelabelSpec::default()
    };
    let rule = RelabelRule::new(spec, NameValidationScheme::Utf8).expect("a valid rule");
    config.relabel_configs = vec![rule];
    let fleet = Fleet::start(vec![config]).await;
    fleet
        .wait("dropped", |_| !fleet.handle.status().dropped.is_empty())
        .await;
    let status = fleet.handle.status();
    assert_eq!(status.active.len(), 0);
    assert_eq!(status.dropped_counts.get("a"), Some(&1));
    let labels = &status.dropped[0].discovered_labels;
    assert_eq!(labels.get("__address__"), Some(fleet.address.as_str()));
    assert_eq!(labels.get("job"), Some("a"));
    fleet.stop().await;
}
