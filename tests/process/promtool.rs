//! Our tools print and write what promtool does. Where promtool is not installed, or does not have a
//! command yet, a test says so in one line and runs ours alone.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::program::{BINARY, Program, free_address};

/// What a program said before it ended.
#[derive(Debug, PartialEq)]
struct Said {
    code: Option<i32>,
    out: String,
    errors: String,
}

/// Runs our tool in `folder`.
fn ours(folder: &Path, words: &[&str]) -> Said {
    said(folder, BINARY, &[&["tool"], words].concat()).unwrap()
}

/// Runs promtool in `folder`, if it is there and knows the command, which is the words before the
/// first flag.
fn theirs(folder: &Path, words: &[&str]) -> Option<Said> {
    let is_word = |word: &&&str| !word.starts_with('-') && !word.contains(['/', '.']);
    let command: Vec<&str> = words.iter().take(3).take_while(is_word).copied().collect();
    let help = said(
        folder,
        "promtool",
        &[command.as_slice(), &["--help"]].concat(),
    );
    match help {
        Some(Said { code: Some(0), .. }) => said(folder, "promtool", words),
        _ => {
            println!("not compared: there is no promtool {}", command.join(" "));
            None
        }
    }
}

fn said(folder: &Path, program: &str, words: &[&str]) -> Option<Said> {
    let mut command = Command::new(program);
    let output = command.args(words).current_dir(folder).output().ok()?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Some(Said {
        code: output.status.code(),
        out: text(&output.stdout),
        errors: text(&output.stderr),
    })
}

/// A page of samples from [`START`] on, one a minute for eight hours.
fn page() -> String {
    let mut page = "# TYPE c counter\n".to_owned();
    for step in 0..480_i64 {
        let time = START + step * 60;
        for (number, value) in ["x0", "x\\\"1", "x2"].into_iter().enumerate() {
            let count = step * (number as i64 + 1);
            page.push_str(&format!("c_total{{a=\"{value}\"}} {count}.5 {time}\n"));
        }
        page.push_str(&format!("g {}.25 {time}\n", step % 17));
        for (bound, count) in [("1", step), ("2", step * 3), ("+Inf", step * 4)] {
            page.push_str(&format!("h_bucket{{le=\"{bound}\"}} {count} {time}\n"));
        }
        page.push_str(&format!(
            "h_sum {step} {time}\nh_count {} {time}\n",
            step * 4
        ));
    }
    page + "# EOF\n"
}

/// A server that has the page.
fn server(folder: &Path) -> (Program, String) {
    std::fs::write(folder.join("page"), page()).unwrap();
    let words = ["tsdb", "create-blocks-from", "--quiet", "openmetrics"];
    let made = ours(folder, &[&words[..], &["page", "data"]].concat());
    assert_eq!(made.code, Some(0), "{made:?}");
    std::fs::write(folder.join("prometheus.yml"), "").unwrap();
    let address = free_address();
    let file = |name: &str| folder.join(name).display().to_string();
    let arguments = [
        "server".to_owned(),
        format!("--config.file={}", file("prometheus.yml")),
        format!("--storage.tsdb.path={}", file("data")),
        "--storage.tsdb.retention.time=100y".to_owned(),
        "--web.enable-remote-write-receiver".to_owned(),
        format!("--web.listen-address={address}"),
    ];
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let program = Program::ready(&address, &arguments);
    let url = format!("http://{address}");
    (program, url)
}

