//! What the parsers and encoders do with whole pages.

mod conforms;
mod encodes_pages;
mod parses_pages;
mod survives_any_bytes;
