//! What credentials are looked for in: variables, files, the time.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use crate::{Clock, Fs};

/// The surroundings of a process. Clones are the same.
#[derive(Clone)]
pub struct Surroundings {
    fs: Arc<dyn Fs>,
    clock: Arc<dyn Clock>,
    environment: Environment,
}

/// Gives the values of variables.
type Environment = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

impl Surroundings {
    /// Surroundings where `environment` gives the values of variables.
    pub fn new(
        fs: Arc<dyn Fs>,
        clock: Arc<dyn Clock>,
        environment: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        Self {
            fs,
            clock,
            environment: Arc::new(environment),
        }
    }

    pub(super) fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock)
    }

    /// The value of a variable that is set to something.
    pub fn variable(&self, name: &str) -> Option<String> {
        (self.environment)(name).filter(|value| !value.is_empty())
    }

    /// The text of a small file.
    ///
    /// # Errors
    /// The file cannot be read or is no text; the message names it.
    pub fn read(&self, path: &str) -> Result<String, String> {
        let read = self.fs.read(Path::new(path));
        let bytes = read.map_err(|error| format!("reading {path}: {error}"))?;
        String::from_utf8(bytes).map_err(|_| format!("reading {path}: the file is not UTF-8"))
    }
}

impl fmt::Debug for Surroundings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Surroundings").finish_non_exhaustive()
    }
}
