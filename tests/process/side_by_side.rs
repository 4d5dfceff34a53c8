//! A real Prometheus and ours scrape the same pages of real exporters with one configuration: every
//! series, label and value is the same, step by step.
//!
//! A proxy of the test stands before each exporter and gives both servers the same page at each of
//! their scrapes, with a series that says which scrape it is. `NARTHEX_SIDE_BY_SIDE_SECONDS` says how
//! long it goes on (10 unless stated).

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;

use crate::both_ways::{is_there, latest};
use crate::client::{self, request};
use crate::program::{BINARY, Program, encoded, free_address, from_environment, instant};

/// Whose pages are scraped: job, program, arguments (`{}` is the address), path.
const EXPORTERS: [(&str, &str, &[&str], &str); 4] = [
    (
        "node",
        "prometheus-node-exporter",
        &["--web.listen-address={}"],
        "/metrics",
    ),
    (
        "alertmanager",
        "prometheus-alertmanager",
        &[
            "--config.file={folder}/alertmanager.yml",
            "--storage.path={folder}/alertmanager",
            "--web.listen-address={}",
            "--cluster.listen-address=",
        ],
        "/metrics",
    ),
    (
        "pushgateway",
        "prometheus-pushgateway",
        &["--web.listen-address={}"],
        "/metrics",
    ),
    (
        "blackbox",
        "prometheus-blackbox-exporter",
        &[
            "--config.file={folder}/blackbox.yml",
            "--web.listen-address={}",
        ],
        "/metrics",
    ),
];

#[test]
fn a_real_prometheus_stores_what_we_store() {
    let peers = [PathBuf::from("prometheus"), latest()];
    let peers: Vec<(PathBuf, u32)> = peers
        .into_iter()
        .filter(|path| is_there(path))
        .map(|path| {
            // One that was built without a version is the latest.
            let version = major_version(&path).unwrap_or(3);
            (path, version)
        })
        .collect();
    if peers.is_empty() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let exporters = Exporters::start(folder.path());
    for (path, version) in peers {
        let compared = compare(&path, version, &exporters, folder.path());
        println!(
            "{}: {} series, {} samples of {} targets are the same over {} steps",
            path.display(),
            compared.series,
            compared.samples,
            exporters.pages.len(),
            compared.steps
        );
    }
}

