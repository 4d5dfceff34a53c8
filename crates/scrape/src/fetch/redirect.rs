//! Answers that send the scraper elsewhere.

use hyper::header::LOCATION;
use hyper::{Response, StatusCode};

use super::FetchError;
use crate::target::url::TargetUrl;

/// Where the response sends us, if it does.
pub(super) fn location<B>(response: &Response<B>) -> Option<&str> {
    let redirects = matches!(
        response.status(),
        StatusCode::MOVED_PERMANENTLY
            | StatusCode::FOUND
            | StatusCode::SEE_OTHER
            | StatusCode::TEMPORARY_REDIRECT
            | StatusCode::PERMANENT_REDIRECT
    );
    let location = response.headers().get(LOCATION).filter(|_| redirects)?;
    location.to_str().ok()
}

impl TargetUrl {
    /// The place that `location` names, seen from here.
    pub(super) fn resolve(&self, location: &str) -> Self {
        let location = location.split('#').next().unwrap_or_default();
        if let Some((scheme, rest)) = location.split_once("://") {
            let end = rest.find(['/', '?']).unwrap_or(rest.len());
            let (address, path) = rest.split_at(end);
            return Self {
                scheme: scheme.to_ascii_lowercase(),
                address: address.to_owned(),
                path_and_query: with_root(path),
            };
        }
        let path = self.path_and_query.split('?').next().unwrap_or_default();
        let path_and_query = if location.starts_with('/') {
            location.to_owned()
        } else if location.starts_with('?') {
            format!("{path}{location}")
        } else {
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            format!("{folder}/{location}")
        };
        Self {
            path_and_query,
            ..self.clone()
        }
    }

    /// What went wrong there, as an error.
    pub(super) fn failed(&self, reason: String) -> FetchError {
        FetchError::Transport {
            url: self.to_string(),
            reason,
        }
    }
}

fn with_root(path: &str) -> String {
    if path.starts_with('/') {
        path.to_owned()
    } else {
        format!("/{path}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locations_are_seen_from_where_we_are() {
        let here = TargetUrl {
            scheme: "http".to_owned(),
            address: "web:80".to_owned(),
            path_and_query: "/a/b?c=d".to_owned(),
        };
        let cases = [
            ("http://other:1/x?y=z#part", "http://other:1/x?y=z"),
            ("HTTPS://other", "https://other/"),
            ("http://other?y", "http://other/?y"),
            ("/x", "http://web:80/x"),
            ("x", "http://web:80/a/x"),
            ("?x=y", "http://web:80/a/b?x=y"),
        ];
        for (location, want) in cases {
            assert_eq!(here.resolve(location).to_string(), want);
        }
    }
}
