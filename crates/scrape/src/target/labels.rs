//! What a discovered label set becomes: a target, a dropped target, or an error.

use config::server::{HistogramOptions, ScrapeConfig};
use model::label::{
    ADDRESS, ALWAYS_SCRAPE_CLASSIC_HISTOGRAMS, CONVERT_CLASSIC_HISTOGRAMS_TO_NHCB, INSTANCE, JOB,
    META_PREFIX, METRICS_PATH, PARAM_PREFIX, RESERVED_PREFIX, SCHEME, SCRAPE_INTERVAL,
    SCRAPE_NATIVE_HISTOGRAMS, SCRAPE_TIMEOUT,
};
use model::quote::quoted;
use model::{Labels, LabelsBuilder, TargetGroup, duration};
use std::time::Duration;

/// A label set before and after target relabeling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Populated {
    /// What discovery found, and what the job's configuration adds to it.
    pub(crate) discovered: Labels,
    /// What relabeling made of it, or why that cannot be scraped.
    pub(crate) outcome: Result<Outcome, TargetError>,
}

/// What relabeling made of a label set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// A target.
    Kept(Kept),
    /// Nothing: this rule dropped it, counted from 0; or without a rule, no label was left.
    Dropped(Option<usize>),
}

/// A target that is to be scraped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    /// All labels but those of discovery. They are the target's identity.
    pub(crate) identity: Labels,
    /// How often to scrape.
    pub(crate) interval: Duration,
    /// How long a scrape may take.
    pub(crate) timeout: Duration,
    /// What becomes of its histograms, where labels say it.
    pub(crate) histograms: HistogramLabels,
}

/// What labels of a target say of its histograms: they win over the job's configuration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct HistogramLabels {
    native: Option<bool>,
    keeps_classic: Option<bool>,
    converts_classic: Option<bool>,
}

impl HistogramLabels {
    fn read(labels: &LabelsBuilder) -> Result<Self, TargetError> {
        let flag = |label: &str, what| match labels.get(label) {
            None | Some("") => Ok(None),
            // The words of Go's `strconv.ParseBool`.
            Some("1" | "t" | "T" | "true" | "TRUE" | "True") => Ok(Some(true)),
            Some("0" | "f" | "F" | "false" | "FALSE" | "False") => Ok(Some(false)),
            Some(value) => Err(TargetError::InvalidSwitch {
                what,
                text: value.to_owned(),
            }),
        };
        Ok(Self {
            native: flag(SCRAPE_NATIVE_HISTOGRAMS, "scrape native histograms")?,
            keeps_classic: flag(
                ALWAYS_SCRAPE_CLASSIC_HISTOGRAMS,
                "always scrape classic histograms",
            )?,
            converts_classic: flag(
                CONVERT_CLASSIC_HISTOGRAMS_TO_NHCB,
                "convert classic histograms to nhcb",
            )?,
        })
    }

    /// The job's options with what the labels say.
    pub(crate) fn over(self, job: HistogramOptions) -> HistogramOptions {
        HistogramOptions {
            scrape_native_histograms: self.native.unwrap_or(job.scrape_native_histograms),
            always_scrape_classic_histograms: self
                .keeps_classic
                .unwrap_or(job.always_scrape_classic_histograms),
            convert_classic_histograms_to_nhcb: self
                .converts_classic
                .unwrap_or(job.convert_classic_histograms_to_nhcb),
            ..job
        }
    }
}

impl Kept {
    /// The labels that its series get.
    pub(crate) fn public(&self) -> Labels {
        self.identity
            .filter(|name| !name.starts_with(RESERVED_PREFIX))
    }
}

