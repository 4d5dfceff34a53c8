//! Threads that each run an event loop of their own, for many small tasks that wait on the network
//! and then work for a moment.
//!
//! A task stays on its lane: it is woken, reads its socket and works on what came without handing
//! anything to another thread. On the shared runtime with its stealing, waking threads was measured
//! to cost a third of what a scrape does.

use std::io;
use std::sync::mpsc::sync_channel;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

use crate::pool::thread;

/// A fixed set of named threads with an event loop each. They end when this is dropped, and their
/// tasks with them.
#[derive(Debug)]
pub struct Lanes {
    lanes: Vec<Lane>,
}

#[derive(Debug)]
struct Lane {
    handle: Handle,
    /// Dropped to end the thread.
    _life: oneshot::Sender<()>,
}

impl Lanes {
    /// Starts `size` threads, at least one, called `name-0`, `name-1`, …
    ///
    /// # Errors
    /// The operating system gives no thread or no event queue.
    pub fn new(name: &str, size: usize) -> io::Result<Self> {
        let lanes = (0..size.max(1)).map(|index| Lane::start(&format!("{name}-{index}")));
        Ok(Self {
            lanes: lanes.collect::<io::Result<_>>()?,
        })
    }

    /// The lane for tasks with this hash: always the same, and about as many on each.
    pub fn lane(&self, hash: u64) -> &Handle {
        let index = (u128::from(hash) * self.lanes.len() as u128) >> u64::BITS;
        let index =
            usize::try_from(index).expect("a hash has 64 bits, so this is below the length");
        &self.lanes[index].handle
    }
}

impl Lane {
    fn start(name: &str) -> io::Result<Self> {
        let (life, end) = oneshot::channel::<()>();
        let (sender, receiver) = sync_channel(1);
        thread(name, move || {
            let mut builder = Builder::new_current_thread();
            // Only names are looked up there.
            builder.enable_all().max_blocking_threads(LOOK_UPS);
            let runtime = match builder.build() {
                Ok(runtime) => runtime,
                Err(error) => return drop(sender.send(Err(error))),
            };
            drop(sender.send(Ok(runtime.handle().clone())));
            // An error means that the other end is gone: the end all the same.
            drop(runtime.block_on(end));
            // Not dropped: that would wait for names that are still being looked up.
            runtime.shutdown_background();
        })?;
        let handle = receiver.recv().map_err(io::Error::other)??;
        Ok(Self {
            handle,
            _life: life,
        })
    }
}

/// Names that one lane looks up at once.
const LOOK_UPS: usize = 16;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::tasks::TaskGroup;

    #[test]
    fn tasks_run_on_their_lane_and_a_panic_ends_nothing_else() {
        let lanes = Lanes::new("lane", 2).unwrap();
        let (sender, receiver) = sync_channel(4);
        let outer = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        outer.block_on(async {
            let mut tasks = TaskGroup::new();
            tasks.spawn_on(lanes.lane(0), async { panic!("planted") });
            for hash in [0, u64::MAX / 2 + 1, u64::MAX, 1] {
                let sender = sender.clone();
                tasks.spawn_on(lanes.lane(hash), async move {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                    let thread = std::thread::current();
                    let name = thread.name().unwrap_or_default().to_owned();
                    sender.send((hash, name)).unwrap();
                });
            }
            tasks.drain(Duration::from_secs(60)).await;
        });
        let mut found: Vec<_> = receiver.try_iter().collect();
        found.sort();
        let names: Vec<&str> = found.iter().map(|(_, name)| name.as_str()).collect();
        assert_eq!(names, ["lane-0", "lane-0", "lane-1", "lane-1"]);
    }
}
