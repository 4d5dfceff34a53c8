//! Asking both servers one question in one of several manners.

use std::net::SocketAddr;
use std::thread;

use anyhow::{Context as _, Result};
use serde_json::Value as Json;

use crate::differential::answer::Answer;
use crate::differential::compare::{Difference, compare};
use crate::differential::dataset::{BEGIN, LENGTH};
use crate::differential::known;
use crate::differential::queries::{Origin, Query};
use crate::http;
use crate::http::connection::{Connection, push_parameter};
use crate::random::Random;

/// How an expression is asked.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Manner {
    /// At one time, in milliseconds.
    Instant(i64),
    /// Over a range: start, end and step in milliseconds.
    Range(i64, i64, i64),
    /// As a pretty text.
    Format,
    /// As a tree.
    Parse,
}

impl Manner {
    /// The manners in which a query is asked; `number` makes times differ between queries.
    pub(super) fn of(query: &Query, number: usize) -> Vec<Self> {
        let mut random = Random::new(number as u64);
        let (begin, end) = (BEGIN * 1_000, (BEGIN + LENGTH) * 1_000);
        let ranges = match query.origin {
            // As the compliance tester asks: ten minutes in steps of ten seconds.
            Origin::Compliance => vec![(end - 1_200_000, end - 600_000, 10_000)],
            Origin::Broken => return vec![Self::Parse, Self::Format, Self::Instant(end)],
            _ => {
                let step = [1_000, 7_013, 15_000, 60_000, 300_000][random.below(5)];
                let steps = 1 + random.below(40) as i64;
                let start = begin + random.below((end - begin) as usize) as i64;
                let aligned = start - start % 1_000;
                vec![(aligned, aligned + steps * step, step)]
            }
        };
        let ranges = ranges
            .into_iter()
            .map(|(start, end, step)| Self::Range(start, end, step));
        let at = begin + random.below(LENGTH as usize) as i64 * 1_000;
        let instants = [Self::Instant(end - 900_000), Self::Instant(at)];
        ranges
            .chain(instants)
            .chain([Self::Format, Self::Parse])
            .collect()
    }

    /// Path and form that ask `expression` in this manner.
    fn request(&self, expression: &str) -> (&'static str, String) {
        let seconds = |millis: i64| format!("{}.{:03}", millis / 1_000, millis % 1_000);
        let mut form = String::new();
        push_parameter(&mut form, "query", expression);
        let path = match self {
            Self::Instant(time) => {
                push_parameter(&mut form, "time", &seconds(*time));
                "/api/v1/query"
            }
            Self::Range(start, end, step) => {
                for (name, value) in [("start", start), ("end", end), ("step", step)] {
                    push_parameter(&mut form, name, &seconds(*value));
                }
                "/api/v1/query_range"
            }
            Self::Format => "/api/v1/format_query",
            Self::Parse => "/api/v1/parse_query",
        };
        (path, form)
    }

    /// In a few words, for the report.
    pub(super) fn describe(&self) -> String {
        let ago = |millis: &i64| millis - BEGIN * 1_000;
        match self {
            Self::Instant(time) => format!("instant at T+{} ms", ago(time)),
            Self::Range(start, end, step) => {
                format!("range T+{}..T+{} ms step {step} ms", ago(start), ago(end))
            }
            Self::Format => "format_query".to_owned(),
            Self::Parse => "parse_query".to_owned(),
        }
    }
}

/// Times that Prometheus is asked again before a difference counts.
const TRIES: usize = 40;

/// Connections to both servers.
pub(super) struct Pair {
    theirs: Connection,
    ours: Connection,
}

impl Pair {
    /// Connections to the servers at these addresses.
    pub(super) const fn new(theirs: SocketAddr, ours: SocketAddr) -> Self {
        Self {
            theirs: Connection::new(theirs),
            ours: Connection::new(ours),
        }
    }

    /// Asks both and compares; empty if they agree. In some places Prometheus goes over series in
    /// the order of a Go map, which is another one each time: last digits of `stddev`, the choice
    /// among equals or among errors then change between two of its own answers. What it does not
    /// agree with itself about is no difference.
    pub(super) fn differences(
        &mut self,
        expression: &str,
        manner: &Manner,
    ) -> Result<Vec<Difference>> {
        let (path, form) = manner.request(expression);
        let (theirs, ours) = thread::scope(|scope| {
            let theirs = scope.spawn(|| self.theirs.post_form(path, &form));
            let ours = self.ours.post_form(path, &form);
            (theirs.join(), ours)
        });
        let theirs: http::connection::Answer = match theirs {
            Ok(answer) => answer.context("asking Prometheus")?,
            Err(_) => anyhow::bail!("the thread that asks Prometheus panicked"),
        };
        let ours = ours.context("asking Narthex")?;
        if theirs.status == ours.status && theirs.body == ours.body {
            return Ok(Vec::new());
        }
        let (theirs, ours) = (Answer::read(&theirs), Answer::read(&ours));
        let mut differences = compare(expression, &theirs, &ours);
        for _ in 0..TRIES {
            if differences.is_empty() {
                break;
            }
            let again = Answer::read(&self.theirs.post_form(path, &form)?);
            let unstable = compare(expression, &theirs, &again);
            let is_unstable =
                |found: &Difference| unstable.iter().any(|one| one.kind == found.kind);
            differences.retain(|found| !is_unstable(found));
        }
        if differences.is_empty() {
            return Ok(differences);
        }
        let (path, form) = Manner::Parse.request(expression);
        let answer = self.theirs.post_form(path, &form)?;
        let tree: Json = serde_json::from_slice(&answer.body).unwrap_or_default();
        differences.retain(|found| !known::is_known(found.kind, &tree["data"]));
        Ok(differences)
    }
}
