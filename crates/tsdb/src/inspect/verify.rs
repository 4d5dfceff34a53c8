//! Looks at every checksum of a directory and names what is damaged.

use std::path::{Path, PathBuf};

use host::fs::Fs;
use model::TimeRange;
use storage::SampleBuffer;

use crate::block::chunks::ChunkStream;
use crate::block::{Block, BlockError};
use crate::chunk::ChunkEncoding;
use crate::index::SeriesEntry;
use crate::index::matchers::PostingsSource as _;
use crate::read_only::{ReadOnlyError, block_dirs};

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub what: String,
}

/// What was looked at, and what was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// Blocks.
    pub blocks: usize,
    /// Series in them.
    pub series: u64,
    /// Chunks in them.
    pub chunks: u64,
    /// Samples in them.
    pub samples: u64,
    /// Segments of the log and of its checkpoints.
    pub segments: usize,
    /// Chunks in files that Prometheus keeps beside its log.
    pub head_chunks: usize,
    /// What is damaged.
    pub findings: Vec<Finding>,
}

/// Reads everything in `dir`. `progress` gets what is being read and how much of it is done, in
/// thousandths.
///
/// # Errors
/// The directory cannot be read at all.
pub fn verify(
    fs: &dyn Fs,
    dir: &Path,
    progress: &mut dyn FnMut(&Path, u64),
) -> Result<Verified, ReadOnlyError> {
    let mut verified = Verified::default();
    for path in block_dirs(fs, dir)? {
        verified.blocks += 1;
        progress(&path, 0);
        match Block::open(fs, &path) {
            Ok(block) => verified.block(&block, progress),
            Err(error) => verified.failed(&path, &error),
        }
    }
    verified.logs(fs, dir, progress)?;
    verified.head_chunks(fs, dir, progress)?;
    Ok(verified)
}

impl Verified {
    pub(super) fn found(&mut self, path: &Path, what: impl Into<String>) {
        self.findings.push(Finding {
            path: path.to_owned(),
            what: what.into(),
        });
    }

    fn failed(&mut self, dir: &Path, error: &BlockError) {
        match error {
            BlockError::Io { path, source } => self.found(path, source.to_string()),
            BlockError::Damaged { path, reason } | BlockError::Unsupported { path, reason } => {
                let path = if path.is_relative() {
                    &dir.join(path)
                } else {
                    path
                };
                self.found(path, reason);
            }
        }
    }

    fn block(&mut self, block: &Block, progress: &mut dyn FnMut(&Path, u64)) {
        if let Err(error) = self.postings(block) {
            self.failed(block.dir(), &error);
        }
        let ids = match block.index().all() {
            Ok(ids) => ids,
            Err(error) => return self.failed(block.dir(), &error),
        };
        let mut count = Counts::default();
        let mut series = block.index().series_reader();
        let mut chunks = ChunkStream::new(block.chunks());
        let mut entry = SeriesEntry::default();
        let total = ids.len().max(1);
        for (done, &id) in ids.iter().enumerate() {
            if done.is_multiple_of(PROGRESS_STEP) {
                progress(block.dir(), (done * 1_000 / total) as u64);
            }
            if let Err(error) = series.read(id, &mut entry) {
                self.failed(block.dir(), &error);
                continue;
            }
            count.series += 1;
            self.chunks(block, &entry, &mut chunks, &mut count);
        }
        let stats = block.meta().stats;
        for (what, said, found) in [
            ("series", stats.num_series, count.series),
            ("chunks", stats.num_chunks, count.chunks),
            ("samples", stats.num_samples, count.samples),
        ] {
            // Some writers leave the counts out.
            if said != 0 && said != found {
                let path = block.dir().join("meta.json");
                self.found(&path, format!("says {said} {what}, there are {found}"));
            }
        }
        self.series += count.series;
        self.chunks += count.chunks;
        self.samples += count.samples;
    }

    fn postings(&self, block: &Block) -> Result<(), BlockError> {
        let index = block.index();
        index.symbols()?;
        for name in index.label_names() {
            let mut list = Vec::new();
            index.values(name, "", &mut |_| true, &mut list)?;
        }
        Ok(())
    }

    fn chunks(
        &mut self,
        block: &Block,
        entry: &SeriesEntry,
        stream: &mut ChunkStream<'_>,
        count: &mut Counts,
    ) {
        let mut buffer = SampleBuffer::default();
        for chunk in &entry.chunks {
            let raw = match stream.read(chunk.reference) {
                Ok(raw) => raw,
                Err(error) => {
                    self.failed(block.dir(), &error);
                    continue;
                }
            };
            count.chunks += 1;
            count.samples += u64::from(raw.samples());
            let file = (chunk.reference >> 32) + 1;
            let path = block.dir().join("chunks").join(format!("{file:06}"));
            let at = |what: String| format!("at byte {}: {what}", chunk.reference & 0xffff_ffff);
            let Some(encoding) = ChunkEncoding::from_number(raw.encoding) else {
                self.found(
                    &path,
                    at(format!("chunk encoding {} is not known", raw.encoding)),
                );
                continue;
            };
            buffer.clear();
            if let Err(error) = encoding.decode(raw.data, &mut buffer) {
                self.found(&path, at(error.to_string()));
                continue;
            }
            let range = TimeRange::new(chunk.min_time, chunk.max_time);
            if !are_inside(&buffer, range) {
                self.found(
                    &path,
                    at("samples outside the times that the index says".to_owned()),
                );
            }
        }
    }
}

/// True if all samples are inside `range`.
pub(super) fn are_inside(samples: &SampleBuffer, range: TimeRange) -> bool {
    let histograms = samples.histograms().timestamps();
    let mut times = samples.timestamps().iter().chain(histograms);
    times.all(|&time| range.contains(time))
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    series: u64,
    chunks: u64,
    samples: u64,
}

/// Series after which progress is told.
const PROGRESS_STEP: usize = 1_000;
