//! Selectors and functions over ranges, made ready to be read.

use model::label::METRIC_NAME;
use model::{MatchOp, Matcher, TimeRange};
use storage::{Projection, Select, SelectHints};

use super::Evaluator;
use super::extended::{Reach, functions_for};
use super::range_call::RangeCall;
use super::steps::{Moments, Steps};
use super::stream::{Reading, Source, Stream};
use crate::ast::{
    Call, Expr, ExtendedRange, InstantSelector, RangeSelector, Span, Subquery, ValueType,
};
use crate::functions::Function;
use crate::plan;
use crate::query::QueryError;
use crate::value::RangeSeries;

/// What of the samples an instant selector is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reads {
    /// Their values.
    Values,
    /// Their times: `timestamp()` around the selector.
    Timestamps,
    /// Since when they have counted: `start_timestamp()` around the selector.
    StartTimestamps,
}

impl<'e> Evaluator<'e> {
    /// A selector as a stream.
    pub(super) fn instant_stream(
        &self,
        node: &InstantSelector,
        steps: Steps,
        reads: Reads,
    ) -> Result<Stream<'_>, QueryError> {
        self.projected_stream(node, steps, reads, Projection::All)
    }

    fn projected_stream(
        &self,
        node: &InstantSelector,
        steps: Steps,
        reads: Reads,
        projection: Projection,
    ) -> Result<Stream<'_>, QueryError> {
        let (mut offset, mut lookback) = (node.offset, self.lookback);
        if reads == Reads::Timestamps && node.at.is_some() {
            // Upstream's `timestamp` selects where the offset leads and then looks from the time of
            // `@`: it sees what lies in both windows.
            lookback = lookback.saturating_sub(offset.saturating_abs()).max(0);
            offset = offset.max(0);
        }
        let moments = Moments::new(steps, offset, node.at);
        let smoothed = node.extended == Some(ExtendedRange::Smoothed);
        let range = match smoothed {
            true => plan::extended_range(&moments, lookback, lookback),
            false => plan::instant_range(&moments, lookback),
        };
        let hints = SelectHints {
            projection,
            step: step_hint(steps),
            // Smoothing looks at the neighbours on both sides.
            latest_only: !smoothed && moments.first() == moments.last(),
            function: match reads {
                Reads::Values => "",
                Reads::Timestamps => "timestamp",
                Reads::StartTimestamps => "start_timestamp",
            }
            .to_owned(),
        };
        Ok(Stream {
            source: self.select(node, node.span, range, hints)?,
            reading: match smoothed {
                true => Reading::Smoothed { lookback },
                false => Reading::Instant { lookback, reads },
            },
            moments,
            statistics_only: self.statistics_only.contains(node.span),
            drops_name: reads != Reads::Values,
            metric_name: fixed_name(&node.matchers),
            span: node.span,
        })
    }

    /// A function over a range vector as a stream.
    pub(super) fn range_stream(
        &self,
        node: &Call,
        steps: Steps,
        projection: Projection,
    ) -> Result<Stream<'_>, QueryError> {
        let range_argument = range_argument(node);
        if let RangeArgument::Selector(selector) = &range_argument
            && let Some(how) = selector.selector.extended
        {
            check_extended(node.function, how)?;
        }
        let mut arguments = Vec::new();
        for arg in &node.args {
            if arg.value_type() == ValueType::Scalar {
                arguments.push(self.scalar(arg, steps)?);
            }
        }
        let call = RangeCall {
            function: node.function,
            arguments,
            bad_quantiles: match node.function {
                Function::QuantileOverTime => (0..steps.count).map(|_| false.into()).collect(),
                _ => Vec::new(),
            },
            first_argument: node.args[0].without_parens().span(),
            use_starts: self.options.use_start_timestamps,
        };
        // As an offset would, the first two leave the series what it is; of the third nobody sees
        // the series.
        let drops_name = !matches!(
            node.function,
            Function::LastOverTime | Function::FirstOverTime | Function::AbsentOverTime
        );
        let mut stream = match range_argument {
            RangeArgument::Selector(selector) => {
                let hints = SelectHints {
                    projection,
                    step: step_hint(steps),
                    latest_only: false,
                    function: node.function.name().to_owned(),
                };
                self.range_selector_stream(selector, steps, call, hints)?
            }
            RangeArgument::Subquery(subquery) => self.subquery_stream(subquery, steps, call)?,
        };
        stream.drops_name = drops_name;
        stream.span = place_of_notes(node);
        if let Reading::Range { call, .. } = &stream.reading
            && stream.len() > 0
        {
            call.check()?;
        }
        Ok(stream)
    }

    fn range_selector_stream(
        &self,
        node: &RangeSelector,
        steps: Steps,
        call: RangeCall,
        hints: SelectHints,
    ) -> Result<Stream<'_>, QueryError> {
        let moments = Moments::new(steps, node.selector.offset, node.selector.at);
        let reach = node.selector.extended.map(|how| Reach {
            how,
            lookback: self.lookback,
        });
        let range = plan::range_of(node, &moments, self.lookback);
        Ok(Stream {
            source: self.select(&node.selector, node.span, range, hints)?,
            reading: Reading::Range {
                call,
                range: node.range,
                reach,
            },
            moments,
            statistics_only: self.statistics_only.contains(node.span),
            drops_name: true,
            metric_name: fixed_name(&node.selector.matchers),
            span: node.span,
        })
    }

    /// The stream that an aggregation can take in without keeping its series, if `expr` is one.
    pub(super) fn aggregated_stream(
        &self,
        expr: &Expr,
        steps: Steps,
        projection: impl FnOnce(bool) -> Projection,
    ) -> Result<Option<Stream<'_>>, QueryError> {
        let stream = match expr.without_parens() {
            Expr::InstantSelector(node) => {
                // Notes may speak of the name.
                let projection = projection(fixed_name(&node.matchers).is_none());
                self.projected_stream(node, steps, Reads::Values, projection)?
            }
            Expr::Call(node) if takes_range(node) && node.function != Function::AbsentOverTime => {
                let RangeArgument::Selector(selector) = range_argument(node) else {
                    return Ok(None);
                };
                let is_fixed = fixed_name(&selector.selector.matchers).is_some();
                if !is_fixed && !self.options.delayed_name_removal {
                    // Results could collide once their names are gone, which has to be seen.
                    return Ok(None);
                }
                let is_typed = self.options.type_and_unit_labels && wants_counter(node.function);
                let projection = match is_typed {
                    true => Projection::All,
                    false => projection(!is_fixed),
                };
                self.range_stream(node, steps, projection)?
            }
            _ => return Ok(None),
        };
        self.trace_aggregated(expr, &stream);
        Ok(Some(stream))
    }

    /// The samples of a range vector that is the value of a query: of one step.
    pub(super) fn range_vector(
        &self,
        expr: &Expr,
        steps: Steps,
    ) -> Result<Vec<RangeSeries>, QueryError> {
        let (source, moments, range) = match expr.without_parens() {
            Expr::RangeSelector(node) => {
                let moments = Moments::new(steps, node.selector.offset, node.selector.at);
                if let Some(how) = node.selector.extended {
                    let range = plan::range_of(node, &moments, self.lookback);
                    let hints = SelectHints::default();
                    let source = self.select(&node.selector, node.span, range, hints)?;
                    let reach = Reach {
                        how,
                        lookback: self.lookback,
                    };
                    let begin = self.begin();
                    let series =
                        self.extended_samples(&source, moments.last(), node.range, reach)?;
                    self.trace_samples(begin, node.span, &series);
                    return Ok(series);
                }
                let range = plan::range_range(&moments, node.range);
                let hints = SelectHints::default();
                let source = self.select(&node.selector, node.span, range, hints)?;
                (source, moments, node.range)
            }
            Expr::Subquery(node) => {
                let moments = Moments::new(steps, node.offset, node.at);
                (self.subquery_source(node, steps)?, moments, node.range)
            }
            _ => unreachable!("the parser checks that this is a range vector"),
        };
        let begin = self.begin();
        let series = self.collect_samples(&source, moments.last().saturating_sub(range))?;
        self.trace_samples(begin, expr.without_parens().span(), &series);
        Ok(series)
    }

    /// Asks the store for the series of a selector. `span` is where it stands, its range included.
    pub(super) fn select(
        &self,
        node: &InstantSelector,
        span: Span,
        range: TimeRange,
        hints: SelectHints,
    ) -> Result<Source<'_>, QueryError> {
        let querier = self
            .querier
            .expect("an expression with a selector has a time range");
        let select = Select {
            matchers: node.matchers.clone(),
            range,
            sorted: false,
            hints,
        };
        let begin = self.begin();
        let set = querier.select(&select)?;
        self.trace_selection(begin, span, &select, set.len());
        self.notes.merge(set.annotations());
        Ok(Source::Stored(set))
    }

    /// Tells of quantiles that are none.
    pub(super) fn check_quantiles(&self, column: &[f64], span: Span) {
        for &q in column {
            if !(0.0..=1.0).contains(&q) {
                self.notes.quantile_out_of_range(q, span);
            }
        }
    }
}

