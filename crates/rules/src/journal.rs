//! The alerts beside the data, so that they go on after a crash as if nothing had been.
//!
//! Each evaluation that changes the state of an alert adds a record; when most of the file is old
//! news it is written anew. The bytes are in `docs/formats/alert-journal.md`.

mod frame;
mod restored;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use exposition::{Counter, Registry};
use host::Fs;
use host::fs::File;
use model::Labels;
use serde::{Deserialize, Serialize};

use crate::alerting::state::{ActiveAlert, AlertState};
use crate::group::Group;
use frame::{HEADER, frame, read_records};

/// What is known of the alerts before the start.
pub(crate) type Live = BTreeMap<RuleId, HashMap<Labels, Entry>>;

/// Keeps the state of alerts in a file.
#[derive(Debug)]
pub(crate) struct Journal {
    fs: Arc<dyn Fs>,
    path: PathBuf,
    inner: Mutex<Inner>,
    failures: Counter,
}

#[derive(Debug, Default)]
struct Inner {
    /// None: the next change writes the file anew.
    file: Option<Box<dyn File>>,
    bytes: u64,
    /// Bytes when the file was written anew last.
    bytes_anew: u64,
    live: Live,
    is_dirty: bool,
    has_failed: bool,
}

/// A rule among all others, over restarts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct RuleId {
    file: String,
    group: String,
    /// Name and labels of the rule.
    rule: String,
    /// Which one of those that are the same otherwise.
    nth: usize,
}

impl RuleId {
    /// The rule at `index` of a group.
    pub(crate) fn of(group: &Group, index: usize) -> Self {
        let rules = &group.rules;
        let identity = rules.get(index).map(|rule| rule.spec.identity());
        let rule = identity.unwrap_or_default();
        let earlier = rules.iter().take(index);
        Self {
            file: group.spec.key.file.clone(),
            group: group.spec.key.name.clone(),
            nth: earlier
                .filter(|other| other.spec.identity() == rule)
                .count(),
            rule,
        }
    }
}

/// An alert as the file has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Entry {
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
    /// Bits of the value, which may be no number.
    value_bits: u64,
    state: AlertState,
    active_at: i64,
    fired_at: i64,
    resolved_at: Option<i64>,
    keep_firing_since: Option<i64>,
}

/// What one evaluation changes about the alerts of a rule.
#[derive(Debug, Serialize, Deserialize)]
struct Record {
    rule: RuleId,
    /// Alerts that are new or have changed.
    set: Vec<Entry>,
    /// Labels of alerts that are forgotten.
    gone: Vec<BTreeMap<String, String>>,
}

impl Journal {
    /// Opens the journal at `path`, and says what it has. `None`: there was none that can be read.
    pub(crate) fn open(fs: Arc<dyn Fs>, path: &Path, registry: &Registry) -> (Self, Option<Live>) {
        let live = match fs.read(path) {
            Ok(bytes) => read(&bytes).or_else(|| {
                tracing::warn!(path = %path.display(), "not a journal of alerts, a new one is begun");
                None
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "reading the journal of alerts failed");
                None
            }
        };
        let inner = Inner {
            live: live.clone().unwrap_or_default(),
            ..Inner::default()
        };
        let journal = Self {
            fs,
            path: path.to_owned(),
            inner: Mutex::new(inner),
            failures: registry.counter(
                "narthex_rules_alert_journal_write_failures_total",
                "Writes to the journal of alerts that failed.",
            ),
        };
        (journal, live)
    }

    /// Notes the alerts of a rule as they are after an evaluation.
    pub(crate) fn note(&self, rule: &RuleId, active: &HashMap<Labels, ActiveAlert>) {
        let mut inner = self.inner();
        let record = match inner.live.get(rule) {
            None if active.is_empty() => return,
            known => changes(rule, known, active),
        };
        if record.set.is_empty() && record.gone.is_empty() {
            return;
        }
        inner.take_in(&record);
        self.write(&mut inner, &record);
    }

    /// Forgets all rules but these, and begins the file if there is none.
    pub(crate) fn retain(&self, keep: impl Fn(&RuleId) -> bool) {
        let mut inner = self.inner();
        let before = inner.live.len();
        inner.live.retain(|rule, _| keep(rule));
        if inner.live.len() < before || inner.file.is_none() {
            self.write_anew(&mut inner);
        }
    }

