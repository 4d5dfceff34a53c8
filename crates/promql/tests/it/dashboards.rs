//! Expressions of dashboards and rules in the field: each is printed, on one line and on several, and
//! reads the same.

use promql::ast::Expr;
use promql::parser::{ParseOptions, parse};
use regex::Regex;

use crate::outside::outside_data;

#[test]
fn expressions_of_dashboards_read_as_they_print() {
    read_as_they_print("dashboards/dashboard-exprs.json", 600);
}

#[test]
fn expressions_of_rules_read_as_they_print() {
    read_as_they_print("dashboards/rule-exprs.json", 250);
}

fn read_as_they_print(path: &str, least: usize) {
    let Some(text) = outside_data(path) else {
        return;
    };
    let expressions: Vec<(String, String)> =
        serde_json::from_str(&text).expect("pairs of file and expression");
    assert!(expressions.len() >= least, "{}", expressions.len());
    for (file, expression) in expressions {
        let expression = with_values(&expression);
        let expr = parsed(&file, &expression);
        for printed in [expr.to_string(), expr.pretty()] {
            let again = parsed(&file, &printed);
            assert_eq!(shape(&again), shape(&expr), "{file}: {expression}");
            assert_eq!(again.to_string(), expr.to_string(), "{file}: {expression}");
        }
    }
}

fn parsed(file: &str, text: &str) -> Expr {
    let expr = parse(text, &ParseOptions::default());
    let expr = expr.map_err(|error| format!("{file}: {text}: {error}"));
    expr.expect("an expression in use")
}

/// The expression with plausible values in the place of a dashboard's variables.
fn with_values(expression: &str) -> String {
    let variable = Regex::new(r"\$\{(\w+)(?::\w+)?\}|\[\[(\w+)\]\]|\$(\w+)").expect("a pattern");
    let value = |found: &regex::Captures<'_>| {
        let mut groups = found.iter().skip(1).flatten();
        let name = groups.next().map_or("", |name| name.as_str());
        let is_duration = ["interval", "range", "resolution"]
            .iter()
            .any(|word| name.contains(word));
        if is_duration { "5m" } else { "value" }.to_owned()
    };
    variable.replace_all(expression, value).into_owned()
}

/// The tree as text without places. Matchers print sorted, so that their order is left out too.
fn shape(expr: &Expr) -> String {
    let mut expr = expr.clone();
    sort_matchers(&mut expr);
    let places = Regex::new(r"span: Span \{ start: \d+, end: \d+ \}").expect("a pattern");
    places.replace_all(&format!("{expr:?}"), "").into_owned()
}

fn sort_matchers(expr: &mut Expr) {
    match expr {
        Expr::InstantSelector(node) => node.matchers.sort_by_key(ToString::to_string),
        Expr::RangeSelector(node) => node.selector.matchers.sort_by_key(ToString::to_string),
        _ => expr.for_each_child_mut(sort_matchers),
    }
}
