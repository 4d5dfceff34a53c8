//! One file per command: flags become settings, wiring does the rest.

mod features;
pub(crate) mod node_exporter;
mod rule_flags;
pub(crate) mod server;
pub(crate) mod tool;
pub(crate) mod up;
pub(crate) mod web_flags;
