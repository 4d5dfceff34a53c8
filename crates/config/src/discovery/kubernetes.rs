//! `kubernetes_sd_configs`: objects of a Kubernetes cluster.

mod selector;

use std::collections::BTreeSet;

use crate::document::{Section, YamlWriter};
use crate::http::HttpClientConfig;
use crate::url::Url;

use super::entry::{Check, Checked, Fault, FileName, Setting, ensure, entry};

pub use selector::KubernetesSelector;

entry! {
    /// One entry of `kubernetes_sd_configs`, effective.
    KubernetesDiscovery is "kubernetes.SDConfig" {
        /// URL of the API server; that of the cluster that we run in unless stated.
        "api_server" => api_server: String = String::new(), IfSet;
        /// What becomes a target: `pod`, `service`, `endpoints`, `endpointslice`, `node` or `ingress`.
        "role" => role: String = String::new(), Always;
        /// File that says how to reach a cluster.
        "kubeconfig_file" => kubeconfig_file: FileName = FileName::default(), Always;
        /// How the API server is asked.
        "" => http: HttpClientConfig = HttpClientConfig::default(), Always;
        /// Namespaces to look into.
        "namespaces" => namespaces: KubernetesNamespaces = KubernetesNamespaces::default(), IfSet;
        /// Objects to look at, by labels and fields.
        "selectors" => selectors: Vec<KubernetesSelector> = Vec::new(), IfSet;
        /// Other objects whose metadata become labels.
        "attach_metadata" => attach_metadata: KubernetesMetadata = KubernetesMetadata::default(), IfSet;
    }
}

/// Namespaces to look into; all unless stated.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct KubernetesNamespaces {
    /// The one that we run in.
    pub own_namespace: bool,
    /// Others, by name.
    pub names: Vec<String>,
}

/// Objects whose metadata are attached to targets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct KubernetesMetadata {
    /// The node of a pod.
    pub node: bool,
    /// The namespace of an object.
    pub namespace: bool,
    /// The deployment of a pod.
    pub deployment: bool,
    /// The job of a pod.
    pub job: bool,
    /// The cron job of a pod's job.
    pub cronjob: bool,
}

impl Setting for KubernetesNamespaces {
    fn read(section: &Section<'_>, key: &str, default: Self) -> Self {
        let open = |node| Section::open(section.reader, node, &NAMESPACES);
        let Some(section) = section.get(key).and_then(open) else {
            return default;
        };
        Self {
            own_namespace: section.boolean("own_namespace").unwrap_or_default(),
            names: section.texts("names"),
        }
    }

    fn write(&self, yaml: &mut YamlWriter, key: &str) {
        yaml.mapping(key, |yaml| {
            yaml.bare("own_namespace", self.own_namespace);
            self.names.write(yaml, "names");
        });
    }

    fn is_unset(&self) -> bool {
        *self == Self::default()
    }
}

impl Setting for KubernetesMetadata {
    fn read(section: &Section<'_>, key: &str, default: Self) -> Self {
        let open = |node| Section::open(section.reader, node, &METADATA);
        let Some(section) = section.get(key).and_then(open) else {
            return default;
        };
        let flag = |key: &str| section.boolean(key).unwrap_or_default();
        Self {
            node: flag("node"),
            namespace: flag("namespace"),
            deployment: flag("deployment"),
            job: flag("job"),
            cronjob: flag("cronjob"),
        }
    }

    fn write(&self, yaml: &mut YamlWriter, key: &str) {
        yaml.mapping(key, |yaml| {
            yaml.bare("node", self.node);
            yaml.bare("namespace", self.namespace);
            yaml.bare("deployment", self.deployment);
            yaml.bare("job", self.job);
            yaml.bare("cronjob", self.cronjob);
        });
    }

    fn is_unset(&self) -> bool {
        *self == Self::default()
    }
}

impl Check for KubernetesDiscovery {
    fn check(&self, _section: &Section<'_>) -> Checked {
        self.check_role()?;
        self.check_access()?;
        self.check_selectors()
    }
}

impl KubernetesDiscovery {
    fn check_role(&self) -> Checked {
        let role = self.role.as_str();
        let message =
            "role missing (one of: pod, service, endpoints, endpointslice, node, ingress)";
        ensure(!role.is_empty(), "role", message)?;
        let message = format_args!("unknown Kubernetes SD role {role:?}");
        ensure(allowed_selectors(role).is_some(), "role", message)?;
        Url::parse(&self.api_server).map_err(|message| Fault::new("api_server", message))?;
        Ok(())
    }

    /// How the cluster is reached: by its API server's URL, a file, or from inside.
    fn check_access(&self) -> Checked {
        let has_server = !self.api_server.is_empty();
        let has_file = !self.kubeconfig_file.is_empty();
        let has_client = self.http != HttpClientConfig::default();
        ensure(
            !(has_server && has_file),
            "kubeconfig_file",
            "cannot use 'kubeconfig_file' and 'api_server' simultaneously",
        )?;
        ensure(
            !(has_file && has_client),
            "kubeconfig_file",
            "cannot use a custom HTTP client configuration together with 'kubeconfig_file'",
        )?;
        ensure(
            has_server || !has_client,
            "api_server",
            "to use custom HTTP client configuration please provide the 'api_server' URL explicitly",
        )?;
        let own = self.namespaces.own_namespace;
        ensure(
            !(has_server && own),
            "namespaces",
            "cannot use 'api_server' and 'namespaces.own_namespace' simultaneously",
        )?;
        ensure(
            !(has_file && own),
            "namespaces",
            "cannot use 'kubeconfig_file' and 'namespaces.own_namespace' simultaneously",
        )
    }

    fn check_selectors(&self) -> Checked {
        let allowed = allowed_selectors(&self.role).unwrap_or_default();
        let mut seen = BTreeSet::new();
        for selector in &self.selectors {
            let role = selector.role.as_str();
            let message = format_args!("duplicated selector role: {role}");
            ensure(seen.insert(role), "selectors", message)?;
            let names = allowed.join(", ");
            let message = format_args!("{} role supports only {names} selectors", self.role);
            ensure(allowed.contains(&role), "selectors", message)?;
            selector::check(selector).map_err(|message| Fault::new("selectors", message))?;
        }
        Ok(())
    }
}

/// The kinds of objects that a role looks at; none for a role that there is not.
fn allowed_selectors(role: &str) -> Option<&'static [&'static str]> {
    Some(match role {
        "pod" => &["pod", "node"],
        "service" => &["service"],
        "endpoints" => &["pod", "service", "endpoints"],
        "endpointslice" => &["pod", "service", "endpointslice"],
        "node" => &["node"],
        "ingress" => &["ingress"],
        _ => return None,
    })
}

const NAMESPACES: crate::document::Schema = crate::document::Schema {
    type_name: "kubernetes.plain",
    keys: &["own_namespace", "names"],
};

const METADATA: crate::document::Schema = crate::document::Schema {
    type_name: "kubernetes.plain",
    keys: &["node", "namespace", "deployment", "job", "cronjob"],
};
