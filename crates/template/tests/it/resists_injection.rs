//! What stands in labels comes out as text, whatever it looks like.

use model::Labels;
use template::{AlertData, AlertTemplate, Environment};

/// Bait, in 25 forms.
fn attempts() -> Vec<String> {
    let bait = [
        "{{ .Labels }}",
        "{{ externalURL }}",
        "{{ query \"up\" }}",
        "{{ printf \"%999999d\" 1 }}",
        "{{ range 1000000000 }}{{ end }}",
        "{{ template \"x\" }}",
        "{{ define \"x\" }}y{{ end }}",
        "{{",
        "}}",
        "{{/* */}}",
        "{{- \"x\" -}}",
        "$labels.job",
        "%s %d %!v(MISSING)",
        "$1 ${1} ${name} $$",
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "\"><b>",
        "' onmouseover='x",
        "&lt;b&gt; &amp;",
        "javascript:alert(1)",
        "a\r\nBcc: x@example.org",
        "a\n\nb\u{2028}c",
        "\u{0}\u{7}\u{1b}[31m",
        "`raw` \\n \\x41 \\",
        "{{`}}` | {{ \"{{\" }}",
    ];
    bait.into_iter().map(str::to_owned).collect()
}

#[test]
fn a_hundred_attempts_come_out_as_text() {
    let templates = [
        ("{{ $labels.bait }}", ""),
        ("{{ with .Labels.bait }}{{ . }}{{ end }}", ""),
        ("{{ printf \"%s\" $labels.bait }}", ""),
        (
            "{{ define \"t\" }}{{ . }}{{ end }}{{ template \"t\" $labels.bait }}!",
            "!",
        ),
    ];
    let mut count = 0;
    for bait in attempts() {
        for (text, after) in templates {
            let labels = Labels::from_pairs([("bait", bait.as_str()), ("job", "j")]);
            let data = AlertData::new(&labels, &Labels::empty(), "http://localhost", 1.0);
            let template = AlertTemplate::parse("A", text).unwrap();
            let got = template.expand(&data, &Environment::default()).unwrap();
            assert_eq!(got, format!("{bait}{after}"), "{text}");
            count += 1;
        }
    }
    assert_eq!(count, 100);
}
