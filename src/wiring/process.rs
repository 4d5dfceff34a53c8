//! What the process says about itself: `process_*` and `narthex_build_info`.

use std::path::Path;
use std::sync::Arc;

use exposition::Registry;
use exposition::process::{BuildInfo, ProcessCollector, ProcessReading};
use host::Fs;

use crate::cli::VERSION;

/// Registers the process' own metrics.
pub(super) fn register(registry: &Registry, fs: Arc<dyn Fs>) {
    registry.add(Arc::new(ProcessCollector::new(move || read(&*fs))));
    registry.add(Arc::new(build_info()));
}

/// Which build this is.
pub(super) fn build_info() -> BuildInfo {
    BuildInfo {
        version: VERSION.to_owned(),
        revision: REVISION.to_owned(),
        branch: String::new(),
        rust_version: RUST_VERSION.to_owned(),
    }
}

/// The commit that was built, when the builder says it.
pub(super) const REVISION: &str = match option_env!("NARTHEX_REVISION") {
    Some(revision) => revision,
    None => "",
};

/// The oldest compiler that builds this source, which is the pinned one.
const RUST_VERSION: &str = env!("CARGO_PKG_RUST_VERSION");

fn read(fs: &dyn Fs) -> ProcessReading {
    let text = |path: &str| {
        let bytes = fs.read(Path::new(path)).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    ProcessReading {
        stat: text("/proc/self/stat"),
        limits: text("/proc/self/limits"),
        system_stat: text("/proc/stat"),
        open_fds: fs
            .read_dir(Path::new("/proc/self/fd"))
            .ok()
            .map(|entries| entries.len() as u64),
        page_size: host::limits::page_size(),
        ticks_per_second: host::limits::clock_ticks_per_second(),
    }
}
