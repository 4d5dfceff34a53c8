//! Which samples an expression needs.

use model::TimeRange;

use crate::ast::{Expr, ExtendedRange, RangeSelector, Subquery};
use crate::eval::steps::{Moments, Steps};

/// Samples that an instant selector needs.
pub(crate) fn instant_range(moments: &Moments, lookback: i64) -> TimeRange {
    range_range(moments, lookback)
}

/// Samples that a selector over `range` milliseconds needs; the left border is outside.
pub(crate) fn range_range(moments: &Moments, range: i64) -> TimeRange {
    let start = moments.first().saturating_sub(range);
    TimeRange::new(start.saturating_add(1), moments.last())
}

/// Samples that a range selector needs, those around its range too if it is extended.
pub(crate) fn range_of(node: &RangeSelector, moments: &Moments, lookback: i64) -> TimeRange {
    let reach = node.range.saturating_add(lookback);
    match node.selector.extended {
        None => range_range(moments, node.range),
        Some(ExtendedRange::Anchored) => extended_range(moments, reach, 0),
        Some(ExtendedRange::Smoothed) => extended_range(moments, reach, lookback),
    }
}

/// Samples that a selector needs which looks `before` and `after` each moment; the left border is
/// outside.
pub(crate) fn extended_range(moments: &Moments, before: i64, after: i64) -> TimeRange {
    let range = range_range(moments, before);
    TimeRange::new(range.min_time, range.max_time.saturating_add(after))
}

/// The steps at which a subquery evaluates its expression: multiples of its interval inside the
/// range of all its windows. None if there is no such multiple.
pub(crate) fn subquery_steps(
    node: &Subquery,
    steps: Steps,
    default_interval: i64,
) -> Option<Steps> {
    let moments = Moments::new(steps, node.offset, node.at);
    let interval = node.step.unwrap_or(default_interval).max(1);
    let border = moments.first().saturating_sub(node.range);
    let first = border
        .div_euclid(interval)
        .saturating_add(1)
        .saturating_mul(interval);
    Steps::between(first, moments.until(), interval)
}

/// Samples that all selectors of an expression need; none without selectors.
pub(crate) fn time_range(
    expr: &Expr,
    steps: Steps,
    lookback: i64,
    default_interval: i64,
) -> Option<TimeRange> {
    match expr {
        Expr::InstantSelector(node) => {
            let moments = Moments::new(steps, node.offset, node.at);
            Some(match node.extended {
                Some(ExtendedRange::Smoothed) => extended_range(&moments, lookback, lookback),
                _ => instant_range(&moments, lookback),
            })
        }
        Expr::RangeSelector(node) => {
            let moments = Moments::new(steps, node.selector.offset, node.selector.at);
            Some(range_of(node, &moments, lookback))
        }
        Expr::Subquery(node) => {
            let inner = subquery_steps(node, steps, default_interval)?;
            time_range(&node.expr, inner, lookback, default_interval)
        }
        _ => {
            let mut all: Option<TimeRange> = None;
            expr.for_each_child(|child| {
                let range = time_range(child, steps, lookback, default_interval);
                all = match (all, range) {
                    (Some(left), Some(right)) => Some(TimeRange::new(
                        left.min_time.min(right.min_time),
                        left.max_time.max(right.max_time),
                    )),
                    (one, other) => one.or(other),
                };
            });
            all
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parser::{ParseOptions, parse};

    #[test]
    fn selectors_reach_as_far_as_their_windows() {
        let steps = Steps::between(1_000_000, 1_060_000, 15_000).unwrap();
        let cases = [
            ("a", Some((700_001, 1_060_000))),
            ("a offset 1m", Some((640_001, 1_000_000))),
            ("rate(a[1m])", Some((940_001, 1_060_000))),
            ("rate(a[1m] @ 10)", Some((-49_999, 10_000))),
            ("a + rate(b[10m])", Some((400_001, 1_060_000))),
            ("1 + time()", None),
            ("a smoothed", Some((700_001, 1_360_000))),
            ("rate(a[1m] anchored)", Some((640_001, 1_060_000))),
            ("rate(a[1m] smoothed)", Some((640_001, 1_360_000))),
            // Steps of the subquery: 920,000 to 1,060,000.
            ("max_over_time(a[90s:20s])", Some((620_001, 1_060_000))),
        ];
        for (text, want) in cases {
            let expr = parse(text, &ParseOptions::all()).unwrap();
            let range = time_range(&expr, steps, 300_000, 60_000);
            let got = range.map(|range| (range.min_time, range.max_time));
            assert_eq!(got, want, "{text}");
        }
    }

    #[test]
    fn subquery_steps_are_multiples_of_the_interval() {
        let cases = [
            (100_000, "a[100s:10s]", Some((10_000, 10))),
            (25_000, "a[100s:25s]", Some((-50_000, 4))),
            (5_000, "a[3s:10s]", None),
        ];
        for (time, text, want) in cases {
            let Ok(Expr::Subquery(node)) = parse(text, &ParseOptions::default()) else {
                unreachable!("{text} is a subquery");
            };
            let steps = subquery_steps(&node, Steps::single(time), 60_000);
            assert_eq!(
                steps.map(|steps| (steps.start, steps.count)),
                want,
                "{text}"
            );
        }
    }
}
