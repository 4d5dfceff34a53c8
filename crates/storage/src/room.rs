//! Room for series: who may begin new ones, and why somebody may not.

/// Whether an append may begin a series that is not there yet. Series that are there take samples
/// in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NewSeries {
    /// While there is room.
    #[default]
    Allowed,
    /// Also in the room that is kept for what tells how things stand, such as `up`.
    Reserved,
    /// The appender has begun as many as it may.
    Refused,
}

/// Why a new series was refused. Whoever brings it has too many, or the store has too little memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RoomError {
    /// The store holds as many series as it may.
    #[error("too many series: the limit is {limit}")]
    Limit {
        /// Series that it may hold.
        limit: usize,
    },
    /// The store is nearly full, and the series' job has more than its share.
    #[error(
        "too many series of one job: the store is nearly full, and the share of a job is {share}"
    )]
    Share {
        /// Series that a job may then hold.
        share: usize,
    },
    /// The append itself said that it may begin none.
    #[error("too many new series at once")]
    AtOnce,
}
