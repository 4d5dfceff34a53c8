//! Opening: lock, left-overs, blocks, replay. Damage never prevents it.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, RwLock};
use std::time::Duration;

use exposition::Registry;
use host::clock::Clock;
use host::fs::Fs;
use model::TimeRange;

use super::attempts::{self, Attempt};
use super::maintain::Maintenance;
use super::safe_mode::{self, Rescue};
use super::{Db, Hole, Options, SafeStart, View};
use crate::block::writer::CREATION_SUFFIX;
use crate::block::{Block, BlockError};
use crate::head::out_of_order::{self, LogPlace};
use crate::head::{Head, Ways, snapshot};
use crate::lock::{DirLock, LockError};
use crate::metrics::{BlockMetrics, HeadMetrics};
use crate::status::ReplayProgress;
use crate::wal::record::Tombstone;
use crate::wal::segment::{list_segments, sync_last};
use crate::wal::{Syncing, Wal, WalError};

/// Why a database cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process works on the directory.
    #[error(
        "data directory {path} is in use{by}: only one process may open it",
        path = path.display(),
        by = process.map(|p| format!(" by process {p}")).unwrap_or_default()
    )]
    Locked {
        /// The data directory.
        path: PathBuf,
        /// The process that has it, if it left its number.
        process: Option<u32>,
    },
    /// The directory cannot be created or written to.
    #[error("data directory {path} is not writable: {source}", path = path.display())]
    NotWritable {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// What is there cannot be read.
    #[error("reading data directory: {path}: {source}", path = path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl Db {
    /// Opens the database in `options.path`, which is created if it is not there.
    ///
    /// # Errors
    /// The directory is locked, not writable or not readable. Damaged files are no reason: they
    /// are moved aside or passed over, with a log line and a metric.
    pub fn open(
        options: Options,
        fs: Arc<dyn Fs>,
        clock: Arc<dyn Clock>,
        registry: &Registry,
    ) -> Result<Self, OpenError> {
        Self::open_watched(options, fs, clock, registry, &ReplayProgress::default())
    }

    /// The same; `progress` tells how far it is.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_watched(
        options: Options,
        fs: Arc<dyn Fs>,
        clock: Arc<dyn Clock>,
        registry: &Registry,
        progress: &ReplayProgress,
    ) -> Result<Self, OpenError> {
        let dir = options.path.clone();
        fs.create_dir_durably(&dir).map_err(not_writable(&dir))?;
        let lock = match options.no_lockfile {
            true => None,
            false => Some(DirLock::acquire(&*fs, &dir).map_err(|error| lock_error(&dir, error))?),
        };
        remove_left_overs(&*fs, &dir)?;
        snapshot::remove_left_overs(&*fs, &dir).map_err(not_writable(&dir))?;
        let attempt = Attempt::begin(&*fs, &dir);
        let metrics = BlockMetrics::new(registry);
        let head = Head::new(
            options.block_range,
            options.series_limit,
            HeadMetrics::new(registry),
        );
        head.exemplars.resize(options.max_exemplars);
        let loaded = load_blocks(&*fs, &dir, &View::default(), &metrics).map_err(|source| {
            OpenError::Unreadable {
                path: dir.clone(),
                source,
            }
        })?;
        for path in &loaded.obsolete {
            delete_folder(&*fs, path).map_err(not_writable(path))?;
        }
        let Loaded {
            mut blocks,
            mut holes,
            ..
        } = loaded;
        let rescue = Rescue {
            fs: &*fs,
            clock: &*clock,
            dir: &dir,
            block_range: options.block_range,
            settled: in_order_end(&blocks),
            room: options.safe_mode_bytes,
        };
        let mut safe_start = None;
        if attempt.deaths >= DEATHS {
            match rescue.run() {
                Ok(done) => {
                    metrics.safe_starts.inc();
                    safe_start = Some(done);
                    let view = View { blocks, holes };
                    let loaded = load_blocks(&*fs, &dir, &view, &metrics);
                    let loaded = loaded.map_err(|source| OpenError::Unreadable {
                        path: dir.clone(),
                        source,
                    })?;
                    (blocks, holes) = (loaded.blocks, loaded.holes);
                }
                Err(error) => tracing::error!(
                    error = %error,
                    "the log could not be made into blocks; it is read as always"
                ),
            }
        }
        if let Some(end) = in_order_end(&blocks) {
            head.begin_at(end);
        }
        let by_snapshot = options.memory_snapshot && attempt.deaths == 0;
        let wal = open_log(&fs, &clock, &head, &options, (by_snapshot, progress))?;
        attempt.end(&*fs);
        let clean_start = lock.as_ref().map_or(-1.0, |lock| match lock.was_free {
            true => 1.0,
            false => 0.0,
        });
        head.metrics.upkeep.clean_start.set(clean_start);
        let maintenance = Maintenance::new(longest_delay(&options));
        if let Err(error) = head.remove_chunk_files(&*fs, head.min_valid_time()) {
            tracing::warn!(error = %error, "files of head chunks could not be deleted");
        }
        let db = Self {
            retention: Mutex::new(options.retention),
            fs,
            clock,
            options,
            head,
            wal,
            view: RwLock::new(Arc::new(View { blocks, holes })),
            maintenance: Mutex::new(maintenance),
            metrics,
            replayed: progress.clone(),
            safe_start,
            stopping: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            lock: Mutex::new(lock),
        };
        db.note_blocks();
        db.set_retention(db.options.retention);
        db.set_out_of_order_window(db.options.out_of_order_window);
        Ok(db)
    }
}

