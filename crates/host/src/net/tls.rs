//! TLS to servers: how they are checked, and what we show them.

mod authorities;
mod verify;

pub(super) use authorities::Authorities;

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use config::http::{Source, TlsConfig, TlsVersion};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::{CryptoProvider, aws_lc_rs};
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion, version};

use super::files::{self, Stamp};
use super::reason::handshake_reason;
use super::stream::Stream;

/// Opens TLS connections under one configuration. Its files are read when they are first needed, and
/// again when they have changed.
#[derive(Debug)]
pub(super) struct Tls {
    config: TlsConfig,
    protocols: Vec<Vec<u8>>,
    loaded: Mutex<Option<Loaded>>,
}

#[derive(Debug)]
struct Loaded {
    stamps: [Option<Stamp>; 3],
    settings: Settings,
}

/// Settings as the library takes them. Two that are the same object are equal.
pub(super) type Settings = Arc<ClientConfig>;

impl Tls {
    pub(super) fn new(config: TlsConfig, offer_http2: bool) -> Self {
        let protocols: &[&[u8]] = match offer_http2 {
            true => &[b"h2", b"http/1.1"],
            false => &[],
        };
        Self {
            config,
            protocols: protocols.iter().map(|name| name.to_vec()).collect(),
            loaded: Mutex::default(),
        }
    }

    /// The settings with the files as they are now.
    pub(super) fn settings(&self) -> Result<Settings, String> {
        let TlsConfig { ca, cert, key, .. } = &self.config;
        let stamps = [Stamp::of(ca), Stamp::of(cert), Stamp::of(key)];
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(loaded) = loaded.as_ref().filter(|loaded| loaded.stamps == stamps) {
            return Ok(Arc::clone(&loaded.settings));
        }
        let settings = self.load()?;
        *loaded = Some(Loaded {
            stamps,
            settings: Arc::clone(&settings),
        });
        Ok(settings)
    }

    /// Shakes hands with `host`, or with the server of the name that the configuration states.
    pub(super) async fn connect(
        &self,
        settings: &Settings,
        stream: Stream,
        host: &str,
    ) -> Result<Stream, String> {
        let name = match self.config.server_name.as_str() {
            "" => host,
            stated => stated,
        };
        let name = ServerName::try_from(name.to_owned())
            .map_err(|_| format!("tls: {name:?} is no valid name of a server"))?;
        let connector = TlsConnector::from(Arc::clone(settings));
        let connecting = connector.connect(name, stream).await;
        let connected = connecting.map_err(|error| handshake_reason(&error))?;
        Ok(Stream::Tls(Box::new(connected)))
    }

    fn load(&self) -> Result<Settings, String> {
        let versions = versions(self.config.min_version, self.config.max_version)?;
        let builder = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(&versions)
            .map_err(|error| format!("tls: {error}"))?;
        let verifier = verify::verifier(&self.config, &self.authorities()?)?;
        let builder = builder
            .dangerous()
            .with_custom_certificate_verifier(verifier);
        let mut settings = match self.own_certificate()? {
            None => builder.with_no_client_auth(),
            Some((chain, key)) => builder
                .with_client_auth_cert(chain, key)
                .map_err(|error| self.certificate_problem(&format!("tls: {error}")))?,
        };
        settings.alpn_protocols.clone_from(&self.protocols);
        Ok(Arc::new(settings))
    }

    /// The authorities that the configuration states; none stand for those of the system.
    fn authorities(&self) -> Result<Vec<CertificateDer<'static>>, String> {
        let read = files::read(&self.config.ca);
        let Some(pem) = read.map_err(|e| format!("unable to read CA cert: {e}"))? else {
            return Ok(Vec::new());
        };
        let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
        match found {
            Ok(found) if !found.is_empty() => Ok(found),
            _ => Err(format!(
                "unable to use specified CA cert {}",
                shown(&self.config.ca)
            )),
        }
    }

    fn own_certificate(
        &self,
    ) -> Result<Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>, String> {
        let pem = files::read(&self.config.cert);
        let pem = pem.map_err(|e| format!("unable to read specified client cert: {e}"))?;
        let key = files::read(&self.config.key);
        let key = key.map_err(|e| format!("unable to read specified client key: {e}"))?;
        let (Some(pem), Some(key)) = (pem, key) else {
            return Ok(None);
        };
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
        let chain = chain
            .ok()
            .filter(|chain| !chain.is_empty())
            .ok_or_else(|| {
                self.certificate_problem("tls: failed to find any PEM data in certificate input")
            })?;
        let key = PrivateKeyDer::from_pem_slice(&key).map_err(|_| {
            self.certificate_problem("tls: failed to find any PEM data in key input")
        })?;
        Ok(Some((chain, key)))
    }

    fn certificate_problem(&self, problem: &str) -> String {
        let (cert, key) = (shown(&self.config.cert), shown(&self.config.key));
        format!("unable to use specified client cert ({cert}) & key ({key}): {problem}")
    }
}

/// Versions from `oldest` to `newest` that we speak.
pub(super) fn versions(
    oldest: Option<TlsVersion>,
    newest: Option<TlsVersion>,
) -> Result<Vec<&'static SupportedProtocolVersion>, String> {
    let spoken = [
        (TlsVersion::Tls12, &version::TLS12),
        (TlsVersion::Tls13, &version::TLS13),
    ];
    let is_wanted = |version: TlsVersion| {
        oldest.is_none_or(|oldest| version >= oldest)
            && newest.is_none_or(|newest| version <= newest)
    };
    let wanted = spoken
        .into_iter()
        .filter(|(version, _)| is_wanted(*version));
    let wanted: Vec<_> = wanted.map(|(_, version)| version).collect();
    match wanted.is_empty() {
        true => Err("tls: no supported versions satisfy MinVersion and MaxVersion".to_owned()),
        false => Ok(wanted),
    }
}

/// The one provider of cryptography.
pub(super) fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    Arc::clone(PROVIDER.get_or_init(|| Arc::new(aws_lc_rs::default_provider())))
}

/// The system's authorities, read once.
pub(super) fn system_authorities() -> Arc<RootCertStore> {
    static ROOTS: OnceLock<Arc<RootCertStore>> = OnceLock::new();
    let load = || {
        let mut roots = RootCertStore::empty();
        let found = rustls_native_certs::load_native_certs();
        roots.add_parsable_certificates(found.certs);
        Arc::new(roots)
    };
    Arc::clone(ROOTS.get_or_init(load))
}

fn shown(source: &Source) -> &str {
    match source {
        Source::File(path) => path,
        _ => "inline",
    }
}
