//! A target file that changes is seen at once, long before its refresh interval.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use discovery::{Manager, Options, World};
use exposition::Registry;
use host::Fs;
use host::clock::RealClock;
use host::fs::RealFs;
use host::pool::Pool;
use host::tasks::{TaskGroup, Trigger};
use model::TargetGroups;
use tokio::sync::watch;

/// Waits until these addresses are published; what is published on the way there does not matter.
/// The patience is a bound for a broken machine, not a wait.
async fn wait_for(groups: &mut watch::Receiver<Arc<TargetGroups>>, want: &[&str]) {
    let has_come = groups.wait_for(|groups| {
        let groups = groups.values().flat_map(|groups| groups.iter());
        let targets = groups.flat_map(|group| &group.targets);
        targets
            .filter_map(|target| target.get("__address__"))
            .eq(want.iter().copied())
    });
    let outcome = tokio::time::timeout(Duration::from_secs(30), has_come).await;
    assert!(outcome.is_ok(), "{want:?} never came");
}

fn replace(folder: &Path, name: &str, text: &str) {
    let written = folder.join("written");
    RealFs.write(&written, text.as_bytes()).unwrap();
    RealFs.rename(&written, &folder.join(name)).unwrap();
}

#[tokio::test]
async fn changes_are_seen_without_waiting_for_the_refresh() {
    let folder = tempfile::tempdir().unwrap();
    replace(folder.path(), "a.yml", "- targets: ['a:1']");
    let text = format!(
        "scrape_configs: [{{job_name: a, file_sd_configs: [{{files: ['{}/*.yml'], refresh_interval: 1h}}]}}]",
        folder.path().display()
    );
    let config = config::server::load(&text, "prometheus.yml", |_| None).unwrap();
    let options = Options {
        reload_interval: Duration::from_millis(1),
        ..Options::default()
    };
    let pool = Arc::new(Pool::new("discovery-test", 1).unwrap());
    let clock = Arc::new(RealClock::default());
    let world = World::new(Arc::new(RealFs), clock, pool, &Registry::new(), |_| None);
    let (manager, handle) = Manager::new(options, world);
    let (trigger, mut tasks) = (Trigger::new(), TaskGroup::new());
    tasks.spawn(manager.run(trigger.shutdown()));
    let mut groups = handle.target_groups();
    let jobs = config.scrape_configs.iter();
    handle.apply(jobs.map(|job| (job.job_name.clone(), &job.service_discovery)));
    wait_for(&mut groups, &["a:1"]).await;
    replace(folder.path(), "a.yml", "- targets: ['a:2']");
    wait_for(&mut groups, &["a:2"]).await;
    replace(folder.path(), "b.yml", "- targets: ['b:1']");
    wait_for(&mut groups, &["a:2", "b:1"]).await;
    RealFs.remove_file(&folder.path().join("a.yml")).unwrap();
    wait_for(&mut groups, &["b:1"]).await;
    trigger.pull();
    tasks.drain(Duration::from_secs(5)).await;
}
