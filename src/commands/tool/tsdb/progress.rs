//! A line at a terminal that says how far long work has come.

use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use host::Clock as _;
use host::clock::RealClock;

/// Says nothing where nobody watches, and nothing of work that is done at once.
pub(super) struct Progress {
    clock: RealClock,
    is_watched: bool,
    next: Duration,
    is_shown: bool,
}

impl Progress {
    pub(super) fn new() -> Self {
        let clock = RealClock::default();
        let next = clock.monotonic() + FIRST;
        Self {
            clock,
            is_watched: std::io::stderr().is_terminal(),
            next,
            is_shown: false,
        }
    }

    /// Says that `thousandths` of `what` are done.
    pub(super) fn show(&mut self, what: &str, thousandths: u64) {
        let now = self.clock.monotonic();
        if !self.is_watched || now < self.next {
            return;
        }
        self.next = now + EVERY;
        self.is_shown = true;
        self.write(&format!("{what}: {} %", thousandths / 10));
    }

    fn write(&self, text: &str) {
        // What cannot be shown is no reason to end the work.
        drop(write!(std::io::stderr(), "\r\x1b[K{text}"));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.is_shown {
            self.write("");
        }
    }
}

const FIRST: Duration = Duration::from_millis(500);
const EVERY: Duration = Duration::from_millis(100);
