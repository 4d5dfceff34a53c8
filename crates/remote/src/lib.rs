//! Remote write, received: messages of protobuf 1.0 into a store.
//!
//! [`receive`] takes a request's body as it came and appends what it holds; what it returns may be
//! acknowledged. The layout of the messages: `docs/formats/remote-write.md`.
//!
//! **Must not know:** HTTP, scraping, rules.

mod receive;
mod wire;
mod write_v1;

pub use receive::{ReceiveError, Received, receive};
