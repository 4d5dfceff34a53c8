//! What the last page of a target looked like, in page order.
//!
//! A page is cut into segments, one a sample: all bytes from the end of the line before to the end
//! of the series' text, comments included. While a page goes on as the last one did, a sample costs
//! the comparison of its segment and the reading of its value, and nothing is written. At the first
//! difference a second, new order is begun; series are then found by hash.

use std::collections::HashSet;

use hashbrown::HashTable;
use model::{MetricType, SeriesRef};

/// What is remembered of one sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slot {
    /// The store's number of the series; without meaning if the series is not stored.
    pub(crate) series: SeriesRef,
    /// The kind that the page last told before this sample.
    pub(crate) metric_type: MetricType,
    pub(crate) fate: Fate,
}

/// What became of a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Stored; ends with a stale marker when it vanishes.
    Live,
    /// Stored with a timestamp of its own; just ends.
    Untracked,
    /// Metric relabeling drops it.
    Dropped,
    /// The store refused it; it is offered again by its labels.
    Refused,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    /// Where the segment ends in the text.
    end: usize,
    /// Bytes at the end of the segment that are the series.
    series_len: u32,
    slot: Slot,
}

/// The last page of a target.
#[derive(Debug, Default)]
pub(crate) struct PageCache {
    order: Order,
    /// True once every live series has had its stale marker.
    stale: bool,
    /// Live series of pages that were read by other rules.
    retired: Vec<Slot>,
}

#[derive(Debug, Default)]
struct Order {
    text: Vec<u8>,
    entries: Vec<Entry>,
    /// Comments after the last sample.
    tail: Vec<u8>,
}

impl Order {
    fn segment(&self, index: usize) -> Option<&[u8]> {
        let entry = self.entries.get(index)?;
        let start = match index.checked_sub(1) {
            Some(before) => self.entries.get(before)?.end,
            None => 0,
        };
        self.text.get(start..entry.end)
    }

    fn series(&self, index: usize) -> Option<&[u8]> {
        let entry = self.entries.get(index)?;
        self.text
            .get(entry.end - entry.series_len as usize..entry.end)
    }

    fn push(&mut self, segment: &[u8], series_len: usize, slot: Slot) {
        // A series of 4 GiB passes no limit on labels; it would not be remembered.
        let Ok(series_len) = u32::try_from(series_len) else {
            return;
        };
        self.text.extend_from_slice(segment);
        self.entries.push(Entry {
            end: self.text.len(),
            series_len,
            slot,
        });
    }
}

impl PageCache {
    /// Begins to compare a page with the last one.
    pub(crate) fn scan(&mut self) -> PageScan<'_> {
        PageScan {
            cache: self,
            cursor: 0,
            rebuilt: None,
        }
    }

    /// Calls `end` for every live series and remembers that they have ended.
    pub(crate) fn end_all(&mut self, mut end: impl FnMut(Slot, &[u8])) {
        self.retired.drain(..).for_each(|slot| end(slot, b""));
        if std::mem::replace(&mut self.stale, true) {
            return;
        }
        for index in 0..self.order.entries.len() {
            self.end_one(index, &mut end);
        }
    }

    /// Forgets the page: what is remembered was decided by rules that no longer hold. Its live
    /// series end with the next page, unless they are stored by the new rules, too.
    pub(crate) fn retire(&mut self) {
        let live = |entry: &&Entry| !self.stale && entry.slot.fate == Fate::Live;
        let slots = self
            .order
            .entries
            .iter()
            .filter(live)
            .map(|entry| entry.slot);
        self.retired.extend(slots);
        self.order = Order::default();
        self.stale = false;
    }

    /// The comments of the page, piece by piece.
    pub(crate) fn comments(&self) -> impl Iterator<Item = &[u8]> {
        let of_entries = (0..self.order.entries.len()).filter_map(|index| {
            let segment = self.order.segment(index)?;
            let series_len = self.order.entries.get(index)?.series_len as usize;
            segment.get(..segment.len() - series_len)
        });
        of_entries
            .chain([self.order.tail.as_slice()])
            .filter(|comments| !comments.is_empty())
    }

    /// Bytes of memory behind the cache.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.order.text.capacity()
            + self.order.tail.capacity()
            + self.order.entries.capacity() * size_of::<Entry>()
    }

    fn end_one(&self, index: usize, end: &mut impl FnMut(Slot, &[u8])) {
        if let (Some(entry), Some(series)) =
            (self.order.entries.get(index), self.order.series(index))
            && entry.slot.fate == Fate::Live
        {
            end(entry.slot, series);
        }
    }
}

/// The comparison of one page with the last.
#[derive(Debug)]
pub(crate) struct PageScan<'c> {
    cache: &'c mut PageCache,
    /// The next entry of the last page that is expected.
    cursor: usize,
    /// Set from the first difference on.
    rebuilt: Option<Rebuilt>,
}

