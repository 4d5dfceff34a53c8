//! Queries that wait or are evaluated now: to be listed, and to be ended.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use promql::{Interrupt, Usage};
use tokio::sync::Notify;

use crate::admission::Client;

/// All queries that have not ended.
#[derive(Clone, Debug, Default)]
pub(crate) struct Queries {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    next: AtomicU64,
    queries: Mutex<BTreeMap<u64, Arc<Query>>>,
}

/// One query.
#[derive(Debug)]
pub(crate) struct Query {
    /// What it is ended by over the API.
    pub(crate) id: u64,
    /// The expression.
    pub(crate) text: String,
    /// Who asked.
    pub(crate) client: Client,
    /// When, in milliseconds since the Unix epoch.
    pub(crate) asked_millis: i64,
    /// When, by the clock that never goes back.
    pub(crate) asked: Duration,
    /// What it uses.
    pub(crate) usage: Usage,
    /// Ends it.
    pub(crate) interrupt: Interrupt,
    is_running: AtomicBool,
    ended: Notify,
}

impl Query {
    /// True once it no longer waits for a place.
    pub(crate) fn is_running(&self) -> bool {
        self.is_running.load(Ordering::Relaxed)
    }

    /// Says that it no longer waits.
    pub(crate) fn begin(&self) {
        self.is_running.store(true, Ordering::Relaxed);
    }

    /// Waits until somebody ends it.
    pub(crate) async fn until_ended(&self) {
        self.ended.notified().await;
    }
}

/// A query's place in the list; dropped when the query ends.
#[derive(Debug)]
pub(crate) struct Listed {
    shared: Arc<Shared>,
    query: Arc<Query>,
}

impl Listed {
    /// The query.
    pub(crate) fn query(&self) -> &Arc<Query> {
        &self.query
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        self.shared.queries().remove(&self.query.id);
    }
}

impl Shared {
    fn queries(&self) -> MutexGuard<'_, BTreeMap<u64, Arc<Query>>> {
        self.queries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queries {
    /// Lists a query that came in.
    pub(crate) fn add(
        &self,
        text: String,
        client: Client,
        usage: Usage,
        asked_millis: i64,
        asked: Duration,
    ) -> Listed {
        let id = self.shared.next.fetch_add(1, Ordering::Relaxed) + 1;
        let query = Arc::new(Query {
            id,
            text,
            client,
            asked_millis,
            asked,
            usage,
            interrupt: Interrupt::new(),
            is_running: AtomicBool::new(false),
            ended: Notify::new(),
        });
        self.shared.queries().insert(id, Arc::clone(&query));
        Listed {
            shared: Arc::clone(&self.shared),
            query,
        }
    }

    /// All of them, the longest first.
    pub(crate) fn all(&self) -> Vec<Arc<Query>> {
        self.shared.queries().values().cloned().collect()
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.shared.queries().len()
    }

    /// Ends a query. False if there is none with this number.
    pub(crate) fn end(&self, id: u64, by: &str) -> bool {
        let query = self.shared.queries().get(&id).cloned();
        if let Some(query) = &query {
            query.interrupt.end(by);
            query.ended.notify_one();
        }
        query.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_listed_until_they_end() {
        let queries = Queries::default();
        let add =
            |text: &str| queries.add(text.to_owned(), None, Usage::default(), 0, Duration::ZERO);
        let (one, other) = (add("one"), add("other"));
        let texts = || -> Vec<String> { queries.all().iter().map(|q| q.text.clone()).collect() };
        assert_eq!(texts(), ["one", "other"]);
        drop(one);
        assert_eq!(texts(), ["other"]);
        let id = other.query().id;
        assert!(queries.end(id, "somebody"));
        assert!(other.query().interrupt.check().is_err());
        drop(other);
        assert!(!queries.end(id, "somebody"));
    }
}
