//! Finds things to scrape and publishes target groups.
//!
//! The [`Manager`] runs the entries of all mechanisms that a configuration names: targets written
//! into the configuration, files that may change at any time, name servers, catalogs and the APIs of
//! clouds. What they find comes out as one value, [`TargetGroups`](model::TargetGroups), the groups
//! of all sets (jobs, or groups of Alertmanagers); whoever consumes it watches that value. New
//! configurations go in through a [`Handle`], which also tells how each entry stands
//! ([`DiscoveryStatus`]). A source that fails keeps what it found before.
//!
//! ```
//! use std::sync::Arc;
//! use discovery::{Manager, Options, World};
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
//! let world = World::new(fs, clock, pool, &registry, |_| None);
//! let (manager, handle) = Manager::new(Options::default(), world);
//! let jobs = config.scrape_configs.iter();
//! handle.apply(jobs.map(|job| (job.job_name.clone(), &job.service_discovery)));
//! let groups = handle.target_groups();
//! // `manager.run(shutdown)` publishes into `groups` until it is told to stop.
//! # drop((manager, groups));
//! ```
//!
//! **Must not know:** who consumes target groups, how the configuration was read.

mod api;
mod glob;
mod labels;
mod manager;
mod metrics;
mod provider;
mod refresh;
mod status;
mod world;

pub use manager::{Handle, Manager, Options};
pub use status::{DiscoveryStatus, SourceHealth};
pub use world::World;
