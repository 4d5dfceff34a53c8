//! Pages with more than numbers, and limits that count what a page has.

use exposition::encode::encode_protobuf;
use model::histogram::Buckets;
use model::relabel::{RelabelAction, RelabelSpec};
use model::{Histogram, Metric, MetricFamily, MetricValue};

use config::server::{Limit, ScrapeConfig};

use super::tests::Target;
use super::*;

/// A page of protobuf with one native histogram that has a classic part.
fn native_page(positive: &[f64], schema: i32) -> Vec<u8> {
    let count: f64 = positive.iter().sum();
    let histogram = Histogram {
        schema,
        count,
        sum: 1.5,
        positive: Buckets::from_offset(0, positive.to_vec()),
        ..Histogram::default()
    };
    let mut family = MetricFamily::new("n", "N.", MetricType::Histogram);
    let value = MetricValue::NativeHistogram {
        histogram: Box::new(histogram),
        buckets: vec![(1.0, count)],
    };
    family
        .metrics
        .push(Metric::new(vec![("a".into(), "b".into())], value));
    let mut page = Vec::new();
    encode_protobuf(&[family], &mut page);
    page
}

#[test]
fn native_histograms_are_stored_as_the_job_wants_them() {
    type Change = fn(&mut ScrapeConfig);
    let native = "n{a=\"b\"} {count:3, sum:1.5, (0.5,1]:2, (1,2]:1}@10";
    let classic = [
        "n_bucket{a=\"b\", le=\"+Inf\"} 3@10",
        "n_bucket{a=\"b\", le=\"1.0\"} 3@10",
        "n_count{a=\"b\"} 3@10",
        "n_sum{a=\"b\"} 1.5@10",
    ];
    let cases: [(Change, &[&str], &[&str]); 4] = [
        (|_| {}, &[], &classic),
        (
            |config| config.histograms.scrape_native_histograms = true,
            &[native],
            &[],
        ),
        (
            |config| {
                config.histograms.scrape_native_histograms = true;
                config.histograms.always_scrape_classic_histograms = true;
            },
            &[native],
            &classic,
        ),
        (
            |config| config.histograms.convert_classic_histograms_to_nhcb = true,
            &["n{a=\"b\"} {count:3, sum:1.5, [-Inf,1]:3}@10"],
            &[],
        ),
    ];
    for (change, first, rest) in cases {
        let mut target = Target::new(change);
        let page = native_page(&[2.0, 1.0], 0);
        let counts = target.scrape_as(Format::Protobuf, 10, &page).unwrap();
        let want = [first, rest].concat();
        assert_eq!(target.stored(), want);
        assert_eq!((counts.scraped, counts.added), (want.len(), want.len()));
        let again = target.scrape_as(Format::Protobuf, 20, &page).unwrap();
        assert_eq!((again.scraped, again.added), (want.len(), 0));
        target.scrape_as(Format::Protobuf, 30, b"").unwrap();
        assert!(target.stored().iter().all(|line| line.contains("stale@30")));
    }
}

#[test]
fn buckets_have_a_limit_and_a_finest_resolution() {
    let scrape = |limit, factor, positive: &[f64]| {
        let mut target = Target::new(|config| {
            config.histograms.scrape_native_histograms = true;
            config.histograms.native_histogram_bucket_limit = limit;
            config.histograms.native_histogram_min_bucket_factor = factor;
        });
        let outcome = target.scrape_as(Format::Protobuf, 10, &native_page(positive, 1));
        outcome.map(|_| target.stored().concat())
    };
    let whole = scrape(0, 0.0, &[1.0, 2.0, 3.0]).unwrap();
    assert!(whole.contains(":1, ") && whole.contains(":3}"), "{whole}");
    let limited = scrape(2, 0.0, &[1.0, 2.0, 3.0]).unwrap();
    assert!(limited.contains("(0.5,1]:1, (1,2]:5}"), "{limited}");
    let coarse = scrape(0, 4.0, &[1.0, 2.0, 3.0]).unwrap();
    assert!(coarse.contains("(0.25,1]:1, (1,4]:5}"), "{coarse}");
    // Neighbours at 1 are never in one bucket.
    let error = scrape(1, 0.0, &[1.0, 2.0, 3.0]).unwrap_err();
    assert_eq!(error, "histogram bucket limit exceeded");
}

