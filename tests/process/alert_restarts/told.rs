//! What a receiver was told, as the episodes of each alert, and how two receivers compare.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use model::date::parse_rfc3339;
use serde_json::Value;

use crate::receiver::{Received, Receiver};

/// From a kill until the server sees everything again, in milliseconds since the Unix epoch.
pub(super) struct Disturbance {
    pub(super) begin: i64,
    pub(super) end: i64,
}

/// Episodes of all alerts, by labels.
pub(super) struct Told {
    alerts: BTreeMap<String, Vec<Episode>>,
    /// What contradicts what was told before.
    contradictions: Vec<String>,
}

/// An alert from when it fires until it ends.
#[derive(Debug)]
struct Episode {
    begin: i64,
    end: Option<i64>,
    annotations: Value,
    link: Value,
}

/// How two receivers compare.
pub(super) struct Compared {
    pub(super) episodes: usize,
    false_resolves: usize,
    /// Most by which the killed server was early or late, in milliseconds.
    earliest: i64,
    latest: i64,
    differences: Vec<String>,
}

impl Told {
    pub(super) fn read(receiver: &Receiver) -> Self {
        let mut told = Self {
            alerts: BTreeMap::new(),
            contradictions: Vec::new(),
        };
        for Received { at, body } in receiver.received() {
            for alert in body.as_array().unwrap() {
                told.take_in(alert, at);
            }
        }
        told
    }

    fn take_in(&mut self, alert: &Value, at: i64) {
        let time = |field: &str| parse_rfc3339(alert[field].as_str().unwrap()).unwrap();
        let labels = alert["labels"].to_string();
        // An end that is still to come says for how long the alert is valid.
        let (begin, end) = (
            time("startsAt"),
            Some(time("endsAt")).filter(|end| *end <= at),
        );
        let episodes = self.alerts.entry(labels.clone()).or_default();
        let known = episodes.iter_mut().find(|episode| episode.begin == begin);
        let Some(known) = known else {
            episodes.push(Episode {
                begin,
                end,
                annotations: alert["annotations"].clone(),
                link: alert["generatorURL"].clone(),
            });
            return;
        };
        if known.end.is_some() && known.end != end {
            let line = format!("{labels}: {known:?} is told to end at {end:?}");
            self.contradictions.push(line);
        }
        known.end = end;
        known.annotations = alert["annotations"].clone();
    }

    fn of(&self, labels: &str) -> &[Episode] {
        self.alerts.get(labels).map_or(&[], Vec::as_slice)
    }

    /// Number of episodes.
    pub(super) fn len(&self) -> usize {
        self.alerts.values().map(Vec::len).sum()
    }

    /// True if nothing fires.
    pub(super) fn is_over(&self) -> bool {
        let mut episodes = self.alerts.values().flatten();
        episodes.all(|episode| episode.end.is_some())
    }

    /// What was told of a killed server, beside what was told of its twin. `decides` is how long alerts
    /// wait or linger at most.
    pub(super) fn compare(
        &self,
        twin: &Self,
        disturbances: &[Disturbance],
        decides: Duration,
    ) -> Compared {
        let mut compared = Compared {
            episodes: twin.len(),
            false_resolves: self.contradictions.len(),
            earliest: 0,
            latest: 0,
            differences: self.contradictions.clone(),
        };
        compared.differences.extend(twin.contradictions.clone());
        let decides = i64::try_from(decides.as_millis()).unwrap();
        // By as much as the server was disturbed before or meanwhile, it may be late.
        let is_near = |ours: i64, twins: i64| {
            let disturbed = disturbances
                .iter()
                .filter(|d| d.begin <= ours && d.end >= twins - decides - NEAR)
                .map(|d| d.end - d.begin);
            ours >= twins - NEAR && ours <= twins + NEAR + disturbed.sum::<i64>()
        };
        let labels: BTreeSet<&String> = self.alerts.keys().chain(twin.alerts.keys()).collect();
        for labels in labels {
            let (ours, twins) = (self.of(labels), twin.of(labels));
            let falsely = |episode: &&Episode| {
                let end = episode.end.unwrap_or(i64::MAX);
                let fires = |twin: &Episode| {
                    twin.begin + NEAR <= end && twin.end.is_some_and(|twin| end < twin - NEAR)
                };
                twins.iter().any(fires)
            };
            compared.false_resolves += ours.iter().filter(falsely).count();
            let is_same = |(our, twin): (&Episode, &Episode)| {
                (&our.annotations, &our.link) == (&twin.annotations, &twin.link)
                    && is_near(our.begin, twin.begin)
                    && our
                        .end
                        .zip(twin.end)
                        .is_some_and(|(our, twin)| is_near(our, twin))
            };
            if ours.len() != twins.len() || !ours.iter().zip(twins).all(is_same) {
                let line = format!("{labels}\n  killed: {ours:?}\n  twin:   {twins:?}");
                compared.differences.push(line);
            }
            for (our, twin) in ours.iter().zip(twins) {
                let ends = our.end.zip(twin.end).map(|(our, twin)| our - twin);
                for late in [Some(our.begin - twin.begin), ends].into_iter().flatten() {
                    compared.earliest = compared.earliest.min(late);
                    compared.latest = compared.latest.max(late);
                }
            }
        }
        compared
    }
}

impl Compared {
    pub(super) fn must_be_equal(&self) {
        let shown: Vec<&str> = self
            .differences
            .iter()
            .take(10)
            .map(String::as_str)
            .collect();
        assert!(
            self.differences.is_empty() && self.false_resolves == 0,
            "{self}\n{}",
            shown.join("\n")
        );
    }
}

impl fmt::Display for Compared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} episodes, {} differ, {} false resolves, from {} ms early to {} ms late",
            self.episodes,
            self.differences.len(),
            self.false_resolves,
            -self.earliest,
            self.latest
        )
    }
}

/// Milliseconds between the same moments of two servers that nobody disturbs: an interval of scrapes,
/// one of evaluations, and what a busy machine makes of them.
const NEAR: i64 = 5_000;
