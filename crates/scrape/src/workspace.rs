//! Buffers that scrapes borrow: a target that waits for its next scrape holds none.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::fetch::Inflater;

/// What one scrape works with.
#[derive(Debug)]
pub(crate) struct Workspace {
    /// The body as it came.
    pub(crate) body: Vec<u8>,
    /// The page that a compressed body held.
    pub(crate) page: Vec<u8>,
    pub(crate) inflater: Inflater,
}

/// Workspaces that are not in use.
#[derive(Debug, Default)]
pub(crate) struct Workspaces {
    idle: Mutex<Vec<Workspace>>,
}

impl Workspaces {
    pub(crate) fn take(&self) -> Workspace {
        self.lock().pop().unwrap_or_else(|| Workspace {
            body: Vec::new(),
            page: Vec::new(),
            inflater: Inflater::new(),
        })
    }

    pub(crate) fn give_back(&self, mut workspace: Workspace) {
        for buffer in [&mut workspace.body, &mut workspace.page] {
            if buffer.capacity() > MAX_IDLE_BYTES {
                *buffer = Vec::new();
            }
        }
        let mut idle = self.lock();
        if idle.len() < MAX_IDLE {
            idle.push(workspace);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Workspace>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A buffer larger than this is given back to the machine; few pages are.
const MAX_IDLE_BYTES: usize = 1 << 20;
/// Scrapes that run at once are few, for targets are spread over the interval.
const MAX_IDLE: usize = 16;
