//! What a page has beside its samples: exemplars, and comments that tell about families.

use std::collections::BTreeMap;
use std::ops::Range;

use exposition::Format;
use exposition::parse::{self, parse_series_labels};
use model::{Exemplar, Labels, LabelsBuilder, Metadata, MetricType, SeriesRef};
use storage::{AppendExemplar, ExemplarError};

use super::PageWork;
use crate::metadata;

/// The comments in front of the present sample's family.
pub(super) struct PageComments<'a> {
    page: &'a [u8],
    format: Format,
    comments: Range<usize>,
    /// True if the last page did not have them here.
    are_news: bool,
    /// What they say, and where those end of which it is known.
    families: BTreeMap<String, Metadata>,
    read_until: Option<usize>,
}

impl<'a> PageComments<'a> {
    pub(super) fn of(page: &'a [u8], format: Format) -> Self {
        Self {
            page,
            format,
            comments: 0..0,
            are_news: false,
            families: BTreeMap::new(),
            read_until: None,
        }
    }

    /// A sample stands behind these comments; behind none it belongs to those before.
    pub(super) fn pass(&mut self, comments: Range<usize>, are_news: bool) {
        if !comments.is_empty() {
            self.comments = comments;
            self.are_news = are_news;
        }
    }

    /// True if something new is said of the present sample's family.
    pub(super) const fn are_news(&self) -> bool {
        self.are_news
    }

    /// What the comments say of a series.
    pub(super) fn about(&mut self, series: &[u8]) -> Option<Metadata> {
        if self.read_until != Some(self.comments.end) {
            self.read_until = Some(self.comments.end);
            let comments = self.page.get(self.comments.clone()).unwrap_or_default();
            self.families.clear();
            metadata::read(comments, self.format, &mut self.families);
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
    pub(super) fn describe_expected(&mut self, series: &[u8], segment: Range<usize>) {
        self.metadata = None;
        let Some(comments) = &mut self.comments else {
            return;
        };
        comments.pass(segment.start..segment.end - series.len(), false);
        if comments.are_news() {
            self.describe(series);
        }
    }

    /// Appends the exemplar of a sample that was taken. One that is refused fails nothing.
    pub(super) fn append_exemplar(
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
        let outcome = self.appender.append_exemplar(AppendExemplar {
            series: Some(series),
            labels: &NO_LABELS,
            exemplar: &exemplar,
        });
        match outcome {
            Ok(()) => {}
            Err(ExemplarError::OutOfOrder) => self.counts.exemplars_out_of_order += 1,
            Err(error) => tracing::debug!(%error, "exemplar not taken"),
        }
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
                job: &job,
                target_labels: &NO_LABELS,
                timestamp,
                max_time: i64::MAX,
                sends_metadata: true,
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
        let mut comments = PageComments::of(page, Format::Text);
        assert_eq!(comments.about(b"a_seconds_sum"), None, "none passed yet");
        comments.pass(0..page.len(), true);
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
        comments.pass(7..7, false);
        assert!(comments.are_news());
    }
}
