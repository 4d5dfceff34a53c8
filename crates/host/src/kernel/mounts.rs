//! Asks for the size of file systems with a limit of time: one that hangs does not hold the asker.
//!
//! `statfs(2)` on a network file system whose server is gone blocks, and nothing can interrupt it.
//! So the question is asked on a thread that may be lost. One thread does all the work as long as
//! file systems answer; others join when it makes no progress, and a thread that hangs is replaced,
//! up to a bound.

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{FileSystemSize, file_system_size};
use crate::clock::{Clock, RealClock};

/// How many threads may hang in file systems that do not answer. A machine with more such mounts
/// has lost its storage; then mounts are reported as stuck without asking.
const MAX_STUCK: usize = 16;
/// Without progress for this long another thread joins.
const HELP_AFTER: Duration = Duration::from_millis(50);

/// Threads that ask for the size of file systems. Dropping it ends them, but for those that hang.
#[derive(Debug)]
pub struct StatfsWorkers {
    shared: Arc<Shared>,
    size: usize,
    timeout: Duration,
}

/// Which file system to ask about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MountQuestion {
    /// Where it is mounted, as this process sees it.
    pub path: PathBuf,
}

/// What came back.
#[derive(Debug)]
pub enum MountAnswer {
    /// The file system answered, perhaps with an error.
    Answered(io::Result<FileSystemSize>),
    /// It did not answer in time. It is not asked again until it does.
    Stuck,
}

type Ask = dyn Fn(&Path) -> io::Result<FileSystemSize> + Send + Sync;
type Outcome = (usize, io::Result<FileSystemSize>);

struct Shared {
    ask: Box<Ask>,
    state: Mutex<State>,
    work: Condvar,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Job>,
    /// Paths that threads are asking about.
    running: Vec<PathBuf>,
    /// Paths that ran out of time and have not answered since.
    stuck: HashSet<PathBuf>,
    threads: usize,
    idle: usize,
    closed: bool,
}

struct Job {
    index: usize,
    path: PathBuf,
    answer: SyncSender<Outcome>,
}

impl StatfsWorkers {
    /// Up to `size` threads (at least one) that work, and a limit of time for all mounts together.
    /// Threads start when they are needed.
    pub fn new(size: usize, timeout: Duration) -> Self {
        Self::asking(size, timeout, Box::new(file_system_size))
    }

    fn asking(size: usize, timeout: Duration, ask: Box<Ask>) -> Self {
        let shared = Shared {
            ask,
            state: Mutex::default(),
            work: Condvar::new(),
        };
        Self {
            shared: Arc::new(shared),
            size: size.max(1),
            timeout,
        }
    }

    /// Asks about all mounts; one answer for each question, in their order, within the timeout.
    pub fn ask(&self, questions: &[MountQuestion]) -> Vec<MountAnswer> {
        let (sender, receiver) = sync_channel(questions.len().max(1));
        let mut answers: Vec<MountAnswer> = Vec::new();
        answers.resize_with(questions.len(), || MountAnswer::Stuck);
        let asked = self.enqueue(questions, &sender);
        drop(sender);
        self.gather(&receiver, asked, &mut answers);
        self.give_up(questions, &answers);
        answers
    }

    /// Queues what is not known to be stuck; returns how many that are.
    fn enqueue(&self, questions: &[MountQuestion], answer: &SyncSender<Outcome>) -> usize {
        let mut state = self.shared.state();
        let before = state.queue.len();
        for (index, question) in questions.iter().enumerate() {
            if !state.stuck.contains(&question.path) {
                state.queue.push_back(Job {
                    index,
                    path: question.path.clone(),
                    answer: answer.clone(),
                });
            }
        }
        let asked = state.queue.len() - before;
        if asked > 0 {
            self.add_thread(&mut state);
        }
        asked
    }

