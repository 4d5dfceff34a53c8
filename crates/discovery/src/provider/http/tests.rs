//! Answers of servers: which groups, and what is refused.

use super::*;
use crate::labels::shown;

#[test]
fn answers_become_groups() {
    let body = br#"[{"targets": ["a:1", "b:2"], "labels": {"zone": "x"}}, {"targets": null}]"#;
    let found = groups(body, "http://sd/").unwrap();
    assert_eq!(
        shown(&found),
        [
            "[http://sd/:0] url=http://sd/ zone=x",
            "__address__=a:1",
            "__address__=b:2",
            "[http://sd/:1] url=http://sd/",
        ]
    );
    assert_eq!(groups(b"null", "u").unwrap(), []);
}

#[test]
fn answers_that_are_no_groups_are_refused() {
    let cases: [(&[u8], &str); 6] = [
        (b"[null]", "nil target group item found"),
        (b"{}", "invalid type: map"),
        (b"[{\"target\": []}]", "unknown field `target`"),
        (b"[{\"targets\": [1]}]", "invalid type: integer"),
        (
            b"[{\"labels\": {\"\": \"x\"}}]",
            "\"\" is not a valid label name",
        ),
        (b"[", "EOF while parsing"),
    ];
    for (body, want) in cases {
        let told = groups(body, "u").unwrap_err().to_string();
        assert!(told.contains(want), "{told}");
    }
}
