//! Writes several blocks as one, series by series, holding one series of each in memory.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use host::fs::Fs;
use model::TimeRange;
use storage::SampleBuffer;

use crate::block::chunks::{ChunkStream, ChunkWriter};
use crate::block::sink::Sink;
use crate::block::tombstones::{self, Tombstones};
use crate::block::{Block, BlockError, BlockMeta, BlockStats, writer};
use crate::chunk::encode::{NewChunk, encode};
use crate::chunk::{ChunkEncoding, count_in};
use crate::index::matchers::PostingsSource as _;
use crate::index::reader::{SeriesReader, Symbols};
use crate::index::{ChunkMeta, IndexWriter, SeriesEntry};
use crate::querier::merge::join;

/// Writes `blocks` below `dir` as the block that `meta` describes, without what was deleted. `None`
/// if nothing is left. Raising `stop` ends it early.
pub(crate) fn merge(
    fs: &dyn Fs,
    dir: &Path,
    blocks: &[Arc<Block>],
    meta: BlockMeta,
    stop: &AtomicBool,
) -> Result<Option<BlockMeta>, BlockError> {
    let ulid = meta.ulid.clone();
    writer::build(fs, dir, &ulid, |folder| {
        let stats = merge_into(fs, folder, blocks, stop)?;
        if stats.num_samples == 0 {
            return Ok(None);
        }
        tombstones::write(fs, folder, &Tombstones::default())?;
        let meta = BlockMeta { stats, ..meta };
        meta.write(fs, folder)?;
        Ok(Some(meta))
    })
}

fn merge_into(
    fs: &dyn Fs,
    folder: &Path,
    blocks: &[Arc<Block>],
    stop: &AtomicBool,
) -> Result<BlockStats, BlockError> {
    let chunks_dir = folder.join("chunks");
    fs.create_dir_all(&chunks_dir)
        .map_err(BlockError::io(&chunks_dir))?;
    let symbols: Vec<Arc<Symbols>> = blocks
        .iter()
        .map(|block| block.index().symbols())
        .collect::<Result<_, _>>()?;
    let texts = united(&symbols);
    let mut sources = blocks
        .iter()
        .zip(&symbols)
        .map(|(block, symbols)| Source::open(block, symbols, &texts))
        .collect::<Result<Vec<_>, _>>()?;
    let index_path = folder.join("index");
    let at_index = || BlockError::io(&index_path);
    let sink = Sink::new(fs.create(&index_path).map_err(at_index())?);
    let mut index = IndexWriter::begin(sink, texts.iter().copied()).map_err(at_index())?;
    let mut out = Output {
        dir: &chunks_dir,
        chunks: ChunkWriter::new(fs, chunks_dir.clone()),
        stats: BlockStats::default(),
        metas: Vec::new(),
    };
    let mut pieces = Vec::new();
    while let Some(labels) = least_labels(&sources) {
        if stop.load(Ordering::Relaxed) {
            let error = std::io::Error::from(std::io::ErrorKind::Interrupted);
            return Err(BlockError::io(folder)(error));
        }
        let of_series: Vec<usize> = (0..sources.len())
            .filter(|&place| sources.get(place).is_some_and(|s| s.is_at(&labels)))
            .collect();
        out.metas.clear();
        gather(&sources, &of_series, &mut pieces);
        write_pieces(&mut sources, &pieces, &mut out)?;
        if !out.metas.is_empty() {
            index.add_series(&labels, &out.metas).map_err(at_index())?;
            out.stats.num_series += 1;
        }
        for place in of_series {
            if let Some(source) = sources.get_mut(place) {
                source.advance()?;
            }
        }
    }
    let Output { chunks, stats, .. } = out;
    chunks.finish().map_err(BlockError::io(&chunks_dir))?;
    index.finish(&texts).map_err(at_index())?;
    Ok(stats)
}

/// All symbols, sorted, each once.
fn united(symbols: &[Arc<Symbols>]) -> Vec<&str> {
    let each = symbols.iter().flat_map(|symbols| {
        let numbers = 0..symbols.len() as u64;
        numbers.filter_map(|number| symbols.text(number))
    });
    let mut texts: Vec<&str> = each.collect();
    texts.sort_unstable();
    texts.dedup();
    texts
}

