//! A copy of everything at one moment that shares the bytes of blocks with the database.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};

use model::date::format_rfc3339;

use super::Db;
use super::maintain::{MaintainError, random_number};
use crate::block::{Block, writer};

impl Db {
    /// Makes a snapshot in the folder `snapshots` of the data directory: links to the files of all
    /// blocks and, unless `skip_head`, a block of what is in memory. Returns the snapshot's name.
    /// Samples go on being taken meanwhile.
    ///
    /// # Errors
    /// The disk refused; nothing is left behind.
    pub fn snapshot(&self, skip_head: bool) -> Result<String, MaintainError> {
        let _maintenance = self
            .maintenance
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let time = format_rfc3339(self.clock.now_millis());
        let seconds = time.split(['.', 'Z']).next().unwrap_or_default();
        let seconds = seconds.replace(['-', ':'], "");
        let name = format!("{seconds}Z-{:016x}", random_number() >> 1);
        let dir = self.options.path.join(FOLDER).join(&name);
        let outcome = self.snapshot_into(&dir, skip_head);
        if outcome.is_err()
            && let Err(error) = self.fs.remove_dir_all(&dir)
        {
            tracing::warn!(path = %dir.display(), error = %error, "half a snapshot not deleted");
        }
        outcome.map(|()| name)
    }

    fn snapshot_into(&self, dir: &Path, skip_head: bool) -> Result<(), MaintainError> {
        self.fs.create_dir_durably(dir).map_err(at(dir))?;
        // First the head: what a block takes over from it is in one of the two.
        if !skip_head && let Some(range) = self.head.time_range() {
            let from = range.min_time.max(self.head.min_valid_time());
            let range = (from, i64::MAX);
            writer::write_block(&*self.fs, dir, &self.head, range, self.new_ulid())?;
        }
        if !skip_head {
            for layer in self.head.out_of_order.layers().iter() {
                self.write_late_blocks(dir, layer, i64::MAX)?;
            }
        }
        let blocks: Vec<Arc<Block>> = self.view().blocks.iter().map(Arc::clone).collect();
        for block in &blocks {
            self.link_block(block.dir(), &dir.join(&block.meta().ulid))
                .map_err(at(block.dir()))?;
        }
        self.fs.sync_dir(dir).map_err(at(dir))
    }

    fn link_block(&self, from: &Path, to: &Path) -> io::Result<()> {
        let (chunks_from, chunks_to) = (from.join("chunks"), to.join("chunks"));
        self.fs.create_dir_all(&chunks_to)?;
        for file in self.fs.read_dir(&chunks_from)? {
            let (from, to) = (chunks_from.join(&file.name), chunks_to.join(&file.name));
            self.fs.hard_link(&from, &to)?;
        }
        for name in ["index", "meta.json", "tombstones"] {
            match self.fs.hard_link(&from.join(name), &to.join(name)) {
                Err(error) if name == "tombstones" && error.kind() == io::ErrorKind::NotFound => {}
                linked => linked?,
            }
        }
        self.fs.sync_dir(&chunks_to)?;
        self.fs.sync_dir(to)
    }
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> MaintainError + '_ {
    move |source| MaintainError::Io {
        path: PathBuf::from(path),
        source,
    }
}

/// Where snapshots are, in the data directory.
const FOLDER: &str = "snapshots";
