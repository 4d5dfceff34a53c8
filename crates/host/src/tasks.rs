//! Async tasks that belong to somebody: a group is drained, and no task is left behind.

use std::future::Future;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Tells components that it is time to end. Clones tell the same.
#[derive(Clone, Debug)]
pub struct Shutdown {
    receiver: watch::Receiver<bool>,
}

impl Shutdown {
    /// Waits until it is time to end.
    pub async fn wait(&mut self) {
        // A dropped trigger means the same as a pulled one.
        drop(self.receiver.wait_for(|stop| *stop).await);
    }

    /// True once it is time to end.
    pub fn is_set(&self) -> bool {
        *self.receiver.borrow()
    }
}

/// The other end of [`Shutdown`].
#[derive(Debug)]
pub struct Trigger {
    sender: watch::Sender<bool>,
}

impl Trigger {
    /// A trigger that has not been pulled.
    pub fn new() -> Self {
        Self {
            sender: watch::Sender::new(false),
        }
    }

    /// A listener for this trigger.
    pub fn shutdown(&self) -> Shutdown {
        Shutdown {
            receiver: self.sender.subscribe(),
        }
    }

    /// Says that it is time to end.
    pub fn pull(&self) {
        self.sender.send_replace(true);
    }
}

impl Default for Trigger {
    fn default() -> Self {
        Self::new()
    }
}

/// Tasks with one owner.
#[derive(Debug, Default)]
pub struct TaskGroup {
    tasks: JoinSet<()>,
}

impl TaskGroup {
    /// An empty group.
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts a task in the group. A panic inside ends this task only, and is logged at the end.
    pub fn spawn(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(task);
        self.take_ended();
    }

    /// As [`spawn`](Self::spawn), on an event loop of the caller's choice.
    pub fn spawn_on(&mut self, lane: &Handle, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn_on(task, lane);
        self.take_ended();
    }

    fn take_ended(&mut self) {
        while let Some(ended) = self.tasks.try_join_next() {
            log_panic(ended);
        }
    }

    /// Number of tasks that have not been seen to end.
    pub fn len(&self) -> usize {
        self.tasks.len()
    }

    /// True if there is no task.
    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// Waits for all tasks to end, at most `patience`; then ends those that are left.
    pub async fn drain(mut self, patience: Duration) {
        let all = async {
            while let Some(ended) = self.tasks.join_next().await {
                log_panic(ended);
            }
        };
        if tokio::time::timeout(patience, all).await.is_err() {
            tracing::warn!(tasks = self.tasks.len(), "tasks did not end in time");
            self.tasks.shutdown().await;
        }
    }
}

fn log_panic(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        tracing::error!(%error, "a task panicked");
    }
}
