//! Limits of a job: what a scrape may bring before it fails as a whole.

use std::num::NonZeroU64;

use super::data_size;
use crate::document::{Section, YamlWriter};

/// One limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Limit {
    /// Not stated: the scraper's own default holds.
    #[default]
    BuiltIn,
    /// Stated as 0: no limit.
    Unlimited,
    /// At most this many.
    AtMost(NonZeroU64),
}

impl Limit {
    /// A limit as stated; 0 means none.
    pub fn stated(value: u64) -> Self {
        NonZeroU64::new(value).map_or(Self::Unlimited, Self::AtMost)
    }

    /// The number to enforce, `None` for no limit, given the default of limits that nobody stated.
    pub fn or_built_in(self, built_in: Option<u64>) -> Option<u64> {
        match self {
            Self::BuiltIn => built_in,
            Self::Unlimited => None,
            Self::AtMost(most) => Some(most.get()),
        }
    }

    /// This limit, or the global one where this says nothing. As upstream, a 0 in a job does not
    /// lift a global limit.
    #[must_use]
    pub fn or_global(self, global: Self) -> Self {
        match (self, global) {
            (Self::AtMost(_), _) | (Self::Unlimited, Self::BuiltIn) => self,
            (Self::BuiltIn | Self::Unlimited, _) => global,
        }
    }
}

/// The limits of a job.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScrapeLimits {
    /// Bytes of an uncompressed response body.
    pub body_size_limit: Limit,
    /// Samples of a scrape after metric relabeling.
    pub sample_limit: Limit,
    /// Labels of a sample.
    pub label_limit: Limit,
    /// Bytes of a label name.
    pub label_name_length_limit: Limit,
    /// Bytes of a label value.
    pub label_value_length_limit: Limit,
    /// Targets of the job after relabeling.
    pub target_limit: Limit,
    /// Dropped targets that are kept in memory to be shown.
    pub keep_dropped_targets: Limit,
}

impl ScrapeLimits {
    /// These limits, with the global ones where these say nothing.
    #[must_use]
    pub fn or_global(&self, global: &Self) -> Self {
        Self {
            body_size_limit: self.body_size_limit.or_global(global.body_size_limit),
            sample_limit: self.sample_limit.or_global(global.sample_limit),
            label_limit: self.label_limit.or_global(global.label_limit),
            label_name_length_limit: self
                .label_name_length_limit
                .or_global(global.label_name_length_limit),
            label_value_length_limit: self
                .label_value_length_limit
                .or_global(global.label_value_length_limit),
            target_limit: self.target_limit.or_global(global.target_limit),
            keep_dropped_targets: self
                .keep_dropped_targets
                .or_global(global.keep_dropped_targets),
        }
    }
}

// ---- reading and writing ----

impl ScrapeLimits {
    /// Reads the limits that a section states.
    pub(super) fn read(section: &Section<'_>) -> Self {
        let count = |key: &str| section.unsigned(key).map_or(Limit::BuiltIn, Limit::stated);
        Self {
            body_size_limit: read_size(section, "body_size_limit"),
            sample_limit: count("sample_limit"),
            label_limit: count("label_limit"),
            label_name_length_limit: count("label_name_length_limit"),
            label_value_length_limit: count("label_value_length_limit"),
            target_limit: count("target_limit"),
            keep_dropped_targets: count("keep_dropped_targets"),
        }
    }

    /// Writes the limits that there are, but the last one; none is as one that is not stated.
    pub(super) fn write(&self, yaml: &mut YamlWriter) {
        if let Limit::AtMost(bytes) = self.body_size_limit {
            yaml.bare("body_size_limit", data_size::format(bytes.get()));
        }
        for (key, limit) in [
            ("sample_limit", self.sample_limit),
            ("target_limit", self.target_limit),
            ("label_limit", self.label_limit),
            ("label_name_length_limit", self.label_name_length_limit),
            ("label_value_length_limit", self.label_value_length_limit),
        ] {
            if let Limit::AtMost(most) = limit {
                yaml.bare(key, most);
            }
        }
    }

    /// Writes `keep_dropped_targets`, which jobs have further down.
    pub(super) fn write_keep_dropped(&self, yaml: &mut YamlWriter) {
        if let Limit::AtMost(most) = self.keep_dropped_targets {
            yaml.bare("keep_dropped_targets", most);
        }
    }
}

fn read_size(section: &Section<'_>, key: &str) -> Limit {
    let Some(node) = section.get(key) else {
        return Limit::BuiltIn;
    };
    let Some(text) = section.reader.text(node).filter(|text| !text.is_empty()) else {
        return Limit::BuiltIn;
    };
    match data_size::parse(&text) {
        Ok(bytes) => u64::try_from(bytes).map_or(Limit::Unlimited, Limit::stated),
        Err(error) => section.reader.reject(node, error).unwrap_or_default(),
    }
}
