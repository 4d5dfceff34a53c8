//! Which series there are: symbols, label sets, fingerprints and postings, under one lock.
//!
//! Appending to known series never comes here; creating series and selecting do. A row is a
//! series' place in the head: its reference minus the head's first reference.

use std::borrow::Cow;
use std::convert::Infallible;

use hashbrown::{HashMap, HashSet, HashTable};
use model::{Fingerprint, Labels, Matcher};
use rapidhash::fast::RandomState;
use smallvec::SmallVec;

use super::symbols::{ArenaFull, Symbol, SymbolTable};
use crate::index::matchers::{self, PostingsSource};
use storage::{NumberedLabels, Projection};

/// Series in one slab of rows and in one page of label sets.
pub(crate) const SLAB_ROWS: u32 = 512;

/// A postings list: most label pairs of one pod or process select a handful of series.
type Postings = SmallVec<[u32; 4]>;

/// The labels of a series that somebody reads.
type Reduced = SmallVec<[(Symbol, Symbol); 4]>;

/// The series of the head, by number, by labels and by label pair.
#[derive(Debug, Default)]
pub(crate) struct Catalog {
    symbols: SymbolTable,
    names: HashMap<Symbol, HashMap<Symbol, Postings, RandomState>, RandomState>,
    pages: HashMap<u32, LabelPage, RandomState>,
    by_fingerprint: HashTable<Entry>,
    /// Every live row, sorted.
    rows: Vec<u32>,
    pairs: usize,
    /// Labels of the series that was added last.
    last_run: Vec<(Symbol, Symbol)>,
    /// Series come in whatever order, and lists are sorted when all are there.
    is_filling: bool,
}

/// Part of a fingerprint with the row that has it; the labels decide.
#[derive(Clone, Copy, Debug)]
struct Entry {
    hash: u32,
    row: u32,
}

/// Symbols of some rows with their places in the order of texts.
#[derive(Debug)]
pub(crate) struct Ranking {
    ranks: Vec<u32>,
    sorted: Vec<Symbol>,
}

impl Ranking {
    fn rank(&self, symbol: Symbol) -> u32 {
        self.ranks.get(symbol as usize).copied().unwrap_or(u32::MAX)
    }
}

/// The label sets of [`SLAB_ROWS`] neighbouring rows: pairs of symbols, sorted by name as text.
#[derive(Debug, Default)]
struct LabelPage {
    /// Start and length in `pairs`, by slot.
    runs: Vec<(u32, u32)>,
    pairs: Vec<(Symbol, Symbol)>,
}

impl LabelPage {
    fn run(&self, slot: u32) -> &[(Symbol, Symbol)] {
        let (start, len) = self.runs.get(slot as usize).copied().unwrap_or_default();
        self.pairs
            .get(start as usize..(start + len) as usize)
            .unwrap_or_default()
    }

    fn insert(&mut self, slot: u32, run: &[(Symbol, Symbol)]) {
        let (slot, start) = (slot as usize, self.pairs.len() as u32);
        if self.runs.len() <= slot {
            self.runs.resize(slot + 1, (0, 0));
        }
        self.pairs.extend_from_slice(run);
        if let Some(place) = self.runs.get_mut(slot) {
            *place = (start, run.len() as u32);
        }
        if slot + 1 == SLAB_ROWS as usize {
            self.pairs.shrink_to_fit();
            self.runs.shrink_to_fit();
        }
    }
}

/// Adds to a sorted list; mostly at its end, because rows are given out in rising order.
fn insert_sorted(list: &mut Postings, row: u32) {
    match list.last() {
        Some(&last) if last > row => {
            let place = list.partition_point(|&other| other < row);
            list.insert(place, row);
        }
        _ => list.push(row),
    }
}

impl Catalog {
    /// The row of the series with these labels.
    pub(crate) fn find(&self, labels: &Labels, fingerprint: Fingerprint) -> Option<u32> {
        let hash = short_hash(fingerprint);
        let same = |entry: &Entry| entry.hash == hash && self.has_labels(entry.row, labels);
        self.by_fingerprint
            .find(spread(hash), same)
            .map(|entry| entry.row)
    }

    /// Makes room for so many series, which may come in whatever order. Until
    /// [`end_bulk`](Self::end_bulk) they are only found by their labels.
    pub(crate) fn begin_bulk(&mut self, series: usize) {
        self.is_filling = true;
        self.rows.reserve(series);
        self.by_fingerprint
            .reserve(series, |entry| spread(entry.hash));
    }

    /// All are there.
    pub(crate) fn end_bulk(&mut self) {
        self.is_filling = false;
        if self.rows.is_sorted() {
            return;
        }
        self.rows.sort_unstable();
        let lists = self.names.values_mut().flat_map(HashMap::values_mut);
        lists.for_each(|list| list.sort_unstable());
    }

