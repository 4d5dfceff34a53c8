//! Certificates that are trusted by themselves.

use tokio_rustls::rustls::pki_types::{CertificateDer, UnixTime};
use tokio_rustls::rustls::{CertificateError, Error};

use crate::net::x509;

/// The authorities that a configuration states.
#[derive(Debug)]
pub(in crate::net) struct Authorities {
    certificates: Vec<CertificateDer<'static>>,
}

impl Authorities {
    pub(in crate::net) fn new(certificates: Vec<CertificateDer<'static>>) -> Self {
        Self { certificates }
    }

    /// Whether a certificate is one of these, and so vouches for itself. A self-signed certificate
    /// that is its own authority is what many internal servers and clients show. Go takes it; a chain,
    /// as the library wants it, it is not.
    ///
    /// # Errors
    /// It is one of these, and its time has not come or is over.
    pub(in crate::net) fn include(
        &self,
        certificate: &CertificateDer<'_>,
        now: UnixTime,
    ) -> Result<bool, Error> {
        let is_known = self.certificates.contains(certificate);
        if is_known {
            check_validity(certificate, now)?;
        }
        Ok(is_known)
    }
}

fn check_validity(certificate: &CertificateDer<'_>, now: UnixTime) -> Result<(), Error> {
    let fields = x509::read(certificate).ok_or(CertificateError::BadEncoding)?;
    let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    if now < fields.not_before {
        return Err(CertificateError::NotValidYet.into());
    }
    if now > fields.not_after {
        return Err(CertificateError::Expired.into());
    }
    Ok(())
}
