//! From target groups to the addresses of Alertmanagers.

use config::Url;
use config::server::AlertmanagerConfig;
use host::net::aws;
use model::label::{ADDRESS, META_PREFIX, SCHEME};
use model::{LabelsBuilder, TargetGroup, relabel};

/// Where an Alertmanager takes alerts.
#[derive(Clone, Debug)]
pub(super) struct Address {
    /// As metrics and the API name it.
    pub(super) url: String,
    /// The same for the client.
    pub(super) target: Url,
}

/// The Alertmanagers of an entry.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    pub(super) active: Vec<Address>,
    pub(super) dropped: Vec<String>,
}

/// The Alertmanagers that target groups mean under a configuration.
pub(super) fn addresses(groups: &[TargetGroup], config: &AlertmanagerConfig) -> Found {
    let mut found = Found::default();
    let path = alerts_path(&config.path_prefix);
    let mut builder = LabelsBuilder::new();
    for group in groups {
        for target in &group.targets {
            builder.reset(target);
            if target.get(SCHEME).is_none() {
                builder.set(SCHEME, config.scheme.as_str());
            }
            if target.get(ALERTS_PATH).is_none() {
                builder.set(ALERTS_PATH, &path);
            }
            for (name, value) in &group.labels {
                if target.get(name).is_none() {
                    builder.set(name, value);
                }
            }
            let before = url(&builder);
            if !relabel::apply(&config.relabel_configs, &mut builder) {
                found.dropped.push(before);
                continue;
            }
            builder.retain(|name, _| !name.starts_with(META_PREFIX));
            let url = url(&builder);
            if builder
                .get(ADDRESS)
                .is_none_or(|address| address.contains('/'))
            {
                let address = builder.get(ADDRESS).unwrap_or_default();
                tracing::error!(address, "not a valid address of an Alertmanager");
                continue;
            }
            let target = Url::parse(&url).and_then(|target| match config.sigv4 {
                Some(_) => aws::cleaned(&target),
                None => Ok(target),
            });
            match target {
                Ok(_) if found.active.iter().any(|known| known.url == url) => {}
                Ok(target) => found.active.push(Address { url, target }),
                Err(error) => tracing::error!(url, %error, "not an address of an Alertmanager"),
            }
        }
    }
    found
}

/// The path that alerts are posted to, below a prefix.
fn alerts_path(prefix: &str) -> String {
    let mut path = String::new();
    for segment in prefix.split('/').filter(|s| !s.is_empty() && *s != ".") {
        path.push('/');
        path.push_str(segment);
    }
    path + "/api/v2/alerts"
}

fn url(builder: &LabelsBuilder) -> String {
    let get = |name: &str| builder.get(name).unwrap_or_default();
    format!("{}://{}{}", get(SCHEME), get(ADDRESS), get(ALERTS_PATH))
}

/// The path of an Alertmanager, among the labels of its target.
const ALERTS_PATH: &str = "__alerts_path__";

#[cfg(test)]
mod tests {
    use model::label::NameValidationScheme;
    use model::{Labels, RelabelRule, RelabelSpec};

    use super::*;

    #[test]
    fn addresses_are_put_together() {
        let drop = RelabelSpec {
            source_labels: vec![ADDRESS.to_owned()],
            regex: "c.*".to_owned(),
            action: "drop".parse().unwrap(),
            ..RelabelSpec::default()
        };
        let config = AlertmanagerConfig {
            path_prefix: "am//x/".to_owned(),
            relabel_configs: vec![RelabelRule::new(drop, NameValidationScheme::Utf8).unwrap()],
            ..AlertmanagerConfig::default()
        };
        let target = |address: &str| Labels::from_pairs([(ADDRESS, address)]);
        let group = TargetGroup {
            targets: vec![target("a:1"), target("b:2"), target("c:3"), target("a:1")],
            labels: Labels::from_pairs([(SCHEME, "ignored")]),
            ..TargetGroup::default()
        };
        let plain = TargetGroup {
            labels: Labels::empty(),
            ..group
        };
        let found = addresses(&[plain], &config);
        let active: Vec<&str> = found
            .active
            .iter()
            .map(|address| address.url.as_str())
            .collect();
        let want = [
            "http://a:1/am/x/api/v2/alerts",
            "http://b:2/am/x/api/v2/alerts",
        ];
        assert_eq!(active, want);
        assert_eq!(found.dropped, ["http://c:3/am/x/api/v2/alerts"]);
    }
}
