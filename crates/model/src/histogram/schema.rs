//! Schemas: how bounds of buckets follow from a number.

use std::sync::Arc;

/// True if `schema` has exponential buckets.
pub fn is_exponential(schema: i32) -> bool {
    (MIN_EXPONENTIAL..=MAX_EXPONENTIAL).contains(&schema)
}

/// True if two lists of custom bounds are the same.
pub fn same_bounds(a: &Arc<[f64]>, b: &Arc<[f64]>) -> bool {
    Arc::ptr_eq(a, b)
        || a.len() == b.len()
            && a.iter()
                .zip(b.iter())
                .all(|(a, b)| a.to_bits() == b.to_bits())
}

/// The schema of custom buckets.
pub const CUSTOM_BUCKETS: i32 = -53;
/// The exponential schema of the lowest resolution.
pub const MIN_EXPONENTIAL: i32 = -4;
/// The exponential schema of the highest resolution.
pub const MAX_EXPONENTIAL: i32 = 8;
