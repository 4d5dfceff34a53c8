//! Warnings and infos that travel beside a result instead of failing it.

/// What a result wants to tell its reader. Order of arrival is kept, repetitions are dropped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Annotations {
    warnings: Vec<String>,
    infos: Vec<String>,
}

impl Annotations {
    /// Adds a warning: the result may be wrong or incomplete.
    pub fn warn(&mut self, text: impl Into<String>) {
        add(&mut self.warnings, text.into());
    }

    /// Adds an info: the result is right, the query probably means something else.
    pub fn info(&mut self, text: impl Into<String>) {
        add(&mut self.infos, text.into());
    }

    /// Takes over everything that `other` says.
    pub fn merge(&mut self, other: Annotations) {
        other
            .warnings
            .into_iter()
            .for_each(|text| add(&mut self.warnings, text));
        other
            .infos
            .into_iter()
            .for_each(|text| add(&mut self.infos, text));
    }

    /// The warnings, in order of arrival.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The infos, in order of arrival.
    pub fn infos(&self) -> &[String] {
        &self.infos
    }

    /// True if there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.warnings.is_empty() && self.infos.is_empty()
    }
}

fn add(list: &mut Vec<String>, text: String) {
    if !list.contains(&text) {
        list.push(text);
    }
}
