//! Threads for work that holds the CPU or blocks, apart from the async runtime.

use std::io;

/// A fixed set of named threads that share a queue.
#[derive(Debug)]
pub struct Pool {
    threads: rayon::ThreadPool,
}

/// The operating system gave no threads.
#[derive(Debug, thiserror::Error)]
#[error("starting threads {name}: {reason}")]
pub struct PoolError {
    name: String,
    reason: String,
}

impl Pool {
    /// Starts `size` threads called `name-0`, `name-1`, …
    ///
    /// # Errors
    /// The operating system gives no thread.
    pub fn new(name: &str, size: usize) -> Result<Self, PoolError> {
        let label = name.to_owned();
        rayon::ThreadPoolBuilder::new()
            .num_threads(size)
            .thread_name(move |index| format!("{label}-{index}"))
            .build()
            .map(|threads| Self { threads })
            .map_err(|error| PoolError {
                name: name.to_owned(),
                reason: error.to_string(),
            })
    }

    /// Runs `work` on one of the threads and returns at once.
    pub fn spawn(&self, work: impl FnOnce() + Send + 'static) {
        self.threads.spawn(work);
    }

    /// Runs `work` on one of the threads and waits for it. Parallel iterators inside use this pool.
    pub fn install<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        self.threads.install(work)
    }

    /// Number of threads.
    pub fn size(&self) -> usize {
        self.threads.current_num_threads()
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
        self.threads.spawn(move || {
            let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
            // The asker may have gone away; then nobody wants the result.
            drop(sender.send(outcome.map_err(|_| Panicked)));
        });
        receiver.await.unwrap_or(Err(Panicked))
    }
}

/// Work on a pool panicked.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("internal error: the work panicked, see the log")]
pub struct Panicked;

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
