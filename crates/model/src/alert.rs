//! An alert as it is handed to those who tell people.

use std::collections::BTreeMap;

use crate::Labels;

/// A reason to tell somebody: labels say which, annotations say more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Alert {
    /// What identifies the alert, `alertname` included.
    pub labels: Labels,
    /// What people are told beside.
    pub annotations: BTreeMap<String, String>,
    /// Since when it fires, in milliseconds since the Unix epoch.
    pub starts_at: i64,
    /// When it ended, or, if it has not, when it is taken as ended unless it is told of again.
    pub ends_at: i64,
    /// Where the expression behind it can be looked at.
    pub generator_url: String,
}

/// Name of the label that says the name of an alert.
pub const ALERT_NAME: &str = "alertname";
/// Name of the label that says the state of an alert, on series about alerts.
pub const ALERT_STATE: &str = "alertstate";
