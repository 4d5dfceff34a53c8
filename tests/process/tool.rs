//! `narthex tool`: query scripts, and expressions formatted and changed.

use crate::program::output;

#[test]
fn a_wrong_expectation_is_shown_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let good = folder.path().join("good.test");
    let bad = folder.path().join("bad.test");
    std::fs::write(&good, "eval instant at 0 1 + 1\n  2\n").unwrap();
    std::fs::write(&bad, "load 1m\n  up 1\n\neval instant at 0 up\n  up 2\n").unwrap();
    let (good, bad) = (good.to_string_lossy(), bad.to_string_lossy());

    let passed = output(&["tool", "test", "promql", &good]);
    assert!(passed.status.success());
    assert_eq!(
        String::from_utf8_lossy(&passed.stdout),
        "1 passed, 0 failed\n"
    );

    let failed = output(&["tool", "test", "promql", &good, &bad]);
    assert!(!failed.status.success());
    let said = String::from_utf8_lossy(&failed.stdout);
    assert!(said.contains(&format!("{bad}:4")), "{said}");
    assert!(said.ends_with("1 passed, 1 failed\n"), "{said}");
}

#[test]
fn expressions_are_formatted_and_changed() {
    let cases: [(&[&str], &str); 6] = [
        (&["format", "sum(up)by(job)"], "sum by (job) (up)\n"),
        (&["format", "-up"], "-up\n"),
        (
            &["label-matchers", "set", "a / rate(b[5m])", "job", "x"],
            "a{job=\"x\"} / rate(b{job=\"x\"}[5m])\n",
        ),
        (
            &[
                "label-matchers",
                "set",
                "--type",
                "=~",
                "a{job=\"x\"}",
                "job",
                "y|z",
            ],
            "a{job=~\"y|z\"}\n",
        ),
        (
            &["label-matchers", "delete", "a{job=\"x\",b!=\"\"}", "job"],
            "a{b!=\"\"}\n",
        ),
        (&["label-matchers", "delete", "a + a", "b"], "a + a\n"),
    ];
    for (words, want) in cases {
        let said = output(&[&["tool", "promql"], words].concat());
        assert_eq!(String::from_utf8_lossy(&said.stdout), want, "{words:?}");
    }
    let refused = output(&["tool", "promql", "format", "sum("]);
    assert!(!refused.status.success());
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(
        said.contains("1:5: parse error: unclosed left parenthesis"),
        "{said}"
    );
}
