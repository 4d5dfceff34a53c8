//! The life of one alert.

use std::collections::BTreeMap;
use std::time::Duration;

use config::rules::AlertSpec;
use model::Labels;
use serde::{Deserialize, Serialize};

/// How an alert stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlertState {
    /// The rule has not been evaluated.
    Unknown,
    /// It has fired and ended. Entered when the expression has lost its value and
    /// `keep_firing_for` is over; left after 15 minutes, or when the expression has a value again.
    Inactive,
    /// The expression has a value, but not for long enough. Entered with the first value; left to
    /// firing after the hold duration, or given up when the value goes.
    Pending,
    /// It fires. Entered after the hold duration; left to inactive.
    Firing,
}

impl AlertState {
    /// Upstream's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Inactive => "inactive",
            Self::Pending => "pending",
            Self::Firing => "firing",
        }
    }
}

/// One alert of a rule. Times are milliseconds since the Unix epoch.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ActiveAlert {
    pub(crate) state: AlertState,
    pub(crate) labels: Labels,
    pub(crate) annotations: BTreeMap<String, String>,
    /// The expression's value when it last had one.
    pub(crate) value: f64,
    /// Since when the expression has a value.
    pub(crate) active_at: i64,
    /// Since when the alert fires.
    pub(crate) fired_at: i64,
    /// When it ended.
    pub(crate) resolved_at: Option<i64>,
    /// Since when it only fires because of `keep_firing_for`.
    pub(crate) keep_firing_since: Option<i64>,
    /// When people were told last.
    pub(crate) last_sent_at: Option<i64>,
    /// Until when they take it as firing.
    pub(crate) valid_until: i64,
    /// True if it was there before a restart: for a while nothing follows from the expression having
    /// no value.
    pub(crate) is_held: bool,
}

impl ActiveAlert {
    /// A new alert.
    pub(crate) fn pending(
        labels: Labels,
        annotations: BTreeMap<String, String>,
        value: f64,
        time: i64,
    ) -> Self {
        Self {
            state: AlertState::Pending,
            labels,
            annotations,
            value,
            active_at: time,
            fired_at: 0,
            resolved_at: None,
            keep_firing_since: None,
            last_sent_at: None,
            valid_until: 0,
            is_held: false,
        }
    }

    /// What an evaluation at `time` makes of it, given whether the expression has a value. False if
    /// it may be forgotten. An alert of before a restart neither ends nor begins to fire without a
    /// value before `hold_until`: one that was found once may lack samples of the time down later.
    pub(crate) fn advance(
        &mut self,
        alert: &AlertSpec,
        is_found: bool,
        time: i64,
        hold_until: i64,
    ) -> bool {
        if is_found {
            self.keep_firing_since = None;
        } else if self.is_held && time < hold_until && self.state != AlertState::Inactive {
            return true;
        } else {
            let keeps_firing = self.keeps_firing(alert, time);
            let is_old = |resolved: i64| time - resolved > millis(RESOLVED_RETENTION);
            if self.state == AlertState::Pending || self.resolved_at.is_some_and(is_old) {
                return false;
            }
            if self.state != AlertState::Inactive && !keeps_firing {
                self.state = AlertState::Inactive;
                self.resolved_at = Some(time);
            }
        }
        let held = millis(alert.hold_duration);
        if self.state == AlertState::Pending && time - self.active_at >= held {
            self.state = AlertState::Firing;
            self.fired_at = time;
        }
        true
    }

    fn keeps_firing(&mut self, alert: &AlertSpec, time: i64) -> bool {
        if self.state != AlertState::Firing || alert.keep_firing_for.is_zero() {
            return false;
        }
        let since = *self.keep_firing_since.get_or_insert(time);
        time - since < millis(alert.keep_firing_for)
    }

