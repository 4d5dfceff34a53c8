//! Each way in which a target can be bad has its own message, and the good one goes on.

use std::time::Duration;

use config::server::Limit;
use scrape::{Health, TargetStatus};

use crate::fleet::{Fleet, job};

#[tokio::test]
async fn each_with_its_own_message() {
    let cases = [
        (
            "/malformed",
            "line 2: expected label name while parsing: \"bad{ 1\"",
        ),
        (
            "/untyped",
            "non-compliant scrape target sending blank Content-Type and no \
             fallback_scrape_protocol specified for target",
        ),
        (
            "/html",
            "received unsupported Content-Type \"text/html\" and no fallback_scrape_protocol \
             specified for target",
        ),
        (
            "/broken",
            "server returned HTTP status 500 Internal Server Error",
        ),
        ("/round", "/round\": stopped after 10 redirects"),
        (
            "/secret",
            "Get \"file:///etc/passwd\": unsupported protocol scheme \"file\"",
        ),
        ("/never", "context deadline exceeded"),
        (
            "/labels",
            "label_limit exceeded (metric: many, number of labels: 303, limit: 256)",
        ),
        ("/huge", "body size limit exceeded"),
        ("/endless", "body size limit exceeded"),
        (
            "/bomb",
            "compressed body grows to more than 100 times its size",
        ),
    ];
    let mut good = job("good", "/metrics");
    // Time enough on a busy machine.
    good.scrape_interval = Duration::from_secs(1);
    good.scrape_timeout = good.scrape_interval;
    let mut jobs = vec![good];
    for (path, _) in cases {
        let mut bad = job(path, path);
        bad.scrape_interval = Duration::from_secs(1);
        if path != "/never" {
            // Time enough on a busy machine: what is looked for is not the timeout.
            bad.scrape_timeout = bad.scrape_interval;
        }
        if path == "/endless" {
            bad.limits.body_size_limit = Limit::stated(1 << 20);
        }
        jobs.push(bad);
    }
    let fleet = Fleet::start(jobs).await;
    for (job, want) in cases {
        // On a busy machine a scrape may run out of time before it finds what is wrong.
        let says_it = |targets: &[TargetStatus]| {
            let target = targets.iter().find(|target| target.scrape_pool == job);
            target.is_some_and(|target| {
                target.health == Health::Down && target.last_error.contains(want)
            })
        };
        fleet.wait(&format!("{job} says: {want}"), says_it).await;
        assert_eq!(fleet.values("good", job), [], "{job}");
        let ups = fleet.values("up", job);
        assert!(
            !ups.is_empty() && ups.iter().all(|up| *up == Some(0.0)),
            "{job}: {ups:?}"
        );
    }
    let ups = || {
        let ups = fleet.values("up", "good").into_iter();
        ups.filter(|up| *up == Some(1.0)).count()
    };
    fleet.wait("the good one goes on", |_| ups() > 1).await;
    assert!(fleet.values("good", "good").len() > 1);
    assert!(fleet.own("prometheus_target_scrapes_exceeded_body_size_limit_total") >= 2.0);
    assert!(fleet.own("prometheus_target_scrape_pool_exceeded_label_limits_total") >= 1.0);
    fleet.stop().await;
}

#[tokio::test]
async fn nobody_listens() {
    let fleet = Fleet::start(vec![job("a", "/metrics")]).await;
    fleet.discover([("a".to_owned(), vec![crate::fleet::group("127.0.0.1:1")])].into());
    fleet
        .wait("refused", |targets| {
            targets.iter().any(|target| target.health == Health::Down)
        })
        .await;
    let error = fleet.handle.status().active.remove(0).last_error;
    let want =
        "Get \"http://127.0.0.1:1/metrics\": dial tcp 127.0.0.1:1: connect: connection refused";
    assert_eq!(error, want);
    fleet.stop().await;
}

#[tokio::test]
async fn too_many_targets_fail_all_of_a_job() {
    let mut limited = job("a", "/metrics");
    limited.limits.target_limit = Limit::stated(1);
    let fleet = Fleet::start(vec![limited]).await;
    let address = fleet.address.clone();
    let mut two = crate::fleet::group(&address);
    two.targets.push(model::Labels::from_pairs([
        ("__address__", address.as_str()),
        ("second", "yes"),
    ]));
    fleet.discover([("a".to_owned(), vec![two])].into());
    fleet
        .wait("both fail", |targets| {
            targets.len() == 2 && targets.iter().all(|target| target.health == Health::Down)
        })
        .await;
    let error = fleet.handle.status().active.remove(0).last_error;
    assert_eq!(
        error,
        "target_limit exceeded (number of targets: 2, limit: 1)"
    );
    fleet.discover([("a".to_owned(), vec![crate::fleet::group(&address)])].into());
    fleet
        .wait("one is well again", |targets| {
            targets.len() == 1 && targets.iter().all(|target| target.health == Health::Up)
        })
        .await;
    fleet.stop().await;
}
