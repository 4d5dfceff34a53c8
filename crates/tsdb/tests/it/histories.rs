//! Random histories of a database are checked against a naive model of it.
//!
//! A history is a list of operations that its seed gives: batches of all kinds, deletions,
//! maintenance, snapshots, restarts, power failures inside any of them, and questions. After each
//! the database must say what maps say. `NARTHEX_HISTORIES` tells how many are tried (default 200),
//! `NARTHEX_HISTORY_SEED` where to begin. One that fails is made as short as it goes and printed.

mod life;
mod model;
mod operation;
mod question;
mod random;

use std::panic::{AssertUnwindSafe, catch_unwind};

use life::{Life, Plant};
use operation::Operation;

#[test]
fn histories_agree_with_a_model() {
    agree(0);
}

#[test]
fn more_histories_agree_with_a_model() {
    agree(1);
}

/// Every second history.
fn agree(part: u64) {
    let first = number("NARTHEX_HISTORY_SEED", 0);
    let end = first + number("NARTHEX_HISTORIES", 200);
    for seed in (first..end).filter(|seed| seed % 2 == part) {
        let history = Operation::history(seed);
        let Err(fault) = live(seed, &history, Plant::Nothing) else {
            continue;
        };
        let short = shortened(seed, history, Plant::Nothing);
        let last = live(seed, &short, Plant::Nothing).err();
        let steps: Vec<String> = short.iter().map(|step| format!("    {step:?}")).collect();
        panic!(
            "history {seed} fails: {fault}\nshortened to\n{}\nit fails: {}",
            steps.join("\n"),
            last.unwrap_or_default()
        );
    }
}

/// The model would find a fault: here are some.
#[test]
fn planted_faults_are_found() {
    for plant in [
        Plant::SkippedSync,
        Plant::LostBatch,
        Plant::ForgottenDeletion,
    ] {
        let is_found = |seed| live(seed, &Operation::history(seed), plant).is_err();
        assert!((0..40).any(is_found), "{plant:?} was not noticed");
    }
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}

/// Lives through a history; what went wrong, and at which step.
fn live(seed: u64, history: &[Operation], plant: Plant) -> Result<(), String> {
    let mut step = 0;
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let mut life = Life::begin(seed, plant);
        for operation in history {
            life.go_on(operation)?;
            step += 1;
        }
        life.check_all()
    }));
    let outcome = outcome.unwrap_or_else(|_| Err("it panicked".to_owned()));
    outcome.map_err(|fault| match history.get(step) {
        Some(operation) => format!("step {step}, {operation:?}: {fault}"),
        None => format!("at the end: {fault}"),
    })
}

/// The history without all that it fails without.
fn shortened(seed: u64, mut history: Vec<Operation>, plant: Plant) -> Vec<Operation> {
    let mut part = history.len() / 2;
    while part > 0 {
        let mut at = 0;
        while at < history.len() {
            let mut shorter = history.clone();
            shorter.drain(at..(at + part).min(history.len()));
            match live(seed, &shorter, plant) {
                Err(_) => history = shorter,
                Ok(()) => at += part,
            }
        }
        part /= 2;
    }
    history
}
