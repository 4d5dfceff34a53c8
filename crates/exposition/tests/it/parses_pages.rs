//! Single lines of both formats: what is read from them, and how they are refused.

use exposition::parse::{Entry, OpenMetricsParser, PageParser, ParseError, TextParser};

fn text(page: &str) -> PageParser<'_> {
    PageParser::Text(TextParser::new(page.as_bytes()))
}

fn open_metrics(page: &str) -> PageParser<'_> {
    PageParser::OpenMetrics(OpenMetricsParser::new(page.as_bytes()))
}

/// All entries, one a line, in a short form.
fn read(mut parser: PageParser<'_>) -> Result<String, ParseError> {
    let mut out = String::new();
    while let Some(entry) = parser.next_entry()? {
        let show = String::from_utf8_lossy;
        out += &match entry {
            Entry::Type { name, metric_type } => format!("type {} {metric_type}\n", show(name)),
            Entry::Help { name, text } => format!("help {} {text}\n", show(name)),
            Entry::Unit { name, unit } => format!("unit {} {}\n", show(name), show(unit)),
            Entry::Comment(comment) => format!("comment {}\n", show(comment)),
            Entry::Series(sample) => {
                let mut line = format!("{} = {}", show(sample.series), sample.value);
                if let Some(timestamp) = sample.timestamp {
                    line += &format!(" @ {timestamp}");
                }
                if let Some(e) = sample.exemplar {
                    line += &format!(" e.g. {} {} {:?}", show(e.labels), e.value, e.timestamp);
                }
                line + "\n"
            }
        };
    }
    Ok(out)
}

#[test]
fn text_pages_are_read() {
    let cases = [
        ("", ""),
        ("\n\n  \n", ""),
        ("a 1", "a = 1\n"),
        ("a 1\n", "a = 1\n"),
        ("a\t1\t\n", "a = 1\n"),
        (" a 1\n", "a = 1\n"),
        (":a_b:9 -Inf 17\n", ":a_b:9 = -inf @ 17\n"),
        (
            "a { b = \"c\" , d=\"e\" , } 1 2 \n",
            "a { b = \"c\" , d=\"e\" , } = 1 @ 2\n",
        ),
        ("a{b=\"1\"c=\"2\"} 1\n", "a{b=\"1\"c=\"2\"} = 1\n"),
        ("a{b=\"}\\\" 7\\\\\"} 1\n", "a{b=\"}\\\" 7\\\\\"} = 1\n"),
        ("a{b=\"x\ny\"} 1\n", "a{b=\"x\ny\"} = 1\n"),
        ("{\"a.b\",c=\"d\"} 1\n", "{\"a.b\",c=\"d\"} = 1\n"),
        ("{c=\"d\",\"a.b\"} 1\n", "{c=\"d\",\"a.b\"} = 1\n"),
        ("a NaN\n", "a = NaN\n"),
        ("# HELP a  two words\\n\n", "help a  two words\\n\n"),
        ("# HELP a\n", "help a \n"),
        ("#  TYPE\ta counter\n", "type a counter\n"),
        ("# TYPE \"a.b\" untyped\n", "type a.b unknown\n"),
        (
            "#a comment\n# HELPFUL x\n#HELP a b",
            "comment #a comment\ncomment # HELPFUL x\ncomment #HELP a b\n",
        ),
        ("# EOF\na 1\n", "comment # EOF\na = 1\n"),
    ];
    for (page, want) in cases {
        assert_eq!(read(text(page)).as_deref(), Ok(want), "{page:?}");
    }
}

#[test]
fn text_pages_are_refused_with_line_and_reason() {
    let cases = [
        (
            "a 1\nb\n",
            "line 2: expected value after metric while parsing: \"b\\n\"",
        ),
        (
            "9a 1\n",
            "line 1: expected a valid start token while parsing: \"9\"",
        ),
        ("\0\n", "line 1: expected a valid start token"),
        ("a{b} 1\n", "line 1: expected equal while parsing: \"a{b}\""),
        (
            "a{b=c} 1\n",
            "line 1: expected label value while parsing: \"a{b=c\"",
        ),
        ("a{b=\"c} 1\n", "line 1: expected label value"),
        ("a{9=\"c\"} 1\n", "line 1: expected label name"),
        ("a{,} 1\n", "line 1: expected label name"),
        ("a{b=\"c\",,} 1\n", "line 1: expected label name"),
        ("{b=\"c\"} 1\n", "line 1: metric name not set"),
        ("a{\"b\"} 1\n", "line 1: metric name already set"),
        ("{\"\"} 1\n", "line 1: empty metric or label name"),
        ("{} 1\n", "line 1: metric name not set"),
        ("a true\n", "line 1: invalid number as value"),
        ("a 0x1p-2\n", "line 1: invalid number as value"),
        ("a 1e999\n", "line 1: invalid number as value"),
        ("a 1 2 3\n", "line 1: expected next entry after timestamp"),
        ("a 1 x\n", "line 1: expected timestamp or new record"),
        ("a 1 99999999999999999999\n", "line 1: invalid timestamp"),
        ("a 1\r\n", "line 1: invalid number as value"),
        ("# TYPE a\n", "line 1: invalid metric type"),
        ("# TYPE a info\n", "line 1: invalid metric type"),
        (
            "# TYPE 9 gauge\n",
            "line 1: expected metric name after TYPE",
        ),
    ];
    for (page, want) in cases {
        let error = read(text(page)).unwrap_err().to_string();
        assert!(error.starts_with(want), "{page:?}: {error}");
    }
    let page = b"a{b=\"\xff\"} 1\n";
    let error = TextParser::new(page).next_entry().unwrap_err().to_string();
    assert!(error.contains("invalid UTF-8"), "{error}");
    let error = TextParser::new(b"# HELP a \xff\n")
        .next_entry()
        .unwrap_err();
    assert!(error.to_string().contains("help text is not"), "{error}");
}