/// The first number of the version that a server states.
pub(crate) fn major_version(path: &Path) -> Option<u32> {
    let said = Command::new(path).arg("--version").output().ok()?;
    // Version 2 prints it to one of them, version 3 to the other.
    let said = [said.stdout, said.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    let version = said.split("version ").nth(1)?;
    version.split('.').next()?.parse().ok()
}

/// Running exporters, and where their pages are.
struct Exporters {
    /// Job and where its page is.
    pages: Vec<(String, Origin)>,
    _running: Vec<Program>,
}

#[derive(Clone)]
enum Origin {
    /// Address, path, and the format to ask for.
    Exporter(String, String, &'static str),
    /// Pages of the test's own, by the number of the scrape.
    Made(fn(usize) -> (&'static str, Vec<u8>)),
}

impl Exporters {
    fn start(folder: &Path) -> Self {
        std::fs::write(
            folder.join("alertmanager.yml"),
            "route: {receiver: none}\nreceivers: [{name: none}]\n",
        )
        .unwrap();
        std::fs::write(
            folder.join("blackbox.yml"),
            "modules: {http_2xx: {prober: http}}\n",
        )
        .unwrap();
        let mut found = Self {
            pages: vec![("made".into(), Origin::Made(made_page))],
            _running: Vec::new(),
        };
        for (job, program, arguments, path) in EXPORTERS {
            if Command::new(program).arg("--version").output().is_err() {
                println!("skipped: {program} is not installed (cargo xtask peers installs it)");
                continue;
            }
            let address = free_address();
            let fill = |argument: &&str| {
                let argument = argument.replace("{folder}", &folder.to_string_lossy());
                argument.replace("{}", &address)
            };
            let arguments: Vec<String> = arguments.iter().map(fill).collect();
            let arguments: Vec<&OsStr> = arguments.iter().map(OsStr::new).collect();
            found.add(
                job,
                Program::start_as(Path::new(program), &address, &arguments),
                path,
            );
        }
        let address = free_address();
        let listen = format!("--web.listen-address={address}");
        let arguments = ["node-exporter", &listen].map(OsStr::new);
        let ours = Program::start_as(Path::new(BINARY), &address, &arguments);
        found.add("narthex-node", ours, "/metrics");
        found
    }

    fn add(&mut self, job: &str, mut program: Program, path: &str) {
        let address = program.address.clone();
        program.wait(Duration::from_secs(60), "the exporter's page", || {
            request(&address, "GET", path, &[], "").filter(|answer| answer.status == 200)
        });
        for (suffix, format) in [("", TEXT), ("-openmetrics", OPEN_METRICS)] {
            let origin = Origin::Exporter(address.clone(), path.to_owned(), format);
            self.pages.push((format!("{job}{suffix}"), origin));
        }
        self._running.push(program);
    }
}

const TEXT: &str = "text/plain;version=0.0.4";
const OPEN_METRICS: &str = "application/openmetrics-text;version=1.0.0";

/// A page with what exporters seldom have: changing series, own timestamps, odd numbers, histograms.
fn made_page(step: usize) -> (&'static str, Vec<u8>) {
    let mut page = String::from("# HELP made_c C.\n# TYPE made_c counter\n");
    page += &format!("made_c{{a=\"x\\\"\\\\\\n\",empty=\"\"}} {}\n", step * 3);
    if !step.is_multiple_of(3) {
        page += &format!("made_comes_and_goes{{step=\"{}\"}} {step}\n", step % 4);
    }
    page += "made_odd{n=\"1\"} NaN\nmade_odd{n=\"2\"} +Inf\nmade_odd{n=\"3\"} -1.5e-300\nmade_odd{n=\"4\"} 0.1\n";
    page += "# TYPE made_h histogram\n";
    for (bound, count) in [("1", 1), ("2.50", 3), ("+Inf", 4)] {
        page += &format!(
            "made_h_bucket{{le=\"{bound}\",job=\"own\"}} {}\n",
            count * (step + 1)
        );
    }
    let count = 4 * (step + 1);
    page += &format!("made_h_sum{{job=\"own\"}} {step}.5\nmade_h_count{{job=\"own\"}} {count}\n");
    page += "# TYPE made_s summary\nmade_s{quantile=\"0.5\"} 2\nmade_s{quantile=\"1\"} 3\nmade_s_sum 4\nmade_s_count 5\n";
    page += "dropped_by_rule 1\n";
    (TEXT, page.into_bytes())
}

/// What was compared.
struct Compared {
    series: usize,
    samples: usize,
    steps: usize,
}

/// Runs both servers side by side, and compares what they have stored then.
fn compare(peer: &Path, version: u32, exporters: &Exporters, folder: &Path) -> Compared {
    let seconds = from_environment("NARTHEX_SIDE_BY_SIDE_SECONDS", 10);
    let interval = (seconds / 120).clamp(1, 5);
    let proxies: Vec<(String, String)> = exporters
        .pages
        .iter()
        .map(|(job, origin)| (job.clone(), proxy(origin.clone())))
        .collect();
    let config = configuration(&proxies, interval, version);
    let path = folder.join(format!("prometheus-{version}.yml"));
    std::fs::write(&path, config).unwrap();
    let server = |name: &str, program: &Path, first: &[&str]| {
        let address = free_address();
        let data = folder.join(format!("{name}-{version}"));
        let flags = [
            format!("--config.file={}", path.display()),
            format!("--storage.tsdb.path={}", data.display()),
            format!("--web.listen-address={address}"),
        ];
        let first = first.iter().map(|word| (*word).to_owned());
        let words: Vec<String> = first.chain(flags).collect();
        let words: Vec<&OsStr> = words.iter().map(OsStr::new).collect();
        let mut program = Program::start_as(program, &address, &words);
        program.wait(Duration::from_secs(60), "the server to be ready", || {
            request(&address, "GET", "/-/ready", &[], "").filter(|answer| answer.status == 200)
        });
        program
    };
    let mut ours = server("ours", Path::new(BINARY), &["server"]);
    let mut theirs = server("theirs", peer, &[]);
    let jobs = proxies.len() * jobs_a_page(version).len();
    let steps = usize::try_from(seconds / interval).unwrap();
    let enough = format!("count(max_over_time(narthex_step[1h]) >= {steps})");
    for program in [&mut ours, &mut theirs] {
        let address = program.address.clone();
        // Scrapes that a busy machine leaves out are made up for.
        let patience = Duration::from_secs(2 * seconds + 120);
        program.wait(patience, "enough scrapes of every target", || {
            let count = instant(&address, &enough).first()?["value"][1]
                .as_str()?
                .to_owned();
            (count == jobs.to_string()).then_some(())
        });
    }
    let window = format!("{}s", 5 * seconds + 600);
    let mut ours = Stored::read(&ours.address, &window, steps);
    let mut theirs = Stored::read(&theirs.address, &window, steps);
    let failed = &(&ours.scrapes ^ &theirs.scrapes);
    println!(
        "{} scrapes that one of them gave up are left out",
        failed.len()
    );
    ours.leave_out(failed);
    theirs.leave_out(failed);
    ours.must_equal(&theirs);
    Compared {
        series: ours.series.len(),
        samples: ours.series.values().map(BTreeMap::len).sum(),
        steps,
    }
}

/// The kinds of jobs that each page is scraped by: suffix and settings.
fn jobs_a_page(version: u32) -> Vec<(&'static str, &'static str)> {
    let mut jobs = vec![
        ("", ""),
        ("-honest", "    honor_labels: true\n"),
        (
            "-changed",
            "    metric_relabel_configs:\n      - {source_labels: [__name__], regex: 'dropped_.*|go_gc.*', action: drop}\n      \
             - {source_labels: [__name__], regex: '(.*)_total', target_label: __name__, replacement: '${1}_sum_total'}\n      \
             - {regex: 'mode|device', action: labeldrop}\n      - {source_labels: [cpu], target_label: core, action: hashmod, modulus: 7}\n",
        ),
    ];
    if version >= 3 {
        jobs.push((
            "-converted",
            "    convert_classic_histograms_to_nhcb: true\n",
        ));
    }
    jobs
}

fn configuration(proxies: &[(String, String)], interval: u64, version: u32) -> String {
    let mut text = format!(
        "global: {{scrape_interval: {interval}s, scrape_timeout: {interval}s}}\nscrape_configs:\n"
    );
    for (job, address) in proxies {
        for (suffix, settings) in jobs_a_page(version) {
            text += &format!(
                "  - job_name: {job}{suffix}\n    metrics_path: /{job}{suffix}\n{settings}    static_configs:\n      \
                 - {{targets: ['{address}'], labels: {{narthex_target: {job}{suffix}}}}}\n"
            );
        }
    }
    text
}

/// Serves the pages of an exporter: each asker gets page after page, all askers the same ones.
fn proxy(origin: Origin) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let pages = Arc::new(Mutex::new(Pages {
        origin,
        recorded: BTreeMap::new(),
        asked: BTreeMap::new(),
    }));
    // Ends with the process: nobody waits for it.
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let pages = Arc::clone(&pages);
            std::thread::spawn(move || answer(stream, &pages));
        }
    });
    address
}