/// A label set that cannot be scraped. Whoever wrote the targets or the relabeling has to change it.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum TargetError {
    /// Neither discovery nor relabeling gave an address.
    #[error("no address")]
    NoAddress,
    /// The address holds a path.
    #[error("{0:?} is not a valid hostname")]
    InvalidAddress(String),
    /// A label that switches histograms is neither true nor false.
    #[error("error parsing {what}: strconv.ParseBool: parsing {}: invalid syntax", quoted(.text))]
    InvalidSwitch {
        /// What it switches.
        what: &'static str,
        /// The label's value.
        text: String,
    },
    /// An interval or timeout label is no duration.
    #[error("error parsing scrape {what}: {source}")]
    InvalidDuration {
        /// `interval` or `timeout`.
        what: &'static str,
        /// What is wrong with it.
        source: duration::DurationError,
    },
    /// An interval or timeout label is 0.
    #[error("scrape {0} cannot be 0")]
    ZeroDuration(&'static str),
    /// The timeout is longer than the interval.
    #[error("scrape timeout cannot be greater than scrape interval ({timeout:?} > {interval:?})")]
    TimeoutAboveInterval {
        /// The timeout as the label has it.
        timeout: String,
        /// The interval as the label has it.
        interval: String,
    },
}

/// All label sets of a group; a target's own label wins over one of the group.
pub(crate) fn discovered(group: &TargetGroup) -> impl Iterator<Item = Labels> {
    group.targets.iter().map(|target| {
        let mut labels = LabelsBuilder::from_labels(&group.labels);
        for (name, value) in target {
            labels.set(name, value);
        }
        labels.build()
    })
}

/// Checks that all targets of a group can be scraped, or are dropped.
///
/// # Errors
/// The first target that cannot, by its place in the group.
pub fn check_group(group: &TargetGroup, job: &ScrapeConfig) -> Result<(), (usize, TargetError)> {
    for (index, found) in discovered(group).enumerate() {
        populate(&found, job)
            .outcome
            .map_err(|error| (index, error))?;
    }
    Ok(())
}

/// What becomes of the label sets of a group: each with the labels that the job's settings add, and
/// those left after relabeling, none for one that is dropped.
pub fn relabel_group(
    group: &TargetGroup,
    job: &ScrapeConfig,
) -> impl Iterator<Item = (Labels, Result<Labels, TargetError>)> {
    discovered(group).map(|found| {
        let populated = populate(&found, job);
        let labels = populated.outcome.map(|outcome| match outcome {
            Outcome::Kept(kept) => kept.identity,
            Outcome::Dropped(_) => Labels::empty(),
        });
        (populated.discovered, labels)
    })
}

/// Adds what the job says, relabels, and checks what came out.
pub(crate) fn populate(found: &Labels, job: &ScrapeConfig) -> Populated {
    let mut labels = LabelsBuilder::from_labels(found);
    add_defaults(&mut labels, job);
    let discovered = labels.build();
    let dropped_by = job
        .relabel_configs
        .iter()
        .position(|rule| !rule.apply(&mut labels));
    let outcome = if dropped_by.is_some() || labels.is_empty() {
        Ok(Outcome::Dropped(dropped_by))
    } else {
        check(labels).map(Outcome::Kept)
    };
    Populated {
        discovered,
        outcome,
    }
}

/// What came out of relabeling, as a target.
fn check(mut labels: LabelsBuilder) -> Result<Kept, TargetError> {
    let Some(address) = labels.get(ADDRESS).map(str::to_owned) else {
        return Err(TargetError::NoAddress);
    };
    if address.contains('/') {
        return Err(TargetError::InvalidAddress(address));
    }
    let (interval, timeout) = times(&labels)?;
    let histograms = HistogramLabels::read(&labels)?;
    if labels.get(INSTANCE).is_none() {
        labels.set(INSTANCE, &address);
    }
    let identity = labels.build().filter(|name| !name.starts_with(META_PREFIX));
    Ok(Kept {
        identity,
        interval,
        timeout,
        histograms,
    })
}

