//! What the last page of a target looked like, in page order.
//!
//! A page is cut into segments, one a sample: all bytes from the end of the line before to the end
//! of the series' text, comments included. While a page goes on as the last one did, a sample costs
//! the comparison of its segment and the reading of its value, and nothing is written. Of a series'
//! text only hash and length are kept, which takes a fifth of the memory: two texts of one target
//! with the same 64 bits are not to be expected before machines fail otherwise. At the first
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
    series: Digest,
    /// Where the comments before the series end among all comments.
    comments_end: u32,
    slot: Slot,
}

/// What is kept of the text of a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Digest {
    hash: u64,
    len: u32,
}

impl Digest {
    /// None for 4 GiB and more: such a series passes no limit on labels and is not remembered.
    #[inline]
    fn of(series: &[u8]) -> Option<Self> {
        Some(Self {
            hash: rapidhash::v3::rapidhash_v3(series),
            len: u32::try_from(series.len()).ok()?,
        })
    }
}

/// The last page of a target.
#[derive(Debug, Default)]
pub(crate) struct PageCache {
    order: Order,
    /// True once every live series has had its stale marker.
    stale: bool,
    /// Live series of pages that were read by other rules, or whose stale markers were lost.
    retired: Vec<Slot>,
    /// Series whose stale markers are in the batch that is on its way.
    ending: Vec<Slot>,
    /// Families whose kind the comments tell.
    families: usize,
}

#[derive(Debug, Default)]
struct Order {
    /// Comments before the samples, one behind the other.
    comments: Vec<u8>,
    entries: Vec<Entry>,
    /// Comments after the last sample.
    tail: Vec<u8>,
}

impl Order {
    /// The comments before the sample at a place.
    #[inline]
    fn comments(&self, index: usize) -> Option<&[u8]> {
        let end = self.entries.get(index)?.comments_end as usize;
        let start = match index.checked_sub(1) {
            Some(before) => self.entries.get(before)?.comments_end as usize,
            None => 0,
        };
        self.comments.get(start..end)
    }

