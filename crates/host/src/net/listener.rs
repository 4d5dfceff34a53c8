//! TLS of listening sockets: what clients are shown, and what they have to show.

mod clients;

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use config::http::Source;
use config::web::TlsServerConfig;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::{CryptoProvider, SupportedKxGroup};
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{NamedGroup, ServerConfig, SupportedCipherSuite};
use tokio_rustls::server::TlsStream;

use super::files::{self, Stamp};
use super::reason::handshake_reason;
use super::tls::{provider, versions};

/// Shakes hands with clients. Its files are read again when they have changed.
#[derive(Debug)]
pub struct TlsServer {
    config: TlsServerConfig,
    offers_http2: bool,
    loaded: Mutex<Option<Loaded>>,
}

#[derive(Debug)]
struct Loaded {
    stamps: [Option<Stamp>; 3],
    settings: Arc<ServerConfig>,
}

impl TlsServer {
    /// A server under this configuration; its files are read, to find out whether they are good.
    ///
    /// # Errors
    /// A file is missing or not what it should be, in upstream's words.
    pub fn new(config: TlsServerConfig, offers_http2: bool) -> Result<Self, String> {
        let server = Self {
            config,
            offers_http2,
            loaded: Mutex::default(),
        };
        server.settings()?;
        Ok(server)
    }

    /// Shakes hands with a client.
    ///
    /// # Errors
    /// The client speaks no TLS, or not so that we would have it, or takes too long.
    pub async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        match tokio::time::timeout(PATIENCE, self.shake_hands(stream)).await {
            Ok(accepted) => accepted,
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        }
    }

    async fn shake_hands(&self, mut stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let mut first = [0];
        stream.peek(&mut first).await?;
        if first.iter().all(u8::is_ascii_uppercase) {
            stream.write_all(NOT_ENCRYPTED).await?;
            return Err(io::Error::other("a request that is not encrypted"));
        }
        let settings = self.settings().map_err(io::Error::other)?;
        let accepted = TlsAcceptor::from(settings).accept(stream).await;
        accepted.map_err(|error| io::Error::other(handshake_reason(&error)))
    }

    /// The settings with the files as they are now; as they were, if they cannot be read any more.
    fn settings(&self) -> Result<Arc<ServerConfig>, String> {
        let TlsServerConfig {
            cert,
            key,
            client_ca,
            ..
        } = &self.config;
        let stamps = [Stamp::of(cert), Stamp::of(key), Stamp::of(client_ca)];
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(loaded) = loaded.as_ref().filter(|loaded| loaded.stamps == stamps) {
            return Ok(Arc::clone(&loaded.settings));
        }
        let settings = match (self.load(), loaded.as_ref()) {
            (Ok(settings), _) => settings,
            (Err(error), None) => return Err(error),
            (Err(error), Some(before)) => {
                tracing::warn!(%error, "certificates of the listener stay as they were");
                Arc::clone(&before.settings)
            }
        };
        *loaded = Some(Loaded {
            stamps,
            settings: Arc::clone(&settings),
        });
        Ok(settings)
    }

    fn load(&self) -> Result<Arc<ServerConfig>, String> {
        let config = &self.config;
        let (chain, key) = self.own_certificate()?;
        let provider = Arc::new(self.provider()?);
        let versions = versions(config.min_version, config.max_version)?;
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&versions)
            .map_err(|error| format!("tls: {error}"))?;
        let builder = match clients::verifier(config)? {
            Some(verifier) => builder.with_client_cert_verifier(verifier),
            None => builder.with_no_client_auth(),
        };
        let mut settings = builder
            .with_single_cert(chain, key)
            .map_err(|error| format!("failed to load X509KeyPair: tls: {error}"))?;
        settings.alpn_protocols = match self.offers_http2 {
            true => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
            false => vec![b"http/1.1".to_vec()],
        };
        Ok(Arc::new(settings))
    }

    fn own_certificate(
        &self,
    ) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), String> {
        let pem = read(&self.config.cert, "cert_file")?;
        let key = read(&self.config.key, "key_file")?;
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
        let chain = chain.ok().filter(|chain| !chain.is_empty());
        let what = |input: &str| {
            format!("failed to load X509KeyPair: tls: failed to find any PEM data in {input} input")
        };
        let chain = chain.ok_or_else(|| what("certificate"))?;
        let key = PrivateKeyDer::from_pem_slice(&key).map_err(|_| what("key"))?;
        Ok((chain, key))
    }

    /// Our cryptography, cut down to what the configuration allows.
    fn provider(&self) -> Result<CryptoProvider, String> {
        let mut own = (*provider()).clone();
        let ciphers = &self.config.cipher_suites;
        // As in Go, the list is one for TLS 1.2: the suites of 1.3 are all good.
        let older = |suite: &SupportedCipherSuite| suite.tls13().is_none();
        if !ciphers.is_empty() {
            own.cipher_suites.retain(|suite| {
                !older(suite) || ciphers.contains(&go_name(&format!("{:?}", suite.suite())))
            });
        }
        let curves = &self.config.curve_preferences;
        if !curves.is_empty() {
            let group = |name: &String| {
                let wanted = named_group(name);
                own.kx_groups
                    .iter()
                    .copied()
                    .find(|group| Some(group.name()) == wanted)
            };
            let groups: Vec<&'static dyn SupportedKxGroup> =
                curves.iter().filter_map(group).collect();
            own.kx_groups = groups;
        }
        match own.kx_groups.is_empty() {
            true => Err("tls: none of the curve_preferences is spoken by this program".to_owned()),
            false => Ok(own),
        }
    }
}

fn read(source: &Source, key: &str) -> Result<Vec<u8>, String> {
    let path = match source {
        Source::File(path) => path.as_str(),
        _ => "",
    };
    files::read(source)
        .map(Option::unwrap_or_default)
        .map_err(|error| {
            let reason = error
                .rsplit_once(": open ")
                .map_or(&*error, |(_, reason)| reason);
            format!("failed to read {key} ({path}): open {reason}")
        })
}

/// The library's name of a cipher suite as Go has it.
fn go_name(name: &str) -> String {
    name.replace("TLS13_", "TLS_")
}

fn named_group(name: &str) -> Option<NamedGroup> {
    match name {
        "X25519" => Some(NamedGroup::X25519),
        "CurveP256" => Some(NamedGroup::secp256r1),
        "CurveP384" => Some(NamedGroup::secp384r1),
        _ => None,
    }
}

/// The answer to a request that begins with a method. Source: Go's server.
const NOT_ENCRYPTED: &[u8] =
    b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";
/// How long a handshake may take.
const PATIENCE: Duration = Duration::from_secs(10);
