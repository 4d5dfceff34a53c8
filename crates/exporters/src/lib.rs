//! Things that expose metrics on purpose: so far the machine itself, as node_exporter does.
//!
//! A [`NodeExporter`] is built from [`NodeOptions`], which start as upstream's defaults and are
//! changed by flags ([`node::apply_flag`], described by [`node::flags`]). It is an
//! [`exposition::Collector`]; [`NodeExporter::collect_only`] serves `?collect[]=` and `?exclude[]=`.
//!
//! ```
//! use std::sync::Arc;
//! use exporters::{NodeExporter, NodeOptions, node};
//! use exposition::Collector as _;
//!
//! let mut options = NodeOptions::default();
//! node::apply_flag(&mut options, "collector.disable-defaults", None).unwrap();
//! node::apply_flag(&mut options, "collector.loadavg", None).unwrap();
//! let fs = Arc::new(host::fs::RealFs);
//! let clock = Arc::new(host::clock::RealClock::default());
//! let exporter = NodeExporter::new(options, fs, clock).unwrap();
//! let mut families = Vec::new();
//! exporter.collect(&mut families);
//! assert!(families.iter().any(|family| family.name == "node_load1"));
//! ```
//!
//! **Must not know:** the server's configuration, storage, HTTP.

mod families;
pub mod gather;
pub mod node;

pub use node::{NodeExporter, NodeOptions};