    /// Adds a series; its row is free.
    pub(crate) fn insert(
        &mut self,
        row: u32,
        labels: &Labels,
        fingerprint: Fingerprint,
    ) -> Result<(), ArenaFull> {
        let mut run = std::mem::take(&mut self.last_run);
        let mut len = 0;
        for (name, value) in labels {
            // Series of one scrape come one after the other and differ in a label or two.
            let guess = run.get(len).copied();
            let name = self.symbols.intern_near(name, guess.map(|pair| pair.0))?;
            let value = self.symbols.intern_near(value, guess.map(|pair| pair.1))?;
            match run.get_mut(len) {
                Some(place) => *place = (name, value),
                None => run.push((name, value)),
            }
            len += 1;
        }
        run.truncate(len);
        self.insert_run(row, &run, short_hash(fingerprint));
        self.last_run = run;
        Ok(())
    }

    fn insert_run(&mut self, row: u32, run: &[(Symbol, Symbol)], hash: u32) {
        for &(name, value) in run {
            let values = self.names.entry(name).or_default();
            let postings = values.entry(value).or_default();
            self.pairs += usize::from(postings.is_empty());
            match self.is_filling {
                true => postings.push(row),
                false => insert_sorted(postings, row),
            }
        }
        self.pages
            .entry(row / SLAB_ROWS)
            .or_default()
            .insert(row % SLAB_ROWS, run);
        let entry = Entry { hash, row };
        self.by_fingerprint
            .insert_unique(spread(hash), entry, |other| spread(other.hash));
        match self.rows.last() {
            Some(&last) if last > row && !self.is_filling => {
                let place = self.rows.partition_point(|&other| other < row);
                self.rows.insert(place, row);
            }
            _ => self.rows.push(row),
        }
    }

    /// The same catalog without the rows that `keep` refuses, and without what only they needed.
    pub(crate) fn rebuilt(&self, mut keep: impl FnMut(u32) -> bool) -> Result<Self, ArenaFull> {
        let mut fresh = Self::default();
        let mut renumbered: Vec<Option<Symbol>> = vec![None; self.symbols.len()];
        let mut hashes: Vec<_> = self.by_fingerprint.iter().copied().collect();
        hashes.sort_unstable_by_key(|entry| entry.row);
        let mut run = Vec::new();
        for Entry { hash, row } in hashes.into_iter().filter(|entry| keep(entry.row)) {
            run.clear();
            for &(name, value) in self.run(row) {
                let name = self.renumber(&mut fresh.symbols, &mut renumbered, name)?;
                let value = self.renumber(&mut fresh.symbols, &mut renumbered, value)?;
                run.push((name, value));
            }
            fresh.insert_run(row, &run, hash);
        }
        fresh
            .names
            .values_mut()
            .flat_map(HashMap::values_mut)
            .for_each(SmallVec::shrink_to_fit);
        Ok(fresh)
    }

    fn renumber(
        &self,
        fresh: &mut SymbolTable,
        renumbered: &mut [Option<Symbol>],
        old: Symbol,
    ) -> Result<Symbol, ArenaFull> {
        let slot = renumbered.get_mut(old as usize).ok_or(ArenaFull)?;
        match *slot {
            Some(new) => Ok(new),
            None => fresh
                .intern(self.symbols.text(old))
                .inspect(|&new| *slot = Some(new)),
        }
    }

    fn run(&self, row: u32) -> &[(Symbol, Symbol)] {
        self.pages
            .get(&(row / SLAB_ROWS))
            .map_or(&[], |page| page.run(row % SLAB_ROWS))
    }

    /// The labels of some rows, each page looked up once for neighbours.
    fn runs<'a>(&'a self, rows: &'a [u32]) -> impl Iterator<Item = &'a [(Symbol, Symbol)]> {
        let pages = rows.chunk_by(|a, b| a / SLAB_ROWS == b / SLAB_ROWS);
        pages.flat_map(|neighbours| {
            let first = neighbours.first().map(|row| row / SLAB_ROWS);
            let page = first.and_then(|number| self.pages.get(&number));
            neighbours
                .iter()
                .map(move |row| page.map_or(&[][..], |page| page.run(row % SLAB_ROWS)))
        })
    }

    fn has_labels(&self, row: u32, labels: &Labels) -> bool {
        let run = self
            .run(row)
            .iter()
            .map(|&(n, v)| (self.symbols.text(n), self.symbols.text(v)));
        run.eq(labels.iter())
    }

    /// The labels of a row as texts, sorted by name.
    pub(crate) fn pairs_of(&self, row: u32) -> impl Iterator<Item = (&str, &str)> {
        self.run(row)
            .iter()
            .map(|&(n, v)| (self.symbols.text(n), self.symbols.text(v)))
    }

