//! `narthex tool promql`: expressions formatted and changed, as `promtool promql` does.

use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Subcommand;
use model::{MatchOp, Matcher};
use promql::ast::Expr;
use promql::parser::{ParseOptions, parse};

/// What to do to an expression.
#[derive(Debug, Subcommand)]
pub(crate) enum Change {
    /// Print an expression in its canonical form, long ones on several lines
    Format {
        /// Expression
        #[arg(value_name = "QUERY", allow_hyphen_values = true)]
        query: String,
    },
    /// Change the label matchers of all selectors of an expression
    LabelMatchers {
        #[command(subcommand)]
        change: Matchers,
    },
}

/// What to do to matchers.
#[derive(Debug, Subcommand)]
pub(crate) enum Matchers {
    /// Give each selector a matcher, in place of the ones for the same label
    Set {
        /// Operator of the matcher
        #[arg(long = "type", short = 't', default_value = "=", value_parser = ["=", "!=", "=~", "!~"])]
        op: String,
        /// Expression
        #[arg(value_name = "QUERY", allow_hyphen_values = true)]
        query: String,
        /// Label
        #[arg(value_name = "NAME")]
        name: String,
        /// Value
        #[arg(value_name = "VALUE", allow_hyphen_values = true)]
        value: String,
    },
    /// Take the matchers for a label away
    Delete {
        /// Expression
        #[arg(value_name = "QUERY", allow_hyphen_values = true)]
        query: String,
        /// Label
        #[arg(value_name = "NAME")]
        name: String,
    },
}

/// Prints the expression as it is afterwards.
#[allow(
    clippy::print_stdout,
    reason = "the expression is this command's output"
)]
pub(crate) fn run(change: &Change) -> anyhow::Result<ExitCode> {
    let expr = match change {
        Change::Format { query } => read(query)?,
        Change::LabelMatchers {
            change:
                Matchers::Set {
                    op,
                    query,
                    name,
                    value,
                },
        } => {
            let mut expr = read(query)?;
            let matcher = Matcher::new(name.as_str(), operator(op)?, value.as_str())?;
            for_each_matcher_list(&mut expr, &mut |matchers| set(matchers, &matcher));
            expr
        }
        Change::LabelMatchers {
            change: Matchers::Delete { query, name },
        } => {
            let mut expr = read(query)?;
            for_each_matcher_list(&mut expr, &mut |matchers| {
                matchers.retain(|matcher| matcher.name() != name);
            });
            expr
        }
    };
    println!("{}", expr.pretty());
    Ok(ExitCode::SUCCESS)
}

fn read(query: &str) -> anyhow::Result<Expr> {
    parse(query, &ParseOptions::all()).context("parsing the expression")
}

fn operator(text: &str) -> anyhow::Result<MatchOp> {
    let all = [
        MatchOp::Equal,
        MatchOp::NotEqual,
        MatchOp::Regex,
        MatchOp::NotRegex,
    ];
    match all.into_iter().find(|op| op.as_str() == text) {
        Some(op) => Ok(op),
        None => bail!("no such operator: {text}"),
    }
}

/// Puts `matcher` in the place of those for its label, else at the end.
fn set(matchers: &mut Vec<Matcher>, matcher: &Matcher) {
    let mut is_there = false;
    for place in matchers.iter_mut() {
        if place.name() == matcher.name() {
            *place = matcher.clone();
            is_there = true;
        }
    }
    if !is_there {
        matchers.push(matcher.clone());
    }
}

fn for_each_matcher_list(expr: &mut Expr, change: &mut impl FnMut(&mut Vec<Matcher>)) {
    match expr {
        Expr::InstantSelector(node) => change(&mut node.matchers),
        Expr::RangeSelector(node) => change(&mut node.selector.matchers),
        _ => expr.for_each_child_mut(|child| for_each_matcher_list(child, change)),
    }
}
