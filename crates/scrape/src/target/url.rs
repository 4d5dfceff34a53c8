//! Where a target is reached.

use std::collections::BTreeMap;

use model::Labels;
use model::label::{ADDRESS, METRICS_PATH, PARAM_PREFIX, SCHEME};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

/// The parts of a target's URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TargetUrl {
    pub(crate) scheme: String,
    /// Host, and port if one is stated.
    pub(crate) address: String,
    /// Path and parameters, as the request line has them.
    pub(crate) path_and_query: String,
}

impl TargetUrl {
    /// From the target's labels; `params` are the job's, whose first values labels replace.
    pub(crate) fn new(labels: &Labels, params: &BTreeMap<String, Vec<String>>) -> Self {
        let mut params = params.clone();
        for (name, value) in labels {
            let Some(name) = name.strip_prefix(PARAM_PREFIX) else {
                continue;
            };
            let values = params.entry(name.to_owned()).or_default();
            match values.first_mut() {
                Some(first) => value.clone_into(first),
                None => values.push(value.to_owned()),
            }
        }
        let path = labels.get(METRICS_PATH).unwrap_or_default();
        let mut path_and_query = utf8_percent_encode(path, &NOT_IN_PATH).to_string();
        if !path_and_query.starts_with('/') {
            path_and_query.insert(0, '/');
        }
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, values) in &params {
            for value in values {
                query.append_pair(name, value);
            }
        }
        let query = query.finish();
        if !query.is_empty() {
            path_and_query.push('?');
            path_and_query.push_str(&query);
        }
        Self {
            scheme: labels.get(SCHEME).unwrap_or("http").to_owned(),
            address: labels.get(ADDRESS).unwrap_or_default().to_owned(),
            path_and_query,
        }
    }
}

impl std::fmt::Display for TargetUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{}://{}{}",
            self.scheme, self.address, self.path_and_query
        )
    }
}

/// What may not stand in the path of a URL as it is.
const NOT_IN_PATH: AsciiSet = CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_make_the_url() {
        let params = BTreeMap::from([
            ("a".to_owned(), vec!["1".to_owned(), "2".to_owned()]),
            ("z".to_owned(), vec!["&".to_owned()]),
        ]);
        let labels = Labels::from_pairs([
            ("__address__", "web:9100"),
            ("__metrics_path__", "/a b"),
            ("__param_a", "x"),
            ("__param_m", "y"),
            ("__scheme__", "http"),
        ]);
        let url = TargetUrl::new(&labels, &params);
        assert_eq!(url.to_string(), "http://web:9100/a%20b?a=x&a=2&m=y&z=%26");
    }
}