/// A block that is read series by series in the order of labels.
struct Source<'a> {
    block: &'a Block,
    /// Number in the new index of each symbol.
    numbers: Vec<u32>,
    ids: std::vec::IntoIter<u32>,
    series: SeriesReader<'a>,
    chunks: ChunkStream<'a>,
    entry: SeriesEntry,
    /// Labels of the series that is next, as new symbol numbers; `None` at the end.
    labels: Option<Vec<(u32, u32)>>,
    deleted: Vec<TimeRange>,
}

impl<'a> Source<'a> {
    fn open(block: &'a Block, symbols: &Symbols, texts: &[&str]) -> Result<Self, BlockError> {
        let number = |symbol: u64| {
            let place = texts.binary_search(&symbols.text(symbol).unwrap_or_default());
            u32::try_from(place.unwrap_or_default()).unwrap_or(u32::MAX)
        };
        let mut source = Self {
            block,
            numbers: (0..symbols.len() as u64).map(number).collect(),
            ids: block.index().all()?.into_iter(),
            series: block.index().series_reader(),
            chunks: ChunkStream::new(block.chunks()),
            entry: SeriesEntry::default(),
            labels: None,
            deleted: Vec::new(),
        };
        source.advance()?;
        Ok(source)
    }

    fn is_at(&self, labels: &[(u32, u32)]) -> bool {
        self.labels.as_deref() == Some(labels)
    }

    fn advance(&mut self) -> Result<(), BlockError> {
        let Some(id) = self.ids.next() else {
            self.labels = None;
            return Ok(());
        };
        self.series.read(id, &mut self.entry)?;
        let unknown = || {
            self.block
                .index()
                .damaged("a series names an unknown symbol")
        };
        let mut labels = self.labels.take().unwrap_or_default();
        let before = std::mem::take(&mut labels);
        let number = |symbol: u64| {
            let place = usize::try_from(symbol).unwrap_or(usize::MAX);
            self.numbers.get(place).copied().ok_or_else(unknown)
        };
        for &(name, value) in &self.entry.labels {
            labels.push((number(name)?, number(value)?));
        }
        if !before.is_empty() && labels <= before {
            return Err(self.block.index().damaged("series are not in order"));
        }
        self.labels = Some(labels);
        let deleted = self.block.tombstones().get(&u64::from(id));
        self.deleted.clear();
        self.deleted.extend(deleted.into_iter().flatten());
        Ok(())
    }
}

fn least_labels(sources: &[Source<'_>]) -> Option<Vec<(u32, u32)>> {
    let all = sources.iter().filter_map(|source| source.labels.as_ref());
    all.min().cloned()
}

/// A chunk of one of the sources.
#[derive(Clone, Copy, Debug)]
struct Piece {
    range: TimeRange,
    reference: u64,
    source: usize,
}

/// The chunks of one series in the order of time.
fn gather(sources: &[Source<'_>], of_series: &[usize], pieces: &mut Vec<Piece>) {
    pieces.clear();
    for &source in of_series {
        let chunks = sources.get(source).map(|source| &source.entry.chunks);
        pieces.extend(chunks.into_iter().flatten().map(|chunk| Piece {
            range: TimeRange::new(chunk.min_time, chunk.max_time),
            reference: chunk.reference,
            source,
        }));
    }
    // Stable: of chunks from the same moment on, the older block's comes first.
    pieces.sort_by_key(|piece| (piece.range.min_time, piece.range.max_time));
}

/// Where chunks go.
struct Output<'a> {
    dir: &'a Path,
    chunks: ChunkWriter<'a>,
    stats: BlockStats,
    /// Chunks of the series at hand.
    metas: Vec<ChunkMeta>,
}

impl Output<'_> {
    fn write(&mut self, range: TimeRange, encoding: u8, data: &[u8]) -> Result<(), BlockError> {
        let reference = self
            .chunks
            .write_encoded(encoding, data)
            .map_err(BlockError::io(self.dir))?;
        let samples = u64::from(count_in(encoding, data));
        self.stats.num_chunks += 1;
        self.stats.num_samples += samples;
        match ChunkEncoding::from_number(encoding) {
            Some(known) if !known.has_floats() => self.stats.num_histogram_samples += samples,
            _ => self.stats.num_float_samples += samples,
        }
        self.metas.push(ChunkMeta {
            min_time: range.min_time,
            max_time: range.max_time,
            reference,
        });
        Ok(())
    }
}

