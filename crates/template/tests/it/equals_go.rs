//! Every case of the oracle gives what Go's own libraries gave.

use model::Labels;
use serde_json::Value as Json;
use template::{
    AlertData, AlertTemplate, Environment, FunctionSet, MissingKey, QuerySample, QueryTemplateData,
    Template,
};

use crate::data;

#[test]
fn every_case_gives_what_go_gives() {
    let cases = include_str!("../../testdata/oracle/cases.jsonl");
    let (mut count, mut wrong) = (0, Vec::new());
    for line in cases.lines() {
        let case: Json = serde_json::from_str(line).unwrap();
        count += 1;
        let got = run(&case);
        let want = match case.get("output").and_then(Json::as_str) {
            Some(output) => Ok(from_latin1(output)),
            None => Err(case["error"].as_str().unwrap().to_owned()),
        };
        if got != want {
            wrong.push(format!("{}\n  got  {got:?}\n  want {want:?}", case["text"]));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {count}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(count >= 800, "{count} cases");
}

fn run(case: &Json) -> Result<String, String> {
    let text = case["text"].as_str().unwrap();
    let environment = Environment {
        queries: &Queries,
        timestamp: 1_435_065_584_128,
        external_url: "http://example.org:9090/prefix",
        missing_key: match case.get("missing").and_then(Json::as_str) {
            Some("error") => MissingKey::Error,
            Some("default") => MissingKey::Invalid,
            _ => MissingKey::Zero,
        },
        ..Environment::default()
    };
    let expand = |template: Result<Template, template::ParseError>| {
        let template = template.map_err(|error| error.to_string())?;
        let expanded = template.expand(&data::data(), &environment);
        expanded.map_err(|error| error.to_string())
    };
    match case["set"].as_str().unwrap() {
        "text" => expand(Template::parse("case", text, FunctionSet::Language)),
        "html" | "console" => {
            let functions = match &case["set"] {
                Json::String(set) if set == "console" => FunctionSet::Console,
                _ => FunctionSet::Language,
            };
            let template = Template::parse("case", text, functions);
            let template = template.map_err(|error| error.to_string())?;
            let page = template.into_page().map_err(|error| error.to_string())?;
            let expanded = page.expand(&data::data(), &environment);
            expanded.map_err(|error| error.to_string())
        }
        "alert" => alert(text, &environment),
        other => panic!("unknown set {other}"),
    }
}

fn alert(text: &str, environment: &Environment<'_>) -> Result<String, String> {
    let template = AlertTemplate::parse("Case", text).map_err(|error| error.to_string())?;
    let labels = Labels::from_pairs([
        ("alertname", "DiskFull"),
        ("instance", "web-1:9100"),
        ("job", "node"),
        ("severity", "page"),
    ]);
    let external = Labels::from_pairs([("region", "eu")]);
    let data = AlertData::new(&labels, &external, environment.external_url, 0.9532);
    template.expand(&data, environment).map_err(|error| {
        let text = error.to_string();
        let own = "error executing template __alert_Case: ";
        text.strip_prefix(own).unwrap().to_owned()
    })
}

/// The answers that the Go program has for queries.
struct Queries;

impl QueryTemplateData for Queries {
    fn query(&self, expression: &str, _: i64) -> Result<Vec<QuerySample>, String> {
        let sample = |labels: &[(&str, &str)], value| QuerySample {
            labels: Labels::from_pairs(labels.iter().copied()),
            value,
        };
        let name = ("__name__", "up");
        match expression {
            "up" => Ok(vec![
                sample(&[name, ("instance", "b:80"), ("job", "web")], 1.0),
                sample(
                    &[
                        name,
                        ("__value__", "text"),
                        ("instance", "a:90"),
                        ("job", "db"),
                    ],
                    0.5,
                ),
                sample(&[name, ("instance", "c:70"), ("job", "api")], 1e7),
            ]),
            "none" => Ok(Vec::new()),
            other => Err(format!("bad expression: {other}")),
        }
    }
}

/// Output is kept as one character for each byte.
fn from_latin1(text: &str) -> String {
    let bytes: Vec<u8> = text
        .chars()
        .map(|c| u8::try_from(u32::from(c)).unwrap())
        .collect();
    String::from_utf8_lossy(&bytes).into_owned()
}
