//! Alerts reach every Alertmanager that discovery finds, over real sockets on this machine.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use config::server::{AlertingConfig, AlertmanagerConfig};
use exposition::Registry;
use host::clock::RealClock;
use host::fs::SimulatedFs;
use host::net::aws::Surroundings;
use host::tasks::Trigger;
use model::{Alert, Labels, TargetGroup, TargetGroups};
use rules::notifier::{Notifier, NotifierConfig, NotifierHandle, NotifierOptions};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};

/// Answers each request with `status`, and passes its bytes on.
async fn receiver(status: &'static str) -> (String, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (sender, requests) = mpsc::channel(16);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let sender = sender.clone();
            tokio::spawn(async move {
                let mut seen = Vec::new();
                let mut buffer = [0; 4096];
                while let Ok(length @ 1..) = stream.read(&mut buffer).await {
                    seen.extend_from_slice(&buffer[..length]);
                    if seen.ends_with(b"]") {
                        let request = String::from_utf8(std::mem::take(&mut seen)).unwrap();
                        sender.send(request).await.unwrap();
                        let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
                        stream.write_all(answer.as_bytes()).await.unwrap();
                    }
                }
            });
        }
    });
    (address, requests)
}

#[tokio::test]
async fn alerts_reach_every_alertmanager() {
    let (good, mut at_good) = receiver("200 OK").await;
    let (bad, mut at_bad) = receiver("400 Bad Request").await;
    let (notifier, handle) = notifier();
    let (_targets, found) = watch::channel(Arc::new(found(&[&good, &bad])));
    let stop = Trigger::new();
    let running = tokio::spawn(notifier.run(found, stop.shutdown()));
    while handle.alertmanagers().active.len() < 2 {
        tokio::task::yield_now().await;
    }
    handle.send(vec![alert("A"), alert("B"), alert("C")]);
    let first = at_good.recv().await.unwrap();
    assert!(
        first.starts_with("POST /api/v2/alerts HTTP/1.1\r\n"),
        "{first}"
    );
    assert!(
        first
            .to_ascii_lowercase()
            .contains("content-type: application/json"),
        "{first}"
    );
    assert!(
        first.contains(r#""labels":{"alertname":"A","dc":"north"}"#),
        "{first}"
    );
    let second = at_good.recv().await.unwrap();
    assert!(second.contains(r#""alertname":"C""#), "{second}");
    assert!(at_bad.recv().await.unwrap().contains(r#""alertname":"B""#));
    handle.send(vec![alert("D")]);
    stop.pull();
    tokio::time::timeout(Duration::from_secs(20), running)
        .await
        .unwrap()
        .unwrap();
    assert!(at_good.recv().await.unwrap().contains(r#""alertname":"D""#));
}

#[tokio::test]
async fn alerts_wait_until_discovery_has_found_their_receivers() {
    let (first, mut at_first) = receiver("200 OK").await;
    let (second, mut at_second) = receiver("200 OK").await;
    let (notifier, handle) = notifier();
    handle.send(vec![alert("A")]);
    let (targets, none) = watch::channel(Arc::default());
    let stop = Trigger::new();
    let running = tokio::spawn(notifier.run(none, stop.shutdown()));
    tokio::task::yield_now().await;
    handle.send(vec![alert("B")]);
    targets.send_replace(Arc::new(found(&[&first])));
    let request = at_first.recv().await.unwrap();
    for name in ["A", "B"] {
        let labels = format!(r#""labels":{{"alertname":"{name}","dc":"north"}}"#);
        assert!(request.contains(&labels), "{request}");
    }
    // One that is found later hears of what is new only.
    targets.send_replace(Arc::new(found(&[&first, &second])));
    while handle.alertmanagers().active.len() < 2 {
        tokio::task::yield_now().await;
    }
    handle.send(vec![alert("C")]);
    let request = at_second.recv().await.unwrap();
    assert!(
        !request.contains(r#""A""#) && request.contains(r#""C""#),
        "{request}"
    );
    stop.pull();
    running.await.unwrap();
}

/// A notifier with one entry of `alertmanagers`.
fn notifier() -> (Notifier, NotifierHandle) {
    let variable = |_: &str| None;
    Notifier::new(options(variable), config(AlertmanagerConfig::default()))
}

/// A configuration with one entry of `alertmanagers`.
pub(crate) fn config(alertmanager: AlertmanagerConfig) -> NotifierConfig {
    NotifierConfig {
        external_labels: Labels::from_pairs([("dc", "north")]),
        alerting: AlertingConfig {
            alertmanagers: vec![alertmanager],
            ..AlertingConfig::default()
        },
    }
}

/// Two alerts at a time, with these variables around.
pub(crate) fn options(
    variable: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
) -> NotifierOptions {
    let (fs, clock) = (SimulatedFs::default(), Arc::new(RealClock::default()));
    NotifierOptions {
        queue_capacity: 100,
        batch_size: 2,
        drains_on_shutdown: true,
        surroundings: Surroundings::new(Arc::new(fs), Arc::clone(&clock) as _, variable),
        clock,
        registry: Registry::new(),
    }
}

/// What discovery says of that entry.
pub(crate) fn found(addresses: &[&str]) -> TargetGroups {
    let target = |address: &&str| Labels::from_pairs([("__address__", *address)]);
    let group = TargetGroup {
        targets: addresses.iter().map(target).collect(),
        ..TargetGroup::default()
    };
    HashMap::from([("config-0".to_owned(), Arc::from([group]))])
}

pub(crate) fn alert(name: &str) -> Alert {
    Alert {
        labels: Labels::from_pairs([("alertname", name)]),
        ..Alert::default()
    }
}
