//! Settings of the C library's allocator.

/// Has large blocks come from the operating system one by one and go back as soon as they are
/// freed.
///
/// By itself the C library raises its bound for such blocks with each that is freed, up to 32 MiB,
/// and keeps what lies below it for the thread that freed it: the answers of a dozen queries then
/// stay in memory a dozen times.
#[cfg(target_env = "gnu")]
#[allow(
    unsafe_code,
    reason = "the standard library cannot set up the allocator of the C library"
)]
pub fn return_large_blocks() {
    for setting in [libc::M_MMAP_THRESHOLD, libc::M_TRIM_THRESHOLD] {
        // SAFETY: `mallopt` takes plain numbers; where it does not know one, it changes nothing.
        if unsafe { libc::mallopt(setting, LARGE) } == 0 {
            tracing::debug!(setting, "the allocator does not take a setting");
        }
    }
}

/// Other C libraries decide for themselves.
#[cfg(not(target_env = "gnu"))]
pub fn return_large_blocks() {}

/// Gives the operating system back every page on which nothing is allocated.
///
/// By itself the C library gives back what is free at the end of an arena only: one small block
/// that lives on keeps all before it.
#[cfg(target_env = "gnu")]
#[allow(
    unsafe_code,
    reason = "the standard library cannot set up the allocator of the C library"
)]
pub fn return_free_pages() {
    // SAFETY: `malloc_trim` takes a plain number and locks each arena that it looks through.
    unsafe { libc::malloc_trim(0) };
}

/// Other C libraries decide for themselves.
#[cfg(not(target_env = "gnu"))]
pub fn return_free_pages() {}

/// Bytes of a block that is worth a system call.
#[cfg(target_env = "gnu")]
const LARGE: i32 = 1 << 20;
