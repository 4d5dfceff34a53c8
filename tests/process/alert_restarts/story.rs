//! What the alerts live through: a page whose values come and go as a seed has it.
//!
//! Each phase is clearly shorter or clearly longer than what decides: an alert that waits is given up
//! well before it would fire or fires well before it ends. While a restart takes long the story stands
//! still, so that nothing comes and goes that the killed server cannot see.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// How the alerts of a rule wait and linger.
pub(super) struct Kind {
    pub(super) hold: Duration,
    pub(super) linger: Duration,
}

/// Shared by the page and the test.
#[derive(Clone)]
pub(super) struct Story {
    inner: Arc<Mutex<Inner>>,
}

struct Inner {
    random: Random,
    phases: Vec<Phase>,
    turns: usize,
    has_begun: bool,
    is_ending: bool,
    /// Since when the killed server may not see everything, and until when, if that is known.
    disturbed: Option<(Instant, Option<Instant>)>,
}

/// Where an alert is.
struct Phase {
    rule: usize,
    is_on: bool,
    /// When it began, and by when both servers have seen it for sure.
    since: Instant,
    seen: Instant,
    planned: Duration,
    /// Whether the alert fires, or lingers, in both servers.
    fires: bool,
}

impl Story {
    /// A story in which nothing happens yet.
    pub(super) fn new(seed: u64) -> Self {
        let now = Instant::now();
        let phases = (0..ALERTS).map(|number| Phase {
            rule: number % KINDS.len(),
            is_on: false,
            since: now,
            seen: now,
            planned: Duration::ZERO,
            fires: false,
        });
        Self {
            inner: Arc::new(Mutex::new(Inner {
                random: Random::new(seed),
                phases: phases.collect(),
                turns: 0,
                has_begun: false,
                is_ending: false,
                disturbed: None,
            })),
        }
    }

    /// The page as it is now.
    pub(super) fn page(&self) -> String {
        let mut inner = self.inner();
        inner.go_on(Instant::now());
        let mut page = "# TYPE phase gauge\n".to_owned();
        for (number, phase) in inner.phases.iter().enumerate() {
            let value = if phase.is_on { number + 1 } else { 0 };
            let rule = phase.rule;
            page.push_str(&format!(
                "phase{{rule=\"{rule}\",alert=\"a{number}\"}} {value}\n"
            ));
        }
        page
    }

    /// From now on alerts come and go.
    pub(super) fn begin(&self) {
        let mut guard = self.inner();
        let inner = &mut *guard;
        inner.has_begun = true;
        for phase in &mut inner.phases {
            let spread = inner.random.between(Duration::ZERO, SPREAD);
            phase.planned = phase.since.elapsed() + spread;
        }
    }

    /// A server is killed.
    pub(super) fn disturb(&self) {
        let mut inner = self.inner();
        inner.go_on(Instant::now());
        let since = inner
            .disturbed
            .map_or_else(Instant::now, |(since, _)| since);
        inner.disturbed = Some((since, None));
    }

    /// It will see everything from this moment on.
    pub(super) fn settle(&self, calm: Instant) {
        let mut inner = self.inner();
        if let Some((_, until)) = &mut inner.disturbed {
            *until = Some(calm);
        }
    }

    /// No alert comes any more, and all end.
    pub(super) fn finish(&self) {
        self.inner().is_ending = true;
    }

    /// Whether all alerts have ended, also those that linger.
    pub(super) fn is_over(&self) -> bool {
        let inner = self.inner();
        let over = |phase: &Phase| !phase.is_on && !phase.fires;
        inner.is_ending && inner.phases.iter().all(over)
    }

    /// How often alerts have come or gone.
    pub(super) fn turns(&self) -> usize {
        self.inner().turns
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }
}

