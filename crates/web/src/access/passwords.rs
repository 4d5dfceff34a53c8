//! Checks passwords against bcrypt hashes, on a thread of its own: one check holds the CPU for tens
//! of milliseconds.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use config::Secret;
use host::pool::{Pool, PoolError};

/// Checks passwords and remembers the verdicts.
#[derive(Debug)]
pub(super) struct Passwords {
    /// One thread, as upstream checks one at a time: a flood of wrong passwords takes one CPU.
    pool: Pool,
    verdicts: Mutex<HashMap<Question, bool>>,
}

/// User, hash and password. Kept in memory as long as the process, as upstream does.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Question {
    user: String,
    hash: Secret,
    password: Secret,
}

impl std::fmt::Debug for Question {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.user)
    }
}

impl Passwords {
    pub(super) fn new() -> Result<Self, PoolError> {
        Ok(Self {
            pool: Pool::new("password", 1)?,
            verdicts: Mutex::default(),
        })
    }

    /// True if `password` is the one of `hash`. A user without a hash is checked, too, and refused:
    /// time does not tell whether there is such a user.
    pub(super) async fn is_right(&self, hash: Option<&Secret>, user: &str, password: &str) -> bool {
        let question = Question {
            user: user.to_owned(),
            hash: hash.cloned().unwrap_or_else(|| Secret::new(NOBODYS_HASH)),
            password: Secret::new(password),
        };
        let known = self.lock().get(&question).copied();
        let verdict = match known {
            Some(verdict) => verdict,
            None => self.check(question).await,
        };
        verdict && hash.is_some()
    }

    async fn check(&self, question: Question) -> bool {
        let asked = question.clone();
        let work = move || bcrypt::verify(asked.password.expose(), asked.hash.expose());
        let verdict = matches!(self.pool.run(work).await, Ok(Ok(true)));
        let mut verdicts = self.lock();
        if verdicts.len() >= MOST_VERDICTS {
            // Those of right passwords are worth more than those of somebody who guesses.
            verdicts.retain(|_, is_right| *is_right);
        }
        if verdicts.len() >= MOST_VERDICTS {
            verdicts.clear();
        }
        verdicts.insert(question, verdict);
        verdict
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Question, bool>> {
        self.verdicts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The hash of no password that anybody has.
const NOBODYS_HASH: &str = "$2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi";
/// Verdicts that are remembered. Source: Prometheus.
const MOST_VERDICTS: usize = 100;
