//! Pages appended one after another, with what the store then holds.

use std::sync::Arc;

use config::server::{Limit, ScrapeConfig};
use model::label::NameValidationScheme;
use model::relabel::{RelabelAction, RelabelRule, RelabelSpec};
use model::value::is_stale;
use storage::memory::MemoryStore;
use storage::{Appendable as _, Commit, Queryable as _, RoomError, SampleBuffer, Select};

use super::*;
use crate::limits::DefaultLimits;
use model::{Matcher, TimeRange};

/// A target whose pages go to a store in memory.
pub(super) struct Target {
    job: Job,
    labels: Labels,
    cache: PageCache,
    store: MemoryStore,
    /// Whether series begin with zeros.
    pub(super) adds_zeros: bool,
    previous: Option<i64>,
}

impl Target {
    pub(super) fn new(change: impl FnOnce(&mut ScrapeConfig)) -> Self {
        let mut config = ScrapeConfig::named("j");
        change(&mut config);
        Self {
            job: Job::new(Arc::new(config), None, DefaultLimits::default()),
            labels: Labels::from_pairs([("instance", "i"), ("job", "j")]),
            cache: PageCache::default(),
            store: MemoryStore::default(),
            adds_zeros: false,
            previous: None,
        }
    }

    fn scrape(&mut self, timestamp: i64, page: &str) -> Result<Counts, String> {
        self.scrape_as(Format::Text, timestamp, page.as_bytes())
    }

    pub(super) fn scrape_as(
        &mut self,
        format: Format,
        timestamp: i64,
        page: &[u8],
    ) -> Result<Counts, String> {
        let context = PageContext {
            max_time: timestamp + 600_000,
            previous: self.previous.replace(timestamp),
            adds_zeros: self.adds_zeros,
            ..PageContext::of(&self.job, &self.labels, timestamp)
        };
        let mut counts = Counts::default();
        let mut appender = self.store.appender();
        let outcome = append_page(
            page,
            format,
            &context,
            &mut self.cache,
            appender.as_mut(),
            &mut counts,
        );
        match outcome {
            Ok(()) => {
                self.cache.committed();
                appender.commit().map(|_| counts).map_err(|e| e.to_string())
            }
            Err(error) => {
                appender.rollback();
                let mut appender = self.store.appender();
                end_page(&context, &mut self.cache, appender.as_mut()).unwrap();
                appender.commit().unwrap();
                Err(error.to_string())
            }
        }
    }

    /// What a page at this time comes with.
    pub(super) fn context(&self, timestamp: i64) -> PageContext<'static> {
        let job = Job::new(Arc::clone(&self.job.config), None, DefaultLimits::default());
        // A test may leave a job behind.
        PageContext::of(Box::leak(Box::new(job)), &NO_LABELS, timestamp)
    }

    pub(super) fn parts(&mut self) -> (&mut PageCache, &MemoryStore) {
        (&mut self.cache, &self.store)
    }

    /// A page whose batch is lost.
    pub(super) fn lose(&mut self, timestamp: i64, page: &[u8]) {
        let context = self.context(timestamp);
        let (cache, store) = self.parts();
        let mut appender = store.appender();
        let mut counts = Counts::default();
        let format = Format::Text;
        append_page(
            page,
            format,
            &context,
            cache,
            appender.as_mut(),
            &mut counts,
        )
        .unwrap();
        appender.rollback();
        self.cache.lost();
    }

    /// Everything stored, a line a series: `a{b="c"} 1@10 stale@20`; histograms behind the floats.
    pub(super) fn stored(&self) -> Vec<String> {
        let querier = self.store.querier(TimeRange::ALL).unwrap();
        let all = Matcher::new("__name__", model::MatchOp::Regex, ".+").unwrap();
        let set = querier
            .select(&Select::new(vec![all], TimeRange::ALL))
            .unwrap();
        let mut buffer = SampleBuffer::default();
        (0..set.len())
            .map(|index| {
                set.read(index, &mut buffer).unwrap();
                let labels = set.labels(index);
                let labels = labels.filter(|name| !matches!(name, "job" | "instance"));
                let samples = buffer.timestamps().iter().zip(buffer.values());
                let floats = samples.fold(labels.to_string(), |line, (at, value)| {
                    if is_stale(*value) {
                        format!("{line} stale@{at}")
                    } else {
                        format!("{line} {value}@{at}")
                    }
                });
                let histograms = buffer.histograms();
                let samples = histograms.timestamps().iter().zip(histograms.values());
                samples.fold(floats, |line, (at, value)| format!("{line} {value}@{at}"))
            })
            .collect()
    }
}

fn rule(spec: RelabelSpec) -> RelabelRule {
    RelabelRule::new(spec, NameValidationScheme::Utf8).unwrap()
}