impl Inner {
    /// Lets happen what is due.
    fn go_on(&mut self, now: Instant) {
        if let Some((since, until)) = self.disturbed {
            if until.is_some_and(|until| now >= until) {
                self.disturbed = None;
                let unseen = |phase: &&mut Phase| phase.since + SEEN >= since;
                self.phases
                    .iter_mut()
                    .filter(unseen)
                    .for_each(|phase| phase.seen = now);
            } else if now > since + BLIND {
                return;
            }
        }
        if !self.has_begun {
            return;
        }
        for phase in &mut self.phases {
            let kind = &KINDS[phase.rule];
            let lasts = now - phase.since;
            phase.settle(kind, now);
            let is_due = lasts >= phase.planned || self.is_ending;
            if is_due && phase.may_turn(kind, now) && (phase.is_on || !self.is_ending) {
                phase.turn(kind, now, &mut self.random);
                self.turns += 1;
            }
        }
    }
}

impl Phase {
    /// How long the phase has to last for the alert to begin to fire, or to end.
    fn decides(&self, kind: &Kind) -> Duration {
        match (self.is_on, self.fires) {
            (true, false) => kind.hold,
            (false, true) => kind.linger,
            _ => Duration::ZERO,
        }
    }

    /// The alert fires, or has ended, once the phase has lasted long enough.
    fn settle(&mut self, kind: &Kind, now: Instant) {
        if now > self.seen + self.decides(kind) + AFTER {
            self.fires = self.is_on;
        }
    }

    /// True unless it would be too close a call.
    fn may_turn(&self, kind: &Kind, now: Instant) -> bool {
        let decides = self.decides(kind);
        now > self.seen + decides + AFTER || (now - self.since) + BEFORE < decides
    }

    fn turn(&mut self, kind: &Kind, now: Instant, random: &mut Random) {
        let is_on = !self.is_on;
        let was_clear = now > self.seen + AFTER;
        *self = Self {
            is_on,
            since: now,
            seen: now,
            ..*self
        };
        let decides = self.decides(kind);
        // After a short phase comes a long one, or the two could look like one.
        let may_be_short = was_clear && decides > BEFORE;
        self.planned = match may_be_short && random.between(0, 2) == 0 {
            true => random.between(SHORTEST, decides - BEFORE),
            false => decides + AFTER + random.between(Duration::ZERO, SPREAD),
        };
    }
}

/// The least generator that makes a story (splitmix64).
pub(super) struct Random {
    state: u64,
}

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// One of both or something between.
    pub(super) fn between<T: Scale>(&mut self, low: T, high: T) -> T {
        let (low, high) = (low.to_number(), high.to_number());
        T::from_number(low + self.next() % (high - low + 1))
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

/// What can be drawn by lot.
pub(super) trait Scale {
    fn to_number(self) -> u64;
    fn from_number(number: u64) -> Self;
}

impl Scale for u64 {
    fn to_number(self) -> u64 {
        self
    }
    fn from_number(number: u64) -> Self {
        number
    }
}

impl Scale for Duration {
    fn to_number(self) -> u64 {
        u64::try_from(self.as_millis()).unwrap()
    }
    fn from_number(number: u64) -> Self {
        Self::from_millis(number)
    }
}

/// Number of alerts.
pub(super) const ALERTS: usize = 300;
/// How long alerts wait, if they do.
pub(super) const HOLD: Duration = Duration::from_secs(12);
/// How long they linger, if they do.
pub(super) const LINGER: Duration = Duration::from_secs(12);
/// All ways.
pub(super) const KINDS: [Kind; 4] = [
    Kind {
        hold: Duration::ZERO,
        linger: Duration::ZERO,
    },
    Kind {
        hold: HOLD,
        linger: Duration::ZERO,
    },
    Kind {
        hold: Duration::ZERO,
        linger: LINGER,
    },
    Kind {
        hold: HOLD,
        linger: LINGER,
    },
];
/// A short phase ends so long before it would decide something.
const BEFORE: Duration = Duration::from_secs(6);
/// A long phase goes on so long after it has decided something.
const AFTER: Duration = Duration::from_secs(8);
/// Shortest phase: two scrapes see it.
const SHORTEST: Duration = Duration::from_secs(2);
/// Phases differ by as much.
const SPREAD: Duration = Duration::from_secs(12);
/// What began so long ago has been seen by a server that runs.
const SEEN: Duration = Duration::from_secs(3);
/// For so long things happen that a server which is down does not see.
const BLIND: Duration = Duration::from_secs(4);
