//! Gives out instruments by name, and collects them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use model::family::Text;
use model::{Metric, MetricFamily, MetricType, MetricValue};

use crate::collector::Collector;
use crate::instrument::{
    Counter, CounterFamily, Family, Gauge, GaugeFamily, Histogram, HistogramFamily, Summary,
    SummaryFamily,
};

/// All instruments of a process. Clones share them. A name that is asked for twice gives the same
/// instrument; asking for it as another kind is a mistake in the program and ends the caller.
#[derive(Clone, Default)]
pub struct Registry {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Default)]
struct Inner {
    entries: BTreeMap<&'static str, Entry>,
    collectors: Vec<Arc<dyn Collector>>,
}

struct Entry {
    help: &'static str,
    instrument: Instrument,
}

enum Instrument {
    Counter(CounterFamily),
    Gauge(GaugeFamily),
    Histogram(HistogramFamily),
    Summary(SummaryFamily),
    Function(Box<dyn Fn() -> f64 + Send + Sync>),
}

impl Registry {
    /// A registry without instruments.
    pub fn new() -> Self {
        Self::default()
    }

    /// A counter without labels.
    pub fn counter(&self, name: &'static str, help: &'static str) -> Counter {
        self.counter_family(name, help, &[]).with(&[])
    }

    /// Counters by labels.
    pub fn counter_family(
        &self,
        name: &'static str,
        help: &'static str,
        label_names: &[&'static str],
    ) -> CounterFamily {
        let made = || Instrument::Counter(Family::new(label_names, Counter::default));
        self.family(name, help, made, |instrument| match instrument {
            Instrument::Counter(family) => Some(family.clone()),
            _ => None,
        })
    }

    /// A gauge without labels.
    pub fn gauge(&self, name: &'static str, help: &'static str) -> Gauge {
        self.gauge_family(name, help, &[]).with(&[])
    }

    /// Gauges by labels.
    pub fn gauge_family(
        &self,
        name: &'static str,
        help: &'static str,
        label_names: &[&'static str],
    ) -> GaugeFamily {
        let made = || Instrument::Gauge(Family::new(label_names, Gauge::default));
        self.family(name, help, made, |instrument| match instrument {
            Instrument::Gauge(family) => Some(family.clone()),
            _ => None,
        })
    }

    /// A histogram without labels, with these upper bounds.
    pub fn histogram(&self, name: &'static str, help: &'static str, bounds: &[f64]) -> Histogram {
        self.histogram_family(name, help, &[], bounds).with(&[])
    }

    /// Histograms by labels, with these upper bounds.
    pub fn histogram_family(
        &self,
        name: &'static str,
        help: &'static str,
        label_names: &[&'static str],
        bounds: &[f64],
    ) -> HistogramFamily {
        let made = || {
            let bounds = bounds.to_vec();
            Instrument::Histogram(Family::new(label_names, move || Histogram::new(&bounds)))
        };
        self.family(name, help, made, |instrument| match instrument {
            Instrument::Histogram(family) => Some(family.clone()),
            _ => None,
        })
    }

    /// A summary without labels that tells these quantiles; none: only sum and count.
    pub fn summary(&self, name: &'static str, help: &'static str, quantiles: &[f64]) -> Summary {
        self.summary_family(name, help, &[], quantiles).with(&[])
    }

    /// Summaries by labels that tell these quantiles.
    pub fn summary_family(
        &self,
        name: &'static str,
        help: &'static str,
        label_names: &[&'static str],
        quantiles: &[f64],
    ) -> SummaryFamily {
        let made = || {
            let quantiles = quantiles.to_vec();
            Instrument::Summary(Family::new(label_names, move || Summary::new(&quantiles)))
        };
        self.family(name, help, made, |instrument| match instrument {
            Instrument::Summary(family) => Some(family.clone()),
            _ => None,
        })
    }

    /// A gauge whose number is asked for when it is collected. A later function replaces the
    /// earlier one of the same name.
    pub fn gauge_function(
        &self,
        name: &'static str,
        help: &'static str,
        value: impl Fn() -> f64 + Send + Sync + 'static,
    ) {
        let instrument = Instrument::Function(Box::new(value));
        self.lock().entries.insert(name, Entry { help, instrument });
    }

    /// Collects from `collector`, too. Its names must be others than those of the instruments.
    pub fn add(&self, collector: Arc<dyn Collector>) {
        self.lock().collectors.push(collector);
    }

    fn family<T>(
        &self,
        name: &'static str,
        help: &'static str,
        make: impl FnOnce() -> Instrument,
        pick: impl FnOnce(&Instrument) -> Option<T>,
    ) -> T {
        let mut inner = self.lock();
        let entry = inner.entries.entry(name).or_insert_with(|| Entry {
            help,
            instrument: make(),
        });
        pick(&entry.instrument).expect("a metric name has one kind in the whole program")
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Families with at least one metric, sorted by name.
impl Collector for Registry {
    fn collect(&self, families: &mut Vec<MetricFamily>) {
        let mut found = Vec::new();
        let collectors = {
            let inner = self.lock();
            for (&name, entry) in &inner.entries {
                found.push(entry.family(name));
            }
            inner.collectors.clone()
        };
        // Outside the lock: a collector may ask for instruments itself.
        for collector in collectors {
            collector.collect(&mut found);
        }
        found.retain(|family| !family.metrics.is_empty());
        found.sort_by(|a, b| a.name.cmp(&b.name));
        families.append(&mut found);
    }
}

impl Entry {
    fn family(&self, name: &'static str) -> MetricFamily {
        let (metric_type, metrics) = match &self.instrument {
            Instrument::Counter(family) => (
                MetricType::Counter,
                family.metrics(|counter| MetricValue::Number(counter.get())),
            ),
            Instrument::Gauge(family) => (
                MetricType::Gauge,
                family.metrics(|gauge| MetricValue::Number(gauge.get())),
            ),
            Instrument::Histogram(family) => {
                (MetricType::Histogram, family.metrics(Histogram::value))
            }
            Instrument::Summary(family) => (MetricType::Summary, family.metrics(Summary::value)),
            Instrument::Function(value) => (MetricType::Gauge, vec![number(value())]),
        };
        MetricFamily {
            metrics,
            ..MetricFamily::new(Text::from(name), Text::from(self.help), metric_type)
        }
    }
}

fn number(value: f64) -> Metric {
    Metric::new(Vec::new(), MetricValue::Number(value))
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.lock().entries.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn collected(registry: &Registry) -> Vec<MetricFamily> {
        let mut families = Vec::new();
        registry.collect(&mut families);
        families
    }

    #[test]
    fn one_name_is_one_instrument() {
        let registry = Registry::new();
        registry.counter("x_total", "X.").inc();
        registry.clone().counter("x_total", "X.").inc();
        assert_eq!(
            collected(&registry),
            [MetricFamily::counter("x_total", "X.", 2.0)]
        );
    }

    #[test]
    fn families_come_sorted_with_their_labels_and_empty_ones_do_not_come() {
        let registry = Registry::new();
        registry.gauge_function("z", "Z.", || 4.0);
        let family = registry.gauge_family("b", "B.", &["kind"]);
        family.with(&["two"]).set(2.0);
        family.with(&["one"]).set(1.0);
        family.with(&["gone"]).set(9.0);
        family.remove(&["gone"]);
        registry.counter_family("a_total", "A.", &["kind"]);
        let labels = |value: &'static str| vec![("kind".into(), value.into())];
        let wanted = [
            MetricFamily::new("b", "B.", MetricType::Gauge)
                .with(labels("one"), 1.0)
                .with(labels("two"), 2.0),
            MetricFamily::gauge("z", "Z.", 4.0),
        ];
        assert_eq!(collected(&registry), wanted);
    }

    #[test]
    fn other_collectors_are_asked_too() {
        let inner = Registry::new();
        inner.counter("inner_total", "I.").inc();
        let outer = Registry::new();
        outer.gauge("outer", "O.");
        outer.add(Arc::new(inner));
        let names: Vec<_> = collected(&outer).into_iter().map(|f| f.name).collect();
        assert_eq!(names, ["inner_total", "outer"]);
    }
}
