//! What became of everything that discovery found for a job: worked out when somebody asks, from
//! what is kept anyway, so that scraping pays nothing for it.

use std::collections::HashSet;
use std::sync::Arc;

use config::server::ScrapeConfig;
use model::{Labels, TargetGroup};

use crate::target::labels::{Outcome, TargetError, discovered, populate};
use crate::target::{Target, TargetId};

/// What discovery found for a job, and the rules that decide about it.
#[derive(Clone, Debug)]
pub struct PoolDiscovery {
    config: Arc<ScrapeConfig>,
    groups: Arc<[TargetGroup]>,
}

/// One label set that discovery found.
#[derive(Clone, Debug)]
pub struct Discovered {
    /// Labels before relabeling, with those that the job's settings add.
    pub labels: Labels,
    /// The group it came with.
    pub source: String,
    /// What became of it.
    pub fate: Fate,
}

/// What became of a discovered label set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is scraped.
    Target {
        /// Which of the job's targets it is.
        id: TargetId,
        /// Labels that its series get.
        labels: Labels,
        /// Where it is scraped.
        url: String,
    },
    /// It is the same target as one before it.
    Duplicate {
        /// Labels that its series would get.
        labels: Labels,
    },
    /// A relabel rule dropped it, counted from 0; or none did, and no label was left.
    Dropped(Option<usize>),
    /// It cannot be scraped.
    Failed(TargetError),
}

impl PoolDiscovery {
    pub(crate) fn new(config: Arc<ScrapeConfig>, groups: Arc<[TargetGroup]>) -> Self {
        Self { config, groups }
    }

    /// The job's settings.
    pub fn config(&self) -> &Arc<ScrapeConfig> {
        &self.config
    }

    /// All label sets in the order found. This relabels each of them.
    pub fn all(&self) -> impl Iterator<Item = Discovered> {
        let mut seen = HashSet::new();
        self.groups
            .iter()
            .flat_map(discovered_with_source)
            .map(move |(found, source)| {
                let (labels, fate) = self.decide(&found, &mut seen);
                Discovered {
                    labels,
                    source: source.to_owned(),
                    fate,
                }
            })
    }

    /// What becomes of one label set, whether it was discovered or not: it gets the labels that the
    /// job's settings add, where it does not have them.
    pub fn explain(&self, found: &Labels) -> (Labels, Fate) {
        self.decide(found, &mut HashSet::new())
    }

    fn decide(&self, found: &Labels, seen: &mut HashSet<Labels>) -> (Labels, Fate) {
        let populated = populate(found, &self.config);
        let fate = match populated.outcome {
            Ok(Outcome::Kept(kept)) => {
                let target = Target::new(Labels::empty(), &kept, &self.config.params);
                if seen.insert(kept.identity) {
                    Fate::Target {
                        id: target.id(),
                        url: target.url.to_string(),
                        labels: target.labels,
                    }
                } else {
                    Fate::Duplicate {
                        labels: target.labels,
                    }
                }
            }
            Ok(Outcome::Dropped(rule)) => Fate::Dropped(rule),
            Err(error) => Fate::Failed(error),
        };
        (populated.discovered, fate)
    }
}

fn discovered_with_source(group: &TargetGroup) -> impl Iterator<Item = (Labels, &str)> {
    discovered(group).map(|labels| (labels, group.source.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::label::NameValidationScheme;
    use model::relabel::{RelabelAction, RelabelRule, RelabelSpec};

    #[test]
    fn every_label_set_has_its_fate() {
        let mut config = ScrapeConfig::named("node");
        let drop = RelabelSpec {
            source_labels: vec!["__address__".to_owned()],
            regex: "b:.*".to_owned(),
            action: RelabelAction::Drop,
            ..RelabelSpec::default()
        };
        let rule = RelabelRule::new(drop, NameValidationScheme::Utf8).unwrap();
        config.relabel_configs = vec![rule];
        let addresses = ["a:1", "b:1", "http://c", "a:1"];
        let group = TargetGroup {
            source: "here".to_owned(),
            targets: addresses
                .iter()
                .map(|address| Labels::from_pairs([("__address__", *address)]))
                .collect(),
            labels: Labels::empty(),
        };
        let discovery = PoolDiscovery::new(Arc::new(config), Arc::from([group]));
        let all: Vec<Discovered> = discovery.all().collect();
        let public = Labels::from_pairs([("instance", "a:1"), ("job", "node")]);
        match &all[0].fate {
            Fate::Target { labels, url, .. } => {
                assert_eq!(*labels, public);
                assert_eq!(url, "http://a:1/metrics");
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(all[1].fate, Fate::Dropped(Some(0)));
        let invalid = TargetError::InvalidAddress("http://c".to_owned());
        assert_eq!(all[2].fate, Fate::Failed(invalid));
        assert_eq!(all[3].fate, Fate::Duplicate { labels: public });
        assert_eq!((all[3].source.as_str(), all.len()), ("here", 4));
    }
}