/// Copies chunks, and makes those anew that overlap or of which something was deleted.
fn write_pieces(
    sources: &mut [Source<'_>],
    pieces: &[Piece],
    out: &mut Output<'_>,
) -> Result<(), BlockError> {
    let mut rest = pieces;
    while let Some(first) = rest.first() {
        let mut max_time = first.range.max_time;
        let mut count = 1;
        while let Some(next) = rest.get(count).filter(|p| p.range.min_time <= max_time) {
            max_time = max_time.max(next.range.max_time);
            count += 1;
        }
        let (group, behind) = rest.split_at_checked(count).unwrap_or((rest, &[]));
        rest = behind;
        let is_touched = group.iter().any(|piece| {
            let deleted = sources.get(piece.source).map(|source| &source.deleted);
            let mut ranges = deleted.into_iter().flatten();
            ranges.any(|range| range.overlaps(&piece.range))
        });
        if !is_touched && copy(sources, group, out)? {
            continue;
        }
        rewrite(sources, group, out)?;
    }
    Ok(())
}

/// Copies a chunk that stands alone, or beside nothing but copies of itself. False if others are
/// there.
fn copy(
    sources: &mut [Source<'_>],
    group: &[Piece],
    out: &mut Output<'_>,
) -> Result<bool, BlockError> {
    let Some((first, others)) = group.split_first() else {
        return Ok(true);
    };
    if others.iter().any(|piece| piece.range != first.range) {
        return Ok(false);
    }
    let Some(source) = sources.get_mut(first.source) else {
        return Ok(true);
    };
    let chunk = source.chunks.read(first.reference)?;
    if others.is_empty() {
        out.write(first.range, chunk.encoding, chunk.data)?;
        return Ok(true);
    }
    let (encoding, data) = (chunk.encoding, chunk.data.to_vec());
    for piece in others {
        let Some(source) = sources.get_mut(piece.source) else {
            continue;
        };
        let other = source.chunks.read(piece.reference)?;
        if other.encoding != encoding || other.data != data {
            return Ok(false);
        }
    }
    out.write(first.range, encoding, &data)?;
    Ok(true)
}

/// Decodes chunks, joins their samples, and encodes what is not deleted.
fn rewrite(
    sources: &[Source<'_>],
    group: &[Piece],
    out: &mut Output<'_>,
) -> Result<(), BlockError> {
    let mut buffer = SampleBuffer::default();
    let mut part = SampleBuffer::default();
    let mut scratch = Vec::new();
    for piece in group {
        let Some(source) = sources.get(piece.source) else {
            continue;
        };
        let is_deleted = |time| source.deleted.iter().any(|range| range.contains(time));
        let whole = |range: &TimeRange| {
            range.contains(piece.range.min_time) && range.contains(piece.range.max_time)
        };
        if source.deleted.iter().any(whole) {
            continue;
        }
        let chunk = ChunkMeta {
            min_time: piece.range.min_time,
            max_time: piece.range.max_time,
            reference: piece.reference,
        };
        part.clear();
        let chunks = source.block.chunks();
        chunks.decode(&[chunk], &mut scratch, &mut part)?;
        part.retain(|time, _| !is_deleted(time));
        let border = buffer.len();
        let (times, values) = buffer.columns_mut();
        times.extend_from_slice(part.timestamps());
        values.extend_from_slice(part.values());
        let histograms = part.histograms();
        for (index, histogram) in histograms.values().iter().enumerate() {
            let time = histograms.timestamps().get(index).copied();
            let start = histograms.start_timestamps().get(index).copied();
            buffer.histograms_mut().push(
                time.unwrap_or_default(),
                Arc::clone(histogram),
                start.unwrap_or_default(),
            );
        }
        join(&mut buffer, border);
    }
    for NewChunk {
        encoding,
        range,
        bytes,
    } in encode(&buffer)
    {
        out.write(range, encoding.number(), &bytes)?;
    }
    Ok(())
}