#[test]
fn answers_to_queries_are_printed_alike() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (_program, url) = server(folder);
    let url = url.as_str();
    let at = "--time=1600003600.5";
    let (start, end) = ("--start=2020-09-13T13:26:40Z", "--end=1600003900");
    let cases: [(i32, &[&str]); 21] = [
        (0, &["instant", at, url, "c_total"]),
        (0, &["instant", at, url, "g * 1e20"]),
        (0, &["instant", at, url, "0/0 * c_total"]),
        (0, &["instant", at, url, "scalar(g) / 3"]),
        (0, &["instant", at, url, "no_such"]),
        (0, &["instant", at, url, "c_total[2m]"]),
        (0, &["instant", at, url, "-o", "json", "c_total"]),
        (0, &["instant", at, url, "-o", "json", "c_total[2m]"]),
        (1, &["instant", at, url, "sum("]),
        (1, &["instant", at, url, "c_total + on() c_total"]),
        (1, &["instant", "--time=x", url, "g"]),
        (
            0,
            &["range", start, end, "--step=1m", url, "rate(c_total[5m])"],
        ),
        (0, &["range", start, end, url, "g"]),
        (0, &["range", start, end, "-o", "json", url, "c_total / 0"]),
        (1, &["range", end, "--start=1600004000", url, "g"]),
        (0, &["series", "--match=c_total", "--match=g", url]),
        (0, &["series", start, end, "-o", "json", "--match=g", url]),
        (1, &["series", "--match=g{", url]),
        (0, &["labels", url, "a"]),
        (0, &["labels", "-o", "json", start, end, url, "__name__"]),
        (0, &["labels", start, end, "--match=h_bucket", url, "le"]),
    ];
    for (code, words) in cases {
        let words = [&["query"], words].concat();
        let got = ours(folder, &words);
        assert_eq!(got.code, Some(code), "{words:?}: {got:?}");
        if let Some(want) = theirs(folder, &words) {
            assert_eq!(got, want, "{words:?}");
        }
    }
    let words = ["query", "instant", at, url, "c_total{a=\"x2\"}"];
    let got = ours(folder, &words);
    assert_eq!(got.out, "c_total{a=\"x2\"} => 180.5 @[1600003600.5]\n");
    // Promtool cannot read it.
    let got = ours(folder, &["query", "instant", at, url, "\"a \\\" text\""]);
    assert_eq!(got.out, "a \" text\n");
    let refused = ours(folder, &["query", "instant", "127.0.0.1:1", "up"]);
    assert_eq!(refused.code, Some(1), "{refused:?}");

    let server = format!("--server={url}");
    let kind = "--type=classichistograms";
    let time = "--time=1600003600";
    let words = ["query", "analyze", &server, kind, time, "--match=h_sum"];
    let got = ours(folder, &words);
    assert_eq!(got.code, Some(0), "{got:?}");
    assert!(got.out.starts_with("h_bucket{}[1h0m0s]="), "{got:?}");
    if let Some(want) = theirs(folder, &words) {
        assert_eq!(got, want);
    }
}

#[test]
fn pages_are_pushed_alike() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (mut program, url) = server(folder);
    let page = "# TYPE pushed_total counter\npushed_total{a=\"1\"} 7\n# TYPE t histogram\n\
        t_bucket{le=\"1\"} 1\nt_bucket{le=\"+Inf\"} 2\nt_sum 3\nt_count 2\n";
    std::fs::write(folder.join("pushed"), page).unwrap();
    std::fs::write(folder.join("broken"), "a b c\n").unwrap();
    let push = ["push", "metrics"];
    let runs: [(i32, &[&str]); 5] = [
        (0, &["--label=job=first", &url, "pushed"]),
        (
            0,
            &[
                "--protobuf_message=io.prometheus.write.v2.Request",
                "--label=job=second",
                &url,
                "pushed",
            ],
        ),
        (1, &[&url, "broken"]),
        (1, &["--remote-write.path=/no/such", &url, "pushed"]),
        (1, &[&url, "broken", "pushed"]),
    ];
    for (code, words) in runs {
        let got = ours(folder, &[&push[..], words].concat());
        assert_eq!(got.code, Some(code), "{words:?}: {got:?}");
        let is_told =
            "Parsing metrics file pushed\n  SUCCESS: metrics file pushed pushed to remote write.\n";
        let is_pushed =
            code == 0 || words.len() == 3 && words[2] == "pushed" && words[1] == "broken";
        assert_eq!(got.out.contains(is_told), is_pushed, "{words:?}: {got:?}");
    }
    for job in ["first", "second", "promtool"] {
        let query = format!("{{__name__=~\"pushed_total|t_.*\",job=\"{job}\"}}");
        let found = program.wait_series(&query, 5);
        assert!(found.iter().all(|series| series["metric"]["job"] == job));
    }
    let words = ["--label=job=theirs", &url, "pushed"];
    let words = [&push[..], &words].concat();
    if let Some(want) = theirs(folder, &words) {
        let mut got = ours(folder, &words);
        assert_eq!(got, want);
        got = ours(folder, &[&push[..], &[&url, "broken"]].concat());
        let want = theirs(folder, &[&push[..], &[&url, "broken"]].concat()).unwrap();
        assert_eq!((got.code, got.out), (want.code, want.out));
        program.wait_series("pushed_total{job=\"theirs\"}", 1);
    }
}

#[test]
fn rules_are_applied_to_the_past_alike() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (program, url) = server(folder);
    // Values that are the same all minute long.
    let rules = "groups:
- name: first
  interval: 1m
  rules:
  - {record: 'c:sum', expr: sum without (a) (c_total), labels: {kind: sum}}
  - {record: 'c:max5m', expr: 'max_over_time(c_total[5m])'}
  - {record: 'c:same', expr: c_total, labels: {a: y}}
  - {record: nothing, expr: no_such}
- name: second
  rules:
  - {record: 'g:scalar', expr: scalar(g) / 0}
  - {record: 'g:not_a_number', expr: 0 / 0 * g}
