//! Function calls that are no aggregation over a range: dispatch, and what needs whole vectors.

use model::label::is_label_name;
use model::value::{STALE, is_stale};
use model::{Histogram, Labels, LabelsBuilder};
use storage::Projection;

use super::columns::{Column, Vector, label_bytes};
use super::selector::{Reads, takes_range};
use super::shard::BATCH;
use super::steps::Steps;
use super::{Evaluator, text_of};
use crate::ast::{Call, Expr};
use crate::functions::label::{Join, Name, Replacement, wanted_by};
use crate::functions::natural_order::comes_first;
use crate::functions::{Function, calendar, go_order, math};
use crate::limits::Lease;
use crate::query::QueryError;

impl<'e> Evaluator<'e> {
    /// The column of a call that yields a scalar.
    pub(super) fn scalar_call(&self, node: &Call, steps: Steps) -> Result<Vec<f64>, QueryError> {
        Ok(match node.function {
            Function::Pi => vec![std::f64::consts::PI; steps.count],
            Function::Time => seconds(steps),
            Function::Start => vec![self.bounds.start as f64 / 1_000.0; steps.count],
            Function::End => vec![self.bounds.end as f64 / 1_000.0; steps.count],
            Function::Step => vec![self.bounds.step as f64 / 1_000.0; steps.count],
            Function::Range => {
                let range = self.bounds.end.saturating_sub(self.bounds.start);
                vec![range as f64 / 1_000.0; steps.count]
            }
            Function::MinOf => self.folded(&node.args, steps, math::smaller)?,
            Function::MaxOf => self.folded(&node.args, steps, math::larger)?,
            Function::Scalar => only_values(&self.vector(&node.args[0], steps)?, steps),
            function => unreachable!("{function} yields no scalar"),
        })
    }

    /// What `fold` makes of several scalars at each step.
    fn folded(
        &self,
        args: &[Expr],
        steps: Steps,
        fold: impl Fn(f64, f64) -> f64,
    ) -> Result<Vec<f64>, QueryError> {
        let (first, others) = args.split_first().expect("the parser checks the arguments");
        let mut column = self.scalar(first, steps)?;
        for other in others {
            for (value, other) in column.iter_mut().zip(self.scalar(other, steps)?) {
                *value = fold(*value, other);
            }
        }
        Ok(column)
    }

