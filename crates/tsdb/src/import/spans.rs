//! Samples by the block that they will be in, as many blocks at once as there is room for.

use std::collections::BTreeMap;

use hashbrown::HashMap;
use rapidhash::fast::RandomState;

use super::known::{Known, NONE, Series};
use super::row::{ROW_BYTES, Row};

/// All spans of time that have samples.
#[derive(Debug)]
pub(super) struct Spans {
    /// Length of a span in milliseconds.
    length: i64,
    /// Bytes that the samples of all spans may take, unless there is but one.
    room: usize,
    bytes: usize,
    spans: Vec<Span>,
    /// Places in `spans` by how many lengths the span begins behind the epoch.
    places: BTreeMap<i64, u32>,
    /// Spans before are done.
    begin: i64,
    /// Spans from here on are left for a later pass.
    end: i64,
    /// The span of the latest sample.
    current: u32,
    /// Bytes and samples of spans that are done.
    done: (usize, u64),
}

/// A span of time.
#[derive(Debug)]
struct Span {
    start: i64,
    /// Samples of the page inside.
    samples: u64,
    /// None if samples are not collected: in a later pass, or no more.
    collected: Option<Collected>,
}

/// The samples of a span.
#[derive(Debug, Default)]
pub(super) struct Collected {
    pub(super) rows: Vec<Row>,
    by_series: HashMap<u32, u32, RandomState>,
    bytes: usize,
    accepted: u64,
    /// The first sample that was refused: line and reason. None is taken after it.
    pub(super) failure: Option<(usize, String)>,
}

impl Spans {
    pub(super) fn new(length: i64, room: usize) -> Self {
        Self {
            length,
            room,
            bytes: 0,
            spans: Vec::new(),
            places: BTreeMap::new(),
            begin: i64::MIN,
            end: i64::MAX,
            current: NONE,
            done: (0, 0),
        }
    }

    /// Takes a sample. `line` says where it is; it is asked only about what is refused.
    #[inline]
    pub(super) fn push(
        &mut self,
        known: &mut Known,
        series: u32,
        (time, value): (i64, f64),
        is_first_pass: bool,
        line: impl FnOnce() -> usize,
    ) {
        let length = self.length.cast_unsigned();
        let covers = |span: &&mut Span| time.wrapping_sub(span.start).cast_unsigned() < length;
        let current = self.spans.get_mut(self.current as usize).filter(covers);
        let (place, span) = match current {
            Some(span) => (self.current, span),
            None => {
                let place = self.find(time);
                self.current = place;
                let Some(span) = self.spans.get_mut(place as usize) else {
                    return;
                };
                (place, span)
            }
        };
        span.samples += u64::from(is_first_pass);
        let Some(collected) = &mut span.collected else {
            return;
        };
        let Some(known_series) = known.get_mut(series) else {
            return;
        };
        let grown = collected.push(known_series, (place, series), (time, value), line);
        collected.bytes += grown;
        self.bytes += grown;
        if grown > 0 && self.bytes > self.room {
            self.make_room(known);
        }
    }

    /// The place of the span of `time`, which may be new; none if it is done.
    #[cold]
    fn find(&mut self, time: i64) -> u32 {
        let number = time.div_euclid(self.length);
        if number < self.begin {
            return NONE;
        }
        *self.places.entry(number).or_insert_with(|| {
            self.spans.push(Span {
                start: number.wrapping_mul(self.length),
                samples: 0,
                collected: (number < self.end).then(Collected::default),
            });
            u32::try_from(self.spans.len() - 1).unwrap_or(NONE)
        })
    }

    /// Leaves the latest of the spans that are collected for a later pass, if there are several.
    #[cold]
    fn make_room(&mut self, known: &mut Known) {
        while self.bytes > self.room {
            let spans = &self.spans;
            let is_collected = |place: &u32| {
                let span = spans.get(*place as usize);
                span.is_some_and(|span| span.collected.is_some())
            };
            let mut latest = self.places.range(..self.end).rev();
            let mut latest = latest.by_ref().filter(|(_, place)| is_collected(place));
            let (Some((&number, &place)), Some(_)) = (latest.next(), latest.next()) else {
                return;
            };
            self.end = number;
            drop(self.take(place, known));
        }
    }

    fn take(&mut self, place: u32, known: &mut Known) -> Option<Collected> {
        let collected = self.spans.get_mut(place as usize)?.collected.take()?;
        self.bytes -= collected.bytes;
        for row in &collected.rows {
            if let Some(series) = known.get_mut(row.series)
                && series.place.0 == place
            {
                series.place = (NONE, 0);
            }
        }
        Some(collected)
    }

    /// Number of spans that were not taken out yet.
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// Takes the first span out. `Err` has the times, from and until before, that have to be read
    /// again for it.
    pub(super) fn take_first(
        &mut self,
        known: &mut Known,
    ) -> Option<Result<Collected, (i64, i64)>> {
        let (&number, &place) = self.places.first_key_value()?;
        let span = self.spans.get(place as usize)?;
        if span.collected.is_none() {
            return Some(Err(self.plan(number)));
        }
        let samples = span.samples;
        let collected = self.take(place, known)?;
        self.places.pop_first();
        self.begin = number.saturating_add(1);
        self.done.0 += collected.bytes;
        self.done.1 += samples;
        Some(Ok(collected))
    }

    /// Collects as many spans from `first` on as will probably have room.
    fn plan(&mut self, first: i64) -> (i64, i64) {
        let mut samples = 0_u64;
        self.end = first;
        for (&number, &place) in &self.places {
            let Some(span) = self.spans.get_mut(place as usize) else {
                continue;
            };
            samples += span.samples;
            let expected =
                u128::from(samples) * self.done.0 as u128 / u128::from(self.done.1.max(1));
            if number > first && expected > self.room as u128 {
                break;
            }
            span.collected = Some(Collected::default());
            self.end = number.saturating_add(1);
        }
        let from = first.saturating_mul(self.length);
        (from, self.end.saturating_mul(self.length))
    }
}

impl Collected {
    /// Returns the bytes that were added.
    #[inline]
    fn push(
        &mut self,
        known: &mut Series,
        (place, series): (u32, u32),
        (time, value): (i64, f64),
        line: impl FnOnce() -> usize,
    ) -> usize {
        if self.failure.is_some() {
            return 0;
        }
        // More than four billion batches of one block are not what anybody has.
        let batch = (self.accepted / BATCH_SAMPLES) as u32;
        if known.place.0 != place {
            if let Some(problem) = &known.problem {
                self.failure = Some((line(), problem.to_string()));
                return 0;
            }
            let next = u32::try_from(self.rows.len()).unwrap_or(NONE);
            let row = *self.by_series.entry(series).or_insert(next);
            known.place = (place, row);
            if row == next {
                self.rows.push(Row::new(series, batch, time, value));
                self.accepted += 1;
                return ROW_BYTES;
            }
        }
        let Some(row) = self.rows.get_mut(known.place.1 as usize) else {
            return 0;
        };
        match row.push(batch, time, value) {
            Ok(grown) => {
                self.accepted += 1;
                grown
            }
            Err(refusal) => {
                self.failure = Some((line(), refusal.to_string()));
                0
            }
        }
    }
}

/// Samples that promtool commits at once.
const BATCH_SAMPLES: u64 = 5_000;
