//! The check that several mechanisms have for the URL that they ask.

use crate::url::Url;

/// A URL of HTTP that names a host.
///
/// # Errors
/// What is missing, in upstream's words.
pub(super) fn check_url(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Err("URL is missing".to_owned());
    }
    let url = Url::parse(text)?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("URL scheme must be 'http' or 'https'".to_owned());
    }
    if url.host().is_empty() {
        return Err("host is missing in URL".to_owned());
    }
    Ok(())
}
