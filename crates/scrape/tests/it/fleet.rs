//! Targets on loopback, and a manager that scrapes them.

use std::collections::HashMap;
use std::io::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use config::server::ScrapeConfig;
use exposition::Registry;
use host::clock::RealClock;
use host::lanes::Lanes;
use host::net::{Listener, Stream};
use host::pool::Pool;
use host::tasks::{TaskGroup, Trigger};
use model::value::is_stale;
use model::{Labels, MatchOp, Matcher, TargetGroup, TargetGroups, TimeRange};
use scrape::{Manager, ManagerHandle, ScrapeOptions, TargetStatus};
use storage::memory::MemoryStore;
use storage::{Queryable as _, SampleBuffer, Select};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::watch;

/// What all targets know of their scrapes.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) connections: AtomicUsize,
    pub(crate) requests: AtomicUsize,
    pub(crate) last_request: Mutex<String>,
}

/// A running manager with its store and targets.
pub(crate) struct Fleet {
    pub(crate) address: String,
    pub(crate) seen: Arc<Seen>,
    pub(crate) handle: ManagerHandle,
    pub(crate) registry: Registry,
    store: Arc<MemoryStore>,
    groups: watch::Sender<Arc<TargetGroups>>,
    trigger: Trigger,
    tasks: TaskGroup,
}

/// A job that scrapes `path` of its targets ten times a second.
pub(crate) fn job(name: &str, path: &str) -> ScrapeConfig {
    ScrapeConfig {
        metrics_path: path.to_owned(),
        scrape_interval: INTERVAL,
        scrape_timeout: INTERVAL,
        ..ScrapeConfig::named(name)
    }
}

impl Fleet {
    /// Starts targets and manager; each job finds one target.
    pub(crate) async fn start(jobs: Vec<ScrapeConfig>) -> Self {
        let listener = host::net::listen("127.0.0.1:0")
            .await
            .expect("loopback has ports");
        let address = listener.local_addr().expect("it listens").to_string();
        let seen = Arc::new(Seen::default());
        let mut tasks = TaskGroup::new();
        tasks.spawn(serve(listener, Arc::clone(&seen)));
        let store = Arc::new(MemoryStore::default());
        let registry = Registry::new();
        let options = ScrapeOptions {
            store: Arc::clone(&store) as _,
            lanes: Arc::new(Lanes::new("ingest", 1).expect("a thread")),
            pool: Arc::new(Pool::new("large", 1).expect("a thread")),
            clock: Arc::new(RealClock::default()),
            fs: Arc::new(host::fs::RealFs),
            registry: registry.clone(),
            offset_seed: 7,
            sends_metadata: false,
            adds_zeros: false,
            limits: scrape::limits::DefaultLimits::default(),
        };
        let found = jobs
            .iter()
            .map(|job| (job.job_name.clone(), Arc::from([group(&address)])));
        let groups = watch::Sender::new(Arc::new(found.collect()));
        let manager = Manager::new(options, jobs.into_iter().map(Arc::new).collect());
        let handle = manager.handle();
        let trigger = Trigger::new();
        tasks.spawn(manager.run(groups.subscribe(), trigger.shutdown()));
        Self {
            address,
            seen,
            handle,
            registry,
            store,
            groups,
            trigger,
            tasks,
        }
    }

    /// What discovery finds from now on.
    pub(crate) fn discover(&self, groups: HashMap<String, Vec<TargetGroup>>) {
        let groups = groups.into_iter();
        let groups = groups.map(|(job, groups)| (job, groups.into())).collect();
        self.groups.send_replace(Arc::new(groups));
    }

    /// Waits, not for ever, until the status of the targets is as wanted.
    pub(crate) async fn wait(&self, what: &str, done: impl Fn(&[TargetStatus]) -> bool) {
        let poll = async {
            while !done(&self.handle.status().active) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let outcome = tokio::time::timeout(Duration::from_secs(20), poll).await;
        assert!(outcome.is_ok(), "{what}: {:#?}", self.handle.status());
    }

    /// Waits until the targets have been asked this many times more.
    pub(crate) async fn wait_requests(&self, more: usize) {
        let wanted = self.seen.requests.load(Ordering::SeqCst) + more;
        self.wait("requests", |_| {
            self.seen.requests.load(Ordering::SeqCst) >= wanted
        })
        .await;
    }

    /// The values that a series of this name and job has, stale markers as `None`.
    pub(crate) fn values(&self, name: &str, job: &str) -> Vec<Option<f64>> {
        let matchers = vec![
            Matcher::equal("__name__", name),
            Matcher::new("job", MatchOp::Equal, job).expect("a plain text"),
        ];
        let querier = self.store.querier(TimeRange::ALL).expect("memory is ready");
        let set = querier
            .select(&Select::new(matchers, TimeRange::ALL))
            .expect("memory is readable");
        let mut values = Vec::new();
        let mut buffer = SampleBuffer::default();
        for index in 0..set.len() {
            set.read(index, &mut buffer).expect("memory is readable");
            let present = |&value: &f64| (!is_stale(value)).then_some(value);
            values.extend(buffer.values().iter().map(present));
        }
        values
    }

    /// The value of one of the manager's own metrics without labels.
    pub(crate) fn own(&self, name: &str) -> f64 {
        self.registry
            .counter_family(name_of(name), "", &[])
            .with(&[])
            .get()
    }

    /// Ends manager and targets.
    pub(crate) async fn stop(self) {
        self.trigger.pull();
        self.tasks.drain(Duration::from_millis(200)).await;
    }
}

/// Instruments have constant names; this is the one that is asked for.
fn name_of(name: &str) -> &'static str {
    let known = [
        "prometheus_target_scrapes_exceeded_body_size_limit_total",
        "prometheus_target_scrape_pool_exceeded_label_limits_total",
        "prometheus_target_scrapes_exceeded_sample_limit_total",
    ];
    known
        .into_iter()
        .find(|known| *known == name)
        .expect("a name of the list")
}