#[test]
fn series_that_vanish_end() {
    let mut target = Target::new(|_| {});
    let first = target
        .scrape(10, "# TYPE a gauge\na 1\nb{l=\"1\"} 2\n")
        .unwrap();
    assert_eq!((first.scraped, first.kept, first.added), (2, 2, 2));
    let second = target.scrape(20, "# TYPE a gauge\na 3\n").unwrap();
    assert_eq!(second.scraped, 1);
    target.scrape(30, "# TYPE a gauge\na 4\n").unwrap();
    assert_eq!(
        target.stored(),
        ["a 1@10 3@20 4@30", "b{l=\"1\"} 2@10 stale@20"]
    );
}

#[test]
fn a_bad_page_leaves_nothing_and_ends_all() {
    let mut target = Target::new(|_| {});
    target.scrape(10, "a 1\nb 2\n").unwrap();
    let error = target.scrape(20, "a 3\nb\n").unwrap_err();
    assert_eq!(
        error,
        "line 2: expected value after metric while parsing: \"b\\n\""
    );
    target.scrape(30, "!\n").unwrap_err();
    target.scrape(40, "a 4\n").unwrap();
    assert_eq!(target.stored(), ["a 1@10 stale@20 4@40", "b 2@10 stale@20"]);
}

#[test]
fn own_timestamps_are_kept_and_not_ended_unless_wanted() {
    let page = "a 1 5\n";
    let mut target = Target::new(|_| {});
    target.scrape(10, page).unwrap();
    target.scrape(20, "").unwrap();
    assert_eq!(target.stored(), ["a 1@5"]);

    let mut target = Target::new(|config| config.track_timestamps_staleness = true);
    target.scrape(10, page).unwrap();
    target.scrape(20, "").unwrap();
    assert_eq!(target.stored(), ["a 1@5 stale@20"]);

    let mut target = Target::new(|config| config.honor_timestamps = false);
    target.scrape(10, page).unwrap();
    target.scrape(20, page).unwrap();
    assert_eq!(target.stored(), ["a 1@10 1@20"]);

    let mut target = Target::new(|_| {});
    let counts = target.scrape(10, "a 1 700000\nb 1\n").unwrap();
    assert_eq!(counts.out_of_bounds, 1);
    assert_eq!(target.stored(), ["b 1@10"]);
}

#[test]
fn clashing_labels_are_kept_under_other_names() {
    let page = "a{job=\"x\",exported_job=\"y\",instance=\"\"} 1\n";
    let mut target = Target::new(|_| {});
    target.scrape(10, page).unwrap();
    assert_eq!(
        target.stored(),
        ["a{exported_exported_job=\"x\", exported_job=\"y\"} 1@10"]
    );
    let mut target = Target::new(|config| config.honor_labels = true);
    target
        .scrape(10, "a{job=\"x\",exported_job=\"y\"} 1\n")
        .unwrap();
    let querier = target.store.querier(TimeRange::ALL).unwrap();
    let jobs = querier
        .label_values("job", &storage::LabelQuery::default())
        .unwrap()
        .0;
    assert_eq!(jobs, ["x"]);
}

#[test]
fn metric_relabeling_drops_and_renames() {
    let drop = RelabelSpec {
        source_labels: vec!["__name__".into()],
        regex: "b".into(),
        action: RelabelAction::Drop,
        ..RelabelSpec::default()
    };
    let rename = RelabelSpec {
        source_labels: vec!["__name__".into()],
        regex: "a".into(),
        target_label: "__name__".into(),
        replacement: "renamed".into(),
        ..RelabelSpec::default()
    };
    let mut target = Target::new(|config| {
        config.metric_relabel_configs = vec![rule(drop), rule(rename)];
    });
    for timestamp in [10, 20] {
        let counts = target.scrape(timestamp, "a 1\nb 2\nc 3\n").unwrap();
        assert_eq!((counts.scraped, counts.kept), (3, 2));
    }
    target.scrape(30, "c 3\n").unwrap();
    assert_eq!(
        target.stored(),
        ["c 3@10 3@20 3@30", "renamed 1@10 1@20 stale@30"]
    );
}

#[test]
fn pages_beyond_limits_and_rules_are_refused_with_a_reason() {
    let unnamed = RelabelSpec {
        target_label: "__name__".into(),
        replacement: String::new(),
        ..RelabelSpec::default()
    };
    type Change = fn(&mut ScrapeConfig);
    let cases: [(Change, &str, &str); 5] = [
        (
            |config| config.limits.sample_limit = Limit::stated(1),
            "a 1\nb 2\n",
            "sample limit exceeded",
        ),
        (
            |config| config.limits.label_limit = Limit::stated(3),
            "a{b=\"c\"} 1\n",
            "label_limit exceeded (metric: a, number of labels: 4, limit: 3)",
        ),
        (
            |_| {},
            "a{b=\"1\",c=\"2\",b=\"3\"} 1\n",
            "label name \"b\" is not unique: invalid sample",
        ),
        (
            |config| config.metric_name_validation_scheme = NameValidationScheme::Legacy,
            "{\"a.b\"} 1\n",
            "invalid metric name or label names: {\"a.b\", instance=\"i\", job=\"j\"}",
        ),
        (
            |config| {
                let everything = config.job_name.len() as u64 * u64::from(u32::MAX);
                config.limits.sample_limit = Limit::stated(everything);
            },
            "a{b=\"\\x\n",
            "line 1: expected label value while parsing: ",
        ),
    ];
    for (change, page, want) in cases {
        let mut target = Target::new(change);
        target.scrape(10, "ok 1\n").unwrap();
        let error = target.scrape(20, page).unwrap_err();
        assert!(error.starts_with(want), "{error}");
        assert_eq!(target.stored(), ["ok 1@10 stale@20"]);
    }
    let mut target = Target::new(|config| config.metric_relabel_configs = vec![rule(unnamed)]);
    let error = target.scrape(10, "a 1\n").unwrap_err();
    assert_eq!(error, "missing metric name (__name__ label)");
}

