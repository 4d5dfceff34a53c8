//! What providers need of the rest of the process.

use std::fmt;
use std::sync::Arc;

use exposition::Registry;
use host::net::aws::Surroundings;
use host::pool::Pool;
use host::{Clock, Fs};

use crate::metrics::Metrics;

/// Files, time, threads, environment and metrics of all managers of a process. Clones are the same.
#[derive(Clone)]
pub struct World {
    pub(crate) fs: Arc<dyn Fs>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) pool: Arc<Pool>,
    pub(crate) metrics: Metrics,
    surroundings: Surroundings,
}

impl World {
    /// A world whose files are read on threads of `pool`; `environment` gives the values of
    /// variables.
    pub fn new(
        fs: Arc<dyn Fs>,
        clock: Arc<dyn Clock>,
        pool: Arc<Pool>,
        registry: &Registry,
        environment: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        Self {
            surroundings: Surroundings::new(Arc::clone(&fs), Arc::clone(&clock), environment),
            fs,
            clock,
            pool,
            metrics: Metrics::new(registry),
        }
    }

    /// The value of a variable that is set to something.
    pub(crate) fn variable(&self, name: &str) -> Option<String> {
        self.surroundings.variable(name)
    }

    /// The part of it that credentials are looked for in.
    pub fn surroundings(&self) -> Surroundings {
        self.surroundings.clone()
    }

    /// The contents of a file, read on a thread that may block.
    ///
    /// # Errors
    /// The file cannot be read or is no text; the message names it.
    pub(crate) async fn read(&self, path: &str) -> Result<String, String> {
        let (surroundings, wanted) = (self.surroundings(), path.to_owned());
        let read = self.pool.run(move || surroundings.read(&wanted)).await;
        read.map_err(|_| format!("reading {path}: a thread panicked"))?
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").finish_non_exhaustive()
    }
}
