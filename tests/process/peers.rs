//! Real tools of the Prometheus project agree with us. `cargo xtask peers` installs them; where they
//! are missing, each test says so in one line and passes.

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use crate::client::{self, request};
use crate::program::{BINARY, Program, free_address, instant};

/// Runs a peer's tool with this text on its standard input; `None` if it is not installed.
fn tool(name: &str, arguments: &[&str], input: &[u8]) -> Option<Output> {
    let child = Command::new(name)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = child else {
        println!("skipped: {name} is not installed (cargo xtask peers installs it)");
        return None;
    };
    child.stdin.take().unwrap().write_all(input).unwrap();
    Some(child.wait_with_output().unwrap())
}

fn succeeded(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{complained}");
    said
}

#[test]
fn promtool_queries_us_and_accepts_our_pages() {
    if tool("promtool", &["--version"], b"").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data").to_string_lossy().into_owned();
    let address = free_address();
    let mut program = Program::ready(&address, &["up", "--data", &data, "--listen", &address]);
    program.wait_series("up == 1", 2);
    let url = format!("http://{address}");

    let found = tool("promtool", &["query", "instant", &url, "up"], b"").unwrap();
    let found = succeeded(&found);
    assert!(
        found.contains("job=\"node\"") && found.contains("=> 1 @["),
        "{found}"
    );
    let range = [
        "query",
        "range",
        "--start=1",
        "--end=61",
        "--step=30s",
        &url,
        "vector(7)",
    ];
    let found = succeeded(&tool("promtool", &range, b"").unwrap());
    assert!(
        found.contains("7 @[1]") && found.contains("7 @[61]"),
        "{found}"
    );
    let found = succeeded(&tool("promtool", &["query", "labels", &url, "job"], b"").unwrap());
    assert_eq!(
        found.split_whitespace().collect::<Vec<_>>(),
        ["narthex", "node"]
    );
    let series = ["query", "series", "--match=up", &url];
    assert!(succeeded(&tool("promtool", &series, b"").unwrap()).contains("__name__=\"up\""));

    for path in ["/metrics", "/node-exporter/metrics"] {
        let page = client::get(&address, path).body;
        let checked = tool("promtool", &["check", "metrics"], &page).unwrap();
        let complained = String::from_utf8_lossy(&checked.stderr).into_owned();
        // Debian's promtool finds fault with upstream's own names, too; it exits with 3 then.
        let syntax_fine = matches!(checked.status.code(), Some(0 | 3));
        assert!(
            syntax_fine && !complained.contains("error while linting"),
            "{path}: {complained}"
        );
    }
}

#[test]
fn a_real_prometheus_scrapes_our_node_exporter() {
    if tool("prometheus", &["--version"], b"").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let ours = free_address();
    let listen = format!("--web.listen-address={ours}");
    let arguments = ["node-exporter", &listen].map(OsStr::new);
    let mut exporter = Program::start_as(Path::new(BINARY), &ours, &arguments);
    exporter.wait(Duration::from_secs(20), "our page", || {
        request(&ours, "GET", "/metrics", &[], "")
    });

    let config = folder.path().join("prometheus.yml");
    let text = format!(
        "scrape_configs:\n  - job_name: node\n    scrape_interval: 1s\n    static_configs:\n      - \
         targets: ['{ours}']\n"
    );
    std::fs::write(&config, text).unwrap();
    let theirs = free_address();
    let flags = [
        format!("--config.file={}", config.display()),
        format!(
            "--storage.tsdb.path={}",
            folder.path().join("data").display()
        ),
        format!("--web.listen-address={theirs}"),
    ];
    let arguments: Vec<&OsStr> = flags.iter().map(OsStr::new).collect();
    let mut peer = Program::start_as(Path::new("prometheus"), &theirs, &arguments);
    peer.wait_ready();
    peer.wait_series("up == 1", 1);
    assert_eq!(instant(&theirs, "count(node_load1)").len(), 1);
}

