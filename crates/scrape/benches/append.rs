//! A page of 1,000 series, parsed and appended to a store that keeps nothing: nanoseconds a sample.
#![allow(missing_docs, reason = "criterion makes functions without words")]
#![allow(clippy::print_stderr, reason = "a bench tells what it measured")]

use std::fmt::Write as _;
use std::hint::black_box;
use std::sync::Arc;

use config::server::ScrapeConfig;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use exposition::Format;
use model::{Labels, SeriesRef};
use scrape::PageAppender;
use storage::{Append, AppendError, AppendValue, Appender, Commit};

/// Takes everything, adds it up, keeps nothing.
#[derive(Default)]
struct Nowhere {
    sum: f64,
    series: u64,
}

impl Appender for Nowhere {
    fn append(&mut self, append: Append<'_>) -> Result<SeriesRef, AppendError> {
        if let AppendValue::Float(value) = append.value {
            self.sum += value;
        }
        Ok(append.series.unwrap_or_else(|| {
            self.series += 1;
            SeriesRef::new(self.series)
        }))
    }

    fn commit(self: Box<Self>) -> Result<Commit, AppendError> {
        Ok(Commit::default())
    }

    fn rollback(self: Box<Self>) {}
}

const SERIES: usize = 1_000;

/// A page like that of a service: eight labels a series, a type and help line every ten.
fn page(round: usize, order: impl Iterator<Item = usize>) -> String {
    let mut page = String::new();
    for (position, index) in order.enumerate() {
        let family = index / 10;
        if position % 10 == 0 {
            let _ = writeln!(page, "# HELP http_requests_{family}_total Requests served.");
            let _ = writeln!(page, "# TYPE http_requests_{family}_total counter");
        }
        let value = index * 1_000 + round * 7;
        let _ = writeln!(
            page,
            "http_requests_{family}_total{{namespace=\"shop\",pod=\"checkout-7d9f8b6c5d-x2x{index}\",\
             method=\"GET\",code=\"200\",handler=\"/api/v1/cart\",zone=\"eu-1\"}} {value}"
        );
    }
    page
}

fn bench(criterion: &mut Criterion) {
    let target = Labels::from_pairs([("instance", "10.0.0.1:8080"), ("job", "shop")]);
    let config = Arc::new(ScrapeConfig::named("shop"));
    let new = || PageAppender::new(Arc::clone(&config), target.clone());
    let pages: Vec<String> = (0..8).map(|round| page(round, 0..SERIES)).collect();
    let mut group = criterion.benchmark_group("append");
    group.throughput(Throughput::Elements(SERIES as u64));

    let mut appender = new();
    let mut store = Nowhere::default();
    let mut round = 0;
    group.bench_function("in cache order", |bencher| {
        bencher.iter(|| {
            round += 1;
            let page = pages[round % pages.len()].as_bytes();
            black_box(appender.append(page, Format::Text, round as i64, &mut store))
        });
    });
    eprintln!("cache: {} bytes a series", appender.cache_bytes() / SERIES);

    let reversed = page(0, (0..SERIES).rev());
    let mut appender = new();
    let mut round = 0;
    group.bench_function("in changing order", |bencher| {
        bencher.iter(|| {
            round += 1;
            let page = if round % 2 == 0 { &pages[0] } else { &reversed };
            black_box(appender.append(page.as_bytes(), Format::Text, round as i64, &mut store))
        });
    });

    group.bench_function("all series new", |bencher| {
        bencher.iter(|| {
            let page = pages[0].as_bytes();
            black_box(new().append(page, Format::Text, 0, &mut store))
        });
    });
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
