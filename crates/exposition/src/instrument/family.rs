//! Instruments of one name, told apart by label values.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use model::family::Text;
use model::{Metric, MetricValue};

/// Gives out one instrument for each combination of label values. Clones share the instruments.
/// Hold on to what [`with`](Self::with) returns where counting must be cheap.
pub struct Family<T> {
    inner: Arc<Inner<T>>,
}

struct Inner<T> {
    label_names: Vec<Text>,
    make: Box<dyn Fn() -> T + Send + Sync>,
    members: RwLock<BTreeMap<Vec<String>, T>>,
}

impl<T: Clone> Family<T> {
    pub(crate) fn new(
        label_names: &[&'static str],
        make: impl Fn() -> T + Send + Sync + 'static,
    ) -> Self {
        Self {
            inner: Arc::new(Inner {
                label_names: label_names.iter().map(|&name| Text::from(name)).collect(),
                make: Box::new(make),
                members: RwLock::default(),
            }),
        }
    }

    /// The instrument for these label values, one for each label name, in the same order. It is
    /// exposed from now on.
    pub fn with(&self, label_values: &[&str]) -> T {
        debug_assert_eq!(label_values.len(), self.inner.label_names.len());
        let key: Vec<String> = label_values.iter().map(|&value| value.to_owned()).collect();
        let members = &self.inner.members;
        if let Some(member) = members
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&key)
        {
            return member.clone();
        }
        members
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(key)
            .or_insert_with(|| (self.inner.make)())
            .clone()
    }

    /// Ends the exposition of the instrument for these label values.
    pub fn remove(&self, label_values: &[&str]) {
        self.inner
            .members
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|key, _| {
                !key.iter()
                    .map(String::as_str)
                    .eq(label_values.iter().copied())
            });
    }

    /// All members as metrics, sorted by label values.
    pub(crate) fn metrics(&self, value: impl Fn(&T) -> MetricValue) -> Vec<Metric> {
        let members = self
            .inner
            .members
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        let names = &self.inner.label_names;
        let metric = |(key, member): (&Vec<String>, &T)| {
            let texts = key.iter().cloned().map(Text::from);
            Metric::new(names.iter().cloned().zip(texts).collect(), value(member))
        };
        members.iter().map(metric).collect()
    }
}

impl<T> Clone for Family<T> {
    fn clone(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
        }
    }
}

impl<T> fmt::Debug for Family<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Family")
            .field("label_names", &self.inner.label_names)
            .finish_non_exhaustive()
    }
}
