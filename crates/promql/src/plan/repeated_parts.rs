//! Parts that an expression has several times, so that they need be evaluated only once.

use std::collections::HashMap;

use super::StatisticsOnly;
use crate::ast::{Expr, Span, ValueType};

/// The parts of an expression that it has several times.
#[derive(Debug, Default)]
pub(crate) struct RepeatedParts {
    /// The number of the part that stands at a place.
    numbers: HashMap<Span, usize>,
}

impl RepeatedParts {
    /// Those of `expr`: instant vectors that read like each other.
    pub(crate) fn of(expr: &Expr, statistics_only: &StatisticsOnly) -> Self {
        let mut nodes = 0;
        let mut places: HashMap<String, Vec<Span>> = HashMap::new();
        expr.walk(&mut |node| {
            nodes += 1;
            if nodes <= MOST_NODES && is_worth_keeping(node) {
                let mut key = node.to_string();
                statistics_only.push_marks(node, &mut key);
                places.entry(key).or_default().push(node.span());
            }
        });
        // The texts of a long chain's parts would take the square of its length.
        if nodes > MOST_NODES {
            return Self::default();
        }
        let repeated = places.into_values().filter(|spans| spans.len() > 1);
        let numbered = repeated.enumerate();
        let numbers = numbered.flat_map(|(number, spans)| {
            let spans = spans.into_iter();
            spans.map(move |span| (span, number))
        });
        Self {
            numbers: numbers.collect(),
        }
    }

    /// The number of the part that `expr` is, if there are several of it.
    pub(crate) fn number(&self, expr: &Expr) -> Option<usize> {
        if self.numbers.is_empty() || !is_worth_keeping(expr) {
            return None;
        }
        self.numbers.get(&expr.span()).copied()
    }
}

/// True for what is neither a literal nor parentheses around something else.
fn is_worth_keeping(expr: &Expr) -> bool {
    !matches!(expr, Expr::Paren(_)) && expr.value_type() == ValueType::InstantVector
}

/// Expressions with more parts than this are evaluated as they are.
const MOST_NODES: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parser::{ParseOptions, parse};

    #[test]
    fn parts_that_read_alike_are_found_wherever_they_stand() {
        let cases: [(&str, &[&str]); 6] = [
            ("a + b", &[]),
            ("histogram_count(a) + a", &[]),
            ("1 + 1", &[]),
            ("a / (a + b)", &["a", "a"]),
            (
                "sum(rate(a[5m])) / (sum( rate(a[5m]) ) + max_over_time(a[1h:]))",
                &[
                    "sum(rate(a[5m]))",
                    "rate(a[5m])",
                    "sum( rate(a[5m]) )",
                    "rate(a[5m])",
                ],
            ),
            ("rate(a[5m]) - rate(a[6m])", &[]),
        ];
        for (text, want) in cases {
            let expr = parse(text, &ParseOptions::default()).unwrap();
            let parts = RepeatedParts::of(&expr, &StatisticsOnly::of(&expr));
            let mut found = Vec::new();
            expr.walk(&mut |node| {
                if parts.number(node).is_some() {
                    let span = node.span();
                    found.push(&text[span.start..span.end]);
                }
            });
            assert_eq!(found, want, "{text}");
        }
    }

    #[test]
    fn very_long_expressions_are_left_alone() {
        let text = vec!["a"; 10_000].join(" + ");
        let expr = parse(&text, &ParseOptions::default()).unwrap();
        let parts = RepeatedParts::of(&expr, &StatisticsOnly::default());
        assert_eq!(parts.number(&expr), None);
    }
}