";
    std::fs::write(folder.join("rules.yml"), rules).unwrap();
    let bad = "groups: [{name: bad, rules: [{record: many, expr: c_total + on() c_total}, \
        {record: text, expr: '\"t\"'}, {record: 'g:copy', expr: g}]}]";
    std::fs::write(folder.join("bad.yml"), bad).unwrap();
    let alert = "groups: [{name: a, rules: [{alert: High, expr: g > 10}]}]";
    std::fs::write(folder.join("alert.yml"), alert).unwrap();
    std::fs::write(folder.join("wrong.yml"), "groups: [{name: a, rules: [{}]}]").unwrap();

    let command = ["tsdb", "create-blocks-from", "rules", "--url", &url];
    let span = ["--start", "1600000080", "--end", "1600020000.7"];
    let write = |run: &dyn Fn(&[&str]) -> Option<Said>, dir: &str, words: &[&str]| {
        run(&[&command[..], &span, &["--output-dir", dir], words].concat())
    };
    let ours = |words: &[&str]| Some(ours(folder, words));
    let theirs = |words: &[&str]| theirs(folder, words);
    // Samples and blocks. Moments are told by the minute: 2.42 evaluates a group at another second of
    // it than 3.14 does.
    let content = |dir: &str| {
        let lines = |words: &[&str]| {
            let text = ours(&[&["tsdb"], words, &[dir]].concat()).unwrap().out;
            text.lines().map(str::to_owned).collect::<Vec<String>>()
        };
        let minute = |time: &str| time.parse::<i64>().unwrap() / 60_000;
        let sample = |line: String| {
            let (sample, time) = line.rsplit_once(' ').unwrap();
            format!("{sample} {}", minute(time))
        };
        let samples: BTreeSet<String> = lines(&["dump"]).into_iter().map(sample).collect();
        let block = |line: String| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let counts = words[4..7].join(" ");
            format!("{} {} {counts}", minute(words[1]), minute(words[2]))
        };
        let mut blocks: Vec<String> = lines(&["list"]).into_iter().skip(1).map(block).collect();
        blocks.sort();
        (samples, blocks)
    };

    let files = ["--eval-interval=30s", "rules.yml"];
    let said = write(&ours, "ours", &files).unwrap();
    assert_eq!(said.code, Some(0), "{said:?}");
    let (samples, blocks) = content("ours");
    let first = "{__name__=\"c:sum\", kind=\"sum\"} 13.5 26666668";
    assert!(samples.contains(first), "{} samples", samples.len());
    // Three blocks of each rule but the one without results.
    assert_eq!(blocks.len(), 15, "{blocks:?}");
    if let Some(said) = write(&theirs, "theirs", &files) {
        assert_eq!(said.code, Some(0), "{said:?}");
        let theirs = content("theirs");
        assert_eq!(samples.symmetric_difference(&theirs.0).next(), None);
        assert_eq!(blocks, theirs.1);
    }

    let without_log = |said: &Said| {
        let is_log = |line: &&str| line.contains("level=");
        let lines = said.errors.lines().filter(|line| !is_log(line));
        lines.map(|line| line.to_owned() + "\n").collect::<String>()
    };
    let said = write(&ours, "bad", &["bad.yml"]).unwrap();
    assert_eq!(said.code, Some(1), "{said:?}");
    let told = without_log(&said);
    assert!(told.starts_with("rule importer error: query range: execution: found dup"));
    assert!(told.ends_with("\nerror importing rules\n"), "{told}");
    assert!(content("bad").0.iter().all(|line| line.contains("g:copy")));
    if let Some(want) = write(&theirs, "theirs-bad", &["bad.yml"]) {
        assert_eq!(want.code, Some(1), "{want:?}");
        assert_eq!(told.lines().count(), without_log(&want).lines().count());
        assert_eq!(content("bad"), content("theirs-bad"));
    }
    // Promtool says that it does not evaluate alerts, and writes series of their names.
    let said = write(&ours, "alerts", &["alert.yml"]).unwrap();
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(!folder.join("alerts").exists());

    let refused: [(&[&str], &str); 4] = [
        (
            &["--start", "x", "rules.yml"],
            "error parsing start time: cannot parse \"x\" to a valid timestamp\n",
        ),
        (
            &["--start", "5", "--end", "x", "rules.yml"],
            "error parsing end time: cannot parse \"x\" to a valid timestamp\n",
        ),
        (
            &["--start", "5", "--end", "4", "rules.yml"],
            "start time is not before end time\n",
        ),
        (
            &["--start", "5", "wrong.yml"],
            "rule importer parse error: wrong.yml",
        ),
    ];
    for (words, want) in refused {
        let words = [&command[..], words].concat();
        let said = ours(&words).unwrap();
        assert_eq!(said.code, Some(1), "{said:?}");
        assert!(without_log(&said).starts_with(want), "{said:?}");
        if let Some(theirs) = theirs(&words) {
            assert_eq!(theirs.code, Some(1));
            assert!(without_log(&theirs).starts_with(want), "{theirs:?}");
        }
    }
    assert!(program.terminate());
}

