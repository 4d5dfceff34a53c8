//! The messages that a request may hold, by their names.

/// A kind of message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message {
    /// Of remote write 1.0.
    V1,
    /// Of remote write 2.0.
    V2,
}

impl Message {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::V1, Self::V2];

    /// The name in protobuf.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V1 => "prometheus.WriteRequest",
            Self::V2 => "io.prometheus.write.v2.Request",
        }
    }

    /// The message of this name.
    ///
    /// # Errors
    /// There is none.
    pub fn parse(name: &str) -> Result<Self, UnknownMessage> {
        let found = Self::ALL.into_iter().find(|known| known.as_str() == name);
        found.ok_or_else(|| UnknownMessage(name.to_owned()))
    }
}

/// No message has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown type for remote write protobuf message {0}, supported: prometheus.WriteRequest, \
     io.prometheus.write.v2.Request"
)]
pub struct UnknownMessage(String);
