//! Gives memory that was freed back to the operating system.
//!
//! The C library keeps freed blocks for each of its arenas, of which a dozen query threads use a
//! dozen. What one large query needed would stay in each of them.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use host::Fs;
use host::pool::Pool;
use host::tasks::{TaskGroup, Trigger};

/// What large queries leave is not to add up.
const INTERVAL: Duration = Duration::from_secs(5);

/// Looks every few seconds, on a thread of `pool`, until it is time to end.
pub(super) fn give_back(fs: &Arc<dyn Fs>, pool: &Arc<Pool>, stop: &Trigger, tasks: &mut TaskGroup) {
    let (fs, pool, mut shutdown) = (Arc::clone(fs), Arc::clone(pool), stop.shutdown());
    let level = Arc::new(Mutex::new(Level::default()));
    tasks.spawn(async move {
        let mut timer = tokio::time::interval(INTERVAL);
        timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = timer.tick() => {}
                () = shutdown.wait() => return,
            }
            let (fs, level) = (Arc::clone(&fs), Arc::clone(&level));
            let look = move || {
                let mut level = level.lock().unwrap_or_else(PoisonError::into_inner);
                if level.has_risen(resident_pages(&*fs)) {
                    host::allocator::return_free_pages();
                    level.note(resident_pages(&*fs));
                }
            };
            if let Err(error) = pool.run(look).await {
                tracing::error!(%error, "freed memory not given back");
            }
        }
    });
}

/// Pages that were resident when memory was given back last. Where nothing has come since, there is
/// nothing to look for: what is used all the time is not to be given back and fetched again.
#[derive(Debug, Default)]
struct Level(u64);

impl Level {
    /// Whether there is a sixteenth more now.
    fn has_risen(&mut self, pages: u64) -> bool {
        self.0 = self.0.min(pages);
        pages > self.0 + self.0 / 16
    }

    fn note(&mut self, pages: u64) {
        self.0 = pages;
    }
}

/// 0 where the system does not tell.
fn resident_pages(fs: &dyn Fs) -> u64 {
    let bytes = fs.read(Path::new("/proc/self/statm")).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let resident = text.split_ascii_whitespace().nth(1);
    resident.and_then(|pages| pages.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use host::fs::RealFs;

    use super::{Level, resident_pages};

    #[test]
    fn only_what_has_risen_is_looked_through() {
        let mut level = Level::default();
        assert!(level.has_risen(1_600));
        level.note(1_600);
        for (pages, has_risen) in [(1_600, false), (1_700, false), (1_701, true), (800, false)] {
            assert_eq!(level.has_risen(pages), has_risen, "{pages}");
        }
        // Measured from where it fell to.
        assert!(level.has_risen(900));
        assert!(!level.has_risen(0));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_process_has_pages() {
        assert!(resident_pages(&RealFs) > 100);
    }
}
