//! Puts a label set together, or a changed copy of one.

use super::Labels;

/// A label set in the making: set, replace and delete in any order, then [`build`](Self::build).
/// Keeps its memory when cleared, so that a loop pays for allocation once.
#[derive(Clone, Debug, Default)]
pub struct LabelsBuilder {
    pairs: Vec<(String, String)>,
    spare: Vec<(String, String)>,
}

impl LabelsBuilder {
    /// An empty builder.
    pub const fn new() -> Self {
        Self {
            pairs: Vec::new(),
            spare: Vec::new(),
        }
    }

    /// A builder that starts with these labels.
    pub fn from_labels(labels: &Labels) -> Self {
        let mut builder = Self::new();
        builder.reset(labels);
        builder
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.spare.append(&mut self.pairs);
    }

    /// Starts again from these labels.
    pub fn reset(&mut self, labels: &Labels) {
        self.clear();
        for (name, value) in labels {
            self.push(name, value);
        }
    }

    /// Adds a label whose name is known to be new here; cheaper than [`set`](Self::set). An empty
    /// value adds nothing.
    pub fn push(&mut self, name: &str, value: &str) {
        if value.is_empty() {
            return;
        }
        let (mut n, mut v) = self.spare.pop().unwrap_or_default();
        n.clear();
        v.clear();
        n.push_str(name);
        v.push_str(value);
        self.pairs.push((n, v));
    }

    /// Sets a label; an empty value deletes it.
    pub fn set(&mut self, name: &str, value: &str) {
        match self.position(name) {
            Some(_) if value.is_empty() => self.delete(name),
            Some(index) => {
                let old = &mut self.pairs[index].1;
                old.clear();
                old.push_str(value);
            }
            None => self.push(name, value),
        }
    }

    /// Deletes a label, if it is there.
    pub fn delete(&mut self, name: &str) {
        if let Some(index) = self.position(name) {
            let pair = self.pairs.swap_remove(index);
            self.spare.push(pair);
        }
    }

    /// Keeps the labels that `keep` accepts by name and value.
    pub fn retain(&mut self, mut keep: impl FnMut(&str, &str) -> bool) {
        self.pairs.retain(|(name, value)| keep(name, value));
    }

    /// The value that a label has now.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.position(name)
            .map(|index| self.pairs[index].1.as_str())
    }

    /// The labels so far, in no order that means anything.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// True if there is no label.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// True if two labels have one name, which only [`push`](Self::push) can bring about. Sorts.
    pub fn has_duplicates(&mut self) -> bool {
        self.pairs.sort_unstable();
        self.pairs.windows(2).any(|pair| pair[0].0 == pair[1].0)
    }

    /// The label set. The builder keeps its labels.
    pub fn build(&mut self) -> Labels {
        self.pairs.sort_unstable();
        Labels::from_sorted(self.pairs.iter().map(|(n, v)| (n.as_str(), v.as_str())))
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.pairs.iter().position(|(n, _)| n == name)
    }
}