#[test]
fn open_metrics_pages_are_read() {
    let cases = [
        ("# EOF", ""),
        ("# EOF\n", ""),
        ("a 1\n# EOF\n", "a = 1\n"),
        ("a{} 1 1.5\n# EOF\n", "a{} = 1 @ 1500\n"),
        ("a{b=\"c\",} 1 -0.0015\n# EOF\n", "a{b=\"c\",} = 1 @ -1\n"),
        (
            "# TYPE a_s counter\n# UNIT a_s s\n# HELP a_s x \\\"y\\\"\na_s_total 2\n# EOF\n",
            "type a_s counter\nunit a_s s\nhelp a_s x \\\"y\\\"\na_s_total = 2\n",
        ),
        (
            "a_bucket{le=\"1\"} 1 # {id=\"} # \"} 0.5\nb 1 2 # {} 3 4.5\n# EOF\n",
            "a_bucket{le=\"1\"} = 1 e.g. {id=\"} # \"} 0.5 None\n\
             b = 1 @ 2000 e.g. {} 3 Some(4500)\n",
        ),
        ("{\"a.b\"} 1\n# EOF\n", "{\"a.b\"} = 1\n"),
        ("# HELP a \n# UNIT a \n# EOF\n", "help a \nunit a \n"),
    ];
    for (page, want) in cases {
        assert_eq!(read(open_metrics(page)).as_deref(), Ok(want), "{page:?}");
    }
}

#[test]
fn open_metrics_pages_are_refused_with_line_and_reason() {
    let cases = [
        ("", "line 1: data does not end with # EOF"),
        ("a 1\n", "line 2: data does not end with # EOF"),
        ("a 1", "line 1: data does not end with # EOF"),
        ("# EOF\n\n", "line 1: unexpected data after # EOF"),
        ("# EOF\na 1\n", "line 1: unexpected data after # EOF"),
        ("\n# EOF\n", "line 1: expected a valid start token"),
        (" a 1\n# EOF\n", "line 1: expected a valid start token"),
        (
            "# a comment\n# EOF\n",
            "line 1: expected a valid start token",
        ),
        ("a  1\n# EOF\n", "line 1: expected value after metric"),
        ("a 1 \n# EOF\n", "line 1: expected timestamp or new record"),
        ("a 1 NaN\n# EOF\n", "line 1: invalid timestamp"),
        (
            "a{b=\"1\"c=\"2\"} 1\n# EOF\n",
            "line 1: expected comma or brace close",
        ),
        ("a{ b=\"1\"} 1\n# EOF\n", "line 1: expected label name"),
        ("a{b=\"1\n\"} 1\n# EOF\n", "line 1: expected label value"),
        ("a 1 # {\"x\"} 1\n# EOF\n", "line 1: expected label name"),
        ("a 1 # {}\n# EOF\n", "line 1: invalid exemplar"),
        ("# TYPE a untyped\n# EOF\n", "line 1: invalid metric type"),
        ("# HELP a\n# EOF\n", "line 1: expected text in HELP"),
        (
            "# UNIT a_seconds s\n# EOF\n",
            "line 1: unit is not a suffix",
        ),
    ];
    for (page, want) in cases {
        let error = read(open_metrics(page)).unwrap_err().to_string();
        assert!(error.starts_with(want), "{page:?}: {error}");
    }
}

#[test]
fn expected_text_is_taken_and_other_text_is_left() {
    let page = "# TYPE a gauge\na{b=\"c\"} 12\nd 1.5 99\ne {f=\"g\"} 1\nh NaN\n";
    let mut parser = text(page);
    assert_eq!(parser.take_expected(b"a{b=\"c\"}"), Ok(None));
    let sample = parser.take_expected(b"# TYPE a gauge\na{b=\"c\"}").unwrap();
    assert_eq!(sample.map(|s| s.value), Some(12.0));
    let sample = parser.take_expected(b"d").unwrap();
    assert_eq!(
        sample.map(|s| (s.value, s.timestamp)),
        Some((1.5, Some(99)))
    );
    assert_eq!(parser.take_expected(b"e"), Ok(None));
    assert_eq!(parser.take_expected(b"e {f=\"g\""), Ok(None));
    assert!(matches!(parser.next_entry(), Ok(Some(Entry::Series(s))) if s.value == 1.0));
    assert!(matches!(parser.take_expected(b"h"), Ok(Some(s)) if s.value.is_nan()));
    assert_eq!(parser.next_entry(), Ok(None));
    let error = text("a x\n").take_expected(b"a").unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 1: invalid number as value while parsing: \"a x\\n\""
    );

    let mut parser = open_metrics("a_total 1 # {x=\"y\"} 2\n# EOF\n");
    let sample = parser.take_expected(b"a_total").unwrap();
    assert!(sample.is_some_and(|s| s.exemplar.is_some()));
    assert_eq!(parser.next_entry(), Ok(None));
}
