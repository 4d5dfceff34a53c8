//! A ring of exemplars: the oldest by arrival makes room for the newest, and those of one series
//! are chained in the order of their times.
//!
//! A slot is 40 bytes. The labels of all exemplars stand in one queue of bytes, for they come and go
//! in the same order as the slots. A series is known here only while the ring has one of its
//! exemplars.

use std::cmp::Ordering;
use std::collections::VecDeque;

use hashbrown::HashMap;
use model::{Exemplar, Labels, LabelsBuilder, Matcher, SeriesExemplars, TimeRange};
use rapidhash::fast::RandomState;

use crate::wal::record::decode_labels;

/// An exemplar that asks for a place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrival<'a> {
    pub(crate) time: i64,
    pub(crate) value: f64,
    pub(crate) has_time: bool,
    /// Labels as records of the log write them.
    pub(crate) labels: &'a [u8],
}

/// An exemplar that has a place.
#[derive(Clone, Debug)]
pub(crate) struct Arrived {
    pub(crate) row: u32,
    pub(crate) time: i64,
    pub(crate) value: f64,
    /// As those of an [`Arrival`].
    pub(crate) labels: Vec<u8>,
}

/// What a series' newest exemplar says about another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Welcome,
    /// It is here already.
    Present,
    OutOfOrder,
}

/// The exemplars of all series.
#[derive(Debug, Default)]
pub(super) struct Ring {
    capacity: usize,
    slots: Vec<Slot>,
    /// Once all slots are taken: the one whose exemplar came first.
    next: usize,
    texts: VecDeque<u8>,
    /// Bytes of text that have left the queue.
    texts_gone: u64,
    series: HashMap<u32, Series, RandomState>,
}

/// An exemplar.
#[derive(Clone, Copy, Debug)]
struct Slot {
    time: i64,
    value: f64,
    /// Where the labels begin, in bytes of text since the ring began.
    text: u64,
    row: u32,
    /// Slots of the exemplars before and after this one of the same series, or [`NONE`].
    previous: u32,
    following: u32,
    text_len: u16,
    has_time: bool,
}

/// A series with exemplars.
#[derive(Debug)]
struct Series {
    labels: Labels,
    oldest: u32,
    newest: u32,
}

