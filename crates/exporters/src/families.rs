//! What one collector has to say, while it is being said.

use model::family::Text;
use model::{Metric, MetricFamily, MetricType, MetricValue};

/// Name, help text and type of a family, as a constant.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Description {
    pub(crate) name: &'static str,
    pub(crate) help: &'static str,
    pub(crate) metric_type: MetricType,
}

/// Describes a family of counters.
pub(crate) const fn counter(name: &'static str, help: &'static str) -> Description {
    Description {
        name,
        help,
        metric_type: MetricType::Counter,
    }
}

/// Describes a family of gauges.
pub(crate) const fn gauge(name: &'static str, help: &'static str) -> Description {
    Description {
        name,
        help,
        metric_type: MetricType::Gauge,
    }
}

/// Label names, ascending, with their values.
pub(crate) type Labels<'a> = &'a [(&'static str, &'a str)];

/// Families in the order in which they were first spoken of.
#[derive(Debug, Default)]
pub(crate) struct Families {
    list: Vec<MetricFamily>,
    /// Where the next family is looked for first: collectors speak of each device in one order.
    cursor: usize,
}

impl Families {
    /// Adds a number to the family that is described. Labels must be in ascending order of names.
    pub(crate) fn push(&mut self, description: &Description, labels: Labels<'_>, value: f64) {
        let family = self.family(description.name, || {
            MetricFamily::new(description.name, description.help, description.metric_type)
        });
        family.metrics.push(metric(labels, value));
    }

    /// Adds a number to a family whose name and help text are made from what is measured.
    pub(crate) fn push_named(
        &mut self,
        (name, metric_type): (&str, MetricType),
        help: impl FnOnce() -> String,
        labels: Labels<'_>,
        value: f64,
    ) {
        let family = self.family(name, || {
            MetricFamily::new(name.to_owned(), help(), metric_type)
        });
        family.metrics.push(metric(labels, value));
    }

    /// Adds a family that is complete.
    pub(crate) fn push_family(&mut self, family: MetricFamily) {
        self.list.push(family);
    }

    /// All families.
    pub(crate) fn into_list(self) -> Vec<MetricFamily> {
        self.list
    }

    fn family(&mut self, name: &str, new: impl FnOnce() -> MetricFamily) -> &mut MetricFamily {
        let (before, after) = self.list.split_at(self.cursor.min(self.list.len()));
        let found = after
            .iter()
            .position(|family| family.name == name)
            .map(|at| at + before.len())
            .or_else(|| before.iter().position(|family| family.name == name));
        let at = found.unwrap_or_else(|| {
            self.list.push(new());
            self.list.len() - 1
        });
        self.cursor = at + 1;
        self.list.get_mut(at).expect("found or pushed just now")
    }
}

fn metric(labels: Labels<'_>, value: f64) -> Metric {
    debug_assert!(labels.is_sorted(), "labels out of order: {labels:?}");
    let text = |value: &str| match value {
        "" => Text::Borrowed(""),
        value => Text::Owned(value.to_owned()),
    };
    let labels = labels
        .iter()
        .map(|&(name, value)| (Text::Borrowed(name), text(value)))
        .collect();
    Metric::new(labels, MetricValue::Number(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Description = counter("a_total", "As.");
    const B: Description = gauge("b", "Bs.");

    #[test]
    fn numbers_of_one_name_come_together() {
        let mut families = Families::default();
        for device in ["x", "y"] {
            families.push(&A, &[("device", device)], 1.0);
            families.push(&B, &[("device", device)], 2.0);
            families.push_named(("c", MetricType::Unknown), String::new, &[], 3.0);
        }
        families.push(&A, &[("device", "z")], 1.0);
        let list = families.into_list();
        let shape: Vec<_> = list
            .iter()
            .map(|family| (family.name.as_ref(), family.metrics.len()))
            .collect();
        assert_eq!(shape, [("a_total", 3), ("b", 2), ("c", 2)]);
    }
}
