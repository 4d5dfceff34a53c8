//! What rules tell about themselves, under Prometheus' names.

use exposition::{CounterFamily, GaugeFamily, Registry, Summary};

use crate::spec::GroupSpec;

/// The instruments of all groups.
#[derive(Debug)]
pub(crate) struct Instruments {
    pub(crate) rule_duration: Summary,
    pub(crate) iteration_duration: Summary,
    pub(crate) missed: CounterFamily,
    pub(crate) scheduled: CounterFamily,
    pub(crate) evaluations: CounterFamily,
    pub(crate) failures: CounterFamily,
    interval: GaugeFamily,
    pub(crate) last_evaluation: GaugeFamily,
    pub(crate) last_duration: GaugeFamily,
    pub(crate) last_restore_duration: GaugeFamily,
    rules: GaugeFamily,
    pub(crate) last_samples: GaugeFamily,
}

impl Instruments {
    pub(crate) fn new(registry: &Registry) -> Self {
        let counter = |name, help| registry.counter_family(name, help, &["rule_group"]);
        let gauge = |name, help| registry.gauge_family(name, help, &["rule_group"]);
        Self {
            rule_duration: registry.summary(
                "prometheus_rule_evaluation_duration_seconds",
                "The duration for a rule to execute.",
                &[0.5, 0.9, 0.99],
            ),
            iteration_duration: registry.summary(
                "prometheus_rule_group_duration_seconds",
                "The duration of rule group evaluations.",
                &[0.01, 0.05, 0.5, 0.90, 0.99],
            ),
            missed: counter(
                "prometheus_rule_group_iterations_missed_total",
                "The total number of rule group evaluations missed due to slow rule group evaluation.",
            ),
            scheduled: counter(
                "prometheus_rule_group_iterations_total",
                "The total number of scheduled rule group evaluations, whether executed or missed.",
            ),
            evaluations: counter(
                "prometheus_rule_evaluations_total",
                "The total number of rule evaluations.",
            ),
            failures: counter(
                "prometheus_rule_evaluation_failures_total",
                "The total number of rule evaluation failures.",
            ),
            interval: gauge(
                "prometheus_rule_group_interval_seconds",
                "The interval of a rule group.",
            ),
            last_evaluation: gauge(
                "prometheus_rule_group_last_evaluation_timestamp_seconds",
                "The timestamp of the last rule group evaluation in seconds.",
            ),
            last_duration: gauge(
                "prometheus_rule_group_last_duration_seconds",
                "The duration of the last rule group evaluation.",
            ),
            last_restore_duration: gauge(
                "prometheus_rule_group_last_restore_duration_seconds",
                "The duration of the last alert rules alerts restoration using the `ALERTS_FOR_STATE` series.",
            ),
            rules: gauge("prometheus_rule_group_rules", "The number of rules."),
            last_samples: gauge(
                "prometheus_rule_group_last_evaluation_samples",
                "The number of samples returned during the last rule group evaluation.",
            ),
        }
    }

    /// Shows a group before its first evaluation.
    pub(crate) fn begin(&self, group: &GroupSpec) {
        let key = group.key.text();
        let key = [key.as_str()];
        for counter in [
            &self.missed,
            &self.scheduled,
            &self.evaluations,
            &self.failures,
        ] {
            counter.with(&key);
        }
        for gauge in [
            &self.last_evaluation,
            &self.last_duration,
            &self.last_samples,
        ] {
            gauge.with(&key);
        }
        self.interval.with(&key).set(group.interval.as_secs_f64());
        self.rules.with(&key).set(group.rules.len() as f64);
    }

    /// Shows a group no more.
    pub(crate) fn forget(&self, key: &str) {
        let key = [key];
        for counter in [
            &self.missed,
            &self.scheduled,
            &self.evaluations,
            &self.failures,
        ] {
            counter.remove(&key);
        }
        for gauge in [
            &self.interval,
            &self.last_evaluation,
            &self.last_duration,
            &self.last_restore_duration,
            &self.rules,
            &self.last_samples,
        ] {
            gauge.remove(&key);
        }
    }
}