    /// The series of a call that yields an instant vector.
    pub(super) fn call(&self, node: &Call, steps: Steps) -> Result<Vector<'_>, QueryError> {
        let function = node.function;
        if let Some(change) = math::of_one_value(function) {
            return self.changed(self.vector(&node.args[0], steps)?, |_, value| {
                Some(change(value))
            });
        }
        if let Some(read) = calendar::of_seconds(function) {
            return match node.args.first() {
                Some(arg) => self.changed(self.vector(arg, steps)?, |_, value| Some(read(value))),
                None => {
                    let times = steps
                        .times()
                        .map(|time| read(time.div_euclid(1_000) as f64));
                    self.one_series(Labels::empty(), times.collect::<Vec<f64>>().into())
                }
            };
        }
        match function {
            Function::AbsentOverTime => {
                let mut stream = self.range_stream(node, steps, Projection::All)?;
                // Only whether there is a series counts: equal ones are no fault.
                stream.drops_name = false;
                self.absence(&self.collect(&stream)?, &node.args[0], steps)
            }
            Function::Absent => {
                let vector = self.vector(&node.args[0], steps)?;
                self.absence(&vector, &node.args[0], steps)
            }
            _ if takes_range(node) => {
                self.collect(&self.range_stream(node, steps, Projection::All)?)
            }
            Function::Round => self.rounded(node, steps),
            Function::Clamp | Function::ClampMin | Function::ClampMax => self.clamped(node, steps),
            Function::Timestamp => self.timestamps(&node.args[0], steps),
            Function::Vector => {
                self.one_series(Labels::empty(), self.scalar(&node.args[0], steps)?.into())
            }
            Function::StartTimestamp => self.start_timestamps(&node.args[0], steps),
            Function::Sort | Function::SortDesc => self.sorted(node, steps),
            Function::SortByLabel | Function::SortByLabelDesc => self.sorted_by_labels(node, steps),
            Function::Info => self.info(node, steps),
            Function::LabelReplace => self.label_replaced(node, steps),
            Function::LabelJoin => self.label_joined(node, steps),
            Function::HistogramQuantile => self.histogram_quantile(node, steps),
            Function::HistogramFraction => self.histogram_fraction(node, steps),
            Function::HistogramQuantiles => self.histogram_quantiles(node, steps),
            Function::HistogramAvg => self.of_native_histograms(node, steps, Histogram::average),
            Function::HistogramCount => self.of_native_histograms(node, steps, |it| it.count),
            Function::HistogramSum => self.of_native_histograms(node, steps, |it| it.sum),
            Function::HistogramStddev => {
                self.of_native_histograms(node, steps, Histogram::standard_deviation)
            }
            Function::HistogramStdvar => {
                self.of_native_histograms(node, steps, Histogram::variance)
            }
            function => unreachable!("{function} yields no instant vector"),
        }
    }

    /// A vector with each float changed, and so without its name.
    fn changed<'a>(
        &'a self,
        mut vector: Vector<'a>,
        change: impl Fn(usize, f64) -> Option<f64> + Sync,
    ) -> Result<Vector<'a>, QueryError> {
        self.change_each(&mut vector, |_, series| series.map_floats(&change))?;
        vector.drop_empty();
        self.drop_names(&mut vector)?;
        Ok(vector)
    }

    fn rounded(&self, node: &Call, steps: Steps) -> Result<Vector<'_>, QueryError> {
        let vector = self.vector(&node.args[0], steps)?;
        let to_nearest = match node.args.get(1) {
            Some(arg) => self.scalar(arg, steps)?,
            None => vec![1.0; steps.count],
        };
        self.changed(vector, |step, value| {
            Some(math::round(value, to_nearest[step]))
        })
    }

    fn clamped(&self, node: &Call, steps: Steps) -> Result<Vector<'_>, QueryError> {
        let vector = self.vector(&node.args[0], steps)?;
        let limit = |index: usize| self.scalar(&node.args[index], steps);
        let open = |limit: f64| vec![limit; steps.count];
        let (minimum, maximum) = match node.function {
            Function::ClampMin => (limit(1)?, open(f64::INFINITY)),
            Function::ClampMax => (open(f64::NEG_INFINITY), limit(1)?),
            _ => (limit(1)?, limit(2)?),
        };
        self.changed(vector, |step, value| {
            math::clamp(value, minimum[step], maximum[step])
        })
    }

    /// The time of each sample: of a selector's own samples, else of the step.
    fn timestamps(&self, arg: &Expr, steps: Steps) -> Result<Vector<'_>, QueryError> {
        if let Expr::InstantSelector(selector) = arg.without_parens()
            && selector.extended.is_none()
        {
            return self.collect(&self.instant_stream(selector, steps, Reads::Timestamps)?);
        }
        let times = seconds(steps);
        let mut vector = self.vector(arg, steps)?;
        self.change_each(&mut vector, |_, series| {
            for (step, &time) in times.iter().enumerate() {
                if series.column.is_present(step) {
                    series.column.set_float(step, time);
                }
            }
        })?;
        self.drop_names(&mut vector)?;
        Ok(vector)
    }

    /// Since when each sample of a selector has counted; nothing of what is computed.
    fn start_timestamps(&self, arg: &Expr, steps: Steps) -> Result<Vector<'_>, QueryError> {
        match arg.without_parens() {
            Expr::InstantSelector(selector)
                if selector.extended.is_none() && self.options.use_start_timestamps =>
            {
                self.collect(&self.instant_stream(selector, steps, Reads::StartTimestamps)?)
            }
            _ => {
                self.vector(arg, steps)?;
                Ok(self.nothing())
            }
        }
    }

    /// 1 at each step at which the vector has no value.
    fn absence(
        &self,
        vector: &Vector<'_>,
        arg: &Expr,
        steps: Steps,
    ) -> Result<Vector<'_>, QueryError> {
        let labels = match arg.without_parens() {
            Expr::InstantSelector(selector) => wanted_by(&selector.matchers),
            Expr::RangeSelector(range) => wanted_by(&range.selector.matchers),
            _ => Labels::empty(),
        };
        let occupied = vector.occupied(steps.count).into_iter();
        let values = occupied.map(|occupied| if occupied { STALE } else { 1.0 });
        self.one_series(labels, Column::from(values.collect::<Vec<f64>>()))
    }

    fn sorted(&self, node: &Call, steps: Steps) -> Result<Vector<'_>, QueryError> {
        let mut vector = self.vector(&node.args[0], steps)?;
        self.change_each(&mut vector, |_, series| series.column.histograms.clear())?;
        vector.drop_empty();
        if steps.start != steps.until {
            self.notes.sort_is_ineffective(node.span);
            return Ok(vector);
        }
        // NaN goes behind everything, also behind NaN, in both directions.
        let falls = node.function == Function::SortDesc;
        go_order::sort(&mut vector.series, |left, right| {
            let [left, right] = [left, right].map(|series| series.column.values[0]);
            right.is_nan() || if falls { left > right } else { left < right }
        });
        Ok(vector)
    }

    fn sorted_by_labels(&self, node: &Call, steps: Steps) -> Result<Vector<'_>, QueryError> {
        let mut vector = self.vector(&node.args[0], steps)?;
        if steps.start != steps.until {
            self.notes.sort_is_ineffective(node.span);
            return Ok(vector);
        }
        let names: Vec<&str> = node.args[1..].iter().map(text_of).collect();
        let falls = node.function == Function::SortByLabelDesc;
        go_order::sort(&mut vector.series, |left, right| {
            let pairs = names.iter().map(|name| {
                [left, right].map(|series| series.labels.get(name).unwrap_or_default())
            });
            match pairs.into_iter().find(|[left, right]| left != right) {
                Some([left, right]) => comes_first(left, right) != falls,
                None if falls => left.labels > right.labels,
                None => left.labels < right.labels,
            }
        });
        Ok(vector)
    }

    fn label_replaced(&self, node: &Call, steps: Steps) -> Result<Vector<'_>, QueryError> {
        refuse_invalid_texts(node)?;
        let text = |index: usize| text_of(&node.args[index]);
        let target = label_name(&node.args[1]);
        let replacement = Replacement::new(target, text(2), text(3), text(4))?;
        let vector = self.vector(&node.args[0], steps)?;
        self.relabelled(vector, replacement.sets_name(), |labels, builder, lease| {
            replacement.apply(labels, builder, |bytes| lease.grow_bytes(bytes))
        })
    }

    /// Gives each series the labels that `change` makes of its own, if it makes any.
    fn relabelled<'v>(
        &self,
        mut vector: Vector<'v>,
        sets_name: bool,
        change: impl Fn(
            &Labels,
            &mut LabelsBuilder,
            &mut Lease<'v>,
        ) -> Result<Option<Labels>, QueryError>,
    ) -> Result<Vector<'v>, QueryError> {
        let mut builder = LabelsBuilder::new();
        let mut freed = 0;
        for (index, series) in vector.series.iter_mut().enumerate() {
            if index % BATCH == 0 {
                self.interrupt.check()?;
            }
            if let Some(labels) = change(&series.labels, &mut builder, &mut vector.lease)? {
                freed += label_bytes(&series.labels);
                series.labels = labels;
                series.drop_name &= !sets_name;
            }
        }
        vector.lease.shrink_bytes(freed);
        self.interrupt.check()?;
        vector.differs_without_names = false;
        vector.merge_equal()?;
        Ok(vector)
    }

    fn label_joined(&self, node: &Call, steps: Steps) -> Result<Vector<'_>, QueryError> {
        refuse_invalid_texts(node)?;
        let separator = text_of(&node.args[2]);
        let sources = node.args[3..].iter().map(label_name);
        let join = Join::new(label_name(&node.args[1]), separator, sources.collect())?;
        let vector = self.vector(&node.args[0], steps)?;
        self.relabelled(vector, join.sets_name(), |labels, builder, lease| {
            join.apply(labels, builder, |bytes| lease.grow_bytes(bytes))
                .map(Some)
        })
    }
}

