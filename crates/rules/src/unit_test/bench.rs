//! One test at work: a store of its own, groups in their order, time that goes on step by step.

use std::collections::BTreeMap;
use std::sync::Arc;

use config::rule_tests::{AlertTest, ExpressionTest, RuleTestFile, TestGroup};
use model::alert::ALERT_NAME;
use model::{Labels, duration};
use promql::script::input::{InputSeries, parse_histogram, parse_metric};
use promql::{Engine, EngineOptions, InstantQuery, Interrupt, QueryError, SampleValue, Value};
use storage::memory::MemoryStore;
use storage::{AppendError, Appendable as _};

use super::compare::{FoundAlert, FoundSample, alerts_differ, samples_differ};
use super::{TestOptions, go_duration};
use crate::alerting::state::{AlertState, millis};
use crate::context::Context;
use crate::group::Group;
use crate::load::LoadedFile;
use crate::query::QuerySource;
use crate::rule::{Moment, Rule};
use crate::spec::{GroupDefaults, groups};

/// One test with its store.
pub(super) struct Bench<'a> {
    file: &'a RuleTestFile,
    test: &'a TestGroup,
    options: &'a TestOptions<'a>,
    source: QuerySource,
    store: Arc<MemoryStore>,
    context: Context,
    groups: Vec<Group>,
    series: Vec<InputSeries>,
    /// Milliseconds between two values of a series.
    interval: i64,
}

impl<'a> Bench<'a> {
    /// A bench with nothing stored yet; or what is wrong with the test.
    pub(super) fn new(
        file: &'a RuleTestFile,
        test: &'a TestGroup,
        rules: &[LoadedFile],
        options: &'a TestOptions<'a>,
    ) -> Result<Self, String> {
        let interval = test.interval.unwrap_or(file.evaluation_interval);
        let series = test.input_series.iter();
        let series = series.map(|(metric, values)| InputSeries::parse(metric, values));
        let series = series.collect::<Result<Vec<_>, _>>()?;
        if let Some(alert) = test.alerts.iter().find(|alert| alert.alert.is_empty()) {
            let group = match test.name.is_empty() {
                true => String::new(),
                false => format!(" (in TestGroup {})", test.name),
            };
            let time = duration::format(alert.eval_time);
            return Err(format!(
                "an item under alert_rule_test misses required attribute alertname at eval_time {time}{group}"
            ));
        }
        let engine = Engine::new(EngineOptions {
            max_samples: MAX_SAMPLES,
            no_step_subquery_interval: file.evaluation_interval,
            delayed_name_removal: options.delayed_name_removal,
            parse: options.parse.clone(),
            ..EngineOptions::default()
        });
        let engine = engine.map_err(|error| error.to_string())?;
        let store = Arc::new(MemoryStore::default());
        let defaults = GroupDefaults {
            interval,
            query_offset: std::time::Duration::ZERO,
            parse: options.parse.clone(),
        };
        let mut groups: Vec<Group> = groups(rules, &defaults)
            .into_iter()
            .map(Group::new)
            .collect();
        let place = |group: &Group| {
            let mut order = file.group_eval_order.iter();
            order
                .position(|name| *name == group.spec.key.name)
                .unwrap_or_default()
        };
        groups.sort_by_key(place);
        groups.iter().for_each(Group::set_restored);
        Ok(Self {
            file,
            test,
            options,
            source: QuerySource {
                engine: Arc::new(engine),
                storage: Arc::clone(&store) as Arc<dyn storage::Queryable>,
            },
            store,
            context: Context {
                external_labels: test.external_labels.clone(),
                external_url: test.external_url.trim_end_matches('/').to_owned(),
            },
            groups,
            series,
            interval: millis(interval),
        })
    }

    /// Runs the test, and says what does not hold.
    pub(super) fn run(&mut self) -> Vec<String> {
        let times = self.test.alerts.iter().map(|test| test.eval_time);
        let times = times.chain(self.test.expressions.iter().map(|test| test.eval_time));
        let end = times.max().map_or(0, millis);
        let step = millis(self.file.evaluation_interval).max(1);
        let mut failures = Vec::new();
        let mut since_start = 0;
        while since_start <= end {
            let time = self.test.start_time + since_start;
            if let Err(error) = self.load_until(time) {
                failures.push(error.to_string());
            }
            let errors = self.evaluate(time, since_start);
            if !errors.is_empty() {
                failures.extend(errors);
                return failures;
            }
            failures.extend(self.check_alerts(since_start, step));
            since_start += step;
        }
        if let Err(error) = self.load_until(i64::MAX) {
            failures.push(error.to_string());
        }
        let expressions = self.test.expressions.iter();
        failures.extend(expressions.filter_map(|test| self.check_expression(test).err()));
        if self.options.debug {
            self.dump(end);
        }
        failures
    }

    fn load_until(&mut self, time: i64) -> Result<(), AppendError> {
        let (start, interval) = (self.test.start_time, self.interval);
        let mut appender = self.store.appender();
        for series in &mut self.series {
            series.append_until(time, start, interval, &mut *appender)?;
        }
        appender.commit()?;
        Ok(())
    }

    /// Evaluates all groups, and says which rules failed.
    fn evaluate(&self, time: i64, since_start: i64) -> Vec<String> {
        let interrupt = Interrupt::new();
        let mut failures = Vec::new();
        for group in &self.groups {
            for rule in &group.rules {
                let query_time = group.query_time(time);
                let moment = Moment {
                    time,
                    query_time,
                    limit: group.spec.limit,
                    source: &self.source,
                    context: &self.context,
                    interrupt: &interrupt,
                };
                if let Err(error) = self.evaluate_rule(rule, &moment) {
                    let since = u64::try_from(since_start).unwrap_or_default();
                    let time = go_duration(std::time::Duration::from_millis(since));
                    let name = &rule.spec.name;
                    failures.push(format!("    rule: {name}, time: {time}, err: {error}"));
                }
            }
        }
        failures
    }

