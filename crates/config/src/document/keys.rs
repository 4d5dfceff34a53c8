//! Key lists of sections that take over the keys of another one.

/// One list of keys out of several: `keys!(&["url"], &http::KEYS)`.
macro_rules! keys {
    ($($part:expr),+ $(,)?) => {{
        const PARTS: &[&[&str]] = &[$($part),+];
        const KEYS: [&str; $crate::document::keys::total(PARTS)] =
            $crate::document::keys::joined(PARTS);
        &KEYS
    }};
}

pub(crate) use keys;

/// How many keys the lists have together.
#[allow(clippy::indexing_slicing, reason = "evaluated by the compiler only")]
pub(crate) const fn total(parts: &[&[&str]]) -> usize {
    let mut sum = 0;
    let mut part = 0;
    while part < parts.len() {
        sum += parts[part].len();
        part += 1;
    }
    sum
}

/// The lists, one behind the other.
#[allow(clippy::indexing_slicing, reason = "evaluated by the compiler only")]
pub(crate) const fn joined<const N: usize>(parts: &[&[&'static str]]) -> [&'static str; N] {
    let mut keys = [""; N];
    let (mut filled, mut part) = (0, 0);
    while part < parts.len() {
        let mut index = 0;
        while index < parts[part].len() {
            keys[filled] = parts[part][index];
            filled += 1;
            index += 1;
        }
        part += 1;
    }
    keys
}
