//! In which format a page is, by its `Content-Type` and the job's fallback.

use config::server::ScrapeProtocol;
use exposition::Format;
use exposition::negotiate::MediaRange;

/// The format of a page is not known. The target has to say it, or the job to name a fallback.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum ContentTypeError {
    /// The target says nothing.
    #[error(
        "non-compliant scrape target sending blank Content-Type and no fallback_scrape_protocol specified for target"
    )]
    Blank,
    /// The header has no valid form.
    #[error("cannot parse Content-Type {0:?} and no fallback_scrape_protocol for target")]
    Malformed(String),
    /// The target sends something that is no page.
    #[error(
        "received unsupported Content-Type {0:?} and no fallback_scrape_protocol specified for target"
    )]
    Unsupported(String),
}

/// The format to read a page in.
///
/// # Errors
/// Neither the header nor the job tells one.
pub(crate) fn page_format(
    content_type: Option<&str>,
    fallback: Option<ScrapeProtocol>,
) -> Result<Format, ContentTypeError> {
    let told = told_format(content_type.unwrap_or_default());
    match (told, fallback.and_then(format_of)) {
        (Ok(format), _) | (Err(_), Some(format)) => Ok(format),
        (Err(error), None) => Err(error),
    }
}

fn told_format(header: &str) -> Result<Format, ContentTypeError> {
    if header.is_empty() {
        return Err(ContentTypeError::Blank);
    }
    let media_type = MediaRange::parse(header).media_type;
    if !is_media_type(media_type) {
        return Err(ContentTypeError::Malformed(header.to_owned()));
    }
    if media_type.eq_ignore_ascii_case("text/plain") {
        Ok(Format::Text)
    } else if media_type.eq_ignore_ascii_case("application/openmetrics-text") {
        Ok(Format::OpenMetrics)
    } else {
        Err(ContentTypeError::Unsupported(header.to_owned()))
    }
}

fn format_of(protocol: ScrapeProtocol) -> Option<Format> {
    match protocol {
        ScrapeProtocol::PrometheusText004 | ScrapeProtocol::PrometheusText100 => Some(Format::Text),
        ScrapeProtocol::OpenMetricsText001 | ScrapeProtocol::OpenMetricsText100 => {
            Some(Format::OpenMetrics)
        }
        ScrapeProtocol::PrometheusProto => None,
    }
}

/// A token, or two with a slash between them.
fn is_media_type(text: &str) -> bool {
    let is_token = |word: &str| {
        !word.is_empty()
            && word
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
    };
    match text.split_once('/') {
        Some((main, sub)) => is_token(main) && is_token(sub),
        None => is_token(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_decides_and_the_fallback_helps() {
        let fallback = Some(ScrapeProtocol::PrometheusText004);
        let good = [
            (
                "text/plain; version=0.0.4; charset=utf-8",
                None,
                Format::Text,
            ),
            ("TEXT/PLAIN", None, Format::Text),
            (
                "application/openmetrics-text; version=1.0.0",
                fallback,
                Format::OpenMetrics,
            ),
            ("", fallback, Format::Text),
            ("text/html", fallback, Format::Text),
            (
                "///",
                Some(ScrapeProtocol::OpenMetricsText100),
                Format::OpenMetrics,
            ),
        ];
        for (header, fallback, want) in good {
            assert_eq!(page_format(Some(header), fallback), Ok(want), "{header}");
        }
        assert_eq!(page_format(None, None), Err(ContentTypeError::Blank));
        let bad = [
            (
                "",
                "non-compliant scrape target sending blank Content-Type and no fallback_scrape_protocol specified for target",
            ),
            (
                "text/",
                "cannot parse Content-Type \"text/\" and no fallback_scrape_protocol for target",
            ),
            (
                "text/html; charset=utf-8",
                "received unsupported Content-Type \"text/html; charset=utf-8\" and no fallback_scrape_protocol specified for target",
            ),
        ];
        for (header, want) in bad {
            let error = page_format(Some(header), None).unwrap_err();
            assert_eq!(error.to_string(), want);
        }
    }
}
