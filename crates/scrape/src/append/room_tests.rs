//! Pages with more new series than there is room for.

use std::sync::Arc;

use config::server::ScrapeConfig;
use storage::Commit;

use super::*;
use crate::limits::DefaultLimits;

/// A store that counts what a batch begins, and has room for `room` series.
struct Small {
    known: Vec<Labels>,
    room: usize,
}

/// One batch.
struct Batch<'a> {
    store: &'a mut Small,
    begun: usize,
}

impl Appender for Batch<'_> {
    fn append(&mut self, append: Append<'_>) -> Result<SeriesRef, AppendError> {
        if let Some(series) = append.series {
            return Ok(series);
        }
        let known = &mut self.store.known;
        if let Some(place) = known.iter().position(|labels| labels == append.labels) {
            return Ok(SeriesRef::new(place as u64 + 1));
        }
        if append.new_series == NewSeries::Refused {
            return Err(RoomError::AtOnce.into());
        }
        if known.len() >= self.store.room {
            return Err(RoomError::Limit { limit: 0 }.into());
        }
        known.push(append.labels.clone());
        self.begun += 1;
        Ok(SeriesRef::new(known.len() as u64))
    }

    fn new_series(&self) -> usize {
        self.begun
    }

    fn commit(self: Box<Self>) -> Result<Commit, AppendError> {
        Ok(Commit::default())
    }

    fn rollback(self: Box<Self>) {}
}

fn scrape(store: &mut Small, cache: &mut PageCache, at_once: usize, page: &str) -> Counts {
    let limits = DefaultLimits {
        new_series: at_once,
        ..DefaultLimits::default()
    };
    let job = Job::new(Arc::new(ScrapeConfig::named("j")), None, limits);
    let context = PageContext::of(&job, &NO_LABELS, 10);
    let mut counts = Counts::default();
    let mut batch = Batch { store, begun: 0 };
    append_page(
        page.as_bytes(),
        Format::Text,
        &context,
        cache,
        &mut batch,
        &mut counts,
    )
    .unwrap();
    counts
}

fn page(numbers: std::ops::Range<usize>) -> String {
    numbers.fold("# TYPE a gauge\n".to_owned(), |page, number| {
        page + &format!("a{{n=\"{number}\"}} 1\n")
    })
}

#[test]
fn many_new_series_come_over_several_scrapes() {
    let mut store = Small {
        known: Vec::new(),
        room: usize::MAX,
    };
    let mut cache = PageCache::default();
    for (added, left) in [(2, 3), (2, 1), (1, 0), (0, 0)] {
        let counts = scrape(&mut store, &mut cache, 2, &page(0..5));
        assert_eq!((counts.added, counts.no_room), (added, left));
        let told = (left > 0).then_some(RoomError::AtOnce);
        assert_eq!(counts.room, told);
    }
    // After a restart all are there already, and none is new.
    let counts = scrape(&mut store, &mut PageCache::default(), 2, &page(0..5));
    assert_eq!((counts.added, counts.no_room), (5, 0));
}

#[test]
fn of_a_page_that_explodes_little_is_remembered() {
    let mut store = Small {
        known: Vec::new(),
        room: 2,
    };
    let mut cache = PageCache::default();
    let most = REMEMBERED_REFUSALS * 100;
    for begin in [3, 10_000_000] {
        let exploding = page(0..2) + &page(begin..begin + most);
        let counts = scrape(&mut store, &mut cache, usize::MAX, &exploding);
        assert_eq!((counts.scraped, counts.no_room), (most + 2, most));
        assert!(cache.heap_bytes() < REMEMBERED_REFUSALS * 200);
    }
    // Whatever came between: what is stored goes on, and ends when it goes.
    let counts = scrape(&mut store, &mut cache, usize::MAX, &page(0..2));
    assert_eq!((counts.scraped, counts.added, counts.no_room), (2, 0, 0));
    let mut ended = 0;
    cache.end_all(|_| ended += 1);
    assert_eq!(ended, 2);
    // Once there is room, it is used.
    store.room = 10;
    let counts = scrape(&mut store, &mut cache, usize::MAX, &page(0..5));
    assert_eq!((counts.added, counts.no_room), (3, 0));
}