    /// True if people are to be told at `time`: of something new, or again.
    pub(crate) fn needs_sending(&self, time: i64, resend_delay: Duration) -> bool {
        if self.state == AlertState::Pending {
            return false;
        }
        match (self.last_sent_at, self.resolved_at) {
            (None, _) => true,
            (Some(sent), Some(resolved)) if resolved > sent => true,
            (Some(sent), _) => sent + millis(resend_delay) < time,
        }
    }
}

/// A duration in milliseconds.
pub(crate) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// How long an alert that has ended is kept and told of. Source: Prometheus `rules`.
const RESOLVED_RETENTION: Duration = Duration::from_secs(15 * 60);

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;

    fn spec(hold: i64, keep: i64) -> AlertSpec {
        AlertSpec {
            hold_duration: Duration::from_secs(60 * hold.unsigned_abs()),
            keep_firing_for: Duration::from_secs(60 * keep.unsigned_abs()),
            ..AlertSpec::default()
        }
    }

    /// States of an alert minute by minute: `x` where the expression has a value.
    fn life(spec: &AlertSpec, found: &str) -> String {
        let mut alert = ActiveAlert::pending(Labels::empty(), BTreeMap::new(), 1.0, 0);
        let mut out = String::new();
        for (minute, c) in (0..).zip(found.chars()) {
            if !alert.advance(spec, c == 'x', minute * MINUTE, 0) {
                out.push('.');
                break;
            }
            out.push_str(&alert.state.as_str()[..1]);
        }
        out
    }

    #[test]
    fn alerts_wait_fire_and_end() {
        let cases = [
            (spec(0, 0), "xx_x", "ffii"),
            (spec(2, 0), "xxxx", "ppff"),
            (spec(2, 0), "xx_", "pp."),
            (spec(0, 2), "x___", "fffi"),
            (spec(0, 2), "x_x__", "fffff"),
            (spec(0, 0), "x_________________", "fiiiiiiiiiiiiiiii."),
        ];
        for (spec, found, want) in cases {
            assert_eq!(life(&spec, found), want, "{found}");
        }
    }

    #[test]
    fn a_restored_alert_does_not_end_before_its_data_can_be_there() {
        // The process dies after the first minute and is there again in the second; restored alerts
        // are held for three minutes.
        let cases = [
            (spec(0, 0), "x____", "fffi"),
            // A range may have its samples of before, then too few, then enough again.
            (spec(0, 0), "xx_xx", "fffff"),
            (spec(0, 1), "x______", "ffffi"),
            // Without a value nothing begins to fire.
            (spec(2, 0), "x____", "ppp."),
            (spec(2, 0), "x__xx", "pppff"),
            (spec(2, 0), "xx_x_", "pppfi"),
        ];
        for (spec, found, want) in cases {
            let mut alert = ActiveAlert::pending(Labels::empty(), BTreeMap::new(), 1.0, 0);
            let mut out = String::new();
            for (minute, c) in (0..).zip(found.chars()) {
                alert.is_held = minute > 0;
                if !alert.advance(&spec, c == 'x', minute * MINUTE, 3 * MINUTE) {
                    out.push('.');
                    break;
                }
                out.push_str(&alert.state.as_str()[..1]);
                if alert.state == AlertState::Inactive {
                    break;
                }
            }
            assert_eq!(out, want, "{found}");
        }
    }

    #[test]
    fn people_are_told_of_what_is_new_and_again_after_the_delay() {
        let delay = Duration::from_secs(60);
        let mut alert = ActiveAlert::pending(Labels::empty(), BTreeMap::new(), 1.0, 0);
        assert!(!alert.needs_sending(0, delay));
        alert.state = AlertState::Firing;
        assert!(alert.needs_sending(0, delay));
        alert.last_sent_at = Some(0);
        assert!(!alert.needs_sending(MINUTE, delay));
        assert!(alert.needs_sending(MINUTE + 1, delay));
        alert.resolved_at = Some(1);
        assert!(alert.needs_sending(2, delay));
    }
}
