//! Function calls, one step at a time.

use std::collections::BTreeMap;

use model::label::{BUCKET, METRIC_NAME};
use model::{Labels, LabelsBuilder, MatchOp, Matcher};
use promql::ast::{Call, Expr, ValueType};
use promql::functions::Function;
use regex::Regex;

use super::classic_histogram;
use super::evaluate::{Evaluator, Fault, Sample, Vector, each, same_labels};
use super::window::seconds;

impl Evaluator<'_> {
    /// A call that yields a scalar.
    pub(super) fn scalar_call(&self, node: &Call, steps: &[i64]) -> Result<Vec<f64>, Fault> {
        let constant = |value: f64| Ok(vec![value; steps.len()]);
        match node.function {
            Function::Pi => constant(std::f64::consts::PI),
            Function::Start => constant(seconds(self.start)),
            Function::End => constant(seconds(self.end)),
            Function::Range => constant(seconds(self.end - self.start)),
            Function::Step => constant(seconds(self.step)),
            Function::Time => Ok(steps.iter().map(|&step| seconds(step)).collect()),
            Function::MinOf | Function::MaxOf => {
                let left = self.scalar(&node.args[0], steps)?;
                let right = self.scalar(&node.args[1], steps)?;
                let choose = match node.function {
                    Function::MinOf => smaller,
                    _ => larger,
                };
                Ok(left
                    .into_iter()
                    .zip(right)
                    .map(|(l, r)| choose(l, r))
                    .collect())
            }
            Function::Scalar => {
                let vectors = self.vector(&node.args[0], steps)?.into_iter();
                let only = vectors.map(|vector| match &vector[..] {
                    [sample] => sample.value,
                    _ => f64::NAN,
                });
                Ok(only.collect())
            }
            function => unreachable!("{function} yields no scalar"),
        }
    }

    /// A call that yields an instant vector.
    pub(super) fn call(&self, node: &Call, steps: &[i64]) -> Result<Vec<Vector>, Fault> {
        let ranged = |arg: &Expr| arg.value_type() == ValueType::RangeVector;
        if let Some(range) = node.args.iter().position(ranged) {
            return self.range_call(node, range, steps);
        }
        let params = |index: usize| self.scalar(&node.args[index], steps);
        if node.function == Function::Vector {
            return Ok(params(0)?
                .into_iter()
                .map(|value| alone(Labels::empty(), value))
                .collect());
        }
        let of_vector = |index: usize| self.vector(&node.args[index], steps);
        Ok(match node.function {
            Function::Absent => {
                let labels = absent_labels(&node.args[0]);
                let vectors = of_vector(0)?.into_iter();
                vectors
                    .map(|vector| absence(&labels, vector.is_empty()))
                    .collect()
            }
            Function::Timestamp => match node.args[0].without_parens() {
                Expr::InstantSelector(selector) => {
                    let found = steps.iter().map(|&step| {
                        let times = self.latest(selector, step).map(|latest| Sample {
                            labels: latest.labels,
                            drop_name: true,
                            value: seconds(latest.time),
                        });
                        times.collect()
                    });
                    found.collect()
                }
                _ => each(of_vector(0)?, |step, _| Some(seconds(steps[step]))),
            },
            Function::Sort | Function::SortDesc => of_vector(0)?,
            Function::LabelReplace => {
                let pattern = Regex::new(&format!("^(?s:{})$", text(&node.args[4])));
                let pattern = pattern.map_err(|error| Fault(error.to_string()))?;
                relabelled(of_vector(0)?, text(&node.args[1]), |labels| {
                    let source = labels.get(text(&node.args[3])).unwrap_or_default();
                    let mut value = String::new();
                    pattern
                        .captures(source)?
                        .expand(text(&node.args[2]), &mut value);
                    Some(value)
                })
            }
            Function::LabelJoin => relabelled(of_vector(0)?, text(&node.args[1]), |labels| {
                let sources = node.args[3..].iter();
                let values: Vec<&str> = sources
                    .map(|source| labels.get(text(source)).unwrap_or_default())
                    .collect();
                Some(values.join(text(&node.args[2])))
            }),
            Function::HistogramQuantile => {
                let quantiles = params(0)?;
                histograms(of_vector(1)?, |step, buckets| {
                    classic_histogram::quantile(quantiles[step], buckets)
                })
            }
            Function::HistogramFraction => {
                let (lower, upper) = (params(0)?, params(1)?);
                histograms(of_vector(2)?, |step, buckets| {
                    classic_histogram::fraction(lower[step], upper[step], buckets)
                })
            }
            Function::Round => {
                let nearest = match node.args.len() {
                    1 => vec![1.0; steps.len()],
                    _ => params(1)?,
                };
                each(of_vector(0)?, |step, value| {
                    let inverse = 1.0 / nearest[step];
                    Some((value * inverse + 0.5).floor() / inverse)
                })
            }
            Function::ClampMin => {
                let least = params(1)?;
                each(of_vector(0)?, |step, value| {
                    Some(larger(least[step], value))
                })
            }
            Function::ClampMax => {
                let most = params(1)?;
                each(of_vector(0)?, |step, value| {
                    Some(smaller(most[step], value))
                })
            }
            Function::Clamp => {
                let (least, most) = (params(1)?, params(2)?);
                each(of_vector(0)?, |step, value| {
                    let within = larger(least[step], smaller(most[step], value));
                    (least[step] <= most[step]).then_some(within)
                })
            }
            function => {
                let change = of_one_value(function);
                each(of_vector(0)?, |_, value| Some(change(value)))
            }
        })
    }

    fn range_call(&self, node: &Call, range: usize, steps: &[i64]) -> Result<Vec<Vector>, Fault> {
        let mut params = vec![Vec::new(); steps.len()];
        for (_, arg) in node
            .args
            .iter()
            .enumerate()
            .filter(|(index, _)| *index != range)
        {
            for (params, value) in params.iter_mut().zip(self.scalar(arg, steps)?) {
                params.push(value);
            }
        }
        let windows = self.windows(&node.args[range], steps)?;
        if node.function == Function::AbsentOverTime {
            let labels = absent_labels(&node.args[range]);
            let empty = windows
                .iter()
                .map(|windows| absence(&labels, windows.is_empty()));
            return Ok(empty.collect());
        }
        let keeps_name = matches!(
            node.function,
            Function::LastOverTime | Function::FirstOverTime
        );
        // Over all steps a result is of one series only, unless names go late.
        let mut sources: BTreeMap<Labels, Labels> = BTreeMap::new();
        let mut vectors = Vec::new();
        for (windows, params) in windows.into_iter().zip(params) {
            let mut vector = Vec::new();
            for window in windows {
                if let Some(value) = window.call(node.function, &params)? {
                    if !keeps_name && !self.delayed_name_removal {
                        let source = sources.entry(window.labels.without_name());
                        if *source.or_insert_with(|| window.labels.clone()) != window.labels {
                            return Err(same_labels());
                        }
                    }
                    vector.push(Sample {
                        drop_name: window.drop_name || !keeps_name,
                        labels: window.labels,
                        value,
                    });
                }
            }
            vectors.push(vector);
        }
        Ok(vectors)
    }
}

