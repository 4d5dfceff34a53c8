//! What all rules see of the server.

use model::Labels;

/// What all rules see of the server; replaced at a reload.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context {
    /// Labels that alerts get when they leave this server.
    pub external_labels: Labels,
    /// Where people reach this server, without a slash at the end.
    pub external_url: String,
}
