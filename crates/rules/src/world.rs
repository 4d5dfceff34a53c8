//! What evaluation needs of the rest of the process.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use host::Clock;
use host::pool::Pool;
use model::Alert;
use storage::Appendable;
use tokio::sync::Semaphore;

use crate::context::Context;
use crate::instruments::Instruments;
use crate::journal::Journal;
use crate::query::QuerySource;

/// Told of alerts; must not block.
pub type Notify = Arc<dyn Fn(Vec<Alert>) + Send + Sync>;

/// What evaluation needs of the rest of the process.
pub(crate) struct World {
    pub(crate) source: QuerySource,
    pub(crate) appendable: Arc<dyn Appendable>,
    /// Threads for evaluation. Of their own, so that rules never stand behind people's queries.
    pub(crate) pool: Arc<Pool>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) notify: Notify,
    pub(crate) resend_delay: Duration,
    pub(crate) outage_tolerance: Duration,
    pub(crate) grace_period: Duration,
    /// Longest evaluation of one rule.
    pub(crate) timeout: Duration,
    /// Places for rules beside those that have their group's turn; none: rules of a group are
    /// evaluated one by one.
    pub(crate) concurrency: Option<Arc<Semaphore>>,
    pub(crate) journal: Option<Journal>,
    pub(crate) instruments: Instruments,
    context: RwLock<Arc<Context>>,
}

impl World {
    pub(crate) fn new(options: crate::manager::RulesOptions, journal: Option<Journal>) -> Self {
        let instruments = Instruments::new(&options.registry);
        let places = options.max_concurrent_evaluations;
        Self {
            timeout: options.source.engine.options().timeout,
            source: options.source,
            appendable: options.appendable,
            pool: options.pool,
            clock: options.clock,
            notify: options.notify,
            resend_delay: options.resend_delay,
            outage_tolerance: options.outage_tolerance,
            grace_period: options.grace_period,
            concurrency: places.map(|places| Arc::new(Semaphore::new(places))),
            journal,
            instruments,
            context: RwLock::default(),
        }
    }

    /// What all rules see of the server, now.
    pub(crate) fn context(&self) -> Arc<Context> {
        let context = self.context.read();
        Arc::clone(&context.unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn set_context(&self, context: Arc<Context>) {
        *self.context.write().unwrap_or_else(PoisonError::into_inner) = context;
    }
}
