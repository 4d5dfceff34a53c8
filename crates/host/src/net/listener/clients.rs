//! What clients have to show.

use std::sync::Arc;

use config::http::Source;
use config::web::{ClientAuth, TlsServerConfig};
use tokio_rustls::rustls::client::danger::HandshakeSignatureValid;
use tokio_rustls::rustls::crypto::{
    WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
};
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, UnixTime};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use tokio_rustls::rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, RootCertStore,
    SignatureScheme,
};

use crate::net::tls::{Authorities, provider, system_authorities};
use crate::net::{files, x509};

/// What checks clients; `None` if they are asked for nothing.
pub(super) fn verifier(
    config: &TlsServerConfig,
) -> Result<Option<Arc<dyn ClientCertVerifier>>, String> {
    let is_checked = match config.client_auth {
        ClientAuth::NoClientCert => return Ok(None),
        ClientAuth::RequestClientCert | ClientAuth::RequireAnyClientCert => false,
        ClientAuth::VerifyClientCertIfGiven | ClientAuth::RequireAndVerifyClientCert => true,
    };
    let authorities = authorities(&config.client_ca)?;
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(authorities.iter().cloned());
    let roots = match config.client_ca.is_none() {
        true => system_authorities(),
        false => Arc::new(roots),
    };
    let chains = match is_checked {
        false => None,
        true => {
            let builder = WebPkiClientVerifier::builder_with_provider(roots, provider());
            Some(builder.build().map_err(|error| format!("tls: {error}"))?)
        }
    };
    Ok(Some(Arc::new(Rule {
        is_mandatory: matches!(
            config.client_auth,
            ClientAuth::RequireAnyClientCert | ClientAuth::RequireAndVerifyClientCert
        ),
        chains,
        authorities: Authorities::new(authorities),
        allowed_names: config.client_allowed_sans.clone(),
        algorithms: provider().signature_verification_algorithms,
    })))
}

fn authorities(source: &Source) -> Result<Vec<CertificateDer<'static>>, String> {
    let read = files::read(source).map_err(|error| {
        error
            .split_once(": ")
            .map_or(error.clone(), |(_, reason)| reason.to_owned())
    })?;
    let pem = read.unwrap_or_default();
    let found = CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>();
    Ok(found.unwrap_or_default())
}

#[derive(Debug)]
struct Rule {
    is_mandatory: bool,
    /// Checks chains, if certificates are checked at all.
    chains: Option<Arc<dyn ClientCertVerifier>>,
    authorities: Authorities,
    allowed_names: Option<Vec<String>>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Rule {
    fn has_allowed_name(&self, certificate: &CertificateDer<'_>) -> bool {
        let Some(allowed) = &self.allowed_names else {
            return true;
        };
        let names = x509::read(certificate)
            .map(|fields| fields.names)
            .unwrap_or_default();
        names.iter().any(|name| allowed.contains(name))
    }
}

impl ClientCertVerifier for Rule {
    fn offer_client_auth(&self) -> bool {
        true
    }

    fn client_auth_mandatory(&self) -> bool {
        self.is_mandatory
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.chains
            .as_ref()
            .map_or(&[], |chains| chains.root_hint_subjects())
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        if let Some(chains) = &self.chains
            && !self.authorities.include(end_entity, now)?
        {
            let verified = chains.verify_client_cert(end_entity, intermediates, now);
            verified.map_err(|error| match error {
                // Signed by another authority of the same name: as in Go, one that is not known.
                Error::InvalidCertificate(CertificateError::BadSignature) => {
                    CertificateError::UnknownIssuer.into()
                }
                told => told,
            })?;
        }
        match self.has_allowed_name(end_entity) {
            true => Ok(ClientCertVerified::assertion()),
            // The client is told the same as by Go: a bad certificate.
            false => Err(CertificateError::NotValidForName.into()),
        }
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
