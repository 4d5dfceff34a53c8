//! Runs collectors one after the other, times them, contains their panics, and puts what they said
//! into one page.

use std::any::Any;
use std::cmp::Ordering;
use std::panic::{AssertUnwindSafe, catch_unwind};

use host::Clock;
use model::{Metric, MetricFamily};

use crate::families::{Description, Families, gauge};

/// Why a collector has nothing, or not all, to say. What it said before stays on the page.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CollectorError {
    /// This machine does not have what is asked for; nothing is wrong.
    #[error("collector returned no data")]
    NoData,
    /// A file could not be read.
    #[error("couldn't read {path}: {source}")]
    Read {
        path: String,
        source: std::io::Error,
    },
    /// A file says what the kernel never says.
    #[error("couldn't understand {path}: {problem}")]
    Malformed { path: String, problem: String },
    /// A system call failed.
    #[error("{call}: {source}")]
    Kernel {
        call: &'static str,
        source: std::io::Error,
    },
}

const DURATION: Description = gauge(
    "node_scrape_collector_duration_seconds",
    "node_exporter: Duration of a collector scrape.",
);
const SUCCESS: Description = gauge(
    "node_scrape_collector_success",
    "node_exporter: Whether a collector succeeded.",
);

/// A page while collectors run.
#[derive(Debug)]
pub(crate) struct Gathering<'a> {
    clock: &'a dyn Clock,
    families: Vec<MetricFamily>,
    report: Families,
}

impl<'a> Gathering<'a> {
    /// An empty page.
    pub(crate) fn new(clock: &'a dyn Clock) -> Self {
        Self {
            clock,
            families: Vec::new(),
            report: Families::default(),
        }
    }

    /// Runs a collector and notes how long it took and whether it succeeded. A collector without
    /// data counts as not successful, as upstream has it, but is no reason to complain.
    pub(crate) fn run(
        &mut self,
        collector: &str,
        work: impl FnOnce(&mut Families) -> Result<(), CollectorError>,
    ) {
        let start = self.clock.monotonic();
        let mut said = Families::default();
        let outcome = catch_unwind(AssertUnwindSafe(|| work(&mut said)));
        let duration = self.clock.monotonic().saturating_sub(start);
        let success = match outcome {
            Ok(Ok(())) => true,
            Ok(Err(error @ CollectorError::NoData)) => {
                tracing::debug!(collector, %error, "collector returned no data");
                false
            }
            Ok(Err(error)) => {
                tracing::error!(collector, %error, "collector failed");
                false
            }
            Err(panic) => {
                tracing::error!(
                    collector,
                    reason = panic_text(&*panic),
                    "collector panicked"
                );
                false
            }
        };
        self.families.extend(said.into_list());
        let labels = [("collector", collector)];
        self.report.push(&DURATION, &labels, duration.as_secs_f64());
        self.report
            .push(&SUCCESS, &labels, f64::from(u8::from(success)));
    }

    /// Adds what needs no collector.
    pub(crate) fn say(&mut self, work: impl FnOnce(&mut Families)) {
        work(&mut self.report);
    }

    /// The page: families sorted by name, metrics by labels, each at most once.
    pub(crate) fn finish(mut self) -> Vec<MetricFamily> {
        self.families.extend(self.report.into_list());
        merge(self.families)
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("unknown")
}

/// Sorts families by name and metrics by labels. Families of one name become one; what contradicts
/// the first of them, in type, help text or by repeating labels, is left out with a complaint, as
/// upstream does: a page must not contradict itself.
pub fn merge(mut families: Vec<MetricFamily>) -> Vec<MetricFamily> {
    families.sort_by(|a, b| a.name.cmp(&b.name));
    let mut merged: Vec<MetricFamily> = Vec::with_capacity(families.len());
    for family in families {
        match merged.last_mut() {
            Some(first) if first.name == family.name => join(first, family),
            _ => merged.push(family),
        }
    }
    for family in &mut merged {
        sort_metrics(family);
    }
    merged
}

fn join(first: &mut MetricFamily, family: MetricFamily) {
    if (first.metric_type, &first.help) == (family.metric_type, &family.help) {
        first.metrics.extend(family.metrics);
    } else {
        let metric = first.name.as_ref();
        tracing::error!(
            metric,
            "left out what contradicts the type or help of the first"
        );
    }
}

fn sort_metrics(family: &mut MetricFamily) {
    if !family.metrics.is_sorted_by(|a, b| order(a, b).is_lt()) {
        family.metrics.sort_by(order);
        let before = family.metrics.len();
        family
            .metrics
            .dedup_by(|later, first| order(later, first).is_eq());
        if family.metrics.len() < before {
            let metric = family.name.as_ref();
            tracing::error!(metric, "left out what repeats the labels of the first");
        }
    }
}

/// Fewer labels first, then by values, as upstream's pages are sorted.
fn order(a: &Metric, b: &Metric) -> Ordering {
    let pairs = a.labels.iter().zip(&b.labels);
    let by_value = pairs.map(|(a, b)| a.1.cmp(&b.1).then_with(|| a.0.cmp(&b.0)));
    let length = a.labels.len().cmp(&b.labels.len());
    length.then_with(|| by_value.fold(Ordering::Equal, Ordering::then))
}

#[cfg(test)]
mod tests {
    use host::clock::SimulatedClock;
    use model::MetricType;

    use super::*;

    fn family(name: &'static str, help: &'static str, labels: &[&str]) -> MetricFamily {
        let mut family = MetricFamily::new(name, help, MetricType::Gauge);
        for label in labels {
            family.push(vec![("l".into(), (*label).to_owned().into())], 1.0);
        }
        family
    }

    fn values(family: &MetricFamily) -> String {
        let label = |metric: &Metric| metric.labels.first().map(|label| label.1.clone());
        family.metrics.iter().filter_map(label).collect()
    }

    #[test]
    fn families_of_one_name_become_one_without_contradictions() {
        let page = merge(vec![
            family("b", "B.", &["z", "x"]),
            family("a", "A.", &["x"]),
            family("b", "B.", &["y", "x"]),
            family("b", "Other.", &["w"]),
        ]);
        let names: Vec<_> = page.iter().map(|family| family.name.as_ref()).collect();
        assert_eq!(names, ["a", "b"]);
        assert_eq!(values(&page[1]), "xyz");
    }

    #[test]
    fn each_outcome_has_its_report() {
        let clock = SimulatedClock::at(0);
        let mut gathering = Gathering::new(&clock);
        gathering.run("good", |families| {
            families.push(&gauge("g", "G."), &[], 1.0);
            Ok(())
        });
        gathering.run("empty", |_| Err(CollectorError::NoData));
        gathering.run("panics", |_| panic!("on purpose"));
        gathering.run("halfway", |families| {
            families.push(&gauge("h", "H."), &[], 1.0);
            Err(CollectorError::Malformed {
                path: "/proc/h".to_owned(),
                problem: "no number".to_owned(),
            })
        });
        let page = gathering.finish();
        let names: Vec<_> = page.iter().map(|family| family.name.as_ref()).collect();
        assert_eq!(names, ["g", "h", DURATION.name, SUCCESS.name]);
        let success: Vec<_> = page[3]
            .metrics
            .iter()
            .map(|metric| (metric.labels[0].1.as_ref(), metric.value.clone()))
            .collect();
        let number = model::MetricValue::Number;
        assert_eq!(
            success,
            [
                ("empty", number(0.0)),
                ("good", number(1.0)),
                ("halfway", number(0.0)),
                ("panics", number(0.0)),
            ]
        );
    }
}
