//! The keys of proxies.

use std::collections::BTreeMap;

use crate::document::{Section, YamlWriter};
use crate::secret::Secret;
use crate::url::Url;

/// By which proxy servers are reached, effective.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ProxyConfig {
    /// `proxy_url`: the proxy.
    pub proxy_url: Option<Url>,
    /// `no_proxy`: hosts, domains, addresses and networks that are reached without it, separated by
    /// commas.
    pub no_proxy: String,
    /// `proxy_from_environment`: `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` say by which.
    pub from_environment: bool,
    /// `proxy_connect_header`: headers for the proxy itself, by name.
    pub connect_header: BTreeMap<String, Vec<Secret>>,
}

/// Keys of a section with a proxy.
pub(super) const KEYS: [&str; 4] = [
    "proxy_url",
    "no_proxy",
    "proxy_from_environment",
    "proxy_connect_header",
];

pub(super) fn read(section: &Section<'_>) -> ProxyConfig {
    let proxy = ProxyConfig {
        proxy_url: read_url(section),
        no_proxy: section.text("no_proxy").unwrap_or_default(),
        from_environment: section
            .boolean("proxy_from_environment")
            .unwrap_or_default(),
        connect_header: read_connect_header(section),
    };
    let is_stated = section.get("proxy_url").is_some();
    let problem = if proxy.from_environment && proxy.proxy_url.is_some() {
        let message = "if proxy_from_environment is configured, proxy_url must not be configured";
        Some(("proxy_from_environment", message))
    } else if proxy.from_environment && !proxy.no_proxy.is_empty() {
        let message = "if proxy_from_environment is configured, no_proxy must not be configured";
        Some(("no_proxy", message))
    } else if !proxy.no_proxy.is_empty() && !is_stated {
        Some((
            "no_proxy",
            "if no_proxy is configured, proxy_url must also be configured",
        ))
    } else if !proxy.connect_header.is_empty() && !proxy.from_environment && !is_stated {
        let message = "if proxy_connect_header is configured, proxy_url or \
                       proxy_from_environment must also be configured";
        Some(("proxy_connect_header", message))
    } else {
        None
    };
    if let Some((key, message)) = problem {
        section.reader.invalid(section.blame(key).place, message);
    }
    proxy
}

fn read_url(section: &Section<'_>) -> Option<Url> {
    let node = section.get("proxy_url")?;
    let text = section.reader.text(node).filter(|text| !text.is_empty())?;
    match Url::parse(&text) {
        Ok(url) => Some(url),
        Err(error) => section.reader.reject(node, error),
    }
}

fn read_connect_header(section: &Section<'_>) -> BTreeMap<String, Vec<Secret>> {
    let Some(node) = section.get("proxy_connect_header") else {
        return BTreeMap::new();
    };
    let reader = section.reader;
    let entries = reader.mapping(node).into_iter();
    entries
        .map(|(_, name, values)| {
            (
                name,
                reader.texts(values).into_iter().map(Secret::new).collect(),
            )
        })
        .collect()
}

pub(super) fn write(yaml: &mut YamlWriter, proxy: &ProxyConfig) {
    if let Some(url) = &proxy.proxy_url {
        yaml.entry("proxy_url", &url.to_string());
    }
    if !proxy.no_proxy.is_empty() {
        yaml.entry("no_proxy", &proxy.no_proxy);
    }
    if proxy.from_environment {
        yaml.bare("proxy_from_environment", true);
    }
    if proxy.connect_header.is_empty() {
        return;
    }
    yaml.mapping("proxy_connect_header", |yaml| {
        for (name, values) in &proxy.connect_header {
            match values.is_empty() {
                true => yaml.bare(name, "[]"),
                false => yaml.list(name, values.iter().map(Secret::shown)),
            }
        }
    });
}
