//! Writing a snapshot at the end of a process, when nobody appends any more.

use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use host::fs::Fs;
use model::Metadata;

use super::position::{LogPosition, UNFINISHED, remove};
use super::record::{self, put_series};
use super::supplement::Supplement;
use crate::head::Head;
use crate::head::catalog::SLAB_ROWS;
use crate::wal::record::{RefExemplar, Tombstone};
use crate::wal::{Compression, WalError, WalOptions, Writer};

/// What has become of a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    /// It has so many series.
    Series(usize),
    /// There is nothing to keep.
    Empty,
    /// Series from which samples were deleted lately have finished chunks in memory, and a snapshot
    /// holds one chunk of a series only: the log has to tell again.
    Deletions,
}

impl Head {
    /// Writes a snapshot into the data directory behind the end of the log, which is closed. Those of
    /// before go.
    pub(crate) fn write_snapshot(&self, fs: &Arc<dyn Fs>, dir: &Path) -> Result<Written, WalError> {
        let wal = dir.join("wal");
        let end = LogPosition::end(&**fs, &wal)?;
        let rows = self.with_catalog(|catalog| catalog.rows().to_vec());
        let Some(position) = end.filter(|_| !rows.is_empty()) else {
            return Ok(Written::Empty);
        };
        self.file_all_chunks(&**fs).map_err(WalError::at(dir))?;
        if self.has_finished_chunks() {
            return Ok(Written::Deletions);
        }
        let folder = position.folder(dir);
        let mut unfinished = folder.clone().into_os_string();
        unfinished.push(UNFINISHED);
        let unfinished = Path::new(&unfinished);
        for old in [unfinished, &folder] {
            match fs.remove_dir_all(old) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(WalError::at(old)(error));
                }
                _ => {}
            }
        }
        let options = WalOptions {
            // Most records are shorter than what compressing would save in time at the start.
            compression: Compression::None,
            ..WalOptions::default()
        };
        let mut writer = Writer::open(Arc::clone(fs), unfinished, options)?;
        self.write_series(&rows, &mut writer)?;
        writer.log(&[&record::tombstones(&self.deletions())])?;
        self.write_exemplars(&mut writer)?;
        writer.close()?;
        let supplement = self.supplement(&**fs, &wal, position, rows.len())?;
        supplement.write(&**fs, unfinished)?;
        fs.sync_dir(unfinished).map_err(WalError::at(unfinished))?;
        fs.rename(unfinished, &folder)
            .map_err(WalError::at(&folder))?;
        fs.sync_dir(dir).map_err(WalError::at(dir))?;
        remove(&**fs, dir, |other| other != position);
        Ok(Written::Series(rows.len()))
    }

    fn write_series(&self, rows: &[u32], writer: &mut Writer) -> Result<(), WalError> {
        let mut bytes = Vec::new();
        let mut ends = Vec::new();
        for run in rows.chunk_by(|a, b| a / SLAB_ROWS == b / SLAB_ROWS) {
            let Some(slab) = run.first().and_then(|&row| self.slab(row)) else {
                continue;
            };
            bytes.clear();
            ends.clear();
            let slab = slab.read();
            self.with_catalog(|catalog| {
                let mut labels = Vec::new();
                for &row in run {
                    let Some(found) = slab.get(row) else { continue };
                    labels.clear();
                    labels.extend(catalog.pairs_of(row));
                    let reference = self.reference(row).get();
                    put_series(&mut bytes, reference, &labels, found);
                    ends.push(bytes.len());
                }
            });
            let starts = std::iter::once(&0).chain(&ends);
            let records: Vec<&[u8]> = starts
                .zip(&ends)
                .filter_map(|(&start, &end)| bytes.get(start..end))
                .collect();
            writer.log(&records)?;
        }
        Ok(())
    }

    /// Everything that was deleted and that neither blocks nor the log have forgotten.
    fn deletions(&self) -> Vec<Tombstone> {
        let deletions = self.deletions.lock();
        let deletions = deletions.unwrap_or_else(PoisonError::into_inner);
        let all = deletions.iter().flat_map(|(&row, ranges)| {
            let series = self.reference(row).get();
            ranges.iter().map(move |&range| Tombstone { series, range })
        });
        all.collect()
    }

    /// In order of arrival.
    fn write_exemplars(&self, writer: &mut Writer) -> Result<(), WalError> {
        let arrivals = self.exemplars.arrivals();
        for some in arrivals.chunks(EXEMPLARS_OF_A_RECORD) {
            let some = some.iter().filter(|exemplar| self.has_row(exemplar.row));
            let exemplars = some.map(|exemplar| RefExemplar {
                series: self.reference(exemplar.row).get(),
                time: exemplar.time,
                value: exemplar.value,
                labels: &exemplar.labels,
            });
            writer.log(&[&record::exemplars(exemplars)])?;
        }
        Ok(())
    }

    fn supplement(
        &self,
        fs: &dyn Fs,
        wal: &Path,
        position: LogPosition,
        series: usize,
    ) -> Result<Supplement, WalError> {
        let chunk_files = {
            let files = self.chunk_files();
            files.sync()?;
            files.marks()?
        };
        let mut aliases: Vec<(u64, u64)> = {
            let aliases = self.aliases();
            let living = aliases.iter().filter(|&(_, &row)| self.has_row(row));
            living
                .map(|(&alias, &row)| (alias, self.reference(row).get()))
                .collect()
        };
        aliases.sort_unstable();
        let metadata = self.metadata.all().into_iter();
        let referenced = |(metadata, rows): (Arc<Metadata>, Vec<u32>)| {
            let references = rows.into_iter().map(|row| self.reference(row).get());
            (Metadata::clone(&metadata), references.collect())
        };
        let next_row = self.next_row.load(Ordering::Relaxed);
        Ok(Supplement {
            log_checksum: position.checksum_before(fs, wal)?,
            series: series as u64,
            next_reference: self.reference(next_row).get(),
            newest: self.max_time.load(Ordering::Relaxed),
            dropped_before: self.dropped_before.load(Ordering::Relaxed),
            chunk_files,
            deletions: self.deletions(),
            aliases,
            metadata: metadata.map(referenced).collect(),
        })
    }
}

/// As upstream: about a megabyte.
const EXEMPLARS_OF_A_RECORD: usize = 10_000;
