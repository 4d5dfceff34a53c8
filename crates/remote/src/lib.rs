//! Remote write, received: messages of 1.0 and 2.0 into a store.
//!
//! [`Receiver`] takes a request's body as it came and appends what it holds; what it returns may be
//! acknowledged. The layout of the messages: `docs/formats/remote-write.md`.
//!
//! **Must not know:** HTTP, scraping, rules.

mod message;
mod receive;
mod receive_v2;
mod receiver;
mod wire;
mod write_v1;
mod write_v2;

pub use message::{Message, UnknownMessage};
pub use receive::{ReceiveError, Received};
pub use receiver::Receiver;