/// Where the notes on a function over ranges stand: at its first argument, unless that is a subquery,
/// of which upstream has forgotten the place by then.
fn place_of_notes(node: &Call) -> Span {
    match node.args[0].without_parens() {
        Expr::Subquery(_) => Span::default(),
        argument => argument.span(),
    }
}

/// Refuses a function that has no meaning for an extended range.
fn check_extended(function: Function, how: ExtendedRange) -> Result<(), QueryError> {
    let allowed = functions_for(how);
    if allowed.contains(&function) {
        return Ok(());
    }
    let names: Vec<&str> = allowed.iter().map(|function| function.name()).collect();
    let (how, names) = (how.as_str(), names.join(", "));
    let message = format!("{how} modifier can only be used with: {names} - not with {function}");
    Err(QueryError::Execution(message))
}

/// The range vector among the arguments of a call.
enum RangeArgument<'a> {
    Selector(&'a RangeSelector),
    Subquery(&'a Subquery),
}

fn range_argument(node: &Call) -> RangeArgument<'_> {
    let mut arguments = node.args.iter().map(Expr::without_parens);
    arguments
        .find_map(|arg| match arg {
            Expr::RangeSelector(node) => Some(RangeArgument::Selector(node)),
            Expr::Subquery(node) => Some(RangeArgument::Subquery(node)),
            _ => None,
        })
        .expect("the parser checks that there is a range vector")
}

/// True if a call is one over a range vector.
pub(super) fn takes_range(node: &Call) -> bool {
    let arguments = node.function.signature().arguments;
    arguments.contains(&ValueType::RangeVector)
}

/// The metric name that all selected series have, if the matchers say it.
fn fixed_name(matchers: &[Matcher]) -> Option<String> {
    matchers
        .iter()
        .find(|m| m.name() == METRIC_NAME && m.op() == MatchOp::Equal && !m.value().is_empty())
        .map(|matcher| matcher.value().to_owned())
}

/// True for functions that make sense on counters only and say so.
pub(super) fn wants_counter(function: Function) -> bool {
    matches!(function, Function::Rate | Function::Increase)
}

/// 0 for an instant.
fn step_hint(steps: Steps) -> i64 {
    if steps.count == 1 { 0 } else { steps.interval }
}
