//! What is read and what is refused.

use super::*;
use crate::http::{Source, TlsVersion};

#[test]
fn what_upstream_refuses_is_refused_in_its_words() {
    let tls = |rest: &str| format!("tls_server_config: {{cert_file: c, key_file: k{rest}}}");
    let hash = "x".repeat(60);
    let cases = [
        (
            "foo: 1".to_owned(),
            "field foo not found in type web.Config",
        ),
        (
            "tls_server_config: {key_file: k}".to_owned(),
            "f:1:20: missing one of cert or cert_file",
        ),
        (
            "tls_server_config: {cert: c}".to_owned(),
            "missing one of key or key_file",
        ),
        (
            tls(", client_auth_type: foo"),
            "f:1:66: invalid ClientAuth: foo",
        ),
        (
            tls(", client_ca: x"),
            "client CA's have been configured without a Client Auth Policy",
        ),
        (
            tls(", client_auth_type: VerifyClientCertIfGiven, client_allowed_sans: [a]"),
            "client_allowed_sans requires client_auth_type to be one of RequireAnyClientCert or RequireAndVerifyClientCert",
        ),
        (tls(", min_version: TLS14"), "unknown TLS version: TLS14"),
        (tls(", cipher_suites: [foo]"), "unknown cipher: foo"),
        (
            tls(", cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA]"),
            "cipher TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA is valid for Prometheus, but not spoken by this program",
        ),
        (tls(", curve_preferences: [foo]"), "unknown curve: foo"),
        (
            "http_server_config: {headers: {Cache-Control: c}}".to_owned(),
            "HTTP header \"Cache-Control\" can not be configured",
        ),
        (
            "http_server_config: {headers: {X-Frame-Options: x}}".to_owned(),
            "invalid value for X-Frame-Options. Expected one of: [\"deny\" \"sameorigin\"], but got: \"x\"",
        ),
        (
            "basic_auth_users: {a: b}".to_owned(),
            "crypto/bcrypt: hashedSecret too short to be a bcrypted password",
        ),
        (
            format!("basic_auth_users: {{a: {hash}}}"),
            "crypto/bcrypt: bcrypt hashes must start with '$', but hashedSecret started with 'x'",
        ),
    ];
    for (text, want) in cases {
        let told = load(&text, "f").unwrap_err().to_string();
        assert!(told.contains(want), "{text}: {told}");
    }
}

#[test]
fn a_whole_file_is_read() {
    let text = "
tls_server_config:
  cert_file: web.crt
  key_file: /etc/web.key
  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: ca.crt
  client_allowed_sans: [a]
  min_version: TLS13
  cipher_suites: [TLS_AES_128_GCM_SHA256]
  curve_preferences: [X25519]
http_server_config:
  http2: false
  headers: {X-Frame-Options: deny}
basic_auth_users:
  alice: $2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi
rate_limit: {burst: 5, interval: 1s}
";
    let mut config = load(text, "f").unwrap();
    config.set_directory(Path::new("/x"));
    let tls = config.tls.unwrap();
    assert_eq!(tls.cert, Source::File("/x/web.crt".to_owned()));
    assert_eq!(tls.key, Source::File("/etc/web.key".to_owned()));
    assert_eq!(tls.client_auth, ClientAuth::RequireAndVerifyClientCert);
    assert_eq!(tls.min_version, Some(TlsVersion::Tls13));
    assert!(!config.http2);
    assert_eq!(config.headers["X-Frame-Options"], "deny");
    assert!(config.users.contains_key("alice"));
    assert_eq!(config.rate_limit.unwrap().burst, 5);
    for text in [
        "",
        "tls_server_config: {}",
        "tls_server_config: {min_version: TLS12}",
    ] {
        assert_eq!(load(text, "f").unwrap(), WebConfig::default());
    }
}