    fn push(&mut self, comments: &[u8], series: Digest, slot: Slot) {
        let Ok(comments_end) = u32::try_from(self.comments.len() + comments.len()) else {
            return;
        };
        self.comments.extend_from_slice(comments);
        self.entries.push(Entry {
            series,
            comments_end,
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
    pub(crate) fn end_all(&mut self, mut end: impl FnMut(Slot)) {
        let live = self.order.entries.iter().map(|entry| entry.slot);
        let live = live.filter(|slot| slot.fate == Fate::Live && !self.stale);
        let start = self.ending.len();
        self.ending.append(&mut self.retired);
        self.ending.extend(live);
        self.stale = true;
        let ended = self.ending.get(start..).unwrap_or_default();
        ended.iter().copied().for_each(&mut end);
    }

    /// The batch is in the store: what has ended has ended.
    pub(crate) fn committed(&mut self) {
        self.ending = Vec::new();
    }

    /// The batch is lost, and the stale markers in it: the series end with the next one.
    pub(crate) fn lost(&mut self) {
        self.retired.append(&mut self.ending);
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
        let of_entries = (0..self.order.entries.len()).filter_map(|at| self.order.comments(at));
        of_entries
            .chain([self.order.tail.as_slice()])
            .filter(|comments| !comments.is_empty())
    }

    /// Families that the comments tell about, and the bytes of the comments.
    pub(crate) fn metadata_size(&self) -> (usize, usize) {
        let bytes = self.order.comments.len() + self.order.tail.len();
        (self.families, bytes)
    }

    /// Bytes of memory behind the cache.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.order.comments.capacity()
            + self.order.tail.capacity()
            + self.order.entries.capacity() * size_of::<Entry>()
    }
}

/// A sample that came where the last page had it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Expected<'p> {
    /// Comments and series.
    pub(crate) segment: &'p [u8],
    pub(crate) series: &'p [u8],
    /// What is remembered of it.
    pub(crate) slot: Slot,
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
    /// The sample with which `rest` begins, if the page goes on as the last one did.
    #[inline]
    pub(crate) fn expected<'p>(&self, rest: &'p [u8]) -> Option<Expected<'p>> {
        let order = &self.cache.order;
        let entry = order.entries.get(self.cursor)?;
        let comments = order.comments(self.cursor)?;
        let behind = match comments.is_empty() {
            true => rest,
            false => rest.strip_prefix(comments)?,
        };
        let series = behind.get(..entry.series.len as usize)?;
        // What follows a series is a blank: most others are told apart by that.
        let ends = behind.get(series.len()) == Some(&b' ');
        let is_it = ends && rapidhash::v3::rapidhash_v3(series) == entry.series.hash;
        is_it.then_some(Expected {
            segment: rest.get(..comments.len() + series.len())?,
            series,
            slot: entry.slot,
        })
    }

    /// The page went on as expected.
    #[inline]
    pub(crate) fn pass(&mut self) {
        if self.rebuilt.is_some() {
            self.take_over();
        }
        self.cursor += 1;
    }

    /// The sample that is expected is in the new order, too.
    fn take_over(&mut self) -> Option<()> {
        let index = self.cursor;
        let order = &self.cache.order;
        let rebuilt = self.rebuilt.as_mut()?;
        let entry = order.entries.get(index)?;
        *rebuilt.taken.get_mut(index)? = true;
        let comments = order.comments(index)?;
        rebuilt.order.push(comments, entry.series, entry.slot);
        Some(())
    }

    /// The place in this page of the sample that was passed last.
    #[inline]
    pub(crate) fn place(&self) -> usize {
        let behind = match &self.rebuilt {
            Some(rebuilt) => rebuilt.order.entries.len(),
            None => self.cursor,
        };
        behind.saturating_sub(1)
    }

    /// What is remembered of the sample at a place of this page, and how long its series' text is.
    pub(crate) fn at(&self, place: usize) -> Option<(Slot, usize)> {
        let order = match &self.rebuilt {
            Some(rebuilt) => &rebuilt.order,
            None => &self.cache.order,
        };
        let entry = order.entries.get(place)?;
        Some((entry.slot, entry.series.len as usize))
    }

    /// What is remembered of the sample at a place of this page has changed.
    pub(crate) fn amend(&mut self, place: usize, slot: Slot) {
        let order = match &mut self.rebuilt {
            Some(rebuilt) => &mut rebuilt.order,
            None => &mut self.cache.order,
        };
        if let Some(entry) = order.entries.get_mut(place) {
            entry.slot = slot;
        }
    }

    /// The page goes on otherwise: what the last page had for this series wherever it stood, and
    /// from here on the page goes on behind it.
    pub(crate) fn find(&mut self, series: &[u8]) -> Option<Slot> {
        self.rebuild();
        let rebuilt = self.rebuilt.as_mut()?;
        let order = &self.cache.order;
        let digest = Digest::of(series)?;
        let found = rebuilt.index.find(digest.hash, |&index| {
            let entry = order.entries.get(index);
            entry.is_some_and(|entry| entry.series == digest)
        });
        let index = *found?;
        *rebuilt.taken.get_mut(index)? = true;
        self.cursor = index + 1;
        order.entries.get(index).map(|entry| entry.slot)
    }

    /// Remembers a sample that did not come as expected: comments and series, and how long the
    /// series is.
    pub(crate) fn push(&mut self, segment: &[u8], series_len: usize, slot: Slot) {
        self.rebuild();
        let comments_len = segment.len().saturating_sub(series_len);
        let (comments, series) = segment.split_at(comments_len);
        if let (Some(rebuilt), Some(series)) = (&mut self.rebuilt, Digest::of(series)) {
            rebuilt.order.push(comments, series, slot);
        }
    }

    /// The page is read, `tail` was left behind its last sample: calls `end` for every live series
    /// that the page no longer has, and remembers this page in place of the last.
    pub(crate) fn finish(mut self, tail: &[u8], mut end: impl FnMut(Slot)) {
        if self.cursor < self.cache.order.entries.len() {
            self.rebuild();
        }
        if let Some(rebuilt) = self.rebuilt.take() {
            if !self.cache.stale && rebuilt.taken.contains(&false) {
                self.retire_gone(&rebuilt);
            }
            self.cache.order = rebuilt.order;
            let comments = &mut self.cache.order.comments;
            comments.shrink_to_fit();
            self.cache.families = memchr::memmem::find_iter(comments, b"# TYPE ").count();
            self.cache.order.entries.shrink_to_fit();
        }
        self.end_retired(&mut end);
        if self.cache.order.tail != tail {
            self.cache.order.tail = tail.to_vec();
        }
        self.cache.stale = false;
    }

    /// Ends what the page no longer has, and what was stored by other rules and is not stored by the
    /// present ones; but no series that the page has under another text.
    fn end_retired(&mut self, end: &mut impl FnMut(Slot)) {
        if self.cache.retired.is_empty() {
            return;
        }
        let goes_on = stored(&self.cache.order);
        for slot in std::mem::take(&mut self.cache.retired) {
            if !goes_on.contains(&slot.series) {
                end(slot);
                self.cache.ending.push(slot);
            }
        }
    }

    fn retire_gone(&mut self, rebuilt: &Rebuilt) {
        let old = self.cache.order.entries.iter().zip(&rebuilt.taken);
        let gone = old.filter(|(entry, taken)| !**taken && entry.slot.fate == Fate::Live);
        self.cache.retired.extend(gone.map(|(entry, _)| entry.slot));
    }

    /// Begins a new order with what has been as expected so far.
    fn rebuild(&mut self) {
        if self.rebuilt.is_some() {
            return;
        }
        let old = &self.cache.order;
        let kept = self.cursor.min(old.entries.len());
        let kept_entries = old.entries.get(..kept).unwrap_or_default();
        let kept_comments = kept_entries.last().map_or(0, |entry| entry.comments_end);
        let mut order = Order {
            comments: Vec::with_capacity(old.comments.len()),
            entries: Vec::with_capacity(old.entries.len()),
            tail: Vec::new(),
        };
        let comments = old.comments.get(..kept_comments as usize);
        order
            .comments
            .extend_from_slice(comments.unwrap_or_default());
        order.entries.extend_from_slice(kept_entries);
        let digest_of = |index: usize| old.entries.get(index).map(|entry| entry.series);
        let hash_of = |&index: &usize| digest_of(index).map_or(0, |digest| digest.hash);
        let mut index = HashTable::with_capacity(old.entries.len() - kept);
        for position in kept..old.entries.len() {
            // Of equal texts the first: a page of nothing else must not cost its square.
            let same = |&other: &usize| digest_of(other) == digest_of(position);
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
        let number = |series: &str| u64::from(series.bytes().map(u32::from).sum::<u32>());
        let mut out = String::new();
        let mut scan = cache.scan();
        for series in page {
            let line = format!("{series} 1\n");
            if let Some(expected) = scan.expected(line.as_bytes()) {
                assert_eq!(expected.series, series.as_bytes());
                assert_eq!(expected.slot.fate, Fate::Live);
                scan.pass();
                out += "=";
                continue;
            }
            let slot = scan.find(series.as_bytes());
            out += if slot.is_some() { "~" } else { "+" };
            let slot = slot.unwrap_or(Slot {
                series: SeriesRef::new(number(series)),
                metric_type: MetricType::Gauge,
                fate: Fate::Live,
            });
            scan.push(series.as_bytes(), series.len(), slot);
        }
        scan.finish(b"", |slot| {
            out += " -";
            out.extend(char::from_u32(slot.series.get() as u32));
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
        cache.end_all(|_| ended += 1);
        cache.end_all(|_| ended += 1);
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
        scan.finish(b"# tail\n", |_| {});
        let comments: Vec<_> = cache.comments().collect();
        assert_eq!(comments, [&b"# HELP a A.\n"[..], &b"# tail\n"[..]]);
        let mut scan = cache.scan();
        let segment = b"# HELP a A.\na";
        assert_eq!(
            scan.expected(b"# HELP a A.\na 5\nb 1\n"),
            Some(Expected {
                segment,
                series: b"a",
                slot
            })
        );
        for other in [
            &b"# HELP a A.\na"[..],
            b"# HELP a A.\nab 5\n",
            b"# HELP a B.\na 5\n",
        ] {
            assert_eq!(scan.expected(other), None);
        }
        scan.pass();
        assert_eq!(scan.find(b"a"), None);
        assert_eq!(scan.find(b"b"), Some(slot));
    }

    #[test]
    fn other_rules_end_what_they_do_not_store() {
        let mut cache = PageCache::default();
        assert_eq!(play(&mut cache, &["a", "b"]), "++");
        cache.retire();
        assert_eq!(play(&mut cache, &["b"]), "+ -a", "b is read anew, a ends");
        assert_eq!(play(&mut cache, &["b"]), "=");
        cache.retire();
        let mut ended = 0;
        cache.end_all(|_| ended += 1);
        assert_eq!(ended, 1, "the target went before the next page came");
    }
}
