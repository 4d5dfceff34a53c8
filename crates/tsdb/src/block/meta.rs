//! `meta.json`: what a block says about itself.

use std::path::Path;

use host::fs::Fs;
use serde::{Deserialize, Serialize};

use super::BlockError;

/// The description of a block. Keys that we do not know are left alone, because the file is never
/// rewritten.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BlockMeta {
    /// Name of the block and of its folder.
    pub ulid: String,
    /// First millisecond inside.
    pub min_time: i64,
    /// First millisecond behind the end.
    pub max_time: i64,
    /// How much is inside.
    #[serde(default)]
    pub stats: BlockStats,
    /// What the block was made from.
    pub compaction: BlockCompaction,
    /// Version of this file: 1.
    pub version: u32,
}

/// Counts of a block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BlockStats {
    /// Samples of all kinds.
    pub num_samples: u64,
    /// Float samples.
    pub num_float_samples: u64,
    /// Series.
    pub num_series: u64,
    /// Chunks.
    pub num_chunks: u64,
    /// Deleted ranges.
    #[serde(skip_serializing_if = "is_zero")]
    pub num_tombstones: u64,
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// Descent of a block.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BlockCompaction {
    /// 1 for a block cut from the head, more for merged ones.
    pub level: u32,
    /// Blocks cut from the head that are inside.
    pub sources: Vec<String>,
    /// True once nothing needs the block any more.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub deletable: bool,
}

impl BlockMeta {
    /// Reads the description of the block in `dir`.
    pub(crate) fn read(fs: &dyn Fs, dir: &Path) -> Result<Self, BlockError> {
        let path = dir.join(FILE_NAME);
        let bytes = fs.read(&path).map_err(BlockError::io(&path))?;
        let meta: Self = serde_json::from_slice(&bytes).map_err(|error| BlockError::Damaged {
            path: path.clone(),
            reason: error.to_string(),
        })?;
        if meta.version != VERSION {
            let reason = format!("meta.json version {}", meta.version);
            return Err(BlockError::Unsupported { path, reason });
        }
        Ok(meta)
    }

    /// Writes the description into `dir` and makes it durable.
    pub(crate) fn write(&self, fs: &dyn Fs, dir: &Path) -> Result<(), BlockError> {
        let path = dir.join(FILE_NAME);
        let mut bytes = Vec::new();
        let formatter = serde_json::ser::PrettyFormatter::with_indent(b"\t");
        let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, formatter);
        self.serialize(&mut serializer)
            .map_err(|error| BlockError::io(&path)(std::io::Error::from(error)))?;
        let write = || {
            let mut file = fs.create(&path)?;
            file.write_all(&bytes)?;
            file.sync()
        };
        write().map_err(BlockError::io(&path))
    }
}

const FILE_NAME: &str = "meta.json";
/// The only version there is.
pub(crate) const VERSION: u32 = 1;