struct Pages {
    origin: Origin,
    /// Type and page by number.
    recorded: BTreeMap<usize, (String, Vec<u8>)>,
    /// Pages that were given, by asker and path.
    asked: BTreeMap<(String, String), usize>,
}

impl Pages {
    /// The next page for who asks; none if the exporter does not answer.
    fn next(&mut self, asker: &str, path: &str) -> Option<(String, Vec<u8>)> {
        let asker = (asker.to_owned(), path.to_owned());
        let step = *self.asked.entry(asker.clone()).or_default();
        if !self.recorded.contains_key(&step) {
            let page = self.origin.fetch(step)?;
            self.recorded.insert(step, page);
        }
        self.asked.insert(asker, step + 1);
        self.recorded.get(&step).cloned()
    }
}

impl Origin {
    /// A page with the number of the scrape.
    fn fetch(&self, step: usize) -> Option<(String, Vec<u8>)> {
        let (kind, mut page) = match self {
            Self::Made(make) => {
                let (kind, page) = make(step);
                (kind.to_owned(), page)
            }
            Self::Exporter(address, path, format) => {
                let accept = format!("Accept: {format}");
                let answer = request(address, "GET", path, &[&accept], "")?;
                let kind = answer.head.lines().find_map(|line| {
                    let (name, value) = line.split_once(':')?;
                    let is_it = name.eq_ignore_ascii_case("content-type");
                    is_it.then(|| value.trim().to_owned())
                });
                (kind?, answer.body)
            }
        };
        let end = b"# EOF\n";
        let ends = page.ends_with(end);
        if ends {
            page.truncate(page.len() - end.len());
        }
        let marker = format!("# TYPE narthex_step gauge\nnarthex_step {step}\n");
        page.extend_from_slice(marker.as_bytes());
        if ends {
            page.extend_from_slice(end);
        }
        Some((kind, page))
    }
}

/// Answers one request after the other.
fn answer(mut stream: TcpStream, pages: &Mutex<Pages>) {
    let mut head = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let Some(end) = head.windows(4).position(|four| four == b"\r\n\r\n") else {
            match stream.read(&mut buffer) {
                Ok(0) | Err(_) => return,
                Ok(len) => head.extend_from_slice(&buffer[..len]),
            }
            continue;
        };
        let text = String::from_utf8_lossy(&head[..end]).into_owned();
        head.drain(..end + 4);
        let path = text.split(' ').nth(1).unwrap().to_owned();
        let asker = text
            .lines()
            .find(|line| line.to_ascii_lowercase().starts_with("user-agent"));
        let found = pages.lock().unwrap().next(asker.unwrap_or_default(), &path);
        let Some((kind, page)) = found else {
            return;
        };
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n",
            page.len()
        );
        if stream
            .write_all(&[head.as_bytes(), &page].concat())
            .is_err()
        {
            return;
        }
    }
}

