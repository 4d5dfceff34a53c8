//! The state of alerts before the start, where no journal has it: from `ALERTS_FOR_STATE`.

use std::collections::HashMap;

use model::alert::ALERT_NAME;
use model::label::METRIC_NAME;
use model::value::is_stale;
use model::{Labels, Matcher, TimeRange};
use storage::{Queryable, SampleBuffer, Select, SelectError};

use super::Group;
use crate::alerting::ALERTS_FOR_STATE;
use crate::alerting::state::millis;
use crate::world::World;

/// The last sample about an alert.
struct LastSeen {
    time: i64,
    active_at: i64,
}

/// Gives pending alerts the time that they had been active before the start, as upstream does: after
/// the second evaluation, and only where the hold duration is not below the grace period.
pub(crate) fn restore(group: &Group, world: &World, now: i64) {
    let began = world.clock.monotonic();
    for rule in &group.rules {
        let Some(alert) = &rule.spec.alert else {
            continue;
        };
        let hold = millis(alert.hold_duration);
        if alert.hold_duration >= world.grace_period {
            let since = now - millis(world.outage_tolerance);
            match last_seen(&*world.source.storage, &rule.spec.name, since, now) {
                Ok(seen) => {
                    let mut alerts = rule.alerts();
                    for active in alerts.active.values_mut() {
                        if let Some(seen) = seen.get(&active.labels) {
                            let grace = millis(world.grace_period);
                            active.active_at = active_since(seen, hold, grace, now);
                        }
                    }
                }
                Err(error) => {
                    tracing::error!(alertname = %rule.spec.name, %error, "failed to restore 'for' state");
                }
            }
        }
        rule.alerts().is_restored = true;
    }
    let took = world.clock.monotonic().saturating_sub(began);
    let restored = &world.instruments.last_restore_duration;
    restored
        .with(&[&group.spec.key.text()])
        .set(took.as_secs_f64());
}

/// Since when an alert counts as active: the time down does not count, and there is at least the
/// grace period left if it was not firing.
fn active_since(seen: &LastSeen, hold: i64, grace: i64, now: i64) -> i64 {
    let remaining = hold - (seen.time - seen.active_at);
    if remaining <= 0 {
        seen.active_at
    } else if remaining < grace {
        now + grace - hold
    } else {
        seen.active_at + (now - seen.time)
    }
}

/// When each alert of this name was seen last, by its labels.
fn last_seen(
    store: &dyn Queryable,
    alert: &str,
    since: i64,
    now: i64,
) -> Result<HashMap<Labels, LastSeen>, SelectError> {
    let range = TimeRange {
        min_time: since,
        max_time: now,
    };
    let matchers = vec![
        Matcher::equal(METRIC_NAME, ALERTS_FOR_STATE),
        Matcher::equal(ALERT_NAME, alert),
    ];
    let querier = store.querier(range)?;
    let set = querier.select(&Select::new(matchers, range))?;
    let mut found = HashMap::with_capacity(set.len());
    let mut buffer = SampleBuffer::default();
    for index in 0..set.len() {
        set.read(index, &mut buffer)?;
        let last = buffer.timestamps().last().zip(buffer.values().last());
        if let Some((&time, &value)) = last.filter(|(_, value)| !is_stale(**value)) {
            let seen = LastSeen {
                time: time.div_euclid(1000) * 1000,
                active_at: (value as i64) * 1000,
            };
            found.insert(set.labels(index).without_name(), seen);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_down_does_not_count() {
        let cases = [
            // Was firing: as it was.
            ((100, 0), 60, 10, 200, 0),
            // Much was left: later by the time down.
            ((100, 80), 60, 10, 200, 180),
            // Little was left: the grace period is.
            ((100, 45), 60, 10, 200, 150),
        ];
        for ((time, active_at), hold, grace, now, want) in cases {
            let seen = LastSeen { time, active_at };
            assert_eq!(active_since(&seen, hold, grace, now), want);
        }
    }
}