#[test]
fn promtool_says_of_a_page_what_we_say() {
    if tool("promtool", &["--version"], b"").is_none() {
        return;
    }
    let mut units = String::new();
    for prefix in [
        "", "pico", "milli", "deca", "kibi", "mibi", "mebi", "exa", "pebi",
    ] {
        for unit in [
            "bytes", "seconds", "metres", "kelvins", "weeks", "miles", "ounces", "second",
        ] {
            let name = format!("x_{prefix}{unit}_y");
            units.push_str(&format!("# HELP {name} h\n# TYPE {name} gauge\n{name} 1\n"));
        }
    }
    let odd = "# TYPE a counter\na 1\n# HELP b_total h\n# TYPE b_total gauge\nb_total 1\n\
        # HELP c_bucket h\n# TYPE c_bucket gauge\nc_bucket 1\n# HELP d_count h\n# TYPE d_count gauge\n\
        d_count{le=\"1\",quantile=\"2\"} 1\n# HELP f_counter h\n# TYPE f_counter counter\nf_counter 1\n\
        # HELP g:h h\n# TYPE g:h gauge\ng:h 1\n# HELP iJ h\n# TYPE iJ gauge\niJ{kL=\"1\"} 1\niJ{kL=\"2\"} 1\n\
        # HELP m_kb_n_ms h\n# TYPE m_kb_n_ms gauge\nm_kb_n_ms 1\n# HELP o_histogram h\n\
        # TYPE o_histogram histogram\no_histogram_bucket{le=\"+Inf\",quantile=\"x\"} 1\n\
        o_histogram_sum{quantile=\"x\"} 1\no_histogram_count{quantile=\"x\"} 1\nq_total{le=\"1\"} 1\n";
    let good = "# HELP a_total h\n# TYPE a_total counter\na_total 1\na_total{x=\"1\"} 2\n# HELP h x\n\
        # TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_sum 1\nh_count 2\n\
        # HELP longer_name x\n# TYPE longer_name summary\nlonger_name{quantile=\"0.5\"} 1\n\
        longer_name_sum 1\nlonger_name_count 2\n";
    for (page, flag) in [
        (units.as_str(), None),
        (odd, None),
        (good, None),
        (good, Some("--extended")),
    ] {
        let words: Vec<&str> = ["check", "metrics"].into_iter().chain(flag).collect();
        let theirs = tool("promtool", &words, page.as_bytes()).unwrap();
        let words = [&["tool"], words.as_slice()].concat();
        let ours = tool(BINARY, &words, page.as_bytes()).unwrap();
        assert_eq!(ours, theirs);
    }
    let both = ["tool", "check", "metrics", "--lint=none"];
    let nothing = tool(BINARY, &both, b"").unwrap();
    assert_eq!(nothing.status.code(), Some(1));
    let broken = tool(BINARY, &both[..3], b"a b c\n").unwrap();
    assert_eq!(broken.status.code(), Some(1));
    assert!(
        broken
            .stderr
            .starts_with(b"error while linting: text format parsing error in line 1: ")
    );
}

#[test]
fn promtool_says_of_a_directory_what_we_say() {
    if tool("promtool", &["--version"], b"").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("page");
    let mut text = "# TYPE c counter\n".to_owned();
    for step in 0..400 {
        let time = 1_600_000_000 + step * 60;
        text.push_str(&format!(
            "c_total{{a=\"x\\\"{}\"}} {step}.5 {time}\n",
            step % 7
        ));
        text.push_str(&format!("g 1e{} {time}.25\n", step % 200));
    }
    text.push_str("# EOF\n");
    std::fs::write(&page, text).unwrap();
    let page = page.to_string_lossy();
    let run = |words: &[&str], dir: &str| {
        let words = [&["tool", "tsdb"], words, &[dir]].concat();
        succeeded(&Command::new(BINARY).args(words).output().unwrap())
    };
    let theirs = |words: &[&str], dir: &str| {
        let words = [&["tsdb"], words, &[dir]].concat();
        let mut lines: Vec<String> = succeeded(&tool("promtool", &words, b"").unwrap())
            .lines()
            .map(str::to_owned)
            .collect();
        lines.sort();
        lines
    };
    for (name, made_by_us) in [("ours", true), ("theirs", false)] {
        let dir = folder.path().join(name);
        let dir = dir.to_string_lossy();
        let words = ["create-blocks-from", "openmetrics", "--quiet", &page];
        match made_by_us {
            true => drop(run(&words, &dir)),
            false => drop(theirs(&words, &dir)),
        }
        // Their dump does not work without a log.
        std::fs::create_dir_all(Path::new(&*dir).join("wal")).unwrap();
        for words in [
            &["list"][..],
            &["list", "-r"],
            &["dump"],
            &["dump", "--match", "c_total", "--min-time", "1600003600000"],
            &["analyze", "--limit=1000", "--extended"],
        ] {
            let said = run(words, &dir);
            let mut ours: Vec<&str> = said.lines().collect();
            // Rows that count the same come in no order from them.
            ours.sort_unstable();
            assert_eq!(ours, theirs(words, &dir), "{words:?} of {name}");
        }
        assert!(run(&["verify"], &dir).contains("nothing is damaged"));
        assert!(run(&["dump-openmetrics"], &dir).ends_with("# EOF\n"));
    }
}
