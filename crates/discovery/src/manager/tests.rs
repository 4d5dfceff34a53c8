//! When target groups come out of the manager, and which.

use std::path::Path;

use exposition::Registry;
use host::Fs as _;
use host::clock::SimulatedClock;
use host::fs::SimulatedFs;
use host::pool::Pool;
use host::tasks::Trigger;
use model::TargetGroup;

use super::*;
use crate::status::SourceHealth;

struct Fixture {
    fs: SimulatedFs,
    handle: Handle,
    groups: watch::Receiver<Arc<TargetGroups>>,
    metrics: ManagerMetrics,
    trigger: Trigger,
    tasks: TaskGroup,
    /// The runtime's time stands still while a blocking task waits for this to be dropped.
    _hold_time: std::sync::mpsc::SyncSender<()>,
}

/// A running manager on a disk in memory that nobody watches.
fn fixture() -> Fixture {
    let fs = SimulatedFs::default();
    fs.create_dir_all(Path::new("/t")).unwrap();
    let options = Options {
        watch_files: false,
        ..Options::default()
    };
    let pool = Arc::new(Pool::new("discovery-test", 1).unwrap());
    let clock = Arc::new(SimulatedClock::at(0));
    let world = World::new(Arc::new(fs.clone()), clock, pool, &Registry::new(), |_| {
        None
    });
    let (manager, handle) = Manager::new(options, world);
    let (metrics, trigger, mut tasks) = (manager.metrics.clone(), Trigger::new(), TaskGroup::new());
    tasks.spawn(manager.run(trigger.shutdown()));
    let (hold_time, held) = std::sync::mpsc::sync_channel(0);
    tokio::task::spawn_blocking(move || held.recv().is_ok());
    let groups = handle.target_groups();
    Fixture {
        fs,
        groups,
        handle,
        metrics,
        trigger,
        tasks,
        _hold_time: hold_time,
    }
}

impl Fixture {
    fn apply(&self, text: &str) {
        let config = config::server::load(text, "prometheus.yml", |_| None).unwrap();
        let jobs = config.scrape_configs.iter();
        self.handle
            .apply(jobs.map(|job| (job.job_name.clone(), &job.service_discovery)));
    }

    fn write(&self, path: &str, text: &str) {
        self.fs.write(Path::new(path), text.as_bytes()).unwrap();
    }

    /// Lets one second go by, and waits until a provider has told this many times that it found
    /// something new.
    async fn one_second_until_findings(&self, count: f64) {
        tokio::time::advance(Duration::from_secs(1)).await;
        while self.metrics.received_updates.get() < count {
            tokio::task::yield_now().await;
        }
    }

    /// The next publication, as `job address,address` lines.
    async fn next(&mut self) -> Vec<String> {
        self.groups.changed().await.unwrap();
        let groups = self.groups.borrow_and_update();
        let show = |(job, groups): (&String, &Arc<[TargetGroup]>)| {
            let targets = groups.iter().flat_map(|group| &group.targets);
            let addresses: Vec<_> = targets
                .filter_map(|target| target.get("__address__"))
                .collect();
            format!("{job} {}", addresses.join(","))
        };
        let mut lines: Vec<String> = groups.iter().map(show).collect();
        lines.sort();
        lines
    }
}

const ALL_KINDS: &str = "scrape_configs:
  - job_name: fixed
    static_configs: [{targets: ['s:1', 's:2']}]
  - job_name: both
    static_configs: [{targets: ['s:3']}]
    file_sd_configs: [{files: ['/t/*.yml'], refresh_interval: 1s}]
  - job_name: none
";

#[tokio::test(start_paused = true)]
async fn a_new_configuration_comes_out_whole_and_at_once() {
    let mut fixture = fixture();
    fixture.write("/t/a.yml", "- targets: ['f:1']");
    let start = Instant::now();
    fixture.apply(ALL_KINDS);
    assert_eq!(
        fixture.next().await,
        ["both s:3,f:1", "fixed s:1,s:2", "none "]
    );
    fixture.apply("scrape_configs: [{job_name: fixed, static_configs: [{targets: ['s:9']}]}]");
    assert_eq!(fixture.next().await, ["fixed s:9"]);
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert_eq!(fixture.metrics.updates.get(), 2.0);
}

#[tokio::test(start_paused = true)]
async fn a_burst_of_findings_is_one_publication() {
    let mut fixture = fixture();
    fixture.write("/t/a.yml", "- targets: ['f:1']");
    fixture.apply(ALL_KINDS);
    fixture.next().await;
    let told = fixture.metrics.received_updates.get();
    fixture.write("/t/a.yml", "- targets: ['f:2']");
    fixture.one_second_until_findings(told + 1.0).await;
    fixture.write("/t/b.yml", "- targets: ['f:3']");
    fixture.one_second_until_findings(told + 2.0).await;
    assert!(!fixture.groups.has_changed().unwrap());
    tokio::time::advance(Duration::from_secs(3)).await;
    assert_eq!(
        fixture.next().await,
        ["both s:3,f:2,f:3", "fixed s:1,s:2", "none "]
    );
    assert_eq!(fixture.metrics.updates.get(), 2.0);
    assert!(fixture.metrics.delayed_updates.get() >= 1.0);
}

