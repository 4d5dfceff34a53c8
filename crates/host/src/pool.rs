//! Threads for work that holds the CPU or blocks, apart from the async runtime.

use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// A fixed set of named threads that share a queue. Idle threads sleep at once: work arrives in
/// small pieces many times a second, and threads that spin while they wait for the next piece were
/// measured to cost more than the work itself.
#[derive(Debug)]
pub struct Pool {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    wake: Condvar,
}

/// Work that waits. Unbounded: whoever hands work over waits for it, so there is never more of it
/// than there are targets, connections or timers.
#[derive(Default)]
struct Queue {
    work: VecDeque<Work>,
    closed: bool,
}

type Work = Box<dyn FnOnce() + Send>;

/// The operating system gave no threads.
#[derive(Debug, thiserror::Error)]
#[error("starting thread {name}: {source}")]
pub struct PoolError {
    name: String,
    source: io::Error,
}

impl Pool {
    /// Starts `size` threads, at least one, called `name-0`, `name-1`, …
    ///
    /// # Errors
    /// The operating system gives no thread.
    pub fn new(name: &str, size: usize) -> Result<Self, PoolError> {
        let pool = Self {
            shared: Arc::default(),
        };
        for index in 0..size.max(1) {
            let name = format!("{name}-{index}");
            let shared = Arc::clone(&pool.shared);
            thread(&name, move || shared.work()).map_err(|source| PoolError { name, source })?;
        }
        Ok(pool)
    }

    /// Runs `work` on one of the threads and returns at once. A panic inside ends this work only.
    pub fn spawn(&self, work: impl FnOnce() + Send + 'static) {
        self.shared.queue().work.push_back(Box::new(work));
        self.shared.wake.notify_one();
    }

    /// Runs `work` on one of the threads; the future waits for it without holding the runtime.
    ///
    /// # Errors
    /// The work panicked; the panic is in the log, nothing else is harmed.
    #[cfg(feature = "net")]
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Panicked> {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        self.spawn(move || {
            // The asker may have gone away; then nobody wants the result.
            drop(sender.send(work()));
        });
        receiver.await.map_err(|_| Panicked)
    }
}

/// The threads finish what waits, then end.
impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.queue().closed = true;
        self.shared.wake.notify_all();
    }
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The life of one thread.
    fn work(&self) {
        while let Some(work) = self.next() {
            if catch_unwind(AssertUnwindSafe(work)).is_err() {
                tracing::error!("work on a pool panicked");
            }
        }
    }

    fn next(&self) -> Option<Work> {
        let idle = |queue: &mut Queue| queue.work.is_empty() && !queue.closed;
        let queue = self.wake.wait_while(self.queue(), idle);
        queue
            .unwrap_or_else(PoisonError::into_inner)
            .work
            .pop_front()
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared")
            .field("waiting", &self.queue().work.len())
            .finish_non_exhaustive()
    }
}

/// Work on a pool panicked.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("internal error: the work panicked, see the log")]
pub struct Panicked;

/// Runs `work` at once on this thread, as a pool would: for work that is too small to be handed over.
///
/// # Errors
/// The work panicked; the panic is in the log, nothing else is harmed.
pub fn run_here<T>(work: impl FnOnce() -> T) -> Result<T, Panicked> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| {
        tracing::error!("work on an event loop panicked");
        Panicked
    })
}

/// Starts one thread of its own, for a component that blocks for as long as the process lives.
///
/// # Errors
/// The operating system gives no thread.
#[allow(clippy::disallowed_methods, reason = "this is where threads come from")]
pub fn thread(
    name: &str,
    work: impl FnOnce() + Send + 'static,
) -> io::Result<std::thread::JoinHandle<()>> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(work)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::sync_channel;

    use super::*;

    #[test]
    fn work_runs_and_a_panic_ends_nothing_else() {
        let pool = Pool::new("test", 1).unwrap();
        let (sender, receiver) = sync_channel(2);
        pool.spawn(|| panic!("planted"));
        let name = sender.clone();
        pool.spawn(move || {
            let thread = std::thread::current();
            name.send(thread.name().unwrap_or_default().to_owned())
                .unwrap();
        });
        assert_eq!(receiver.recv().unwrap(), "test-0");
        pool.spawn(move || sender.send("last".to_owned()).unwrap());
        drop(pool);
        assert_eq!(receiver.recv().unwrap(), "last", "what waits is finished");
    }
}
