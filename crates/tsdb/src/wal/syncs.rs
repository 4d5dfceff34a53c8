//! Who syncs the log, and who waits for it: group commit.

use std::collections::VecDeque;
use std::io;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::WalError;

/// How far the log is durable.
#[derive(Debug, Default)]
pub(super) struct Syncs {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Batches whose fate is known: those up to here.
    settled: u64,
    /// Those of them that are lost, as far as somebody may still ask.
    lost: VecDeque<Loss>,
    is_running: bool,
}

/// Batches that a failed sync covered.
#[derive(Debug)]
struct Loss {
    places: RangeInclusive<u64>,
    path: PathBuf,
    kind: io::ErrorKind,
    reason: String,
}

/// What somebody who waits for a batch has to do.
pub(super) enum Turn {
    /// Nothing: its fate is known.
    Settled(Result<(), WalError>),
    /// Sync, and [`settle`](Syncs::settle).
    Sync,
}

impl Syncs {
    /// Waits until the fate of a batch is known or nobody else syncs.
    pub(super) fn wait_for_turn(&self, place: u64) -> Turn {
        let mut state = self.state();
        loop {
            if place <= state.settled {
                return Turn::Settled(state.outcome(place));
            }
            if !state.is_running {
                state.is_running = true;
                return Turn::Sync;
            }
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Says how the sync of all batches up to `place` went.
    pub(super) fn settle(&self, place: u64, outcome: Result<(), WalError>) {
        let mut state = self.state();
        if let Err(error) = outcome {
            let loss = Loss {
                places: state.settled + 1..=place,
                path: error.path,
                kind: error.source.kind(),
                reason: error.source.to_string(),
            };
            state.lost.push_back(loss);
            if state.lost.len() > MOST_LOSSES {
                state.lost.pop_front();
            }
        }
        state.settled = state.settled.max(place);
        state.is_running = false;
        drop(state);
        self.changed.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn outcome(&self, place: u64) -> Result<(), WalError> {
        let mut losses = self.lost.iter();
        match losses.find(|loss| loss.places.contains(&place)) {
            None => Ok(()),
            Some(loss) => Err(WalError {
                path: loss.path.clone(),
                source: io::Error::new(loss.kind, loss.reason.clone()),
            }),
        }
    }
}

/// Failed syncs that are remembered: each is asked about by callers that waited for it, who come at
/// once.
const MOST_LOSSES: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn fails() -> Result<(), WalError> {
        Err(WalError {
            path: PathBuf::from("wal/00000001"),
            source: io::Error::other("broken"),
        })
    }

    #[test]
    fn batches_have_the_fate_of_the_sync_that_covered_them() {
        let syncs = Syncs::default();
        for (place, outcome) in [(3, Ok(())), (5, fails()), (9, Ok(()))] {
            assert!(matches!(syncs.wait_for_turn(place), Turn::Sync));
            syncs.settle(place, outcome);
        }
        let is_lost = |place| match syncs.wait_for_turn(place) {
            Turn::Settled(outcome) => outcome.is_err(),
            Turn::Sync => panic!("{place} is not settled"),
        };
        let lost: Vec<u64> = (0..=9).filter(|&place| is_lost(place)).collect();
        assert_eq!(lost, [4, 5]);
        assert!(matches!(syncs.wait_for_turn(10), Turn::Sync));
    }

    #[test]
    fn who_comes_meanwhile_waits_for_the_next() {
        let syncs = Syncs::default();
        assert!(matches!(syncs.wait_for_turn(1), Turn::Sync));
        std::thread::scope(|scope| {
            let waits = scope.spawn(|| matches!(syncs.wait_for_turn(2), Turn::Sync));
            syncs.settle(1, Ok(()));
            assert!(waits.join().unwrap());
        });
    }
}