impl Db {
    /// Tells the next start that this one, which is not waited for, ends in good order: it is no sign
    /// that the log is too much.
    pub fn give_up_opening(fs: &dyn Fs, dir: &Path) {
        attempts::give_up(fs, dir);
    }

    /// What a start after deaths over the log has done, if this was one.
    pub fn safe_start(&self) -> Option<&SafeStart> {
        self.safe_start.as_ref()
    }
}

/// The longest that a block may be cut later than it is due.
fn longest_delay(options: &Options) -> Duration {
    let percent = i64::from(options.compaction_delay_percent);
    let millis = options.block_range.saturating_mul(percent) / 100;
    Duration::from_millis(u64::try_from(millis).unwrap_or_default())
}

/// Replays the log and begins a new segment behind it.
fn open_log(
    fs: &Arc<dyn Fs>,
    clock: &Arc<dyn Clock>,
    head: &Head,
    options: &Options,
    (by_snapshot, progress): (bool, &ReplayProgress),
) -> Result<Wal, OpenError> {
    let dir = options.path.join("wal");
    let begun = clock.monotonic();
    let ways = Ways {
        repairs: true,
        by_snapshot,
        share: None,
    };
    let replay = head
        .replay(&**fs, &dir, ways, progress)
        .map_err(|WalError { path, source }| OpenError::Unreadable { path, source })?;
    let took = clock.monotonic().saturating_sub(begun);
    head.metrics.replay_seconds.set(took.as_secs_f64());
    tracing::info!(
        series_of_snapshot = replay.snapshot_series.unwrap_or_default(),
        segments = replay.segments,
        samples = replay.samples,
        unknown_series = replay.unknown_series,
        skipped_records = replay.skipped_records,
        skipped_chunks = replay.skipped_chunks,
        corruptions = replay.corruptions,
        milliseconds = took.as_millis(),
        "write-ahead log replayed"
    );
    replay_out_of_order(fs, clock, head, options, &replay.tombstones)?;
    let syncing = Syncing {
        clock: Arc::clone(clock),
        seconds: head.metrics.upkeep.sync_seconds.clone(),
    };
    Wal::open(Arc::clone(fs), &dir, options.wal, syncing)
        .map_err(|WalError { path, source }| OpenError::NotWritable { path, source })
}