/// Refuses texts that are not UTF-8: labels cannot hold them.
fn refuse_invalid_texts(node: &Call) -> Result<(), QueryError> {
    for (index, arg) in node.args.iter().enumerate() {
        let Expr::Text(literal) = arg.without_parens() else {
            continue;
        };
        if literal.invalid.is_some() {
            let role = if index == 1 {
                "destination label name"
            } else {
                "text"
            };
            let (function, value) = (node.function, &literal.value);
            let message = format!("invalid {role} in {function}(): {value}");
            return Err(QueryError::Execution(message));
        }
    }
    Ok(())
}

/// The label name that a text stands for.
fn label_name(expr: &Expr) -> Name<'_> {
    match expr.without_parens() {
        Expr::Text(node) => Name {
            text: &node.value,
            is_valid: node.invalid.is_none() && is_label_name(&node.value),
        },
        _ => unreachable!("the parser checks that this is a text"),
    }
}

/// Each step's time in seconds.
fn seconds(steps: Steps) -> Vec<f64> {
    steps.times().map(|time| time as f64 / 1_000.0).collect()
}

/// `scalar`: the value of the one series that has one, else NaN.
fn only_values(vector: &Vector<'_>, steps: Steps) -> Vec<f64> {
    let mut column = vec![STALE; steps.count];
    let mut several = vec![false; steps.count];
    for series in &vector.series {
        for (step, &value) in series.column.values.iter().enumerate() {
            if !is_stale(value) {
                several[step] |= !is_stale(column[step]);
                column[step] = value;
            }
        }
    }
    for (value, several) in column.iter_mut().zip(several) {
        if several || is_stale(*value) {
            *value = f64::NAN;
        }
    }
    column
}
