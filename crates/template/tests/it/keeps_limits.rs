//! A template cannot use up more than it may.

use template::{Environment, FunctionSet, Limits, Template, Value};

fn expand(text: &str) -> Result<String, String> {
    let environment = Environment {
        limits: Limits {
            steps: 20_000,
            output: 2_000,
            memory: 1 << 20,
            ..Limits::default()
        },
        ..Environment::default()
    };
    let template = Template::parse("t", text, FunctionSet::Prometheus);
    let template = template.map_err(|error| error.to_string())?;
    let expanded = template.expand(&Value::from("x"), &environment);
    expanded.map_err(|error| error.to_string())
}

#[test]
fn what_grows_without_bound_ends() {
    let deep = format!("{}1{}", "(".repeat(5_000), ")".repeat(5_000));
    let cases = [
        ("{{range 1000000000}}{{end}}", "more than 20000 steps"),
        (
            "{{range 1000000000}}x{{end}}",
            "output has more than 2000 bytes",
        ),
        (
            "{{range 100}}{{range 100}}{{range 100}}{{end}}{{end}}{{end}}",
            "more than 20000 steps",
        ),
        (
            "{{define \"a\"}}{{template \"a\"}}{{end}}{{template \"a\"}}",
            "template depth",
        ),
        ("{{printf \"%9999d\" 1}}", "output has more than 2000 bytes"),
        (
            "{{printf \"%999999d%999999d\" 1 1 | len}}",
            "more than 1048576 bytes of text",
        ),
        (
            "{{printf \"%.999999f\" 1.0 | len}}{{printf \"%.999999e\" 1.0 | len}}",
            "bytes of text",
        ),
        (
            "{{$x := \"ab\"}}{{range 100}}{{$x = print $x $x}}{{end}}",
            "bytes of text",
        ),
        (
            "{{$x := args 1}}{{range 1000}}{{$x = args $x}}{{end}}",
            "lists inside each other",
        ),
        (
            "{{$x := args 1}}{{range 60}}{{$x = args $x $x}}{{end}}{{$x}}",
            "2000 bytes",
        ),
        (
            "{{range 1000}}{{match \"a*\" \"b\"}}{{end}}",
            "more than 20000 steps",
        ),
        (
            "{{$x := printf \"%500000d\" 1}}{{reReplaceAll \" \" \"xxxxxxxxxx\" $x}}",
            "bytes of text",
        ),
        (&format!("{{{{{deep}}}}}"), "max expression depth exceeded"),
        (&"{{if 1}}".repeat(5_000), "max expression depth exceeded"),
        (
            &format!("{{{{if 0}}}}{}{{{{end}}}}", "{{else if 0}}".repeat(5_000)),
            "max expression depth exceeded",
        ),
    ];
    for (text, want) in cases {
        let error = expand(text).unwrap_err();
        let shown: String = text.chars().take(60).collect();
        assert!(error.contains(want), "{shown}: {error}");
    }
}

#[test]
fn what_may_nest_deeply_does() {
    let nested = format!("{}x{}", "{{if 1}}".repeat(150), "{{end}}".repeat(150));
    assert_eq!(expand(&nested).as_deref(), Ok("x"));
    let parens = format!("{{{{{}1{}}}}}", "(".repeat(150), ")".repeat(150));
    assert_eq!(expand(&parens).as_deref(), Ok("1"));
}
