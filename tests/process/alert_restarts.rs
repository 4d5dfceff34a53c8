//! Alerts outlive crashes: a server that is killed again and again tells its receiver what a twin
//! tells that nobody disturbs, but for the time that it was down.
//!
//! 300 alerts wait, fire, linger and end as a [`story`] has it. `NARTHEX_ALERT_KILLS` says how often
//! the server is killed (3 unless stated; the promise is for 30), `NARTHEX_ALERT_SEED` which story it
//! is.

mod story;
mod told;

use std::ffi::OsStr;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::client::{get, request};
use crate::pages;
use crate::program::{BINARY, Program, free_address, from_environment};
use crate::receiver::{Receiver, now_millis};
use story::{ALERTS, HOLD, LINGER, Random, Story};
use told::{Disturbance, Told};

#[test]
fn a_receiver_hears_of_a_killed_server_what_it_hears_of_its_twin() {
    let kills = from_environment("NARTHEX_ALERT_KILLS", 3);
    let seed = from_environment("NARTHEX_ALERT_SEED", 6);
    let folder = tempfile::tempdir().unwrap();
    let story = Story::new(seed);
    let shown = story.clone();
    let page = pages::serve(move || shown.page());
    std::fs::write(folder.path().join("rules.yml"), rules()).unwrap();
    let twin = Server::new(folder.path(), "twin", page);
    let killed = Server::new(folder.path(), "killed", page);
    let mut twin_runs = twin.start();
    let mut runs = killed.start();
    killed.wait_caught_up(&mut runs);
    twin.wait_caught_up(&mut twin_runs);
    story.begin();

    let mut random = Random::new(seed ^ 1);
    let mut disturbances: Vec<Disturbance> = Vec::new();
    for _ in 0..kills {
        std::thread::sleep(random.between(Duration::ZERO, LONGEST_CALM));
        story.disturb();
        let (down_at, went_down) = (now_millis(), Instant::now());
        runs.kill();
        runs = killed.start();
        killed.wait_caught_up(&mut runs);
        // By then it has no doubts about alerts of before.
        let doubts = went_down.elapsed() + DOUBTS;
        story.settle(Instant::now() + doubts);
        disturbances.push(Disturbance {
            begin: down_at,
            end: now_millis() + i64::try_from(doubts.as_millis()).unwrap(),
        });
    }
    // A quick machine is through with the kills before much has happened.
    let plenty = Instant::now() + Duration::from_secs(120);
    while Told::read(&twin.receiver).len() < ALERTS / 2 && Instant::now() < plenty {
        std::thread::sleep(Duration::from_millis(500));
    }
    story.finish();
    let end = Instant::now() + Duration::from_secs(240);
    while Instant::now() < end {
        assert!(runs.is_running() && twin_runs.is_running());
        let (ours, twins) = (Told::read(&killed.receiver), Told::read(&twin.receiver));
        if story.is_over() && ours.is_over() && twins.is_over() && ours.len() >= twins.len() {
            break;
        }
        std::thread::sleep(Duration::from_millis(500));
    }
    let (ours, twins) = (Told::read(&killed.receiver), Told::read(&twin.receiver));
    let compared = ours.compare(&twins, &disturbances, HOLD.max(LINGER));
    let down: i64 = disturbances.iter().map(|d| d.end - d.begin).sum();
    println!(
        "{kills} kills, {down} ms disturbed, {} turns of {ALERTS} alerts: {compared}",
        story.turns()
    );
    compared.must_be_equal();
    assert!(
        compared.episodes >= ALERTS / 2,
        "the story is about nothing"
    );
}

/// A server that is started, perhaps again and again, and its receiver.
struct Server {
    receiver: Receiver,
    address: String,
    flags: Vec<String>,
}

impl Server {
    fn new(folder: &Path, name: &str, page: u16) -> Self {
        let receiver = Receiver::start();
        let config = folder.join(format!("{name}.yml"));
        let text = CONFIG
            .replace("{page}", &page.to_string())
            .replace("{receiver}", &receiver.address);
        std::fs::write(&config, text).unwrap();
        let address = free_address();
        let flags = vec![
            "server".to_owned(),
            format!("--config.file={}", config.display()),
            format!("--storage.tsdb.path={}", folder.join(name).display()),
            format!("--web.listen-address={address}"),
            "--web.external-url=http://watch.example".to_owned(),
            "--rules.alert.resend-delay=10s".to_owned(),
        ];
        Self {
            receiver,
            address,
            flags,
        }
    }

    fn start(&self) -> Program {
        let flags: Vec<&OsStr> = self.flags.iter().map(OsStr::new).collect();
        Program::start_as(Path::new(BINARY), &self.address, &flags)
    }

    /// Waits until the rules have seen a page that was scraped from now on.
    fn wait_caught_up(&self, program: &mut Program) {
        let begin = now_millis() as f64 / 1e3;
        program.wait(Duration::from_secs(120), "the process to be ready", || {
            request(&self.address, "GET", "/-/ready", &[], "").filter(|answer| answer.status == 200)
        });
        let query = format!("timestamp(up{{job=\"phases\"}}) > {begin}");
        program.wait_series(&query, 1);
        let scraped = now_millis() as f64 / 1e3;
        program.wait(Duration::from_secs(60), "an evaluation", || {
            let page = get(&self.address, "/metrics").text();
            let line = page
                .lines()
                .find_map(|line| line.strip_prefix(LAST_EVALUATION));
            let time: f64 = line?.rsplit(' ').next()?.parse().ok()?;
            (time > scraped).then_some(())
        });
    }
}

/// A rule for each way in which alerts wait and linger.
fn rules() -> String {
    let mut text = "groups:\n  - name: phases\n    rules:\n".to_owned();
    for (rule, kind) in story::KINDS.iter().enumerate() {
        text.push_str(&format!(
            "      - alert: Rule{rule}\n        expr: phase{{rule=\"{rule}\"}} > 0\n        \
             for: {}s\n        keep_firing_for: {}s\n        labels: {{level: 'l{{{{ $value }}}}'}}\n        \
             annotations: {{summary: '{{{{ $labels.alert }}}} has {{{{ $value }}}}'}}\n",
            kind.hold.as_secs(),
            kind.linger.as_secs()
        ));
    }
    text
}

const CONFIG: &str = "
global: {scrape_interval: 1s, evaluation_interval: 1s, external_labels: {dc: north}}
rule_files: [rules.yml]
scrape_configs:
  - job_name: phases
    static_configs: [{targets: ['127.0.0.1:{page}'], labels: {instance: page}}]
alerting:
  alertmanagers: [{static_configs: [{targets: ['{receiver}']}]}]
";
const LAST_EVALUATION: &str = "prometheus_rule_group_last_evaluation_timestamp_seconds";
/// Longest time from when all is well to the next kill.
const LONGEST_CALM: Duration = Duration::from_secs(8);
/// Two intervals of the rules: for so long, and as long as it was down, a server that was killed does
/// not believe that an alert of before has ended.
const DOUBTS: Duration = Duration::from_secs(2);
