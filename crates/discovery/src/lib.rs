//! Finds things to scrape and publishes target groups.
//!
//! The [`Manager`] runs the providers that the jobs of a configuration name: targets written into
//! the configuration, and files that may change at any time. What they find comes out as one value,
//! [`TargetGroups`](model::TargetGroups), the groups of all jobs; whoever consumes it watches that value. New
//! configurations go in through a [`Handle`].
//!
//! ```
//! use std::sync::Arc;
//! use discovery::{Manager, Options};
//! use host::{clock::RealClock, fs::SimulatedFs, pool::Pool};
//!
//! let config = config::server::load(
//!     "scrape_configs: [{job_name: node, static_configs: [{targets: ['web:9100']}]}]",
//!     "prometheus.yml",
//!     |_| None,
//! )
//! .unwrap();
//! let pool = Arc::new(Pool::new("discovery", 1).unwrap());
//! let fs = Arc::new(SimulatedFs::default());
//! let clock = Arc::new(RealClock::default());
//! let registry = exposition::Registry::new();
//! let (manager, handle) = Manager::new(Options::default(), fs, clock, pool, &registry);
//! handle.apply(&config.scrape_configs);
//! let groups = handle.target_groups();
//! // `manager.run(shutdown)` publishes into `groups` until it is told to stop.
//! # drop((manager, groups));
//! ```
//!
//! **Must not know:** who consumes target groups, how the configuration was read.

mod glob;
mod manager;
mod metrics;
mod provider;

pub use manager::{Handle, Manager, Options};
