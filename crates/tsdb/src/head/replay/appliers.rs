//! The writing half of a replay: threads that add samples to rows, each to its own share of slabs,
//! so that the samples of a series keep their order.

use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Scope, ScopedJoinHandle};

use crate::head::Head;
use crate::head::append::{Pending, PendingHistogram};
use crate::head::catalog::SLAB_ROWS;

/// What an applier is to do next.
enum Work {
    Samples(Vec<Pending>),
    Histograms(Vec<PendingHistogram>),
    /// Answer when all before is done.
    Rendezvous(SyncSender<()>),
}

/// The threads, by their share of slabs.
pub(super) struct Appliers<'scope> {
    shares: Vec<Share<'scope>>,
}

struct Share<'scope> {
    work: SyncSender<Work>,
    thread: ScopedJoinHandle<'scope, usize>,
    samples: Vec<Pending>,
    histograms: Vec<PendingHistogram>,
}

impl<'scope> Appliers<'scope> {
    /// Starts as many threads as are of use.
    pub(super) fn start<'env>(
        scope: &'scope Scope<'scope, 'env>,
        head: &'env Head,
    ) -> io::Result<Self> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let shares = (0..cores.min(MOST_THREADS)).map(|number| {
            let (sender, receiver) = sync_channel(QUEUED);
            let builder = std::thread::Builder::new().name(format!("replay-{number}"));
            let thread = builder.spawn_scoped(scope, move || apply_all(head, &receiver))?;
            Ok(Share {
                work: sender,
                thread,
                samples: Vec::new(),
                histograms: Vec::new(),
            })
        });
        Ok(Self {
            shares: shares.collect::<io::Result<_>>()?,
        })
    }

    /// Adds a sample to what the next [`send`](Self::send) hands over.
    #[inline]
    pub(super) fn sample(&mut self, sample: Pending) {
        if let Some(share) = self.share(sample.row) {
            share.samples.push(sample);
        }
    }

    pub(super) fn histogram(&mut self, sample: PendingHistogram) {
        if let Some(share) = self.share(sample.row) {
            share.histograms.push(sample);
        }
    }

    #[inline]
    fn share(&mut self, row: u32) -> Option<&mut Share<'scope>> {
        let count = self.shares.len().max(1);
        self.shares.get_mut((row / SLAB_ROWS) as usize % count)
    }

    /// Hands over what has been collected.
    pub(super) fn send(&mut self) {
        for share in &mut self.shares {
            let samples = std::mem::take(&mut share.samples);
            if !samples.is_empty() {
                share.send(Work::Samples(samples));
            }
            let histograms = std::mem::take(&mut share.histograms);
            if !histograms.is_empty() {
                share.send(Work::Histograms(histograms));
            }
        }
    }

    /// Waits until everything that was handed over is done.
    pub(super) fn drain(&self) {
        let (sender, done) = sync_channel(self.shares.len().max(1));
        for share in &self.shares {
            share.send(Work::Rendezvous(sender.clone()));
        }
        drop(sender);
        while done.recv().is_ok() {}
    }

    /// Ends the threads; returns how many samples were added.
    pub(super) fn finish(self) -> usize {
        let ended = self.shares.into_iter().map(|share| {
            drop(share.work);
            match share.thread.join() {
                Ok(samples) => samples,
                Err(panic) => std::panic::resume_unwind(panic),
            }
        });
        ended.sum()
    }
}

impl Share<'_> {
    fn send(&self, work: Work) {
        // Nobody receives any more only after a panic, which the end of the thread hands on.
        drop(self.work.send(work));
    }
}

fn apply_all(head: &Head, work: &Receiver<Work>) -> usize {
    let mut samples = 0;
    while let Ok(work) = work.recv() {
        match work {
            Work::Samples(pending) => samples += head.apply(&pending, None).samples,
            Work::Histograms(pending) => samples += head.apply(&pending, None).samples,
            Work::Rendezvous(done) => drop(done.send(())),
        }
    }
    samples
}

/// More threads wait for the one that reads.
const MOST_THREADS: usize = 4;
/// Batches that wait for one thread: enough to even out their sizes.
const QUEUED: usize = 8;