    fn gather(&self, receiver: &Receiver<Outcome>, asked: usize, answers: &mut [MountAnswer]) {
        // Counts from here.
        let clock = RealClock::default();
        let mut missing = asked;
        while missing > 0 {
            let Some(left) = self.timeout.checked_sub(clock.monotonic()) else {
                return;
            };
            match receiver.recv_timeout(left.min(HELP_AFTER)) {
                Ok((index, outcome)) => {
                    if let Some(slot) = answers.get_mut(index) {
                        *slot = MountAnswer::Answered(outcome);
                    }
                    missing -= 1;
                }
                Err(RecvTimeoutError::Timeout) => {
                    let mut state = self.shared.state();
                    if !self.add_thread(&mut state) && state.all_hang() {
                        return;
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// Takes back what no thread has begun, and marks as stuck what has begun and not ended.
    fn give_up(&self, questions: &[MountQuestion], answers: &[MountAnswer]) {
        let late = questions
            .iter()
            .zip(answers)
            .filter(|(_, answer)| matches!(answer, MountAnswer::Stuck));
        let mut state = self.shared.state();
        for (question, _) in late {
            state.queue.retain(|job| job.path != question.path);
            if state.running.contains(&question.path) {
                state.stuck.insert(question.path.clone());
            }
        }
    }

    /// Wakes or starts a thread if there is work that none is free for; false if no more may start.
    fn add_thread(&self, state: &mut State) -> bool {
        if state.queue.is_empty() {
            return true;
        }
        if state.idle > 0 {
            self.shared.work.notify_one();
            return true;
        }
        let hanging = state.stuck.len();
        if state.threads >= self.size + hanging.min(MAX_STUCK) {
            return false;
        }
        let shared = Arc::clone(&self.shared);
        match crate::pool::thread("statfs", move || shared.work()) {
            Ok(_) => {
                state.threads += 1;
                true
            }
            Err(error) => {
                tracing::warn!(%error, "could not start a thread to ask for the size of a file system");
                false
            }
        }
    }
}

impl Drop for StatfsWorkers {
    fn drop(&mut self) {
        self.shared.state().closed = true;
        self.shared.work.notify_all();
    }
}

impl State {
    /// True if every thread is held by a file system that was given up.
    fn all_hang(&self) -> bool {
        self.threads > 0 && self.stuck.len() >= self.threads
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The life of a thread: until there are enough others that wait, or the asker is gone.
    fn work(&self) {
        while let Some(job) = self.next_job() {
            let outcome = (self.ask)(&job.path);
            let mut state = self.state();
            state.running.retain(|path| *path != job.path);
            state.stuck.remove(&job.path);
            drop(state);
            // The asker may have given up; then nobody wants the answer.
            drop(job.answer.send((job.index, outcome)));
        }
    }

    fn next_job(&self) -> Option<Job> {
        let mut state = self.state();
        loop {
            if let Some(job) = state.queue.pop_front() {
                state.running.push(job.path.clone());
                return Some(job);
            }
            // One thread stays for the next time.
            if state.closed || state.idle > 0 {
                state.threads -= 1;
                return None;
            }
            state.idle += 1;
            state = self
                .work
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
            state.idle -= 1;
        }
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// File systems of which those under `/hangs` answer only once the gate is open.
    #[derive(Default)]
    struct Gate {
        open: Mutex<bool>,
        changed: Condvar,
    }

    impl Gate {
        fn pass(&self, path: &Path) -> io::Result<FileSystemSize> {
            let mut open = self.open.lock().unwrap();
            while path.starts_with("/hangs") && !*open {
                open = self.changed.wait(open).unwrap();
            }
            match path.starts_with("/broken") {
                true => Err(io::ErrorKind::PermissionDenied.into()),
                false => Ok(FileSystemSize::default()),
            }
        }

        fn open(&self) {
            *self.open.lock().unwrap() = true;
            self.changed.notify_all();
        }
    }

    fn workers(gate: &Arc<Gate>, timeout: Duration) -> StatfsWorkers {
        let gate = Arc::clone(gate);
        StatfsWorkers::asking(2, timeout, Box::new(move |path| gate.pass(path)))
    }

    fn ask(workers: &StatfsWorkers, paths: &[&str]) -> String {
        let questions: Vec<_> = paths
            .iter()
            .map(|path| MountQuestion { path: path.into() })
            .collect();
        let letter = |answer: &MountAnswer| match answer {
            MountAnswer::Answered(Ok(_)) => 'k',
            MountAnswer::Answered(Err(_)) => 'e',
            MountAnswer::Stuck => 's',
        };
        workers.ask(&questions).iter().map(letter).collect()
    }

    #[test]
    fn answers_come_in_the_order_of_the_questions() {
        let workers = workers(&Arc::default(), Duration::from_mins(1));
        assert_eq!(ask(&workers, &["/a", "/broken", "/b"]), "kek");
        assert_eq!(ask(&workers, &[]), "");
        assert_eq!(workers.shared.state().threads, 1);
    }

    #[test]
    fn a_mount_that_hangs_is_skipped_until_it_answers() {
        let gate = Arc::<Gate>::default();
        let workers = workers(&gate, Duration::from_millis(120));
        assert_eq!(ask(&workers, &["/hangs/a", "/b", "/c"]), "skk");
        assert_eq!(ask(&workers, &["/hangs/a", "/b", "/hangs/d"]), "sks");
        assert_eq!(ask(&workers, &["/hangs/a", "/b", "/hangs/d"]), "sks");
        gate.open();
        while !workers.shared.state().stuck.is_empty() {
            std::thread::yield_now();
        }
        assert_eq!(ask(&workers, &["/hangs/a", "/b", "/hangs/d"]), "kkk");
    }

    #[test]
    fn threads_that_hang_are_bounded() {
        let gate = Arc::<Gate>::default();
        let workers = workers(&gate, Duration::from_millis(20));
        let hang = |round: usize| ask(&workers, &[&format!("/hangs/{round}")]);
        let mut round = 0;
        while workers.shared.state().stuck.len() < 2 + MAX_STUCK {
            assert_eq!(hang(round), "s");
            round += 1;
        }
        assert_eq!(hang(round), "s");
        assert_eq!(workers.shared.state().threads, 2 + MAX_STUCK);
        assert_eq!(ask(&workers, &["/b"]), "s");
        gate.open();
        while !workers.shared.state().stuck.is_empty() {
            std::thread::yield_now();
        }
        assert_eq!(ask(&workers, &["/b"]), "k");
    }
}
