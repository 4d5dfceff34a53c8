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
    environment: Environment,
}

/// Gives the values of variables.
type Environment = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

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
            fs,
            clock,
            pool,
            metrics: Metrics::new(registry),
            environment: Arc::new(environment),
        }
    }

    /// The value of a variable that is set to something.
    pub(crate) fn variable(&self, name: &str) -> Option<String> {
        (self.environment)(name).filter(|value| !value.is_empty())
    }

    /// The part of it that credentials are looked for in.
    pub(crate) fn surroundings(&self) -> Surroundings {
        let environment = Arc::clone(&self.environment);
        Surroundings::new(Arc::clone(&self.fs), Arc::clone(&self.clock), move |name| {
            environment(name)
        })
    }

    /// The contents of a file, read on a thread that may block.
    ///
    /// # Errors
    /// The file cannot be read or is no text; the message names it.
    pub(crate) async fn read(&self, path: &str) -> Result<String, String> {
        let (fs, wanted) = (Arc::clone(&self.fs), path.to_owned());
        let read = self.pool.run(move || fs.read(wanted.as_ref())).await;
        let bytes = read
            .map_err(|_| format!("reading {path}: a thread panicked"))?
            .map_err(|error| format!("reading {path}: {error}"))?;
        String::from_utf8(bytes).map_err(|_| format!("reading {path}: the file is not UTF-8"))
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").finish_non_exhaustive()
    }
}
