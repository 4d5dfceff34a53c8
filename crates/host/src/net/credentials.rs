//! The header `Authorization` of requests.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use config::http::{Authorization, BasicAuth, Credentials, Source};
use hyper::header::HeaderValue;

use super::files;
use super::oauth2::Tokens;

/// Makes the header. What stands in the configuration itself is made once; files are read for each
/// request.
#[derive(Debug)]
pub(super) enum Authorizer {
    None,
    Fixed(Result<HeaderValue, String>),
    Basic(BasicAuth),
    Other(Authorization),
    Tokens(Box<Tokens>),
}

impl Authorizer {
    pub(super) fn new(credentials: &Credentials) -> Self {
        let is_fixed = |source: &Source| !matches!(source, Source::File(_));
        match credentials {
            Credentials::None => Self::None,
            Credentials::Basic(basic) => {
                match is_fixed(&basic.username) && is_fixed(&basic.password) {
                    true => Self::Fixed(basic_header(basic)),
                    false => Self::Basic(basic.clone()),
                }
            }
            Credentials::Authorization(own) if own.credentials.is_none() => Self::None,
            Credentials::Authorization(own) => match is_fixed(&own.credentials) {
                true => Self::Fixed(other_header(own)),
                false => Self::Other(own.clone()),
            },
            Credentials::OAuth2(config) => Self::Tokens(Box::new(Tokens::new(config))),
        }
    }

    /// True if the header is the same for all requests.
    pub(super) fn is_fixed(&self) -> bool {
        matches!(self, Self::None | Self::Fixed(_))
    }

    /// The header's value for the next request.
    ///
    /// # Errors
    /// A file cannot be read, or no token was given.
    pub(super) async fn header(&self) -> Result<Option<HeaderValue>, String> {
        match self {
            Self::None => Ok(None),
            Self::Fixed(header) => header.clone().map(Some),
            Self::Basic(basic) => basic_header(basic).map(Some),
            Self::Other(own) => other_header(own).map(Some),
            Self::Tokens(tokens) => Box::pin(tokens.header()).await.map(Some),
        }
    }
}

fn basic_header(basic: &BasicAuth) -> Result<HeaderValue, String> {
    let read = |what: &str, source: &Source| {
        let verb = match source {
            Source::Reference(_) => "error creating HTTP client: unable to use",
            _ => "unable to read basic auth",
        };
        files::read_text(source).map_err(|error| format!("{verb} {what}: {error}"))
    };
    let username = read("username", &basic.username)?;
    let password = read("password", &basic.password)?;
    let pair = BASE64_STANDARD.encode(format!("{username}:{password}"));
    header_value(&format!("Basic {pair}"))
}

fn other_header(own: &Authorization) -> Result<HeaderValue, String> {
    let verb = match own.credentials {
        Source::Reference(_) => "error creating HTTP client: unable to use credentials",
        _ => "unable to read authorization credentials",
    };
    let credentials = match &own.credentials {
        Source::Inline(credentials) => credentials.expose().to_owned(),
        other => files::read_text(other).map_err(|error| format!("{verb}: {error}"))?,
    };
    header_value(&format!("{} {credentials}", own.kind))
}

/// A header that debug output does not show.
pub(super) fn header_value(text: &str) -> Result<HeaderValue, String> {
    let mut value = HeaderValue::from_str(text)
        .map_err(|_| "net/http: invalid header field value for \"Authorization\"".to_owned())?;
    value.set_sensitive(true);
    Ok(value)
}
