//! The inverted index: from label pairs to series. The file format, and what head and blocks
//! share to answer matchers.

pub(crate) mod matchers;
pub(crate) mod postings_ops;