#[derive(Debug)]
struct Rebuilt {
    order: Order,
    /// Entries of the last page by hash of the series' text, from the first difference on.
    index: HashTable<usize>,
    /// Entries of the last page that this page has, too.
    taken: Vec<bool>,
}

impl PageScan<'_> {
    /// The bytes with which the page goes on if it is like the last one.
    #[inline]
    pub(crate) fn expected(&self) -> Option<&[u8]> {
        self.cache.order.segment(self.cursor)
    }

    /// The page went on as expected: what is remembered of the sample.
    #[inline]
    pub(crate) fn hit(&mut self) -> Option<Slot> {
        let index = self.cursor;
        self.cursor += 1;
        let Some(rebuilt) = &mut self.rebuilt else {
            return Some(self.cache.order.entries.get(index)?.slot);
        };
        let entry = self.cache.order.entries.get(index)?;
        let segment = self.cache.order.segment(index)?;
        *rebuilt.taken.get_mut(index)? = true;
        rebuilt
            .order
            .push(segment, entry.series_len as usize, entry.slot);
        Some(entry.slot)
    }

    /// What is remembered of the sample that was hit last has changed.
    pub(crate) fn amend(&mut self, slot: Slot) {
        let entry = match &mut self.rebuilt {
            Some(rebuilt) => rebuilt.order.entries.last_mut(),
            None => self
                .cursor
                .checked_sub(1)
                .and_then(|index| self.cache.order.entries.get_mut(index)),
        };
        if let Some(entry) = entry {
            entry.slot = slot;
        }
    }

    /// The text of the series that was hit last, for a caller that needs its labels again.
    pub(crate) fn hit_series(&self) -> Option<&[u8]> {
        self.cache.order.series(self.cursor.checked_sub(1)?)
    }

    /// The page goes on otherwise: what the last page had for this series wherever it stood, and
    /// from here on the page goes on behind it.
    pub(crate) fn find(&mut self, series: &[u8]) -> Option<Slot> {
        self.rebuild();
        let rebuilt = self.rebuilt.as_mut()?;
        let order = &self.cache.order;
        let hash = rapidhash::v3::rapidhash_v3(series);
        let found = rebuilt
            .index
            .find(hash, |&index| order.series(index) == Some(series));
        let index = *found?;
        *rebuilt.taken.get_mut(index)? = true;
        self.cursor = index + 1;
        order.entries.get(index).map(|entry| entry.slot)
    }

    /// Remembers a sample that did not come as expected.
    pub(crate) fn push(&mut self, segment: &[u8], series_len: usize, slot: Slot) {
        self.rebuild();
        if let Some(rebuilt) = &mut self.rebuilt {
            rebuilt.order.push(segment, series_len, slot);
        }
    }

    /// The page is read, `tail` was left behind its last sample: calls `end` for every live series
    /// that the page no longer has, and remembers this page in place of the last.
    pub(crate) fn finish(mut self, tail: &[u8], mut end: impl FnMut(Slot, &[u8])) {
        if self.cursor < self.cache.order.entries.len() {
            self.rebuild();
        }
        if let Some(rebuilt) = self.rebuilt.take() {
            if !self.cache.stale && rebuilt.taken.contains(&false) {
                self.end_gone(&rebuilt, &mut end);
            }
            self.cache.order = rebuilt.order;
            self.cache.order.text.shrink_to_fit();
            self.cache.order.entries.shrink_to_fit();
        }
        self.end_retired(&mut end);
        if self.cache.order.tail != tail {
            self.cache.order.tail = tail.to_vec();
        }
        self.cache.stale = false;
    }

    /// Ends what was stored by other rules and is not stored by the present ones.
    fn end_retired(&mut self, end: &mut impl FnMut(Slot, &[u8])) {
        if self.cache.retired.is_empty() {
            return;
        }
        let goes_on = stored(&self.cache.order);
        for slot in std::mem::take(&mut self.cache.retired) {
            if !goes_on.contains(&slot.series) {
                end(slot, b"");
            }
        }
    }

    /// Ends what the page no longer has, but for series that it has under another text.
    fn end_gone(&self, rebuilt: &Rebuilt, end: &mut impl FnMut(Slot, &[u8])) {
        let goes_on = stored(&rebuilt.order);
        let old = self.cache.order.entries.iter().zip(&rebuilt.taken);
        for (index, (entry, taken)) in old.enumerate() {
            if !taken && !goes_on.contains(&entry.slot.series) {
                self.cache.end_one(index, end);
            }
        }
    }

    /// Begins a new order with what has been as expected so far.
    fn rebuild(&mut self) {
        if self.rebuilt.is_some() {
            return;
        }
        let old = &self.cache.order;
        let kept = self.cursor.min(old.entries.len());
        let kept_entries = old.entries.get(..kept).unwrap_or_default();
        let kept_text = kept_entries.last().map_or(0, |entry| entry.end);
        let mut order = Order {
            text: Vec::with_capacity(old.text.len()),
            entries: Vec::with_capacity(old.entries.len()),
            tail: Vec::new(),
        };
        order
            .text
            .extend_from_slice(old.text.get(..kept_text).unwrap_or_default());
        order.entries.extend_from_slice(kept_entries);
        let hash_of =
            |&index: &usize| rapidhash::v3::rapidhash_v3(old.series(index).unwrap_or_default());
        let mut index = HashTable::with_capacity(old.entries.len() - kept);
        for position in kept..old.entries.len() {
            // Of equal texts the first: a page of nothing else must not cost its square.
            let same = |&other: &usize| old.series(other) == old.series(position);
            index
                .entry(hash_of(&position), same, hash_of)
                .or_insert(position);
        }
        let mut taken = vec![false; old.entries.len()];
        taken.iter_mut().take(kept).for_each(|taken| *taken = true);
        self.rebuilt = Some(Rebuilt {
            order,
            index,
            taken,
        });
    }
}

