//! What a page has beside its samples: exemplars, and comments that tell about families.

use std::collections::BTreeMap;

use exposition::Format;
use exposition::parse::{self, DetailExemplar, parse_series_labels};
use model::{Exemplar, Labels, LabelsBuilder, Metadata, MetricType, SeriesRef};
use storage::{AppendExemplar, ExemplarError};

use super::{Examples, PageWork};
use crate::metadata;

/// The comments in front of the present sample's family.
pub(super) struct PageComments {
    format: Format,
    comments: Vec<u8>,
    /// True if the last page did not have them here.
    are_news: bool,
    /// What they say, once it has been asked for.
    families: BTreeMap<String, Metadata>,
    are_read: bool,
}

impl PageComments {
    pub(super) fn of(format: Format) -> Self {
        Self {
            format,
            comments: Vec::new(),
            are_news: false,
            families: BTreeMap::new(),
            are_read: true,
        }
    }

    /// A sample stands behind these comments; behind none it belongs to those before.
    pub(super) fn pass(&mut self, comments: &[u8], are_news: bool) {
        if !comments.is_empty() {
            self.comments.clear();
            self.comments.extend_from_slice(comments);
            self.are_news = are_news;
            self.are_read = false;
        }
    }

    /// True if something new is said of the present sample's family.
    pub(super) const fn are_news(&self) -> bool {
        self.are_news
    }

    /// What the comments say of a series.
    pub(super) fn about(&mut self, series: &[u8]) -> Option<Metadata> {
        if !std::mem::replace(&mut self.are_read, true) {
            self.families.clear();
            metadata::read(&self.comments, self.format, &mut self.families);
        }
        if self.families.is_empty() {
            return None;
        }
        let mut labels = LabelsBuilder::new();
        parse_series_labels(series, MetricType::Unknown, &mut labels).ok()?;
        let name = labels.get(model::label::METRIC_NAME)?;
        let mut families = self.families.iter();
        let found = families.find(|(family, known)| is_of_family(name, family, known.metric_type));
        found.map(|(_, metadata)| metadata.clone())
    }
}

/// True if series of this name belong to the family.
fn is_of_family(name: &str, family: &str, metric_type: MetricType) -> bool {
    let endings: &[&str] = match metric_type {
        MetricType::Counter => &["_total"],
        MetricType::Histogram => &["_bucket", "_sum", "_count"],
        MetricType::GaugeHistogram => &["_bucket", "_gsum", "_gcount"],
        MetricType::Summary => &["_sum", "_count"],
        MetricType::Info => &["_info"],
        MetricType::Gauge | MetricType::StateSet | MetricType::Unknown => &[],
    };
    let ending = name.strip_prefix(family);
    ending.is_some_and(|ending| ending.is_empty() || endings.contains(&ending))
}

impl PageWork<'_> {
    /// Prepares what the store is to be told of a series, if it is told of any.
    pub(super) fn describe(&mut self, series: &[u8]) {
        let comments = self.comments.as_mut();
        self.metadata = comments.and_then(|comments| comments.about(series));
    }

    /// The same of a series that came as expected, of which there may be nothing new to tell.
    pub(super) fn describe_expected(&mut self, series: &[u8], comments_before: &[u8]) {
        self.metadata = None;
        let Some(comments) = &mut self.comments else {
            return;
        };
        comments.pass(comments_before, false);
        if comments.are_news() {
            self.describe(series);
        }
    }

    /// Appends the exemplars of a sample that was taken. Those that are refused fail nothing.
    pub(super) fn append_exemplars(
        &mut self,
        series: SeriesRef,
        timestamp: i64,
        examples: &Examples<'_>,
    ) {
        match examples {
            Examples::None => {}
            Examples::One(exemplar) => self.append_exemplar(series, timestamp, exemplar),
            Examples::Many(exemplars) => self.append_many(series, timestamp, exemplars),
        }
    }

    /// Appends several in order of time. A page repeats those that it had before: only if all are
    /// late, something is wrong.
    fn append_many(&mut self, series: SeriesRef, timestamp: i64, exemplars: &[DetailExemplar]) {
        let exemplars = exemplars.iter().map(|exemplar| Exemplar {
            labels: exemplar.labels.clone(),
            value: exemplar.value,
            timestamp: exemplar.timestamp.unwrap_or(timestamp),
            has_timestamp: exemplar.timestamp.is_some(),
        });
        let mut exemplars: Vec<Exemplar> = exemplars.collect();
        exemplars.sort_by(|a, b| {
            let by_time = a.timestamp.cmp(&b.timestamp);
            let by_value = by_time.then_with(|| a.value.total_cmp(&b.value));
            by_value.then_with(|| a.labels.cmp(&b.labels))
        });
        let mut late = 0;
        for exemplar in &exemplars {
            match self.offer_exemplar(series, exemplar) {
                Ok(()) => {}
                Err(ExemplarError::OutOfOrder) => late += 1,
                Err(error) => tracing::debug!(%error, "exemplar not taken"),
            }
        }
        if late == exemplars.len() {
            self.counts.exemplars_out_of_order += late;
        }
    }

    fn append_exemplar(
        &mut self,
        series: SeriesRef,
        timestamp: i64,
        exemplar: &parse::Exemplar<'_>,
    ) {
        let labels = &mut self.exemplar_labels;
        labels.clear();
        let read = parse_series_labels(exemplar.labels, MetricType::Unknown, labels);
        if read.is_err() || labels.has_duplicates() {
            return;
        }
        let exemplar = Exemplar {
            labels: labels.build(),
            value: exemplar.value,
            timestamp: exemplar.timestamp.unwrap_or(timestamp),
            has_timestamp: exemplar.timestamp.is_some(),
        };
        match self.offer_exemplar(series, &exemplar) {
            Ok(()) => {}
            Err(ExemplarError::OutOfOrder) => self.counts.exemplars_out_of_order += 1,
            Err(error) => tracing::debug!(%error, "exemplar not taken"),
        }
    }

    fn offer_exemplar(
        &mut self,
        series: SeriesRef,
        exemplar: &Exemplar,
    ) -> Result<(), ExemplarError> {
        self.appender.append_exemplar(AppendExemplar {
            series: Some(series),
            labels: &NO_LABELS,
            exemplar,
        })
    }
}

