//! Who may connect and ask: the listener file, `--web.config.file`, which may change at any time.

mod passwords;
mod rate;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use config::web::WebConfig;
use host::fs::folder_of;
use host::net::TlsServer;
use host::{Clock, Fs};
use http::header::{AUTHORIZATION, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use passwords::Passwords;
use rate::Rate;

/// The listener file and what follows from it. Without a file everybody may ask, without TLS.
#[derive(Debug, Default)]
pub struct Access {
    file: Option<File>,
}

#[derive(Debug)]
struct File {
    path: PathBuf,
    fs: Arc<dyn Fs>,
    clock: Arc<dyn Clock>,
    passwords: Passwords,
    rate: Mutex<Rate>,
    current: Mutex<Current>,
}

#[derive(Debug)]
struct Current {
    stamp: Option<(u64, i64)>,
    rules: Arc<Rules>,
}

/// The file as it was last read without a fault.
#[derive(Debug)]
struct Rules {
    config: WebConfig,
    headers: HeaderMap,
    tls: Option<TlsServer>,
}

/// The file is of no use, or there are no threads to check passwords with.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The file cannot be read.
    #[error("open {path}: {reason}")]
    Read {
        /// Its path.
        path: String,
        /// Why not.
        reason: String,
    },
    /// The file has become empty.
    #[error("{path} is empty")]
    Empty {
        /// Its path.
        path: String,
    },
    /// The file is wrong.
    #[error(transparent)]
    Invalid(#[from] config::Problems),
    /// A certificate that the file names is missing or wrong.
    #[error("{0}")]
    Certificate(String),
    /// The operating system gives no threads.
    #[error(transparent)]
    Pool(#[from] host::pool::PoolError),
}

impl Access {
    /// As the file says.
    ///
    /// # Errors
    /// The file, or a certificate that it names, cannot be read or is wrong.
    pub fn from_file(
        path: &Path,
        fs: Arc<dyn Fs>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, AccessError> {
        let stamp = stamp(&*fs, path);
        let rules = Arc::new(read(&*fs, path)?);
        Ok(Self {
            file: Some(File {
                path: path.to_owned(),
                fs,
                clock,
                passwords: Passwords::new()?,
                rate: Mutex::default(),
                current: Mutex::new(Current { stamp, rules }),
            }),
        })
    }

    /// True if connections are to be encrypted.
    pub fn is_encrypted(&self) -> bool {
        self.file
            .as_ref()
            .is_some_and(|file| file.rules().tls.is_some())
    }

    /// What encrypts connections from now on.
    pub(crate) fn encryption(&self) -> Option<Encryption> {
        let rules = self.file.as_ref()?.rules();
        rules.tls.is_some().then_some(Encryption(rules))
    }

    /// Whether a request with these headers may pass; if not, the answer it gets. Headers that all
    /// answers carry come along.
    pub(crate) async fn admit(&self, headers: &HeaderMap) -> Admission {
        let Some(file) = &self.file else {
            return Admission::default();
        };
        let rules = file.rules();
        let refusal = file.refusal(&rules, headers).await;
        Admission {
            refusal,
            headers: rules.headers.clone(),
        }
    }
}

/// What becomes of a request.
#[derive(Debug, Default)]
pub(crate) struct Admission {
    /// The answer to one that may not pass.
    pub(crate) refusal: Option<Response>,
    /// What all answers carry.
    pub(crate) headers: HeaderMap,
}

/// TLS under the rules of one moment.
#[derive(Debug)]
pub(crate) struct Encryption(Arc<Rules>);

impl Encryption {
    pub(crate) fn server(&self) -> Option<&TlsServer> {
        self.0.tls.as_ref()
    }
}

impl File {
    async fn refusal(&self, rules: &Rules, headers: &HeaderMap) -> Option<Response> {
        if let Some(limit) = rules.config.rate_limit {
            let mut rate = self.rate.lock().unwrap_or_else(PoisonError::into_inner);
            if !rate.allows(limit, self.clock.monotonic()) {
                return Some(plain(StatusCode::TOO_MANY_REQUESTS));
            }
        }
        if rules.config.users.is_empty() {
            return None;
        }
        if let Some((user, password)) = basic_credentials(headers) {
            let hash = rules.config.users.get(&user);
            if self.passwords.is_right(hash, &user, &password).await {
                return None;
            }
        }
        let mut refusal = plain(StatusCode::UNAUTHORIZED);
        let challenge = HeaderValue::from_static("Basic");
        refusal.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        Some(refusal)
    }

    /// The rules as the file is now; as they were, if it cannot be read any more.
    fn rules(&self) -> Arc<Rules> {
        let stamp = stamp(&*self.fs, &self.path);
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if current.stamp != stamp {
            let changed = match stamp {
                // Most writers empty a file before they write it; nobody is let in meanwhile who
                // had no access before.
                Some((0, _)) => Err(AccessError::Empty {
                    path: self.path.display().to_string(),
                }),
                _ => read(&*self.fs, &self.path),
            };
            match changed {
                Ok(rules) => current.rules = Arc::new(rules),
                Err(error) => {
                    tracing::error!(%error, "the listener file is left as it was");
                }
            }
            current.stamp = stamp;
        }
        Arc::clone(&current.rules)
    }
}

/// What tells that a file is another one than before.
fn stamp(fs: &dyn Fs, path: &Path) -> Option<(u64, i64)> {
    let metadata = fs.metadata(path).ok()?;
    Some((metadata.len, metadata.modified_millis))
}

/// Reads and checks a listener file and the certificates that it names.
///
/// # Errors
/// Whatever is wrong.
pub fn check(fs: &dyn Fs, path: &Path) -> Result<(), AccessError> {
    read(fs, path).map(|_| ())
}

fn read(fs: &dyn Fs, path: &Path) -> Result<Rules, AccessError> {
    let bytes = fs.read(path).map_err(|error| AccessError::Read {
        path: path.display().to_string(),
        reason: match error.kind() {
            std::io::ErrorKind::NotFound => "no such file or directory".to_owned(),
            _ => error.to_string(),
        },
    })?;
    let text = String::from_utf8_lossy(&bytes);
    let mut config = config::web::load(&text, &path.display().to_string())?;
    config.set_directory(folder_of(path));
    let tls = match &config.tls {
        None => None,
        Some(tls) => {
            let server = TlsServer::new(tls.clone(), config.http2);
            Some(server.map_err(AccessError::Certificate)?)
        }
    };
    let mut headers = HeaderMap::new();
    for (name, value) in &config.headers {
        let name = HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(value)) {
            headers.insert(name, value);
        }
    }
    Ok(Rules {
        config,
        headers,
        tls,
    })
}

/// User and password of `Authorization: Basic`.
fn basic_credentials(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(BASE64_STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (user, password) = decoded.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

/// A status with its words, as Go's `http.Error` answers.
fn plain(status: StatusCode) -> Response {
    let words = status.canonical_reason().unwrap_or_default();
    let mut response = (status, Body::from(format!("{words}\n"))).into_response();
    let headers = response.headers_mut();
    let text = HeaderValue::from_static("text/plain; charset=utf-8");
    headers.insert(CONTENT_TYPE, text);
    let nosniff = HeaderValue::from_static("nosniff");
    headers.insert(HeaderName::from_static("x-content-type-options"), nosniff);
    response
}