    /// The labels of a row, reduced.
    pub(crate) fn labels(&self, row: u32, projection: &Projection) -> Labels {
        let pairs = self.pairs_of(row);
        match projection {
            Projection::All => Labels::from_sorted(pairs),
            Projection::Only(names) if names.is_empty() => Labels::empty(),
            Projection::Only(names) => {
                Labels::from_sorted(pairs.filter(|(name, _)| names.iter().any(|n| n == name)))
            }
            Projection::Without(names) => {
                Labels::from_sorted(pairs.filter(|(name, _)| names.iter().all(|n| n != name)))
            }
        }
    }

    /// The reduced labels of these rows, equal ones once. None if they are not reduced.
    pub(crate) fn numbered_labels(
        &self,
        rows: &[u32],
        projection: &Projection,
    ) -> Option<NumberedLabels> {
        let (names, are_kept) = match projection {
            Projection::All => return None,
            Projection::Only(names) if names.is_empty() => {
                return Some(NumberedLabels::all(Labels::empty()));
            }
            Projection::Only(names) => (names, true),
            Projection::Without(names) => (names, false),
        };
        let named: SmallVec<[Symbol; 8]> =
            names.iter().filter_map(|n| self.symbols.find(n)).collect();
        let mut known: HashMap<Reduced, u32, RandomState> = HashMap::default();
        let (mut numbers, mut distinct) = (Vec::with_capacity(rows.len()), Vec::new());
        let mut reduced = Reduced::new();
        let mut latest: Option<(Reduced, u32)> = None;
        for run in self.runs(rows) {
            reduced.clear();
            let kept = run
                .iter()
                .filter(|pair| named.contains(&pair.0) == are_kept);
            reduced.extend(kept.copied());
            // Neighbours often have the same.
            if let Some((before, number)) = &latest
                && *before == reduced
            {
                numbers.push(*number);
                continue;
            }
            let number = match known.get(&reduced) {
                Some(&number) => number,
                None => {
                    let number = distinct.len() as u32;
                    let texts = reduced.iter();
                    let texts = texts.map(|&(n, v)| (self.symbols.text(n), self.symbols.text(v)));
                    distinct.push(Labels::from_sorted(texts));
                    known.insert(reduced.clone(), number);
                    number
                }
            };
            numbers.push(number);
            latest = Some((reduced.clone(), number));
        }
        Some(NumberedLabels::new(numbers, distinct))
    }

    /// Numbers the symbols of these rows in the order of their texts.
    pub(crate) fn rank(&self, rows: &[u32]) -> Ranking {
        let mut ranks = vec![u32::MAX; self.symbols.len()];
        let mut sorted = Vec::new();
        for symbol in self.runs(rows).flatten().flat_map(|&(n, v)| [n, v]) {
            if let Some(rank @ &mut u32::MAX) = ranks.get_mut(symbol as usize) {
                *rank = 0;
                sorted.push(symbol);
            }
        }
        sorted.sort_unstable_by(|&a, &b| self.symbols.text(a).cmp(self.symbols.text(b)));
        for (rank, &symbol) in (0..).zip(&sorted) {
            if let Some(place) = ranks.get_mut(symbol as usize) {
                *place = rank;
            }
        }
        Ranking { ranks, sorted }
    }

    /// The texts of ranked symbols, sorted.
    pub(crate) fn texts<'a>(&'a self, ranking: &'a Ranking) -> impl Iterator<Item = &'a str> {
        ranking
            .sorted
            .iter()
            .map(|&symbol| self.symbols.text(symbol))
    }

    /// The labels of a ranked row as ranks, sorted by name.
    pub(crate) fn ranked_labels(&self, row: u32, ranking: &Ranking, out: &mut Vec<(u32, u32)>) {
        out.clear();
        out.extend(
            self.run(row)
                .iter()
                .map(|&(n, v)| (ranking.rank(n), ranking.rank(v))),
        );
    }

    /// Sorts ranked rows by their labels.
    pub(crate) fn sort_by_labels(&self, rows: &mut [u32], ranking: &Ranking) {
        let key = |row: u32| {
            let run = self.run(row).iter();
            run.map(|&(n, v)| (ranking.rank(n), ranking.rank(v)))
        };
        rows.sort_unstable_by(|&a, &b| key(a).cmp(key(b)));
    }

    /// Rows on which all matchers hold, sorted.
    pub(crate) fn select(&self, matchers: &[Matcher]) -> Vec<u32> {
        let Ok(rows) = matchers::resolve(self, matchers);
        rows
    }

    /// Every live row, sorted.
    pub(crate) fn rows(&self) -> &[u32] {
        &self.rows
    }

