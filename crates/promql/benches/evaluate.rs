//! The engine over a synthetic selection in memory: 100,000 counters with 30 samples each.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use model::{Annotations, Labels, LabelsBuilder, TimeRange};
use promql::{Engine, EngineOptions, InstantQuery, RangeQuery};
use storage::{
    LabelQuery, Projection, Querier, Queryable, SampleBuffer, Select, SelectError, SeriesSet,
};

const SERIES: usize = 100_000;
const NAMESPACES: usize = 100;
const SAMPLES: usize = 30;
const INTERVAL: i64 = 10_000;
const END: i64 = SAMPLES as i64 * INTERVAL;

/// A store of one metric. Its samples are decoded by copying, so what is measured is the engine.
struct Store {
    labels: Vec<Labels>,
    timestamps: Vec<i64>,
    values: Vec<f64>,
}

impl Store {
    fn new() -> Self {
        let mut builder = LabelsBuilder::new();
        let labels = (0..SERIES).map(|index| {
            builder.clear();
            builder.set("__name__", "http_requests_total");
            builder.set("namespace", &format!("namespace-{}", index % NAMESPACES));
            builder.set("pod", &format!("pod-{index}"));
            builder.set("container", "server");
            builder.set(
                "instance",
                &format!("10.0.{}.{}:8080", index / 250, index % 250),
            );
            builder.set("job", "service");
            builder.set("method", "GET");
            builder.set("code", "200");
            builder.build()
        });
        Self {
            labels: labels.collect(),
            timestamps: (1..=SAMPLES as i64).map(|index| index * INTERVAL).collect(),
            values: (0..SAMPLES).map(|index| index as f64 * 7.0).collect(),
        }
    }
}

impl Queryable for Store {
    fn querier(&self, _range: TimeRange) -> Result<Box<dyn Querier + '_>, SelectError> {
        Ok(Box::new(View { store: self }))
    }
}

struct View<'a> {
    store: &'a Store,
}

impl Querier for View<'_> {
    fn select(&self, select: &Select) -> Result<Box<dyn SeriesSet + '_>, SelectError> {
        Ok(Box::new(Selection {
            store: self.store,
            from: self
                .store
                .timestamps
                .partition_point(|&time| time < select.range.min_time),
            to: self
                .store
                .timestamps
                .partition_point(|&time| time <= select.range.max_time),
            projection: select.hints.projection.clone(),
        }))
    }

    fn label_names(&self, _: &LabelQuery) -> Result<(Vec<String>, Annotations), SelectError> {
        Ok(Default::default())
    }

    fn label_values(
        &self,
        _: &str,
        _: &LabelQuery,
    ) -> Result<(Vec<String>, Annotations), SelectError> {
        Ok(Default::default())
    }
}

struct Selection<'a> {
    store: &'a Store,
    from: usize,
    to: usize,
    projection: Projection,
}

impl SeriesSet for Selection<'_> {
    fn len(&self) -> usize {
        self.store.labels.len()
    }

    fn labels(&self, index: usize) -> Labels {
        // As a head does that shares its label sets: the hint is of use to blocks only.
        black_box(&self.projection);
        self.store.labels[index].clone()
    }

    fn read(&self, index: usize, buffer: &mut SampleBuffer) -> Result<(), SelectError> {
        black_box(index);
        buffer.clear();
        let (timestamps, values) = buffer.columns_mut();
        timestamps.extend_from_slice(&self.store.timestamps[self.from..self.to]);
        values.extend_from_slice(&self.store.values[self.from..self.to]);
        Ok(())
    }
}

fn evaluate(criterion: &mut Criterion) {
    let store = Store::new();
    let queries = [
        (
            "sum of rate",
            "sum by (namespace) (rate(http_requests_total[2m]))",
        ),
        (
            "top of sum",
            "topk(10, sum by (pod) (rate(http_requests_total[2m])))",
        ),
        ("count", "count({__name__=~\".+\"})"),
        (
            "ratio",
            "rate(http_requests_total[2m]) / rate(http_requests_total[1m])",
        ),
    ];
    for threads in [1, 2] {
        let options = EngineOptions {
            threads,
            ..EngineOptions::default()
        };
        let engine = Engine::new(options).expect("two threads can be started");
        let mut group = criterion.benchmark_group(format!("{threads} threads"));
        group.throughput(Throughput::Elements(SERIES as u64));
        group.sample_size(10);
        for (name, text) in queries {
            group.bench_function(format!("{name}, instant"), |bencher| {
                bencher.iter(|| engine.instant(&store, &InstantQuery::new(text, END)));
            });
            group.bench_function(format!("{name}, 17 steps"), |bencher| {
                let start = END - 16 * 15_000;
                bencher.iter(|| engine.range(&store, &RangeQuery::new(text, start, END, 15_000)));
            });
        }
        group.finish();
    }
}

criterion_group!(benches, evaluate);
criterion_main!(benches);
