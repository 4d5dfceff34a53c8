//! The signed assertion that is given for a token (RFC 7523).

use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RsaEncoding};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use config::http::{JwtBearer, OAuth2, SignatureAlgorithm};
use serde_json::{Map, Value, json};
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;

use crate::clock::{Clock as _, RealClock};

/// The assertion, signed with the key in PEM.
pub(super) fn sign(oauth2: &OAuth2, jwt: &JwtBearer, key: &str) -> Result<String, String> {
    let key = read_key(key)?;
    let algorithm = jwt.signature_algorithm.unwrap_or_default();
    let mut header = json!({"alg": algorithm.as_str(), "typ": "JWT"});
    if let Some(header) = header.as_object_mut().filter(|_| !jwt.key_id.is_empty()) {
        header.insert("kid".to_owned(), Value::from(jwt.key_id.as_str()));
    }
    let claims = claims(oauth2, jwt)?;
    let encode = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", encode(&header), encode(&Value::Object(claims)));
    let encoding: &'static dyn RsaEncoding = match algorithm {
        SignatureAlgorithm::Rs256 => &RSA_PKCS1_SHA256,
        SignatureAlgorithm::Rs384 => &RSA_PKCS1_SHA384,
        SignatureAlgorithm::Rs512 => &RSA_PKCS1_SHA512,
    };
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(
        encoding,
        &SystemRandom::new(),
        message.as_bytes(),
        &mut signature,
    )
    .map_err(|_| "the assertion could not be signed".to_owned())?;
    let signature = BASE64_URL_SAFE_NO_PAD.encode(signature);
    Ok(format!("{message}.{signature}"))
}

fn read_key(pem: &str) -> Result<KeyPair, String> {
    let refused = "invalid key: Key must be a PEM encoded PKCS1 or PKCS8 key";
    let key = PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| refused)?;
    let pair = match &key {
        PrivateKeyDer::Pkcs1(der) => KeyPair::from_der(der.secret_pkcs1_der()),
        PrivateKeyDer::Pkcs8(der) => KeyPair::from_pkcs8(der.secret_pkcs8_der()),
        _ => return Err("key is not a valid RSA private key".to_owned()),
    };
    pair.map_err(|_| "key is not a valid RSA private key".to_owned())
}

fn claims(oauth2: &OAuth2, jwt: &JwtBearer) -> Result<Map<String, Value>, String> {
    let or = |stated: &str, default: &str| match stated {
        "" => default.to_owned(),
        stated => stated.to_owned(),
    };
    let now = RealClock::default().now_millis().div_euclid(1000);
    let mut claims = Map::new();
    let mut set = |name: &str, value: Value| claims.insert(name.to_owned(), value);
    set("iss", or(&jwt.issuer, &oauth2.client_id).into());
    set("sub", oauth2.client_id.as_str().into());
    set("jti", unique_id()?.into());
    set("aud", or(&jwt.audience, &oauth2.token_url).into());
    set("iat", now.into());
    set("exp", (now + LIFETIME_SECONDS).into());
    if !oauth2.scopes.is_empty() {
        set("scope", oauth2.scopes.join(" ").into());
    }
    for (name, value) in &jwt.claims {
        let json = serde_json::from_str(&value.to_json());
        set(
            name,
            json.map_err(|error| format!("claim {name}: {error}"))?,
        );
    }
    Ok(claims)
}

/// A random UUID.
fn unique_id() -> Result<String, String> {
    let mut bytes = [0_u8; 16];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| "no randomness".to_owned())?;
    let bits = u128::from_be_bytes(bytes) & !(0xf << 76) & !(0x3 << 62) | 4 << 76 | 2 << 62;
    let hex = format!("{bits:032x}");
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    let parts = [
        part(0, 8),
        part(8, 12),
        part(12, 16),
        part(16, 20),
        part(20, 32),
    ];
    Ok(parts.join("-"))
}

/// How long an assertion is valid. Source: Prometheus.
const LIFETIME_SECONDS: i64 = 600;