    fn evaluate_rule(&self, rule: &Rule, moment: &Moment<'_>) -> Result<(), String> {
        let outputs = rule.evaluate(moment).map_err(|error| error.to_string())?;
        let stored = rule.store(outputs, moment.query_time, &*self.store);
        stored.map_err(|error| error.to_string())
    }

    /// Compares alerts for all tests whose time lies between this evaluation and the next.
    fn check_alerts(&self, since_start: i64, step: i64) -> Vec<String> {
        let is_due = |test: &&AlertTest| {
            let time = millis(test.eval_time);
            since_start <= time && time < since_start + step
        };
        let mut due: Vec<&AlertTest> = self.test.alerts.iter().filter(is_due).collect();
        due.sort_by_key(|test| test.eval_time);
        due.into_iter()
            .filter_map(|test| self.check_alert(test).err())
            .collect()
    }

    fn check_alert(&self, test: &AlertTest) -> Result<(), String> {
        let mut got = Vec::new();
        for rule in self.groups.iter().flat_map(|group| &group.rules) {
            if rule.spec.alert.is_none() || rule.spec.name != test.alert {
                continue;
            }
            let alerts = rule.alerts();
            let firing = alerts.active.values();
            let firing = firing.filter(|alert| alert.state == AlertState::Firing);
            got.extend(firing.map(|alert| FoundAlert {
                labels: alert.labels.clone(),
                annotations: alert.annotations.clone(),
            }));
        }
        let expected = test.expected.iter().map(|alert| {
            let mut labels = alert.labels.clone();
            labels.insert(ALERT_NAME.to_owned(), test.alert.clone());
            FoundAlert {
                labels: Labels::from_pairs(&labels),
                annotations: alert.annotations.clone(),
            }
        });
        let difference = alerts_differ(expected.collect(), got, self.options.diff);
        let Some(difference) = difference else {
            return Ok(());
        };
        let name = match self.test.name.is_empty() {
            true => String::new(),
            false => format!("    name: {},\n", self.test.name),
        };
        let (alert, time) = (&test.alert, duration::format(test.eval_time));
        Err(format!(
            "{name}    alertname: {alert}, time: {time}, \n{difference}"
        ))
    }

    fn check_expression(&self, test: &ExpressionTest) -> Result<(), String> {
        let time = duration::format(test.eval_time);
        let expr = model::quote::quoted(&test.expr);
        let fail = |error: String| format!("    expr: {expr}, time: {time}, err: {error}");
        let at = self.test.start_time + millis(test.eval_time);
        let vector = self.source.instant(&test.expr, at, &Interrupt::new());
        let vector = vector.map_err(|error| fail(error.to_string()))?;
        let got = vector.into_iter().map(|sample| match sample.value {
            SampleValue::Float(value) => FoundSample::float(sample.labels, value),
            SampleValue::Histogram(histogram) => FoundSample::histogram(sample.labels, &histogram),
        });
        let mut expected = Vec::with_capacity(test.expected.len());
        for sample in &test.expected {
            let labels = match sample.labels.is_empty() {
                true => Labels::empty(),
                false => parse_metric(&sample.labels)
                    .map_err(|error| fail(format!("labels {:?}: {error}", sample.labels)))?,
            };
            expected.push(match sample.histogram.is_empty() {
                true => FoundSample::float(labels, sample.value),
                false => {
                    let histogram = parse_histogram(&sample.histogram).map_err(|error| {
                        fail(format!("histogram {:?}: {error}", sample.histogram))
                    })?;
                    FoundSample::histogram(labels, &histogram)
                }
            });
        }
        match samples_differ(expected, got.collect(), self.file.fuzzy_compare) {
            None => Ok(()),
            Some(difference) => Err(format!("    expr: {expr}, time: {time},{difference}")),
        }
    }

    /// Shows all data.
    fn dump(&self, end: i64) {
        let seconds = end / 1000 + 1;
        let at = self.test.start_time + seconds * 1000;
        let text = format!("{{__name__=~\".+\"}}[{seconds}s]");
        let tell = self.options.tell;
        let span = go_duration(std::time::Duration::from_secs(seconds.unsigned_abs()));
        tell(&format!(
            "DEBUG: Dump of all data (input_series and rules) at {span}:"
        ));
        match self.values(&text, at) {
            Ok(lines) => lines.iter().for_each(|line| tell(line)),
            Err(error) => tell(&error.to_string()),
        }
    }

    fn values(&self, text: &str, at: i64) -> Result<Vec<String>, QueryError> {
        let query = InstantQuery::new(text, at);
        let value = self
            .source
            .engine
            .instant(&*self.source.storage, &query)?
            .value;
        let Value::RangeVector(series) = value else {
            return Ok(Vec::new());
        };
        let mut lines = Vec::new();
        for series in series {
            lines.push(format!("{} =>", series.labels));
            let samples = series.samples();
            let mut by_time: BTreeMap<i64, String> = samples
                .map(|sample| (sample.timestamp, model::number::general(sample.value)))
                .collect();
            by_time.extend(
                series
                    .histograms
                    .iter()
                    .map(|sample| (sample.timestamp, sample.histogram.to_string())),
            );
            lines.extend(
                by_time
                    .iter()
                    .map(|(time, value)| format!("{value} @[{time}]")),
            );
        }
        Ok(lines)
    }
}

/// Samples that an expression may hold. Source: promtool.
const MAX_SAMPLES: usize = 10_000;