/// Files that are read alike by promtool 2.42 and later.
#[test]
fn rules_are_checked_and_tested_alike() {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/conformance");
    let root = std::env::var_os("NARTHEX_CONFORMANCE").map_or(beside, PathBuf::from);
    if !root.join("rule-files").is_dir() {
        println!("skipped: no outside test data in {}", root.display());
        return;
    }
    let good = [
        "promtool/rules.yml",
        "promtool/rules_duplicates.yml",
        "promtool/rules_large.yml",
        "promtool/prometheus-rules.lint.yml",
        "promtool/at-modifier.yml",
        "rule-files/test.yaml",
        "rules/alert_rule.yaml",
        "rules/rules_chain.yaml",
        "rules/rules_multi_doc.yaml",
        "rules/rules_multiple_groups.yaml",
    ];
    let bad = [
        "promtool/bad-rules-syntax.yml",
        "promtool/rules-bad.yml",
        "promtool/rules_extrafields.yml",
        "rule-files/bad_expr.bad.yaml",
        "rule-files/bad_field.bad.yaml",
        "rule-files/duplicate_grp.bad.yaml",
        "rule-files/invalid_label_name.bad.yaml",
        "rule-files/invalid_record_name.bad.yaml",
        "rule-files/no_rec_alert.bad.yaml",
        "rule-files/noexpr.bad.yaml",
        "rule-files/record_and_alert.bad.yaml",
        "rule-files/record_and_for.bad.yaml",
        "rule-files/record_and_keep_firing_for.bad.yaml",
        "rules/invalid_rules.yaml",
    ];
    // Of these 3.14 words the error otherwise: series in order, the place of the missing brace.
    let reworded = [
        "promtool/bad-input-series.yml",
        "promtool/bad-promql.yml",
        "promtool/bad-rules-error-test.yml",
    ];
    let tests = [
        "promtool/at-modifier-test.yml",
        "promtool/bad-rules-syntax-test.yml",
        "promtool/failing.yml",
        "promtool/long-period.yml",
        "promtool/negative-offset-test.yml",
        "promtool/rules_run.yml",
    ];
    let check = ["check", "rules"];
    let fatal = ["check", "rules", "--lint-fatal"];
    let test = ["test", "rules"];
    let run = |words: &[&str], file: &str| {
        let words = [words, &[file]].concat();
        (ours(&root, &words), theirs(&root, &words))
    };
    for file in good {
        for words in [&check[..], &fatal] {
            let (got, want) = run(words, file);
            assert!(got.out.starts_with(&format!("Checking {file}\n")));
            assert_eq!(want.filter(|want| *want != got), None, "{file}: {got:?}");
        }
    }
    for file in bad {
        let (got, want) = run(&check, file);
        assert_eq!(got.code, Some(1), "{file}: {got:?}");
        // No empty line comes behind, since promtool 2.55.
        assert_eq!(got.out, format!("Checking {file}\n"));
        if let Some(want) = want {
            assert_eq!(got.code, want.code, "{file}: {want:?}");
            let (got, want) = (without_places(&got, file), without_places(&want, file));
            let is_yamls = want.iter().any(|line| line.starts_with("yaml: "));
            let is_reworded = file.ends_with("invalid_record_name.bad.yaml");
            let is_alike = is_yamls || is_reworded || got == want;
            assert!(is_alike, "{file}: {got:?}, not {want:?}");
        }
    }
    for file in tests.into_iter().chain(reworded) {
        let (got, want) = run(&test, file);
        assert!(got.out.starts_with(&format!("Unit Testing:  {file}\n")));
        if let Some(want) = want {
            assert_eq!((got.code, &got.out), (want.code, &want.out), "{file}");
            let rules = "promtool/bad-rules-syntax.yml";
            let (got, want) = (without_places(&got, rules), without_places(&want, rules));
            assert!(
                got == want || reworded.contains(&file),
                "{file}: {got:?}, not {want:?}"
            );
        }
    }
}

/// Lines of standard error without `file: 1:2: `: our places are of the expression, not of its rule.
fn without_places(said: &Said, file: &str) -> Vec<String> {
    let lines = said
        .errors
        .lines()
        .map(|line| match line.strip_prefix(file) {
            Some(rest) => {
                let is_place = |c: char| c.is_ascii_digit() || matches!(c, ':' | ' ');
                rest.trim_start_matches(is_place).to_owned()
            }
            None => line.to_owned(),
        });
    lines.collect()
}

/// The time of the first sample of the page; a minute begins.
const START: i64 = 1_599_999_960;