impl Ring {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            capacity: capacity.min(NONE as usize),
            ..Self::default()
        }
    }

    pub(super) fn capacity(&self) -> usize {
        self.capacity
    }

    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    pub(super) fn series_count(&self) -> usize {
        self.series.len()
    }

    /// Time of the exemplar that came first.
    pub(super) fn first_time(&self) -> Option<i64> {
        self.slots.get(self.next).map(|slot| slot.time)
    }

    /// Whether the exemplar may be added to the series; `window` milliseconds behind the newest.
    pub(super) fn check(&self, row: u32, arrival: Arrival<'_>, window: i64) -> Verdict {
        let Some(series) = self.series.get(&row) else {
            return Verdict::Welcome;
        };
        let newest = &self.slots[series.newest as usize];
        let labels = || self.text(newest).cmp(arrival.labels.iter());
        let same_time = arrival.time == newest.time;
        let same_value = arrival.value == newest.value;
        let has_time = arrival.has_time || newest.has_time;
        if same_value && (same_time || !has_time) && labels() == Ordering::Equal {
            return Verdict::Present;
        }
        let too_late =
            arrival.time < newest.time && arrival.time <= newest.time.saturating_sub(window);
        // Several may have one time; among them there is an order, so that the same ones coming
        // again are known without a look at all of them.
        let behind = same_time
            && (arrival.value < newest.value || same_value && labels() == Ordering::Greater);
        match too_late || behind {
            true => Verdict::OutOfOrder,
            false => Verdict::Welcome,
        }
    }

    /// Adds an exemplar that is welcome. False if `labels` has none for the series, or if there is
    /// one of the same time amid the series' others: that is taken for the same.
    pub(super) fn add(
        &mut self,
        row: u32,
        labels: impl FnOnce() -> Option<Labels>,
        arrival: Arrival<'_>,
    ) -> bool {
        let Ok(text_len) = u16::try_from(arrival.labels.len()) else {
            return false;
        };
        let (newest, labels) = match self.series.get(&row) {
            Some(series) => (series.newest, Some(series.labels.clone())),
            None => (NONE, labels()),
        };
        let Some(labels) = labels else {
            return false;
        };
        let mut before = self.last_until(newest, arrival.time);
        if before != newest && before != NONE && self.slots[before as usize].time == arrival.time {
            return false;
        }
        let place = if self.slots.len() < self.capacity {
            self.slots.len()
        } else if self.capacity == 0 {
            return false;
        } else {
            let place = self.next;
            if before as usize == place {
                before = self.slots[place].previous;
            }
            self.evict(place);
            self.next = (place + 1) % self.capacity;
            place
        };
        let slot = Slot {
            time: arrival.time,
            value: arrival.value,
            text: self.texts_gone + self.texts.len() as u64,
            row,
            previous: before,
            following: NONE,
            text_len,
            has_time: arrival.has_time,
        };
        self.texts.extend(arrival.labels);
        match self.slots.get_mut(place) {
            Some(old) => *old = slot,
            None => self.slots.push(slot),
        }
        self.link(place as u32, labels);
        true
    }

    /// The last exemplar at `time` or before, from `newest` back.
    fn last_until(&self, newest: u32, time: i64) -> u32 {
        let mut index = newest;
        while index != NONE && self.slots[index as usize].time > time {
            index = self.slots[index as usize].previous;
        }
        index
    }

    /// Chains a slot behind the one that it names as previous.
    fn link(&mut self, place: u32, labels: Labels) {
        let Slot { row, previous, .. } = self.slots[place as usize];
        let series = self.series.entry(row).or_insert_with(|| Series {
            labels,
            oldest: NONE,
            newest: NONE,
        });
        let following = match previous {
            NONE => std::mem::replace(&mut series.oldest, place),
            before => std::mem::replace(&mut self.slots[before as usize].following, place),
        };
        match following {
            NONE => series.newest = place,
            after => self.slots[after as usize].previous = place,
        }
        self.slots[place as usize].following = following;
    }

    /// Takes the exemplar that came first out of its chain.
    fn evict(&mut self, place: usize) {
        let slot = self.slots[place];
        self.texts.drain(..usize::from(slot.text_len));
        self.texts_gone += u64::from(slot.text_len);
        if slot.previous == NONE && slot.following == NONE {
            self.series.remove(&slot.row);
            return;
        }
        let series = self.series.get_mut(&slot.row);
        let series = series.expect("a series is known while the ring has an exemplar of it");
        match slot.previous {
            NONE => series.oldest = slot.following,
            before => self.slots[before as usize].following = slot.following,
        }
        match slot.following {
            NONE => series.newest = slot.previous,
            after => self.slots[after as usize].previous = slot.previous,
        }
    }

    /// All of them in order of arrival.
    pub(super) fn arrivals(&self) -> Vec<Arrived> {
        let places = (self.next..self.slots.len()).chain(0..self.next);
        let slots = places.filter_map(|place| self.slots.get(place));
        let arrived = slots.map(|slot| Arrived {
            row: slot.row,
            time: slot.time,
            value: slot.value,
            labels: self.text(slot).copied().collect(),
        });
        arrived.collect()
    }

    /// Takes over another size; of too many the newest by arrival stay. Returns how many stay.
    pub(super) fn resize(&mut self, capacity: usize) -> usize {
        let mut resized = Self::new(capacity);
        let arrivals = (self.next..self.slots.len()).chain(0..self.next);
        let mut text = Vec::new();
        for index in arrivals.skip(self.slots.len().saturating_sub(resized.capacity)) {
            let slot = &self.slots[index];
            text.clear();
            text.extend(self.text(slot));
            let series = &self.series[&slot.row];
            let arrival = Arrival {
                time: slot.time,
                value: slot.value,
                has_time: slot.has_time,
                labels: &text,
            };
            resized.add(slot.row, || Some(series.labels.clone()), arrival);
        }
        *self = resized;
        self.slots.len()
    }

    /// The exemplars in `range` of all series on which one of the sets of matchers holds, sorted.
    pub(super) fn select(&self, range: TimeRange, sets: &[Vec<Matcher>]) -> Vec<SeriesExemplars> {
        let found = self.series.values().filter_map(|series| {
            let span = TimeRange::new(
                self.slots[series.oldest as usize].time,
                self.slots[series.newest as usize].time,
            );
            let is_meant = span.overlaps(&range) && sets.iter().any(|set| holds(set, series));
            let exemplars = is_meant.then(|| self.exemplars(series, range))?;
            (!exemplars.is_empty()).then(|| SeriesExemplars {
                labels: series.labels.clone(),
                exemplars,
            })
        });
        let mut found: Vec<_> = found.collect();
        found.sort_by(|a, b| a.labels.cmp(&b.labels));
        // A series that was gone from the head for a while is here under two rows.
        found.dedup_by(|later, kept| {
            let same = later.labels == kept.labels;
            if same {
                kept.exemplars.append(&mut later.exemplars);
                kept.exemplars.sort_by_key(|exemplar| exemplar.timestamp);
            }
            same
        });
        found
    }

    fn exemplars(&self, series: &Series, range: TimeRange) -> Vec<Exemplar> {
        let mut exemplars = Vec::new();
        let mut text = Vec::new();
        let mut index = series.oldest;
        while let Some(slot) = self.slots.get(index as usize) {
            index = slot.following;
            if !range.contains(slot.time) {
                continue;
            }
            text.clear();
            text.extend(self.text(slot));
            let mut labels = LabelsBuilder::new();
            let decoded = decode_labels(&text, |name, value| labels.push(name, value));
            decoded.expect("labels were checked before they were written");
            exemplars.push(Exemplar {
                labels: labels.build(),
                value: slot.value,
                timestamp: slot.time,
                has_timestamp: slot.has_time,
            });
        }
        exemplars
    }

    fn text(&self, slot: &Slot) -> impl Iterator<Item = &u8> {
        let from = (slot.text - self.texts_gone) as usize;
        self.texts.range(from..from + usize::from(slot.text_len))
    }
}

fn holds(matchers: &[Matcher], series: &Series) -> bool {
    let value = |name| series.labels.get(name).unwrap_or_default();
    matchers
        .iter()
        .all(|matcher| matcher.matches(value(matcher.name())))
}

/// No slot.
const NONE: u32 = u32::MAX;

#[cfg(test)]
mod tests;