/// Replays the log of samples out of order, and says where the next ones go.
fn replay_out_of_order(
    fs: &Arc<dyn Fs>,
    clock: &Arc<dyn Clock>,
    head: &Head,
    options: &Options,
    deleted: &[Tombstone],
) -> Result<(), OpenError> {
    let dir = options.path.join(out_of_order::FOLDER);
    let replay = head
        .replay_out_of_order(&**fs, &dir, true, deleted)
        .map_err(|WalError { path, source }| OpenError::Unreadable { path, source })?;
    if replay.segments > 0 {
        tracing::info!(
            segments = replay.segments,
            samples = replay.samples,
            unknown_series = replay.unknown_series,
            corruptions = replay.corruptions,
            "log of samples out of order replayed"
        );
        // The log goes on with the first sample out of order only; the one before it may be
        // acknowledged until then.
        let segments = list_segments(&**fs, &dir);
        let synced = segments.and_then(|segments| sync_last(&**fs, &dir, &segments));
        synced.map_err(|WalError { path, source }| OpenError::NotWritable { path, source })?;
    }
    head.out_of_order.log.keep_in(LogPlace {
        fs: Arc::clone(fs),
        clock: Arc::clone(clock),
        sync_seconds: head.out_of_order.metrics.sync_seconds.clone(),
        dir,
        options: options.wal,
    });
    Ok(())
}

fn not_writable(path: &Path) -> impl FnOnce(io::Error) -> OpenError + '_ {
    move |source| OpenError::NotWritable {
        path: path.to_owned(),
        source,
    }
}

fn lock_error(dir: &Path, error: LockError) -> OpenError {
    match error {
        LockError::Held { process } => OpenError::Locked {
            path: dir.to_owned(),
            process,
        },
        LockError::Io { path, source } => OpenError::NotWritable { path, source },
    }
}

/// Deletes folders that an earlier process was writing or deleting when it ended.
fn remove_left_overs(fs: &dyn Fs, dir: &Path) -> Result<(), OpenError> {
    for (folder, endings) in [
        (
            dir.to_owned(),
            &[CREATION_SUFFIX, DELETION_SUFFIX, safe_mode::UNFINISHED][..],
        ),
        (dir.join("wal"), &[".tmp"]),
    ] {
        let entries = match fs.read_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(source) => {
                return Err(OpenError::Unreadable {
                    path: folder,
                    source,
                });
            }
            Ok(entries) => entries,
        };
        let left = |name: &str| endings.iter().any(|ending| name.ends_with(ending));
        for entry in entries
            .iter()
            .filter(|entry| entry.is_dir && left(&entry.name))
        {
            let path = folder.join(&entry.name);
            fs.remove_dir_all(&path).map_err(not_writable(&path))?;
        }
    }
    Ok(())
}

/// Until when blocks have everything that came in order.
pub(crate) fn in_order_end(blocks: &[Arc<Block>]) -> Option<i64> {
    let metas = blocks.iter().map(|block| block.meta());
    let in_order = metas.filter(|meta| !meta.is_from_out_of_order());
    in_order.map(|meta| meta.max_time).max()
}

/// What [`load_blocks`] found.
pub(super) struct Loaded {
    /// Oldest first.
    pub(super) blocks: Vec<Arc<Block>>,
    /// Folders of blocks that others have taken the place of.
    pub(super) obsolete: Vec<PathBuf>,
    pub(super) holes: Vec<Hole>,
}

