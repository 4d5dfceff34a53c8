//! `meta.json`: what a block says about itself.

use std::io;
use std::path::Path;

use host::fs::Fs;
use serde::{Deserialize, Serialize};

use super::BlockError;

/// The description of a block. Keys that we do not know are kept when the file is rewritten.
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
    /// What others wrote beside, such as the section of an uploader.
    #[serde(flatten)]
    pub others: serde_json::Map<String, serde_json::Value>,
}

/// Counts of a block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BlockStats {
    /// Samples of all kinds.
    #[serde(skip_serializing_if = "is_zero")]
    pub num_samples: u64,
    /// Float samples.
    #[serde(skip_serializing_if = "is_zero")]
    pub num_float_samples: u64,
    /// Native histograms.
    #[serde(skip_serializing_if = "is_zero")]
    pub num_histogram_samples: u64,
    /// Series.
    #[serde(skip_serializing_if = "is_zero")]
    pub num_series: u64,
    /// Chunks.
    #[serde(skip_serializing_if = "is_zero")]
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
    /// Blocks cut from the head that are inside, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<String>,
    /// True once nothing needs the block any more.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub deletable: bool,
    /// Blocks that this one was made from directly and takes the place of.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parents: Vec<BlockParent>,
    /// True once the block could not be merged with others because of what is in it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub failed: bool,
    /// Where the samples come from, in upstream's words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hints: Vec<String>,
}

/// A block that another was made from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BlockParent {
    /// Its name.
    pub ulid: String,
    /// Its first millisecond.
    pub min_time: i64,
    /// First millisecond behind its end.
    pub max_time: i64,
}

impl From<&BlockMeta> for BlockParent {
    fn from(meta: &BlockMeta) -> Self {
        Self {
            ulid: meta.ulid.clone(),
            min_time: meta.min_time,
            max_time: meta.max_time,
        }
    }
}

impl BlockMeta {
    /// True if everything inside came out of order: the block says nothing of what came in order.
    pub fn is_from_out_of_order(&self) -> bool {
        let mut hints = self.compaction.hints.iter();
        hints.any(|hint| hint == FROM_OUT_OF_ORDER)
    }

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
        let written = meta.others.get(CHECKSUM).and_then(|value| value.as_str());
        if written.is_some_and(|written| written != meta.checksum()) {
            let reason = "the checksum of minTime and maxTime does not match".to_owned();
            return Err(BlockError::Damaged { path, reason });
        }
        Ok(meta)
    }

    /// Of what decides where the block's samples are looked for. Prometheus does not write it, and
    /// passes over it.
    fn checksum(&self) -> String {
        let text = format!("{} {}", self.min_time, self.max_time);
        format!("{:08x}", crc32c::crc32c(text.as_bytes()))
    }

    /// Writes the description into `dir`, in the place of the one that is there, and makes it
    /// durable.
    pub(crate) fn write(&self, fs: &dyn Fs, dir: &Path) -> Result<(), BlockError> {
        let path = dir.join(FILE_NAME);
        let mut bytes = Vec::new();
        let formatter = serde_json::ser::PrettyFormatter::with_indent(b"\t");
        let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, formatter);
        let mut meta = self.clone();
        let checksum = serde_json::Value::String(self.checksum());
        meta.others.insert(CHECKSUM.to_owned(), checksum);
        meta.serialize(&mut serializer)
            .map_err(|error| BlockError::io(&path)(io::Error::from(error)))?;
        replace(fs, dir, FILE_NAME, &bytes).map_err(BlockError::io(&path))
    }
}

/// Writes a file of a block so that after a crash it is as before or as after.
pub(super) fn replace(fs: &dyn Fs, dir: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let temporary = dir.join(format!("{name}.tmp"));
    let mut file = fs.create(&temporary)?;
    file.write_all(bytes)?;
    file.sync()?;
    drop(file);
    fs.rename(&temporary, &dir.join(name))?;
    fs.sync_dir(dir)
}

/// The hint of a block of samples that came out of order.
pub(crate) const FROM_OUT_OF_ORDER: &str = "from-out-of-order";
const FILE_NAME: &str = "meta.json";
/// The key of the checksum.
const CHECKSUM: &str = "checksum";
/// The only version there is.
pub(crate) const VERSION: u32 = 1;
