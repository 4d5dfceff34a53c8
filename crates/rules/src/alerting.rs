//! Alerting rules: each series of an expression's value is an alert, which waits, fires and ends.

pub(crate) mod state;

use std::collections::{BTreeMap, HashMap, HashSet};

use config::rules::AlertSpec;
use model::alert::{ALERT_NAME, ALERT_STATE};
use model::label::METRIC_NAME;
use model::{Labels, LabelsBuilder};
use promql::{InstantSample, SampleValue};

use crate::expand::{Expander, Texts};
use crate::recording::ONE;
use crate::rule::{Moment, Output, RuleError};
use crate::spec::RuleSpec;
use state::{ActiveAlert, AlertState};

/// The alerts of a rule, by their labels.
#[derive(Clone, Debug, Default)]
pub(crate) struct Alerts {
    pub(crate) active: HashMap<Labels, ActiveAlert>,
    /// False until the state before a restart has been looked for: until then nothing is stored
    /// about the alerts, so that it can be found.
    pub(crate) is_restored: bool,
    /// Until when alerts that were restored are not taken as ended, in milliseconds since the Unix
    /// epoch: what they look at may not be complete before.
    pub(crate) hold_until: i64,
}

/// What a sample of the expression's value says about an alert.
pub(crate) struct Finding {
    value: SampleValue,
    annotations: BTreeMap<String, String>,
}

/// The alerts that a value means, by their labels.
pub(crate) type Findings = HashMap<Labels, Finding>;

impl Alerts {
    /// Takes what the expression's value says into account; what is to be stored about it comes
    /// back.
    pub(crate) fn take_in(
        &mut self,
        spec: &RuleSpec,
        alert: &AlertSpec,
        findings: Findings,
        moment: &Moment<'_>,
    ) -> Result<Vec<Output>, RuleError> {
        let mut found: HashSet<Labels> = HashSet::with_capacity(findings.len());
        for (labels, finding) in findings {
            found.insert(labels.clone());
            self.find(labels, finding, moment.time);
        }
        let limit = moment.limit;
        let number = self.advance(alert, |labels| found.contains(labels), moment.time);
        if limit > 0 && number > limit {
            self.active.clear();
            return Err(RuleError::Limit {
                limit,
                number,
                what: "alerts",
            });
        }
        Ok(self.outputs(spec))
    }

    /// The expression has a value for these labels.
    fn find(&mut self, labels: Labels, finding: Finding, time: i64) {
        match self.active.get_mut(&labels) {
            Some(active) if active.state != AlertState::Inactive => {
                active.value = finding.value.float().unwrap_or_default();
                active.annotations = finding.annotations;
            }
            _ => {
                let value = finding.value.float().unwrap_or_default();
                let pending =
                    ActiveAlert::pending(labels.clone(), finding.annotations, value, time);
                self.active.insert(labels, pending);
            }
        }
    }

    /// Moves each alert on, and counts those that have not ended.
    fn advance(
        &mut self,
        alert: &AlertSpec,
        is_found: impl Fn(&Labels) -> bool,
        time: i64,
    ) -> usize {
        let hold_until = self.hold_until;
        let mut number = 0;
        self.active.retain(|labels, active| {
            let is_found = is_found(labels);
            let stays = active.advance(alert, is_found, time, hold_until);
            number += usize::from(stays && active.state != AlertState::Inactive);
            stays
        });
        number
    }

    /// The series about alerts.
    fn outputs(&self, spec: &RuleSpec) -> Vec<Output> {
        if !self.is_restored {
            return Vec::new();
        }
        let mut outputs = Vec::with_capacity(2 * self.active.len());
        let mut builder = LabelsBuilder::new();
        for active in self.active.values() {
            if active.state == AlertState::Inactive {
                continue;
            }
            outputs.push(Output {
                labels: series(&mut builder, spec, &active.labels, Some(active.state)),
                value: ONE,
            });
            let seconds = active.active_at.div_euclid(1000);
            outputs.push(Output {
                labels: series(&mut builder, spec, &active.labels, None),
                value: SampleValue::Float(seconds as f64),
            });
        }
        outputs
    }

    /// The worst state of the rule's alerts.
    pub(crate) fn state(&self) -> AlertState {
        let states = self.active.values().map(|active| active.state);
        states.max().unwrap_or(AlertState::Inactive)
    }
}

/// Labels of `ALERTS` in this state, or of `ALERTS_FOR_STATE`.
fn series(
    builder: &mut LabelsBuilder,
    spec: &RuleSpec,
    labels: &Labels,
    state: Option<AlertState>,
) -> Labels {
    builder.clear();
    for (name, value) in &spec.labels {
        builder.set(name, value);
    }
    for (name, value) in labels {
        builder.set(name, value);
    }
    builder.set(ALERT_NAME, &spec.name);
    match state {
        Some(state) => {
            builder.set(METRIC_NAME, ALERTS);
            builder.set(ALERT_STATE, state.as_str());
        }
        None => builder.set(METRIC_NAME, ALERTS_FOR_STATE),
    }
    builder.build()
}

/// Labels and texts of the alerts that a vector means.
pub(crate) fn findings(
    spec: &RuleSpec,
    texts: &Texts,
    vector: Vec<InstantSample>,
    moment: &Moment<'_>,
) -> Result<Findings, RuleError> {
    let expander = Expander::new(moment);
    let mut findings = HashMap::with_capacity(vector.len());
    let mut builder = LabelsBuilder::new();
    for sample in vector {
        let data = expander.data(&sample.labels, &sample.value);
        builder.reset(&sample.labels);
        builder.delete(METRIC_NAME);
        for (name, text) in &texts.labels {
            builder.set(name, &expander.expand(text, &data));
        }
        builder.set(ALERT_NAME, &spec.name);
        let annotations = texts.annotations.iter();
        let annotations = annotations
            .map(|(name, text)| (name.clone(), expander.expand(text, &data)))
            .collect();
        let finding = Finding {
            value: sample.value,
            annotations,
        };
        if findings.insert(builder.build(), finding).is_some() {
            return Err(RuleError::SameLabels("alert"));
        }
    }
    Ok(findings)
}

/// Name of the series that say which alerts there are.
pub(crate) const ALERTS: &str = "ALERTS";
/// Name of the series that say since when alerts are active.
pub(crate) const ALERTS_FOR_STATE: &str = "ALERTS_FOR_STATE";