/// Opens the blocks below `dir`; those that `known` has are taken from there. Damaged ones are moved
/// aside, unsupported and unreadable ones left where they are.
pub(super) fn load_blocks(
    fs: &dyn Fs,
    dir: &Path,
    known: &View,
    metrics: &BlockMetrics,
) -> io::Result<Loaded> {
    let mut blocks: Vec<Arc<Block>> = Vec::new();
    let mut failed = Vec::new();
    for entry in fs.read_dir(dir)? {
        if !entry.is_dir || ulid::Ulid::from_string(&entry.name).is_err() {
            continue;
        }
        let path = dir.join(&entry.name);
        let is_it = |block: &&Arc<Block>| block.dir() == path && !block.has_changed();
        if let Some(open) = known.blocks.iter().find(is_it) {
            blocks.push(Arc::clone(open));
            continue;
        }
        match Block::open(fs, &path) {
            Ok(block) => blocks.push(Arc::new(block)),
            Err(error) => failed.push((entry.name, error)),
        }
    }
    // A crash between writing a block and deleting those inside leaves both.
    let replaced: HashSet<String> = blocks
        .iter()
        .flat_map(|block| &block.meta().compaction.parents)
        .map(|parent| parent.ulid.clone())
        .collect();
    let (gone, mut blocks): (Vec<_>, Vec<_>) = blocks.into_iter().partition(|block| {
        block.meta().compaction.deletable || replaced.contains(&block.meta().ulid)
    });
    let mut obsolete: Vec<PathBuf> = gone.iter().map(|block| block.dir().to_owned()).collect();
    let mut unread = Vec::new();
    for (name, error) in failed {
        if replaced.contains(&name) {
            obsolete.push(dir.join(name));
        } else if matches!(error, BlockError::Damaged { .. }) {
            quarantine(fs, dir, &name, &error, metrics);
        } else {
            tracing::error!(block = name, error = %error, "block not opened");
            unread.push((name, format!("cannot be opened: {error}")));
        }
    }
    // Of two samples at one time the one that came out of order holds, as in the head: it came later.
    blocks.sort_by_key(|block| {
        let meta = block.meta();
        (meta.min_time, meta.max_time, !meta.is_from_out_of_order())
    });
    Ok(Loaded {
        blocks,
        obsolete,
        holes: holes(fs, dir, unread, known),
    })
}

/// Deletes a block in two steps, so that a crash between leaves nothing that looks whole.
pub(super) fn delete_folder(fs: &dyn Fs, path: &Path) -> io::Result<()> {
    let doomed = path.with_extension(DELETION_SUFFIX.trim_start_matches('.'));
    fs.rename(path, &doomed)?;
    if let Some(dir) = path.parent() {
        fs.sync_dir(dir)?;
    }
    fs.remove_dir_all(&doomed)
}

/// What blocks that were moved aside leave out of answers, as far as they still tell it, and those
/// in `unread`, which are in their places.
fn holes(fs: &dyn Fs, dir: &Path, unread: Vec<(String, String)>, known: &View) -> Vec<Hole> {
    let quarantine = dir.join(QUARANTINE);
    let entries = fs.read_dir(&quarantine).unwrap_or_default();
    let mut moved: Vec<String> = entries.into_iter().map(|entry| entry.name).collect();
    moved.sort_unstable();
    let hole = |folder: &Path, block: String, reason: String| {
        let is_it = |hole: &&Hole| hole.block == block && hole.reason == reason;
        if let Some(hole) = known.holes.iter().find(is_it) {
            return Some(hole.clone());
        }
        let range = Block::range_of_damaged(fs, &folder.join(&block))?;
        Some(Hole {
            block,
            reason,
            range,
        })
    };
    let moved = moved.into_iter();
    let mut holes: Vec<Hole> = moved
        .filter_map(|block| hole(&quarantine, block, "was damaged and moved aside".to_owned()))
        .collect();
    for (block, reason) in unread {
        let known = hole(dir, block.clone(), reason.clone());
        // It may hold anything.
        holes.push(known.unwrap_or(Hole {
            block,
            reason,
            range: TimeRange::ALL,
        }));
    }
    holes
}

fn quarantine(fs: &dyn Fs, dir: &Path, name: &str, error: &BlockError, metrics: &BlockMetrics) {
    let folder = dir.join(QUARANTINE);
    let target = folder.join(name);
    let moved = fs
        .create_dir_all(&folder)
        .and_then(|()| fs.rename(&dir.join(name), &target));
    metrics.quarantined.inc();
    match moved {
        Ok(()) => tracing::error!(
            block = name,
            moved_to = %target.display(),
            error = %error,
            "damaged block moved aside"
        ),
        Err(failure) => tracing::error!(
            block = name,
            error = %error,
            failure = %failure,
            "damaged block not opened, and not moved aside either"
        ),
    }
}

/// Starts that ended over the log before one goes without reading it into memory.
const DEATHS: u32 = 2;
/// Folder in the data directory that damaged blocks are moved to.
pub(super) const QUARANTINE: &str = "quarantine";
/// Ending of a block that is being deleted.
pub(super) const DELETION_SUFFIX: &str = ".tmp-for-deletion";