/// A group with one target.
pub(crate) fn group(address: &str) -> TargetGroup {
    TargetGroup {
        source: "test".to_owned(),
        targets: vec![Labels::from_pairs([
            ("__address__", address),
            ("__meta_from", "test"),
        ])],
        labels: Labels::empty(),
    }
}

async fn serve(listener: Listener, seen: Arc<Seen>) {
    let mut connections = TaskGroup::new();
    while let Ok((stream, _)) = listener.accept().await {
        seen.connections.fetch_add(1, Ordering::SeqCst);
        connections.spawn(answer(Stream::Tcp(stream), Arc::clone(&seen)));
    }
}

/// Answers requests of one connection, by path.
async fn answer(mut stream: Stream, seen: Arc<Seen>) {
    let mut request = Vec::new();
    loop {
        request.clear();
        while !request.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            match stream.read(&mut byte).await {
                Ok(1) => request.push(byte[0]),
                _ => return,
            }
        }
        let text = String::from_utf8_lossy(&request).into_owned();
        let path = text.split(' ').nth(1).unwrap_or_default().to_owned();
        *seen.last_request.lock().expect("no panic") = text;
        seen.requests.fetch_add(1, Ordering::SeqCst);
        if path == "/never" {
            // Until the scraper has had enough.
            drop(stream.read(&mut [0]).await);
            return;
        }
        if path == "/endless" {
            return endless(&mut stream).await;
        }
        if stream.write_all(&response(&path)).await.is_err() || path == "/closing" {
            return;
        }
    }
}

const TEXT: &str = "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n";

fn response(path: &str) -> Vec<u8> {
    let good = "# HELP good It is.\n# TYPE good gauge\ngood 1\n";
    let (status, headers, body) = match path {
        "/malformed" => ("200 OK", TEXT.to_owned(), b"good 1\nbad{ 1\n".to_vec()),
        "/untyped" => ("200 OK", String::new(), good.into()),
        "/html" => (
            "200 OK",
            "Content-Type: text/html\r\n".to_owned(),
            good.into(),
        ),
        "/broken" => ("500 Internal Server Error", TEXT.to_owned(), Vec::new()),
        "/labels" => {
            let labels: Vec<_> = (0..300).map(|n| format!("l{n}=\"v\"")).collect();
            let page = format!("good 1\nmany{{{}}} 1\n", labels.join(","));
            ("200 OK", TEXT.to_owned(), page.into_bytes())
        }
        "/huge" => {
            let head = format!("HTTP/1.1 200 OK\r\n{TEXT}Content-Length: 1000000000000\r\n\r\n");
            return head.into_bytes();
        }
        "/bomb" => (
            "200 OK",
            format!("{TEXT}Content-Encoding: gzip\r\n"),
            gzip(&vec![b' '; 8 << 20]),
        ),
        "/gzip" => (
            "200 OK",
            format!("{TEXT}Content-Encoding: gzip\r\n"),
            gzip(good.as_bytes()),
        ),
        "/open" => (
            "200 OK",
            "Content-Type: application/openmetrics-text; version=1.0.0\r\n".to_owned(),
            format!("{good}# EOF\n").into_bytes(),
        ),
        "/moved" => ("302 Found", "Location: /metrics\r\n".to_owned(), Vec::new()),
        "/round" => ("302 Found", "Location: /round\r\n".to_owned(), Vec::new()),
        "/secret" => (
            "302 Found",
            "Location: file:///etc/passwd\r\n".to_owned(),
            Vec::new(),
        ),
        "/closing" => (
            "200 OK",
            format!("{TEXT}Connection: close\r\n"),
            good.into(),
        ),
        _ => ("200 OK", TEXT.to_owned(), good.into()),
    };
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\n\r\n");
    [head.into_bytes(), body].concat()
}

/// A body that has no end.
async fn endless(stream: &mut Stream) {
    let head = format!("HTTP/1.1 200 OK\r\n{TEXT}Transfer-Encoding: chunked\r\n\r\n");
    let chunk = format!("10000\r\n{}\r\n", "a".repeat(0x10000));
    let mut next = head.into_bytes();
    while stream.write_all(&next).await.is_ok() {
        next = chunk.clone().into_bytes();
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

const INTERVAL: Duration = Duration::from_millis(100);
