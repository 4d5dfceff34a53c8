//! What the server holds and has done at one moment.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::http;
use crate::server::Server;
use crate::soak::queries::QueryLoad;

/// One reading.
#[derive(Clone, Debug, Default)]
pub(super) struct Reading {
    /// Since the start.
    pub(super) at: Duration,
    pub(super) resident_bytes: f64,
    /// The part of it that is no page of a file.
    pub(super) anonymous_bytes: f64,
    pub(super) cpu_seconds: f64,
    pub(super) open_files: f64,
    pub(super) threads: f64,
    /// Of the data folder.
    pub(super) disk_bytes: f64,
    pub(super) series: f64,
    pub(super) samples: f64,
    pub(super) blocks: f64,
    pub(super) compactions: f64,
    pub(super) deletions: f64,
    pub(super) checkpoints: f64,
    pub(super) answered: u64,
    pub(super) refused: u64,
}

impl Reading {
    /// The names of [`Self::row`].
    pub(super) const COLUMNS: &str = "seconds,resident,anonymous,cpu_seconds,files,threads,disk,\
                                      series,samples,blocks,compactions,deletions,checkpoints,\
                                      answered,refused";

    /// Reads the process, its folder and its metrics.
    ///
    /// # Errors
    /// It has ended or does not answer.
    pub(super) fn take(
        at: Duration,
        server: &Server,
        queries: &QueryLoad,
        data: &Path,
    ) -> Result<Self> {
        let page = http::get(server.address, "/metrics")?;
        let metric = |name: &str| {
            let value = http::sum(&page, name);
            value.with_context(|| format!("the server does not expose {name}"))
        };
        let usage = server.process.usage()?;
        let (answered, refused) = queries.counts();
        Ok(Self {
            at,
            resident_bytes: usage.resident_bytes,
            anonymous_bytes: usage.anonymous_bytes,
            cpu_seconds: usage.cpu_seconds,
            open_files: server.process.open_files()? as f64,
            threads: usage.threads,
            disk_bytes: bytes_below(data)? as f64,
            series: metric("prometheus_tsdb_head_series")?,
            samples: metric("prometheus_tsdb_head_samples_appended_total")?,
            blocks: metric("prometheus_tsdb_blocks_loaded")?,
            compactions: metric("prometheus_tsdb_compactions_total")?,
            deletions: metric("prometheus_tsdb_time_retentions_total")?,
            checkpoints: metric("prometheus_tsdb_checkpoint_creations_total")?,
            answered,
            refused,
        })
    }

    /// All of it, as comma-separated values.
    pub(super) fn row(&self) -> String {
        let values = [
            self.at.as_secs_f64().round(),
            self.resident_bytes,
            self.anonymous_bytes,
            self.cpu_seconds,
            self.open_files,
            self.threads,
            self.disk_bytes,
            self.series,
            self.samples,
            self.blocks,
            self.compactions,
            self.deletions,
            self.checkpoints,
            self.answered as f64,
            self.refused as f64,
        ];
        values.map(|value| value.to_string()).join(",")
    }

    /// The reading that such a row tells.
    pub(super) fn parse(row: &str) -> Option<Self> {
        let mut values = row.split(',').map(|text| text.parse::<f64>().ok());
        let mut next = || values.next().flatten();
        Some(Self {
            at: Duration::try_from_secs_f64(next()?).ok()?,
            resident_bytes: next()?,
            anonymous_bytes: next()?,
            cpu_seconds: next()?,
            open_files: next()?,
            threads: next()?,
            disk_bytes: next()?,
            series: next()?,
            samples: next()?,
            blocks: next()?,
            compactions: next()?,
            deletions: next()?,
            checkpoints: next()?,
            answered: next()? as u64,
            refused: next()? as u64,
        })
    }
}

/// Lengths of all files in `folder`; those that go away while it is walked count for nothing.
fn bytes_below(folder: &Path) -> Result<u64> {
    let mut sum = 0;
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(0),
        entries => entries.with_context(|| format!("listing {}", folder.display()))?,
    };
    for entry in entries {
        let Ok(entry) = entry else { continue };
        match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => sum += bytes_below(&entry.path())?,
            Ok(metadata) => sum += metadata.len(),
            Err(_) => {}
        }
    }
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use super::{Reading, bytes_below};

    #[test]
    fn a_row_has_all_columns() {
        let count = |text: &str| text.split(',').count();
        assert_eq!(count(&Reading::default().row()), count(Reading::COLUMNS));
        let row = "10,1.5,2,3,4,5,6,7,8,9,10,11,12,13,14";
        assert_eq!(Reading::parse(row).unwrap().row(), row);
        assert!(Reading::parse(Reading::COLUMNS).is_none());
    }

    #[test]
    fn folders_are_summed() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("a")).unwrap();
        std::fs::write(folder.path().join("a/b"), "123").unwrap();
        std::fs::write(folder.path().join("c"), "45").unwrap();
        assert_eq!(bytes_below(folder.path()).unwrap(), 5);
        assert_eq!(bytes_below(&folder.path().join("none")).unwrap(), 0);
    }
}
