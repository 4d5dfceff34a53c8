//! From alerts to entries of the journal and back.

use model::Labels;

use super::Entry;
use crate::alerting::state::ActiveAlert;

impl Entry {
    /// What is kept of an alert.
    pub(super) fn of(alert: &ActiveAlert) -> Self {
        let labels = alert.labels.iter();
        Self {
            labels: labels.map(|(n, v)| (n.to_owned(), v.to_owned())).collect(),
            annotations: alert.annotations.clone(),
            value_bits: alert.value.to_bits(),
            state: alert.state,
            active_at: alert.active_at,
            fired_at: alert.fired_at,
            resolved_at: alert.resolved_at,
            keep_firing_since: alert.keep_firing_since,
        }
    }

    /// True if the alert is in the same state since the same times.
    pub(super) fn is_state_of(&self, alert: &ActiveAlert) -> bool {
        self.state == alert.state
            && self.active_at == alert.active_at
            && self.fired_at == alert.fired_at
            && self.resolved_at == alert.resolved_at
            && self.keep_firing_since == alert.keep_firing_since
    }

    /// The alert, which is held for a while.
    pub(crate) fn to_alert(&self) -> ActiveAlert {
        ActiveAlert {
            state: self.state,
            labels: Labels::from_pairs(&self.labels),
            annotations: self.annotations.clone(),
            value: f64::from_bits(self.value_bits),
            active_at: self.active_at,
            fired_at: self.fired_at,
            resolved_at: self.resolved_at,
            keep_firing_since: self.keep_firing_since,
            last_sent_at: None,
            valid_until: 0,
            is_held: true,
        }
    }
}