#[test]
fn a_series_that_goes_on_under_another_text_does_not_end() {
    let mut target = Target::new(|_| {});
    target.scrape(10, "a{b=\"1\",c=\"2\"} 1\n").unwrap();
    target.scrape(20, "a{c=\"2\",b=\"1\"} 2\n").unwrap();
    assert_eq!(target.stored(), ["a{b=\"1\", c=\"2\"} 1@10 2@20"]);
}

#[test]
fn bounds_are_stored_as_floats_also_when_the_page_changes() {
    let mut target = Target::new(|_| {});
    let page = "# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 2\n";
    target.scrape(10, page).unwrap();
    let longer = page.to_owned() + "h_bucket{le=\"5\"} 2\n";
    target.scrape(20, &longer).unwrap();
    assert_eq!(
        target.stored(),
        [
            "h_bucket{le=\"+Inf\"} 2@10 2@20",
            "h_bucket{le=\"1.0\"} 1@10 1@20",
            "h_bucket{le=\"5.0\"} 2@20",
        ]
    );
}

/// A store that knows series by number only once it gave the number out, and refuses as told.
#[derive(Default)]
struct Strict {
    known: Vec<Labels>,
    refuse: Option<fn() -> AppendError>,
    forget: bool,
    asked_by_labels: usize,
}

impl Appender for &mut Strict {
    fn append(&mut self, append: Append<'_>) -> Result<SeriesRef, AppendError> {
        if let Some(refuse) = self.refuse {
            return Err(refuse());
        }
        match append.series {
            Some(series) if !self.forget => return Ok(series),
            _ if append.labels.is_empty() => {
                return Err(AppendError::InvalidLabels("empty".into()));
            }
            _ => {}
        }
        self.asked_by_labels += 1;
        self.known.push(append.labels.clone());
        Ok(SeriesRef::new(self.known.len() as u64))
    }

    fn commit(self: Box<Self>) -> Result<Commit, AppendError> {
        Ok(Commit::default())
    }

    fn rollback(self: Box<Self>) {}
}

#[test]
fn labels_are_shown_to_the_store_once_and_again_when_it_forgot() {
    let target = Target::new(|_| {});
    let context = PageContext::of(&target.job, &target.labels, 10);
    let mut cache = PageCache::default();
    let mut store = Strict::default();
    let mut scrape = |store: &mut Strict| {
        let mut counts = Counts::default();
        let mut appender = store;
        let page = b"a 1\n# TYPE b gauge\nb{x=\"y\"} 2\n";
        append_page(
            page,
            Format::Text,
            &context,
            &mut cache,
            &mut appender,
            &mut counts,
        )
        .map(|()| counts)
    };
    assert_eq!(scrape(&mut store).unwrap().added, 2);
    assert_eq!(scrape(&mut store).unwrap().added, 0);
    assert_eq!(store.asked_by_labels, 2);
    store.forget = true;
    let again = scrape(&mut store).unwrap();
    assert_eq!((again.kept, again.added), (2, 0));
    assert_eq!(store.asked_by_labels, 4);
    assert_eq!(store.known[2..], store.known[..2]);
    store.forget = false;

    type Refusal = fn() -> AppendError;
    type Count = fn(&Counts) -> usize;
    let refusals: [(Refusal, Count); 4] = [
        (|| AppendError::OutOfOrder, |counts| counts.out_of_order),
        (
            || AppendError::DuplicateTimestamp,
            |counts| counts.duplicate,
        ),
        (|| AppendError::OutOfBounds, |counts| counts.out_of_bounds),
        (
            || RoomError::Limit { limit: 1 }.into(),
            |counts| counts.no_room,
        ),
    ];
    for (refuse, count) in refusals {
        store.refuse = Some(refuse);
        assert_eq!(count(&scrape(&mut store).unwrap()), 2);
    }
    store.refuse = Some(|| AppendError::ReadOnly("full disk".into()));
    let error = scrape(&mut store).unwrap_err().to_string();
    assert_eq!(error, "storage is not writable: full disk");
}
