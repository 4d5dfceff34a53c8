//! A group of rules: evaluated one after the other, each time for one moment.

pub(crate) mod order;
pub(crate) mod restore;
pub(crate) mod schedule;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use promql::Interrupt;

use crate::journal::RuleId;
use crate::rule::{Health, Moment, Output, Rule, Written, mark_stale};
use crate::spec::GroupSpec;
use crate::world::World;

/// A group with what it remembers from one evaluation to the next.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) spec: GroupSpec,
    pub(crate) rules: Vec<Rule>,
    progress: Mutex<Progress>,
    /// Series of rules that are gone since a reload, which the next evaluation marks as ended.
    leftover: Mutex<Written>,
}

/// How the last evaluation went.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Progress {
    pub(crate) duration: Duration,
    /// When it began, in milliseconds since the Unix epoch.
    pub(crate) at: Option<i64>,
}

impl Group {
    /// A group that has not been evaluated.
    pub(crate) fn new(spec: GroupSpec) -> Self {
        let rules = spec.rules.iter().cloned().map(Rule::new).collect();
        Self {
            spec,
            rules,
            progress: Mutex::default(),
            leftover: Mutex::default(),
        }
    }

    pub(crate) fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn leftover(&self) -> MutexGuard<'_, Written> {
        self.leftover.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The time that rules look at when they are evaluated for `time`.
    pub(crate) fn query_time(&self, time: i64) -> i64 {
        time - i64::try_from(self.spec.query_offset.as_millis()).unwrap_or_default()
    }

    /// Evaluates the rule at `index`: people are told, results are stored, and all of it is noted.
    /// Returns the number of samples.
    pub(crate) fn evaluate_rule(
        &self,
        world: &World,
        index: usize,
        time: i64,
        interrupt: &Interrupt,
    ) -> usize {
        let Some(rule) = self.rules.get(index) else {
            return 0;
        };
        let (began, began_at) = (world.clock.monotonic(), world.clock.now_millis());
        let context = world.context();
        let moment = Moment {
            time,
            query_time: self.query_time(time),
            limit: self.spec.limit,
            source: &world.source,
            context: &context,
            interrupt,
        };
        let key = self.spec.key.text();
        let instruments = &world.instruments;
        instruments.evaluations.with(&[&key]).inc();
        let outcome = rule.evaluate(&moment);
        if let (Some(journal), true) = (&world.journal, rule.spec.alert.is_some()) {
            journal.note(&RuleId::of(self, index), &rule.alerts().active);
        }
        let (samples, error) = match outcome {
            Ok(outputs) => {
                let samples = outputs.len();
                let stored = self.conclude(world, rule, outputs, &moment);
                (samples, stored.err().map(|error| error.to_string()))
            }
            Err(error) => {
                if !error.is_canceled() {
                    tracing::warn!(
                        file = %self.spec.key.file, group = %self.spec.key.name, name = %rule.spec.name,
                        index, rule = %rule.spec, %error, "evaluating rule failed"
                    );
                }
                (0, Some(error.to_string()))
            }
        };
        if error.is_some() {
            instruments.failures.with(&[&key]).inc();
        }
        let duration = world.clock.monotonic().saturating_sub(began);
        instruments.rule_duration.observe(duration.as_secs_f64());
        let mut progress = rule.progress();
        progress.health = match error {
            None => Health::Good,
            Some(_) => Health::Bad,
        };
        progress.last_error = error;
        progress.duration = duration;
        progress.at = Some(began_at);
        samples
    }

    /// Tells people of due alerts, then stores what the rule yields.
    fn conclude(
        &self,
        world: &World,
        rule: &Rule,
        outputs: Vec<Output>,
        moment: &Moment<'_>,
    ) -> Result<(), storage::AppendError> {
        if rule.spec.alert.is_some() {
            let url = &moment.context.external_url;
            let (delay, interval) = (world.resend_delay, self.spec.interval);
            let due = rule.take_due_alerts(moment.time, delay, interval, url);
            if !due.is_empty() {
                (world.notify)(due);
            }
        }
        rule.store(outputs, moment.query_time, &*world.appendable)
    }

    /// Marks series of rules that are gone as ended.
    pub(crate) fn mark_leftover_stale(&self, world: &World, time: i64) {
        let leftover = std::mem::take(&mut *self.leftover());
        mark_stale(&leftover, self.query_time(time), &*world.appendable);
    }

    /// Marks all series of the group as ended: it is gone.
    pub(crate) fn mark_all_stale(&self, world: &World, time: i64) {
        let mut series = std::mem::take(&mut *self.leftover());
        for rule in &self.rules {
            series.extend(std::mem::take(&mut *rule.written()));
        }
        mark_stale(&series, self.query_time(time), &*world.appendable);
    }

    /// Takes over what the group remembered before a reload. Rules are the same if they have name
    /// and labels in common; of several, the first goes on as the first.
    pub(crate) fn take_over(&self, before: &Self) {
        *self.progress() = *before.progress();
        let mut by_identity: HashMap<String, Vec<&Rule>> = HashMap::new();
        for rule in before.rules.iter().rev() {
            by_identity
                .entry(rule.spec.identity())
                .or_default()
                .push(rule);
        }
        for rule in &self.rules {
            let same = by_identity
                .get_mut(&rule.spec.identity())
                .and_then(Vec::pop);
            let Some(same) = same else { continue };
            *rule.written() = std::mem::take(&mut *same.written());
            if rule.spec.alert.is_some() {
                *rule.alerts() = same.alerts().clone();
            }
        }
        let mut leftover = std::mem::take(&mut *before.leftover());
        for rule in by_identity.into_values().flatten() {
            leftover.extend(std::mem::take(&mut *rule.written()));
        }
        self.leftover().extend(leftover);
    }

    /// Says that nothing about alerts of before the start has to be waited for.
    pub(crate) fn set_restored(&self) {
        for rule in &self.rules {
            rule.alerts().is_restored = true;
        }
    }
}

/// Shares a group among the tasks that evaluate it.
pub(crate) type SharedGroup = Arc<Group>;
