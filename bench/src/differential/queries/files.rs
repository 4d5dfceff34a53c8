//! Reading the expressions that lie in files.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use crate::differential::queries::{Origin, Query, compliance};

/// What the dashboards' variables stand for: longer names first.
const VARIABLES: [(&str, &str); 13] = [
    ("$__rate_interval", "5m"),
    ("$integration", "email"),
    ("$namespace", "monitoring"),
    ("$instance", "10.0.0.1:9100"),
    ("$workload", "web"),
    ("$cluster", "prod"),
    ("$service", "kps"),
    ("$volume", "data"),
    ("$type", "deployment"),
    ("$node", "node-1"),
    ("$job", "node"),
    ("$pod", "web-0"),
    ("$url", "http://remote/write"),
];

/// The compliance queries and the expressions of dashboards and rules below `conformance`.
///
/// # Errors
/// A file is missing or not as expected.
pub(crate) fn from_files(conformance: &Path) -> Result<Vec<Query>> {
    let path = conformance.join("promql-compliance/promql-test-queries.yml");
    let mut queries: Vec<Query> = compliance::expand(&read(&path)?)?
        .into_iter()
        .map(|text| Query::new(Origin::Compliance, text))
        .collect();
    let mut seen = BTreeSet::new();
    for name in ["dashboard-exprs.json", "rule-exprs.json"] {
        let path = conformance.join("dashboards").join(name);
        let pairs: Vec<(String, String)> = serde_json::from_str(&read(&path)?)?;
        for (_, text) in pairs {
            let text = with_values(&text);
            if seen.insert(text.clone()) {
                queries.push(Query::new(Origin::Dashboards, text));
            }
        }
    }
    Ok(queries)
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))
}

fn with_values(text: &str) -> String {
    let replace = |text: String, (name, value): &(&str, &str)| text.replace(name, value);
    VARIABLES.iter().fold(text.to_owned(), replace)
}
