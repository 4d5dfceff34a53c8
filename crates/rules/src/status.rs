//! How groups, rules and alerts stand, to be shown.

use std::collections::BTreeMap;
use std::time::Duration;

use model::Labels;

use crate::alerting::state::{ActiveAlert, AlertState};
use crate::group::Group;
use crate::rule::{Health, Rule};

/// How a group stands. Times are milliseconds since the Unix epoch.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupStatus {
    /// Its name, unique in its file.
    pub name: String,
    /// The file.
    pub file: String,
    /// How often it is evaluated.
    pub interval: Duration,
    /// Most series or alerts of a rule; 0: any number.
    pub limit: usize,
    /// How long the last evaluation took.
    pub evaluation_time: Duration,
    /// When it began.
    pub last_evaluation: Option<i64>,
    /// The rules, in the order of their evaluation.
    pub rules: Vec<RuleStatus>,
}

/// How a rule stands.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleStatus {
    /// Name of the series or of the alert.
    pub name: String,
    /// The expression.
    pub query: String,
    /// The rule's labels.
    pub labels: BTreeMap<String, String>,
    /// Whether the last evaluation went well.
    pub health: Health,
    /// Why not.
    pub last_error: Option<String>,
    /// How long it took.
    pub evaluation_time: Duration,
    /// When it began.
    pub last_evaluation: Option<i64>,
    /// Of an alerting rule.
    pub alerting: Option<AlertingStatus>,
}

/// How an alerting rule stands.
#[derive(Clone, Debug, PartialEq)]
pub struct AlertingStatus {
    /// The worst state of its alerts.
    pub state: AlertState,
    /// How long the expression must have a value before an alert fires.
    pub hold_duration: Duration,
    /// How long an alert fires after that.
    pub keep_firing_for: Duration,
    /// Templates of what people are told.
    pub annotations: BTreeMap<String, String>,
    /// Alerts that wait or fire, by labels.
    pub alerts: Vec<AlertStatus>,
}

/// How an alert stands.
#[derive(Clone, Debug, PartialEq)]
pub struct AlertStatus {
    /// What identifies it.
    pub labels: Labels,
    /// What people are told.
    pub annotations: BTreeMap<String, String>,
    /// Its state.
    pub state: AlertState,
    /// Since when the expression has a value.
    pub active_at: i64,
    /// Since when it only fires because of `keep_firing_for`.
    pub keep_firing_since: Option<i64>,
    /// The expression's value.
    pub value: f64,
}

impl GroupStatus {
    pub(crate) fn of(group: &Group) -> Self {
        let progress = *group.progress();
        Self {
            name: group.spec.key.name.clone(),
            file: group.spec.key.file.clone(),
            interval: group.spec.interval,
            limit: group.spec.limit,
            evaluation_time: progress.duration,
            last_evaluation: progress.at,
            rules: group.rules.iter().map(RuleStatus::of).collect(),
        }
    }
}

impl RuleStatus {
    pub(crate) fn of(rule: &Rule) -> Self {
        let progress = rule.progress().clone();
        let spec = &rule.spec;
        let alerting = spec.alert.as_ref().map(|alert| {
            let alerts = rule.alerts();
            let active = alerts.active.values();
            let active = active.filter(|alert| alert.resolved_at.is_none());
            let mut shown: Vec<AlertStatus> = active.map(AlertStatus::of).collect();
            shown.sort_by(|a, b| a.labels.cmp(&b.labels));
            AlertingStatus {
                state: match progress.at {
                    None if alerts.active.is_empty() => AlertState::Unknown,
                    _ => alerts.state(),
                },
                hold_duration: alert.hold_duration,
                keep_firing_for: alert.keep_firing_for,
                annotations: alert.annotations.clone(),
                alerts: shown,
            }
        });
        Self {
            name: spec.name.clone(),
            query: spec.expr.clone(),
            labels: spec.labels.clone(),
            health: progress.health,
            last_error: progress.last_error,
            evaluation_time: progress.duration,
            last_evaluation: progress.at,
            alerting,
        }
    }
}

impl AlertStatus {
    fn of(alert: &ActiveAlert) -> Self {
        Self {
            labels: alert.labels.clone(),
            annotations: alert.annotations.clone(),
            state: alert.state,
            active_at: alert.active_at,
            keep_firing_since: alert.keep_firing_since,
            value: alert.value,
        }
    }
}