fn of_one_value(function: Function) -> impl Fn(f64) -> f64 {
    move |value: f64| match function {
        Function::Abs => value.abs(),
        Function::Ceil => value.ceil(),
        Function::Floor => value.floor(),
        Function::Sqrt => value.sqrt(),
        Function::Ln => value.ln(),
        Function::Log2 => value.log2(),
        Function::Exp => value.exp(),
        Function::Atan => value.atan(),
        Function::Deg => value * 180.0 / std::f64::consts::PI,
        Function::Sgn if value > 0.0 => 1.0,
        Function::Sgn if value < 0.0 => -1.0,
        Function::Sgn => value,
        Function::Hour => whole_seconds(value).rem_euclid(86_400).div_euclid(3_600) as f64,
        // The first day of 1970 was a Thursday.
        Function::DayOfWeek => (whole_seconds(value).div_euclid(86_400) + 4).rem_euclid(7) as f64,
        function => unreachable!("{function} is not asked for"),
    }
}

/// What is no moment is the last second of Go's calendar.
fn whole_seconds(value: f64) -> i128 {
    match value.abs() < i64::MAX as f64 {
        true => value as i128,
        false => 1 << 63,
    }
}

/// The vectors with a label set to what `value` makes of the others, where it makes something.
fn relabelled(
    mut vectors: Vec<Vector>,
    target: &str,
    value: impl Fn(&Labels) -> Option<String>,
) -> Vec<Vector> {
    for sample in vectors.iter_mut().flatten() {
        if let Some(value) = value(&sample.labels) {
            let mut builder = LabelsBuilder::from_labels(&sample.labels);
            builder.set(target, &value);
            sample.labels = builder.build();
            sample.drop_name &= target != METRIC_NAME;
        }
    }
    vectors
}