static NO_LABELS: Labels = Labels::empty();

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use config::server::ScrapeConfig;
    use storage::{Append, AppendError, Appender, Commit};

    use super::*;
    use crate::append::{Counts, PageContext, append_page};
    use crate::cache::PageCache;
    use crate::job::Job;

    /// Writes down what comes beside samples, by the number of the series.
    #[derive(Default)]
    struct Recorder {
        known: Vec<Labels>,
        seen: Vec<String>,
        is_late: bool,
    }

    impl Appender for &mut Recorder {
        fn append(&mut self, append: Append<'_>) -> Result<SeriesRef, AppendError> {
            let series = append.series.unwrap_or_else(|| {
                self.known.push(append.labels.clone());
                SeriesRef::new(self.known.len() as u64)
            });
            if let Some(metadata) = append.metadata {
                let Metadata { help, unit, .. } = metadata;
                self.seen.push(format!("{} {help} {unit}", series.get()));
            }
            Ok(series)
        }

        fn keeps_exemplars(&self) -> bool {
            true
        }

        fn append_exemplar(&mut self, append: AppendExemplar<'_>) -> Result<(), ExemplarError> {
            let Exemplar {
                labels,
                value,
                timestamp,
                has_timestamp,
            } = append.exemplar;
            let series = append.series.unwrap().get();
            self.seen.push(format!(
                "{series}: {labels} {value} {timestamp} {has_timestamp}"
            ));
            match self.is_late {
                true => Err(ExemplarError::OutOfOrder),
                false => Ok(()),
            }
        }

        fn commit(self: Box<Self>) -> Result<Commit, AppendError> {
            Ok(Commit::default())
        }

        fn rollback(self: Box<Self>) {}
    }

    #[test]
    fn what_is_beside_samples_is_told() {
        let job = Job::new(
            Arc::new(ScrapeConfig::named("j")),
            None,
            crate::limits::DefaultLimits::default(),
        );
        let mut cache = PageCache::default();
        let mut recorder = Recorder::default();
        let mut scrape = |recorder: &mut Recorder, timestamp, page: &str| {
            let context = PageContext {
                max_time: i64::MAX,
                sends_metadata: true,
                ..PageContext::of(&job, &NO_LABELS, timestamp)
            };
            let mut counts = Counts::default();
            let mut appender: &mut Recorder = recorder;
            let format = Format::OpenMetrics;
            let page = page.as_bytes();
            append_page(
                page,
                format,
                &context,
                &mut cache,
                &mut appender,
                &mut counts,
            )
            .unwrap();
            (
                std::mem::take(&mut recorder.seen),
                counts.exemplars_out_of_order,
            )
        };
        let page = "# TYPE a_s histogram\n# UNIT a_s s\n# HELP a_s A.\na_s_sum 1\na_s_bucket{le=\"1\"} 1 # {id=\"x\",n=\"\"} 0.5\n# HELP b B.\nb 1 # {} 2 1.5\n# EOF\n";
        let first = [
            "1 A. s",
            "2 A. s",
            "2: {id=\"x\"} 0.5 10 false",
            "3 B. ",
            "3: {} 2 1500 true",
        ];
        assert_eq!(scrape(&mut recorder, 10, page).0, first);
        recorder.is_late = true;
        let exemplars = |time: i64| {
            [
                format!("2: {{id=\"x\"}} 0.5 {time} false"),
                "3: {} 2 1500 true".to_owned(),
            ]
        };
        let again = scrape(&mut recorder, 20, page);
        assert_eq!(again, (exemplars(20).to_vec(), 2), "only what is new");
        let changed = page.replace("A.", "C.");
        let told = ["1 C. s", "2 C. s", &exemplars(30)[0], &exemplars(30)[1]];
        assert_eq!(scrape(&mut recorder, 30, &changed).0, told);
        let longer = changed.replace("# HELP b", "a_s_count 3\n# HELP b");
        let told = [&exemplars(40)[0], "4 C. s", "3 B. ", &exemplars(40)[1]];
        let found = scrape(&mut recorder, 40, &longer).0;
        assert!(
            found == told || found == [told[0], told[1], told[3]],
            "{found:?}"
        );
    }

    #[test]
    fn comments_tell_about_the_series_of_their_family() {
        let page = b"# HELP a_seconds A.\n# TYPE a_seconds histogram\n# HELP b B.\n";
        let mut comments = PageComments::of(Format::Text);
        assert_eq!(comments.about(b"a_seconds_sum"), None, "none passed yet");
        comments.pass(page, true);
        let cases = [
            (&b"a_seconds_bucket{le=\"1\"}"[..], Some("A.")),
            (b"{\"a_seconds_count\",x=\"y\"}", Some("A.")),
            (b"a_seconds_total", None),
            (b"b{}", Some("B.")),
            (b"c", None),
        ];
        for (series, want) in cases {
            let found = comments.about(series);
            assert_eq!(found.as_ref().map(|it| it.help.as_str()), want);
        }
        comments.pass(b"", false);
        assert!(comments.are_news());
    }
}
