//! Certificates that a test makes, and asking servers with them.

use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

/// Signs certificates, and writes them into a folder.
#[derive(Debug)]
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    folder: PathBuf,
}

impl Authority {
    /// An authority whose own certificate is `NAME.crt`.
    pub(crate) fn new(folder: &Path, name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let own = params.self_signed(&key).unwrap();
        std::fs::write(folder.join(format!("{name}.crt")), own.pem()).unwrap();
        Self {
            issuer: Issuer::new(params, key),
            folder: folder.to_owned(),
        }
    }

    /// Writes `FILE.crt` and `FILE.key`: a certificate for this name or address.
    pub(crate) fn sign(&self, file: &str, name: &str) {
        let params = CertificateParams::new([name.to_owned()]).unwrap();
        let key = KeyPair::generate().unwrap();
        let signed = params.signed_by(&key, &self.issuer).unwrap();
        let path = |end: &str| self.folder.join(format!("{file}.{end}"));
        std::fs::write(path("crt"), signed.pem()).unwrap();
        std::fs::write(path("key"), key.serialize_pem()).unwrap();
    }
}

/// As [`ask_once`]. When a server closes a connection, the alert that says why may be overtaken by
/// the failure to write; then it is asked again.
pub(crate) fn ask(folder: &Path, url: &str, keys: &str) -> Result<(u16, String), String> {
    let is_overtaken = |reason: &String| {
        ["broken pipe", "reset", "EOF"]
            .iter()
            .any(|w| reason.contains(w))
    };
    let mut came = ask_once(folder, url, keys);
    for _ in 0..100 {
        if !came.as_ref().is_err_and(is_overtaken) {
            break;
        }
        came = ask_once(folder, url, keys);
    }
    came
}

/// What comes of getting `url` with these keys of an HTTP client, whose files are in `folder`: status
/// and body, or the reason why there is none.
fn ask_once(folder: &Path, url: &str, keys: &str) -> Result<(u16, String), String> {
    let mut settings = config::http::load(keys, "http.yml").unwrap();
    settings.set_directory(folder);
    let client = host::net::Client::new(&settings);
    let request = host::net::client::Request::get(config::Url::parse(url).unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let answer = runtime.block_on(client.send(request));
    let answer = answer.map_err(|error| error.to_string())?;
    let body = String::from_utf8_lossy(&answer.body).into_owned();
    Ok((answer.status.as_u16(), body))
}
