//! How the entries of all sets stand, for those who look at them.

/// How one entry of a mechanism stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiscoveryStatus {
    /// The set that it finds targets for: the name of a job.
    pub set: String,
    /// The mechanism's name: `static`, `file`, `consul`.
    pub mechanism: &'static str,
    /// Targets that it found, before relabeling.
    pub targets: usize,
    /// When it last answered, in milliseconds since the Unix epoch; never for a mechanism that is
    /// not asked, or has not answered yet.
    pub last_refresh_millis: Option<i64>,
    /// What went wrong last, if the last refresh went wrong. The targets found before stay.
    pub last_error: Option<String>,
}
