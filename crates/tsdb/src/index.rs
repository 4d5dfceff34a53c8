//! The inverted index: from label pairs to series. The file format, and what head and blocks
//! share to answer matchers.

mod first_version;
pub(crate) mod matchers;
mod offset_table;
pub(crate) mod postings_ops;
pub(crate) mod reader;
pub(crate) mod writer;

pub(crate) use reader::{IndexReader, SeriesEntry};
pub(crate) use writer::{ChunkMeta, IndexWriter};
