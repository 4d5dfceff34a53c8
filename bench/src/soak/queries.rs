//! The query load: a steady few a second, from one series to all of them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result};

use crate::http::connection::{Connection, push_parameter};
use crate::random::Random;

/// Several, so that a slow query does not hold up the ones that follow.
const CLIENTS: u32 = 4;

/// A running query load.
pub(super) struct QueryLoad {
    counts: Arc<Counts>,
    clients: Vec<JoinHandle<()>>,
}

#[derive(Default)]
struct Counts {
    answered: AtomicU64,
    refused: AtomicU64,
    is_over: AtomicBool,
}

impl QueryLoad {
    /// Asks `server`, which scrapes `targets` of the fleet, so many queries a second.
    pub(super) fn start(server: SocketAddr, targets: usize, per_second: f64) -> Result<Self> {
        let counts = Arc::new(Counts::default());
        let pause = Duration::from_secs_f64(1.0 / per_second.max(0.001));
        let begin = Instant::now();
        let client = |number| {
            let counts = Arc::clone(&counts);
            let first = begin + pause * number;
            let random = Random::new(u64::from(number));
            thread::Builder::new()
                .name(format!("client-{number}"))
                .spawn(move || ask(server, targets, first, pause * CLIENTS, random, &counts))
                .context("starting a client")
        };
        let clients = (0..CLIENTS).map(client).collect::<Result<_>>()?;
        Ok(Self { counts, clients })
    }

    /// How many were answered, and how many of the answers said no.
    pub(super) fn counts(&self) -> (u64, u64) {
        let load = |count: &AtomicU64| count.load(Ordering::Relaxed);
        (load(&self.counts.answered), load(&self.counts.refused))
    }

    /// Ends it.
    pub(super) fn stop(self) {
        self.counts.is_over.store(true, Ordering::Relaxed);
        for client in self.clients {
            // One that has panicked has said so.
            let _ = client.join();
        }
    }
}

/// Asks one query every `pause` until it is over; what was missed is not made up for.
fn ask(
    server: SocketAddr,
    targets: usize,
    first: Instant,
    pause: Duration,
    mut random: Random,
    counts: &Counts,
) {
    let mut connection = Connection::new(server);
    let mut due = first;
    while !counts.is_over.load(Ordering::Relaxed) {
        thread::sleep(due.saturating_duration_since(Instant::now()));
        due = (due + pause).max(Instant::now());
        let answer = connection.get(&query(&mut random, targets, now()));
        if answer.is_err() || answer.is_ok_and(|answer| answer.status != 200) {
            counts.refused.fetch_add(1, Ordering::Relaxed);
        }
        counts.answered.fetch_add(1, Ordering::Relaxed);
    }
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

/// Path and parameters of some query about the last minutes.
fn query(random: &mut Random, targets: usize, now: u64) -> String {
    let target = random.below(targets);
    let (namespace, instance) = (
        format!("team-{:03}", target / 4),
        format!("target-{target}"),
    );
    let counter = "http_requests_handled_0_total";
    let buckets = "http_requests_handled_0_duration_seconds_bucket";
    let (path, name, value) = match random.below(100) {
        0..30 => (
            "query",
            "query",
            format!("{counter}{{instance=\"{instance}\",code=\"200\"}}"),
        ),
        30..45 => (
            "query_range",
            "query",
            format!(
                "sum by (pod) (rate({{namespace=\"{namespace}\",__name__=~\".+_total\"}}[1m]))"
            ),
        ),
        45..60 => (
            "query_range",
            "query",
            format!("rate({counter}{{instance=\"{instance}\"}}[1m])"),
        ),
        60..70 => (
            "query",
            "query",
            format!("topk(5, sum by (namespace) (rate({counter}[2m])))"),
        ),
        70..80 => (
            "query",
            "query",
            format!("histogram_quantile(0.9, sum by (le, service) (rate({buckets}[1m])))"),
        ),
        80..88 => (
            "label/pod/values",
            "match[]",
            format!("{{namespace=\"{namespace}\"}}"),
        ),
        88..93 => ("series", "match[]", format!("{{instance=\"{instance}\"}}")),
        93..97 => ("query_range", "query", format!("sum by (code) ({counter})")),
        97..99 => ("labels", "match[]", counter.to_owned()),
        _ => ("query", "query", "count({__name__=~\".+\"})".to_owned()),
    };
    let mut parameters = String::new();
    push_parameter(&mut parameters, name, &value);
    match path {
        "query" => push_parameter(&mut parameters, "time", &now.to_string()),
        _ => {
            push_parameter(&mut parameters, "start", &(now - SPAN).to_string());
            push_parameter(&mut parameters, "end", &now.to_string());
        }
    }
    if path == "query_range" {
        push_parameter(&mut parameters, "step", STEP);
    }
    format!("/api/v1/{path}?{parameters}")
}

/// Seconds that a range goes back: through the head into several blocks.
const SPAN: u64 = 300;
const STEP: &str = "10";

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::query;
    use crate::random::Random;

    #[test]
    fn every_kind_of_query_is_asked() {
        let mut random = Random::new(1);
        let queries: Vec<String> = (0..2_000).map(|_| query(&mut random, 200, 1_000)).collect();
        let paths = queries.iter().filter_map(|query| query.split_once('?'));
        let paths: BTreeSet<&str> = paths.map(|(path, _)| path).collect();
        let expected = [
            "label/pod/values",
            "labels",
            "query",
            "query_range",
            "series",
        ];
        assert!(
            paths
                .into_iter()
                .eq(expected.map(|path| format!("/api/v1/{path}")))
        );
        assert!(queries.iter().any(|query| query.contains("count%28")));
        assert!(
            queries
                .iter()
                .any(|query| query.contains("start=700&end=1000"))
        );
    }
}