    /// All label names, unsorted.
    pub(crate) fn label_names(&self) -> impl Iterator<Item = &str> {
        self.names.keys().map(|&name| self.symbols.text(name))
    }

    /// All values of a label with the number of series that have them, unsorted.
    pub(crate) fn label_values(&self, name: &str) -> impl Iterator<Item = (&str, usize)> {
        let values = self
            .symbols
            .find(name)
            .and_then(|name| self.names.get(&name));
        let values = values.into_iter().flat_map(HashMap::iter);
        values.map(|(&value, postings)| (self.symbols.text(value), postings.len()))
    }

    /// Number of values of a label.
    pub(crate) fn value_count(&self, name: &str) -> usize {
        let name = self.symbols.find(name);
        let values = name.and_then(|name| self.names.get(&name));
        values.map_or(0, HashMap::len)
    }

    /// Number of series with this label pair.
    pub(crate) fn series_with(&self, name: &str, value: &str) -> usize {
        let Ok(rows) = self.pair(name, value);
        rows.len()
    }

    /// Names of the labels of these rows, unsorted.
    pub(crate) fn names_of(&self, rows: &[u32]) -> Vec<&str> {
        let names = self.runs(rows).flatten().map(|&(name, _)| name);
        self.distinct_texts(names)
    }

    /// Values of one label of these rows, unsorted.
    pub(crate) fn values_of(&self, name: &str, rows: &[u32]) -> Vec<&str> {
        let Some(name) = self.symbols.find(name) else {
            return Vec::new();
        };
        let labels = self.runs(rows).filter_map(|run| {
            let label = run.iter().find(|label| label.0 == name);
            label.map(|&(_, value)| value)
        });
        self.distinct_texts(labels)
    }

    fn distinct_texts(&self, symbols: impl Iterator<Item = Symbol>) -> Vec<&str> {
        let seen: HashSet<Symbol, RandomState> = symbols.collect();
        seen.iter()
            .map(|&symbol| self.symbols.text(symbol))
            .collect()
    }

    /// Distinct pairs of label name and value.
    pub(crate) fn pair_count(&self) -> usize {
        self.pairs
    }

    /// Distinct texts among label names and values.
    #[cfg(test)]
    fn symbol_count(&self) -> usize {
        self.symbols.len()
    }
}

impl PostingsSource for Catalog {
    type Error = Infallible;

    fn all(&self) -> Result<Vec<u32>, Infallible> {
        Ok(self.rows.clone())
    }

    fn pair(&self, name: &str, value: &str) -> Result<Cow<'_, [u32]>, Infallible> {
        let name = self
            .symbols
            .find(name)
            .and_then(|name| self.names.get(&name));
        let value = name.and_then(|values| values.get(&self.symbols.find(value)?));
        Ok(Cow::Borrowed(value.map_or(&[], |postings| postings)))
    }

    fn values(
        &self,
        name: &str,
        prefix: &str,
        keep: &mut dyn FnMut(&str) -> bool,
        list: &mut Vec<u32>,
    ) -> Result<(), Infallible> {
        let Some(values) = self
            .symbols
            .find(name)
            .and_then(|name| self.names.get(&name))
        else {
            return Ok(());
        };
        let mut kept = Vec::new();
        let mut total = 0;
        for (&value, postings) in values {
            let text = self.symbols.text(value);
            if text.starts_with(prefix) && keep(text) {
                total += postings.len();
                kept.push(postings);
            }
        }
        if total == self.rows.len() {
            // A series has one value of a label, so these are all of them, and already in order.
            list.extend_from_slice(&self.rows);
            return Ok(());
        }
        list.reserve(total);
        kept.sort_unstable_by_key(|postings| postings.first().copied());
        kept.iter()
            .for_each(|postings| list.extend_from_slice(postings));
        Ok(())
    }

    fn narrow(&self, list: &mut Vec<u32>, matcher: &Matcher) -> bool {
        let name = self.symbols.find(matcher.name());
        let values = name.and_then(|name| self.names.get(&name));
        let (Some(name), Some(values)) = (name, values) else {
            return false;
        };
        if list.len() > values.len() / VALUES_PER_SERIES {
            return false;
        }
        list.retain(|&row| {
            let label = self.run(row).iter().find(|label| label.0 == name);
            matcher.matches(label.map_or("", |&(_, value)| self.symbols.text(value)))
        });
        true
    }
}

/// Looking at a series, which is anywhere in memory, costs as much as a few values of one label.
const VALUES_PER_SERIES: usize = 4;

const fn short_hash(fingerprint: Fingerprint) -> u32 {
    (fingerprint.get() >> 32) as u32
}

/// A whole hash from half of one: the table looks at the highest and the lowest bits.
const fn spread(hash: u32) -> u64 {
    (hash as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

#[cfg(test)]
mod tests;
