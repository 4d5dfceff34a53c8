//! A file that names the queries being evaluated, so that a process that comes after a crash can
//! say which they were. The bytes are upstream's: `docs/formats/active-queries.md`.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use host::Fs;
use host::fs::File;

use crate::json::push_text;

/// The open file.
#[derive(Clone, Debug)]
pub struct ActiveQueries {
    shared: Arc<Mutex<Slots>>,
}

#[derive(Debug)]
struct Slots {
    file: Box<dyn File>,
    free: Vec<u64>,
}

/// An entry in the file, until this is dropped.
#[derive(Debug)]
pub(crate) struct Slot {
    shared: Arc<Mutex<Slots>>,
    number: u64,
}

impl ActiveQueries {
    /// Says in the log which queries an older file names, and begins a new one with this many slots.
    ///
    /// # Errors
    /// As the operating system says.
    pub fn open(fs: &dyn Fs, path: &Path, slots: usize) -> io::Result<Self> {
        if let Some(queries) = fs.read(path).ok().as_deref().and_then(unfinished) {
            tracing::info!(%queries, "these queries did not finish in the last run");
        }
        let slots = slots as u64;
        let mut file = fs.create(path)?;
        file.set_len(1 + slots * SLOT_BYTES as u64)?;
        file.write_at(b"[", 0)?;
        let slots = Slots {
            file,
            free: (0..slots).rev().collect(),
        };
        Ok(Self {
            shared: Arc::new(Mutex::new(slots)),
        })
    }

    /// Names a query. None if all slots are taken, or the disk takes nothing: a query is worth more
    /// than its name in the file.
    pub(crate) fn add(&self, query: &str, seconds: i64) -> Option<Slot> {
        let mut slots = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        let number = slots.free.pop()?;
        slots.write(number, &entry(query, seconds));
        Some(Slot {
            shared: Arc::clone(&self.shared),
            number,
        })
    }
}

impl Slots {
    fn write(&mut self, number: u64, bytes: &[u8; SLOT_BYTES]) {
        if let Err(error) = self.file.write_at(bytes, 1 + number * SLOT_BYTES as u64) {
            tracing::debug!(%error, "could not write to the file of active queries");
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut slots = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        slots.write(self.number, &[0; SLOT_BYTES]);
        slots.free.push(self.number);
    }
}

/// The bytes of a slot: an object, zeros, a comma. A query that is too long is cut.
fn entry(query: &str, seconds: i64) -> [u8; SLOT_BYTES] {
    let json = |query: &str| {
        let mut text = String::from("{\"query\":");
        push_text(&mut text, query);
        text.push_str(",\"timestamp_sec\":");
        text.push_str(&seconds.to_string());
        text.push('}');
        text
    };
    let mut kept = query.len().min(SLOT_BYTES);
    let text = loop {
        let text = json(&query[..query.floor_char_boundary(kept)]);
        match text.len().checked_sub(SLOT_BYTES - 1) {
            // An escape writes at most six bytes for one; an empty query fits for sure.
            Some(over) if over > 0 => kept = kept.saturating_sub(over.div_ceil(6)),
            _ => break text,
        }
    };
    let mut bytes = [0; SLOT_BYTES];
    bytes[..text.len()].copy_from_slice(text.as_bytes());
    bytes[SLOT_BYTES - 1] = b',';
    bytes
}

/// The entries of a file as a JSON list; none if there are none.
fn unfinished(bytes: &[u8]) -> Option<String> {
    let text: Vec<u8> = bytes.iter().copied().filter(|&byte| byte != 0).collect();
    let text = String::from_utf8_lossy(&text);
    let entries = text.strip_prefix('[')?.trim_end_matches(',');
    (!entries.is_empty()).then(|| format!("[{entries}]"))
}

/// Bytes of a slot, as upstream.
const SLOT_BYTES: usize = 1000;

#[cfg(test)]
mod tests {
    use host::fs::SimulatedFs;

    use super::*;

    #[test]
    fn the_file_names_what_has_not_ended() {
        let fs = SimulatedFs::default();
        let path = Path::new("/queries.active");
        let active = ActiveQueries::open(&fs, path, 2).unwrap();
        let named = || unfinished(&fs.read(path).unwrap());
        assert_eq!(fs.read(path).unwrap().len(), 2001);
        assert_eq!(named(), None);
        let one = active.add("sum(up)", 17).unwrap();
        let other = active.add("a{b=\"c\"}", 18).unwrap();
        assert!(active.add("no room", 19).is_none());
        let want =
            r#"[{"query":"sum(up)","timestamp_sec":17},{"query":"a{b=\"c\"}","timestamp_sec":18}]"#;
        assert_eq!(named().as_deref(), Some(want));
        drop(one);
        let want = r#"[{"query":"a{b=\"c\"}","timestamp_sec":18}]"#;
        assert_eq!(named().as_deref(), Some(want));
        drop(other);
        assert_eq!(named(), None);
    }

    #[test]
    fn long_queries_are_cut_to_valid_json() {
        for query in ["x".repeat(5_000), "é".repeat(499), "\"".repeat(2_000)] {
            let entry = entry(&query, 1_700_000_000);
            let json = unfinished(&[b"[".as_slice(), &entry].concat()).unwrap();
            let parsed: serde_json::Value = serde_json::from_str(&json).unwrap();
            let kept = parsed[0]["query"].as_str().unwrap();
            assert!(
                query.starts_with(kept) && kept.len() > 450,
                "{}",
                kept.len()
            );
        }
    }
}
