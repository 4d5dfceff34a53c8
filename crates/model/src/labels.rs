//! The label set of a series, in one packed and shared allocation.

mod builder;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

pub use builder::LabelsBuilder;

use crate::label::{METRIC_NAME, is_legacy_label_name, is_legacy_metric_name, is_metric_identity};
use crate::quote::push_quoted;
use crate::series::Fingerprint;

/// A label set: names are unique and sorted, values are never empty. Cloning costs one counter.
///
/// The bytes hold each name and value as length and text, one after the other; a length below 255
/// is one byte, else 255 and four bytes, little endian. Equal sets have equal bytes.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Labels {
    bytes: Option<Arc<[u8]>>,
}

impl Labels {
    /// The empty set.
    pub const fn empty() -> Self {
        Self { bytes: None }
    }

    /// From pairs in any order. Pairs with an empty value are left out; of several with one name
    /// the last wins.
    pub fn from_pairs<N: AsRef<str>, V: AsRef<str>>(
        pairs: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let mut builder = LabelsBuilder::new();
        for (name, value) in pairs {
            builder.set(name.as_ref(), value.as_ref());
        }
        builder.build()
    }

    /// From pairs that are sorted by name, without repetitions and empty values.
    pub fn from_sorted<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut bytes = Vec::with_capacity(128);
        for (name, value) in pairs {
            debug_assert!(!value.is_empty(), "empty value of label {name}");
            push_text(&mut bytes, name);
            push_text(&mut bytes, value);
        }
        Self::from_packed(&bytes)
    }

    fn from_packed(bytes: &[u8]) -> Self {
        Self {
            bytes: (!bytes.is_empty()).then(|| Arc::from(bytes)),
        }
    }

    /// The labels as (name, value), sorted by name.
    pub fn iter(&self) -> Iter<'_> {
        Iter {
            rest: self.packed(),
        }
    }

    /// The value of the label with this name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter()
            .find(|(n, _)| *n == name)
            .map(|(_, value)| value)
    }

    /// The metric name, if the set has one.
    pub fn metric_name(&self) -> Option<&str> {
        self.get(METRIC_NAME)
    }

    /// True if there is no label.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_none()
    }

    /// Number of labels.
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// The labels whose names `keep` accepts.
    #[must_use]
    pub fn filter(&self, mut keep: impl FnMut(&str) -> bool) -> Self {
        let mut bytes = Vec::with_capacity(self.packed().len());
        let mut iter = self.iter();
        loop {
            let before = iter.rest;
            let Some((name, _)) = iter.next() else { break };
            if keep(name) {
                bytes.extend_from_slice(&before[..before.len() - iter.rest.len()]);
            }
        }
        if bytes.len() == self.packed().len() {
            return self.clone();
        }
        Self::from_packed(&bytes)
    }

    /// All labels but the metric name, type and unit.
    #[must_use]
    pub fn without_name(&self) -> Self {
        self.filter(|name| !is_metric_identity(name))
    }

    /// Hash of the set; equal sets have equal fingerprints.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::new(rapidhash::v3::rapidhash_v3(self.packed()))
    }

    /// The hash of the set that Prometheus has: XXH64 over names and values, each behind its length.
    /// The same for all time, so that samples of series can be drawn by it.
    pub fn stable_hash(&self) -> u64 {
        let packed = self.packed();
        let has_long_text = |text: &str| text.len() >= usize::from(u8::MAX);
        if !self
            .iter()
            .any(|(name, value)| has_long_text(name) || has_long_text(value))
        {
            return xxhash_rust::xxh64::xxh64(packed, 0);
        }
        // Prometheus has lengths of three bytes where ours have four.
        let mut bytes = Vec::with_capacity(packed.len());
        for text in self.iter().flat_map(|(name, value)| [name, value]) {
            let length = text.len().to_le_bytes();
            if has_long_text(text) {
                bytes.push(u8::MAX);
                bytes.extend_from_slice(&length[..3]);
            } else {
                bytes.push(length[0]);
            }
            bytes.extend_from_slice(text.as_bytes());
        }
        xxhash_rust::xxh64::xxh64(&bytes, 0)
    }

    /// Bytes of memory that the set takes behind its pointer.
    pub fn heap_bytes(&self) -> usize {
        self.bytes.as_ref().map_or(0, |bytes| bytes.len() + 16)
    }

    /// True if others hold the same memory.
    pub fn is_shared(&self) -> bool {
        let strong = self.bytes.as_ref().map_or(0, Arc::strong_count);
        strong > 1
    }

    fn packed(&self) -> &[u8] {
        self.bytes.as_deref().unwrap_or_default()
    }
}

impl PartialOrd for Labels {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Prometheus' order: by name and value, label by label; a prefix comes first.
impl Ord for Labels {
    fn cmp(&self, other: &Self) -> Ordering {
        self.iter().cmp(other.iter())
    }
}

impl<'a> IntoIterator for &'a Labels {
    type Item = (&'a str, &'a str);
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

/// As an expression writes it: `name{label="value"}`, quoting names where the grammar demands.
impl fmt::Display for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = String::new();
        let name = self.metric_name();
        let bare_name = name.filter(|name| is_legacy_metric_name(name));
        out.push_str(bare_name.unwrap_or_default());
        let mut parts = 0;
        let mut separate = |out: &mut String| {
            out.push_str(if parts == 0 { "{" } else { ", " });
            parts += 1;
        };
        if let (Some(name), None) = (name, bare_name) {
            separate(&mut out);
            push_quoted(&mut out, name);
        }
        for (name, value) in self.iter().filter(|(name, _)| *name != METRIC_NAME) {
            separate(&mut out);
            if is_legacy_label_name(name) {
                out.push_str(name);
            } else {
                push_quoted(&mut out, name);
            }
            out.push('=');
            push_quoted(&mut out, value);
        }
        match (parts, bare_name) {
            (0, Some(_)) => {}
            (0, None) => out.push_str("{}"),
            _ => out.push('}'),
        }
        f.write_str(&out)
    }
}

impl fmt::Debug for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The labels of a set as (name, value), sorted by name.
#[derive(Clone, Debug)]
pub struct Iter<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Iter<'a> {
    type Item = (&'a str, &'a str);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        Some((take_text(&mut self.rest), take_text(&mut self.rest)))
    }
}

fn push_text(bytes: &mut Vec<u8>, text: &str) {
    match u8::try_from(text.len()) {
        Ok(len) if len < u8::MAX => bytes.push(len),
        _ => {
            let len = u32::try_from(text.len()).expect("label text is below 4 GiB");
            bytes.push(u8::MAX);
            bytes.extend_from_slice(&len.to_le_bytes());
        }
    }
    bytes.extend_from_slice(text.as_bytes());
}

#[inline]
fn take_text<'a>(rest: &mut &'a [u8]) -> &'a str {
    let (&first, after) = rest.split_first().expect("packed labels end after a value");
    let (len, after) = if first < u8::MAX {
        (usize::from(first), after)
    } else {
        let (len, after) = after
            .split_first_chunk::<4>()
            .expect("a long length has four bytes");
        (u32::from_le_bytes(*len) as usize, after)
    };
    let (text, after) = after.split_at(len);
    *rest = after;
    text_of(text)
}

#[allow(
    unsafe_code,
    reason = "checking every label again at every read costs a third of a select"
)]
fn text_of(bytes: &[u8]) -> &str {
    // SAFETY: the bytes are a whole name or value that `push_text` copied from a `&str`.
    unsafe { std::str::from_utf8_unchecked(bytes) }
}