/// What `of` makes of the buckets of each classic histogram.
fn histograms(vectors: Vec<Vector>, of: impl Fn(usize, Vec<(f64, f64)>) -> f64) -> Vec<Vector> {
    let made = vectors.into_iter().enumerate().map(|(step, vector)| {
        let mut buckets: BTreeMap<Labels, Vec<(f64, f64)>> = BTreeMap::new();
        for sample in vector {
            let bound = sample.labels.get(BUCKET).unwrap_or_default().parse::<f64>();
            if let Ok(bound) = bound {
                let labels = sample.labels.filter(|name| name != BUCKET);
                buckets
                    .entry(labels)
                    .or_default()
                    .push((bound, sample.value));
            }
        }
        let made = buckets.into_iter().map(|(labels, mut buckets)| {
            buckets.sort_by(|left, right| left.0.total_cmp(&right.0));
            Sample {
                labels,
                drop_name: true,
                value: of(step, buckets),
            }
        });
        made.collect()
    });
    made.collect()
}

fn alone(labels: Labels, value: f64) -> Vector {
    vec![Sample {
        labels,
        drop_name: false,
        value,
    }]
}

fn absence(labels: &Labels, is_absent: bool) -> Vector {
    match is_absent {
        true => alone(labels.clone(), 1.0),
        false => Vec::new(),
    }
}

/// Labels that a selector wants to be equal to something, each wanted once only.
fn absent_labels(arg: &Expr) -> Labels {
    let matchers: &[Matcher] = match arg.without_parens() {
        Expr::InstantSelector(selector) => &selector.matchers,
        Expr::RangeSelector(range) => &range.selector.matchers,
        _ => &[],
    };
    let wanted = matchers.iter().filter(|matcher| {
        let same_name = |other: &&Matcher| other.name() == matcher.name();
        matcher.op() == MatchOp::Equal
            && matcher.name() != METRIC_NAME
            && matchers.iter().filter(same_name).count() == 1
    });
    Labels::from_pairs(wanted.map(|matcher| (matcher.name(), matcher.value())))
}

fn text(expr: &Expr) -> &str {
    match expr.without_parens() {
        Expr::Text(literal) => &literal.value,
        other => unreachable!("{other} is no text"),
    }
}

/// NaN unless one of the two is as large as can be.
fn larger(left: f64, right: f64) -> f64 {
    match left.is_nan() || right.is_nan() {
        true if left == f64::INFINITY || right == f64::INFINITY => f64::INFINITY,
        true => f64::NAN,
        false => left.max(right),
    }
}

fn smaller(left: f64, right: f64) -> f64 {
    -larger(-left, -right)
}