#[tokio::test(start_paused = true)]
async fn an_unchanged_provider_keeps_what_it_found_over_a_reload() {
    let mut fixture = fixture();
    fixture.write("/t/a.yml", "- targets: ['f:1']");
    fixture.apply(ALL_KINDS);
    fixture.next().await;
    // Broken from now on: a provider that started anew would find nothing.
    fixture.write("/t/a.yml", "- targets: [");
    fixture.apply(&ALL_KINDS.replace("s:3", "s:4"));
    assert_eq!(
        fixture.next().await,
        ["both s:4,f:1", "fixed s:1,s:2", "none "]
    );
}

#[tokio::test(start_paused = true)]
async fn jobs_that_share_files_share_the_provider() {
    let mut fixture = fixture();
    fixture.write("/t/a.yml", "- targets: ['f:1']");
    fixture.apply(
        "scrape_configs:
  - {job_name: a, file_sd_configs: [{files: ['/t/a.yml']}]}
  - {job_name: b, file_sd_configs: [{files: ['/t/a.yml']}]}
",
    );
    assert_eq!(fixture.next().await, ["a f:1", "b f:1"]);
    assert_eq!(fixture.metrics.received_updates.get(), 1.0);
}

#[tokio::test(start_paused = true)]
async fn it_ends_when_told() {
    let mut fixture = fixture();
    fixture.apply(ALL_KINDS);
    fixture.next().await;
    fixture.trigger.pull();
    // The publisher is dropped with the manager.
    assert!(fixture.groups.changed().await.is_err());
    fixture.tasks.drain(Duration::from_secs(1)).await;
}

#[tokio::test(start_paused = true)]
async fn a_mechanism_that_is_lacking_harms_no_other() {
    let mut fixture = fixture();
    fixture.apply(
        "scrape_configs:
  - {job_name: mixed, static_configs: [{targets: ['s:1']}], vultr_sd_configs: [{}]}
  - {job_name: only, hetzner_sd_configs: [{role: robot}]}
",
    );
    assert_eq!(fixture.next().await, ["mixed s:1", "only "]);
    let status = fixture.handle.status();
    let lines: Vec<String> = status
        .iter()
        .map(|one| {
            let error = one.last_error.as_deref().unwrap_or("-");
            let health = one.health.as_str();
            format!(
                "{} {} {health} {} {error}",
                one.set, one.mechanism, one.targets
            )
        })
        .collect();
    assert_eq!(
        lines,
        [
            "mixed static good 1 -",
            "mixed vultr lacking 0 service discovery by vultr is not supported by this version",
            "only hetzner lacking 0 service discovery by hetzner is not supported by this version",
        ]
    );
    assert_eq!(fixture.metrics.failed_configs.get(), 2.0);
}

#[tokio::test(start_paused = true)]
async fn a_file_that_is_broken_shows_until_it_is_mended() {
    let mut fixture = fixture();
    let how = |fixture: &Fixture| {
        let status = fixture.handle.status().remove(0);
        (status.health, status.targets, status.last_error)
    };
    fixture.apply(
        "scrape_configs: [{job_name: a, file_sd_configs: [{files: [/t/a.yml], refresh_interval: 1s}]}]",
    );
    fixture.write("/t/a.yml", "- targets: ['f:1']");
    fixture.next().await;
    assert_eq!(how(&fixture), (SourceHealth::Good, 1, None));
    fixture.write("/t/a.yml", "- 1");
    let (health, targets, error) = loop {
        tokio::time::advance(Duration::from_secs(1)).await;
        tokio::task::yield_now().await;
        let now = how(&fixture);
        if now.0 != SourceHealth::Good {
            break now;
        }
    };
    assert_eq!((health, targets), (SourceHealth::Failing, 1));
    assert!(error.unwrap().starts_with("/t/a.yml:"));
    fixture.write("/t/a.yml", "[]");
    while how(&fixture) != (SourceHealth::Good, 0, None) {
        tokio::time::advance(Duration::from_secs(1)).await;
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn sets_of_which_nothing_changed_are_handed_on_as_they_are() {
    let mut fixture = fixture();
    fixture.write("/t/a.yml", "- targets: ['f:1']");
    fixture.apply(ALL_KINDS);
    fixture.next().await;
    let before = Arc::clone(&fixture.groups.borrow());
    fixture.apply(&ALL_KINDS.replace("s:3", "s:4"));
    fixture.next().await;
    let after = Arc::clone(&fixture.groups.borrow());
    assert!(Arc::ptr_eq(&before["fixed"], &after["fixed"]));
    assert!(!Arc::ptr_eq(&before["both"], &after["both"]));
}
