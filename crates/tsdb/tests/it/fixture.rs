//! A database on a disk in memory, and short ways to write to it and to ask it.

use std::sync::Arc;

use exposition::{Collector, Registry};
use host::clock::SimulatedClock;
use host::fs::{Fs, SimulatedFs};
use model::{Labels, Matcher, MetricValue, TimeRange};
use storage::{Append, AppendError, Appendable, Commit, Queryable, SampleBuffer, Select};
use tsdb::{Db, OpenError, Options};

/// A little behind a border between blocks.
pub(crate) const START: i64 = 1_700_000_000_000;
pub(crate) const HOUR: i64 = 3_600_000;

/// A series as text with its samples.
pub(crate) type Series = (String, Vec<(i64, f64)>);

pub(crate) struct Fixture {
    pub(crate) fs: SimulatedFs,
    pub(crate) registry: Registry,
    pub(crate) db: Db,
}

pub(crate) fn options() -> Options {
    Options::new("/data")
}

pub(crate) fn open_with(fs: &SimulatedFs, options: Options) -> Result<Fixture, OpenError> {
    let registry = Registry::new();
    let shared: Arc<dyn Fs> = Arc::new(fs.clone());
    let clock = Arc::new(SimulatedClock::at(START));
    let db = Db::open(options, shared, clock, &registry)?;
    Ok(Fixture {
        fs: fs.clone(),
        registry,
        db,
    })
}

pub(crate) fn open(fs: &SimulatedFs) -> Fixture {
    open_with(fs, options()).unwrap()
}

pub(crate) fn labels(number: usize) -> Labels {
    let (pod, zone) = (format!("pod-{number}"), format!("zone-{}", number % 3));
    Labels::from_pairs([("__name__", "m"), ("pod", &pod), ("zone", &zone)])
}

impl Fixture {
    pub(crate) fn append(&self, samples: &[(Labels, i64, f64)]) -> Result<Commit, AppendError> {
        let mut appender = self.db.appender();
        for (labels, time, value) in samples {
            appender.append(Append::new(labels, *time, *value))?;
        }
        appender.commit()
    }

    /// One sample of each of `series` series every `step` milliseconds.
    pub(crate) fn fill(&self, series: usize, from: i64, to: i64, step: i64) {
        let labels: Vec<Labels> = (0..series).map(labels).collect();
        let mut time = from;
        while time < to {
            let batch: Vec<_> = (labels.iter().enumerate())
                .map(|(i, labels)| (labels.clone(), time, value(i, time)))
                .collect();
            let commit = self.append(&batch).unwrap();
            assert_eq!(
                commit,
                Commit {
                    samples: series,
                    dropped: 0
                }
            );
            time += step;
        }
    }

    pub(crate) fn query(&self, matchers: &[Matcher], range: TimeRange) -> Vec<Series> {
        let querier = self.db.querier(range).unwrap();
        let mut select = Select::new(matchers.to_vec(), range);
        select.sorted = true;
        let set = querier.select(&select).unwrap();
        let mut buffer = SampleBuffer::default();
        (0..set.len())
            .map(|index| {
                set.read(index, &mut buffer).unwrap();
                let samples = buffer
                    .timestamps()
                    .iter()
                    .copied()
                    .zip(buffer.values().to_vec());
                (set.labels(index).to_string(), samples.collect())
            })
            .collect()
    }

    pub(crate) fn all(&self) -> Vec<Series> {
        self.query(&[], TimeRange::ALL)
    }

    pub(crate) fn metric(&self, name: &str) -> f64 {
        let mut families = Vec::new();
        self.registry.collect(&mut families);
        let family = families.iter().find(|family| family.name == name);
        let metric = family.and_then(|family| family.metrics.first());
        match metric.map(|metric| &metric.value) {
            Some(MetricValue::Number(value)) => *value,
            other => panic!("{name}: {other:?}"),
        }
    }

    /// Paths on the disk that contain `part`.
    pub(crate) fn paths(&self, part: &str) -> Vec<String> {
        let files = self.fs.files();
        let paths = files
            .into_iter()
            .map(|(path, _)| path.display().to_string());
        paths.filter(|path| path.contains(part)).collect()
    }
}

pub(crate) fn value(series: usize, time: i64) -> f64 {
    (series * 1_000) as f64 + ((time / 1_000) % 977) as f64 / 8.0
}

/// The chunks of a chunk file: the number of the encoding, and the data.
pub(crate) fn chunks_of(file: &[u8]) -> Vec<(u8, &[u8])> {
    let mut rest = &file[8..];
    let mut chunks = Vec::new();
    while !rest.is_empty() {
        let (mut len, mut header) = (0usize, 0);
        loop {
            let byte = rest[header];
            len |= usize::from(byte & 0x7f) << (7 * header);
            header += 1;
            if byte < 0x80 {
                break;
            }
        }
        chunks.push((rest[header], &rest[header + 1..header + 1 + len]));
        rest = &rest[header + 1 + len + 4..];
    }
    chunks
}
