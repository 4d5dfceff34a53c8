//! The series that rules ask for.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Result, ensure};
use serde_json::Value;

use crate::http::connection::{Connection, push_parameter};
use crate::server::{Kind, Server};

/// One line for each selector of these expressions that names a metric: the metric and the labels
/// that it has to have. What rules record is left out: it is there when they are evaluated. A server
/// of ours, which is ended again, says what the expressions are made of.
///
/// # Errors
/// The server does not start, or one of them is no expression.
pub(super) fn templates(
    narthex: &Path,
    folder: &Path,
    exprs: &[String],
) -> Result<BTreeSet<String>> {
    let folder = folder.join("parser");
    let server = Server::start(Kind::Narthex, narthex, &folder, "global: {}\n", &[])?;
    let mut connection = Connection::new(server.address);
    let mut templates = BTreeSet::new();
    for expr in exprs {
        let mut form = String::new();
        push_parameter(&mut form, "query", expr);
        let answer = connection.post_form("/api/v1/parse_query", &form)?;
        let tree = serde_json::from_slice(&answer.body).unwrap_or_default();
        ensure!(answer.status == 200, "`{expr}`: {tree}");
        add_selectors(&tree, &mut templates);
    }
    Ok(templates)
}

fn add_selectors(tree: &Value, templates: &mut BTreeSet<String>) {
    match tree {
        Value::Array(parts) => parts.iter().for_each(|part| add_selectors(part, templates)),
        Value::Object(parts) => {
            templates.extend(template(tree));
            parts
                .values()
                .for_each(|part| add_selectors(part, templates));
        }
        _ => {}
    }
}

/// The line of a part of a tree that selects.
fn template(part: &Value) -> Option<String> {
    let name = part["name"].as_str().filter(|name| !name.contains(':'))?;
    let mut labels = BTreeMap::new();
    for matcher in part["matchers"].as_array()? {
        let label = matcher["name"].as_str()?;
        if let Some(value) = wanted(matcher).filter(|_| label != "__name__") {
            labels.insert(label, value);
        }
    }
    let mut line = format!("{name}{{");
    for (number, (label, value)) in labels.iter().enumerate() {
        let comma = if number > 0 { "," } else { "" };
        // Writing to a string cannot fail.
        let _ = write!(line, "{comma}{label}=\"{value}\"");
    }
    line.push('}');
    Some(line)
}

/// A value that the matcher takes, where it says one: of several, the first.
fn wanted(matcher: &Value) -> Option<&str> {
    let value = matcher["value"].as_str()?;
    let value = match matcher["type"].as_str()? {
        "=" => value,
        "=~" => value.split('|').next()?,
        _ => return None,
    };
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_/".contains(&byte);
    (!value.is_empty() && value.bytes().all(is_plain)).then_some(value)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::add_selectors;

    #[test]
    fn selectors_become_series() {
        let matcher =
            |name: &str, op: &str, value: &str| json!({"name": name, "type": op, "value": value});
        let tree = json!({"lhs": {"args": [{
            "type": "matrixSelector",
            "name": "a_total",
            "matchers": [
                matcher("job", "=", "x"),
                matcher("code", "=~", "5.."),
                matcher("verb", "=~", "GET|LIST"),
                matcher("le", "!=", ""),
                matcher("__name__", "=", "a_total"),
            ],
        }]}, "rhs": {"type": "vectorSelector", "name": "b:c", "matchers": []}});
        let mut found = BTreeSet::new();
        add_selectors(&tree, &mut found);
        let found: Vec<&str> = found.iter().map(String::as_str).collect();
        assert_eq!(found, ["a_total{job=\"x\",verb=\"GET\"}"]);
    }
}