    /// Makes durable what has been written. What could not be written is tried again.
    pub(crate) fn sync(&self) {
        let mut inner = self.inner();
        if inner.has_failed {
            self.write_anew(&mut inner);
            return;
        }
        if !std::mem::take(&mut inner.is_dirty) {
            return;
        }
        let synced = inner.file.as_ref().map_or(Ok(()), |file| file.sync());
        self.conclude(&mut inner, synced);
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, inner: &mut Inner, record: &Record) {
        let limit = (GROWTH * inner.bytes_anew).max(LEAST_BYTES);
        let Some(file) = inner.file.as_mut().filter(|_| inner.bytes < limit) else {
            self.write_anew(inner);
            return;
        };
        let framed = frame(record);
        let written = file.write_all(&framed);
        inner.bytes += framed.len() as u64;
        inner.is_dirty = true;
        self.conclude(inner, written);
    }

    /// Writes a file that has only what is known now, and puts it in the place of the old one.
    fn write_anew(&self, inner: &mut Inner) {
        let mut bytes = HEADER.to_vec();
        for (rule, entries) in &inner.live {
            let record = Record {
                rule: rule.clone(),
                set: entries.values().cloned().collect(),
                gone: Vec::new(),
            };
            bytes.extend(frame(&record));
        }
        let outcome = self.replace(&bytes).map(|file| {
            inner.file = Some(file);
            inner.bytes = bytes.len() as u64;
            inner.bytes_anew = inner.bytes;
            inner.is_dirty = false;
        });
        self.conclude(inner, outcome);
    }

    fn replace(&self, bytes: &[u8]) -> io::Result<Box<dyn File>> {
        let temporary = self.path.with_extension("tmp");
        let mut file = self.fs.create(&temporary)?;
        file.write_all(bytes)?;
        file.sync()?;
        self.fs.rename(&temporary, &self.path)?;
        if let Some(folder) = self.path.parent() {
            self.fs.sync_dir(folder)?;
        }
        Ok(file)
    }

    /// After a failure the file may lack something: it is written anew with the next change or when
    /// it is to be made durable.
    fn conclude(&self, inner: &mut Inner, outcome: io::Result<()>) {
        match outcome {
            Ok(()) => {
                if std::mem::take(&mut inner.has_failed) {
                    tracing::info!(path = %self.path.display(), "the journal of alerts is written again");
                }
            }
            Err(error) => {
                self.failures.inc();
                inner.file = None;
                if !std::mem::replace(&mut inner.has_failed, true) {
                    let path = self.path.display();
                    tracing::warn!(%path, %error, "writing the journal of alerts failed");
                }
            }
        }
    }
}

impl Inner {
    fn take_in(&mut self, record: &Record) {
        take_in(&mut self.live, record);
    }
}

fn take_in(live: &mut Live, record: &Record) {
    let entries = live.entry(record.rule.clone()).or_default();
    for labels in &record.gone {
        entries.remove(&Labels::from_pairs(labels));
    }
    for entry in &record.set {
        entries.insert(Labels::from_pairs(&entry.labels), entry.clone());
    }
    if entries.is_empty() {
        live.remove(&record.rule);
    }
}

/// What a file says; `None` if it is no journal. A torn end is left out.
fn read(bytes: &[u8]) -> Option<Live> {
    let mut live = Live::new();
    for record in read_records(bytes)? {
        take_in(&mut live, &record);
    }
    Some(live)
}

fn changes(
    rule: &RuleId,
    known: Option<&HashMap<Labels, Entry>>,
    active: &HashMap<Labels, ActiveAlert>,
) -> Record {
    let mut set = Vec::new();
    for (labels, alert) in active {
        let known = known.and_then(|known| known.get(labels));
        if known.is_none_or(|known| !known.is_state_of(alert)) {
            set.push(Entry::of(alert));
        }
    }
    let known = known.into_iter().flatten();
    let gone = known.filter(|(labels, _)| !active.contains_key(labels));
    Record {
        rule: rule.clone(),
        set,
        gone: gone.map(|(_, entry)| entry.labels.clone()).collect(),
    }
}

/// A file may grow to this many times what it had when it was written anew.
const GROWTH: u64 = 4;
/// A file may grow to this many bytes in any case.
const LEAST_BYTES: u64 = 1 << 20;
