//! Who a server has to be.

use std::sync::Arc;

use config::http::TlsConfig;
use tokio_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use tokio_rustls::rustls::client::{WebPkiServerVerifier, verify_server_name};
use tokio_rustls::rustls::crypto::{
    WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
};
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::server::ParsedCertificate;
use tokio_rustls::rustls::{
    CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};

use super::authorities::Authorities;
use super::{provider, system_authorities};

/// What checks servers under this configuration.
pub(super) fn verifier(
    config: &TlsConfig,
    authorities: &[CertificateDer<'static>],
) -> Result<Arc<dyn ServerCertVerifier>, String> {
    let trust = match config.insecure_skip_verify {
        true => None,
        false => Some(Trust::new(authorities)?),
    };
    Ok(Arc::new(Rule {
        trust,
        algorithms: provider().signature_verification_algorithms,
    }))
}

/// Servers with a chain up to an authority, and those that are among the authorities themselves.
#[derive(Debug)]
struct Trust {
    chains: Arc<WebPkiServerVerifier>,
    authorities: Authorities,
}

impl Trust {
    fn new(authorities: &[CertificateDer<'static>]) -> Result<Self, String> {
        let mut roots = system_authorities();
        if !authorities.is_empty() {
            let mut stated = RootCertStore::empty();
            stated.add_parsable_certificates(authorities.iter().cloned());
            roots = Arc::new(stated);
        }
        let chains = WebPkiServerVerifier::builder_with_provider(roots, provider())
            .build()
            .map_err(|error| format!("tls: {error}"))?;
        Ok(Self {
            chains,
            authorities: Authorities::new(authorities.to_vec()),
        })
    }
}

/// What a server has to show: anything at all without trust, `insecure_skip_verify`.
#[derive(Debug)]
struct Rule {
    trust: Option<Trust>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for Rule {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(trust) = &self.trust else {
            return Ok(ServerCertVerified::assertion());
        };
        let vouches_for_itself = trust.authorities.include(end_entity, now)?;
        // As in Go, a wrong name is told before a missing chain.
        verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
        if vouches_for_itself {
            return Ok(ServerCertVerified::assertion());
        }
        let chains = &trust.chains;
        chains
            .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
            .map_err(|error| match error {
                // An authority that shows its own certificate, and that nobody vouches for.
                Error::InvalidCertificate(CertificateError::Other(_)) => {
                    CertificateError::UnknownIssuer.into()
                }
                told => told,
            })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
