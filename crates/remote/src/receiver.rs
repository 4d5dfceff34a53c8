//! What receives: settings and counters around the two kinds of messages.

use exposition::Registry;
use exposition::instrument::Counter;
use storage::Appendable;

use crate::message::Message;
use crate::receive::{self, ReceiveError, Received};
use crate::receive_v2;

/// Receives requests.
#[derive(Debug)]
pub struct Receiver {
    accepted: Vec<Message>,
    sends_metadata: bool,
    invalid: Counter,
    without_metadata: Counter,
}

impl Receiver {
    /// A receiver of these messages. The store is told of type, help and unit of series if
    /// `sends_metadata`.
    pub fn new(accepted: Vec<Message>, sends_metadata: bool, registry: &Registry) -> Self {
        Self {
            accepted,
            sends_metadata,
            invalid: registry.counter(
                "prometheus_api_remote_write_invalid_labels_samples_total",
                "The total number of received remote write samples and histogram samples which \
                 were rejected due to invalid labels.",
            ),
            without_metadata: registry.counter(
                "prometheus_api_remote_write_without_metadata_appended_samples_total",
                "The total number of received remote write samples (and histogram samples) which \
                 were ingested without corresponding metadata.",
            ),
        }
    }

    /// The messages that are taken.
    pub fn accepted(&self) -> &[Message] {
        &self.accepted
    }

    /// Appends all samples of a Snappy-compressed message and returns once they may be
    /// acknowledged. `now` is the time in milliseconds since the Unix epoch: samples of more than
    /// ten minutes later are refused, as upstream does.
    ///
    /// Samples that are refused (out of order, too old, too far ahead, of a series too many) do not
    /// keep the others from being stored.
    ///
    /// # Errors
    /// Nothing of the request may be acknowledged.
    pub fn receive(
        &self,
        message: Message,
        body: &[u8],
        store: &dyn Appendable,
        now: i64,
    ) -> Result<Received, ReceiveError> {
        let bytes = decompressed(body)?;
        let received = match message {
            Message::V1 => receive::receive(&bytes, store, now),
            Message::V2 => receive_v2::receive(&bytes, store, now, self.sends_metadata),
        }?;
        self.invalid.add(received.invalid as u64);
        self.without_metadata.add(received.without_metadata as u64);
        Ok(received)
    }
}

fn decompressed(body: &[u8]) -> Result<Vec<u8>, ReceiveError> {
    let failed = |error: snap::Error| ReceiveError::Compression(error.to_string());
    let len = snap::raw::decompress_len(body).map_err(failed)?;
    if len > MAX_MESSAGE_BYTES {
        let reason = format!("the message has {len} bytes, more than {MAX_MESSAGE_BYTES}");
        return Err(ReceiveError::Compression(reason));
    }
    snap::raw::Decoder::new()
        .decompress_vec(body)
        .map_err(failed)
}

/// Bytes of a decompressed message, as upstream.
const MAX_MESSAGE_BYTES: usize = 32 << 20;
