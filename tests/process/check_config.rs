//! `narthex tool check config`: what promtool says of a configuration, with its exit codes.

use std::path::Path;

use crate::program::output;

/// Checks `text` as a configuration in `folder`: exit code, standard output, standard error.
fn check(folder: &Path, text: &str, flags: &[&str]) -> (i32, String, String) {
    let path = folder.join("c.yml");
    std::fs::write(&path, text).unwrap();
    let path = path.to_string_lossy();
    let said = output(&[&["tool", "check", "config"], flags, &[&*path]].concat());
    let read = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        text.replace(&*folder.to_string_lossy(), "DIR")
    };
    let code = said.status.code().unwrap();
    (code, read(&said.stdout), read(&said.stderr))
}

#[test]
fn configurations_are_checked_as_promtool_does() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("targets.yml", "- targets: [a]\n");
    write("bad.yml", "- target: [a]\n");
    let job = |keys: &str| format!("scrape_configs:\n- job_name: a\n{keys}\n");
    let files = |name: &str| job(&format!("  file_sd_configs: [{{files: [{name}]}}]"));
    let cases: [(String, &[&str], i32, &str); 12] = [
        (job(""), &[], 0, ""),
        (
            "rule_files: [no.yml]".to_owned(),
            &[],
            1,
            "  FAILED: \"DIR/no.yml\" does not point to an existing file\n",
        ),
        ("rule_files: [no.yml]".to_owned(), &["--syntax-only"], 0, ""),
        ("globe: {}".to_owned(), &[], 1, "did you mean \"global\"?"),
        (
            job("  bearer_token_file: no"),
            &[],
            1,
            "error checking authorization credentials or bearer token file \"DIR/no\": stat DIR/no: no such file or directory",
        ),
        (
            job("  tls_config: {cert_file: c, key_file: k}"),
            &[],
            1,
            "error checking client cert file \"DIR/c\": stat DIR/c: no such file or directory",
        ),
        (files("targets.yml"), &[], 0, ""),
        (files("bad.yml"), &[], 1, "checking SD file \"DIR/bad.yml\""),
        (files("bad.yml"), &["--syntax-only"], 0, ""),
        (
            job("  scrape_interval: 10m"),
            &["--lint=all"],
            0,
            "  FAILED: too long scrape interval found, data point will be marked as stale - job: a, interval: 10m\n",
        ),
        (
            job("  scrape_interval: 10m"),
            &["--lint=all", "--lint-fatal"],
            3,
            "too long scrape interval",
        ),
        (
            "rule_files: [a]".to_owned(),
            &["--agent"],
            1,
            "field rule_files is not allowed in agent mode",
        ),
    ];
    for (text, flags, want, words) in cases {
        let (code, out, errors) = check(folder.path(), &text, flags);
        assert_eq!(code, want, "{text} {flags:?}\n{out}{errors}");
        assert!(errors.contains(words), "{text} {flags:?}\n{errors}");
        assert_eq!(words.is_empty(), errors.is_empty(), "{errors}");
        let success = " SUCCESS: DIR/c.yml is valid prometheus config file syntax\n";
        assert!(out.starts_with("Checking DIR/c.yml\n"), "{out}");
        assert_eq!(out.contains(success), want != 1, "{text} {flags:?}\n{out}");
    }
    let (code, out, _) = check(folder.path(), &files("none/*.yml"), &[]);
    assert_eq!(code, 0);
    let warning =
        "  WARNING: file \"DIR/none/*.yml\" for file_sd in scrape job \"a\" does not exist\n";
    assert!(out.contains(warning), "{out}");
}

#[test]
fn duplicate_rules_of_the_files_that_are_named_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write(
        "r.yml",
        "groups: [{name: a, rules: [{record: x, expr: '1', labels: {b: c}}, {record: x, expr: '2', labels: {b: c}}]}]",
    );
    write(
        "bad.yml",
        "groups: [{name: a, rules: [{record: x, expr: 'sum('}]}]",
    );
    let found = "  FAILED:\nlint error 1 duplicate rule(s) found.\nMetric: x\nLabel(s):\n\tb: c\n\
        Might cause inconsistency while recording expressions\n";
    let cases: [(&[&str], i32, bool); 7] = [
        (&[], 0, true),
        (&["--lint-fatal"], 3, true),
        (&["--lint=all"], 0, true),
        (&["--lint=all", "--lint-fatal"], 3, true),
        (&["--lint=none", "--lint-fatal"], 0, false),
        (
            &["--lint=too-long-scrape-interval", "--lint-fatal"],
            0,
            false,
        ),
        (&["--syntax-only", "--lint-fatal"], 0, false),
    ];
    for (flags, want, is_told) in cases {
        let (code, out, errors) = check(folder.path(), "rule_files: [r.yml]", flags);
        assert_eq!(code, want, "{flags:?}\n{out}{errors}");
        assert_eq!(errors, if is_told { found } else { "" }, "{flags:?}");
        let rules = match (flags.contains(&"--syntax-only"), is_told) {
            (true, _) => "",
            (false, true) => "Checking DIR/r.yml\n\n",
            (false, false) => "Checking DIR/r.yml\n  SUCCESS: 2 rules found\n\n",
        };
        let files = match rules.is_empty() {
            true => "",
            false => "  SUCCESS: 1 rule files found\n",
        };
        let valid = " SUCCESS: DIR/c.yml is valid prometheus config file syntax\n\n";
        assert_eq!(out, format!("Checking DIR/c.yml\n{files}{valid}{rules}"));
    }
    // What a server refuses counts for more.
    let both = "rule_files: [r.yml, bad.yml]";
    let (code, _, errors) = check(folder.path(), both, &["--lint-fatal"]);
    assert_eq!(code, 1, "{errors}");
    assert!(errors.starts_with(found) && errors.contains("could not parse expression"));
}
