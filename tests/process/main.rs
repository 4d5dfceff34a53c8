//! The real binary, on loopback: what a person sees who starts it, kills it and starts it again.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "process tests stand outside the program: they use the machine's clock, files and sockets"
)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]
#![allow(clippy::print_stdout, reason = "a skipped test says so")]

mod certificates;
mod client;
mod journal;
mod native;
mod pages;
mod program;
mod receiver;

mod admin;
mod alert_restarts;
mod alertmanager;
mod bomb;
mod both_ways;
mod check_config;
mod client_certificates;
mod encrypted;
mod exemplars;
mod full_disk;
mod hostile;
mod insight;
mod killers;
mod ledger;
mod node_exporter;
mod peers;
mod promtool;
mod refusals;
mod reload;
mod reload_under_load;
mod running_queries;
mod server;
mod side_by_side;
mod sources;
mod starting;
mod targets_explained;
mod tool;
mod up;