/// What a server has stored.
struct Stored {
    /// Value as text by number of the scrape, by target and series.
    series: BTreeMap<(String, String), BTreeMap<usize, String>>,
    /// Scrapes that succeeded, by target and number.
    scrapes: BTreeSet<(String, usize)>,
}

impl Stored {
    fn read(address: &str, window: &str, steps: usize) -> Self {
        // Which scrape a target's samples at a time are of.
        let mut scrapes: BTreeMap<(String, String), usize> = BTreeMap::new();
        for (labels, samples) in range(address, &format!("narthex_step[{window}]")) {
            for (time, value) in samples {
                scrapes.insert((target(&labels), time), value.parse().unwrap());
            }
        }
        let mut series = BTreeMap::new();
        let all = format!("{{__name__=~\".+\",__name__!=\"scrape_duration_seconds\"}}[{window}]");
        for (labels, samples) in range(address, &all) {
            let target = target(&labels);
            let by_step = samples.into_iter().filter_map(|(time, value)| {
                let step = *scrapes.get(&(target.clone(), time))?;
                (step < steps).then_some((step, value))
            });
            let by_step = by_step.collect();
            series.insert((target, shown(&labels)), by_step);
        }
        let scrapes = scrapes.into_iter().filter(|(_, step)| *step < steps);
        Self {
            series,
            scrapes: scrapes.map(|((target, _), step)| (target, step)).collect(),
        }
    }

    /// Forgets these scrapes, and what the next one says of how much came back.
    fn leave_out(&mut self, failed: &BTreeSet<(String, usize)>) {
        for ((target, name), samples) in &mut self.series {
            samples.retain(|&step, _| {
                let fell = |step: usize| failed.contains(&(target.clone(), step));
                let is_count = name.contains("__name__=\"scrape_series_added\"");
                !(fell(step) || is_count && step.checked_sub(1).is_some_and(fell))
            });
        }
        self.series.retain(|_, samples| !samples.is_empty());
    }

    fn must_equal(&self, theirs: &Self) {
        let mut differences = Vec::new();
        let names = self.series.keys().chain(theirs.series.keys());
        let names: BTreeSet<_> = names.collect();
        for name in names {
            let (ours, theirs) = (self.series.get(name), theirs.series.get(name));
            if ours != theirs {
                let line = format!("{name:?}\n  ours:   {ours:?}\n  theirs: {theirs:?}");
                differences.push(line.chars().take(2_000).collect::<String>());
            }
        }
        let count = differences.len();
        differences.truncate(20);
        assert_eq!(
            count,
            0,
            "{count} of {} series differ:\n{}",
            self.series.len(),
            differences.join("\n")
        );
    }
}

/// Labels of a series, and its samples as time and value.
type Found = (BTreeMap<String, String>, Vec<(String, String)>);

/// Labels with their samples as (time, value), both as they are printed.
fn range(address: &str, query: &str) -> Vec<Found> {
    let path = format!("/api/v1/query?query={}", encoded(query));
    let json = client::get(address, &path).json();
    let result = json["data"]["result"].as_array();
    let result = result.unwrap_or_else(|| panic!("{json}"));
    let read = |series: &Value| {
        let labels = series["metric"].as_object().unwrap();
        let labels = labels
            .iter()
            .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()));
        let samples = ["values", "histograms"]
            .iter()
            .filter_map(|kind| series[kind].as_array());
        let samples = samples
            .flatten()
            .map(|pair| (pair[0].to_string(), pair[1].to_string()));
        let unquoted = |value: String| value.trim_matches('"').to_owned();
        (
            labels.collect(),
            samples
                .map(|(time, value)| (time, unquoted(value)))
                .collect(),
        )
    };
    result.iter().map(read).collect()
}

/// What tells the targets apart: a label of theirs that no page has.
fn target(labels: &BTreeMap<String, String>) -> String {
    labels.get("narthex_target").cloned().unwrap_or_default()
}

/// A series as text. Before version 3, Prometheus kept bounds and quantiles as they were written.
fn shown(labels: &BTreeMap<String, String>) -> String {
    let pairs = labels.iter().map(
        |(name, value)| match (name.as_str(), value.parse::<f64>()) {
            ("le" | "quantile", Ok(number)) => format!("{name}={number}"),
            _ => format!("{name}={value:?}"),
        },
    );
    pairs.collect::<Vec<_>>().join(",")
}