fn add_defaults(labels: &mut LabelsBuilder, job: &ScrapeConfig) {
    let defaults = [
        (JOB, job.job_name.clone()),
        (SCRAPE_INTERVAL, duration::format(job.scrape_interval)),
        (SCRAPE_TIMEOUT, duration::format(job.scrape_timeout)),
        (METRICS_PATH, job.metrics_path.clone()),
        (SCHEME, job.scheme.as_str().to_owned()),
        (
            SCRAPE_NATIVE_HISTOGRAMS,
            job.histograms.scrape_native_histograms.to_string(),
        ),
        (
            CONVERT_CLASSIC_HISTOGRAMS_TO_NHCB,
            job.histograms
                .convert_classic_histograms_to_nhcb
                .to_string(),
        ),
        (
            ALWAYS_SCRAPE_CLASSIC_HISTOGRAMS,
            job.histograms.always_scrape_classic_histograms.to_string(),
        ),
    ];
    for (name, value) in defaults {
        if labels.get(name).is_none() {
            labels.set(name, &value);
        }
    }
    for (name, values) in &job.params {
        if let Some(value) = values.first() {
            labels.set(&format!("{PARAM_PREFIX}{name}"), value);
        }
    }
}

fn times(labels: &LabelsBuilder) -> Result<(Duration, Duration), TargetError> {
    let interval_text = labels.get(SCRAPE_INTERVAL).unwrap_or_default();
    let timeout_text = labels.get(SCRAPE_TIMEOUT).unwrap_or_default();
    let interval = above_zero(interval_text, "interval")?;
    let timeout = above_zero(timeout_text, "timeout")?;
    if timeout > interval {
        return Err(TargetError::TimeoutAboveInterval {
            timeout: timeout_text.to_owned(),
            interval: interval_text.to_owned(),
        });
    }
    Ok((interval, timeout))
}