/// The series of a page that the store has.
fn stored(order: &Order) -> HashSet<SeriesRef> {
    let entries = order.entries.iter();
    let stored = entries.filter(|entry| matches!(entry.slot.fate, Fate::Live | Fate::Untracked));
    stored.map(|entry| entry.slot.series).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Plays a page of one-line series, and tells for each whether it was expected (`=`), found
    /// (`~`) or new (`+`), then which ended.
    fn play(cache: &mut PageCache, page: &[&str]) -> String {
        let mut out = String::new();
        let mut scan = cache.scan();
        for series in page {
            if scan.expected() == Some(series.as_bytes()) {
                assert_eq!(scan.hit().unwrap().fate, Fate::Live);
                assert_eq!(scan.hit_series(), Some(series.as_bytes()));
                out += "=";
                continue;
            }
            let slot = scan.find(series.as_bytes());
            out += if slot.is_some() { "~" } else { "+" };
            let slot = slot.unwrap_or(Slot {
                series: SeriesRef::new(u64::from(series.bytes().map(u32::from).sum::<u32>())),
                metric_type: MetricType::Gauge,
                fate: Fate::Live,
            });
            scan.push(series.as_bytes(), series.len(), slot);
        }
        scan.finish(b"", |_, series| {
            out += " -";
            out += std::str::from_utf8(series).unwrap();
        });
        out
    }

    #[test]
    fn pages_are_compared_in_order() {
        let mut cache = PageCache::default();
        let steps: [(&[&str], &str); 10] = [
            (&["a", "b", "c", "d"], "++++"),
            (&["a", "b", "c", "d"], "===="),
            (&["a", "x", "c", "d"], "=+~= -b"),
            (&["a", "x", "c", "d"], "===="),
            (&["a", "x"], "== -c -d"),
            (&["a", "x", "y"], "==+"),
            (&["y", "x", "a"], "~~~"),
            (&["y", "x", "a", "a"], "===+"),
            (&[], " -y -x -a -a"),
            (&["a"], "+"),
        ];
        for (page, want) in steps {
            assert_eq!(play(&mut cache, page), want, "{page:?}");
        }
    }

    #[test]
    fn ended_series_end_once_and_are_found_again() {
        let mut cache = PageCache::default();
        play(&mut cache, &["a", "b"]);
        let mut ended = 0;
        cache.end_all(|_, _| ended += 1);
        cache.end_all(|_, _| ended += 1);
        assert_eq!(ended, 2);
        assert_eq!(play(&mut cache, &["b"]), "~");
        assert_eq!(play(&mut cache, &[]), " -b");
    }

    #[test]
    fn comments_are_part_of_what_is_expected() {
        let mut cache = PageCache::default();
        let slot = Slot {
            series: SeriesRef::new(1),
            metric_type: MetricType::Counter,
            fate: Fate::Dropped,
        };
        let mut scan = cache.scan();
        scan.push(b"# HELP a A.\na", 1, slot);
        scan.push(b"b", 1, slot);
        scan.finish(b"# tail\n", |_, _| {});
        let comments: Vec<_> = cache.comments().collect();
        assert_eq!(comments, [&b"# HELP a A.\n"[..], &b"# tail\n"[..]]);
        let mut scan = cache.scan();
        assert_eq!(scan.expected(), Some(&b"# HELP a A.\na"[..]));
        assert_eq!(scan.hit(), Some(slot));
        assert_eq!(scan.find(b"a"), None);
        assert_eq!(scan.find(b"b"), Some(slot));
    }

    #[test]
    fn other_rules_end_what_they_do_not_store() {
        let mut cache = PageCache::default();
        assert_eq!(play(&mut cache, &["a", "b"]), "++");
        cache.retire();
        assert_eq!(
            play(&mut cache, &["b"]),
            "+ -",
            "b is read anew, a ends by its number"
        );
        assert_eq!(play(&mut cache, &["b"]), "=");
        cache.retire();
        let mut ended = 0;
        cache.end_all(|_, _| ended += 1);
        assert_eq!(ended, 1, "the target went before the next page came");
    }
}
