//! Float sample values with a meaning of their own.

/// Bits of the stale marker: the series ended here. Source: Prometheus `model/value`.
pub const STALE_BITS: u64 = 0x7ff0_0000_0000_0002;

/// Bits of the NaN that a scraped or computed "not a number" is stored as.
pub const NORMAL_NAN_BITS: u64 = 0x7ff8_0000_0000_0001;

/// The stale marker. A signalling NaN: arithmetic never yields it by accident.
pub const STALE: f64 = f64::from_bits(STALE_BITS);

/// True for the stale marker and for no other value.
#[inline]
pub fn is_stale(value: f64) -> bool {
    value.to_bits() == STALE_BITS
}