fn above_zero(text: &str, what: &'static str) -> Result<Duration, TargetError> {
    match duration::parse(text) {
        Ok(Duration::ZERO) => Err(TargetError::ZeroDuration(what)),
        Ok(duration) => Ok(duration),
        Err(source) => Err(TargetError::InvalidDuration { what, source }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::relabel::{RelabelAction, RelabelRule, RelabelSpec};

    fn job(rules: Vec<RelabelSpec>) -> ScrapeConfig {
        let mut job = ScrapeConfig::named("node");
        job.params
            .insert("module".into(), vec!["a".into(), "b".into()]);
        let scheme = model::label::NameValidationScheme::Utf8;
        job.relabel_configs = rules
            .into_iter()
            .map(|spec| RelabelRule::new(spec, scheme).unwrap())
            .collect();
        job
    }

    fn replace(target_label: &str, replacement: &str) -> RelabelSpec {
        RelabelSpec {
            target_label: target_label.into(),
            replacement: replacement.into(),
            ..RelabelSpec::default()
        }
    }

    fn kept(found: &Labels, rules: Vec<RelabelSpec>) -> Kept {
        match populate(found, &job(rules)).outcome {
            Ok(Outcome::Kept(kept)) => kept,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn defaults_are_added_and_internal_labels_end() {
        let found = Labels::from_pairs([
            ("__address__", "web:9100"),
            ("__meta_zone", "a"),
            ("job", "own"),
        ]);
        let discovered = populate(&found, &job(Vec::new())).discovered;
        assert_eq!(discovered.get("__meta_zone"), Some("a"));
        assert_eq!(discovered.get("__scrape_interval__"), Some("1m"));
        assert_eq!(
            discovered.get("__scrape_native_histograms__"),
            Some("false")
        );
        let kept = kept(&found, Vec::new());
        assert_eq!(kept.identity.get("__meta_zone"), None);
        assert_eq!(kept.identity.get("__param_module"), Some("a"));
        let public = Labels::from_pairs([("instance", "web:9100"), ("job", "own")]);
        assert_eq!(kept.public(), public);
        assert_eq!(kept.timeout, Duration::from_secs(10));
    }

    #[test]
    fn relabeling_decides_about_targets() {
        let drop = RelabelSpec {
            source_labels: vec!["__address__".into()],
            regex: "web.*".into(),
            action: RelabelAction::Drop,
            ..RelabelSpec::default()
        };
        let nothing_left = RelabelSpec {
            regex: ".*".into(),
            action: RelabelAction::LabelDrop,
            ..RelabelSpec::default()
        };
        let web = Labels::from_pairs([("__address__", "web:1")]);
        let populated = populate(&web, &job(vec![replace("instance", "x"), drop]));
        assert_eq!(populated.outcome, Ok(Outcome::Dropped(Some(1))));
        assert_eq!(populated.discovered.get("__address__"), Some("web:1"));
        let populated = populate(&web, &job(vec![nothing_left]));
        assert_eq!(populated.outcome, Ok(Outcome::Dropped(None)));
        let renamed = kept(&web, vec![replace("instance", "x")]);
        assert_eq!(renamed.identity.get("instance"), Some("x"));
        let switched = kept(&web, vec![replace("__scrape_native_histograms__", "T")]);
        assert_eq!(switched.public().get("__scrape_native_histograms__"), None);
    }

    #[test]
    fn labels_switch_what_becomes_of_histograms() {
        let found = Labels::from_pairs([
            ("__address__", "web:1"),
            ("__scrape_native_histograms__", "true"),
            ("__convert_classic_histograms_to_nhcb__", "0"),
        ]);
        let mut job = job(Vec::new());
        job.histograms.convert_classic_histograms_to_nhcb = true;
        job.histograms.always_scrape_classic_histograms = true;
        let Ok(Outcome::Kept(kept)) = populate(&found, &job).outcome else {
            panic!("it is kept");
        };
        let options = kept.histograms.over(job.histograms);
        assert!(options.scrape_native_histograms && options.always_scrape_classic_histograms);
        assert!(!options.convert_classic_histograms_to_nhcb);
    }

    #[test]
    fn what_cannot_be_scraped_is_refused_in_upstreams_words() {
        let web = Labels::from_pairs([("__address__", "web:1")]);
        let refusal = |rule| {
            let refused = populate(&web, &job(vec![rule])).outcome;
            refused.unwrap_err().to_string()
        };
        let cases = [
            (replace("__address__", ""), "no address"),
            (
                replace("__address__", "http://web"),
                "\"http://web\" is not a valid hostname",
            ),
            (
                replace("__scrape_interval__", "0s"),
                "scrape interval cannot be 0",
            ),
            (
                replace("__scrape_timeout__", "0s"),
                "scrape timeout cannot be 0",
            ),
            (
                replace("__scrape_native_histograms__", "maybe"),
                "error parsing scrape native histograms: strconv.ParseBool: parsing \"maybe\": invalid syntax",
            ),
            (
                replace("__scrape_timeout__", "2m"),
                "scrape timeout cannot be greater than scrape interval (\"2m\" > \"1m\")",
            ),
            (
                replace("__convert_classic_histograms_to_nhcb__", "yes"),
                "error parsing convert classic histograms to nhcb: strconv.ParseBool: parsing \"yes\": invalid syntax",
            ),
        ];
        for (rule, want) in cases {
            assert_eq!(refusal(rule), want);
        }
        let error = refusal(replace("__scrape_interval__", "x"));
        assert!(error.starts_with("error parsing scrape interval: "));
    }

    #[test]
    fn a_targets_label_wins_over_its_groups() {
        let group = TargetGroup {
            source: "a".into(),
            targets: vec![Labels::from_pairs([("__address__", "x"), ("zone", "own")])],
            labels: Labels::from_pairs([("zone", "group"), ("team", "t")]),
        };
        let found: Vec<_> = discovered(&group).collect();
        let want = Labels::from_pairs([("__address__", "x"), ("team", "t"), ("zone", "own")]);
        assert_eq!(found, [want]);
    }
}
