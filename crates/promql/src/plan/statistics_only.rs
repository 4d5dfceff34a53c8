//! Selectors of whose native histograms only count and sum are looked at.

use std::collections::HashSet;

use crate::ast::{BinaryOp, Expr, Span};
use crate::functions::Function;

/// The selectors inside `histogram_count`, `histogram_sum` or `histogram_avg`, where nothing on the
/// way wants buckets. As upstream decides it, since it shows: such histograms have no bounds that have
/// to be reconciled, and know at each sample whether the counter was reset.
#[derive(Debug, Default)]
pub(crate) struct StatisticsOnly {
    selectors: HashSet<Span>,
}

impl StatisticsOnly {
    /// Those of `expr`.
    pub(crate) fn of(expr: &Expr) -> Self {
        let mut found = Self::default();
        found.add(expr, Path::default());
        found
    }

    /// True if the selector at this place is one.
    pub(crate) fn contains(&self, selector: Span) -> bool {
        !self.selectors.is_empty() && self.selectors.contains(&selector)
    }

    /// Tells parts apart that read alike: which of the selectors inside are such.
    pub(crate) fn push_marks(&self, expr: &Expr, key: &mut String) {
        if self.selectors.is_empty() {
            return;
        }
        expr.walk(&mut |node| {
            if matches!(node, Expr::InstantSelector(_) | Expr::RangeSelector(_)) {
                key.push(if self.contains(node.span()) {
                    '\u{1}'
                } else {
                    '\u{0}'
                });
            }
        });
    }

    fn add(&mut self, expr: &Expr, mut path: Path) {
        match expr {
            Expr::InstantSelector(_) | Expr::RangeSelector(_) => {
                if path.takes_statistics && !path.wants_buckets {
                    self.selectors.insert(expr.span());
                }
                return;
            }
            Expr::Call(node) => match node.function {
                Function::HistogramCount | Function::HistogramSum | Function::HistogramAvg => {
                    path.takes_statistics = true;
                }
                Function::HistogramQuantile
                | Function::HistogramQuantiles
                | Function::HistogramFraction => path.wants_buckets = true,
                _ => {}
            },
            // Buckets are needed to find counter resets.
            Expr::Subquery(_) => path.wants_buckets = true,
            Expr::Binary(node) => {
                let trims = |op| matches!(op, BinaryOp::TrimUpper | BinaryOp::TrimLower);
                path.wants_buckets |= node.chain().iter().any(|node| trims(node.op));
            }
            _ => {}
        }
        expr.for_each_child(|child| self.add(child, path));
    }
}

/// What stands around a part.
#[derive(Clone, Copy, Default)]
struct Path {
    takes_statistics: bool,
    wants_buckets: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parser::{ParseOptions, parse};

    #[test]
    fn only_selectors_without_a_need_for_buckets_are_found() {
        let cases: [(&str, &[&str]); 7] = [
            ("a", &[]),
            ("histogram_count(a) + a", &["a"]),
            ("histogram_sum(sum(rate(a[5m])) + b)", &["a[5m]", "b"]),
            ("histogram_avg(increase(a[5m:1m]))", &[]),
            ("histogram_count(a </ 5)", &[]),
            ("histogram_quantile(0.5, a) + histogram_stddev(b)", &[]),
            ("histogram_quantile(scalar(histogram_count(a)), b)", &[]),
        ];
        for (text, want) in cases {
            let expr = parse(text, &ParseOptions::default()).unwrap();
            let found = StatisticsOnly::of(&expr);
            let mut texts = Vec::new();
            expr.walk(&mut |node| {
                if found.contains(node.span()) && !matches!(node, Expr::Call(_)) {
                    let span = node.span();
                    texts.push(&text[span.start..span.end]);
                }
            });
            assert_eq!(texts, want, "{text}");
        }
    }
}
