//! The time series database: head, log, blocks.
