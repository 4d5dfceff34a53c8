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
    match (told, fallback.map(format_of)) {
        (Ok(format), _) | (Err(_), Some(format)) => Ok(format),
        (Err(error), None) => Err(error),
    }
}

fn told_format(header: &str) -> Result<Format, ContentTypeError> {
    if header.is_empty() {
        return Err(ContentTypeError::Blank);
    }
    let range = MediaRange::parse(header);
    let media_type = range.media_type;
    if !is_media_type(media_type) || !has_valid_parameters(header) {
        return Err(ContentTypeError::Malformed(header.to_owned()));
    }
    if media_type.eq_ignore_ascii_case("text/plain") {
        Ok(Format::Text)
    } else if media_type.eq_ignore_ascii_case("application/openmetrics-text") {
        Ok(Format::OpenMetrics)
    } else if media_type.eq_ignore_ascii_case("application/vnd.google.protobuf")
        && range.is_delimited()
    {
        Ok(Format::Protobuf)
    } else {
        Err(ContentTypeError::Unsupported(header.to_owned()))
    }
}

fn format_of(protocol: ScrapeProtocol) -> Format {
    match protocol {
        ScrapeProtocol::PrometheusText004 | ScrapeProtocol::PrometheusText100 => Format::Text,
        ScrapeProtocol::OpenMetricsText001 | ScrapeProtocol::OpenMetricsText100 => {
            Format::OpenMetrics
        }
        ScrapeProtocol::PrometheusProto => Format::Protobuf,
    }
}

/// A token, or two with a slash between them.
fn is_media_type(text: &str) -> bool {
    match text.split_once('/') {
        Some((main, sub)) => is_token(main) && is_token(sub),
        None => is_token(text),
    }
}

/// `; name=value` as often as it likes, no name twice, values as tokens or in quotes. A last
/// semicolon may be left over.
fn has_valid_parameters(header: &str) -> bool {
    let mut names: Vec<String> = Vec::new();
    let mut rest = header.split_once(';').map_or("", |(_, rest)| rest).trim();
    while !rest.is_empty() {
        let Some((name, value)) = rest.split_once('=') else {
            return false;
        };
        let name = name.to_ascii_lowercase();
        if !is_token(&name) || names.contains(&name) {
            return false;
        }
        names.push(name);
        let Some(after) = behind_value(value) else {
            return false;
        };
        let after = after.trim_start();
        rest = match after.strip_prefix(';') {
            Some(rest) => rest.trim_start(),
            None if after.is_empty() => after,
            None => return false,
        };
    }
    true
}

/// What stands behind a value; None if there is no value.
fn behind_value(text: &str) -> Option<&str> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(|c: char| !is_token_char(c)).unwrap_or(text.len());
        return (end > 0).then(|| text.get(end..)).flatten();
    };
    let mut is_escaped = false;
    for (at, c) in quoted.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => return quoted.get(at + 1..),
            _ => {}
        }
    }
    None
}

fn is_token(word: &str) -> bool {
    !word.is_empty() && word.chars().all(is_token_char)
}

fn is_token_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c)
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
            ("text/plain; a=\"b;\\\"\" ;", None, Format::Text),
            (
                "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited",
                None,
                Format::Protobuf,
            ),
            (
                "application/vnd.google.protobuf",
                Some(ScrapeProtocol::PrometheusProto),
                Format::Protobuf,
            ),
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
                "text/plain; a=b; A=c",
                "cannot parse Content-Type \"text/plain; a=b; A=c\" and no fallback_scrape_protocol for target",
            ),
            (
                "text/plain; version",
                "cannot parse Content-Type \"text/plain; version\" and no fallback_scrape_protocol for target",
            ),
            (
                "application/vnd.google.protobuf; encoding=text",
                "received unsupported Content-Type \"application/vnd.google.protobuf; encoding=text\" and no fallback_scrape_protocol specified for target",
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
