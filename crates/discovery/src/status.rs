//! How the entries of all sets stand, for those who look at them.

/// How the source behind an entry does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceHealth {
    /// Its last answer counts. The targets that a configuration itself states are always good.
    Good,
    /// It has not answered yet.
    Waiting,
    /// The last refresh went wrong, wholly or in part. The targets found before stay.
    Failing,
    /// This version lacks the mechanism, or cannot run the entry: nothing is asked.
    Lacking,
}

impl SourceHealth {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Waiting => "waiting",
            Self::Failing => "failing",
            Self::Lacking => "lacking",
        }
    }
}

/// How one entry of a mechanism stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiscoveryStatus {
    /// The set that it finds targets for: the name of a job.
    pub set: String,
    /// The mechanism's name: `static`, `file`, `consul`.
    pub mechanism: &'static str,
    /// How its source does.
    pub health: SourceHealth,
    /// Targets that it found, before relabeling.
    pub targets: usize,
    /// When it last answered, in milliseconds since the Unix epoch; never for a mechanism that is
    /// not asked, or has not answered yet.
    pub last_refresh_millis: Option<i64>,
    /// What went wrong last, or why nothing is asked; none where all is well.
    pub last_error: Option<String>,
}
