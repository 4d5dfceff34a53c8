//! Hints to the processor about memory.

/// Has the processor fetch the cache line in which a value begins that is about to be used, without
/// waiting for it: reading it would hold up everything behind.
#[inline]
#[cfg_attr(
    target_arch = "x86_64",
    allow(
        unsafe_code,
        reason = "the standard library has no stable prefetch but the processor's own"
    )
)]
pub fn bring_near<T>(value: &T) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a prefetch reads and writes nothing, whatever the address; this one is valid.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(value).cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        std::hint::black_box(value);
    }
}
