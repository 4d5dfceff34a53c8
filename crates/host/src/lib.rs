//! The world: files, clocks, sockets, threads, signals, logs; with a simulated twin where tests
//! need one.
//!
//! Everything that Narthex does to the operating system goes through here. [`Fs`] reaches files
//! ([`fs::RealFs`], and [`fs::SimulatedFs`] with full and read-only disks), [`Clock`] tells the time
//! ([`clock::RealClock`], [`clock::SimulatedClock`]), [`pool`] runs CPU work on named threads. With
//! feature `net` come sockets, tasks and signals of the async runtime.
//!
//! ```
//! use std::path::Path;
//! use host::fs::{Fs, SimulatedFs};
//! let fs = SimulatedFs::default();
//! fs.create_dir_all(Path::new("/data")).unwrap();
//! fs.write(Path::new("/data/a"), b"hello").unwrap();
//! assert_eq!(fs.read(Path::new("/data/a")).unwrap(), b"hello");
//! ```
//!
//! **Must not know:** what metrics mean, Kubernetes, any configuration file of ours.

pub mod allocator;
pub mod clock;
pub mod fs;
pub mod kernel;
#[cfg(feature = "net")]
pub mod lanes;
pub mod limits;
pub mod log;
pub mod memory;
#[cfg(feature = "net")]
pub mod net;
pub mod pool;
#[cfg(feature = "net")]
pub mod signals;
#[cfg(feature = "net")]
pub mod tasks;
#[cfg(feature = "net")]
pub mod watch;

pub use clock::Clock;
pub use fs::Fs;