#[test]
fn histograms_that_contradict_themselves_fail_the_page() {
    let mut target = Target::new(|config| config.histograms.scrape_native_histograms = true);
    let page = native_page(&[2.0, 1.0], 0);
    target.scrape_as(Format::Protobuf, 10, &page).unwrap();
    let mut lying = page.clone();
    // The count of observations is the first field of the histogram.
    let at = lying.windows(2).position(|pair| pair == [0x08, 3]).unwrap();
    lying[at + 1] = 9;
    let error = target.scrape_as(Format::Protobuf, 20, &lying).unwrap_err();
    assert!(
        error.starts_with("3 observations found in buckets, but the Count field is 9"),
        "{error}"
    );
    assert!(
        target
            .stored()
            .concat()
            .ends_with("stale@20 {count:3, sum:1.5, (0.5,1]:2, (1,2]:1}@10")
    );
    let error = target
        .scrape_as(Format::Protobuf, 30, &page[..page.len() - 1])
        .unwrap_err();
    assert!(
        error.starts_with("clientpb: insufficient length of buffer"),
        "{error}"
    );
}

#[test]
fn classic_histograms_of_text_are_converted() {
    let page = "# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 3\nh_sum 4\nh_count 3\na 1\n";
    let mut target = Target::new(|config| {
        config.histograms.convert_classic_histograms_to_nhcb = true;
    });
    for time in [10, 20] {
        let counts = target
            .scrape_as(Format::Text, time, page.as_bytes())
            .unwrap();
        assert_eq!(counts.scraped, 2);
    }
    let histogram = "{count:3, sum:4, [-Inf,1]:1, (1,+Inf]:2}";
    let want = [
        "a 1@10 1@20".to_owned(),
        format!("h {histogram}@10 {histogram}@20"),
    ];
    assert_eq!(target.stored(), want);
}

#[test]
fn series_begin_with_a_zero_where_that_is_wanted() {
    let page = |value: u32, created: &str| {
        format!("# TYPE a counter\na_total {value}\na_created {created}\n# EOF\n").into_bytes()
    };
    let mut target = Target::new(|_| {});
    target.adds_zeros = true;
    let format = Format::OpenMetrics;
    for (time, value, created) in [
        (10_000, 5, "3.5"),
        (20_000, 6, "3.5"),
        // It was started anew.
        (30_000, 1, "25"),
        (40_000, 2, "41"),
    ] {
        target
            .scrape_as(format, time, &page(value, created))
            .unwrap();
    }
    assert_eq!(
        target.stored(),
        ["a_total 0@3500 5@10000 6@20000 0@25000 1@30000 2@40000"]
    );
    let mut target = Target::new(|_| {});
    target.scrape_as(format, 10_000, &page(5, "3.5")).unwrap();
    assert_eq!(target.stored(), ["a_created 3.5@10000", "a_total 5@10000"]);
}

#[test]
fn what_relabeling_drops_counts_for_no_limit() {
    let drop = RelabelSpec {
        source_labels: vec!["__name__".into()],
        regex: "d.*".into(),
        action: RelabelAction::Drop,
        ..RelabelSpec::default()
    };
    let drop = relabel::RelabelRule::new(drop, model::label::NameValidationScheme::Utf8).unwrap();
    let mut target = Target::new(|config| {
        config.limits.sample_limit = Limit::stated(2);
        config.metric_relabel_configs = vec![drop];
    });
    let counts = target
        .scrape_as(Format::Text, 10, b"d1 1\na 1\nd2 1\nb 1\nd3 1\n")
        .unwrap();
    assert_eq!((counts.scraped, counts.kept), (5, 2));
    // Beyond the limit all is counted on, whether the page had it before or not.
    let page = b"d1 1\na 1\nd2 1\nb 1\nd3 1\nc 1\nd4 1\ne 1\n";
    let context = target.context(20);
    let mut counts = Counts::default();
    let (cache, store) = target.parts();
    let mut appender = storage::Appendable::appender(store);
    let outcome = append_page(
        page,
        Format::Text,
        &context,
        cache,
        appender.as_mut(),
        &mut counts,
    );
    assert_eq!(outcome.unwrap_err().to_string(), "sample limit exceeded");
    assert_eq!((counts.scraped, counts.kept), (8, 4));
}

#[test]
fn stale_markers_of_a_lost_batch_come_with_the_next() {
    let mut target = Target::new(|_| {});
    target.scrape_as(Format::Text, 10, b"a 1\nb 1\n").unwrap();
    target.lose(20, b"a 2\n");
    target.scrape_as(Format::Text, 30, b"a 3\n").unwrap();
    assert_eq!(target.stored(), ["a 1@10 3@30", "b 1@10 stale@30"]);
    target.lose(40, b"");
    target.scrape_as(Format::Text, 50, b"a 5\n").unwrap();
    assert_eq!(target.stored(), ["a 1@10 3@30 5@50", "b 1@10 stale@30"]);
}
